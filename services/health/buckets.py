"""Histograms of latency in fixed log-scale buckets, which add up: over checks, over days, in SQL.

Bucket ``i`` counts answers from ``BOUNDS_MS[i]`` up to, but not including, ``BOUNDS_MS[i + 1]`` milliseconds; the first
begins at nothing, the last has no end. Each bound is a quarter above the one before, so that a quantile read from a
histogram is at most an eighth off. ``SCHEME`` numbers these bounds: rows remember under which they were counted.
"""

import bisect
from collections.abc import Iterable, Sequence

SCHEME = 1
GROWTH = 1.25
COUNT = 50
BOUNDS_MS = (0.0, *(GROWTH**power for power in range(COUNT - 1)))


def empty() -> list[int]:
    return [0] * COUNT


def bucket_of(ms: float) -> int:
    """The bucket of an answer that took ``ms`` milliseconds."""
    return max(bisect.bisect_right(BOUNDS_MS, ms) - 1, 0)


def add(histograms: Iterable[Sequence[int]]) -> list[int]:
    """The sum of histograms, which may be empty where nothing was counted."""
    total = empty()
    for histogram in histograms:
        for at, count in enumerate(histogram):
            total[at] += count
    return total


def quantile_ms(counts: Sequence[int], q: float) -> float | None:
    """The latency in milliseconds below which the share ``q`` of answers stayed, taking them as evenly spread within a
    bucket; None where nothing was counted."""
    total = sum(counts)
    if not total:
        return None
    sought, below = q * total, 0
    for at, count in enumerate(counts):
        if count and below + count >= sought:
            low, high = _span(at)
            return low + (high - low) * (sought - below) / count
        below += count
    return _span(len(counts) - 1)[1]


def count_up_to(counts: Sequence[int], ms: float) -> float:
    """How many answers took up to ``ms`` milliseconds; the bucket that ``ms`` falls in counts by its share below."""
    found = 0.0
    for at, count in enumerate(counts):
        low, high = _span(at)
        if count and low < ms:
            found += count * min((ms - low) / (high - low), 1.0)
    return found


def _span(at: int) -> tuple[float, float]:
    low = BOUNDS_MS[at]
    return low, BOUNDS_MS[at + 1] if at + 1 < COUNT else low * GROWTH
