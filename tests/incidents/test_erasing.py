"""Somebody who left and asks to be forgotten is forgotten in incidents too."""

import pytest

from incidents import lifecycle, timeline
from incidents.declaring import declare
from incidents.models import IncidentRole
from tests.portal.test_erasing import _erase, _tables_that_say, leaver  # noqa: F401  the leaver is a fixture

pytestmark = pytest.mark.django_db


def test_what_the_portal_noted_of_somebody_who_left_forgets_the_name(people, leaver):  # noqa: F811
    incident = declare(by=leaver, values={"title": "Gates stay shut"})
    lead = IncidentRole.objects.get(slug="lead")
    for person in (leaver.person, people.editor.person):
        person.refresh_from_db()
        lifecycle.give_role(by=people.editor, incident=incident, role=lead, person=person.reference)
    said = timeline.note(by=people.editor, incident=incident, text="Asked the night shift")
    _erase(people)
    assert [table for table in _tables_that_say("varga") if table.startswith("incidents_")] == []
    assert list(incident.timeline.filter(kind="role").order_by("pk").values_list("text", flat=True)) == [
        "Lead: Somebody who left takes it.", "Lead: Editor takes it over from Somebody who left.",
    ]  # fmt: skip
    assert incident.times.get(point="acknowledged").source == "Somebody who left took the lead"
    said.refresh_from_db()
    assert said.text == "Asked the night shift"
