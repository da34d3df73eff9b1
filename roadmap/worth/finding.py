"""What came of a claim: the series after delivery beside the forecast of it untouched.

The days before delivery are forecast over the days since, in many possible futures (services.health.forecast). The
mean of each future over those days is what a day would have been untouched; its quantiles are the interval. What was
found is that mean less the mean that was measured, for thirty days.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from portal.tenure import organisation_today
from roadmap.models import Claim, Finding
from roadmap.worth.returns import forget_undelivered
from services.health import samples
from services.health.moments import counted

MONTH = 30
# Fewer days after it say nothing; after more of them the forecast says little.
FEWEST_AFTER, MOST_AFTER = 14, 90
FEWEST_BEFORE, MOST_BEFORE = 21, 365
Days = Mapping[dt.date, float]


def measure_all() -> int:
    """Find what came of every claim of what is delivered; returns of how many something changed."""
    forget_undelivered()
    rows = Claim.objects.filter(initiative__delivered_on__isnull=False)
    claims = list(rows.select_related("initiative", "metric", "finding").order_by("pk"))
    return sum(_refresh(each) for each in claims)


def _refresh(claim: Claim) -> bool:
    found = measure(claim)
    held = getattr(claim, "finding", None)
    if held is not None and all(getattr(held, name) == value for name, value in found.items()):
        return False
    Finding.objects.update_or_create(claim=claim, defaults={**found, "found_at": timezone.now()})
    return True


def measure(claim: Claim) -> dict[str, Any]:
    """What is found of a claim today, as the fields of Finding."""
    nothing = dict.fromkeys(("per_month", "low", "high", "expected", "measured")) | {
        "days_before": 0, "days_after": 0, "problem": "",
    }  # fmt: skip
    delivered = claim.initiative.delivered_on
    if delivered is None:
        return {**nothing, "problem": "It is not delivered yet."}
    if claim.metric_id is None:
        return {**nothing, "problem": "No metric is named that would show it. Edit the claim and choose one."}
    before, after = _days(claim.metric_id, delivered)
    counts = {"days_before": len(before), "days_after": len(after)}
    if problem := _too_little(len(before), len(after)):
        return {**nothing, **counts, "problem": problem}
    return {**nothing, **counts, **compare(before, after, delivered)}


def _days(metric_id: int, delivered: dt.date) -> tuple[Days, Days]:
    """The days with a value before delivery, and since: the day itself is neither, and today is not over."""
    yesterday = organisation_today() - dt.timedelta(days=1)
    first, last = delivered - dt.timedelta(days=MOST_BEFORE), delivered + dt.timedelta(days=MOST_AFTER)
    values = dict(samples.daily([metric_id], first, min(last, yesterday))[metric_id])
    before = {day: value for day, value in values.items() if day < delivered}
    return before, {day: value for day, value in values.items() if day > delivered}


def _too_little(before: int, after: int) -> str:
    """How many days are missing, on which side; nothing where there are enough."""
    for have, need, side in ((before, FEWEST_BEFORE, "before"), (after, FEWEST_AFTER, "since")):
        if have < need:
            has = "has" if have == 1 else "have"
            short = f"{counted(need - have, 'day')} {'is' if need - have == 1 else 'are'} missing"
            return f"{counted(have, 'day')} {side} delivery {has} a value, {need} are needed: {short}."
    return ""


def compare(before: Days, after: Days, delivered: dt.date) -> dict[str, Any]:
    """Untouched, measured and removed, a month, and the interval that holds it in four of five cases."""
    # Numbers and models are loaded by the worker that forecasts, not by the processes that serve pages.
    from services.health.forecast.mix import mean_ahead
    from services.health.forecast.preparation import TooLittleError, prepare

    try:
        series = prepare(list(before), list(before.values()), kind="gauge", today=delivered)
    except TooLittleError as problem:
        return {"problem": str(problem)}
    low, middle, high = mean_ahead(series, days=[(day - delivered).days for day in after])
    measured = sum(after.values()) / len(after)
    return {
        "expected": round(MONTH * middle, 6), "measured": round(MONTH * measured, 6),
        "per_month": round(MONTH * (middle - measured), 6), "low": round(MONTH * (low - measured), 6),
        "high": round(MONTH * (high - measured), 6),
    }  # fmt: skip
