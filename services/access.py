"""Who may do what with the catalog. Loaded when the apps are ready."""

from typing import Any

import rules

from portal.declared import declared_fields
from portal.people.access import is_administrator
from services.models import Entity
from services.ownership import nobody_answers


@rules.predicate
def owns(reader: Any, entity: Entity | None) -> bool:
    """In the team that owns the entity, or the person who does; without an entity: in any team."""
    if entity is None:
        return bool(reader.team_ids)
    person = getattr(reader, "person", None)
    return entity.owner_id in reader.team_ids or (person is not None and entity.owner_id == person.reference_id)


@rules.predicate
def is_unowned(reader: Any, entity: Entity | None) -> bool:
    """Anybody in a team may take on what nobody is there to answer for."""
    return entity is not None and bool(reader.team_ids) and nobody_answers(entity)


def can_take(reader: Any, entity: Entity) -> bool:
    """Whether the reader may make a team of their own its owner: nobody answers for it, and no file says who should."""
    return bool(is_unowned(reader, entity)) and "owner" not in declared_fields(entity)


rules.add_perm("services.add_entity", is_administrator | owns)
rules.add_perm("services.change_entity", is_administrator | owns | is_unowned)
rules.add_perm("services.delete_entity", is_administrator | owns)
# Where files lie on the server is nobody's business but that of who runs it.
rules.add_perm("services.view_locations", is_administrator)
