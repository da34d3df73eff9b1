"""What charts show: the numbers of their tables and files, their marks, and which time they are asked for."""

import datetime as dt
import html
import re

import pytest
from django.utils import timezone

from portal.people.models import User
from services.health.models import CheckChange, CheckState, Metric, MetricState, Outcome, Slo
from services.health.rollup import roll_up_new
from services.health.samples import SampleRow, write
from services.health.slo_evaluation import evaluate
from tests.factories import make_entity
from tests.services.health.deploying import deploy
from tests.services.health.limits import make_metric
from tests.services.health.reading import drawn, rows, said, table
from tests.services.health.results import answer, every, make_check

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
TODAY = NOON.date()
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def client(sign_in, people):
    return sign_in(people.reader)


@pytest.fixture
def check(cart):
    """Down for six minutes an hour ago, quick before and slow after."""
    check = make_check(entity=cart)
    answer(check, every(NOON - 5 * HOUR, NOON - HOUR), latency_ms=100.0)
    answer(check, every(NOON - HOUR, NOON - 54 * MINUTE), Outcome.DOWN, None)
    answer(check, every(NOON - 54 * MINUTE, NOON), latency_ms=1000.0)
    roll_up_new()
    return check


# Checks


def test_the_table_of_a_check_has_the_percentiles_and_the_share_of_each_hour(client, check):
    page = said(client, f"/checks/{check.pk}/?range=7d")
    last, before, *_ = table(page, "latency")[:2]
    assert last[0] == "21 Nov 2026, 11:00"
    assert float(last[2].replace(",", "")) == pytest.approx(1000, rel=0.13)
    assert float(before[2]) == pytest.approx(100, rel=0.13)
    assert (last[4], before[4]) == ("54", "60")
    assert table(page, "availability")[0][1:] == ["90.000 %", "54", "6", "0"]
    assert "98.000 % of 300 answers of the last 7 days were good." in page


def test_what_is_shown_is_what_the_file_has_and_the_other_way_round(client, check):
    page = said(client, f"/checks/{check.pk}/?range=7d")
    found = rows(client, f"/checks/{check.pk}/charts/availability/?range=7d")
    assert f'href="/checks/{check.pk}/charts/availability/?range=7d"' in page
    assert len(found) == len(table(page, "availability"))
    assert found[-1] == {
        "when": "2026-11-21T11:00:00+00:00", "good_share": "0.9", "good_answers": "54.0", "failed": "6.0",
        "not_measured": "0.0",
    }  # fmt: skip
    told = client.get(f"/checks/{check.pk}/charts/availability/?range=7d&format=json").json()
    assert told["items"][-1]["good_share"] == 0.9


def test_a_day_is_drawn_by_quarters_of_an_hour_and_a_year_by_days(client, check):
    day = rows(client, f"/checks/{check.pk}/charts/latency/?range=24h")
    assert (len(day), day[-1]["when"], day[-1]["answers"]) == (96, "2026-11-21T11:45:00+00:00", "15.0")
    year = rows(client, f"/checks/{check.pk}/charts/availability/?range=1y")
    assert (len(year), year[-1]["good_answers"], year[-1]["failed"]) == (366, "294.0", "6.0")


def test_days_that_are_named_are_shown_and_no_others(client, check):
    found = rows(client, f"/checks/{check.pk}/charts/availability/?from=2026-11-20&to=2026-11-20")
    assert {row["when"][:10] for row in found} == {"2026-11-20"}


def test_a_deployment_stands_on_the_chart_and_beside_the_numbers_of_its_time(client, check, cart):
    deploy(cart, NOON - 90 * MINUTE)
    deploy(cart, NOON - 61 * MINUTE, "2.15.0", result="failed")
    deploy(cart, NOON - HOUR, "0.1", environment="staging")
    page = said(client, f"/checks/{check.pk}/?range=7d")
    assert [(mark["label"], mark["state"]) for mark in drawn(page, "latency")["marks"]] == [
        ("2.14.0", "idle"), ("2.15.0", "bad"),
    ]  # fmt: skip
    assert table(page, "latency")[1][-1] == "2.14.0, 2.15.0 failed"
    assert rows(client, f"/checks/{check.pk}/charts/latency/?range=7d")[-2]["deployed"] == "2.14.0, 2.15.0 failed"


def test_a_heartbeat_has_no_latency_and_its_file_is_not_there(client, cart):
    beat = make_check("Export", entity=cart, kind="heartbeat")
    answer(beat, [NOON - HOUR], latency_ms=None)
    page = said(client, f"/checks/{beat.pk}/")
    assert ("chart-availability" in page, "chart-latency" in page) == (True, False)
    assert client.get(f"/checks/{beat.pk}/charts/latency/").status_code == 404


def test_the_states_of_a_check_are_told_with_their_share_of_the_time(client, check):
    type(check).objects.filter(pk=check.pk).update(created_at=NOON - 30 * DAY)
    CheckState.objects.filter(of=check).update(status="up", since=NOON - 54 * MINUTE)
    CheckChange.objects.create(of=check, at=NOON - 7 * HOUR, before="up", after="down", reason="answered 503")
    CheckChange.objects.create(of=check, at=NOON - HOUR, before="down", after="up", reason="answered 200")
    page = said(client, f"/checks/{check.pk}/?range=24h")
    assert "Up 75.00 % of the time; Down 25.00 % of the time" in page
    assert "2 changes in the last 24 hours" in page
    assert "answered 503" in page


def test_a_check_that_flaps_is_drawn_in_few_bars_and_says_what_is_not_drawn(client, check):
    type(check).objects.filter(pk=check.pk).update(created_at=NOON - 900 * DAY)
    CheckChange.objects.bulk_create(
        CheckChange(of=check, at=NOON - n * HOUR, before="up", after="down" if n % 2 else "up") for n in range(1, 2501)
    )
    page = said(client, f"/checks/{check.pk}/?range=1y")
    strip = page.partition('<svg class="gw-strip"')[2].partition("</svg>")[0]
    assert 400 < strip.count("<rect") <= 1201
    assert "states, the worst Down" in strip
    assert "2,500 changes in the last year, the last 50 here" in page
    assert "So many changes that only the last 2,000 are drawn." in page
    assert "Down 50.00 %" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.parametrize("place", ["", "charts/latency/"])
def test_a_wrong_range_is_a_400_that_names_the_right_ones(client, check, place):
    response = client.get(f"/checks/{check.pk}/{place}?range=2w")
    assert response.status_code == 400
    assert "range=2w is no range. There are: 24h, 7d, 30d, 90d, 1y." in response.content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [("format=xlsx", "There are: csv, json."), ("days=7", "A chart takes range, from, to and format, not “days”.")],
)
def test_a_file_says_what_it_takes(client, check, query, words):
    response = client.get(f"/checks/{check.pk}/charts/latency/?{query}")
    assert response.status_code == 400
    assert words in html.unescape(response.content.decode())


def test_a_chart_that_is_not_there_and_a_record_that_is_not_there_are_404(client, check):
    assert client.get(f"/checks/{check.pk}/charts/no-such/").status_code == 404
    assert client.get("/checks/987654/charts/latency/").status_code == 404


def test_nobody_reads_a_file_without_a_sign_in(client, check):
    client.logout()
    assert client.get(f"/checks/{check.pk}/charts/latency/").status_code == 302


def test_times_are_those_of_the_reader_who_sees_in_which_zone(client, check):
    User.objects.update(time_zone="Asia/Tokyo")
    page = said(client, f"/checks/{check.pk}/?range=7d")
    assert table(page, "latency")[0][0] == "21 Nov 2026, 20:00"
    assert "Times in Asia/Tokyo." in page


def test_what_has_no_data_is_said_and_neither_drawn_nor_offered_as_a_file(client, cart):
    page = said(client, f"/checks/{make_check(entity=cart).pk}/")
    assert "No answer of this time was timed." in page
    assert "chart-latency-data" not in page
    assert "/charts/latency/" not in page


def test_the_page_of_a_check_asks_the_database_as_often_however_long_its_past(
    client, check, cart, django_assert_num_queries, django_assert_max_num_queries
):
    CheckChange.objects.create(of=check, at=NOON - 30 * MINUTE, before="up", after="down")
    client.get(f"/checks/{check.pk}/")
    with django_assert_max_num_queries(17) as few:
        client.get(f"/checks/{check.pk}/?range=7d")
    for n in range(12):
        deploy(cart, NOON - n * HOUR, f"3.{n}.0")
        CheckChange.objects.create(of=check, at=NOON - n * HOUR, before="up", after="down")
    with django_assert_num_queries(len(few)):
        client.get(f"/checks/{check.pk}/?range=7d")


def test_the_file_of_a_page_of_moments_has_those_moments(client, check):
    page = said(client, f"/checks/{check.pk}/?from=2026-11-21T09:00:00%2B00:00&to=2026-11-21T10:00:00Z")
    (address,) = re.findall(r'href="(/checks/\d+/charts/availability/\?[^"]*)"', page)[:1]
    assert [row["when"][11:16] for row in rows(client, address)] == ["09:00", "09:15", "09:30", "09:45"]


def test_the_file_of_a_page_from_a_day_on_ends_now(client, check):
    page = said(client, f"/checks/{check.pk}/?from=2026-11-21")
    assert f'href="/checks/{check.pk}/charts/availability/?from=2026-11-21"' in page


# SLOs


def test_the_budget_burns_down_to_what_the_page_says_is_left(client, check, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99", window_days=30)
    evaluate()
    page = said(client, f"/slos/{slo.pk}/")
    # Six of 300 events are bad, the budget is three.
    assert "-100.0 % of 432.0 minutes of outage" in page
    assert "The budget is overspent by 100.0 % of its size." in page
    assert table(page, "burn-down")[0][1] == "-100.0 %"
    assert drawn(page, "burn-down")["parts"][0]["values"][-1] == pytest.approx(-1)
    assert rows(client, f"/slos/{slo.pk}/charts/burn-down/")[-1]["left_share"] == "-1.0"


@pytest.fixture
def ratio(cart):
    """Nine of ten good, on the first three days of a window of ten days, and then not before an hour ago."""
    metric = make_metric(cart, "checkouts", kind="ratio")
    moments = [NOON - n * DAY for n in (10, 9, 8)] + [NOON - HOUR]
    write([SampleRow(metric.pk, at, 0.9, good=90, total=100) for at in moments])
    return Slo.objects.create(entity=cart, name="cart-ratio", kind="ratio", metric=metric, target="90", window_days=10)


def test_a_budget_is_spent_evenly_by_the_clock_and_not_by_the_number_of_values(client, ratio):
    found = rows(client, f"/slos/{ratio.pk}/charts/burn-down/")
    # Each is told at the end of its hour.
    assert [(row["when"][8:13], float(row["spent_evenly_share"])) for row in found] == [
        ("11T12", pytest.approx(1 - 1 / 240)), ("12T12", pytest.approx(1 - 25 / 240)),
        ("13T12", pytest.approx(1 - 49 / 240)), ("21T11", pytest.approx(0)),
    ]  # fmt: skip


def test_the_file_of_a_burn_down_has_the_time_of_its_slo_and_says_so_to_who_asks_for_another(client, check, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99", window_days=30)
    page = said(client, f"/slos/{slo.pk}/?range=24h")
    assert f'href="/slos/{slo.pk}/charts/burn-down/"' in page
    assert f'href="/slos/{slo.pk}/charts/burn-rate/?range=24h"' in page
    response = client.get(f"/slos/{slo.pk}/charts/burn-down/?range=24h")
    assert response.status_code == 400
    assert "This chart has a time of its own and takes only format, not “range”." in response.content.decode()
    assert client.get(f"/slos/{slo.pk}/charts/burn-down/?format=json").status_code == 200


def test_each_chart_with_deployments_says_what_a_triangle_is(client, check, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99", window_days=30)
    deploy(cart, NOON - 90 * MINUTE)
    for address, charts in ((f"/checks/{check.pk}/", 2), (f"/slos/{slo.pk}/", 2)):
        assert said(client, address).count("A triangle on the axis is a deployment.") == charts


def test_one_answer_is_said_as_one(client, cart):
    check = make_check(entity=cart)
    answer(check, [NOON - HOUR], latency_ms=100.0)
    page = said(client, f"/checks/{check.pk}/")
    assert "1 answer timed" in page
    assert "100.000 % of 1 answer of the last 7 days was good." in page


def test_the_burn_rate_of_each_step_is_its_share_of_bad_events_by_the_budget(client, check, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99", window_days=30)
    page = said(client, f"/slos/{slo.pk}/?range=7d")
    assert table(page, "burn-rate")[0] == ["21 Nov 2026, 11:00", "10.00", "6", "60"]
    assert "At worst the budget burned 10.00 times as fast as evenly, in one hour of the last 7 days." in page
    assert [level["label"] for level in drawn(page, "burn-rate")["levels"]] == [
        "pages at 14.4 in 1 h", "pages at 6 in 6 h",
    ]  # fmt: skip


def test_each_rule_stands_with_how_fast_its_windows_burn_now(client, check, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99", window_days=30)
    page = re.sub(r"<[^>]+>", "", said(client, f"/slos/{slo.pk}/"))
    assert "1 h, 10.00" in page
    assert "6 h, 2.00" in page


def test_rules_that_are_left_out_are_told_with_their_reason(client, check, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="90", window_days=30)
    brief = Slo.objects.create(entity=cart, name="cart-brief", source_check=check, target="99.9", window_days=3)
    page = said(client, f"/slos/{slo.pk}/")
    assert "even a total outage does not burn so fast: 1 h." in page
    assert "says it already" not in page
    page = said(client, f"/slos/{brief.pk}/")
    assert "the budget left says it already for as long a time: 3 d." in page
    assert "total outage" not in page


def test_when_the_budget_is_spent_stands_with_its_formula(client, check, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="90", window_days=30)
    evaluate()
    # 80 % are left; six of 60 in the last hour burn it as fast as evenly: 24 days.
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", said(client, f"/slos/{slo.pk}/")))
    assert re.search(
        r"Spent, if it goes on like this 15 Dec 2026[^%]* budget left × window / burn rate, from now", page
    )


def test_a_latency_slo_burns_by_what_was_too_slow(client, check, cart):
    slo = Slo.objects.create(
        entity=cart, name="cart-fast", kind="latency", source_check=check, threshold_ms=500, target="90", window_days=7
    )
    last, before, *_ = table(said(client, f"/slos/{slo.pk}/?range=7d"), "burn-rate")
    assert (last[1], before[1]) == ("10.00", "0.00")


# Metrics


def test_a_metric_is_drawn_with_its_labelled_siblings_its_baseline_and_since_when_it_is_worse(client, cart):
    named = {"unit": "ms", "title": "p95", "environment": "production"}
    slow = make_metric(cart, "p95", labels={"region": "eu"}, baseline=250.0, higher_is_better=False, **named)
    other = make_metric(cart, "p95", labels={"region": "us"}, **named)
    for metric, value in ((slow, 300.0), (other, 200.0)):
        write([SampleRow(metric.pk, NOON - n * HOUR, value + n) for n in range(48)])
    MetricState.objects.filter(metric=slow).update(regressed_since=NOON - 20 * HOUR)
    page = said(client, f"/metrics/{slow.pk}/?range=24h")
    chart = drawn(page, "values")
    assert [part["name"] for part in chart["parts"]] == ["region=eu", "region=us"]
    assert [level["label"] for level in chart["levels"]] == ["baseline 250\u00a0ms"]
    (mark,) = chart["marks"]
    assert (mark["kind"], mark["until"] - mark["at"]) == ("area", 20 * 3600 * 1000)
    assert "20 % above the baseline of 250 ms" in page
    assert table(page, "values")[0] == ["21 Nov 2026, 11:00", "301", "201"]


def test_a_file_has_each_series_under_a_name_of_its_own_with_its_unit(client, cart):
    labels = [{"region": "東京"}, {"region": "大阪"}, {"v": "1.5"}, {"v": "15"}]
    same = [make_metric(cart, "p95", labels=each, unit="ms", title="p95") for each in labels]
    write([SampleRow(metric.pk, NOON - HOUR, float(n)) for n, metric in enumerate(same)])
    address = f"/metrics/{same[0].pk}/charts/values/?range=24h"
    named = {"region_東京_ms": 0.0, "region_大阪_ms": 1.0, "v_1_5_ms": 2.0, "v_15_ms": 3.0}
    assert client.get(f"{address}&format=json").json()["items"] == [{"when": "2026-11-21T11:00:00+00:00", **named}]
    assert list(rows(client, address)[0]) == ["when", *named]


def test_series_whose_names_are_alike_in_a_file_are_numbered(client, cart):
    same = [make_metric(cart, "p95", labels={"region": each}, unit="%") for each in ("eu west", "eu-west")]
    write([SampleRow(metric.pk, NOON - HOUR, 1.0) for metric in same])
    (row,) = rows(client, f"/metrics/{same[0].pk}/charts/values/?range=24h")
    assert list(row) == ["when", "region_eu_west_percent", "region_eu_west_percent_2"]


def test_a_long_span_of_a_metric_is_told_by_days_a_ratio_in_percent(client, cart):
    metric = make_metric(cart, "checkouts", kind="ratio")
    write([SampleRow(metric.pk, NOON - n * HOUR, 0.9, good=90, total=100) for n in range(3)])
    page = said(client, f"/metrics/{metric.pk}/?range=90d")
    assert table(page, "values") == [["21 Nov 2026", "90.00 %"]]
    assert "went from 90 % to 90 % in the last 90 days" in page


def test_the_same_metric_of_others_is_a_link_away(client, cart):
    metric, other = make_metric(cart, "p95"), make_metric(make_entity("ledger"), "p95", unit="ms")
    write([SampleRow(other.pk, NOON, 120.0)])
    page = said(client, f"/metrics/{metric.pk}/")
    assert f'href="/metrics/{other.pk}/"' in page
    assert "120 ms" in page


def test_metrics_that_differ_only_in_unit_are_not_drawn_together(client, cart):
    metric = make_metric(cart, "size", labels={"of": "queue"}, unit="MB")
    Metric.objects.create(subject=cart.reference, name="size", labels={"of": "disk"}, unit="GB")
    write([SampleRow(metric.pk, timezone.now(), 12.5)])
    assert [part["name"] for part in drawn(said(client, f"/metrics/{metric.pk}/"), "values")["parts"]] == ["Value"]
