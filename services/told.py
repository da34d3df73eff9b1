"""What the history of an entity tells besides its own values: who answered for it, and what it says of other things."""

from portal.history.parts import Part, tell_with
from services.models import Entity, Ownership, Relation

tell_with(
    Part(Entity, Ownership, "entity", "Ownership", ("owner", "role", "effective_from", "effective_to")),
    Part(Entity, Relation, "subject", "type", ("object",)),
)
