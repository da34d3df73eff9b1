"""The maths of error budgets, against figures of the SRE workbook and by hand."""

import pytest

from services.health import budget
from services.health.budget import Events

HOUR, SIX_HOURS, DAY, THREE_DAYS = 60, 360, 1440, 4320


def rule(target: float, window_days: int, long_minutes: int) -> budget.Rule:
    return next(each for each in budget.rules(target, window_days) if each.long_minutes == long_minutes)


@pytest.mark.parametrize(
    ("window_days", "factors"),
    [
        (30, {HOUR: 14.4, SIX_HOURS: 6.0, DAY: 3.0, THREE_DAYS: 1.0}),
        (28, {HOUR: 13.44, SIX_HOURS: 5.6, DAY: 2.8, THREE_DAYS: 28 / 30}),
        (7, {HOUR: 3.36, SIX_HOURS: 1.4, DAY: 0.7, THREE_DAYS: 7 / 30}),
        (90, {HOUR: 43.2, SIX_HOURS: 18.0, DAY: 9.0, THREE_DAYS: 3.0}),
    ],
)
def test_factors_follow_the_window_exactly(window_days, factors):
    found = {each.long_minutes: each.factor for each in budget.rules(0.999, window_days)}
    assert found == pytest.approx(factors, rel=1e-12)


def test_the_short_window_is_a_twelfth_of_the_long_one():
    assert [each.short_minutes for each in budget.rules(0.999, 30)] == [5, 30, 120, 360]


def test_an_hour_and_six_page_a_day_and_three_make_a_ticket():
    assert [each.severity for each in budget.rules(0.999, 30)] == ["page", "page", "ticket", "ticket"]


def test_a_factor_that_no_outage_reaches_is_no_rule_and_is_told():
    assert [each.long_minutes for each in budget.rules(0.9, 30)] == [SIX_HOURS, DAY, THREE_DAYS]
    assert [each.factor for each in budget.unreachable(0.9, 30)] == pytest.approx([14.4])


def test_a_window_as_long_as_that_of_the_slo_is_no_rule():
    assert [each.long_minutes for each in budget.rules(0.999, 3)] == [HOUR, SIX_HOURS, DAY]
    assert [each.long_minutes for each in budget.too_long(3)] == [THREE_DAYS]
    assert budget.unreachable(0.999, 3) == ()


@pytest.mark.parametrize(
    ("target", "minutes"), [(0.99, 432), (0.999, 43.2), (0.9995, 21.6), (0.9999, 4.32), (0.99999, 0.432)]
)
def test_the_budget_as_time_of_thirty_days(target, minutes):
    assert budget.allowed_minutes(target, 30) == pytest.approx(minutes)


def test_a_total_outage_is_found_after_52_seconds():
    assert budget.minutes_to_detect(rule(0.999, 30, HOUR), 0.999, 1.0) == pytest.approx(0.864)


def test_half_the_budget_spent_leaves_half():
    assert budget.remaining(Events(good=999_500, total=1_000_000), 0.999) == pytest.approx(0.5)


def test_more_may_be_spent_than_there_was():
    assert budget.remaining(Events(good=997_000, total=1_000_000), 0.999) == pytest.approx(-2.0)


def test_nothing_measured_is_neither_good_nor_bad():
    nothing = Events(good=0, total=0, missing=60)
    assert budget.attainment(nothing) is None
    assert budget.remaining(nothing, 0.999) is None
    assert budget.burn_rate(nothing, 0.999) is None
    assert budget.measured(nothing) == 0


def test_what_is_missing_does_not_count_as_bad():
    assert budget.attainment(Events(good=95, total=95, missing=5)) == 1
    assert budget.measured(Events(good=95, total=95, missing=5)) == pytest.approx(0.95)


def test_one_failure_of_one_question_a_minute_does_not_page_though_it_burns_fast():
    hour, short = Events(good=59, total=60), Events(good=4, total=5)
    assert budget.burn_rate(hour, 0.999) == pytest.approx(16.67, abs=0.01)
    assert not any(budget.fires(each, hour, short, 0.999) for each in budget.rules(0.999, 30))


def test_an_outage_with_ten_events_a_minute_pages_after_0_86_minutes_and_not_before():
    page = rule(0.999, 30, HOUR)
    before, after = (Events(good=600 - bad, total=600) for bad in (8, 9))
    assert not budget.fires(page, before, Events(good=42, total=50), 0.999)
    assert budget.fires(page, after, Events(good=41, total=50), 0.999)


def test_a_window_that_is_measured_in_part_is_as_bad_and_as_long_as_it_will_be():
    young = budget.as_whole(Events(good=113, total=120, missing=2), SIX_HOURS, age_minutes=20)
    assert (young.bad, young.total, young.missing) == (7, 2160, 36)
    whole = Events(good=113, total=120)
    assert budget.as_whole(whole, SIX_HOURS, age_minutes=SIX_HOURS) == whole
    assert budget.as_whole(whole, SIX_HOURS, age_minutes=0.1).total == 120 * 360


def test_what_is_over_in_the_short_window_no_longer_fires():
    assert not budget.fires(rule(0.999, 30, HOUR), Events(good=500, total=600), Events(good=50, total=50), 0.999)
