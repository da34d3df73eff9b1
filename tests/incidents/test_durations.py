"""Durations as distributions: what is said of few, of many, and of a change that may be chance."""

import random

import pytest

from incidents.durations import distribution, trend, why_no_trend


def test_of_nothing_nothing_is_said():
    assert distribution([]) is None


def test_few_incidents_have_a_median_and_no_interval():
    found = distribution([10.0, 20.0, 90.0])
    assert (found.n, found.median.value, found.median.low, found.p90.value) == (3, 20.0, None, pytest.approx(76.0))


def test_the_interval_lies_around_the_median_and_equal_data_give_an_equal_one():
    values = [float(each) for each in range(1, 101)]
    found = distribution(values)
    assert found.median.low < found.median.value == 50.5 < found.median.high
    assert distribution(values) == found


def test_under_thirty_incidents_there_is_no_trend_and_it_says_why():
    assert trend([float(each) for each in range(29)]) is None
    assert why_no_trend(29).startswith("29 of the 30 incidents that a trend needs")
    assert why_no_trend(30) == ""


def test_a_change_of_the_same_population_is_told_as_chance_and_a_real_one_is_not():
    draws = random.Random(1)
    same = [draws.lognormvariate(4, 1) for _ in range(60)]
    assert trend(same).by_chance > 0.1
    fell = [draws.lognormvariate(5, 0.5) for _ in range(40)] + [draws.lognormvariate(3, 0.5) for _ in range(40)]
    found = trend(fell)
    assert found.after < found.before
    assert found.by_chance < 0.01


def test_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="is not a number"):
        distribution([1.0, float("nan")])
