"""Who may speak for whom: tell the portal figures of something, or describe them."""

from typing import Any

from portal.references.models import Reference
from services.access import owns
from services.models import Entity


def speaks_for(sender: Any, subject: Reference | None) -> bool:
    """Whether a token's holder may tell about this subject; nothing stands for the organisation."""
    if sender.is_administrator:
        return True
    if subject is None:
        return False
    if subject.pk in sender.team_ids or subject.pk == _own_reference(sender):
        return True
    entity = getattr(subject, "entity", None)
    return entity is not None and bool(owns(sender, entity))


def has_a_voice(reader: Any) -> bool:
    """Whether there may be anything that the reader speaks for: by a team, or by owning it in person."""
    if reader.is_administrator or reader.team_ids:
        return True
    own = _own_reference(reader)
    return own is not None and Entity.objects.filter(owner=own).exists()


def _own_reference(reader: Any) -> int | None:
    """The reference of the person whom a login belongs to; machines are nobody's."""
    person = getattr(reader, "person", None)
    return person.reference_id if person is not None else None
