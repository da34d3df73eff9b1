"""Who is on call when, by a rotation: round it goes, over clock changes, with people who stand in."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from services.oncall.rotation import Plan, Span, joined, shifts, with_stand_ins

LISBON = ZoneInfo("Europe/Lisbon")
MEI, NOOR, AMARA = 1, 2, 3


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def weeks(zone: str = "Europe/Lisbon", at: str = "09:00", first: str = "2026-10-05", days: int = 7) -> Plan:
    return Plan(dt.date.fromisoformat(first), dt.time.fromisoformat(at), days, ZoneInfo(zone))


def told(spans) -> list[tuple[int, str, str]]:
    return [(each.person, f"{each.from_at:%m-%d %H:%M}", f"{each.until_at:%m-%d %H:%M}") for each in spans]


def test_people_follow_each_other_and_begin_again():
    found = shifts(weeks(), [MEI, NOOR], utc("2026-10-06T12:00"), utc("2026-10-20T12:00"))
    assert told(found) == [
        (MEI, "10-05 08:00", "10-12 08:00"), (NOOR, "10-12 08:00", "10-19 08:00"), (MEI, "10-19 08:00", "10-26 09:00"),
    ]  # fmt: skip


def test_a_handover_stays_at_nine_by_the_clock_on_the_wall_on_both_days_that_clocks_change():
    autumn = next(shifts(weeks(), [MEI], utc("2026-10-20T00:00"), utc("2026-10-21T00:00")))
    assert (autumn.until_at - autumn.from_at) == dt.timedelta(days=7, hours=1)
    spring = next(shifts(weeks(), [MEI], utc("2027-03-24T00:00"), utc("2027-03-25T00:00")))
    assert (spring.until_at - spring.from_at) == dt.timedelta(days=6, hours=23)
    for moment in (autumn.from_at, autumn.until_at, spring.from_at, spring.until_at):
        assert f"{moment.astimezone(LISBON):%a %H:%M}" == "Mon 09:00"


def test_an_hour_that_clocks_leap_over_is_the_moment_after_and_one_that_comes_twice_is_the_first():
    daily = weeks("Europe/Berlin", "02:30", "2026-03-27", 1)
    leap = told(shifts(daily, [MEI, NOOR], utc("2026-03-28T12:00"), utc("2026-03-29T12:00")))
    assert leap == [(NOOR, "03-28 01:30", "03-29 01:30"), (MEI, "03-29 01:30", "03-30 00:30")]
    twice = told(shifts(daily, [MEI], utc("2026-10-24T12:00"), utc("2026-10-25T12:00")))
    assert twice == [(MEI, "10-24 00:30", "10-25 00:30"), (MEI, "10-25 00:30", "10-26 01:30")]


def test_nobody_is_on_call_before_the_first_day_or_where_nobody_is_in_the_rotation():
    assert told(shifts(weeks(first="2026-12-07"), [MEI], utc("2026-11-01T00:00"), utc("2026-12-08T00:00"))) == [
        (MEI, "12-07 09:00", "12-14 09:00")
    ]
    assert list(shifts(weeks(), [], utc("2026-11-01T00:00"), utc("2026-12-08T00:00"))) == []


@given(
    zone=st.sampled_from(["Europe/Lisbon", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    at=st.times().map(lambda time: time.replace(second=0, microsecond=0)),
    days=st.integers(1, 30), first=st.dates(dt.date(2024, 1, 1), dt.date(2026, 1, 1)),
    start=st.datetimes(dt.datetime(2026, 1, 2), dt.datetime(2027, 12, 1), timezones=st.just(dt.UTC)),
)  # fmt: skip
def test_shifts_cover_the_time_without_a_gap_and_nothing_twice(zone, at, days, first, start):
    plan = Plan(first, at, days, ZoneInfo(zone))
    end = start + dt.timedelta(days=60)
    found = list(shifts(plan, [MEI, NOOR, AMARA], start, end))
    assert found[0].from_at <= start < found[0].until_at
    assert found[-1].from_at < end <= found[-1].until_at
    assert all(one.until_at == next_one.from_at for one, next_one in itertools.pairwise(found))


def test_who_stands_in_takes_the_middle_of_a_shift_and_gives_the_rest_back():
    week = [Span(utc("2026-11-16T09:00"), utc("2026-11-23T09:00"), MEI)]
    instead = [Span(utc("2026-11-18T18:00"), utc("2026-11-19T09:00"), NOOR)]
    assert told(with_stand_ins(week, instead)) == [
        (MEI, "11-16 09:00", "11-18 18:00"), (NOOR, "11-18 18:00", "11-19 09:00"), (MEI, "11-19 09:00", "11-23 09:00"),
    ]  # fmt: skip


def test_of_two_who_stand_in_at_once_the_later_said_counts_and_a_gap_is_filled():
    instead = [
        Span(utc("2026-11-18T08:00"), utc("2026-11-18T20:00"), NOOR),
        Span(utc("2026-11-18T12:00"), utc("2026-11-18T14:00"), AMARA),
    ]
    assert told(with_stand_ins([], instead)) == [
        (NOOR, "11-18 08:00", "11-18 12:00"), (AMARA, "11-18 12:00", "11-18 14:00"),
        (NOOR, "11-18 14:00", "11-18 20:00"),
    ]  # fmt: skip


def test_events_of_the_same_person_that_touch_are_one_shift_and_others_stay_apart():
    days = [Span(utc(f"2026-11-{day}T00:00"), utc(f"2026-11-{day + 1}T00:00"), name="Ana") for day in (16, 17, 19)]
    other = Span(utc("2026-11-16T00:00"), utc("2026-11-18T00:00"), name="Rui")
    assert [(each.name, f"{each.from_at:%d}-{each.until_at:%d}") for each in joined([*days, other])] == [
        ("Ana", "16-18"), ("Rui", "16-18"), ("Ana", "19-20"),
    ]  # fmt: skip
