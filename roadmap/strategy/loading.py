"""Loading what the addresses of the strategy name, with permission, in one line."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse

from portal.crumbs import Crumbs
from roadmap.models import StrategyEdition, StrategySection

ONLY_PLANNERS = "Everybody reads the strategy. Product managers and administrators write and publish it."


def may_write(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("roadmap.change_strategysection"))


def writer(request: HttpRequest) -> Any:
    """Who asks, where they may write. Raises PermissionDenied."""
    if not may_write(request):
        raise PermissionDenied(ONLY_PLANNERS)
    return request.user


def load_section(key: str) -> StrategySection:
    found = StrategySection.objects.select_related("objective").filter(key=key).first()
    if found is None:
        raise Http404(f"The strategy has no section “{key}”.")
    return found


def load_edition(number: int) -> StrategyEdition:
    found = StrategyEdition.objects.select_related("published_by__person").filter(number=number).first()
    if found is None:
        raise Http404(f"The strategy has no edition {number}.")
    return found


def crumbs(*more: tuple[str, str]) -> Crumbs:
    """The strategy, then (label, address) of what is below it."""
    first = [{"label": "Roadmap", "url": ""}, {"label": "Strategy", "url": reverse("strategy")}]
    return [*first, *({"label": label, "url": url} for label, url in more)]
