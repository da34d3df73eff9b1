"""A real Alertmanager sends its webhook to the portal: an alert becomes an incident, and its end ends nothing."""

import pytest

from incidents.models import AlertGroup, AlertMessage, AlertSource, Incident, TimelineEvent
from tests.factories import make_entity
from tests.incidents import real_alertmanager

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not real_alertmanager.binary(),
        reason="Needs a real Alertmanager: apt-get install prometheus-alertmanager.",
    ),
]
LABELS = {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"}


@pytest.mark.parametrize("in_header", [False, True])
def test_an_alert_of_a_real_alertmanager_becomes_an_incident_and_its_end_ends_nothing(live_server, tmp_path, in_header):
    service = make_entity("checkout")
    source = AlertSource.objects.create(name="Alertmanager", promotes="severity=critical")
    path = "" if in_header else f"{source.token}/"
    token = source.token if in_header else ""
    with real_alertmanager.running(tmp_path, f"{live_server.url}/hooks/alerts/{path}", token=token) as alertmanager:
        alertmanager.fire(LABELS, "Checkout answers 500")
        real_alertmanager.take_until(Incident.objects.exists)
        alertmanager.resolve(LABELS)
        real_alertmanager.take_until(lambda: AlertGroup.objects.filter(is_firing=False).exists())
    incident, group = Incident.objects.get(), AlertGroup.objects.get()
    assert (group.incident, group.subject, group.title) == (incident, service.reference, "Checkout answers 500")
    assert (incident.title, incident.status.category) == ("Checkout answers 500", "triage")
    assert [each.subject for each in incident.impacts.all()] == [service.reference]
    assert sorted(incident.times.values_list("point", flat=True)) == ["detected", "started"]
    events = TimelineEvent.objects.filter(incident=incident, kind="alert").order_by("happened_at", "pk")
    assert [each.text for each in events] == ["Checkout answers 500 fires.", "Checkout answers 500 is over."]
    assert set(AlertMessage.objects.values_list("state", flat=True)) == {"taken"}
