"""Incidents on the graph: what lists, pages and metrics of services and teams say of them, and to whom."""

import html
import re

import pytest
import time_machine

from incidents.followups import actions as followups
from incidents.graph.derived import measure_follow_ups, measure_incidents
from incidents.models import Impact, Status
from services.health import providers
from services.health.models import Metric, MetricDay
from tests import factories
from tests.incidents.test_insights import DAY, MINUTE, NOON, happened

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

YESTERDAY = NOON.date() - DAY


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def cart(people):
    return factories.make_entity("cart", owner=people.team)


def hit(incident, entity, start: int = 0, end: int | None = 30) -> None:
    at = incident.declared_at
    Impact.objects.create(
        incident=incident, subject=entity.reference, started_at=at + start * MINUTE,
        ended_at=None if end is None else at + end * MINUTE,
    )  # fmt: skip


def words(client, address: str) -> str:
    """The words of a page, and of the panels that it loads once it is there."""
    response = client.get(address)
    assert response.status_code == 200, response.content.decode()[:500]
    shown = response.content.decode()
    for panel in re.findall(r'hx-get="([^"?]+/panels/[a-z-]+/)[^"]*" hx-trigger="load', shown):
        shown += client.get(panel).content.decode()
    text = html.unescape(re.sub(r"<[^>]+>", " ", shown)).replace("\u00a0", " ")
    return re.sub(r" (?=[.,:])", "", re.sub(r"\s+", " ", text))


def test_what_goes_on_stands_first_on_the_pages_of_service_and_team(sign_in, people, cart):
    now = happened(0, {}, owner=people.team.reference)
    hit(now, cart, end=None)
    over = happened(5, {}, owner=people.team.reference, status=Status.objects.get(slug="closed"))
    hit(over, cart)
    followups.suggest(by=None, incident=over, values={"title": "Alert"})
    client = sign_in(people.stranger)
    for address in ("/services/cart/", "/teams/checkout/"):
        page = words(client, address)
        assert page.index("Going on now INC-1 Broken 0") < page.index("Incidents 2 incidents in 26 weeks"), address
        assert "INC-2 Broken 5" in page, address
    assert "1 follow-up open" in words(client, "/services/cart/")
    listed = client.get("/api/v1/services/?open_incidents.min=1").json()["items"]
    assert [(each["name"], each["open_incidents"]) for each in listed] == [("cart", 1)]
    assert client.get("/api/v1/teams/?open_incidents=1").json()["items"][0]["name"] == "checkout"


def test_nobody_else_finds_a_private_incident_on_the_graph(sign_in, people, cart):
    secret = happened(0, {}, owner=people.team.reference, is_private=True, by=people.editor)
    hit(secret, cart, end=None)
    made = followups.suggest(by=None, incident=secret, values={"title": "Rotate"})
    followups.commit(by=None, follow_up=made, owner=people.team.reference, due_on=NOON.date())
    assert "Going on now PRIV-1" in words(sign_in(people.editor), "/services/cart/")
    client = sign_in(people.stranger)
    for address in ("/services/cart/", "/teams/checkout/"):
        page = words(client, address)
        assert "Going on now" not in page
        assert "No incident is known here." in page
    assert client.get("/api/v1/services/?open_incidents.min=1").json()["items"] == []
    assert client.get("/api/v1/teams/?late_follow_ups.min=1").json()["items"] == []
    days = [YESTERDAY, NOON.date()]
    assert list(measure_incidents(days)) == []
    assert list(measure_follow_ups(days)) == []


def test_minutes_of_a_day_are_those_in_which_anything_was_hit(people, cart):
    made = happened(2, {}, owner=people.team.reference)
    hit(made, cart, 0, 60)
    hit(made, factories.make_entity("search"), 30, 90)
    hit(happened(2, {}, kind="drill"), cart, 0, 600)
    days = [NOON.date() - each * DAY for each in (2, 1)]
    found = {(each.metric, each.subject_id, each.day): each.value for each in measure_incidents(days)}
    team = people.team.reference_id
    assert found["incident-minutes", cart.reference_id, days[0]] == 60
    assert found["incident-minutes", team, days[0]] == 90
    assert found["incident-minutes", None, days[0]] == 90
    assert found["incident-count", None, days[0]] == 1
    assert found["incident-count", team, days[1]] == 0


def test_an_incident_that_hit_nothing_counts_and_one_that_is_over_grows_no_longer(people, cart):
    nothing = happened(2, {}, owner=people.team.reference)
    hit(nothing, cart, 0, 60)
    Impact.objects.update(level="none")
    over = happened(2, {"mitigated": 20}, status=Status.objects.filter(category="closed").first())
    hit(over, cart, 0, None)
    days = [NOON.date() - each * DAY for each in (2, 1)]
    found = {(each.metric, each.subject_id, each.day): each.value for each in measure_incidents(days)}
    assert found["incident-count", people.team.reference_id, days[0]] == 1
    assert found["incident-count", None, days[0]] == 2
    assert [found["incident-minutes", cart.reference_id, day] for day in days] == [20, 0]


def test_open_and_late_work_is_that_of_the_end_of_each_day(people):
    made = happened(9, {})
    with time_machine.travel(NOON - 8 * DAY):
        idea = followups.suggest(by=None, incident=made, values={"title": "Alert"})
    type(idea).objects.filter(pk=idea.pk).update(created_at=NOON - 8 * DAY)
    with time_machine.travel(NOON - 6 * DAY):
        owner, due = people.team.reference, (NOON - 4 * DAY).date()
        idea = followups.commit(by=None, follow_up=idea, owner=owner, due_on=due)
    with time_machine.travel(NOON - 2 * DAY):
        followups.finish(by=None, follow_up=idea)
    days = [NOON.date() - each * DAY for each in range(9, 0, -1)]
    found = {(each.metric, each.day): each.value for each in measure_follow_ups(days) if each.subject_id is None}
    assert [found["follow-ups-open", day] for day in days] == [0, 1, 1, 1, 1, 1, 1, 0, 0]
    assert [found["follow-ups-late", day] for day in days] == [0, 0, 0, 0, 0, 0, 1, 0, 0]


def test_what_is_measured_of_incidents_becomes_metrics_of_services_teams_and_the_organisation(people, cart):
    hit(happened(2, {}, owner=people.team.reference), cart, 0, 60)
    providers.refresh()
    minutes = MetricDay.objects.filter(metric__name="incident-minutes", metric__subject=cart.reference)
    assert dict(minutes.values_list("day", "sum"))[NOON.date() - 2 * DAY] == 60
    problems = Metric.objects.filter(provider="incidents").values_list("state__problem", flat=True)
    assert set(problems) == {""}
