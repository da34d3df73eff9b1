"""The capacity board: what runs out, in bands by the time that is left to do something."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.collections import known_to, unknown_to
from portal.looks import look_of
from portal.references.models import Reference
from services.health import subjects
from services.health.collections import LIMITS
from services.health.models import Limit, Urgency
from services.health.moments import days_in_words
from services.health.samples import organisation_day
from services.health.scope import Scope, scope_of
from services.models import Entity

# Rows of a band; behind them stands how many more there are, and where.
MOST = 25
# By the last day to begin, wherever limits stand; those without one by the day they could be reached.
BY_LAST_START = (F("state__start_by").asc(nulls_last=True), F("state__q10_date").asc(nulls_last=True), "name")
# The picture of a row: a year from today, in units of its viewBox.
YEAR, WIDTH = 365, 146


@dataclass(frozen=True)
class Band:
    """The limits with one answer to "is there time?", by the last day to begin."""

    value: str
    label: str
    text: str
    rows: list[dict[str, Any]]
    total: int
    url: str

    @property
    def look(self) -> str:
        return look_of(self.value)[0]

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


_TEXTS = {
    Urgency.TOO_LATE: "It is reached, or likely will be before the work likely is done.",
    Urgency.START_NOW: "Counted from the earliest date and the longest work, there is no day left to wait.",
    Urgency.PLAN: "The last day to begin is within the next 90 days.",
    Urgency.CALM: "There is more time than that, or no date in sight.",
    Urgency.UNKNOWN: "No forecast can be made yet. The reason stands beside each.",
    Urgency.WAITING: "New, and calculated within a minute or so, if a worker runs.",
}


@require_safe
def capacity(request: HttpRequest) -> HttpResponse:
    scope = scope_of(request)
    crumbs = [
        {"label": "Health", "url": reverse("health")},
        {"label": "Capacity", "url": request.path},
    ]
    bands = bands_of(scope)
    total = sum(each.total for each in bands)
    context = {
        "scope": scope,
        "bands": bands,
        "total": total,
        "teams": _teams(scope.reader),
        "limits_url": LIMITS.url,
        "new_url": f"{LIMITS.url}-/new/" if LIMITS.may(scope.reader, "add") else "",
        "crumbs": crumbs,
    }
    return render(request, "health/capacity.html", context)


def bands_of(scope: Scope) -> list[Band]:
    """Every band, also the empty ones; eight queries."""
    limits = scope.about(Limit.objects.filter(is_active=True), "metric__subject")
    counts = dict(limits.values_list("state__urgency").annotate(number=Count("pk")).order_by())
    found = {each: list(_of_band(limits, each)[:MOST]) for each in _TEXTS}
    owners = (subjects.owner_of(each.metric.subject) for those in found.values() for each in those)
    hidden = unknown_to(scope.reader, [owner.pk for owner in owners if owner])
    today = organisation_day()
    return [
        Band(
            value=each,
            label=str(each.label),
            text=text,
            rows=[_row(limit, hidden, today) for limit in found[each]],
            total=counts.get(each, 0) + (counts.get(None, 0) if each == Urgency.WAITING else 0),
            # The list cannot be asked for an owner.
            url=f"{LIMITS.url}?urgency={each}&is_active=true" if scope.owners is None else "",
        )
        for each, text in _TEXTS.items()
    ]


def _of_band(limits: QuerySet[Limit], urgency: Urgency) -> QuerySet[Limit]:
    condition = Q(state__urgency=urgency) | (Q(state=None) if urgency == Urgency.WAITING else Q())
    rows = limits.filter(condition).select_related("state__forecast", *subjects.WITH_OWNER)
    narrow = rows.only(
        "name", "lead_days", "lead_p90_days", "margin_days", "metric__subject", "state__urgency", "state__used",
        "state__q10_date", "state__q50_date", "state__start_by", "state__forecast__note",
        *subjects.named_subject("metric__subject"),
    )  # fmt: skip
    return narrow.order_by(*BY_LAST_START)


def _row(limit: Limit, hidden: dict[int, str], today: dt.date) -> dict[str, Any]:
    state = getattr(limit, "state", None)
    subject = limit.metric.subject
    return {
        "limit": limit,
        "url": LIMITS.url_of(limit),
        "subject": subjects.name_of(subject, hidden, subjects.ORGANISATION),
        "owner": subjects.link(subjects.owner_of(subject), hidden, "nobody owns it"),
        "state": state,
        "meter": min(max(state.used, 0), 1) * 100 if state and state.used is not None else None,
        "left": days_in_words(state.q10_date) if state else "",
        "start": days_in_words(state.start_by) if state else "",
        "why": _why(state),
        "picture": _picture(limit, state, today),
    }


def _why(state: Any) -> str:
    """Why there is no date."""
    if state is None or state.forecast is None:
        return "It has not been calculated yet. A worker does that as soon as it has time, within an hour."
    return state.forecast.note or "There is no date in sight."


def _picture(limit: Limit, state: Any, today: dt.date) -> dict[str, float] | None:
    """Where the work ends if it begins today, and the ceiling from the earliest to the likely date, on a year."""
    if state is None or state.q10_date is None:
        return None
    early, likely = _place(state.q10_date, today), _place(state.q50_date or state.q10_date, today)
    if early >= WIDTH:
        return None
    work = min((limit.lead_p90_days + limit.margin_days) / YEAR, 1) * WIDTH
    return {"work": work, "early": early, "span": max(likely - early, 2), "likely": likely}


def _place(day: dt.date, today: dt.date) -> float:
    return min(max((day - today).days, 0) / YEAR, 1) * WIDTH


def _teams(reader: Any) -> Iterable[Reference]:
    """The teams that have a limit, for the reader to choose from."""
    watched = Limit.objects.filter(is_active=True).values("metric__subject")
    owners = Entity.objects.filter(reference__in=watched).values("owner")
    teams = Reference.objects.filter(Q(pk__in=owners) | Q(pk__in=watched), kind="group")
    return known_to(reader, teams).order_by("label")
