"""Which time an address asks for."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils import timezone

from portal.spans import Span, range_links, span_of

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_range_ends_now_and_says_itself_in_words():
    span = span_of({"range": "30d"}, "7d")
    assert (span.start, span.end) == (NOON - dt.timedelta(days=30), NOON)
    assert (span.words, span.query) == ("the last 30 days", "range=30d")


def test_without_a_wish_it_is_the_default():
    assert span_of({}, "90d").name == "90d"


def test_days_are_whole_ones_of_the_reader_and_the_last_is_part_of_it():
    with timezone.override("America/New_York"):
        span = span_of({"from": "2026-11-01", "to": "2026-11-08"}, "7d")
        assert span.words == "1 Nov 2026 to 8 Nov 2026"
        assert span.query == "from=2026-11-01&to=2026-11-08"
    # Clocks there went back on the first.
    assert span.start == dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC)
    assert span.end == dt.datetime(2026, 11, 9, 5, tzinfo=dt.UTC)


def test_moments_are_taken_as_they_are_and_without_an_end_it_is_until_now():
    span = span_of({"from": "2026-11-21T09:30:00Z"}, "7d")
    assert span == Span(dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC), NOON)
    assert span_of(QueryDict(span.query), "7d") == span


def test_the_days_of_a_span_are_those_of_the_zone_that_is_asked_for():
    with time_machine.travel(NOON + dt.timedelta(hours=13), tick=False), timezone.override("America/New_York"):
        span = span_of({"range": "24h"}, "7d")
        assert span.days_in() == (dt.date(2026, 11, 20), dt.date(2026, 11, 21))
        assert span.days_in(dt.UTC) == (dt.date(2026, 11, 21), dt.date(2026, 11, 22))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"range": "2w"}, "range=2w is no range. There are: 24h, 7d, 30d, 90d, 1y."),
        ({"range": "7d", "from": "2026-11-01"}, "Ask for range, or for from and to, not for both."),
        ({"to": "2026-11-01"}, "to=2026-11-01 needs a from"),
        ({"from": "yesterday"}, "from=yesterday is no day, such as 2026-11-01"),
        ({"from": "2026-13-01"}, "from=2026-13-01 is no day"),
        ({"from": "2026-11-01T10:00:00"}, "is no day"),
        ({"from": "2026-11-08", "to": "2026-11-01"}, "from=2026-11-08 is not before to=2026-11-01."),
        ({"from": "2026-12-24"}, "from=2026-12-24 is not before to=now."),
        ({"from": "2001-01-01"}, "is more than three years"),
    ],
)
def test_a_wrong_wish_is_told_what_is_wrong(asked, said):
    with pytest.raises(BadRequest) as refused:
        span_of(asked, "7d")
    assert said in str(refused.value)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
@pytest.mark.parametrize("year", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", "9999-12-31T23:59:59Z"])
def test_a_year_that_no_clock_reaches_is_refused_in_every_zone(zone, year):
    with timezone.override(zone), pytest.raises(BadRequest) as refused:
        span_of({"from": year, "to": year}, "7d")
    assert f"from={year} is no day" in str(refused.value)
    assert "of the years 2000 to 2100." in str(refused.value)


def test_links_mark_the_range_that_is_shown_and_lead_back_to_the_part():
    links = range_links(span_of({"range": "7d"}, "7d"), "/checks/1/", "latency", ("7d", "30d"))
    assert [(link["url"], link["current"]) for link in links] == [
        ("/checks/1/?range=7d#latency", True), ("/checks/1/?range=30d#latency", False),
    ]  # fmt: skip
