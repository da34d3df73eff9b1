"""Forecasts: what they say of series whose future is plain, and that nothing measured makes them fail."""

import datetime as dt
import math
import random

import numpy as np
import pytest

from services.health.forecast import Forecast, forecast
from services.health.forecast import members as members_module
from services.health.forecast.clock import Work, judge
from services.health.forecast.mix import first_passage
from services.health.forecast.multiples import Elasticity, elasticity, headroom, multiples
from services.health.forecast.preparation import prepare
from services.health.forecast.scoring import reached_on, score

FIRST = dt.date(2026, 1, 1)
STATES = {"calm", "plan", "start_now", "too_late", "unknown"}


def days(count: int, first: dt.date = FIRST) -> list[dt.date]:
    return [first + dt.timedelta(days=at) for at in range(count)]


def look(values, ceiling=100.0, **others) -> Forecast:
    dates = others.pop("dates", None) or days(len(values))
    return forecast(dates, values, **{"ceiling": ceiling, "lead_p90_days": 60, "margin_days": 14, **others})


def noisy_growth(count: int = 120, step: float = 1.0) -> list[float]:
    chance = random.Random(7)
    return [100 + step * at + chance.gauss(0, 3) for at in range(count)]


def test_a_steady_growth_reaches_its_ceiling_when_arithmetic_says():
    found = look(noisy_growth(), ceiling=280)  # day 180; the last one is 119
    assert found.today == FIRST + dt.timedelta(days=119)
    assert 45 <= (found.q10_date - found.today).days <= (found.q50_date - found.today).days <= 68
    assert (found.chances[30], found.chances[365]) == (0, 1)


def test_chances_grow_with_time_and_dates_come_in_order():
    found = look(noisy_growth(), ceiling=280)
    assert list(found.chances) == [30, 90, 180, 365]
    assert sorted(found.chances.values()) == list(found.chances.values())
    assert found.q10_date <= found.q50_date <= found.q90_date


def test_a_date_is_given_exactly_when_its_chance_is_reached():
    for ceiling in (230, 260, 300, 400, 600):
        found = look(noisy_growth(), ceiling=ceiling)
        for horizon, chance in found.chances.items():
            until = found.today + dt.timedelta(days=horizon)
            for date, quantile in ((found.q10_date, 0.1), (found.q50_date, 0.5), (found.q90_date, 0.9)):
                assert (date is not None and date <= until) == (chance >= quantile)


def test_the_fan_covers_ninety_days_and_its_quantiles_are_in_order():
    found = look(noisy_growth())
    assert [each.date for each in found.band] == days(90, found.today + dt.timedelta(days=1))
    assert all(each.q10 <= each.q50 <= each.q90 for each in found.band)


def test_the_same_series_gives_the_same_forecast():
    assert look(noisy_growth()) == look(noisy_growth())


def test_the_order_of_the_rows_does_not_matter():
    values = noisy_growth()
    rows = list(zip(days(len(values)), values, strict=True))
    random.Random(1).shuffle(rows)
    assert look([value for _, value in rows], dates=[day for day, _ in rows]) == look(values)


def test_what_was_never_negative_is_not_foretold_to_be():
    found = look([100 - at for at in range(100)])
    assert found.band[-1].q10 == 0
    assert found.state == "calm"


def test_what_was_negative_may_be():
    assert look([-float(at) for at in range(100)]).band[-1].q50 < -150


def test_what_never_changed_stays():
    found = look([40.0] * 60)
    assert {(each.q10, each.q50, each.q90) for each in found.band} == {(40.0, 40.0, 40.0)}
    assert (found.state, found.chances[365]) == ("calm", 0)
    assert found.note == "It has not changed in this time, so nothing speaks for a change."


def test_a_ceiling_that_is_reached_is_too_late_today():
    found = look([120.0 + at % 3 for at in range(50)])
    assert (found.state, found.q10_date, found.q90_date) == ("too_late", found.today, found.today)
    assert found.chances == {30: 1, 90: 1, 180: 1, 365: 1}


@pytest.mark.parametrize("count", [0, 1, 20])
def test_under_21_days_there_is_not_enough_data(count):
    found = look([float(at) for at in range(count)])
    assert (found.points, found.state, found.q10_date, found.chances, found.band) == (count, "unknown", None, {}, ())
    assert "not enough data" in found.note


def test_21_days_are_enough_and_few_days_are_said_to_be():
    found = look([float(at) for at in range(21)], ceiling=1000)
    assert found.state == "calm"
    assert found.note == "Fewer than 90 days are known: the fan is widened."


def test_measurements_of_one_day_are_one_point():
    moments = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=5 * at) for at in range(4000)]
    found = look([1.0] * 4000, dates=moments)
    assert (found.points, found.state) == (14, "unknown")


def test_a_day_has_the_last_value_of_a_level_and_the_sum_of_an_amount():
    twice = [day for day in days(30) for _ in range(2)]
    values = [1.0, 2.0] * 30
    assert look(values, dates=twice).value == 2
    assert look(values, dates=twice, kind="flow").value == 3


def test_days_after_today_are_not_known_yet():
    values = [float(at) for at in range(60)]
    assert look(values, today=days(60)[39]).points == 40


def test_a_series_that_ended_some_time_ago_is_foretold_from_today():
    found = look(noisy_growth(), ceiling=280, today=days(150)[149])
    assert found.band[0].date == days(151)[150]
    assert found.note == "The newest value is 30 days old."
    assert 10 <= (found.q50_date - found.today).days <= 45


NASTY = {
    "jumps a hundredfold": [1.0] * 50 + [100.0] * 9 + [1.0] * 40,
    "jumps on the last day": [1.0] * 99 + [1e6],
    "negative": [-3.0 - at % 5 for at in range(60)],
    "huge": [1e300 * at for at in range(60)],
    "huge and both signs": [1e308 * (-1) ** at for at in range(60)],
    "tiny": [1e-300 * at for at in range(60)],
    "not a number": [math.nan] * 30 + [float(at) for at in range(40)],
    "infinite": [math.inf, -math.inf] * 10 + [float(at) for at in range(40)],
    "nothing but holes": [None] * 60,
    "exponential": [math.exp(at / 5) for at in range(100)],
    "two values in turn": [0.0, 1.0] * 40,
    "one change": [0.0] * 99 + [1.0],
}


@pytest.mark.parametrize("name", NASTY)
def test_nothing_measured_makes_it_fail(name):
    found = look(NASTY[name], ceiling=50.0)
    assert found.state in STATES
    assert (found.state == "unknown") == (not found.band) == (not found.chances)
    assert all(math.isfinite(value) for each in found.band for value in (each.q10, each.q50, each.q90))


@pytest.mark.parametrize("ceiling", [-1e9, 0.0, 1e-9, 1e300, math.inf, math.nan])
def test_no_ceiling_makes_it_fail(ceiling):
    assert look([float(at) for at in range(40)], ceiling=ceiling).state in STATES


def test_weekly_measurements_over_a_year_are_enough():
    dates = [FIRST + dt.timedelta(days=7 * at) for at in range(52)]
    found = look([float(at) for at in range(52)], dates=dates, ceiling=60)
    assert found.points == 52
    assert 40 <= (found.q50_date - found.today).days <= 80


def test_dates_at_the_end_of_the_calendar_do_not_fail():
    last = dt.date.max
    dates = [last - dt.timedelta(days=39 - at) for at in range(40)]
    assert look([float(at) for at in range(40)], dates=dates).q50_date is None


def test_an_isolated_spike_is_clipped_and_a_weekday_habit_is_not():
    wave = [50 + (20 if at % 7 == 5 else 0) + at % 3 for at in range(70)]
    spiked = [*wave[:30], 5000, *wave[31:]]
    clean = prepare(days(70), spiked, kind="gauge", today=None).values
    assert clean.max() < 200
    assert prepare(days(70), wave, kind="gauge", today=None).values.tolist() == wave


def test_what_was_before_a_jump_that_dwarfs_all_is_left_out_only_if_enough_remains():
    def kept(after: int) -> int:
        values = [float(at % 3) for at in range(60)] + [1000.0 + at % 3 for at in range(after)]
        return len(prepare(days(len(values)), values, kind="gauge", today=None).values)

    assert (kept(after=40), kept(after=20)) == (40, 80)


def test_holes_stay_holes_and_the_last_day_is_a_number():
    values = [float(at) for at in range(40)] + [None, None]
    values[10] = None
    series = prepare(days(42), values, kind="gauge", today=days(42)[41])
    assert (np.flatnonzero(np.isnan(series.values)).tolist(), series.trailing_days) == ([10], 2)


def test_a_member_that_fails_is_replaced_by_the_weekly_drift():
    def broken(values, ahead, chance):
        raise np.linalg.LinAlgError

    values = np.arange(60.0)
    paths = members_module.draw(broken, values, 30, seed=1)
    assert paths.shape == (members_module.PATHS, 30)
    assert np.median(paths[:, -1]) == pytest.approx(89, abs=1)


def test_every_member_follows_a_plain_growth():
    values = np.array(noisy_growth())
    for member in members_module.MEMBERS:
        end = np.median(members_module.draw(member, values, 60, seed=1)[:, -1])
        assert end == pytest.approx(279, abs=15), member.__name__


def test_a_weekday_habit_is_foretold():
    values = [100.0 + (50 if at % 7 == 0 else 0) + random.Random(at).gauss(0, 1) for at in range(140)]
    band = look(values, ceiling=1000).band
    peaks = [at for at, each in enumerate(band[:28], start=140) if each.q50 > 130]
    assert peaks == [140, 147, 154, 161]


def test_one_day_at_the_ceiling_is_not_yet_reaching_it_and_two_of_a_week_are():
    paths = np.zeros((members_module.PATHS, 30))
    paths[:, 9] = 1
    assert first_passage(paths, np.zeros(10), 1)[-1] == 0
    paths[:, 13] = 1
    assert np.flatnonzero(first_passage(paths, np.zeros(10), 1))[0] == 10


@pytest.mark.parametrize(
    ("early", "likely", "state"),
    [
        (None, None, "calm"),
        (165, None, "calm"),
        (164, None, "plan"),
        (75, 400, "plan"),
        (74, 400, "start_now"),
        (20, 31, "start_now"),
        (20, 30, "too_late"),
    ],
)
def test_the_word_of_the_clock_follows_from_the_dates_and_the_lead_time(early, likely, state):
    work = Work(lead_days=30, lead_p90_days=60, margin_days=14)
    assert judge(early, likely, work, is_reached=False) == state


def test_the_last_start_is_the_early_date_less_the_lead_time_and_the_margin():
    found = look(noisy_growth(), ceiling=400)
    assert found.start_by == found.q10_date - dt.timedelta(days=74)


def test_a_long_lead_time_is_looked_at_beyond_a_year():
    found = look([100 + at * 0.1 + at % 2 for at in range(200)], ceiling=165, lead_p90_days=500)
    assert found.state == "start_now"
    assert (found.q10_date - found.today).days > 365


def test_a_score_says_the_share_inside_and_the_loss_per_daily_change():
    band = [(day, 8.0, 10.0, 12.0) for day in days(4)]
    found = score(band, {days(4)[0]: 10.0, days(4)[1]: 13.0}, daily_change=2.0)
    # Losses of q10, q50, q90: 0.2, 0, 0.2 on the first day; 0.5, 1.5, 0.9 on the second.
    assert (found.days, found.covered) == (2, 0.5)
    assert found.pinball == pytest.approx((0.2 + 0 + 0.2 + 0.5 + 1.5 + 0.9) / 6 / 2)
    assert score(band, {}, daily_change=2.0) is None


def test_the_day_a_ceiling_was_reached_is_that_of_the_first_week_with_two_days_at_it():
    actual = dict(zip(days(30), [0.0] * 12 + [5, 0, 0, 0, 0, 0, 0, 0, 5, 5] + [0.0] * 8, strict=True))
    assert reached_on(actual, 5, after=FIRST) == days(30)[18]
    assert reached_on(actual, 6, after=FIRST) is None


def test_a_resource_that_grows_with_the_square_root_breaks_later():
    driver = {day: 100.0 + at for at, day in enumerate(days(60))}
    resource = {day: 5 * math.sqrt(value) for day, value in driver.items()}
    found = elasticity(resource, driver)
    assert (found.beta, found.days) == (pytest.approx(0.5), 60)
    table = multiples(100, 500, found)
    assert [(each.factor, round(each.need), each.breaks) for each in table] == [
        (2, 141, False), (10, 316, False), (100, 1000, True),
    ]  # fmt: skip
    assert headroom(100, 500, found) == pytest.approx(25)


def test_without_a_driver_growth_is_in_proportion_and_says_so():
    found = elasticity(dict.fromkeys(days(60), 1.0), None)
    assert (found.beta, found.note) == (1, "No driver is named, so it is taken to grow in proportion.")
    assert [each.breaks for each in multiples(10, 100, found)] == [False, True, True]


def test_a_driver_that_hardly_moved_says_nothing():
    driver = {day: 100.0 + at % 2 for at, day in enumerate(days(60))}
    assert elasticity(driver, driver).note == "The driver hardly changed, so it is taken to grow in proportion."


def test_work_that_takes_longer_than_three_years_is_begun_in_time():
    found = look([100 + at * 0.1 + at % 2 for at in range(200)], ceiling=265, lead_p90_days=1500)
    assert found.state == "start_now"
    assert (found.q10_date - found.today).days > 1095
    assert look([5.0] * 200, ceiling=300, lead_p90_days=1500).state == "calm"


def test_a_resource_that_hardly_grows_with_its_driver_has_no_headroom_to_speak_of():
    assert headroom(10, 100, Elasticity(1e-16, -0.1, 0.1, 100, "")) is None
