"""From an alert to an incident: by hand, by rule, and never the other way round."""

import json

import pytest
import time_machine

from incidents import lifecycle
from incidents.alerts import promotion, taking
from incidents.declaring import declare, first_status
from incidents.models import AlertGroup, AlertMessage, AlertSource, Incident, Severity, TimelineEvent
from tests.factories import make_entity
from tests.incidents.alertmanager import NOON, alert, message, minute
from tests.incidents.test_alert_hooks import words

pytestmark = pytest.mark.django_db

LATENCY = "HighLatency of checkout"


@pytest.fixture
def source() -> AlertSource:
    return AlertSource.objects.create(name="Alertmanager")


@pytest.fixture
def clock():
    """The time of the test, which a test moves on by itself."""
    with time_machine.travel(minute(1), tick=False) as traveller:
        yield traveller


@pytest.fixture
def by_rule(source) -> AlertSource:
    source.promotes, source.severity = "severity=critical|page", Severity.objects.get(slug="sev-2")
    source.save()
    return source


def send(source: AlertSource, *bodies: dict) -> None:
    for each in bodies:
        taking.store(source, json.dumps(each).encode())
    taking.take_waiting()


def told(incident: Incident) -> list[tuple[str, str]]:
    rows = TimelineEvent.objects.filter(incident=incident, kind="alert", superseded_by=None)
    return sorted((f"{each.happened_at:%H:%M}", each.text) for each in rows)


def resolve(incident: Incident, by) -> None:
    lifecycle.change_status(by=by, incident=incident, status=first_status("resolved"))


def test_an_incident_that_is_declared_from_an_alert_knows_what_the_alert_knows(source, clock, sign_in, people):
    service = make_entity("checkout", owner=people.team)
    send(source, message(alert(start=-5)))
    group = AlertGroup.objects.get()
    client = sign_in(people.reader)
    assert 'value="HighLatency of checkout"' in client.get(f"/alerts/{group.pk}/-/declare/").content.decode()
    sent = client.post(f"/alerts/{group.pk}/-/declare/", {"title": "Checkout is slow", "severity": ""})
    assert sent.url == "/incidents/inc-1/"
    incident = Incident.objects.get()
    assert [each.subject for each in incident.impacts.all()] == [service.reference]
    assert (incident.title, incident.owner, str(incident.declared_by)) == (
        "Checkout is slow", people.team.reference, "Reader",
    )  # fmt: skip
    source_text = "alert of Alertmanager: HighLatency of checkout"
    assert sorted(incident.times.values_list("point", "at", "source")) == [
        ("detected", minute(1), source_text), ("started", minute(-5), source_text),
    ]  # fmt: skip
    assert told(incident) == [("11:55", "HighLatency of checkout fires.")]
    assert [(each.node.slug, each.evidence.count()) for each in incident.tags.all()] == [("det-auto", 1)]


def test_a_rule_makes_one_incident_of_a_group_in_triage_and_others_stay_alerts(by_rule, clock):
    send(by_rule, message(alert(severity="warning"), key="other"))
    assert not Incident.objects.exists()
    for _ in range(3):
        send(by_rule, message(alert(severity="critical"), alert("Errors", severity="warning")))
    incident = Incident.objects.get()
    assert (str(incident.status), str(incident.severity), incident.declared_by) == ("Triage", "SEV-2", None)
    assert told(incident) == [("12:00", "Errors of checkout fires."), ("12:00", "HighLatency of checkout fires.")]


def test_the_end_of_an_alert_is_noted_and_ends_nothing(by_rule, clock, sign_in, people):
    send(by_rule, message(alert(severity="page")))
    clock.move_to(minute(20))
    send(by_rule, message(alert(severity="page", end=14)))
    incident = Incident.objects.get()
    assert incident.status.category == "triage"
    assert told(incident) == [
        ("12:00", "HighLatency of checkout fires."),
        ("12:14", "HighLatency of checkout is over."),
    ]
    assert not incident.times.filter(point__in=("mitigated", "resolved")).exists()
    client = sign_in(people.administrator)
    page = words(client.get("/incidents/inc-1/"))
    assert "Its alert is over. Whether it is mitigated, people say." in page
    assert "Mitigated at 12:14" in page
    client.post("/incidents/inc-1/-/mitigated/", {"key": "alerts"})
    incident.refresh_from_db()
    assert (incident.status.category, incident.times.get(point="mitigated").at) == ("mitigated", minute(14))
    assert "Mitigated at 12:14" not in words(client.get("/incidents/inc-1/"))


def test_what_stands_in_a_timeline_as_firing_is_told_to_be_over_even_from_before_the_incident(source, clock, people):
    clock.move_to(minute(40))
    incident = declare(by=people.editor, values={"title": "Slow"}, services=[make_entity("checkout").reference])
    send(source, message(alert()))
    send(source, message(alert(end=10)))
    assert told(incident) == [
        ("12:00", "HighLatency of checkout fires."),
        ("12:10", "HighLatency of checkout is over."),
    ]


def test_what_went_on_firing_does_not_contradict_whoever_resolved_the_incident(by_rule, clock, people):
    send(by_rule, message(alert(severity="page")))
    clock.move_to(minute(30))
    resolve(Incident.objects.get(), people.administrator)
    clock.move_to(minute(40))
    send(by_rule, message(alert(severity="page")), message(alert(severity="page"), alert("Late", severity="page")))
    assert Incident.objects.count() == 1


def test_what_fires_again_after_its_incident_is_over_makes_a_new_one_by_rule_and_both_say_so(by_rule, clock, people):
    send(by_rule, message(alert(severity="page")), message(alert(severity="page", end=5)))
    clock.move_to(minute(30))
    first = Incident.objects.get()
    resolve(first, people.administrator)
    clock.move_to(minute(60))
    send(by_rule, message(alert(severity="page", start=59)))
    second = Incident.objects.latest("pk")
    assert second != first
    assert told(second) == [
        ("12:59", "HighLatency of checkout fires."),
        ("13:00", "It fires again: INC-1 HighLatency of checkout was for the same alert and is over."),
    ]
    assert told(first)[-1] == ("13:00", "The alert fires again: see INC-2 HighLatency of checkout.")


def test_without_a_rule_it_says_on_its_page_that_it_fires_again(source, clock, sign_in, people):
    send(source, message(alert(end=5)))
    group, client = AlertGroup.objects.get(), sign_in(people.editor)
    client.post(f"/alerts/{group.pk}/-/declare/", {"title": "Slow"})
    resolve(Incident.objects.get(), people.editor)
    clock.move_to(minute(60))
    send(source, message(alert(start=59)))
    assert Incident.objects.count() == 1
    assert "It fires again, and INC-1 Slow is over. Declare a new incident" in words(client.get(f"/alerts/{group.pk}/"))


def test_an_alert_follows_the_incident_that_its_own_was_merged_into(by_rule, clock, people):
    send(by_rule, message(alert(severity="page")))
    other = declare(by=people.editor, values={"title": "The same"})
    lifecycle.merge(by=people.editor, incident=Incident.objects.get(name="INC-1"), into=other)
    clock.move_to(minute(9))
    send(by_rule, message(alert(severity="page", end=8)))
    assert Incident.objects.count() == 2
    assert told(other)[-1] == ("12:08", "HighLatency of checkout is over.")


def test_an_alert_is_put_to_an_incident_and_taken_away_again(source, clock, sign_in, people):
    send(source, message(alert(), alert("Errors", zone="b")))
    incident, group = declare(by=people.editor, values={"title": "Slow"}), AlertGroup.objects.get()
    client, address = sign_in(people.stranger), f"/alerts/{group.pk}/-/belongs/"
    refused = client.post(address, {"incident": "INC-77"})
    assert (refused.status_code, "There is no incident “INC-77”" in words(refused)) == (422, True)
    assert client.post(address, {"incident": "inc-1"}).url == "/incidents/inc-1/"
    assert told(incident) == [
        ("12:00", "Errors of checkout (zone b) fires."), ("12:00", "HighLatency of checkout fires."),
        ("12:01", "The alert “HighLatency of checkout” was put to this incident."),
    ]  # fmt: skip
    client.post(f"/alerts/{group.pk}/-/belongs-not/")
    group.refresh_from_db()
    assert group.incident is None
    assert len(told(incident)) == 4


def test_an_alert_that_people_took_away_makes_no_incident_again_until_it_fires_anew(by_rule, clock, sign_in, people):
    send(by_rule, message(alert(severity="page")))
    group = AlertGroup.objects.get()
    sign_in(people.stranger).post(f"/alerts/{group.pk}/-/belongs-not/")
    clock.move_to(minute(9))
    send(by_rule, message(alert(severity="page")))
    assert list(Incident.objects.values_list("name", flat=True)) == ["INC-1"]
    clock.move_to(minute(20))
    send(by_rule, message(alert(severity="page", end=10)), message(alert(severity="page", start=15)))
    assert list(Incident.objects.order_by("pk").values_list("name", flat=True)) == ["INC-1", "INC-2"]


def test_an_alert_of_a_private_incident_stands_in_no_other_incident_of_its_service(source, clock, people):
    service = make_entity("checkout")
    before = declare(by=people.editor, values={"title": "Slow"}, services=[service.reference])
    send(source, message(alert("Zanzibar"), key="secret"))
    promotion.declare_from(
        by=people.editor, group=AlertGroup.objects.get(), values={"title": "Keys leaked"}, is_private=True
    )
    after = declare(by=people.editor, values={"title": "Slower"}, services=[service.reference])
    clock.move_to(minute(9))
    send(source, message(alert("Zanzibar", end=8), alert("Zanzibar", start=7, zone="b"), key="secret"))
    # What everybody saw before it was private, they saw.
    assert told(before) == [("12:00", "Zanzibar of checkout fires.")]
    assert told(after) == []
    secret = Incident.objects.get(is_private=True)
    assert [text for _, text in told(secret)][-2:] == [
        "Zanzibar of checkout (zone b) fires.", "Zanzibar of checkout is over.",
    ]  # fmt: skip


def test_an_alert_of_a_private_incident_is_gone_for_others(source, clock, sign_in, people):
    send(source, message(alert("Zanzibar", severity="page")))
    group = AlertGroup.objects.get()
    sent = {"title": "Zanzibar", "is_private": "on"}
    assert sign_in(people.editor).post(f"/alerts/{group.pk}/-/declare/", sent).url == "/incidents/priv-1/"
    lists = {"/alerts/", "/api/v1/alerts/", "/search/?q=zanzibar"}
    for who, status in ((people.editor, 200), (people.stranger, 404), (people.administrator, 404)):
        client = sign_in(who)
        assert client.get(f"/alerts/{group.pk}/").status_code == status
        for address in (*lists, "/", f"/alert-sources/{source.pk}/", f"/alert-sources/{source.pk}/history/"):
            is_shown = "Zanzibar of checkout" in words(client.get(address)).replace("Zanzibar  of", "Zanzibar of")
            assert is_shown is (status == 200 and address in lists), address
    assert sign_in(people.stranger).get(f"/alerts/{group.pk}/-/belongs/").status_code == 404


def test_what_fires_again_after_a_private_incident_stays_private(by_rule, clock, people):
    send(by_rule, message(alert(severity="page")), message(alert(severity="page", end=5)))
    group = AlertGroup.objects.get()
    private = declare(by=people.editor, values={"title": "Keys"}, is_private=True)
    AlertGroup.objects.update(incident=private)
    clock.move_to(minute(30))
    resolve(private, people.editor)
    clock.move_to(minute(60))
    send(by_rule, message(alert(severity="page", start=59)))
    group.refresh_from_db()
    assert (group.incident.name, group.incident.is_private) == ("PRIV-2", True)
    assert [str(each.who) for each in group.incident.access.all()] == [str(people.editor.person.reference)]


def test_what_follows_may_fail_and_the_alert_is_taken_all_the_same(by_rule, clock):
    from incidents.models import Status

    Status.objects.filter(category__in=("triage", "active")).update(is_active=False)
    send(by_rule, message(alert(severity="page")))
    kept = AlertMessage.objects.get()
    assert (kept.state, "There is no status of the category Active" in kept.problem) == ("taken", True)
    assert AlertGroup.objects.get().first_at == kept.received_at >= NOON


def test_what_the_timeline_says_of_an_alert_leads_to_it_without_its_address_in_words(by_rule, clock, sign_in, people):
    send(by_rule, message(alert(severity="critical")))
    page = sign_in(people.reader).get("/incidents/inc-1/")
    address = f"/alerts/{AlertGroup.objects.get().pk}/"
    assert f'<a href="{address}">details</a>' in page.content.decode()
    assert address not in words(page)
