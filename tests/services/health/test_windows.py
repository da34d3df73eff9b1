"""Maintenance windows hold when the clocks of their zone say so, on the days the clocks change too."""

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest

from services.health.models import MaintenanceWindow, Weekday
from services.health.windows import in_maintenance, occurrences

MINUTE = dt.timedelta(minutes=1)


def weekly(weekday: int, time: str, minutes: int, zone: str) -> MaintenanceWindow:
    return MaintenanceWindow(
        weekday=Weekday.values[weekday], start_time=dt.time.fromisoformat(time), minutes=minutes, zone=zone
    )


def local(zone: str, text: str, fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def first_and_last(window: MaintenanceWindow, around: dt.datetime) -> tuple[str, str]:
    [(begins, ends)] = occurrences(window, around - dt.timedelta(days=2), around + dt.timedelta(days=2))
    return begins.strftime("%d %H:%M"), ends.strftime("%d %H:%M")


def test_a_single_window_holds_from_its_start_up_to_its_end():
    starts = dt.datetime(2026, 11, 21, 22, tzinfo=dt.UTC)
    window = MaintenanceWindow(starts_at=starts, ends_at=starts + 30 * MINUTE)
    moments = [starts - MINUTE / 60, starts, starts + 29 * MINUTE, starts + 30 * MINUTE]
    assert [in_maintenance([window], at) is window for at in moments] == [False, True, True, False]


def test_a_weekly_window_holds_in_its_zone_over_midnight_and_over_the_end_of_the_week():
    window = weekly(6, "23:30", 120, "Europe/Lisbon")  # Sunday to Monday
    for text, holds in (
        ("2026-11-22T23:29", False), ("2026-11-22T23:30", True), ("2026-11-23T01:29", True),
        ("2026-11-23T01:30", False), ("2026-11-24T00:00", False), ("2026-11-29T23:59", True),
    ):  # fmt: skip
        assert (in_maintenance([window], local("Europe/Lisbon", text)) is not None) is holds, text


def test_a_whole_week_is_always():
    window = weekly(2, "12:00", 7 * 24 * 60, "UTC")
    start = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    assert all(in_maintenance([window], start + hours * dt.timedelta(hours=1)) for hours in range(24 * 8))


# 29 March 2026, Berlin: 02:00 becomes 03:00. 25 October 2026: 03:00 becomes 02:00. Both are Sundays.


def test_when_the_clock_goes_forward_a_time_that_is_left_out_is_as_much_later():
    around = dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)
    assert first_and_last(weekly(6, "02:30", 60, "Europe/Berlin"), around) == ("29 01:30", "29 02:30")
    assert first_and_last(weekly(6, "01:30", 60, "Europe/Berlin"), around) == ("29 00:30", "29 01:30")
    assert first_and_last(weekly(6, "03:30", 60, "Europe/Berlin"), around) == ("29 01:30", "29 02:30")


def test_when_the_clock_goes_back_a_time_that_comes_twice_is_the_first():
    around = dt.datetime(2026, 10, 25, 1, tzinfo=dt.UTC)
    assert first_and_last(weekly(6, "02:30", 60, "Europe/Berlin"), around) == ("25 00:30", "25 01:30")
    assert first_and_last(weekly(6, "03:30", 60, "Europe/Berlin"), around) == ("25 02:30", "25 03:30")
    window = weekly(6, "02:30", 60, "Europe/Berlin")
    assert in_maintenance([window], local("Europe/Berlin", "2026-10-25T02:40", fold=0))
    assert not in_maintenance([window], local("Europe/Berlin", "2026-10-25T02:40", fold=1))


def test_the_same_window_follows_the_zone_through_the_year():
    window = weekly(6, "22:00", 60, "America/New_York")
    winter, summer = dt.datetime(2026, 1, 12, tzinfo=dt.UTC), dt.datetime(2026, 7, 13, tzinfo=dt.UTC)
    assert first_and_last(window, winter) == ("12 03:00", "12 04:00")
    assert first_and_last(window, summer) == ("13 02:00", "13 03:00")


ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
)


@pytest.mark.parametrize("seed", range(40))
def test_any_window_holds_exactly_when_a_clock_that_is_watched_says_so(seed):
    """Watch the clock of the zone minute by minute: the window begins when it first shows the time or has passed it."""
    chance = random.Random(seed)
    zone = ZoneInfo(chance.choice(ZONES))
    window = weekly(
        chance.randrange(7), f"{chance.randrange(24):02}:{chance.randrange(60):02}", chance.randrange(1, 500), zone.key
    )
    # Around a change of the clocks half of the time.
    day = chance.choice(
        [
            dt.date(2026, 3, 29),
            dt.date(2026, 10, 25),
            dt.date(2026, 3, 8),
            dt.date(2026, 11, 1),
            dt.date(2026, 4, 5),
            dt.date(2026, 6, 10),
        ]
    )
    start = dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(days=4)
    watched = [start + minutes * MINUTE for minutes in range(8 * 24 * 60)]
    starts = set(_starts(window, watched, zone))
    remaining = 0
    for at in watched[1:]:
        remaining = window.minutes if at in starts else max(remaining - 1, 0)
        if at > watched[600]:  # what began before the watch is known from then on
            assert (in_maintenance([window], at) is not None) == (remaining > 0), at.astimezone(zone)


def _starts(window, watched, zone):
    before = watched[0].astimezone(zone)
    for at in watched[1:]:
        now = at.astimezone(zone)
        moved = (now.utcoffset() - before.utcoffset()) // MINUTE
        wall = now.replace(tzinfo=None)
        if Weekday.values[wall.weekday()] == window.weekday and wall.time() == window.start_time and now.fold == 0:
            yield at
        # A leap over the time: it begins as much later as was leapt.
        missed = dt.datetime.combine(wall.date(), window.start_time)
        if (
            moved > 0
            and before.replace(tzinfo=None) < missed < wall
            and Weekday.values[missed.weekday()] == window.weekday
        ):
            yield at + (missed - (wall - moved * MINUTE))
        before = now
