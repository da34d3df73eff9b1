"""The page of a limit: where the metric goes, what breaks at multiples of today's load, what a later start costs, and
how good earlier forecasts were."""

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from portal.chart_views import with_file
from portal.charts import Band, Chart, Level, Mark, Series, chart
from portal.panels import Context, panel
from portal.spans import Span, span_of
from services.health import race, samples
from services.health.counts import DAY
from services.health.models import Forecast, Limit, MetricKind, Urgency
from services.health.moments import counted, days_in_words
from services.health.pages import marks
from services.health.pages.times import LONG, time_shown
from services.health.saying import day_in_words, percent, with_unit

EARLIER = 12
# How far ahead an earlier forecast is held against what came.
HELD_AFTER = dt.timedelta(days=28)
GROWTH_DAYS = 365
# As far a line of days goes on without a value (assets/js/charts/gaps.js).
JOINED_WITHIN = dt.timedelta(days=3)
# What is said as 100 in 100.
CERTAIN = 0.995
_METERS = {Urgency.CALM: "ok", Urgency.PLAN: "info", Urgency.START_NOW: "warn", Urgency.TOO_LATE: "bad"}


def _newest(limit: Limit) -> Forecast | None:
    """The last forecast; none where that is of a metric which the limit no longer has."""
    found = Forecast.objects.filter(of=limit).order_by("-made_on").first()
    is_of_another = found is not None and found.settings.get("metric_id", limit.metric_id) != limit.metric_id
    return None if is_of_another else found


@panel(on=Limit, slot="main", order=10, title="Forecast", template="health/_forecast.html")
def forecast(request: HttpRequest, limit: Limit) -> Context:
    """The newest forecast: dates, what is used, the fan, and the chances."""
    span, newest, edited = span_of(request.GET, "90d"), _newest(limit), limit
    limit = _as_forecast(edited, newest)
    chances = sorted((int(days), share) for days, share in newest.chances.items()) if newest else []
    return {
        **time_shown(request, limit, span, "healthlimit-forecast", names=LONG),
        "newest": newest,
        "is_known": newest is not None and newest.urgency != Urgency.UNKNOWN,
        "start_by": _start_by(limit, newest),
        "used": _used(limit, newest),
        "needed": counted(limit.lead_p90_days + limit.margin_days, "day"),
        "made_for": _made_for(limit) if _settings(limit) != _settings(edited) else "",
        "chances": [(days, percent(share)) for days, share in chances],
        "chart": with_file(_fan(limit, span, newest), limit, span),
        "fact": f"made on {day_in_words(newest.made_on)} from {counted(newest.points, 'day')}" if newest else "",
    }


# What a forecast is made for. Those of the limit may be others by now, until the next run makes it anew.
_SETTINGS = ("ceiling", "lead_days", "lead_p90_days", "margin_days")


def _settings(limit: Limit) -> list[float]:
    return [getattr(limit, name) for name in _SETTINGS]


def _as_forecast(limit: Limit, newest: Forecast | None) -> Limit:
    """The limit as it was when the forecast was made, so that its dates stand beside what they were made for."""
    known = newest.settings if newest else {}
    then = copy.copy(limit)
    for name in _SETTINGS:
        setattr(then, name, known.get(name, getattr(limit, name)))
    return then


def _made_for(limit: Limit) -> str:
    work = f"{limit.lead_days:,} to {counted(limit.lead_p90_days, 'day')} of work"
    margin = counted(limit.margin_days, "day")
    return f"It was made for a ceiling of {_ceiling(limit)}, {work} and {margin} of margin."


def _start_by(limit: Limit, newest: Forecast | None) -> dict[str, Any] | None:
    """The last day to begin the work, and how far that is from today in words."""
    if newest is None or newest.q10_date is None:
        return None
    day = newest.q10_date - dt.timedelta(days=limit.lead_p90_days + limit.margin_days)
    return {"day": day, "words": days_in_words(day)}


def _used(limit: Limit, newest: Forecast | None) -> dict[str, Any] | None:
    if newest is None or newest.value is None or limit.ceiling <= 0:
        return None
    share = newest.value / limit.ceiling
    return {
        "value": with_unit(limit.metric, newest.value),
        "ceiling": _ceiling(limit),
        "percent": f"{100 * share:.0f}",
        "width": f"{100 * min(max(share, 0), 1):.1f}%",
        "look": _METERS.get(Urgency(newest.urgency), "idle"),
    }


def _ceiling(limit: Limit) -> str:
    return with_unit(limit.metric, limit.ceiling)


def _is_ratio(limit: Limit) -> bool:
    return limit.metric.kind == MetricKind.RATIO


def _unit(limit: Limit) -> str:
    """The unit of its charts; of a ratio they are in percent."""
    return "" if _is_ratio(limit) else limit.metric.unit


@chart(on=Limit, name="forecast", default="90d")
def fan(request: HttpRequest, limit: Limit, span: Span) -> Chart:
    return _fan(limit, span, _newest(limit))


def _fan(limit: Limit, span: Span, newest: Forecast | None) -> Chart:
    """What was measured, then what is foretold for the 90 days after the forecast was made."""
    limit = _as_forecast(limit, newest)
    today = samples.organisation_day()
    first, last = span.days_in(samples.organisation_zone())
    measured = dict(samples.daily([limit.metric_id], first, min(last, today))[limit.metric_id])
    band = {dt.date.fromisoformat(row["date"]): row for row in (newest.band if newest and last >= today else [])}
    days = sorted({*measured, *band})
    drawn = Chart(
        name="forecast",
        title=f"{limit.metric}, and where it goes",
        unit=_unit(limit),
        summary=_in_words(limit, newest),
        caption=_caption(newest, days[-1]) if band and newest else "",
        at=days,
        head="Day",
        parts=[Series("Measured", [measured.get(day) for day in days], "line", "c1"), *_foretold(days, measured, band)],
        levels=[Level(limit.ceiling, f"ceiling {_ceiling(limit)}", "bad")],
        marks=_marks(limit, newest, days, today) if band else [],
        percent=_is_ratio(limit),
        bottom=0 if min(measured.values(), default=0) >= 0 else None,
        named=False,
        empty="No value of this time is known.",
    )
    return marks.marked(drawn, marks.deployments_of(limit.metric, span), DAY)


def _foretold(
    days: Sequence[dt.date], measured: Mapping[dt.date, float], band: Mapping[dt.date, dict[str, float]]
) -> list[Series | Band]:
    """What is likely and its fan, which begin where the measured line ends, unless that is long ago."""
    last, first = max(measured, default=None), min(band, default=None)
    joint = last if last and first and first - last <= JOINED_WITHIN else None

    def each(name: str) -> list[float | None]:
        return [band[day][name] if day in band else measured[day] if day == joint else None for day in days]

    return [Series("Likely", each("q50"), "dashed", "c1"), Band("8 of 10 chances", each("q10"), each("q90"), "c1")]


def _caption(newest: Forecast, last: dt.date) -> str:
    words = "Line: measured. Dashed: as likely above as below. Band: 8 of 10 chances."
    if newest.q10_date and newest.q10_date <= last:
        return f"{words} Bar on the ceiling: when it is reached, with 8 of 10 chances; its dot is the likely day."
    return words


def _marks(limit: Limit, newest: Forecast | None, days: Sequence[dt.date], today: dt.date) -> list[Mark]:
    """Today, the last start, and when the ceiling is reached, as far as the picture goes."""
    found = [Mark(today, "today")]
    if newest is None:
        return found
    start_by, last = _start_by(limit, newest), days[-1]
    if start_by and days[0] <= start_by["day"] <= last:
        found.append(Mark(start_by["day"], f"last start, {_short(start_by['day'])}", "warn"))
    if newest.q10_date and newest.q10_date <= last:
        until = min(newest.q90_date or last, last)
        middle = newest.q50_date if newest.q50_date and newest.q50_date <= last else None
        found.append(Mark(newest.q10_date, "reached", "bad", "range", until=until, value=limit.ceiling, middle=middle))
    return found


def _short(day: dt.date) -> str:
    return f"{day.day} {day:%b}"


def _in_words(limit: Limit, newest: Forecast | None) -> str:
    if newest is None:
        return f"{limit.metric} over time, and its ceiling of {_ceiling(limit)}. Nothing is foretold yet."
    if newest.urgency == Urgency.UNKNOWN:
        return f"{limit.metric} over time. Too little is known to foretell when it reaches {_ceiling(limit)}."
    if newest.q10_date is None:
        return f"The ceiling of {_ceiling(limit)} is not likely to be reached within the time that is foretold."
    likely = f"likely on {day_in_words(newest.q50_date)}" if newest.q50_date else "and more likely not at all"
    early = day_in_words(newest.q10_date)
    return f"The ceiling of {_ceiling(limit)} could be reached as early as {early}, {likely}."


# What if


@panel(on=Limit, slot="main", order=20, title="What breaks at 2×, 10× and 100×", template="health/_multiples.html")
def what_breaks(request: HttpRequest, limit: Limit) -> Context | None:
    """What is needed at multiples of today's load, by how the metric grew with its driver."""
    # Numbers are calculated by a library that pages do without otherwise.
    from services.health.forecast.multiples import demand_now, elasticity, headroom, multiples

    today = samples.organisation_day()
    asked = [limit.metric_id, *([limit.driver_id] if limit.driver_id else [])]
    found = {
        key: dict(days) for key, days in samples.daily(asked, today - dt.timedelta(days=GROWTH_DAYS), today).items()
    }
    now = demand_now(found[limit.metric_id])
    if now is None:
        return None
    grows = elasticity(found[limit.metric_id], found[limit.driver_id] if limit.driver_id else None)
    room = headroom(now, limit.ceiling, grows)
    return {
        "rows": [
            _needed(limit, "Today", now, now >= limit.ceiling),
            *(
                _needed(limit, f"{each.factor}×", each.need, each.breaks)
                for each in multiples(now, limit.ceiling, grows)
            ),
        ],
        "grows": grows,
        "room": f"{room:,.3g}" if room is not None else "",
        "fact": f"driver: {limit.driver}" if limit.driver else "",
    }


def _needed(limit: Limit, load: str, need: float, breaks: bool) -> dict[str, Any]:
    return {
        "load": load,
        "need": with_unit(limit.metric, need),
        "used": _times(need, limit.ceiling),
        "breaks": breaks,
    }


def _times(need: float, ceiling: float) -> str:
    """A need in percent of the ceiling, in multiples of it where it is many."""
    if ceiling <= 0:
        return ""
    share = need / ceiling
    return f"{share:,.3g}×" if share >= 10 else f"{100 * share:,.0f}\u00a0%"


@panel(on=Limit, slot="main", order=30, title="What a later start costs", template="health/_race.html")
def later_start(request: HttpRequest, limit: Limit) -> Context | None:
    """How likely the ceiling comes first, for each day the work may begin."""
    newest, today = _newest(limit), samples.organisation_day()
    if newest is None or newest.q10_date is None:
        return None
    limit, dates = _as_forecast(limit, newest), (newest.q10_date, newest.q50_date, newest.q90_date)
    reached = race.reached_by(newest.made_on, newest.chances, dates)
    known = race.known_until(newest.made_on, newest.chances, dates)
    rows = []
    for weeks in (0, 2, 4, 8, 12):
        start = today + dt.timedelta(weeks=weeks)
        odds = race.ceiling_first(start, limit.lead_days, limit.lead_p90_days, reached)
        is_least = start + dt.timedelta(days=limit.lead_p90_days) > known and reached(known) < CERTAIN
        done = start + dt.timedelta(days=limit.lead_days)
        rows.append({"start": start, "done": done, "odds": _odds(odds, is_least)})
    likely = counted(limit.lead_days, "day")
    return {
        "rows": rows,
        "fact": f"the work likely takes {likely}, {limit.lead_p90_days:,} in nine of ten cases",
    }


def _odds(chance: float, is_least: bool) -> tuple[str, str]:
    """How a chance looks, and how it is said: as the least it is where the work lasts longer than is foretold."""
    look = "ok" if chance <= 0.1 else "warn" if chance < 0.5 else "bad"
    if is_least:
        return look, f"at least {100 * chance:.0f} in 100"
    return look, "less than 1 in 100" if chance < 0.01 else f"{100 * chance:.0f} in 100"


# Was it right


@panel(on=Limit, slot="main", order=40, title="Was the forecast honest?", template="health/_honesty.html")
def honesty(request: HttpRequest, limit: Limit) -> Context | None:
    """Earlier forecasts beside what came, and how they are scored."""
    made = list(_earlier(limit)[:EARLIER])
    if not made:
        return None
    drawn = _honesty(limit)
    return {"chart": with_file(drawn, limit, None), "earlier": made}


def _earlier(limit: Limit) -> QuerySet[Forecast]:
    """All but the newest, newest first."""
    newest = Forecast.objects.filter(of=limit).order_by("-made_on").values("pk")[:1]
    return Forecast.objects.filter(of=limit).exclude(pk__in=newest).defer("band").order_by("-made_on")


@chart(on=Limit, name="honesty", default=None)
def honesty_chart(request: HttpRequest, limit: Limit) -> Chart | None:
    return _honesty(limit)


def _honesty(limit: Limit) -> Chart | None:
    """Earlier forecasts, each at least four weeks old: its fan of a day, and what was measured on it."""
    rows = _judged(limit)
    held = [row["q10"] <= value <= row["q90"] for _, row, value in rows if row and value is not None]
    if not held:
        return None
    kept, share = sum(held), 100 * sum(held) / len(held)
    low, high = ([row[name] if row else None for _, row, _ in rows] for name in ("q10", "q90"))
    return Chart(
        name="honesty",
        title="Foretold four weeks before, and what came",
        unit=_unit(limit),
        summary=f"{kept} of {len(held)} earlier forecasts held: 80\u00a0% promised, {share:.0f}\u00a0% kept.",
        caption="Bar: 8 of 10 chances as foretold four weeks before. Dot: what was measured.",
        at=[day_in_words(day) for day, *_ in rows],
        head="Day",
        parts=[
            Band("8 of 10 chances", low, high, "c1"),
            Series("Measured", [value for *_, value in rows], "dots", "c2"),
        ],
        percent=_is_ratio(limit),
        bottom=None,
        small=True,
    )


def _judged(limit: Limit) -> list[tuple[dt.date, dict[str, float] | None, float | None]]:
    """Of one forecast a week: the day four weeks later, what was foretold of it, and what came."""
    today = samples.organisation_day()
    old = Forecast.objects.filter(of=limit, made_on__lte=today - HELD_AFTER).exclude(band=[]).order_by("-made_on")
    weekly = {each.made_on.isocalendar()[:2]: each for each in reversed(old[: 7 * EARLIER])}
    judged = {each.made_on + HELD_AFTER: each for each in list(weekly.values())[-EARLIER:]}
    if not judged:
        return []
    came = dict(samples.daily([limit.metric_id], min(judged), max(judged))[limit.metric_id])
    return [
        (day, next((row for row in each.band if row["date"] == day.isoformat()), None), came.get(day))
        for day, each in judged.items()
    ]
