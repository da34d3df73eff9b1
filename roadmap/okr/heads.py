"""The heads of objectives, key results and cycles: how it stands, whose it is, how far."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from portal.collections import unknown_to
from portal.heads import Fact, Head, Pill, head, lead, pill
from portal.labelled import label_of
from portal.moments import moment_html
from portal.tenure import organisation_date
from roadmap.collections import CYCLES
from roadmap.models import Cycle, KeyResult, Objective, Standing
from roadmap.okr.collections import KEY_RESULTS, OBJECTIVES
from roadmap.okr.showing import formula, share_in_words, standing_in_words, state_of, state_of_objective, way_in_words
from roadmap.okr.standings import WORST
from services.health.saying import day_in_words, percent, with_unit
from services.health.subjects import link as reference_link

_NOBODY_SAID = format_html('<span class="gw-muted">{}</span>', "nobody has said")


@pill(on=Objective)
def objective_pill(request: HttpRequest, objective: Objective) -> Pill:
    worst = Objective.objects.filter(pk=objective.pk).annotate(worst=WORST).values_list("worst", flat=True).first()
    return Pill(worst or Standing.UNKNOWN, standing_in_words(objective, worst or Standing.UNKNOWN))


@head(on=Objective)
def objective_head(request: HttpRequest, objective: Objective) -> Head:
    state = state_of_objective(objective)
    first, whole = lead(objective.why)
    hidden = unknown_to(request.user, [objective.owner_id])
    number = state.measured + state.unmeasured
    counted = f"of {state.measured} key results" if number else "no key result yet"
    without = f", {state.unmeasured} without data" if state.unmeasured else ""
    return Head(
        title=str(objective),
        subtitle=first,
        more=whole,
        reach=[
            Fact("Team", reference_link(objective.owner, hidden, "the company")),
            Fact("Cycle", _link(CYCLES.url_of(objective.cycle), str(objective.cycle)), over_in_words(objective.cycle)),
            Fact("Mean", share_in_words(state.mean), counted + without),
            Fact("Weakest", share_in_words(state.weakest), _confidence(state.confidence)),
        ],
        actions=_of_objective(request, objective),
        menu=[{"label": "Board", "url": board_url(objective.cycle), "icon": "sitemap"}],
        notes=_closed(objective.cycle),
    )


def over_in_words(cycle: Cycle) -> str:
    """How much of a cycle is over; of one that is closed, since when."""
    if cycle.closed_at is not None:
        return f"closed {day_in_words(organisation_date(cycle.closed_at))}"
    return f"{percent(cycle.share_passed())} over"


def board_url(cycle: Cycle) -> str:
    return f"{reverse('objectives-board')}?{urlencode({'cycle': cycle.name})}"


def _confidence(share: float | None) -> str:
    return f"least confidence {share_in_words(share)}" if share is not None else "no check-in yet"


def _of_objective(request: HttpRequest, objective: Objective) -> list[Mapping[str, str]]:
    if not request.user.has_perm("roadmap.change_objective", objective):
        return []
    query = urlencode({"objective": label_of(objective)})
    return [{"label": "Add key result", "url": f"{reverse('record-new', args=[KEY_RESULTS.slug])}?{query}",
             "icon": "plus", "primary": "yes"}]  # fmt: skip


def _closed(cycle: Cycle) -> list[Mapping[str, Any]]:
    if cycle.closed_at is None:
        return []
    title = f"{cycle} was closed on {day_in_words(organisation_date(cycle.closed_at))}"
    text = "The values stand as they were then. One that turns out wrong is corrected beside it, with a note."
    return [{"status": "info", "icon": "lock", "title": title, "text": text, "action": None}]


@pill(on=KeyResult)
def key_result_pill(request: HttpRequest, key_result: KeyResult) -> Pill:
    state = state_of(key_result)
    word = standing_in_words(key_result.objective, state.standing)
    return Pill(state.standing, word, text=state.problem.rstrip(" ."))


@head(on=KeyResult)
def key_result_head(request: HttpRequest, key_result: KeyResult) -> Head:
    state, objective = state_of(key_result), key_result.objective
    said = "of days inside the bound" if key_result.is_guardrail else formula(key_result)
    now = with_unit(key_result.metric, state.value) if state.value is not None else "no data"
    return Head(
        title=str(key_result),
        subtitle=way_in_words(key_result),
        reach=[
            Fact("Objective", _link(OBJECTIVES.url_of(objective), str(objective)), over_in_words(objective.cycle)),
            Fact("Now", now, _measured(state)),
            Fact("Progress", share_in_words(state.progress), said),
            Fact("Confidence", share_in_words(state.confidence) if state.confidence is not None else _NOBODY_SAID,
                 "that the target is reached"),
        ],
        actions=_of_key_result(request, key_result),
        notes=_closed(objective.cycle),
    )  # fmt: skip


def _measured(state: Any) -> SafeString | str:
    return format_html("measured {}", moment_html(state.at)) if state.at else ""


def _of_key_result(request: HttpRequest, key_result: KeyResult) -> list[Mapping[str, str]]:
    user: Any = request.user
    if user.has_perm("roadmap.change_keyresult", key_result):
        url = reverse("key-result-check-in", args=[key_result.pk])
        return [{"label": "Check in", "url": url, "icon": "message", "primary": "yes"}]
    is_closed = key_result.objective.cycle.closed_at is not None
    if is_closed and user.has_perm("roadmap.correct_keyresult", key_result):
        return [{"label": "Correct", "url": reverse("key-result-correct", args=[key_result.pk]), "icon": "pencil"}]
    return []


@pill(on=Cycle)
def cycle_pill(request: HttpRequest, cycle: Cycle) -> Pill:
    if cycle.closed_at is not None:
        return Pill("idle", "Closed", since=cycle.closed_at)
    passed = cycle.share_passed()
    return Pill("plan" if not passed else "info", "Running" if 0 < passed < 1 else "Over" if passed else "To come")


@head(on=Cycle)
def cycle_head(request: HttpRequest, cycle: Cycle) -> Head:
    user: Any = request.user
    may_close = cycle.closed_at is None and user.has_perm("roadmap.close_cycle", cycle)
    close = {"label": "Close", "url": reverse("cycle-close", args=[cycle.pk]), "icon": "lock"}
    return Head(
        title=str(cycle),
        reach=[
            Fact("First day", day_in_words(cycle.starts_on)),
            Fact("Last day", day_in_words(cycle.ends_on)),
            Fact("Length", f"{cycle.days} days"),
            Fact("Over", percent(cycle.share_passed())),
        ],
        actions=[{"label": "Board", "url": board_url(cycle), "icon": "sitemap"}, *([close] if may_close else [])],
    )


def _link(url: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
