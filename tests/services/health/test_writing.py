"""Writing records of health: which check or metric is meant, what is refused, all of it at once, and what a deletion
takes."""

import datetime as dt
import re

import pytest
import time_machine
from django.http import QueryDict

from services.health import actions
from services.health.models import Check, Limit, MaintenanceWindow, Metric, Slo
from tests.factories import make_entity
from tests.services.health.limits import make_metric
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders(people):
    return make_entity("orders-api", owner=people.team)


@pytest.fixture
def health(orders, cart) -> Check:
    """A check of orders-api that is called as one of cart is."""
    make_check("Health", entity=cart)
    return make_check("Health", entity=orders)


WEEKLY = {"weekday": "sunday", "start_time": dt.time(7, 30), "minutes": 60, "zone": "Asia/Tokyo"}


def promise(**values) -> dict[str, str]:
    return {"name": "orders-answer", "kind": "availability", "target": "99.9", "window_days": "28", **values}


def refused(response) -> str:
    assert response.status_code == 422
    text = re.sub(r"<[^>]+>", "", response.content.decode())
    return " ".join(text.replace("&#x27;", "'").split())


def values_of(response) -> list[str]:
    return [each["value"] for each in response.json()["items"]]


# Which check or metric is meant


def test_the_check_of_an_slo_is_typed_as_its_service_and_its_name(sign_in, people, orders, health):
    client = sign_in(people.administrator)
    page = client.get("/slos/-/new/").content.decode()
    assert 'data-labels="checks"' in page
    assert "Health</option>" not in page
    made = client.post("/slos/-/new/", promise(entity="orders-api", source_check="orders-api: health"))
    assert made.status_code == 302
    slo = Slo.objects.get()
    assert slo.source_check == health
    assert 'value="orders-api: Health"' in client.get(f"/slos/{slo.pk}/edit/").content.decode()


def test_the_metrics_of_a_limit_are_typed_with_their_environment(sign_in, people, orders):
    metric = make_metric(orders, environment="production")
    make_metric(orders, environment="staging")
    client = sign_in(people.administrator)
    asked = {"name": "Full", "ceiling": "100", "lead_days": "30", "lead_p90_days": "60", "margin_days": "14"}
    made = client.post("/limits/-/new/", {**asked, "metric": "orders-api: connections (production)"})
    assert made.status_code == 302
    assert Limit.objects.get().metric == metric


def test_checks_and_metrics_are_suggested_by_any_of_their_words(sign_in, people, orders, health):
    make_metric(orders, environment="production")
    client, address = sign_in(people.reader), "/search/references/"
    assert values_of(client.get(address, {"of": "checks", "q": ""})) == ["cart: Health", "orders-api: Health"]
    assert values_of(client.get(address, {"of": "checks", "q": "heal ord"})) == ["orders-api: Health"]
    assert values_of(client.get(address, {"of": "metrics", "q": "conn"})) == ["orders-api: connections (production)"]
    assert client.get(address, {"of": "services"}).status_code == 404


def test_an_slo_is_offered_its_own_entitys_checks_and_metrics_of_good_of_total_only(sign_in, people, orders, health):
    make_metric(orders)
    make_metric(orders, "orders-good", kind="ratio")
    client, address = sign_in(people.administrator), "/search/references/"
    fields = client.get("/slos/-/new/").context["form"].fields
    filters = {name: fields[name].widget.attrs["data-filters"] for name in ("source_check", "metric")}
    asked = QueryDict(filters["source_check"].format(entity="orders-api")).dict()
    assert values_of(client.get(address, {"of": "checks", "q": "heal", **asked})) == ["orders-api: Health"]
    asked = QueryDict(filters["metric"]).dict()
    assert values_of(client.get(address, {"of": "metrics", "q": "", **asked})) == ["orders-api: orders-good"]
    everything = QueryDict(filters["source_check"].format(entity="")).dict()
    assert len(values_of(client.get(address, {"of": "checks", "q": "", **everything}))) == 2
    assert client.get(address, {"of": "checks", "q": "", "zebra": "1"}).status_code == 400


def test_a_check_that_is_not_there_is_refused_with_what_is_near(sign_in, people, orders, health):
    client = sign_in(people.administrator)
    for text, near in (("ordes-api: Health", "“orders-api: Health”"), ("orders", "“orders-api: Health”")):
        told = refused(client.post("/slos/-/new/", promise(entity="orders-api", source_check=text)))
        assert f"There is no check “{text}”. Did you mean {near}" in told
    assert not Slo.objects.exists()


def test_of_two_metrics_that_are_called_the_same_each_has_its_number(sign_in, people, orders):
    east, west = (make_metric(orders, labels={"region": region}) for region in ("east", "west"))
    client = sign_in(people.administrator)
    asked = {"name": "Full", "ceiling": "100", "lead_days": "30", "lead_p90_days": "60", "margin_days": "14"}
    told = refused(client.post("/limits/-/new/", {**asked, "metric": "orders-api: connections"}))
    numbered = [f"orders-api: connections #{each.pk}" for each in (east, west)]
    assert f"is more than one metric. Write which: “{numbered[0]}”, “{numbered[1]}”." in told
    assert values_of(client.get("/search/references/", {"of": "metrics", "q": "orders"})) == numbered
    assert client.post("/limits/-/new/", {**asked, "metric": numbered[1]}).status_code == 302
    assert Limit.objects.get().metric == west


# What an SLO is measured by


def test_an_slo_is_not_measured_by_the_check_of_another_service(sign_in, people, orders, health):
    client = sign_in(people.administrator)
    told = refused(client.post("/slos/-/new/", promise(entity="orders-api", source_check="cart: Health")))
    assert "Check: “Health” is a check of cart. Choose one of the SLO's own entity." in told
    assert not Slo.objects.exists()


def test_good_of_total_is_not_measured_by_a_level(api, people, orders):
    level = make_metric(orders)
    client = api(people.administrator)
    asked = {"entity": "orders-api", "name": "orders-good", "kind": "ratio", "metric": level.pk}
    answer = client.post("/api/v1/slos/", asked, format="json")
    assert answer.status_code == 422
    assert answer.json()["fields"]["metric"] == [
        "“connections” is of the kind level. An SLO of good of total needs a metric of good of total."
    ]


def test_an_slo_keeps_its_check_when_it_is_moved_by_nobody(api, people, orders, cart, health):
    slo = actions.create_slo(by=None, values={"entity": orders, "name": "orders-answer", "source_check": health})
    client = api(people.administrator)
    answer = client.patch(f"/api/v1/slos/{slo.pk}/", {"entity": "cart"}, format="json", headers={"If-Match": "*"})
    assert answer.status_code == 422
    assert answer.json()["fields"]["source_check"][0].startswith("“Health” is a check of orders-api.")


@pytest.mark.parametrize(
    ("kind", "missing"),
    [("availability", {"source_check"}), ("latency", {"source_check", "threshold_ms"}), ("ratio", {"metric"})],
)
def test_an_slo_says_at_the_field_what_its_kind_is_measured_by(sign_in, people, orders, kind, missing):
    client = sign_in(people.administrator)
    response = client.post("/slos/-/new/", promise(entity="orders-api", kind=kind))
    assert set(response.context["form"].errors) == missing
    told = refused(response)
    assert ("Check: Choose a check of the entity" in told) is ("source_check" in missing)
    assert ("Fast up to: Say up to how many milliseconds" in told) is ("threshold_ms" in missing)
    assert ("Metric: Choose a metric of good of total" in told) is ("metric" in missing)


# Shares


def test_a_share_is_not_typed_as_percent(sign_in, people, orders):
    ratio = make_metric(orders, "orders-good", kind="ratio")
    client = sign_in(people.administrator)
    asked = {"name": "Bad", "metric": "orders-api: orders-good", "lead_days": "3", "lead_p90_days": "6"}
    limit = {**asked, "margin_days": "1", "ceiling": "99"}
    told = refused(client.post("/limits/-/new/", limit))
    assert "Ceiling: “orders-good” is good of total, a share from 0 to 1. Write 0.99 for 99 %, not 99." in told
    assert client.post("/limits/-/new/", {**limit, "ceiling": "0.99"}).status_code == 302
    page = client.get(f"/metrics/{ratio.pk}/edit/")
    sent = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
    told = refused(client.post(f"/metrics/{ratio.pk}/edit/", {**sent, "baseline": "98"}))
    assert "Baseline: “orders-good” is good of total, a share from 0 to 1. Write 0.99 for 99 %, not 98." in told
    assert client.post(f"/metrics/{ratio.pk}/edit/", {**sent, "baseline": "0.98"}).status_code == 302
    assert "such as 0.99 for 99 %" in page.content.decode()
    assert "such as 0.99 for 99 %" in client.get("/limits/-/new/").content.decode()


def test_a_ceiling_that_is_no_share_stays_what_it_is(sign_in, people, orders):
    make_metric(orders)
    sent = {"name": "Full", "metric": "orders-api: connections", "ceiling": "500", "margin_days": "1"}
    made = sign_in(people.administrator).post("/limits/-/new/", {**sent, "lead_days": "3", "lead_p90_days": "6"})
    assert made.status_code == 302
    assert Limit.objects.get().ceiling == 500


# What a metric is about


def test_the_subject_of_a_metric_is_a_service_a_team_or_another_entity_by_its_plain_name(sign_in, api, people, orders):
    make_entity("orders-db", kind="resource", type="database")
    client = sign_in(people.administrator)
    sent = {"name": "errors", "kind": "gauge", "every_s": "300", "tolerance": "10"}
    for named, about in (
        ("orders-api", "component:default/orders-api"),
        ("checkout", "group:default/checkout"),
        ("orders-db", "resource:default/orders-db"),
    ):
        assert client.post("/metrics/-/new/", {**sent, "subject": named}).status_code == 302
        metric = Metric.objects.get(subject__canonical=about)
        page = client.get(f"/metrics/{metric.pk}/edit/").context["form"]
        again = {name: page[name].value() or "" for name in page.fields} | {"unit": "s"}
        assert client.post(f"/metrics/{metric.pk}/edit/", again).status_code == 302
    asked = {"name": "latency", "subject": "orders-api"}
    answer = api(people.administrator).post("/api/v1/metrics/", asked, format="json")
    assert answer.status_code == 201
    told = refused(client.post("/metrics/-/new/", {**sent, "subject": "ordes-api"}))
    assert "There is no team, person, service, API, resource, system or domain “ordes-api”. Did you mean" in told


# Names that are taken, addresses that are none


def test_a_name_that_another_limit_has_is_refused_in_words(sign_in, people, orders):
    make_metric(orders)
    client = sign_in(people.administrator)
    sent = {"name": "Full", "metric": "orders-api: connections", "ceiling": "5", "margin_days": "1"}
    sent |= {"lead_days": "3", "lead_p90_days": "6"}
    assert client.post("/limits/-/new/", sent).status_code == 302
    assert "Name: This is taken already. Choose another one." in refused(client.post("/limits/-/new/", sent))


def test_an_address_that_breaks_off_is_refused_with_how_to_write_one(api, people, orders):
    sent = {"entity": "orders-api", "name": "Page", "address": "http://[::1"}
    told = api(people.administrator).post("/api/v1/checks/", sent, format="json").json()["fields"]["address"][0]
    assert told.startswith("“http://[::1” is no web address. Write it as https://shop.example.com/health, or https://[")


# The API takes names


def test_the_api_takes_an_entity_by_its_name_its_reference_and_its_number(api, people, orders):
    client = api(people.administrator)
    for n, named in enumerate(("orders-api", "component:default/orders-api", orders.pk)):
        asked = {"entity": named, "name": f"Page {n}", "address": "https://shop.example.com/"}
        assert client.post("/api/v1/checks/", asked, format="json").status_code == 201
    assert Check.objects.filter(entity=orders).count() == 3
    window = {"entity": "orders-api", "reason": "Backup", "weekday": "sunday", "start_time": "07:30", "minutes": 60}
    assert client.post("/api/v1/maintenance/", window, format="json").status_code == 201
    assert MaintenanceWindow.objects.get().entity == orders


def test_the_api_says_which_entity_is_not_there(api, people, orders):
    client, asked = api(people.administrator), {"name": "Page", "address": "https://shop.example.com/"}
    for named, told in (
        ("ordes-api", "Did you mean orders-api?"),
        (10**6, "There is none of the number 1000000."),
        (True, "Expected a"),
    ):  # fmt: skip
        answer = client.post("/api/v1/checks/", {**asked, "entity": named}, format="json")
        assert answer.status_code == 422
        assert told in answer.json()["fields"]["entity"][0]


# All that is wrong is said at once


def test_everything_wrong_with_a_check_is_said_at_once(sign_in, people, orders):
    client = sign_in(people.administrator)
    sent = {
        "entity": "orders-api", "name": "Page", "kind": "http", "method": "GET", "address": "https://shop.example.com/",
        "environment": "production", "expected_status": "abc", "failures_needed": "5", "of_last": "2",
        "timeout_ms": "-1", "interval_s": "1", "grace_s": "300",
    }  # fmt: skip
    told = refused(client.post("/checks/-/new/", sent))
    for each in (
        "A check cannot need more failures than it looks at.", "“abc” is no status.",
        "Time-out: Take 0 or more.",
        "Every: Take 10 or more.",
    ):  # fmt: skip
        assert each in told
    assert "4 things to mend" in told


def test_the_form_of_a_check_says_what_its_numbers_are(sign_in, people):
    page = sign_in(people.administrator).get("/checks/-/new/").content.decode()
    assert "Milliseconds after which no answer is a failure" in page
    assert "How many of the last answers are looked at" in page
    assert "The status changes when so many of the last answers say so" in page


# What a deletion takes


def test_what_rests_on_a_check_is_named_before_it_is_deleted(sign_in, people, orders, health):
    actions.create_slo(by=None, values={"entity": orders, "name": "orders-answer", "source_check": health})
    client = sign_in(people.administrator)
    page = client.get(f"/checks/{health.pk}/delete/").content.decode()
    assert "Health is needed by the SLO “orders-answer”." in page
    assert "Delete Health</button>" not in page
    Slo.objects.all().delete()
    assert "Delete Health</button>" in client.get(f"/checks/{health.pk}/delete/").content.decode()


def test_what_goes_and_stays_is_said_in_words_of_the_record(sign_in, people, orders, health):
    client = sign_in(people.administrator)
    page = client.get(f"/checks/{health.pk}/delete/").content.decode()
    assert "its timeline and its days" in page
    assert "its answers, until their days are cleared away" in page
    assert "what it says it depends on" not in page
    actions.create_window(by=None, values={"entity": orders, "reason": "Backup", **WEEKLY})
    for name in ("Front page", "Search", "Checkout"):
        make_check(name, entity=orders)
    page = client.get("/services/orders-api/delete/").content.decode()
    assert "what it says it depends on" in page
    assert f"4 checks with all that belongs to them: {health}, Front page, Search, 1 more" in page
    assert "1 maintenance window with all that belongs to it: Backup" in page
    assert "SLO" not in page.partition("What goes")[2].partition("What stays")[0]


# When maintenance is


@time_machine.travel(dt.datetime(2026, 11, 21, 21, tzinfo=dt.UTC))
def test_a_weekly_maintenance_tells_its_hours_and_when_it_is_next(sign_in, people, orders):
    window = actions.create_window(by=None, values={"entity": orders, "reason": "Backup", **WEEKLY})
    client = sign_in(people.reader)
    for address in ("/maintenance/", f"/maintenance/{window.pk}/", "/services/orders-api/health/"):
        page = client.get(address).content.decode()
        assert "Every Sunday 07:30 to 08:30, Asia/Tokyo" in page, address
        assert "next: Sat 21 Nov 2026, 22:30 UTC" in page, address
    with time_machine.travel(dt.datetime(2026, 11, 21, 22, 45, tzinfo=dt.UTC)):
        page = client.get(f"/maintenance/{window.pk}/").content.decode()
    assert "running until Sat 21 Nov 2026, 23:30 UTC" in page


@time_machine.travel(dt.datetime(2026, 11, 21, 21, tzinfo=dt.UTC))
def test_a_single_maintenance_tells_its_hours_and_when_it_is_over(sign_in, people, orders):
    starts = dt.datetime(2026, 11, 23, 22, tzinfo=dt.UTC)
    times = {"starts_at": starts, "ends_at": starts + dt.timedelta(minutes=90)}
    window = actions.create_window(by=None, values={"entity": orders, "reason": "Move", **times})
    client = sign_in(people.reader)
    page = client.get("/maintenance/").content.decode()
    assert "Mon 23 Nov 2026, 22:00 to 23:30 UTC" in page
    assert "next: Mon 23 Nov 2026, 22:00 UTC" in page
    with time_machine.travel(starts + dt.timedelta(days=1)):
        assert "over</" in client.get(f"/maintenance/{window.pk}/").content.decode()


def test_the_hours_of_weekly_maintenance_are_in_files_and_the_api(api, people, orders):
    actions.create_window(by=None, values={"entity": orders, "reason": "Backup", **WEEKLY})
    item = api(people.reader).get("/api/v1/maintenance/").json()["items"][0]
    assert (item["when"], item["weekday"], item["time"], item["zone"]) == ("weekly", "sunday", "07:30", "Asia/Tokyo")


def test_the_form_of_a_maintenance_says_in_which_zone_its_hours_are_read(sign_in, people):
    page = sign_in(people.administrator).get("/maintenance/-/new/").content.decode()
    assert "on the clocks of your own time zone: your browser’s, unless your profile names one." in page
    assert "Of a weekly one: its weekday and hour are those of this zone. It says nothing of a single one." in page
