"""Who may speak for whom: tell the portal figures of something, or describe them."""

from typing import Any

from portal.references.models import Reference


def speaks_for(sender: Any, subject: Reference | None) -> bool:
    """Whether a token's holder may tell about this subject; nothing stands for the organisation."""
    if sender.is_administrator:
        return True
    if subject is None:
        return False
    entity = getattr(subject, "entity", None)
    return subject.pk in sender.team_ids or (entity is not None and entity.owner_id in sender.team_ids)
