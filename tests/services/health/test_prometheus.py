"""Metrics that Prometheus is asked for: what is asked when, what is written, and what is said when it goes wrong."""

import datetime as dt
import html
import json

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import DataError

from portal.actions import create_record
from services.health import actions, querying, samples, tasks
from services.health import prometheus as asking
from services.health.models import Metric, MetricState, PrometheusServer, Sample
from tests.services.health.prometheus_server import serving

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def prometheus(settings):
    settings.PROBE_ALLOW = ["127.0.0.0/8"]
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON + dt.timedelta(seconds=7), tick=False) as running:
        yield running


def make_server(prometheus, **values) -> PrometheusServer:
    given = {"name": "main", "url": prometheus.url, **values}
    return create_record(by=None, model=PrometheusServer, values=given)


def make_metric(prometheus, query: str = "up", **values) -> Metric:
    server = PrometheusServer.objects.first() or make_server(prometheus)
    return actions.create_metric(by=None, values={"name": "load", "server": server, "query": query, **values})


def asked_until(metric: Metric, moment: dt.datetime) -> None:
    """As if Prometheus had answered up to then."""
    MetricState.objects.filter(metric=metric).update(asked_until=moment)


def written() -> list[tuple[dt.datetime, float]]:
    return list(Sample.objects.order_by("at").values_list("at", "value"))


def problem() -> str:
    return MetricState.objects.get().problem


# What is asked, and written


def test_a_metric_is_asked_for_at_a_multiple_of_its_interval_and_then_waits_for_the_next(prometheus):
    prometheus.gives("up", 1.5)
    metric = make_metric(prometheus, every_s=300)
    asked_until(metric, NOON - 5 * MINUTE)
    assert querying.ask_due() == 1
    [(path, params, headers)] = prometheus.asked
    assert (path, params["query"], float(params["time"])) == ("/api/v1/query", "up", NOON.timestamp())
    assert "authorization" not in headers
    assert written() == [(NOON, 1.5)]
    state = MetricState.objects.get()
    assert (state.value, state.at, state.problem, state.leased_until) == (1.5, NOON, "", None)
    assert state.due_at == NOON + 5 * MINUTE
    assert querying.ask_due() == 0


def test_a_gap_is_filled_from_the_last_moment_that_was_answered(prometheus):
    prometheus.gives("up", lambda at: str(at - NOON.timestamp()))
    metric = make_metric(prometheus, every_s=60)
    asked_until(metric, NOON - 4 * MINUTE)
    querying.ask_due()
    [(path, params, _)] = prometheus.asked
    assert (path, params["step"]) == ("/api/v1/query_range", "60")
    assert written() == [(NOON - n * MINUTE, -60.0 * n) for n in (3, 2, 1, 0)]


def test_a_new_metric_begins_with_what_the_server_remembers_a_stretch_at_a_time(prometheus):
    week = NOON.timestamp() - 7 * 86_400
    prometheus.gives("up", lambda at: "1" if at >= week else None)
    make_metric(prometheus, every_s=3600)
    rounds = 0
    while querying.ask_due():
        rounds += 1
        assert rounds < 10
    assert (rounds, len(written())) == (2, 7 * 24 + 1)
    assert querying.ask_due() == 0


def test_a_server_that_was_away_leaves_no_gap(prometheus, clock):
    prometheus.gives("up", 1)
    metric = make_metric(prometheus, every_s=60)
    asked_until(metric, NOON - MINUTE)
    prometheus.raw = (503, b"restarting")
    for minute in range(3):
        clock.move_to(NOON + minute * MINUTE + dt.timedelta(seconds=7))
        querying.ask_due()
    assert (problem(), written()) == ("main answered 503.", [])
    prometheus.raw = None
    clock.move_to(NOON + 3 * MINUTE + dt.timedelta(seconds=7))
    querying.ask_due()
    assert [at for at, _ in written()] == [NOON, NOON + MINUTE, NOON + 2 * MINUTE, NOON + 3 * MINUTE]
    assert problem() == ""


def test_what_one_worker_has_taken_another_leaves_alone_until_its_lease_has_run_out(prometheus, clock):
    make_metric(prometheus)
    now = NOON + dt.timedelta(seconds=7)
    assert len(querying.claim(10, now)) == 1
    assert querying.claim(10, now) == []
    assert len(querying.claim(10, now + dt.timedelta(seconds=querying.LEASE_S + 1))) == 1


def test_what_was_asked_before_the_query_changed_is_not_written(prometheus):
    prometheus.gives("up", 1)
    metric = make_metric(prometheus)
    asked_until(metric, NOON - 5 * MINUTE)
    [due] = querying.claim(10, NOON + MINUTE)
    actions.update_metric(by=None, record=metric, values={"query": "down"})
    querying._write(querying.Found(due, (querying.SampleRow(metric.pk, NOON, 1.0),)), NOON)
    assert written() == []


def test_a_mended_query_of_a_metric_without_values_gets_its_ninety_days(prometheus):
    prometheus.gives("up", 1)
    metric = make_metric(prometheus, "upp", every_s=86_400)
    querying.ask_due()
    assert (written(), MetricState.objects.get().asked_until) == ([], NOON.replace(hour=0))
    actions.update_metric(by=None, record=metric, values={"query": "up"})
    querying.ask_due()
    assert len(written()) == 91


def test_a_changed_query_leaves_the_values_of_the_earlier_one(prometheus, people, sign_in):
    prometheus.gives("up", 1)
    prometheus.gives("down", 2)
    metric = make_metric(prometheus, every_s=86_400)
    querying.ask_due()
    metric = actions.update_metric(by=None, record=metric, values={"query": "down"})
    querying.ask_due()
    assert {value for _, value in written()} == {1.0}
    page = sign_in(people.reader).get(f"/metrics/{metric.pk}/").content.decode()
    assert "When the query changes, older values stay" in page


def test_a_slow_server_loses_no_answer_and_what_is_not_come_to_is_given_back(prometheus, monkeypatch):
    monkeypatch.setattr(querying, "ASK_FOR_S", 0.5)
    prometheus.gives("up", 1)
    prometheus.takes_s = 0.3
    for n in range(3 * querying.AT_ONCE):
        asked_until(make_metric(prometheus, name=f"slow-{n}"), NOON - 5 * MINUTE)
    assert querying.ask_due() == len(written()) == 2 * querying.AT_ONCE
    assert MetricState.objects.filter(leased_until=None, due_at__lte=NOON + MINUTE, at=None).count() == querying.AT_ONCE
    assert querying.ask_due() == querying.AT_ONCE


def test_an_answer_is_written_while_others_are_still_awaited(prometheus, monkeypatch):
    monkeypatch.setattr(asking.Client.ask, "__defaults__", (0.5,))
    seen = []
    write = querying._write
    monkeypatch.setattr(querying, "_write", lambda found, now: (seen.append(len(other.asked)), write(found, now)))
    prometheus.gives("up", 1)
    asked_until(make_metric(prometheus), NOON - 5 * MINUTE)
    with serving() as other:
        other.takes_s = 0.2
        server = make_server(other, name="slow")
        for n in range(querying.AT_ONCE + 1):
            asked_until(make_metric(other, name=f"slow-{n}", server=server), NOON - 5 * MINUTE)
        querying.ask_due()
    assert seen[0] <= querying.AT_ONCE < seen[-1]


def test_a_lease_outlasts_the_task_and_the_task_its_questions():
    limit = tasks.ask_prometheus.time_limit
    assert querying.ASK_FOR_S + 2 * asking.PATIENCE_S < limit < querying.LEASE_S


def test_a_ratio_is_asked_for_good_and_total_at_the_same_moments(prometheus):
    prometheus.gives("ok", lambda at: None if at == NOON.timestamp() - 120 else "99")
    prometheus.gives("all", 100)
    metric = make_metric(prometheus, "ok", kind="ratio", total_query="all", every_s=60)
    asked_until(metric, NOON - 3 * MINUTE)
    querying.ask_due()
    found = list(Sample.objects.order_by("at").values_list("at", "value", "good", "total"))
    assert found == [(NOON - MINUTE, 0.99, 99, 100), (NOON, 0.99, 99, 100)]
    assert problem() == "Left out, for having good or total alone: 1 moment."


def test_more_good_than_total_is_left_out_and_a_hair_of_rounding_is_not(prometheus):
    prometheus.gives("ok", lambda at: "101" if at < NOON.timestamp() else "100.00000000001")
    prometheus.gives("all", 100)
    metric = make_metric(prometheus, "ok", kind="ratio", total_query="all", every_s=60)
    asked_until(metric, NOON - 2 * MINUTE)
    querying.ask_due()
    assert list(Sample.objects.values_list("at", "value", "good")) == [(NOON, 1.0, 100)]
    assert problem() == "Left out, for having more good than total or less than none: 1 moment."


# Which series


def test_the_series_that_has_all_labels_is_the_one(prometheus):
    prometheus.gives("up", 1, region="eu", job="shop")
    prometheus.gives("up", 2, region="us", job="shop")
    metric = make_metric(prometheus, labels={"region": "us"})
    asked_until(metric, NOON - 5 * MINUTE)
    querying.ask_due()
    assert written() == [(NOON, 2.0)]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({}, 'The query gives 2 series, such as {job="shop", region="eu"}. Sum them, or say by labels which'),
        ({"job": "shop"}, "The query gives 2 series with job: shop, such as"),
        ({"region": "asia"}, 'None of the 2 series has region: asia. There is {job="shop", region="eu"}.'),
    ],
)  # fmt: skip
def test_several_series_or_none_that_fits_are_told_and_nothing_is_written(prometheus, labels, words):
    prometheus.gives("up", 1, region="eu", job="shop")
    prometheus.gives("up", 2, region="us", job="shop")
    make_metric(prometheus, labels=labels)
    querying.ask_due()
    assert words in problem()
    assert written() == []


# What goes wrong


def test_nan_and_infinity_are_no_values(prometheus):
    values = {0: "NaN", 1: "+Inf", 2: "-Inf", 3: "7"}
    prometheus.gives("up", lambda at: values[int((at - NOON.timestamp()) / 60) + 3])
    metric = make_metric(prometheus, every_s=60)
    asked_until(metric, NOON - 4 * MINUTE)
    querying.ask_due()
    assert written() == [(NOON, 7.0)]
    assert problem() == "The query gave 3 of 4 values as NaN or infinite; they are left out."


def test_a_value_that_no_sum_has_room_for_is_left_out_and_named(prometheus):
    values = {0: "1.7e308", 1: "-1e16", 2: "6", 3: "7"}
    prometheus.gives("up", lambda at: values[int((at - NOON.timestamp()) / 60) + 3])
    metric = make_metric(prometheus, every_s=60)
    asked_until(metric, NOON - 4 * MINUTE)
    querying.ask_due()
    assert written() == [(NOON - MINUTE, 6.0), (NOON, 7.0)]
    said = "1.7e+308 is too large: numbers are kept up to 1,000,000,000,000,000."
    assert problem() == f"The query gave what is left out: {said}"


def test_an_answer_that_cannot_be_written_says_so_and_the_others_are(prometheus, monkeypatch):
    prometheus.gives("up", 5)
    bad, well = make_metric(prometheus, name="bad"), make_metric(prometheus, name="well")
    for metric in (bad, well):
        asked_until(metric, NOON - 5 * MINUTE)
    real = samples.write

    def write(rows):
        if rows and rows[0].metric_id == bad.pk:
            raise DataError("value out of range")
        return real(rows)

    monkeypatch.setattr(samples, "write", write)
    assert querying.ask_due() == 2
    assert list(Sample.objects.values_list("metric_id", "value")) == [(well.pk, 5.0)]
    told = "The answer could not be written: DataError. The fault is in the log of the portal."
    found = MetricState.objects.order_by("metric").values_list("problem", "asked_until")
    assert list(found) == [(told, NOON - 5 * MINUTE), ("", NOON)]


def test_a_query_without_a_series_says_so_and_does_not_ask_for_the_same_moments_again(prometheus):
    make_metric(prometheus)
    MetricState.objects.update(asked_until=NOON - 5 * MINUTE)
    querying.ask_due()
    state = MetricState.objects.get()
    assert state.problem == "The query gives no series; nothing is measured, or its name has changed."
    assert state.asked_until == NOON


def test_warnings_and_partial_answers_are_written_and_told(prometheus):
    prometheus.gives("up", 1)
    prometheus.more = {"warnings": ["no store for region asia"], "isPartial": True}
    metric = make_metric(prometheus)
    asked_until(metric, NOON - 5 * MINUTE)
    querying.ask_due()
    assert written() == [(NOON, 1.0)]
    assert problem() == "The answer is partial. The server remarks: no store for region asia."


def test_a_partial_answer_is_asked_for_again_until_it_is_whole(prometheus, clock):
    prometheus.gives("up", 1)
    prometheus.more = {"isPartial": True}
    asked_until(make_metric(prometheus, every_s=60), NOON - MINUTE)
    querying.ask_due()
    assert MetricState.objects.get().asked_until == NOON - MINUTE
    prometheus.more = {}
    prometheus.series.clear()
    prometheus.gives("up", 2)
    clock.move_to(NOON + MINUTE)
    querying.ask_due()
    assert written() == [(NOON, 2.0), (NOON + MINUTE, 2.0)]
    assert MetricState.objects.get().asked_until == NOON + MINUTE


def test_a_server_whose_answers_are_always_partial_does_not_stop_the_metric(prometheus):
    prometheus.gives("up", 1)
    prometheus.more = {"isPartial": True}
    make_metric(prometheus, every_s=3600)
    assert [querying.ask_due() for _ in range(3)] == [1, 1, 0]
    assert len(written()) == 90 * 24 + 1


def _body(**told) -> bytes:
    return json.dumps(told).encode()


def _data(kind: str, result) -> bytes:
    return _body(status="success", data={"resultType": kind, "result": result})


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (400, _body(status="error", errorType="bad_data", error="x"), "main refuses the query (bad_data): x"),
        (422, _body(status="error", errorType="execution", error="x"), "main refuses the query (execution): x"),
        (503, _body(status="error", errorType="timeout", error="x"), "main refuses the query (timeout): x"),
        (401, b"no", "main answered 401: it wants a token"),
        (403, b"no", "main answered 403: the token may not query."),
        (404, b"<html>", "main answered 404: there is no Prometheus API at its address."),
        (200, b"<html>", "main answered something that is no answer of Prometheus."),
        (200, b"[]", "main answered something that is no answer of Prometheus."),
        (500, b"", "main answered 500."),
        (302, b"", "main sends on to elsewhere. Enter the address that answers itself."),
        (200, _data("string", [0, "x"]), "The query gives a text, not a number."),
        (200, _data("streams", []), "The query gives “streams”, which the portal cannot read."),
        (200, _data("matrix", [{"metric": {}, "values": [[0, "1"], [1, "2"]]}]), "The query gives a stretch of time"),
        (200, _data("vector", [{"metric": {}, "histogram": [0, {}]}]), "The query gives a histogram."),
        (200, _data("vector", [{"metric": {}, "value": [0]}]), "no pair of moment and number"),
        (200, _data("vector", [7]), "series that are no labels with values"),
        (200, _data("vector", [None]), "series that are no labels with values"),
        (200, _data("vector", [{"metric": [1], "value": [0, "1"]}]), "series that are no labels with values"),
        (200, _data("matrix", [{"metric": {}, "values": 7}]), "no pair of moment and number"),
        (200, _body(status="success", data={"resultType": "vector", "result": []}, warnings=7), "remarks that are no"),
        (200, _data("vector", None), "which the portal cannot read"),
    ],
)  # fmt: skip
def test_whatever_comes_instead_of_a_value_is_said_in_words(prometheus, status, body, words):
    metric = make_metric(prometheus)
    asked_until(metric, NOON - 5 * MINUTE)
    prometheus.raw = (status, body)
    querying.ask_due()
    assert words in problem()
    assert (written(), MetricState.objects.get().asked_until) == ([], NOON - 5 * MINUTE)


def test_a_scalar_is_a_value(prometheus):
    metric = make_metric(prometheus)
    asked_until(metric, NOON - 5 * MINUTE)
    prometheus.raw = (200, _data("scalar", [NOON.timestamp(), "3"]))
    querying.ask_due()
    assert written() == [(NOON, 3.0)]


def test_a_server_that_hangs_is_given_up_and_the_others_are_still_asked(prometheus, monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE_S", 0.2)
    monkeypatch.setattr(asking.Client.ask, "__defaults__", (0.2,))
    with serving() as other:
        other.gives("up", 5)
        second = make_server(other, name="second")
        well = make_metric(other, name="well", server=second)
        server = make_server(prometheus)
        for n in range(30):
            make_metric(prometheus, name=f"stuck-{n}", server=server)
        asked_until(well, NOON - 5 * MINUTE)
        prometheus.hangs = True
        assert querying.ask_due() == 31
    assert written() == [(NOON, 5.0)]
    # Most are told what the first ones found out.
    assert len(prometheus.asked) < 20
    stuck = MetricState.objects.exclude(metric=well).values_list("problem", flat=True)
    assert set(stuck) == {"main did not answer within 0 s."}


def test_a_server_at_an_address_that_may_not_be_asked_is_not_asked(prometheus, settings):
    make_metric(prometheus)
    settings.PROBE_ALLOW = []
    querying.ask_due()
    assert problem() == "main is not asked: 127.0.0.1 is the portal's own machine, which PROBE_ALLOW does not name."
    assert prometheus.asked == []


def test_nobody_listening_is_told(prometheus):
    make_metric(prometheus)
    PrometheusServer.objects.update(url="http://127.0.0.1:9/")
    querying.ask_due()
    assert problem() == "No connection to main: refused."


# Tokens


@pytest.mark.parametrize(
    ("secret", "header"), [("s3cret", "Bearer s3cret"), ("Basic dXNlcjpwYXNz", "Basic dXNlcjpwYXNz")]
)
def test_the_token_comes_from_the_environment(prometheus, monkeypatch, secret, header):
    monkeypatch.setenv("PROMETHEUS_TOKEN", secret)
    make_server(prometheus, token_variable="PROMETHEUS_TOKEN")
    make_metric(prometheus)
    querying.ask_due()
    assert prometheus.asked[0][2]["authorization"] == header


def test_a_token_that_is_not_there_is_told_and_nothing_is_asked(prometheus):
    make_server(prometheus, token_variable="PROMETHEUS_TOKEN")
    make_metric(prometheus)
    querying.ask_due()
    assert "the environment variable PROMETHEUS_TOKEN, which should hold the token of main, is not set" in problem()
    assert prometheus.asked == []


def test_no_other_variable_of_the_environment_is_ever_sent(prometheus):
    for name in ("SECRET_KEY", "DATABASE_URL", "prometheus_token"):
        with pytest.raises(ValidationError, match="begins with PROMETHEUS_"):
            make_server(prometheus, token_variable=name)


# Writing one


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"query": ""}, "query"),
        ({"server": None}, "server"),
        ({"kind": "ratio"}, "total_query"),
        ({"total_query": "all"}, "total_query"),
        ({"every_s": 10}, "every_s"),
    ],
)
def test_a_query_that_does_not_go_with_the_rest_is_refused(prometheus, values, field):
    with pytest.raises(ValidationError) as refused:
        make_metric(prometheus, **values)
    assert field in refused.value.message_dict


def test_a_metric_whose_server_is_taken_away_is_pushed_again(prometheus):
    metric = make_metric(prometheus)
    assert metric.origin == "prometheus"
    metric = actions.update_metric(by=None, record=metric, values={"server": None, "query": ""})
    assert (metric.origin, MetricState.objects.get().due_at) == ("pushed", None)


# Its pages


def test_an_administrator_tries_a_server_and_nobody_else_does(prometheus, people, sign_in):
    server = make_server(prometheus)
    prometheus.gives("vector(1)", 1)
    address = f"/prometheus-servers/{server.pk}/-/try/"
    assert "It answers queries, in" in sign_in(people.administrator).post(address).content.decode()
    assert sign_in(people.editor).post(address).status_code == 403
    prometheus.raw = (401, b"")
    said = sign_in(people.administrator).post(address, headers={"HX-Request": "true"}).content.decode()
    assert 'data-s="bad"' in said
    assert "main answered 401: it wants a token" in said


def test_the_query_of_a_metric_is_tried_without_writing_anything(prometheus, people, sign_in):
    prometheus.gives("up", 12.5)
    metric = make_metric(prometheus, unit="ms", subject=people.team.reference)
    address = f"/metrics/{metric.pk}/-/try/"
    assert "Now it is 12.5\u00a0ms. Nothing was written." in sign_in(people.editor).post(address).content.decode()
    assert sign_in(people.reader).post(address).status_code == 403
    assert written() == []


def test_the_page_of_a_metric_says_what_is_asked_of_whom_and_what_was_amiss(prometheus, people, sign_in):
    metric = make_metric(prometheus, 'up{job="shop"}', labels={"region": "eu"})
    querying.ask_due()
    page = html.unescape(sign_in(people.reader).get(f"/metrics/{metric.pk}/").content.decode())
    for text in (
        'up{job="shop"}',
        'region="eu"',
        "The query gives no series",
        f"/prometheus-servers/{metric.server_id}/",
    ):
        assert text in page
    assert "Try the query" not in page
