"""Who may do what on the roadmap. Product managers and administrators change all of it; whoever owns something, in
person or by a team, changes that; everybody else reads. What of it one may see at all is the row rule of each model.
Loaded when the apps are ready."""

from collections.abc import Iterable, Mapping
from typing import Any

import rules
from django.core.exceptions import ValidationError

from portal.people.access import is_administrator
from portal.proposals.access import is_product_manager
from roadmap.models import Initiative, granted_to


@rules.predicate
def may_see(reader: Any, record: Any) -> bool:
    """The initiative, or the one that the record belongs to, is public or the reader is let into it."""
    initiative = initiative_of(record)
    if initiative is None or not initiative.is_private:
        return True
    return bool(granted_to(reader).filter(initiative=initiative.pk).exists())


@rules.predicate
def owns(reader: Any, record: Any) -> bool:
    """Answers for it in person, or is in the team that does; without a record: is in a team, so may come to own one."""
    if record is None:
        return bool(reader.team_ids)
    if not any(hasattr(record, f"{name}_id") for name in ("team", "owner")):
        # What is a part of an initiative is of whoever does that; what only names one stays in its own hands.
        record = initiative_of(record) or record
    own = {getattr(record, f"{name}_id", None) for name in ("team", "owner")} - {None}
    person = getattr(reader, "person", None)
    return bool(own & ({*reader.team_ids} | ({person.reference_id} if person else set())))


def initiative_of(record: Any) -> Initiative | None:
    """The initiative that the record is, or belongs to."""
    if isinstance(record, Initiative):
        return record
    found = getattr(record, "initiative", None)
    return found if isinstance(found, Initiative) else None


plans = is_administrator | is_product_manager
changes = may_see & (plans | owns)


def refuse_unplanned(by: Any, record: Any, values: Mapping[str, Any], fields: Iterable[str], told: str) -> None:
    """Raise ValidationError, at each of ``fields`` that ``values`` change, where ``by`` does not plan. Machines (None)
    change all. ``told`` may name the field: {field}."""
    if by is None or plans(by, None):
        return
    changed = [name for name in fields if name in values and values[name] != getattr(record, name)]
    if changed:
        said = {name: str(record._meta.get_field(name).verbose_name) for name in changed}
        raise ValidationError({name: told.format(field=label) for name, label in said.items()})


# Anybody who is in a team may write down an idea; it binds nobody.
rules.add_perm("roadmap.add_initiative", plans | owns)
rules.add_perm("roadmap.change_initiative", changes)
for _act in ("add", "change", "delete"):
    rules.add_perm(f"roadmap.{_act}_cycle", plans)
