"""What a deletion takes and leaves, and why there is none: others rest on the record. Those that a reader may know of
are named, all are counted."""

from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.deletion import Collector

from portal.actions import StillNeeded
from portal.collections import Collection, collection_of

MOST_NAMES = 3


def what_goes(collection: Collection, record: models.Model) -> list[str]:
    """What a deletion takes."""
    if collection.referenced:
        return [f"{record}, with its description, links and facts", "what it says it depends on and is part of"]
    return [str(record), *collection.goes]


def what_stays(collection: Collection, dependants: int) -> list[str]:
    """What a deletion leaves."""
    if not collection.referenced:
        return [*collection.stays, "its history"]
    at_loose_end = f"{dependants} that depend on it: they will point at a loose end"
    return [at_loose_end if dependants else "its reference", "its history"]


def needed_by(record: models.Model, reader: Any) -> str:
    """Why a deletion would be refused, before anybody tries; empty where nothing rests on the record."""
    try:
        Collector(using=DEFAULT_DB_ALIAS, origin=record).collect([record])
    except models.ProtectedError as refused:
        holders = refused.protected_objects
    except models.RestrictedError as refused:
        holders = refused.restricted_objects
    else:
        return ""
    return why_kept(StillNeeded(record, sorted(holders, key=str)), reader)


def why_kept(problem: StillNeeded, reader: Any) -> str:
    """What needs the record, the first few by name, and how to mend it."""
    names = list(islice((_named(each) for each in problem.holders if _may_know(reader, each)), MOST_NAMES))
    more = len(problem.holders) - len(names)
    if more:
        names.append(f"{more:,} more" if names else f"{more:,} that you may not see")
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{problem.record} is needed by {listed}. Delete those first, or let them use something else."


def _named(record: models.Model) -> str:
    home = collection_of(record)
    assert home is not None  # noqa: S101  _may_know has asked
    return f"the {home.title_one} “{record}”"


def _may_know(reader: Any, record: models.Model) -> bool:
    home = collection_of(record)
    return home is not None and home.may(reader, "view") and home.visible(reader).filter(pk=record.pk).exists()
