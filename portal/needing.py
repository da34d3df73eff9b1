"""What a deletion takes and leaves, and why there is none: others rest on the record. Those that a reader may know of
are named, all but private ones are counted."""

from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.deletion import Collector

from portal.actions import StillNeeded
from portal.collections import Collection, collection_of, first_collection_of

MOST_NAMES = 3


def what_goes(collection: Collection, record: models.Model, reader: Any) -> list[str]:
    """What a deletion takes."""
    if collection.referenced:
        said = [f"{record}, with its description, links and facts", "what it says it depends on and is part of"]
        return [*said, *_taken_along(record, reader)]
    return [str(record), *collection.goes]


def _taken_along(record: models.Model, reader: Any) -> list[str]:
    """The records of other collections that a deletion takes with it: how many of each, and the first few by name."""
    found = []
    for relation in record._meta.related_objects:
        home = first_collection_of(relation.related_model) if relation.on_delete is models.CASCADE else None
        if home is not None:
            found.append(_counted(home, {relation.field.name: record}, reader))
    return [each for each in found if each]


def _counted(home: Collection, mine: dict[str, models.Model], reader: Any) -> str:
    count = home.model._default_manager.filter(**mine).count()
    if not count:
        return ""
    known = home.visible(reader).filter(**mine).order_by("pk") if home.may(reader, "view") else ()
    names = [str(each) for each in known[:MOST_NAMES]]
    more = [f"{count - len(names):,} more"] if count > len(names) else []
    meta = home.model._meta
    word, them = (meta.verbose_name, "it") if count == 1 else (meta.verbose_name_plural, "them")
    return f"{count:,} {word} with all that belongs to {them}: {', '.join([*names, *more])}"


def what_stays(collection: Collection, dependants: int) -> list[str]:
    """What a deletion leaves."""
    if not collection.referenced:
        # The history of a record without a reference is kept too, but no page shows it: what nobody can read is not
        # promised.
        return list(collection.stays)
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
    """What needs the record, the first few by name, and how to mend it. How many of what is private is not told."""
    names = list(islice((_named(each) for each in problem.holders if _may_know(reader, each)), MOST_NAMES))
    more = sum(not _is_private(reader, each) for each in problem.holders) - len(names)
    if not names and not more:
        return f"{problem.record} is needed by what you may not see. It stays."
    if more:
        names.append(f"{more:,} more" if names else f"{more:,} that you may not see")
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"{problem.record} is needed by {listed}. Delete those first, or let them use something else."


def _named(record: models.Model) -> str:
    home = collection_of(record)
    assert home is not None  # noqa: S101  _may_know has asked
    return f"the {home.title_one} “{record}”"


def _is_private(reader: Any, record: models.Model) -> bool:
    """It hides from the reader in a list of which others see more, or belongs to such a record."""
    home = collection_of(record)
    return home is None or (home.has_row_rule and not _may_know(reader, record))


def _may_know(reader: Any, record: models.Model) -> bool:
    home = collection_of(record)
    return home is not None and home.may(reader, "view") and home.visible(reader).filter(pk=record.pk).exists()
