"""How spans of time are said: never as sixty of a unit, and the same on every page."""

import datetime as dt

import pytest
import time_machine

from services.health.moments import days_in_words, duration, span_in_words

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = 86_400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"), (25, "25 s"), (60, "1 min"), (90, "1 min 30 s"), (3599.7, "1 h"), (7800, "2 h 10 min"),
        (23.7 * 3600, "23 h 42 min"), (DAY - 10, "1 d"), (DAY, "1 d"), (3.4 * DAY, "3 d 10 h"), (7 * DAY, "7 d"),
    ],
)  # fmt: skip
def test_a_duration_is_said_in_at_most_two_units(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 second"), (40, "40 seconds"), (3590, "1 hour"), (5000, "1 hour"), (DAY - 60, "1 day"), (3 * DAY, "3 days")],
)
def test_in_a_sentence_a_span_is_said_in_one_unit(seconds, text):
    assert span_in_words(dt.timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(-21, "21 days ago"), (-1, "1 day ago"), (0, "today"), (1, "in 1 day"), (23, "in 23 days"), (1100, "in 3 years")],
)
def test_a_day_is_as_far_off_on_the_page_of_a_limit_as_on_the_board(days, text):
    with time_machine.travel(NOON, tick=False):
        assert days_in_words(NOON.date() + dt.timedelta(days=days)) == text
