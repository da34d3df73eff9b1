"""What stands above every plan: the freezes that touch it, and whether the non-negotiables are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.references.models import Reference
from roadmap.constraints.collections import BOUNDS
from roadmap.constraints.freezes import in_force_for, shown
from roadmap.models import Bound, Keeping
from services.health.saying import with_unit

# Named above a plan; the list has all of them.
NAMED = 5


@dataclass(frozen=True)
class Broken:
    """One non-negotiable that is not kept, and what its metric says now."""

    name: str
    url: str
    now: str


@dataclass(frozen=True)
class Standing:
    """How the active non-negotiables stand together. They hold whatever is planned: each plan shows all of them."""

    broken: list[Broken]
    unknown: int
    total: int
    url: str

    @property
    def state(self) -> Keeping:
        if self.broken:
            return Keeping.BROKEN
        return Keeping.UNKNOWN if self.unknown else Keeping.KEPT

    @property
    def named(self) -> list[Broken]:
        """Those that have been broken longest."""
        return self.broken[:NAMED]

    @property
    def unnamed(self) -> int:
        return len(self.broken) - len(self.named)

    @property
    def in_words(self) -> str:
        """``2 of 5 non-negotiables are broken``; ``All 5 non-negotiables are kept``."""
        of = f"{self.total} non-negotiable{'s' if self.total != 1 else ''}"
        if self.broken:
            return f"{len(self.broken)} of {of} {'is' if len(self.broken) == 1 else 'are'} broken"
        if self.unknown:
            return f"{self.unknown} of {of} {'has' if self.unknown == 1 else 'have'} no data"
        return f"All {of} are kept" if self.total > 1 else "The one non-negotiable is kept"


def standing() -> Standing | None:
    """None where nothing was agreed on. One query."""
    rows = list(Bound.objects.filter(is_active=True).select_related("metric", "state").order_by("state__since", "name"))
    if not rows:
        return None
    keeping = [each.state.keeping if hasattr(each, "state") else Keeping.UNKNOWN for each in rows]
    broken = [_broken(each) for each, state in zip(rows, keeping, strict=True) if state == Keeping.BROKEN]
    return Standing(broken, keeping.count(Keeping.UNKNOWN), len(rows), reverse("collection", args=[BOUNDS.slug]))


def _broken(bound: Bound) -> Broken:
    return Broken(bound.name, BOUNDS.url_of(bound), with_unit(bound.metric, bound.state.value or 0.0))


def banner(request: HttpRequest, references: Iterable[Reference | int] | None = None) -> dict[str, Any]:
    """What ``roadmap/_above_plan.html`` needs above a plan of these teams and services, or above the plan of all."""
    return {"freezes": shown(request.user, in_force_for(references)), "standing": standing()}
