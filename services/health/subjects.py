"""What a metric is about, as pages show it: its name and address, and who looks after it."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.cells import owner_html
from portal.collections import reference_url
from portal.references.models import Reference

ORGANISATION = "the organisation"


def owner_of(subject: Reference | None) -> Reference | None:
    """The team or person themselves, or who owns the entity; read with the subject by ``WITH_OWNER``."""
    if subject is None or subject.kind in {"group", "user"}:
        return subject
    entity: Any = getattr(subject, "entity", None)
    owner: Reference | None = entity.owner if entity else None
    return owner


# For select_related of rows with a metric.
WITH_OWNER = ("metric__subject__entity__owner",)
_REFERENCE = ("canonical", "kind", "name", "label", "attached")


def named(path: str) -> tuple[str, ...]:
    """What it takes to show a reference at ``path``, for only(): entities and references have many columns."""
    return tuple(f"{path}__{field}" for field in _REFERENCE)


def named_entity(path: str) -> tuple[str, ...]:
    """The same for an entity at ``path``, with its owner."""
    own = (f"{path}__{field}" for field in ("name", "title", "kind", "tier"))
    return (*own, f"{path}__reference__canonical", *named(f"{path}__owner"))


def named_subject(path: str) -> tuple[str, ...]:
    """The same for the subject of a metric at ``path``, with the owner of the entity that it is."""
    return (*named(path), f"{path}__entity__name", *named(f"{path}__entity__owner"))


def name_of(reference: Reference | None, hidden: dict[int, str], nobody: str) -> str:
    """The same as text, for a line below something else."""
    if reference is None:
        return nobody
    return "hidden from you" if reference.pk in hidden else reference.label or reference.name


def link(reference: Reference | None, hidden: dict[int, str], nobody: str) -> SafeString:
    """What a reference names, linked; ``nobody`` where there is none, and what is hidden from the reader stays so."""
    if reference is None:
        return format_html('<span class="gw-muted">{}</span>', nobody)
    if reference.pk in hidden:
        return format_html('<span class="gw-muted">hidden from you</span>')
    url = reference_url(reference.canonical, reference.attached)
    return owner_html(reference.label or reference.name, url, reference.kind, reference.attached)
