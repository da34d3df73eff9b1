"""Values of metrics, and days, as people read them."""

import datetime as dt

from services.health.models import Metric, MetricKind


def number(value: float) -> str:
    """Thousands with commas and no more digits than say something: 48,200, 7.5, 0.0123."""
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.1f}".removesuffix(".0")
    return f"{value:.4g}"


def with_unit(metric: Metric, value: float) -> str:
    """A value of this metric: with its unit, or, for good of total, in percent."""
    if metric.kind == MetricKind.RATIO:
        return f"{number(100 * value)}\u00a0%"
    return f"{number(value)}\u00a0{metric.unit}" if metric.unit else number(value)


def day_in_words(day: dt.date) -> str:
    """``19 Nov 2026``"""
    return f"{day.day} {day:%b %Y}"
