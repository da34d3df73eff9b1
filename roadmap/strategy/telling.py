"""Telling people that an edition is out: the teams whose products the strategy concerns, and product managers."""

from typing import Any

from django.db.models import Q
from django.urls import reverse

from portal.delivery.actions import notify
from portal.people.models import Role, User
from portal.references.models import Reference
from roadmap.models import SectionDependency, StrategyEdition
from services.models import Entity


def tell_published(edition: StrategyEdition, *, by: Any) -> None:
    """Each once, besides whoever published it."""
    told: dict[str, Any] = {
        "kind": "strategy-edition", "title": f"Edition {edition.number} of the strategy is out: {edition.title}",
        "text": edition.note, "url": reverse("strategy-edition", args=[edition.number]),
        "about": f"strategy-edition:{edition.pk}#published", "besides": by,
    }  # fmt: skip
    for team in _concerned():
        notify(to=team, why=f"It concerns a product of {team}, your team.", **told)
    notify(
        to=User.objects.filter(role=Role.PRODUCT_MANAGER, is_active=True),
        why="You are a product manager, and hear of all.",
        **told,
    )


def _concerned() -> list[Reference]:
    """The teams that sections name, and those that own what sections name."""
    named = SectionDependency.objects.values("product")
    owners = Entity.objects.filter(reference__in=named).values("owner")
    return list(Reference.objects.filter(Q(pk__in=named) | Q(pk__in=owners), kind="group").order_by("pk"))
