"""Why a record is not deleted: others rest on it. Those that a reader may know of are named, all are counted."""

from itertools import islice
from typing import Any

from django.db import models

from portal.actions import StillNeeded
from portal.collections import collection_of

MOST_NAMES = 3


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
