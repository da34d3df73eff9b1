"""How a check went over time is told the same from sums as from raw results, and adds up to what is counted."""

import datetime as dt
import random

import pytest
import time_machine

from services.health import budget
from services.health.buckets import quantile_ms
from services.health.counts import counts
from services.health.course import course, step_for
from services.health.models import CheckDay, MetricDay, MetricKind, Outcome, RollUpMark, Slo
from services.health.rollup import roll_up, roll_up_new
from services.health.samples import SampleRow, write
from services.health.slo_course import event_course
from services.health.slo_evaluation import events
from tests.factories import make_entity
from tests.services.health.limits import make_metric
from tests.services.health.results import answer, every, make_check

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 30, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _at_half_past_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.parametrize(
    ("length", "step"),
    [(DAY, 15 * MINUTE), (7 * DAY, HOUR), (30 * DAY, 6 * HOUR), (90 * DAY, DAY), (365 * DAY, DAY)],
)
def test_the_longer_a_span_the_longer_its_steps(length, step):
    assert step_for(NOON - length, NOON) == step


def test_a_day_long_ago_is_told_as_finely_as_it_is_kept():
    assert step_for(NOON - 10 * DAY, NOON - 9 * DAY) == HOUR
    assert step_for(NOON - 200 * DAY, NOON - 199 * DAY) == DAY


def test_each_quarter_of_an_hour_has_its_answers_and_their_latency():
    check = make_check()
    answer(check, every(NOON - 30 * MINUTE, NOON - 15 * MINUTE), Outcome.UP, 100.0)
    answer(check, every(NOON - 15 * MINUTE, NOON - 10 * MINUTE), Outcome.DOWN, None)
    answer(check, every(NOON - 10 * MINUTE, NOON), Outcome.UP, 400.0)
    *_, before, last = course(check.pk, NOON - DAY, NOON).points
    assert (before.start, before.counts.good, before.counts.bad) == (NOON - 30 * MINUTE, 15, 0)
    assert (last.start, last.counts.good, last.counts.bad) == (NOON - 15 * MINUTE, 10, 5)
    # A quantile read from buckets is at most an eighth off.
    assert quantile_ms(last.counts.latency, 0.5) == pytest.approx(400, rel=0.125)


@pytest.mark.parametrize("days", [1, 2, 7, 30, 60, 90])
@pytest.mark.parametrize("rolled", [False, True])
def test_the_steps_add_up_to_what_is_counted(days, rolled):
    chance = random.Random(days)
    check, other = make_check("A"), make_check("B")
    start = NOON - 44 * HOUR
    for at in every(start, NOON, 300):
        answer(check, [at], chance.choice([*Outcome, Outcome.UP]), chance.uniform(5, 900))
        answer(other, [at])
    if rolled:
        roll_up(start, NOON - 3 * DAY)
        roll_up_new()
    whole = course(check.pk, NOON - days * DAY, NOON).whole
    counted = counts([check.pk], NOON - days * DAY, NOON, latency=True)[check.pk]
    assert (whole.good, whole.slow, whole.bad, whole.late, whole.maintenance) == (
        counted.good, counted.slow, counted.bad, counted.late, counted.maintenance,
    )  # fmt: skip
    assert whole.latency == counted.latency
    assert whole.total > 0


def test_p95_over_thirty_days_is_read_from_the_sums_alone(django_assert_max_num_queries):
    check = make_check()
    answer(check, every(NOON - 12 * HOUR, NOON - 2 * HOUR), latency_ms=80.0)
    answer(check, every(NOON - 2 * HOUR, NOON - HOUR), latency_ms=2000.0)
    roll_up_new()
    CheckDay.objects.update(day=(NOON - 20 * DAY).date())
    with django_assert_max_num_queries(5):
        told = course(check.pk, NOON - 30 * DAY, NOON)
    assert told.step == 6 * HOUR
    counted = {point.start: point.counts.total for point in told.points if point.counts.total}
    assert counted == {dt.datetime(2026, 11, 1, hour, tzinfo=dt.UTC): n for hour, n in ((0, 330), (6, 330))}
    assert quantile_ms(told.whole.latency, 0.5) == pytest.approx(80, rel=0.125)
    assert quantile_ms(told.whole.latency, 0.99) == pytest.approx(2000, rel=0.25)


def test_a_span_with_nothing_has_steps_with_nothing():
    told = course(make_check().pk, NOON - 7 * DAY, NOON)
    assert len(told.points) == 7 * 24 + 1
    assert told.whole.total == 0


def test_the_last_of_a_burn_down_is_what_is_left_of_the_budget():
    check = make_check()
    slo = Slo(source_check=check, kind="availability", target=99, window_days=28)
    answer(check, every(NOON - 40 * HOUR, NOON - 30 * HOUR))
    answer(check, every(NOON - 30 * HOUR, NOON - 30 * HOUR + 7 * MINUTE), Outcome.DOWN, None)
    answer(check, every(NOON - 29 * HOUR, NOON))
    roll_up_new()
    found = event_course(slo, NOON - 28 * DAY, NOON)
    left = budget.burn_down(found.events, 0.99)
    whole = events([slo], NOON - 28 * DAY, NOON)[slo.pk]
    assert (left[0], left[-1]) == (1, pytest.approx(budget.remaining(whole, 0.99)))
    assert left == sorted(left, reverse=True)


def assert_one_budget(check, days: int, now: dt.datetime, bad: int) -> None:
    slo = Slo(source_check=check, kind="availability", target=99, window_days=days)
    with time_machine.travel(now, tick=False):
        burnt = budget.burn_down(event_course(slo, now - days * DAY, now).events, 0.99)
        whole = events([slo], now - days * DAY, now)[slo.pk]
    assert whole.bad == bad
    assert burnt[-1] == pytest.approx(budget.remaining(whole, 0.99))


def test_an_outage_across_the_edge_of_a_day_counts_from_the_minute_on():
    check, now = make_check(), NOON + 7 * MINUTE
    answer(check, every(now - DAY - HOUR, now - DAY + 6 * MINUTE), Outcome.DOWN, None)
    answer(check, every(now - DAY + 6 * MINUTE, now))
    roll_up(now - DAY - HOUR, NOON)
    assert_one_budget(check, 1, now, bad=6)


def test_an_outage_across_the_edge_of_ninety_days_counts_from_the_hour_on():
    check = make_check()
    # Down from 10:00 to 13:30; the window begins at half past noon, of which the hour is known.
    hours = [[0, 0, 60, 0, 0] if 10 <= hour < 13 else [60, 0, 0, 0, 0] for hour in range(24)]
    hours[13] = [30, 0, 30, 0, 0]
    CheckDay.objects.create(
        of=check, day=(NOON - 90 * DAY).date(), good=1230, bad=210, hours=[count for hour in hours for count in hour]
    )
    RollUpMark.objects.update_or_create(pk=1, defaults={"rolled_until": NOON - 30 * MINUTE})
    assert_one_budget(check, 90, NOON, bad=90)


@pytest.mark.parametrize("days", [90, 120])
def test_a_ratio_at_the_edge_of_the_window_leaves_one_budget(days):
    metric = make_metric(make_entity("shop"), "checkouts", kind=MetricKind.RATIO)
    slo = Slo(metric=metric, kind="ratio", target=90, window_days=days)
    gone = NOON - 100 * DAY
    write([SampleRow(metric.pk, at, 0.5, good=50, total=100) for at in (NOON - 90 * DAY - HOUR, NOON - 90 * DAY)])
    # Of the day whose samples are kept in part, its sum tells everything.
    MetricDay.objects.create(metric=metric, day=gone.date(), count=2, sum=1, min=0, max=1, last=1, good=10, total=20)
    found = event_course(slo, NOON - days * DAY, NOON)
    whole = events([slo], NOON - days * DAY, NOON)[slo.pk]
    assert (whole.good, whole.total) == {90: (50, 100), 120: (110, 220)}[days]
    assert sum(each.bad for each in found.events) == whole.bad


def test_a_ratio_burns_by_the_samples_of_its_metric():
    metric = make_metric(make_entity("shop"), "checkouts", kind=MetricKind.RATIO)
    slo = Slo(metric=metric, kind="ratio", target=90, window_days=7)
    write(
        [
            SampleRow(metric.pk, NOON - 3 * DAY, 0.5, good=50, total=100),
            SampleRow(metric.pk, NOON - 3 * DAY + MINUTE, 1.0, good=100, total=100),
            SampleRow(metric.pk, NOON - DAY, 1.0, good=300, total=300),
        ]
    )
    found = event_course(slo, NOON - 7 * DAY, NOON)
    assert [(each.good, each.total) for each in found.events] == [(150, 200), (300, 300)]
    assert budget.burn_down(found.events, 0.9) == pytest.approx([0, 0])
