"""What the page of a limit draws and tells: the fan, multiples, a later start, and how earlier forecasts did."""

import datetime as dt
import re

import pytest
import time_machine

from portal.people.models import User
from services.health.models import Forecast, Limit, LimitState
from tests.services.health.deploying import deploy
from tests.services.health.limits import keep_days, make_limit, make_metric
from tests.services.health.reading import drawn, rows, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
TODAY = NOON.date()
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def client(sign_in, people):
    return sign_in(people.reader)


@pytest.fixture
def limit(cart):
    """At 400 of 600 and growing by one a day, with a forecast of today and one of six weeks ago."""
    limit = make_limit([float(n) for n in range(301, 401)], ceiling=600, entity=cart)
    old = TODAY - dt.timedelta(days=42)
    band = [
        {"date": (old + dt.timedelta(days=n)).isoformat(), "q10": 350.0 + n, "q50": 358.0 + n, "q90": 366.0 + n}
        for n in range(1, 91)
    ]
    Forecast.objects.create(of=limit, made_on=old, points=58, urgency="plan", band=band, covered=1.0, pinball=0.25,
                            scored_days=41, scored_on=TODAY)  # fmt: skip
    band = [
        {"date": (TODAY + dt.timedelta(days=n)).isoformat(), "q10": 398.0 + n, "q50": 400.0 + n, "q90": 402.0 + n}
        for n in range(1, 91)
    ]
    Forecast.objects.create(
        of=limit, made_on=TODAY, points=100, urgency="plan", value=400.0, band=band,
        q10_date=TODAY + dt.timedelta(days=80), q50_date=TODAY + dt.timedelta(days=200),
        chances={"30": 0.0, "90": 0.12, "180": 0.4, "365": 0.8},
    )  # fmt: skip
    return limit


def test_the_fan_goes_on_where_the_measured_line_ends(client, limit):
    found = rows(client, f"/limits/{limit.pk}/charts/forecast/?range=30d")
    today = next(row for row in found if row["day"] == "2026-11-21")
    assert (today["measured"], today["likely"]) == ("400.0", "400.0")
    tomorrow = next(row for row in found if row["day"] == "2026-11-22")
    assert [tomorrow[name] for name in ("measured", "likely", "8_of_10_chances_from", "8_of_10_chances_to")] == [
        "", "401.0", "399.0", "403.0",
    ]  # fmt: skip
    assert (found[0]["day"], found[-1]["day"]) == ("2026-10-22", "2027-02-19")


def test_the_fan_is_there_when_it_is_tomorrow_already_where_the_organisation_is(client, limit):
    User.objects.update(time_zone="America/New_York")
    evening = dt.datetime(2026, 11, 21, 1, 0, tzinfo=dt.UTC)  # 20 November, 20:00 in New York
    with time_machine.travel(evening, tick=False):
        found = rows(client, f"/limits/{limit.pk}/charts/forecast/?range=30d")
        told = rows(client, f"/metrics/{limit.metric_id}/charts/values/?range=30d")
    today = next(row for row in found if row["day"] == "2026-11-21")
    assert (today["measured"], today["likely"], found[-1]["day"]) == ("400.0", "400.0", "2027-02-19")
    assert (told[-1]["day"], told[-1]["value"]) == ("2026-11-21", "400.0")


def test_a_limit_says_the_last_day_to_begin_and_marks_it(client, limit):
    page = said(client, f"/limits/{limit.pk}/")
    # Reached in 80 days at the earliest; the work takes 60 at most, with a margin of 14.
    assert "in 6 days, the work and its margin take 74 days" in page
    marks = drawn(page, "forecast")["marks"]
    assert [(mark["label"], mark["kind"]) for mark in marks] == [
        ("today", "line"), ("last start, 27 Nov", "line"), ("reached", "range"),
    ]  # fmt: skip
    assert [level["label"] for level in drawn(page, "forecast")["levels"]] == ["ceiling 600"]
    assert "67 % 400 of 600" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_limit_that_is_switched_off_says_so_and_no_old_state(client, limit):
    LimitState.objects.create(limit=limit, urgency="too_late")
    Limit.objects.filter(pk=limit.pk).update(is_active=False)
    head = said(client, f"/limits/{limit.pk}/").partition("<h1")[2].partition("gw-panel")[0]
    assert ("Switched off" in head, "Too late" in head) == (True, False)


def test_a_span_of_the_past_has_no_fan(client, limit):
    found = rows(client, f"/limits/{limit.pk}/charts/forecast/?from=2026-10-01&to=2026-10-10")
    assert (len(found), {row["likely"] for row in found}) == (10, {""})


def test_what_breaks_at_multiples_is_told_by_how_it_grew_with_its_driver(client, limit, cart):
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said(client, f"/limits/{limit.pk}/")))
    assert "2× 799 133 % Breaks" in page
    assert "There is room for 1.5× of today's load." in page
    assert "No driver is named" in page
    driver = make_metric(cart, "orders")
    keep_days(driver, [float(n) ** 2 for n in range(301, 401)])
    Limit.objects.filter(pk=limit.pk).update(driver=driver)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said(client, f"/limits/{limit.pk}/")))
    assert "One percent more load needs 0.50 percent more" in page
    assert "2× 565 94 % Holds" in page


def test_a_later_start_makes_it_likelier_that_the_ceiling_comes_first(client, limit):
    page = said(client, f"/limits/{limit.pk}/").partition("What a later start costs")[2].partition("</table>")[0]
    odds = [int(each) for each in re.findall(r"(\d+) in 100", page)]
    assert len(odds) == 5
    assert odds == sorted(odds)
    assert odds[0] < 5 < odds[-1]


def test_odds_beyond_what_is_foretold_are_the_least_they_are(client, limit):
    told = said(client, f"/limits/{limit.pk}/").partition("What a later start costs")[2].partition("</table>")[0]
    assert "at least" not in told
    Forecast.objects.filter(of=limit, made_on=TODAY).update(chances={"30": 0.0, "90": 0.12}, q50_date=None)
    told = said(client, f"/limits/{limit.pk}/").partition("What a later start costs")[2].partition("</table>")[0]
    odds = [re.sub(r"<[^>]+>", "", row).strip() for row in re.findall(r"(?:at least )?\d+ in 100", told)]
    # Work that begins in four weeks may take until the 88th day, in eight weeks until the 116th.
    assert [each.startswith("at least") for each in odds[-3:]] == [False, True, True]


def test_a_limit_of_a_ratio_is_told_in_percent_throughout(client, cart):
    limit = make_limit([0.5 + n / 1000 for n in range(100)], ceiling=0.75, entity=cart, kind="ratio")
    Forecast.objects.create(of=limit, made_on=TODAY, points=100, urgency="calm", value=0.599, band=[])
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said(client, f"/limits/{limit.pk}/")))
    for words in ("59.9 % of 75 %", "The ceiling of 75 % is not likely", "2× 120 % 160 %"):
        assert words in page, words
    part = drawn(said(client, f"/limits/{limit.pk}/"), "forecast")
    assert (part["percent"], part["levels"][0]["label"]) == (True, "ceiling 75\u00a0%")


def test_a_deployment_before_a_gap_stands_beside_no_value_of_long_before(client, cart):
    metric = make_metric(cart, "latency")
    keep_days(metric, [1.0], TODAY - 20 * DAY)
    keep_days(metric, [1.0])
    deploy(cart, NOON - 10 * DAY)
    deploy(cart, NOON - HOUR, "3.0")
    found = rows(client, f"/metrics/{metric.pk}/charts/values/?range=30d")
    assert [(row["day"], row["deployed"]) for row in found] == [("2026-11-01", ""), ("2026-11-21", "3.0")]


def test_a_fan_does_not_reach_back_to_a_value_of_long_ago(client, limit):
    limit.metric.days.filter(day__gt=TODAY - 20 * DAY).delete()
    found = rows(client, f"/limits/{limit.pk}/charts/forecast/?range=30d")
    assert [row["likely"] for row in found if row["measured"]] == [""] * 11


def test_earlier_forecasts_stand_beside_what_came_and_their_score(client, limit):
    page = said(client, f"/limits/{limit.pk}/")
    assert "1 of 1 earlier forecasts held: 80 % promised, 100 % kept." in page
    part = page.partition('aria-label="Earlier forecasts"')[2]
    assert "100 %" in part
    assert "of 41" in part
    assert "0.25" in part
    assert f'href="/limits/{limit.pk}/charts/honesty/"' in page
    assert client.get(f"/limits/{limit.pk}/charts/honesty/?from=2026-11-01").status_code == 400
    (held,) = rows(client, f"/limits/{limit.pk}/charts/honesty/")
    assert held == {
        "day": "7 Nov 2026", "8_of_10_chances_from": "378.0", "8_of_10_chances_to": "394.0", "measured": "386.0",
    }  # fmt: skip


def test_the_page_of_a_limit_asks_the_database_as_often_however_many_forecasts_there_are(
    client, limit, django_assert_num_queries, django_assert_max_num_queries
):
    client.get(f"/limits/{limit.pk}/")
    with django_assert_max_num_queries(40) as few:
        client.get(f"/limits/{limit.pk}/")
    for n in range(5):
        Forecast.objects.create(of=limit, made_on=TODAY - dt.timedelta(days=50 + n), points=40, urgency="calm")
    with django_assert_num_queries(len(few)):
        client.get(f"/limits/{limit.pk}/")
