"""What the portal notes by itself: deployments, rollbacks, health and its own SLOs, in the incidents that name the
service; and a rollback that is offered as the mitigation."""

import datetime as dt
import json

import pytest
import time_machine
from rest_framework.test import APIClient
from structlog.testing import capture_logs

from incidents import impacts, timeline
from incidents.alerts import taking
from incidents.alerts.promotion import declare_from
from incidents.declaring import declare
from incidents.models import AlertGroup, AlertMessage, AlertSource, Incident, IncidentTime, TimelineEvent
from incidents.times.saying import set_times
from portal.events import emit
from services.health import deployments, service_health, slo_alerts
from services.health.events import SloAlertsOpened
from services.health.models import CheckState, Slo, SloAlert
from tests import factories
from tests.incidents.alertmanager import NOON, minute
from tests.incidents.test_alert_hooks import words
from tests.services.health.results import make_check

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def checkout(people):
    return factories.make_entity("checkout", owner=people.team)


@pytest.fixture
def incident(people, checkout) -> Incident:
    return declare(by=people.editor, values={"title": "Slow"}, services=[checkout.reference])


@pytest.fixture
def deploy(people):
    """Reports a deployment of checkout as a pipeline does, through the hook."""
    client = APIClient(headers={"Authorization": f"Bearer {factories.token_for(people.service_account)}"})

    def report(key: str, at: dt.datetime, **more: object) -> int:
        body = {"key": key, "service": "checkout", "version": key, "finished_at": at.isoformat(), **more}
        answer = client.post("/hooks/deployments/", json.dumps(body), content_type="application/json")
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()["deployment"]

    return report


def told(incident: Incident, *kinds: str) -> list[tuple[str, str]]:
    rows = TimelineEvent.objects.filter(incident=incident, kind__in=kinds, superseded_by=None, withdrawn=False)
    return sorted((f"{each.happened_at:%H:%M}", each.text) for each in rows)


def test_a_service_that_is_named_later_brings_its_deployments_along(deploy, checkout, people):
    incident = declare(by=people.editor, values={"title": "Slow"})
    deploy("1.1", minute(-20))
    assert told(incident, "deployment") == []
    impacts.begin(by=people.editor, incident=incident, subject=checkout.reference, values={"level": "down"})
    assert told(incident, "deployment") == [("11:40", "Deployed checkout 1.1.")]


def test_deployments_shortly_before_and_during_an_incident_stand_in_its_timeline(deploy, checkout, people, at_noon):
    deploy("1.0", minute(-200))
    deploy("1.1", minute(-20))
    deploy("1.2-test", minute(-10), environment="staging")
    incident = declare(by=people.editor, values={"title": "Slow"}, services=[checkout.reference])
    elsewhere = declare(by=people.editor, values={"title": "Other"})
    at_noon.move_to(minute(30))
    deploy("1.2", minute(10), result="failed")
    for _ in range(2):
        deploy("1.0-again", minute(20), rollback_of="1.1")
    assert told(incident, "deployment", "rollback") == [
        ("11:40", "Deployed checkout 1.1."), ("12:10", "The deployment of checkout 1.2 failed."),
        ("12:20", "Rolled back checkout from 1.1 to 1.0-again."),
    ]  # fmt: skip
    assert told(elsewhere, "deployment", "rollback") == []
    event = TimelineEvent.objects.get(incident=incident, kind="rollback")
    assert (event.source, event.about, event.link.startswith("/deployments/")) == (
        "Deployments", checkout.reference, True,
    )  # fmt: skip


def test_of_what_is_over_only_deployments_of_its_time_are_noted(deploy, checkout, people):
    deploy("of-today", NOON - dt.timedelta(minutes=30))
    day = dt.timedelta(days=1)
    for number in (29, 10):
        deploy(f"{number}-days-ago", NOON - number * day)
    values = {"title": "Slow last month", "kind": "retrospective"}
    past = declare(by=people.editor, values=values, services=[checkout.reference])
    assert told(past, "deployment") == []
    set_times(by=people.editor, incident=past, times={"started": NOON - 29 * day, "resolved": NOON - 28 * day})
    assert [text for _, text in told(past, "deployment")] == ["Deployed checkout 29-days-ago."]


def test_what_turns_out_to_have_begun_earlier_brings_what_was_deployed_before(deploy, checkout, people):
    hour = dt.timedelta(hours=1)
    deploy("of-the-morning", NOON - 4 * hour)
    slow = declare(by=people.editor, values={"title": "Slow"}, services=[checkout.reference])
    assert told(slow, "deployment") == []
    set_times(by=people.editor, incident=slow, times={"started": NOON - 3 * hour})
    assert told(slow, "deployment") == [("08:00", "Deployed checkout of-the-morning.")]


def test_a_deployment_that_was_reported_wrongly_is_withdrawn(deploy, incident):
    made = deploy("1.1", NOON)
    deployments.delete_deployment(by=None, record=deployments.Deployment.objects.get(pk=made))
    assert told(incident, "deployment") == []
    assert TimelineEvent.objects.filter(incident=incident, kind="deployment", text="Deployed checkout 1.1.").exists()


def test_a_handler_that_fails_does_not_keep_a_deployment_from_being_recorded(deploy, incident, monkeypatch):
    def fails(*args, **kwargs):
        TimelineEvent.objects.create(incident=incident, happened_at=NOON, text="half")
        raise RuntimeError("oops")

    monkeypatch.setattr(timeline, "note_each_once", fails)
    with capture_logs() as logged:
        made = deploy("1.1", NOON)
    assert deployments.Deployment.objects.get().pk == made
    assert not TimelineEvent.objects.filter(text="half").exists()
    assert [each["handler"] for each in logged if each["log_level"] == "error"] == [
        "incidents.automatic.note_deployment"
    ]


def test_how_health_changes_is_noted_while_the_incident_is_open(people, checkout, at_noon):
    check = make_check(entity=checkout)

    def becomes(status: str, at: float) -> None:
        at_noon.move_to(minute(at))
        CheckState.objects.filter(of=check).update(status=status, last_at=minute(at), reason="answered 503")
        service_health.refresh([checkout.pk])

    becomes("up", -60)
    becomes("down", -5)
    at_noon.move_to(NOON)
    incident = declare(by=people.editor, values={"title": "Slow"}, services=[checkout.reference])
    becomes("up", 12)
    assert [(at, text.partition(":")[0]) for at, text in told(incident, "health")] == [
        ("11:55", "checkout is failing"), ("12:12", "checkout is healthy, after failing"),
    ]  # fmt: skip


def test_a_rollback_is_offered_as_the_mitigation_and_one_button_says_so(deploy, incident, sign_in, people, at_noon):
    deploy("1.1", minute(-20))
    at_noon.move_to(minute(40))
    made = deploy("1.0", minute(32), rollback_of="1.1", automatic=True)
    page = words(sign_in(people.editor).get("/incidents/inc-1/"))
    assert "checkout from 1.1 to 1.0 was rolled back while this goes on." in page
    assert "Mitigated by this at 12:32" in page
    assert "Mitigated by this" not in words(sign_in(people.stranger).get("/incidents/inc-1/"))
    sign_in(people.editor).post("/incidents/inc-1/-/mitigated/", {"key": f"deployment:{made}"})
    incident.refresh_from_db()
    mitigated = incident.times.get(point="mitigated")
    assert (incident.status.category, mitigated.at, mitigated.source) == (
        "mitigated", minute(32), "rollback of checkout from 1.1 to 1.0",
    )  # fmt: skip
    tag = incident.tags.get(node__facet="mitigation")
    assert (tag.node.slug, tag.mode, [each.kind for each in tag.evidence.all()]) == (
        "mit-rollback-auto", "automatic", ["rollback"],
    )  # fmt: skip
    again = sign_in(people.editor).post("/incidents/inc-1/-/mitigated/", {"key": f"deployment:{made}"}, follow=True)
    assert "Somebody said so already." in words(again)
    assert "Mitigated by this" not in words(again)


@pytest.mark.parametrize(("said", "mode"), [({"automatic": False}, "one_click"), ({}, "")])
def test_how_a_rollback_came_about_is_classified_only_where_it_was_said(
    deploy, incident, sign_in, people, said, mode, at_noon
):
    deploy("1.1", minute(-20))
    at_noon.move_to(minute(40))
    made = deploy("1.0", minute(32), rollback_of="1.1", **said)
    sign_in(people.editor).post("/incidents/inc-1/-/mitigated/", {"key": f"deployment:{made}"})
    assert incident.tags.get(node__facet="mitigation").mode == mode


def test_a_time_that_somebody_said_is_not_replaced_by_an_offer(deploy, incident, sign_in, people, at_noon):
    deploy("1.1", minute(-20))
    at_noon.move_to(minute(40))
    made = deploy("1.0", minute(32), rollback_of="1.1")
    IncidentTime.objects.create(incident=incident, point="mitigated", at=minute(30), source="a person")
    sign_in(people.editor).post("/incidents/inc-1/-/mitigated/", {"key": f"deployment:{made}"})
    assert incident.times.get(point="mitigated").source == "a person"


@pytest.fixture
def slo(checkout) -> Slo:
    return Slo.objects.create(entity=checkout, name="Fast", source_check=make_check(entity=checkout), target="99")


def burn(slo: Slo) -> None:
    values = {"severity": "page", "text": "2 % went in 1 h", "long_minutes": 60, "factor": 14.4, "burn": 20}
    emit(SloAlertsOpened([SloAlert.objects.create(slo=slo, started_at=NOON, **values)]))


def test_a_budget_that_burns_is_an_alert_of_its_service_until_it_does_no_longer(slo, checkout, incident, at_noon):
    burn(slo)
    assert AlertMessage.objects.get().state == "waiting"
    taking.take_waiting()
    group = AlertGroup.objects.get()
    assert (group.title, group.subject, group.is_firing) == (
        "checkout: the error budget of Fast burns", checkout.reference, True,
    )  # fmt: skip
    at_noon.move_to(minute(9))
    slo_alerts.end(slo)
    taking.take_waiting()
    group.refresh_from_db()
    assert not group.is_firing
    assert told(incident, "alert") == [
        ("12:00", "checkout: the error budget of Fast burns (window 1 h) fires."),
        ("12:09", "checkout: the error budget of Fast burns (window 1 h) is over."),
    ]  # fmt: skip


def test_by_the_rule_of_their_source_budgets_that_page_become_incidents(slo):
    AlertSource.objects.filter(kind="portal").update(promotes="severity=page")
    burn(slo)
    taking.take_waiting()
    made = Incident.objects.get()
    assert (made.title, made.tags.get().node.slug) == ("checkout: the error budget of Fast burns", "det-slo")


def test_without_their_source_own_slos_are_no_alerts(slo):
    AlertSource.objects.filter(kind="portal").update(is_active=False)
    burn(slo)
    assert not AlertMessage.objects.exists()


def test_an_incident_that_names_a_service_is_told_what_fires_there_already(slo, people, checkout):
    burn(slo)
    taking.take_waiting()
    made = declare(by=people.editor, values={"title": "Slow"}, services=[checkout.reference])
    assert [at for at, _ in told(made, "alert")] == ["12:00"]
    declare_from(by=people.editor, group=AlertGroup.objects.get(), values={})
    assert AlertGroup.objects.get().incident == Incident.objects.latest("pk")
