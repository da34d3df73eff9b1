"""Limits of the demo company, and the forecasts that were made of them day by day.

Today's forecast is the clock's own. Those of the days before are drawn by a straight line, because ninety days of the
real one would take minutes; they are judged and scored as any other.
"""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from portal.search import index
from services.catalog import bulk
from services.demo.health import numbers
from services.demo.health.world import Numbers
from services.health import limits, samples
from services.health.forecast.clock import HORIZONS, Work, judge
from services.health.forecast.preparation import FEWEST_POINTS
from services.health.models import Forecast, Limit, Metric, MetricKind

# Days back of which a forecast is kept: every one of the last month, one a week before.
MADE = (*range(1, 31), *range(35, 64, 7))
BAND_DAYS = 90
LEARNED_DAYS = 28
Z90 = 1.2816


def make_limits(metrics: Sequence[Metric]) -> list[Limit]:
    by_key = {(metric.subject.canonical, metric.name): metric for metric in metrics if metric.subject}
    made = [
        Limit(
            metric=by_key[each.subject, each.metric], name=each.name, ceiling=each.ceiling, lead_days=each.lead[0],
            lead_p90_days=each.lead[1], margin_days=each.lead[2], description=each.description,
            driver=by_key[each.driver] if each.driver else None,
            cost_per_month=Decimal(each.cost) if each.cost else None,
        )
        for each in numbers.LIMITS
    ]  # fmt: skip
    bulk.insert(Limit, made)
    index.refresh(Limit, [limit.pk for limit in made])
    return made


def fill_forecasts() -> int:
    """Write the forecasts of the days before today that are missing, score them, and let the clock make today's."""
    today = samples.organisation_day()
    watched = list(Limit.objects.filter(is_active=True, name__in=[each.name for each in numbers.LIMITS]))
    values = samples.daily({limit.metric_id for limit in watched}, today - dt.timedelta(days=200), today)
    known = set(Forecast.objects.filter(of__in=watched).values_list("of", "made_on"))
    kinds = dict(Metric.objects.filter(limits__in=watched).values_list("pk", "kind"))
    rows = [
        row
        for limit in watched
        for row in _forecasts(limit, values[limit.metric_id], today, {day for of, day in known if of == limit.pk})
    ]
    Forecast.objects.bulk_create(rows)
    for limit in watched:
        actual = dict(values[limit.metric_id])
        if kinds[limit.metric_id] == MetricKind.FLOW:
            actual.pop(today, None)
        limits.score_earlier(limit, actual, today)
    limits.refresh()
    return len(rows)


def _forecasts(
    limit: Limit, series: Sequence[tuple[dt.date, float]], today: dt.date, known: set[dt.date]
) -> Iterator[Forecast]:
    for days in MADE:
        made_on = today - dt.timedelta(days=days)
        before = [value for day, value in series if day <= made_on]
        if made_on not in known and len(before) >= FEWEST_POINTS:
            yield _forecast(limit, np.array(before), made_on)


def _forecast(limit: Limit, before: Numbers, made_on: dt.date) -> Forecast:
    recent = before[-LEARNED_DAYS:]
    slope, level = np.polyfit(np.arange(recent.size) - recent.size + 1, recent, 1)
    spread = float(np.std(np.diff(recent))) * 0.6 + abs(level) * 0.002
    ahead = np.arange(1, 1096)
    middle = level + slope * ahead
    width = Z90 * spread * np.sqrt(ahead / 4 + 1)
    quantiles = {"q10": np.maximum(middle - width, 0), "q50": np.maximum(middle, 0), "q90": middle + width}
    # The upper quantile reaches the ceiling first: with one chance in ten.
    early, likely, late = (_reaches(quantiles[name], limit.ceiling) for name in ("q90", "q50", "q10"))
    work = Work(limit.lead_days, limit.lead_p90_days, limit.margin_days)
    return Forecast(
        of=limit, made_on=made_on, points=before.size, value=float(before[-1]),
        urgency=judge(early, likely, work, is_reached=before[-1] >= limit.ceiling),
        q10_date=_after(made_on, early), q50_date=_after(made_on, likely), q90_date=_after(made_on, late),
        chances={str(days): _chance(limit.ceiling, middle[days - 1], width[days - 1]) for days in HORIZONS},
        band=_band(quantiles, made_on), settings=_settings(limit),
    )  # fmt: skip


def _reaches(values: Numbers, ceiling: float) -> int | None:
    reached = np.flatnonzero(values >= ceiling)
    return int(reached[0]) + 1 if reached.size and reached[0] < 365 * 2 else None


def _chance(ceiling: float, middle: float, width: float) -> float:
    """The share of a bell curve that lies above the ceiling."""
    return round(0.5 * math.erfc((ceiling - middle) / (width / Z90) / math.sqrt(2)), 4)


def _band(quantiles: dict[str, Numbers], made_on: dt.date) -> list[dict[str, Any]]:
    rows = zip(*(quantiles[name][:BAND_DAYS].tolist() for name in ("q10", "q50", "q90")), strict=True)
    return [
        {"date": str(_after(made_on, ahead)), "q10": q10, "q50": q50, "q90": q90}
        for ahead, (q10, q50, q90) in enumerate(rows, start=1)
    ]


def _settings(limit: Limit) -> dict[str, Any]:
    return {
        name: getattr(limit, name) for name in ("ceiling", "lead_days", "lead_p90_days", "margin_days", "metric_id")
    }


def _after(day: dt.date, days: int | None) -> dt.date | None:
    return None if days is None else day + dt.timedelta(days=days)
