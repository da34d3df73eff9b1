"""What the history of an entity tells besides: who made, renewed or withdrew its badge."""

from portal.history.parts import Part, tell_with
from services.health.models import Badge
from services.models import Entity

tell_with(Part(Entity, Badge, "entity", "Badge", ("made_at",)))
