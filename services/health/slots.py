"""When a check is due: every so many seconds, at a phase of its own, so that checks spread and none drifts.

Slots depend on nothing but the check's number and interval. So two workers, or one after a restart, mean the same
moment by the same slot, and a question that is asked twice has one key.
"""

import datetime as dt

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
# 2⁶⁴ over the golden ratio: neighbouring numbers get phases far apart, and any run of them spreads evenly.
_SPREAD, _BITS = 0x9E37_79B9_7F4A_7C15, 64


def next_slot(check_id: int, interval_s: int, after: dt.datetime) -> dt.datetime:
    """The first slot later than ``after``."""
    interval = interval_s * 1_000_000
    phase = ((check_id * _SPREAD) % (1 << _BITS)) * interval >> _BITS
    passed = ((after - EPOCH) // _MICROSECOND - phase) // interval
    return EPOCH + ((passed + 1) * interval + phase) * _MICROSECOND


def due_slots(
    check_id: int, interval_s: int, due_at: dt.datetime, now: dt.datetime, most: int
) -> tuple[list[dt.datetime], int]:
    """Of a check that has been due since ``due_at``, the slots that are over by ``now``, oldest first, and how many
    were left out because they are more than ``most``. The last one is the one to ask now; it may be ahead of ``now``
    where ``due_at`` is."""
    interval = dt.timedelta(seconds=interval_s)
    newest = next_slot(check_id, interval_s, now - interval)
    if newest <= due_at:
        return [due_at], 0
    # The first slot may lie anywhere, the others a whole number of intervals before the newest.
    later = -((due_at - newest) // interval)
    count = later + 1
    kept = [newest - at * interval for at in range(min(later, most) - 1, -1, -1)]
    return ([due_at, *kept] if count <= most else kept), max(count - most, 0)
