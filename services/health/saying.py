"""Values of metrics, and days, as people read them."""

import datetime as dt

from services.health.models import Metric, MetricKind


def number(value: float) -> str:
    """Thousands with commas and no more digits than say something: 48,200, 7.5, 0.0123; just below a hundred, where
    the last digit counts in percent, 99.96."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if 99 <= abs(value) < 100 else f"{value:.3g}".replace("1e+03", "1,000")


def percent(share: float) -> str:
    """A share in whole percent, such as ``98 %``; what is not quite nothing and not quite all says so."""
    if 0 < share < 0.005:
        return "less than 1\u00a0%"
    if 0.995 <= share < 1:
        return "more than 99\u00a0%"
    return f"{100 * share:,.0f}\u00a0%"


def with_unit(metric: Metric, value: float) -> str:
    """A value of this metric: with its unit, or, for good of total, in percent."""
    return in_unit(value, metric.unit, metric.kind)


def in_unit(value: float, unit: str, kind: str) -> str:
    """The same, of what a list reads. Parts of an hour are minutes: nobody says 0.167 h."""
    if kind == MetricKind.RATIO:
        return f"{number(100 * value)}\u00a0%"
    if unit == "h" and 0 < abs(value) < 1:
        return f"{number(60 * value)}\u00a0min"
    return f"{number(value)}\u00a0{unit}" if unit else number(value)


def day_in_words(day: dt.date) -> str:
    """``19 Nov 2026``"""
    return f"{day.day} {day:%b %Y}"


def moment_in_words(moment: dt.datetime) -> str:
    """``19 Nov 2026, 22:32 UTC``, in the zone of the moment: for texts that are kept and read in any zone."""
    return f"{day_in_words(moment)}, {moment:%H:%M %Z}"
