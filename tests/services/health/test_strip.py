"""The last 90 days of a check and of an entity, in days of the organisation's time zone."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from services.health.models import CheckDay, Outcome, RollUpMark
from services.health.rollup import COUNTS, roll_up, sum_again_from
from services.health.samples import organisation_day
from services.health.strip import DayState, strips, together
from tests.factories import make_entity
from tests.services.health.reading import said
from tests.services.health.results import answer, every, make_check

pytestmark = pytest.mark.django_db

GOOD, SLOW, BAD, LATE, MAINTENANCE = range(COUNTS)


def keep(check, back: int, hours: dict[int, dict[int, int]] | None = None, good: int = 60) -> None:
    """A summed day of UTC so many days ago: ``good`` good answers in each hour, but where ``hours`` says otherwise."""
    packed = [0] * (24 * COUNTS)
    for hour in range(24):
        packed[hour * COUNTS + GOOD] = good
        for place, number in (hours or {}).get(hour, {}).items():
            packed[hour * COUNTS + place] = number
    totals = [sum(packed[at::COUNTS]) for at in range(COUNTS)]
    names = ("good", "slow", "bad", "late", "maintenance")
    day = timezone.now().date() - dt.timedelta(days=back)
    CheckDay.objects.create(of=check, day=day, hours=packed, **dict(zip(names, totals, strict=True)))
    RollUpMark.objects.update_or_create(pk=1, defaults={"rolled_until": timezone.now()})


def day_of(check, back: int):
    return strips([check])[check.pk].days[-1 - back]


@pytest.fixture(autouse=True)
def utc(settings):
    settings.TIME_ZONE = "UTC"


def test_a_strip_has_ninety_days_and_the_last_is_today():
    days = strips([(check := make_check())])[check.pk].days
    assert (len(days), days[-1].day, days[0].day) == (
        90,
        organisation_day(),
        organisation_day() - dt.timedelta(days=89),
    )


@pytest.mark.parametrize(
    ("hours", "state", "answers"),
    [
        ({}, DayState.HEALTHY, "1,440 good answers"),
        ({9: {GOOD: 59, BAD: 1}}, DayState.HEALTHY, "1 of 1,440 answers failed"),
        ({9: {GOOD: 50, BAD: 10}}, DayState.DEGRADED, "10 of 1,440 answers failed"),
        ({9: {GOOD: 40, BAD: 20}}, DayState.DOWN, "20 of 1,440 answers failed"),
        ({9: {SLOW: 40}, 10: {SLOW: 40}}, DayState.DEGRADED, "1,440 good answers, 80 came slowly"),
        ({9: {GOOD: 0, MAINTENANCE: 60}}, DayState.HEALTHY, "1,380 good answers, 60 in maintenance"),
    ],
)
def test_a_day_is_judged_by_the_share_of_its_answers(hours, state, answers):
    keep(check := make_check(), 3, hours)
    day = day_of(check, 3)
    assert (day.state, day.answers) == (state, answers)


def test_one_failed_answer_of_a_check_that_is_seldom_asked_is_no_day_down():
    keep(check := make_check(), 2, {9: {GOOD: 0, BAD: 1}}, good=1)
    assert day_of(check, 2).state == DayState.DEGRADED


def test_maintenance_and_questions_that_nobody_asked_are_neither_up_nor_down():
    keep(check := make_check(), 2, {hour: {MAINTENANCE: 60} for hour in range(24)}, good=0)
    keep(check, 3, {hour: {LATE: 60} for hour in range(24)}, good=0)
    states = [day_of(check, back).state for back in (2, 3, 4)]
    assert states == [DayState.MAINTENANCE, DayState.MISSING, DayState.MISSING]
    assert strips([check])[check.pk].attained is None


def test_a_night_counts_for_the_day_it_is_where_the_organisation_is(settings):
    """23:00 UTC is past midnight in Berlin, in winter as in summer."""
    settings.TIME_ZONE = "Europe/Berlin"
    keep(check := make_check(), 5, {23: {GOOD: 0, BAD: 60}})
    keep(check, 4)
    utc_day = timezone.now().date() - dt.timedelta(days=5)
    found = {day.day: day.tally for day in strips([check])[check.pk].days}
    assert (found[utc_day].bad, found[utc_day + dt.timedelta(days=1)].bad) == (0, 60)
    assert sum(tally.good for tally in found.values()) == 23 * 60 + 24 * 60


@pytest.mark.parametrize("name", ["America/Los_Angeles", "Asia/Tokyo", "Pacific/Auckland"])
def test_far_from_utc_no_answer_is_lost_or_counted_twice(settings, name):
    settings.TIME_ZONE = name
    check = make_check()
    for back in range(1, 20):
        keep(check, back, {12: {GOOD: 59, BAD: 1}})
    tallies = [day.tally for day in strips([check])[check.pk].days]
    assert (sum(each.good for each in tallies), sum(each.bad for each in tallies)) == (19 * 1439, 19)
    midday = dt.datetime.combine(timezone.now().date() - dt.timedelta(days=10), dt.time(12), tzinfo=dt.UTC)
    here = midday.astimezone(ZoneInfo(name)).date()
    assert next(day for day in strips([check])[check.pk].days if day.day == here).tally.bad >= 1


def test_a_day_whose_hours_are_no_longer_kept_still_stands():
    keep(check := make_check(), 80)
    CheckDay.objects.update(hours=None)
    assert day_of(check, 80).tally.good == 1440


def test_what_is_not_summed_yet_is_counted_from_the_answers_and_nothing_twice():
    check = make_check()
    now = timezone.now().replace(minute=30, second=0, microsecond=0)
    midnight = now.replace(hour=0, minute=0)
    moments = every(midnight, now)
    answer(check, moments, Outcome.DOWN, None)
    roll_up(midnight, now.replace(minute=0))
    RollUpMark.objects.update_or_create(pk=1, defaults={"rolled_until": now.replace(minute=0)})
    assert day_of(check, 0).tally.bad == len(moments)


@pytest.mark.parametrize("name", ["UTC", "America/Los_Angeles", "Pacific/Auckland"])
def test_after_late_answers_hours_that_were_summed_already_are_not_counted_twice(settings, name):
    settings.TIME_ZONE = name
    check = make_check()
    until = timezone.now().replace(minute=0, second=0, microsecond=0)
    moments = every(until - dt.timedelta(hours=72), until)
    answer(check, moments, Outcome.DOWN, None)
    roll_up(until - dt.timedelta(hours=72), until)
    RollUpMark.objects.create(pk=1, rolled_until=until)
    before = strips([check])[check.pk].days
    sum_again_from(until - dt.timedelta(hours=31))
    after = strips([check])[check.pk].days
    assert (sum(day.tally.bad for day in after), after) == (len(moments), before)


def test_the_worst_check_of_a_day_speaks_for_the_entity_and_one_that_did_not_exist_says_nothing():
    shop = make_entity("shop")
    old, new = make_check("Old", entity=shop), make_check("New", entity=shop)
    keep(old, 3)
    keep(old, 2)
    keep(new, 2, {9: {GOOD: 0, BAD: 60}})
    days = together(strips([old, new]).values()).days
    assert [day.state for day in days[-5:-1]] == [
        DayState.MISSING, DayState.HEALTHY, DayState.DOWN, DayState.MISSING
    ]  # fmt: skip
    assert days[-3].tally.measured == 2 * 1440


def test_the_page_of_a_check_gives_the_sum_of_its_days_and_each_in_words(sign_in, people):
    check = make_check(entity=make_entity("shop"))
    for back in range(1, 8):
        keep(check, back, {9: {GOOD: 40, BAD: 20}} if back == 2 else {})
    page = said(sign_in(people.reader), f"/checks/{check.pk}/")
    assert 'aria-label="The last 90 days: 6 healthy, 1 down, 83 without data"' in page
    down = timezone.now().date() - dt.timedelta(days=2)
    assert f"{down.day} {down:%b}: down, 20 of 1,440 answers failed" in page
    assert "99.80 % of the answers were good" in page


def test_days_of_an_entity_are_those_of_production(sign_in, people):
    shop = make_entity("shop")
    keep(make_check("Live", entity=shop), 2)
    keep(make_check("Trial", entity=shop, environment="staging"), 2, {9: {GOOD: 0, BAD: 60}})
    page = said(sign_in(people.reader), "/services/shop/panels/servicesentity-health/")
    assert "The last 90 days: 1 healthy, 89 without data" in page


def test_the_number_of_queries_does_not_grow_with_the_checks(settings, django_assert_num_queries):
    settings.TIME_ZONE = "Europe/Berlin"
    checks = [make_check(f"Check {n}") for n in range(6)]
    for each in checks:
        keep(each, 1)
    with django_assert_num_queries(2):
        strips(checks)
