"""Numbers and days as people read them."""

import datetime as dt


def plain(value: float) -> str:
    """``2,500,000``, ``1,301``, ``48.2``: whole from a thousand on, below that three digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def day_in_words(day: dt.date) -> str:
    """``19 Nov 2026``"""
    return f"{day.day} {day:%b %Y}"
