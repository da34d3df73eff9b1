"""The heads of non-negotiables and freezes."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from portal.collections import unknown_to
from portal.heads import Fact, Head, Pill, head, lead, pill
from portal.moments import moment_html
from portal.tenure import organisation_today
from roadmap.constraints.collections import FREEZE_STATES, FREEZES
from roadmap.constraints.freezes import scope_in_words
from roadmap.models import Bound, BoundState, Freeze, Keeping
from services.health.moments import days_in_words
from services.health.saying import day_in_words, with_unit
from services.health.subjects import link as reference_link


def state_of(bound: Bound) -> BoundState:
    """What was read last; of one that nobody has read yet, that nothing is known."""
    return getattr(bound, "state", None) or BoundState(bound=bound)


@pill(on=Bound)
def bound_pill(request: HttpRequest, bound: Bound) -> Pill:
    if not bound.is_active:
        return Pill("idle", "Switched off")
    state = state_of(bound)
    return Pill(state.keeping, Keeping(state.keeping).label, text=state.problem.rstrip(" ."), since=state.since)


@head(on=Bound)
def bound_head(request: HttpRequest, bound: Bound) -> Head:
    state, metric = state_of(bound), bound.metric
    first, whole = lead(bound.why)
    hidden = unknown_to(request.user, [bound.owner_id])
    now = with_unit(metric, state.value) if state.value is not None else "no data"
    return Head(
        title=str(bound),
        subtitle=first,
        more=whole,
        reach=[
            Fact("Now", now, format_html("measured {}", moment_html(state.at)) if state.at else ""),
            Fact("Agreed", f"{bound.get_side_display().lower()} {with_unit(metric, bound.value)}", _how(bound)),
            Fact("Team", reference_link(bound.owner, hidden, "nobody yet")),
        ],
        actions=_freeze_for(request, bound, state),
    )


def _how(bound: Bound) -> str:
    how = bound.get_statistic_display().lower()
    return how if bound.statistic == "last" else f"{how}, {bound.window_days} days"


def _freeze_for(request: HttpRequest, bound: Bound, state: BoundState) -> list[Any]:
    """What is broken may want a freeze."""
    if state.keeping != Keeping.BROKEN or not FREEZES.may(request.user, "add"):
        return []
    query = urlencode({"bound": str(bound.pk), "title": f"Freeze until kept: {bound}"[:200]})
    return [{"label": "Decide on a freeze", "url": f"{reverse('freeze-new')}?{query}", "icon": "snowflake"}]


def state_of_freeze(freeze: Freeze) -> str:
    """The same as the column of the list has it."""
    today = organisation_today()
    if freeze.lifted_on is not None:
        return "lifted"
    if freeze.starts_on > today:
        return "frozen_soon"
    return "frozen_late" if freeze.ends_on < today else "frozen"


@pill(on=Freeze)
def freeze_pill(request: HttpRequest, freeze: Freeze) -> Pill:
    state = state_of_freeze(freeze)
    return Pill(state, dict(FREEZE_STATES)[state], text=freeze.lifted_reason.rstrip(" ."))


@head(on=Freeze)
def freeze_head(request: HttpRequest, freeze: Freeze) -> Head:
    hidden = unknown_to(request.user)
    state = state_of_freeze(freeze)
    return Head(
        title=str(freeze),
        reach=[
            Fact("Halts", _scope(freeze, hidden)),
            Fact("First day", day_in_words(freeze.starts_on)),
            Fact("Last day", day_in_words(freeze.ends_on), _left(freeze, state)),
            Fact("Decided by", reference_link(freeze.decided_by, hidden, "nobody is named")),
        ],
        actions=_acts(request, freeze),
    )


def _scope(freeze: Freeze, hidden: dict[int, str]) -> str:
    return scope_in_words(freeze, hidden)


def _left(freeze: Freeze, state: str) -> str:
    if state == "frozen_late":
        return "over, and nobody has lifted it"
    return days_in_words(freeze.ends_on) if state == "frozen" else ""


def _acts(request: HttpRequest, freeze: Freeze) -> list[Any]:
    if freeze.lifted_on is not None or not FREEZES.may(request.user, "change", freeze):
        return []
    return [
        {"label": "Lift", "url": reverse("freeze-lift", args=[freeze.pk]), "icon": "player-play", "primary": "yes"},
        {"label": "What it halts", "url": reverse("freeze-scope", args=[freeze.pk]), "icon": "snowflake"},
    ]
