"""What machines and files send: moments and numbers that can be meant, texts that a page can hold; the rest is refused
in words that name it, and what one sender does never stops the figures of others."""

import datetime as dt
import html
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import IntegrityError, connection
from django.test import Client

from services.health import metric_import, push, samples
from services.health.models import Deployment, MaintenanceWindow, Metric, MetricDay, MetricState, ReceivedBatch, Sample
from services.health.samples import SampleRow
from tests.factories import make_entity
from tests.portal.test_races import at_once, linger_after
from tests.services.health.limits import make_metric

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
CHECKOUT = "group:default/checkout"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as running:
        yield running


@pytest.fixture
def post(api, people):
    client = api(people.service_account)

    def posted(hook: str, body: dict, expected: int = 201, **headers: str):
        response = client.post(f"/hooks/{hook}/", body, headers=headers)
        assert response.status_code == expected, response.content
        return response.json()

    return posted


def sample(**values):
    return {"metric": "nps", "subject": CHECKOUT, "at": "2026-11-21T11:00:00Z", "value": 42, **values}


def told(post, **values) -> str:
    """What is said of a batch with this sample, which is refused."""
    [words] = post("metrics", {"samples": [sample(**values)]}, expected=422)["fields"]["samples"]
    assert not Sample.objects.exists()
    return words


# Moments


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("9999-12-31T23:59:59-14:00", "Sample 0: “at”: 31 Dec 9999, 23:59 UTC-14:00 is yet to come."),
        (
            "2099-01-01T00:00:00Z",
            "Sample 0: “at”: 1 Jan 2099, 00:00 UTC is yet to come. Is the clock of the sender right",
        ),
        ("2026-11-21T13:00:01Z", "Sample 0: “at”: 21 Nov 2026, 13:00 UTC is yet to come."),
        ("0001-01-01T00:00:00+14:00", "Sample 0: “at”: 1 Jan 1, 00:00 UTC+14:00 is before 1990."),
        ("2026-08-12T12:00:00Z", "Sample 0: “at”: 2026-08-12T12:00:00Z is too long ago: each sample is kept for 100"),
        ("2026-08-13T23:59:59Z", "Sample 0: “at”: 2026-08-13T23:59:59Z is too long ago"),
    ],
)
def test_a_sample_of_a_moment_that_is_not_kept_is_refused_with_that_moment(post, at, said):
    assert told(post, at=at).startswith(said)


def test_clocks_may_differ_by_an_hour_and_the_oldest_day_that_is_kept_is_taken_and_summed(post):
    post("metrics", {"samples": [sample(at="2026-11-21T13:00:00Z"), sample(at="2026-08-14T00:00:00Z", value=7)]})
    assert list(MetricDay.objects.values_list("day", "last")) == [(dt.date(2026, 8, 14), 7)]
    assert MetricState.objects.get().at == NOON + HOUR


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("9999-12-31T23:00:00-14:00", "Line 2, column at: 31 Dec 9999, 23:00 UTC-14:00 is yet to come."),
        ("9999-12-31", "Line 2, column at: 31 Dec 9999, 12:00 UTC is yet to come."),
        ("2026-11-22", "Line 2, column at: 22 Nov 2026, 12:00 UTC is yet to come."),
        ("0001-01-01", "Line 2, column at: 1 Jan 1, 12:00 UTC is before 1990."),
    ],
)
def test_a_file_with_a_moment_that_nobody_measured_is_refused_with_its_line(people, at, said):
    found = metric_import.take(people.editor, f"metric,subject,at,value\nnps,{CHECKOUT},{at},4\n".encode(), write=True)
    assert found.problems[0].startswith(said), found.problems


def test_a_file_may_have_the_day_of_today_in_the_morning_already(people, clock):
    clock.move_to(NOON - 5 * HOUR)
    metric_import.take(people.editor, f"metric,subject,at,value\nnps,{CHECKOUT},2026-11-21,4\n".encode(), write=True)
    assert Sample.objects.get().at == NOON


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        (
            {"committed_at": "0001-01-01T00:00:00+14:00"},
            "committed_at",
            "1 Jan 1, 00:00 UTC+14:00 is before 1990. Leave out a",
        ),
        ({"committed_at": "0001-01-01T00:00:00Z"}, "committed_at", "1 Jan 1, 00:00 UTC is before 1990."),
        ({"finished_at": "2099-01-01T00:00:00Z"}, "finished_at", "1 Jan 2099, 00:00 UTC is yet to come."),
        ({"started_at": "9999-12-31T23:59:59-14:00"}, "started_at", "31 Dec 9999, 23:59 UTC-14:00 is yet to come."),
    ],
)
def test_a_deployment_of_a_year_that_is_not_meant_is_refused(post, people, values, field, said):
    make_entity("cart", owner=people.team)
    body = {"key": "1", "service": "cart", "version": "1", "finished_at": "2026-11-21T11:00:00Z", **values}
    assert post("deployments", body, expected=422)["fields"][field][0].startswith(said)
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    ("starts", "ends", "field", "said"),
    [
        ("2026-11-21T22:00", "9999-12-31T23:59", "ends_at", "is more than 10 years ahead. Choose an earlier day."),
        ("0001-01-01T00:00", "2026-11-21T22:00", "starts_at", "is before 1990."),
    ],
)
def test_a_maintenance_window_until_the_end_of_the_calendar_is_refused_at_its_field(
    sign_in, people, starts, ends, field, said
):
    people.editor.time_zone = "America/New_York"
    people.editor.save()
    make_entity("cart", owner=people.team)
    values = {"entity": "component:default/cart", "reason": "Move", "starts_at": starts, "ends_at": ends, "zone": "UTC"}
    page = sign_in(people.editor).post("/maintenance/-/new/", values)
    assert (page.status_code, said in page.content.decode()) == (422, True)
    assert field in page.context["form"].errors
    assert not MaintenanceWindow.objects.exists()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"starts_at": "2026-11-22T10:00"}, "Say when it ends."),
        (
            {"ends_at": "2026-11-22T10:00"},
            "Give a start and a later end, or a weekday, a time",
        ),
        ({"starts_at": "2026-11-22T10:00", "ends_at": "2026-11-22T09:00"}, "Give a start and a later end"),
        ({"weekday": "sunday"}, "Give a start and a later end, or a weekday, a time"),
        (
            {"weekday": "sunday", "start_time": "10:00", "minutes": "60", "starts_at": "2026-11-22T10:00"},
            "Give either a start and an end, or a weekday, a time and minutes: not both.",
        ),
    ],
)
def test_maintenance_that_is_neither_once_nor_weekly_is_refused_by_page_and_api(sign_in, api, people, values, said):
    make_entity("cart", owner=people.team)
    values = {"entity": "component:default/cart", "reason": "Move", "zone": "UTC", **values}
    page = sign_in(people.editor).post("/maintenance/-/new/", values)
    assert (page.status_code, said in html.unescape(page.content.decode())) == (422, True)
    answer = api(people.editor).post("/api/v1/maintenance/", values, format="json")
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not MaintenanceWindow.objects.exists()


def test_the_database_itself_has_no_room_for_maintenance_without_an_end():
    with pytest.raises(IntegrityError, match="window_is_once_or_weekly"):
        MaintenanceWindow.objects.create(entity=make_entity("cart"), reason="Move", starts_at=NOON)


# Numbers


@pytest.mark.parametrize(
    ("ceiling", "said"),
    [
        ("0", "A ceiling lies above zero"),
        ("-5", "A ceiling lies above zero"),
        ("1e300", "numbers are kept up to 1,000,000,000,000,000."),
    ],
)
def test_a_ceiling_is_above_nothing_and_no_larger_than_a_measured_number(sign_in, people, ceiling, said):
    metric = make_metric(make_entity("orders-db", kind="resource", type="database"))
    values = {
        "metric": str(metric),
        "name": "Full",
        "ceiling": ceiling,
        "lead_days": 1,
        "lead_p90_days": 2,
        "margin_days": 3,
    }
    page = sign_in(people.administrator).post("/limits/-/new/", values)
    assert page.status_code == 422
    assert [said in each for each in page.context["form"].errors["ceiling"]] == [True]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"value": 1.7e308}, "Sample 0: “value”: 1.7e+308 is too large: numbers are kept up to 1,000,000,000,000,000."),
        ({"value": -(10**16)}, "Sample 0: “value”: -1e+16 is too large"),
        ({"value": 10**19}, "Sample 0: “value”: 1e+19 is too large"),
        ({"good": 1e19, "total": 1e19}, "Sample 0: “good”: 1e+19 is too large"),
        ({"good": 1, "total": 1e19}, "Sample 0: “total”: 1e+19 is too large"),
    ],
)
def test_a_number_that_no_sum_has_room_for_is_refused_and_named(post, values, said):
    assert told(post, **values).startswith(said)


def test_a_file_with_such_a_number_is_refused_with_its_line(people):
    text = f"metric,subject,at,value\nnps,{CHECKOUT},2026-11-20,1.7e308\n"
    found = metric_import.take(people.editor, text.encode(), write=True)
    assert found.problems == [
        "Line 2, column value: 1.7e+308 is too large: numbers are kept up to 1,000,000,000,000,000."
    ]


# Texts


@pytest.mark.parametrize("address", ["/hooks/heartbeat/%00/", "/hooks/heartbeat/a%00b/", "/badge/%00.svg"])
def test_an_address_with_a_null_character_is_404_without_sign_in(address):
    assert Client().get(address).status_code == 404


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"metric": "a\0b"}, "samples.0.metric"),
        ({"unit": "\u202egnp"}, "samples.0.unit"),
        ({"labels": {"region": "e\x07u"}}, "samples.0.labels.region"),
        ({"labels": {"re\0gion": "eu"}}, "samples.0.labels"),
    ],
)
def test_a_push_with_invisible_characters_is_refused_with_its_place(post, values, place):
    answer = post("metrics", {"samples": [sample(**values)]}, expected=422)
    assert "is invisible (U+" in answer["fields"][place][0]
    assert not Metric.objects.exists()


@pytest.mark.parametrize("field", ["service", "version", "note", "environment", "rollback_of", "url"])
def test_a_deployment_with_a_null_character_is_refused_with_its_field(post, people, field):
    make_entity("cart", owner=people.team)
    body = {"key": "1", "service": "cart", "version": "1", field: "a\0b"}
    answer = post("deployments", body, expected=422)
    assert answer["fields"][field] == ["Character 2 is invisible (U+0000) and turns or breaks text. Remove it."]


def test_what_is_pushed_reported_and_imported_is_found_by_search_at_once(post, people, sign_in):
    make_entity("cart", owner=people.team)
    post("metrics", {"samples": [sample(metric="zebra-crossings")]})
    post("deployments", {"key": "1", "service": "cart", "version": "7.7.7-quagga"})
    text = f"metric,subject,at,value\nokapi-sightings,{CHECKOUT},2026-11-20,4\n"
    metric_import.take(people.editor, text.encode(), write=True)
    reader = sign_in(people.reader)
    for address, found in (
        ("/metrics/?q=zebra", "zebra-crossings"), ("/deployments/?q=quagga", "7.7.7-quagga"),
        ("/metrics/?q=okapi", "okapi-sightings"),
    ):  # fmt: skip
        assert found in reader.get(address).content.decode(), address


# Keys


def test_corrections_without_a_key_are_each_written_the_last_one_holds(post):
    for value in (1, 2, 1):
        post("metrics", {"samples": [sample(value=value)]})
    assert Sample.objects.get().value == 1
    assert not ReceivedBatch.objects.exists()


def test_of_a_push_with_a_key_only_the_key_and_its_answer_are_kept(post):
    post("metrics", {"samples": [sample()], "key": "nightly"})
    kept = ReceivedBatch.objects.get()
    assert (kept.key, kept.answer, kept.body) == ("nightly", {"written": 1}, None)


def test_a_deployment_is_known_by_the_key_in_its_body_whatever_the_request_is_called(post, people):
    make_entity("cart", owner=people.team)
    body = {"key": "ci-1", "service": "cart", "version": "1"}
    first = post("deployments", body, **{"Idempotency-Key": "attempt-1"})
    assert post("deployments", body, **{"Idempotency-Key": "attempt-2"}) == first
    assert Deployment.objects.get().key == "ci-1"
    post("deployments", {"key": "ci-2", "service": "cart", "version": "2", "rollback_of": "ci-1"})
    assert Deployment.objects.get(key="ci-2").rollback_of.version == "1"


def test_a_deployment_without_a_key_of_its_own_is_refused_even_where_the_request_has_one(post, people):
    make_entity("cart", owner=people.team)
    body = {"service": "cart", "version": "1"}
    answer = post("deployments", body, expected=422, **{"Idempotency-Key": "attempt-1"})
    assert answer["fields"]["key"][0].startswith("A deployment needs a key of its own")


# Days


def test_days_over_which_the_worker_was_away_are_summed_when_it_is_back(clock):
    metric = Metric.objects.create(name="revenue", kind="flow")
    gauge = Metric.objects.create(name="nps")
    samples.sum_open_days()
    for day in range(1, 6):
        clock.move_to(NOON + day * DAY)
        samples.write([SampleRow(each.pk, NOON + day * DAY, day) for each in (metric, gauge)])
    clock.move_to(NOON + 30 * DAY)
    expected = [((NOON + day * DAY).date(), float(day)) for day in range(1, 6)]
    # Read before they are written ...
    assert samples.daily([gauge.pk], NOON.date(), NOON.date() + 30 * DAY)[gauge.pk] == expected
    assert MetricDay.objects.filter(metric=gauge).count() == 0
    # ... and after.
    samples.sum_open_days()
    assert list(MetricDay.objects.filter(metric=gauge).order_by("day").values_list("day", "last")) == expected
    assert samples.daily([metric.pk], NOON.date(), NOON.date() + 30 * DAY)[metric.pk] == expected


def test_reading_the_days_of_a_metric_writes_nothing():
    metric = Metric.objects.create(name="nps")
    samples.write([SampleRow(metric.pk, NOON - HOUR, 5)])
    assert samples.daily([metric.pk], NOON.date(), NOON.date())[metric.pk] == [(NOON.date(), 5.0)]
    assert not MetricDay.objects.exists()


# Several at once, on real connections


@pytest.mark.usefixtures("transactional_db")
def test_pushes_of_the_same_metrics_and_the_sums_of_their_days_do_not_block_each_other():
    metrics = [Metric.objects.create(name=f"m-{n}", kind=("flow", "gauge")[n % 2]).pk for n in range(40)]
    moments = [NOON - n * DAY for n in range(4)]
    rows = [SampleRow(metric, at, 1) for metric in metrics for at in moments]
    failed: list[Exception] = []
    ways = (lambda: samples.write(rows), lambda: samples.write(rows[::-1]), samples.sum_open_days)
    threads = [threading.Thread(target=_repeat, args=(way, failed)) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def _repeat(way, failed: list[Exception]) -> None:
    try:
        for _ in range(15):
            way()
    except Exception as problem:  # noqa: BLE001  told by the test
        failed.append(problem)
    finally:
        connection.close()


@pytest.mark.usefixtures("transactional_db")
def test_of_two_who_push_the_same_new_metrics_at_once_neither_is_refused_nor_loses_a_sample(api, people, monkeypatch):
    linger_after(monkeypatch, push, "new_record")
    clients = [api(people.service_account) for _ in range(2)]
    names = ("nps", "orders")
    batches = [
        [sample(metric=name, at=f"2026-11-21T1{hour}:00:00Z") for name in order]
        for hour, order in enumerate((names, names[::-1]))
    ]
    statuses = at_once(
        *(
            lambda client=client, batch=batch: client.post("/hooks/metrics/", {"samples": batch})
            for client, batch in zip(clients, batches, strict=True)
        )
    )
    assert statuses == [201, 201]
    assert (Metric.objects.count(), Sample.objects.count()) == (2, 4)


@pytest.mark.usefixtures("transactional_db")
def test_a_push_takes_a_metric_that_somebody_enters_by_hand_at_the_same_time(api, people, monkeypatch):
    subject, check = people.team.reference, push.new_record

    def slower_than_the_form(**options):
        record = check(**options)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_enter, subject).result()
        return record

    monkeypatch.setattr(push, "new_record", slower_than_the_form)
    answer = api(people.service_account).post("/hooks/metrics/", {"samples": [sample()]})
    assert (answer.status_code, answer.json()) == (201, {"written": 1})
    assert (Metric.objects.get().title, Sample.objects.get().value) == ("By hand", 42)


def _enter(subject) -> None:
    try:
        Metric.objects.create(name="nps", subject=subject, title="By hand")
    finally:
        connection.close()
