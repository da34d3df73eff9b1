"""Follow-ups in the browser: suggested in one line, committed to, verified; what each page says, and to whom."""

import datetime as dt
import html
import re

import pytest
import time_machine
from django.urls import reverse

from incidents.declaring import declare
from incidents.followups import actions
from incidents.models import FollowUp, Incident, Node, Tag

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail", "owner": people.team.reference})


def words(client, address: str, status: int = 200) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == status, response.content.decode()[:600]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def committed(people, incident, days: int, **values) -> FollowUp:
    made = actions.suggest(by=None, incident=incident, values={"title": "Alert on the pool", **values})
    due = NOON.date() + days * DAY
    with time_machine.travel(NOON - 300 * DAY):
        return actions.commit(by=None, follow_up=made, owner=people.team.reference, due_on=due)


def test_one_line_on_the_page_of_an_incident_is_an_idea(sign_in, people, incident):
    client = sign_in(people.stranger)
    sent = client.post("/incidents/INC-1/-/follow-ups/", {"title": "Alert on the pool"})
    assert sent.url == "/incidents/inc-1/#incidentsincident-follow-ups"
    page = words(client, "/incidents/INC-1/panels/incidentsincident-follow-ups/")
    assert "Alert on the pool Nobody has committed to it Idea" in page
    refused = client.post("/incidents/INC-1/-/follow-ups/", {"title": ""})
    assert (refused.status_code, FollowUp.objects.count()) == (422, 1)


def test_it_goes_from_an_idea_to_verified_with_what_shows_it(sign_in, people, incident):
    idea = actions.suggest(by=None, incident=incident, values={"title": "Alert on the pool"})
    client, address = sign_in(people.editor), f"/follow-ups/{idea.pk}/"
    form = client.get(f"{address}-/commit/").content.decode()
    assert 'value="checkout"' in form
    assert 'value="2026-12-22"' in form
    assert "Nobody has said how bad it was: 30 days" in form
    client.post(f"{address}-/commit/", {"owner": "checkout", "due_on": "2026-12-01", "version": 1})
    assert "Committed" in words(client, address)
    client.post(f"{address}-/done/", {"version": 2})
    refused = client.post(f"{address}-/verify/", {"evidence": "ok", "version": 3})
    assert "in 10 letters or more" in refused.content.decode()
    client.post(f"{address}-/verify/", {"evidence": "Drill of December", "version": 3})
    page = words(client, address)
    assert "Verified" in page
    assert "What shows that it works Drill of December" in page


def test_a_stale_form_moves_nothing(sign_in, people, incident):
    idea = actions.suggest(by=None, incident=incident, values={"title": "Alert on the pool"})
    client = sign_in(people.editor)
    reason = {"reason": "The gateway has this built in"}
    stale = client.post(f"/follow-ups/{idea.pk}/-/decline/", {**reason, "version": 7})
    assert (stale.status_code, FollowUp.objects.get().state) == (409, "idea")
    assert "changed it in the meantime" in stale.content.decode()


def test_only_its_team_and_who_runs_the_incident_move_it_on(sign_in, people, incident):
    idea = actions.suggest(by=None, incident=incident, values={"title": "Alert on the pool"})
    assert sign_in(people.stranger).get(f"/follow-ups/{idea.pk}/-/commit/").status_code == 403
    actions.commit(by=None, follow_up=idea, owner=people.other.reference, due_on=NOON.date())
    assert sign_in(people.reader).get(f"/follow-ups/{idea.pk}/-/done/").status_code == 200
    assert sign_in(people.editor).get(f"/follow-ups/{idea.pk}/-/burn/").status_code == 404


def test_late_work_is_said_of_the_work_everywhere(sign_in, people, incident):
    late = committed(people, incident, -3)
    committed(people, incident, 3)
    client = sign_in(people.editor)
    home = words(client, "/")
    assert "INC-1-1 Alert on the pool Checkout committed to it after INC-1" in home
    assert "3 days late" in home
    assert "due in 3 days" in home
    assert re.search(r"Follow-ups\s*1 late", home)
    assert "3 days late" in words(client, f"/follow-ups/{late.pk}/")
    assert "2, 1 late" in words(client, "/incidents/INC-1/panels/incidentsincident-follow-ups/")
    listed = client.get("/api/v1/follow-ups/?days_late.min=1").json()["items"]
    assert [(each["title"], each["days_late"], each["owner"]["name"]) for each in listed] == [
        ("Alert on the pool", 3, "Checkout")
    ]
    assert not re.search(r"Follow-ups\s*\d+ late", words(sign_in(people.stranger), "/"))


def test_the_archive_says_whether_it_would_have_helped_and_whether_it_did(sign_in, people, incident):
    factor = Node.objects.get(slug="cf-no-alert")
    for days in (12, 5, 1):
        with time_machine.travel(NOON - days * DAY):
            alike = declare(by=people.editor, values={"title": f"Orders stuck {days}"})
        Tag.objects.create(incident=alike, node=factor)
    done = committed(people, incident, 3, factor=factor)
    client, address = sign_in(people.stranger), f"/follow-ups/{done.pk}/"
    assert "No alert for this symptom came up in 3 other incidents" in words(client, address)
    with time_machine.travel(NOON - 8 * DAY):
        actions.finish(by=None, follow_up=done)
    page = words(client, address)
    assert "came up in 1 other incident in the 8 days before this was done, and in 2 in the 8 days since" in page
    assert "It still recurs" in page
    api = client.get("/follow-ups/?format=json&state=done").getvalue().decode()
    assert '"alike":3' in api.replace(" ", "")


def test_follow_ups_of_a_private_incident_are_not_there_for_who_is_not_let_in(sign_in, people):
    secret = declare(by=people.editor, values={"title": "Zanzibar keys"}, is_private=True)
    made = actions.suggest(by=None, incident=secret, values={"title": "Rotate zanzibar"})
    actions.commit(by=None, follow_up=made, owner=people.other.reference, due_on=NOON.date())
    assert "Rotate zanzibar" in words(sign_in(people.editor), f"/follow-ups/{made.pk}/")
    client = sign_in(people.reader)
    for address in ("/", "/follow-ups/", "/follow-ups/?format=csv", "/api/v1/follow-ups/", "/search/palette/?q=zanzi"):
        assert "anzibar" not in client.get(address).getvalue().decode(), address
    for address in (f"/follow-ups/{made.pk}/", reverse("follow-up-act", args=[made.pk, "done"])):
        assert client.get(address).status_code == 404, address
