"""Results are summed by hour and day; what is counted is the same wherever it is kept."""

import datetime as dt
import random

import pytest
import time_machine

from services.health import buckets, rollup
from services.health.counts import counts
from services.health.course import course
from services.health.models import CheckDay, Outcome, RollUpMark
from services.health.partitions import RESULTS, SAMPLES, astray, drop_old, maintain, partitions, prepare
from services.health.results import Answer, record
from services.health.rollup import forget_old, roll_up, roll_up_new
from tests.services.health.results import answer, every, make_check

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def test_a_day_sums_its_answers_by_what_they_said():
    check = make_check()
    answer(check, every(NOON - 2 * HOUR, NOON - HOUR), Outcome.UP, 10.0)
    answer(check, every(NOON - HOUR, NOON - 30 * MINUTE), Outcome.DOWN, None)
    answer(check, every(NOON - 30 * MINUTE, NOON - 20 * MINUTE), Outcome.DEGRADED, 900.0)
    answer(check, every(NOON - 20 * MINUTE, NOON - 15 * MINUTE), Outcome.LATE, None)
    answer(check, every(NOON - 15 * MINUTE, NOON), Outcome.UP, 10.0, maintenance=True)
    roll_up(NOON - 2 * HOUR, NOON)
    day = CheckDay.objects.get()
    assert (day.good, day.slow, day.bad, day.late, day.maintenance) == (70, 10, 30, 5, 15)
    assert sum(day.latency) == 70
    assert day.latency[buckets.bucket_of(900.0)] == 10


def test_summing_twice_is_summing_once_and_finds_what_came_late():
    check = make_check()
    answer(check, every(NOON - 2 * HOUR, NOON - HOUR))
    roll_up(NOON - 2 * HOUR, NOON)
    once = CheckDay.objects.values().get()
    roll_up(NOON - 2 * HOUR, NOON)
    assert CheckDay.objects.values().get() == once
    answer(check, every(NOON - HOUR, NOON), Outcome.DOWN, None)
    roll_up_new()
    assert CheckDay.objects.values_list("good", "bad").get() == (60, 60)
    assert RollUpMark.objects.get().rolled_until == NOON


@pytest.mark.parametrize("seed", range(6))
def test_any_span_is_counted_the_same_from_sums_as_from_the_results_themselves(seed):
    chance = random.Random(seed)
    check, other = make_check("A"), make_check("B")
    start = NOON - 2 * DAY + chance.randrange(600) * MINUTE
    said = {at: chance.choice([*Outcome, Outcome.UP, Outcome.UP]) for at in every(start, NOON + 20 * MINUTE, 300)}
    for at, outcome in said.items():
        answer(check, [at], outcome, 15.0 if outcome <= Outcome.DEGRADED else None)
    answer(other, list(said), Outcome.DOWN, None)
    with time_machine.travel(NOON + 20 * MINUTE, tick=False):
        roll_up_new()
        for _ in range(6):
            low, high = sorted(start + chance.randrange(3200) * MINUTE for _ in range(2))
            within = [outcome for at, outcome in said.items() if low <= at < high]
            found = counts([check.pk], low, high, latency=True)[check.pk]
            good = sum(outcome <= Outcome.DEGRADED for outcome in within)
            assert (found.good, found.slow, found.bad, found.late) == (
                good, within.count(Outcome.DEGRADED), within.count(Outcome.DOWN), within.count(Outcome.LATE)
            )  # fmt: skip
            assert found.latency[buckets.bucket_of(15.0)] == sum(found.latency) == good


def test_days_are_counted_when_the_results_are_gone(django_assert_max_num_queries):
    check = make_check()
    RollUpMark.objects.create(rolled_until=NOON)
    for ago in range(3, 33):
        CheckDay.objects.create(of=check, day=(NOON - ago * DAY).date(), good=1430, bad=10, latency=buckets.empty())
    with django_assert_max_num_queries(7):
        found = counts([check.pk], NOON - 30 * DAY, NOON)[check.pk]
    assert (found.good, found.bad) == (27 * 1430, 270)


def test_what_is_old_keeps_its_days_and_loses_the_hours_last():
    check = make_check()
    for ago in (1, 20, 200):
        CheckDay.objects.create(
            of=check, day=(NOON - ago * DAY).date(), good=1, hours=[0] * 120, hour_latency=[0], fine=[0]
        )
    forget_old(NOON.date())
    kept = CheckDay.objects.order_by("-day").values_list("good", "fine", "hours", "hour_latency")
    assert list(kept) == [(1, [0], [0] * 120, [0]), (1, None, [0] * 120, [0]), (1, None, None, None)]


def test_of_a_check_that_was_deleted_nothing_is_summed():
    check = make_check()
    answer(check, every(NOON - HOUR, NOON))
    check.delete()
    roll_up(NOON - HOUR, NOON)
    assert not CheckDay.objects.exists()


def test_answers_that_come_long_after_they_were_due_are_counted_at_once_and_after_the_next_summing():
    check = make_check(interval_s=3600)
    answer(check, every(NOON - DAY, NOON, 3600))
    roll_up_new()
    missed = [NOON - DAY + (hour + 0.5) * HOUR for hour in range(10)]
    record([Answer(check.pk, at, NOON, Outcome.LATE, reason="nobody asked") for at in missed])

    def counted():
        found = counts([check.pk], NOON - DAY, NOON)[check.pk]
        return found.good, found.late

    assert counted() == (24, 10)
    roll_up_new()
    assert RollUpMark.objects.get().rolled_until == NOON
    assert counted() == (24, 10)
    assert sum(CheckDay.objects.values_list("late", flat=True)) == 10


def test_a_summing_that_is_cut_short_is_gone_on_with_and_nothing_is_dropped_before(monkeypatch):
    check, first = make_check(), (NOON - 5 * DAY).date()
    prepare(RESULTS, first, NOON.date())
    answer(check, every(NOON - 5 * DAY, NOON, 3600))
    RollUpMark.objects.create(rolled_until=NOON - 5 * DAY)
    original, days = rollup._write, []

    def is_killed_on_the_third_day(day, *rest):
        days.append(day)
        if len(days) == 3:
            raise SystemExit
        original(day, *rest)

    monkeypatch.setattr(rollup, "_write", is_killed_on_the_third_day)
    with pytest.raises(SystemExit):
        roll_up_new()
    assert RollUpMark.objects.get().rolled_until == NOON.replace(hour=0) - 3 * DAY
    maintain()
    assert partitions(RESULTS)[0] == "health_checkresult_20261117"
    roll_up_new()
    assert days == [first + day * DAY for day in (0, 1, 2, 1, 2, 3, 4, 5)]
    assert sum(CheckDay.objects.values_list("good", flat=True)) == 120
    maintain()
    assert partitions(RESULTS)[0] == "health_checkresult_20261119"


def test_an_answer_that_comes_late_while_its_day_is_summed_is_summed_by_the_next_run(monkeypatch):
    check = make_check()
    prepare(RESULTS, NOON.date() - 2 * DAY, NOON.date())
    answer(check, every(NOON - DAY, NOON, 3600))
    original, came = rollup._write, []

    def one_comes_meanwhile(*given):
        original(*given)
        if not came:
            came.append(record([Answer(check.pk, NOON - DAY + MINUTE, NOON, Outcome.LATE)]))

    monkeypatch.setattr(rollup, "_write", one_comes_meanwhile)
    roll_up_new()
    assert counts([check.pk], NOON - DAY, NOON)[check.pk].late == 1
    roll_up_new()
    assert RollUpMark.objects.get().rolled_until == NOON
    assert counts([check.pk], NOON - DAY, NOON)[check.pk].late == 1


def test_a_failure_has_no_part_in_latencies_wherever_they_are_counted():
    check = make_check()
    answer(check, every(NOON - HOUR, NOON - 50 * MINUTE), Outcome.UP, 900.0)
    answer(check, every(NOON - 50 * MINUTE, NOON), Outcome.DOWN, 15.0)

    def timed():
        whole = counts([check.pk], NOON - HOUR, NOON, latency=True)[check.pk].latency
        drawn = course(check.pk, NOON - HOUR, NOON).whole.latency
        return [(sum(each), each[buckets.bucket_of(900.0)]) for each in (whole, drawn)]

    assert timed() == [(10, 10)] * 2
    roll_up_new()
    assert timed() == [(10, 10)] * 2
    assert course(check.pk, NOON - 7 * DAY, NOON).whole.latency[buckets.bucket_of(15.0)] == 0


# Partitions


def test_partitions_are_made_ahead_and_dropped_when_their_time_is_over():
    maintain()
    assert partitions(RESULTS) == [f"health_checkresult_202611{day}" for day in (21, 22, 23, 24)]
    assert partitions(SAMPLES) == [f"health_sample_{month}" for month in ("202611", "202612", "202701")]
    with time_machine.travel(NOON + 4 * DAY, tick=False):
        maintain()
        assert partitions(RESULTS)[0] == "health_checkresult_20261123"


def test_a_result_without_a_partition_is_kept_and_moves_in_when_it_is_made():
    check = make_check()
    answer(check, [NOON])
    assert astray(RESULTS) == 1
    assert prepare(RESULTS, NOON.date(), NOON.date()) == ["health_checkresult_20261121"]
    assert astray(RESULTS) == 0
    assert counts([check.pk], NOON, NOON + MINUTE)[check.pk].good == 1
    assert prepare(RESULTS, NOON.date(), NOON.date()) == []


def test_what_found_no_partition_goes_when_its_time_is_over():
    check = make_check()
    answer(check, [NOON - 9 * DAY, NOON])
    drop_old(RESULTS, NOON.date())
    assert astray(RESULTS) == 1


def test_dropping_leaves_what_is_still_needed():
    prepare(RESULTS, NOON.date() - 5 * DAY, NOON.date())
    assert drop_old(RESULTS, NOON.date()) == [f"health_checkresult_202611{day}" for day in (16, 17, 18)]
