"""Who says what waits for what: whoever may change the initiative that waits."""

from collections.abc import Callable
from typing import Any

import rules

from roadmap.access import changes, owns, plans
from roadmap.models import Dependency, Initiative


@rules.predicate
def waits(reader: Any, record: Any) -> bool:
    """May change the initiative that waits; without a record: may come to own one."""
    return bool(changes(reader, record.after if isinstance(record, Dependency) else None))


for _act in ("add", "change", "delete"):
    rules.add_perm(f"roadmap.{_act}_dependency", waits)


def changer(reader: Any) -> Callable[[Initiative], bool]:
    """Says of each of many initiatives whether the reader may change it, without asking the database for each: they
    are ones that the reader sees."""
    all_of_them = plans(reader)
    return lambda initiative: bool(all_of_them or owns(reader, initiative))
