"""How a check went over time is told the same from sums as from raw results, and adds up to what is counted."""

import datetime as dt
import random

import pytest
import time_machine

from services.health import budget
from services.health.buckets import quantile_ms
from services.health.counts import counts
from services.health.course import course, step_for
from services.health.models import CheckDay, MetricKind, Outcome, Slo
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
    # Steps begin at whole quarters of an hour, hours or days, up to which the span is widened.
    floor = {1: NOON - DAY, 2: NOON - 2 * DAY, 7: NOON - 7 * DAY - 30 * MINUTE}.get(days, NOON - days * DAY)
    counted = counts([check.pk], floor, NOON, latency=True)[check.pk]
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
