"""Initiatives: how they move on, what they rest on, and who may."""

import datetime as dt
import html

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.declaring import declare
from incidents.followups.actions import suggest as suggest_follow_up
from portal.actions import Conflict
from portal.tenure import organisation_today
from roadmap.initiatives import actions, finding, specification
from roadmap.initiatives.success import share_of
from roadmap.models import Initiative, InitiativeState, Link, Status, Way
from roadmap.okr.actions import close_cycle
from roadmap.okr.collections import OBJECTIVES
from roadmap.worth.evidence import found_for
from services.actions import create_entity
from services.health.models import Metric, MetricState
from tests import factories
from tests.roadmap.compliance_makers import make_control, make_framework
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.okr_makers import make_key_result, make_objective
from tests.services.health.limits import make_limit

pytestmark = pytest.mark.django_db


def test_it_goes_its_way_and_says_when(people):
    made = make_initiative("Shard orders")
    made = actions.move(by=None, initiative=made, status=Status.IN_PROGRESS)
    assert made.started_on == organisation_today()
    made = actions.move(by=None, initiative=made, status=Status.DONE)
    assert (made.delivered_on, made.done_percent) == (organisation_today(), 100)
    with pytest.raises(ValidationError, match="From there it can be: in progress"):
        actions.move(by=None, initiative=made, status=Status.IDEA)
    made = actions.move(by=None, initiative=made, status=Status.IN_PROGRESS)
    assert made.delivered_on is None
    with pytest.raises(ValidationError, match="why it is paused"):
        actions.move(by=None, initiative=made, status=Status.PAUSED, reason="  no  ")
    made = actions.move(by=None, initiative=made, status=Status.PAUSED, reason="The vendor is late")
    assert made.status_reason == "The vendor is late"


@time_machine.travel(dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC), tick=False)
def test_what_was_delivered_last_week_is_said_on_monday(people, sign_in):
    made = make_initiative("Shard orders", team=people.team.reference)
    client, page = sign_in(people.editor), "/initiatives/rm-1/-/status/"

    def send(status, started_on="", delivered_on=""):
        made.refresh_from_db()
        sent = {"status": status, "started_on": started_on, "delivered_on": delivered_on, "version": made.version}
        answer = html.unescape(client.post(page, sent).content.decode())
        made.refresh_from_db()
        return answer

    assert "What is in progress has no day of delivery" in send("in_progress", delivered_on="2026-11-20")
    assert "24 Nov 2026 is still to come" in send("in_progress", "2026-11-24")
    send("in_progress", "2026-11-21")
    assert (made.status, made.started_on) == ("in_progress", dt.date(2026, 11, 21))
    assert 'value="2026-11-21"' in client.get(f"{page}?to=delivered").content.decode()
    early = "Work began on 21 Nov 2026, after 20 Nov 2026. Correct one of the two."
    assert early in send("delivered", delivered_on="2026-11-20")
    assert "24 Nov 2026 is still to come" in send("delivered", delivered_on="2026-11-24")
    assert made.status == "in_progress"
    send("delivered", "2026-10-05", "2026-11-20")
    assert (made.started_on, made.delivered_on) == (dt.date(2026, 10, 5), dt.date(2026, 11, 20))
    send("in_progress")
    send("delivered")
    assert (made.started_on, made.delivered_on) == (dt.date(2026, 10, 5), dt.date(2026, 11, 23))


@time_machine.travel(dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC), tick=False)
def test_the_api_says_the_day_of_delivery(people, api):
    make_initiative("Shard orders", team=people.team.reference, status=Status.IN_PROGRESS)
    client, address = api(people.editor), "/api/v1/initiatives/rm-1/-/status/"
    ahead = client.post(address, {"status": "delivered", "delivered_on": "2026-11-24"}, format="json")
    assert (ahead.status_code, "still to come" in ahead.json()["error"]) == (422, True)
    said = client.post(address, {"status": "delivered", "delivered_on": "2026-11-20"}, format="json")
    assert said.status_code == 200
    made = Initiative.objects.get()
    assert (made.started_on, made.delivered_on) == (dt.date(2026, 11, 20), dt.date(2026, 11, 20))


def test_the_page_moves_it_and_a_stale_form_says_what_stands_now(people, sign_in):
    made = make_initiative("Shard orders", team=people.team.reference)
    client, page = sign_in(people.editor), "/initiatives/rm-1/-/status/"
    shown = client.get(f"{page}?to=in_progress").content.decode()
    assert 'value="in_progress" selected' in shown
    refused = client.post(page, {"status": "dropped", "reason": "", "version": made.version})
    assert refused.status_code == 422
    assert "letters or more why it is dropped" in refused.content.decode()
    stale = client.post(page, {"status": "planned", "reason": "Mine", "version": 0})
    assert stale.status_code == 409
    assert "Mine" in stale.content.decode()
    made.refresh_from_db()
    assert made.status == Status.IDEA
    again = client.post(page, {"status": "planned", "version": made.version})
    assert again.url == "/initiatives/rm-1/"
    assert client.get(f"{page}?to=nowhere").status_code == 400
    assert sign_in(people.reader).post(page, {"status": "planned", "version": made.version}).status_code == 403


def test_what_is_delivered_asks_for_no_next_step_and_can_be_taken_up_again(people, sign_in):
    make_initiative("Shard orders", team=people.team.reference, status=Status.IN_PROGRESS)
    make_initiative("Move the cache", team=people.team.reference, status=Status.DONE, delivered_on=organisation_today())
    client = sign_in(people.editor)
    running, delivered = (client.get(f"/initiatives/rm-{number}/").content.decode() for number in (1, 2))
    assert ("Deliver it" in running, "Take it up again" in running) == (True, False)
    assert ("Start it" in delivered, "Take it up again" in delivered) == (False, True)


def test_links_of_every_kind_are_found_by_their_words_and_unknown_ones_are_named(people, sign_in):
    made = make_initiative("Shard orders")
    service = factories.make_entity("orders-db", kind="resource", owner=people.team)
    client = sign_in(people.product_manager)
    page = "/initiatives/rm-1/-/links/"
    assert client.post(page, {"kind": "service", "thing": "orders-db", "note": "its tables"}).status_code == 302
    twice = client.post(page, {"kind": "service", "thing": "orders-db"})
    assert "is linked to" in twice.content.decode()
    for kind, thing in (("incident", "INC-999"), ("limit", "Disk"), ("control", "CC9"), ("key_result", "p95"),
                        ("follow_up", "INC-1-1"), ("factor", "Zebras")):  # fmt: skip
        refused = client.post(page, {"kind": kind, "thing": thing})
        assert refused.status_code == 422
        assert f"There is no {finding.KINDS[kind][0].lower()} “{thing}”" in refused.content.decode()
    shown = client.get("/initiatives/rm-1/").content.decode()
    assert "its tables" in shown
    link = Link.objects.get(initiative=made)
    assert link.service == service.reference
    assert client.post(f"{page}{link.pk}/remove/").status_code == 302
    assert not Link.objects.exists()


def test_things_of_every_kind_are_suggested_as_the_form_takes_them(people, sign_in):
    made = make_initiative("Shard orders")
    database = factories.make_entity("orders-db", kind="resource", owner=people.team)
    incident = declare(by=None, values={"title": "Orders stand still"})
    declare(by=people.editor, values={"title": "Orders leak"}, is_private=True)
    suggest_follow_up(by=None, incident=incident, values={"title": "Alert on orders"})
    make_limit([1, 2], ceiling=9, entity=database, name="Connections of orders-db")
    make_control(identifier="CC6.1", title="Orders are locked")
    make_key_result("Orders in 200 ms")
    client = sign_in(people.product_manager)
    wanted = {
        "service": "resource:default/orders-db", "incident": incident.name, "follow_up": f"{incident.name}-1",
        "limit": "Connections of orders-db", "control": "CC6.1", "key_result": "Orders in 200 ms",
    }  # fmt: skip
    for kind, value in wanted.items():
        found = client.get("/initiatives/-/things/", {"kind": kind, "q": "orders"}).json()["items"]
        assert [each["value"] for each in found] == [value], kind
        actions.link(by=None, initiative=made, kind=kind, thing=finding.find_thing(people.reader, kind, value))
    factor = client.get("/initiatives/-/things/", {"kind": "factor", "q": "no alert"}).json()["items"][0]["value"]
    assert finding.find_thing(people.reader, "factor", factor)
    make_control(make_framework("other"), "CC6.1", title="Orders again")
    alike = client.get("/initiatives/-/things/", {"kind": "control", "q": "orders"}).json()["items"]
    assert {finding.find_thing(people.reader, "control", each["value"]).title for each in alike} == {
        "Orders are locked", "Orders again",
    }  # fmt: skip
    wrong = client.get("/initiatives/-/things/", {"kind": "zebra"})
    assert (wrong.status_code, "There is no kind “zebra”" in wrong.content.decode()) == (400, True)
    form = client.get("/initiatives/rm-1/-/links/").content.decode()
    assert 'data-suggestions="/initiatives/-/things/" data-filters="kind={kind}"' in form


def test_what_depends_on_its_services_is_counted_and_shown(people, sign_in):
    made = make_initiative("Shard orders")
    database = factories.make_entity("orders-db", kind="resource")
    api, shop = (
        factories.make_entity("orders-api", owner=people.team),
        factories.make_entity("shop", owner=people.other),
    )
    factories.depend(api, database)
    factories.depend(shop, api)
    actions.link(by=None, initiative=made, kind="service", thing=database.reference)
    state = InitiativeState.objects.get(initiative=made)
    assert (state.reached, state.reached_teams) == (2, 2)
    panel = sign_in(people.stranger).get("/initiatives/rm-1/panels/roadmapinitiative-downstream-impact/")
    said = panel.content.decode()
    assert said.index("orders-api") < said.index("shop")


def test_teams_are_counted_apart_from_people_and_from_names_nobody_described(people, sign_in):
    made = make_initiative("Shard orders")
    database = factories.make_entity("orders-db", kind="resource")
    factories.depend(factories.make_entity("orders-api", owner=people.team), database)
    factories.depend(factories.make_entity("orders-job", owner=factories.make_person("ada")), database)
    forgotten = factories.make_reference("group:default/forgotten")
    values = {"name": "orders-old", "type": "service", "lifecycle": "production", "owner": forgotten}
    factories.depend(create_entity(by=None, values=values, kind="component"), database)
    actions.link(by=None, initiative=made, kind="service", thing=database.reference)
    state = InitiativeState.objects.get(initiative=made)
    assert (state.reached, state.reached_teams) == (3, 1)
    panel = sign_in(people.stranger).get("/initiatives/rm-1/panels/roadmapinitiative-downstream-impact/")
    said = panel.content.decode()
    assert "3 parts of the catalog, 1 team, 1 person and 1 undescribed name to tell" in said
    reach = found_for(Initiative.objects.get())["reach"]
    assert reach.source == "3 parts of the catalog and 1 team depend on what it changes"


def test_a_criterion_shows_the_live_value_on_its_way(people, sign_in):
    made = make_initiative("Faster", team=people.team.reference)
    metric = Metric.objects.create(name="p95", unit="ms")
    MetricState.objects.create(metric=metric, value=912, at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    client, page = sign_in(people.editor), "/initiatives/rm-1/-/criteria/new/"
    same = client.post(
        page, {"title": "Fast", "metric": "organisation: p95", "way": "decrease", "baseline": 9, "target": 9}
    )
    assert same.status_code == 422
    sent = {"title": "Fast", "metric": "organisation: p95", "way": "decrease", "baseline": 1330, "target": 800}
    assert client.post(page, sent).status_code == 302
    shown = client.get("/initiatives/rm-1/").content.decode()
    assert "79\u00a0% of the way" in shown
    criterion = made.criteria.get()
    stale = client.post(f"/initiatives/rm-1/-/criteria/{criterion.pk}/", {**sent, "title": "Faster", "version": 0})
    assert stale.status_code == 409
    assert "Fast" in stale.content.decode()
    unmetered = client.post(page, {"title": "Fast", "way": "decrease", "target": 9})
    assert "Name the metric" in unmetered.content.decode()
    assert share_of(Way.STAY_BELOW, None, 200, 190) == 1
    assert share_of(Way.INCREASE, 10, 20, 25) == 1.5


def test_a_criterion_that_goes_the_other_way_is_refused_in_the_words_of_a_key_result(people, sign_in, api):
    made = make_initiative("Faster", team=people.team.reference)
    metric = Metric.objects.create(name="orders", unit="orders")
    client, page = sign_in(people.editor), "/initiatives/rm-1/-/criteria/new/"
    sent = {"title": "More orders", "metric": "organisation: orders", "way": "increase", "baseline": 10, "target": 5}
    refused = client.post(page, sent)
    told = "From 10 to 5 is no increase. Choose the other kind, or exchange the two values."
    assert (refused.status_code, told in refused.content.decode()) == (422, True)
    by_api = api(people.editor).post(
        "/api/v1/initiatives/rm-1/-/criteria/", {**sent, "metric": metric.pk}, format="json"
    )
    assert (by_api.status_code, told in by_api.json()["error"]) == (422, True)
    assert client.post(page, {**sent, "way": "decrease"}).status_code == 302
    criterion = made.criteria.get()
    changed = client.post(f"/initiatives/rm-1/-/criteria/{criterion.pk}/", {**sent, "version": criterion.version})
    assert (changed.status_code, told in changed.content.decode()) == (422, True)


def test_updates_are_appended_and_the_newest_is_what_lists_show(people, api):
    make_initiative("Shard orders", team=people.team.reference)
    client, address = api(people.editor), "/api/v1/initiatives/rm-1/-/updates/"
    for course, text in (("on_track", "Begun"), ("at_risk", "The copy takes long")):
        assert client.post(address, {"course": course, "text": text}, format="json").status_code == 201
    assert [each["text"] for each in client.get(address).json()["items"]] == ["The copy takes long", "Begun"]
    assert InitiativeState.objects.get().course == "at_risk"
    assert client.post(address, {"course": "fine", "text": "x"}, format="json").status_code == 422
    assert api(people.reader).post(address, {"course": "on_track", "text": "x"}, format="json").status_code == 403


def test_the_api_moves_and_links_and_unlinks(people, api):
    made = make_initiative("Shard orders", team=people.team.reference)
    factories.make_entity("orders-api")
    client = api(people.editor)
    moved = client.post("/api/v1/initiatives/rm-1/-/status/", {"status": "planned"}, format="json")
    assert moved.json()["status"] == "planned"
    stale = client.post(
        "/api/v1/initiatives/rm-1/-/status/", {"status": "in_progress"}, format="json", headers={"If-Match": '"0"'}
    )
    assert stale.status_code == 412
    links = "/api/v1/initiatives/rm-1/-/links/"
    unknown = client.post(links, {"kind": "service", "thing": "orders-apy"}, format="json")
    assert unknown.status_code == 422
    assert "orders-api" in unknown.json()["error"]
    linked = client.post(links, {"kind": "service", "thing": "orders-api"}, format="json").json()
    assert client.get(links).json()["items"] == [linked]
    assert client.delete(f"{links}{linked['id']}/").status_code == 204
    assert not made.links.exists()


def test_the_api_adds_changes_and_takes_out_criteria_of_whoever_may(people, api):
    made = make_initiative("Shard orders", team=people.team.reference)
    metric = Metric.objects.create(name="latency", unit="ms")
    MetricState.objects.create(metric=metric, value=250)
    client, address = api(people.editor), "/api/v1/initiatives/rm-1/-/criteria/"
    sent = {"title": "Fast", "metric": metric.pk, "way": "decrease", "baseline": 300, "target": 200}
    added = client.post(address, sent, format="json")
    assert (added.status_code, added.json()["progress"]) == (201, 0.5)
    assert client.get(address).json()["items"] == [added.json()]
    one, tag = f"{address}{added.json()['id']}/", {"If-Match": added["ETag"]}
    assert client.patch(one, {"target": 100}, format="json").status_code == 428
    changed = client.patch(one, {"target": 100}, format="json", headers=tag)
    assert (changed.status_code, changed.json()["progress"], changed.json()["title"]) == (200, 0.25, "Fast")
    assert client.delete(one, headers=tag).status_code == 412
    for wrong, told in (
        ({"target": 300}, "the two differ"), ({"metric": 999}, "999"), ({"metric": None}, "Name the metric"),
        ({"way": "sideways"}, "sideways"), ({"progress": 1}, "progress: cannot be written"),
        ({"colour": "red"}, "colour: cannot be written"),
    ):  # fmt: skip
        refused = client.patch(one, wrong, format="json", headers={"If-Match": "*"})
        assert (refused.status_code, told in refused.json()["error"]) == (422, True), refused.json()
    reader = api(people.reader)
    assert reader.get(address).status_code == 200
    assert reader.post(address, sent, format="json").status_code == 403
    assert reader.delete(one, headers={"If-Match": "*"}).status_code == 403
    other = make_initiative("Another", team=people.team.reference)
    elsewhere = client.delete(one.replace("rm-1", other.name.lower()), headers={"If-Match": "*"})
    assert elsewhere.json()["error"] == f"RM-2 has no success criterion {added.json()['id']}."
    assert client.delete(one, headers={"If-Match": changed["ETag"]}).status_code == 204
    assert not made.criteria.exists()


def test_the_api_says_objections_and_answers_them(people, api):
    made = make_initiative("Shard orders", team=people.team.reference)
    client, address = api(people.editor), "/api/v1/initiatives/rm-1/-/objections/"
    assert client.post(address, {"text": " "}, format="json").status_code == 422
    added = client.post(address, {"text": "It is dear"}, format="json")
    assert (added.status_code, added.json()["answer"]) == (201, "")
    one = f"{address}{added.json()['id']}/"
    answered = client.patch(one, {"answer": "So is an outage"}, format="json", headers={"If-Match": added["ETag"]})
    assert answered.json()["answer"] == made.objections.get().answer == "So is an outage"
    stale = client.patch(one, {"answer": "No"}, format="json", headers={"If-Match": added["ETag"]})
    assert stale.status_code == 412
    hidden = make_initiative("Leave the supplier", by=people.administrator, is_private=True)
    assert client.get(f"/api/v1/initiatives/{hidden.name.lower()}/-/objections/").status_code == 404


def test_people_of_a_hundredfold_initiative_do_nothing_else(people):
    plain, first, second = (
        make_initiative("A"),
        make_initiative("B", is_hundredfold=True),
        make_initiative("C", is_hundredfold=True),
    )
    person = factories.make_person("ada").reference
    with pytest.raises(ValidationError, match="not marked 100×"):
        actions.dedicate(by=None, initiative=plain, person=person)
    held = actions.dedicate(by=None, initiative=first, person=person)
    with pytest.raises(ValidationError, match="dedicated to RM-2, which goes on"):
        actions.dedicate(by=None, initiative=second, person=person)
    actions.release(by=None, dedicated=held)
    actions.dedicate(by=None, initiative=second, person=person)


def test_a_private_one_is_made_on_the_page_and_never_left_without_anybody(people, sign_in):
    client = sign_in(people.product_manager)
    made = client.post("/initiatives/-/new/", {
        "title": "Leave the supplier", "category": "cost", "horizon": "later", "done_percent": "0",
        "is_private": "on", "let_in": "editor",
    })  # fmt: skip
    assert made.url == "/initiatives/rmp-1/", made.content.decode()[:2000]
    initiative = Initiative.objects.get()
    assert initiative.access.count() == 2
    assert sign_in(people.administrator).get(made.url).status_code == 404
    client = sign_in(people.editor)
    boss = people.product_manager.person.reference
    assert client.get(made.url).status_code == 200
    with pytest.raises(ValidationError, match="not private"):
        actions.let_in(by=None, initiative=make_initiative("Open"), who=[boss])
    actions.take_out(by=None, initiative=initiative, who=boss)
    with pytest.raises(ValidationError, match="Then nobody would see"):
        actions.take_out(by=None, initiative=initiative, who=people.editor.person.reference)


def test_a_stale_move_is_refused_whole(people):
    made = make_initiative("A")
    with pytest.raises(Conflict):
        actions.move(by=None, initiative=made, status=Status.PLANNED, version=made.version + 1)


def test_one_is_begun_from_a_service_and_linked_to_it(people, sign_in):
    factories.make_entity("orders-api")
    client = sign_in(people.product_manager)
    address = "/initiatives/-/new/?kind=service&thing=orders-api"
    assert "orders-api" in client.get(address).content.decode()
    sent = {"title": "Shard", "category": "scaling", "horizon": "now", "done_percent": "0"}
    client.post(address, sent)
    assert Link.objects.get().initiative.title == "Shard"
    assert client.get("/initiatives/-/new/?kind=service&thing=nothing").status_code == 400
    factories.make_entity("shop")
    assert client.post("/initiatives/-/link/?kind=service&thing=shop", {"initiative": "RM-1"}).status_code == 302
    refused = client.post("/initiatives/-/link/?kind=service&thing=shop", {"initiative": "RM-9"})
    assert "is no initiative" in refused.content.decode()


def test_a_summary_sums_all_that_go_on_and_not_only_those_that_stand_in_it(people, sign_in, monkeypatch):
    monkeypatch.setattr(specification, "MOST_IN_SUMMARY", 2)
    for number in range(4):
        make_initiative(f"Shard {number}", effort_days=10.5, team=people.team.reference)
    make_initiative("Over", effort_days=100, status="delivered", team=people.team.reference)
    make_initiative("Secret", effort_days=1000, is_private=True, by=people.editor)
    make_initiative("Of nobody", effort_days=1000)
    said = sign_in(people.stranger).get("/initiatives/-/summary.md?team=checkout").content.decode()
    told = "5 initiatives. Those that are not over take 42 days of people. The first 2 stand here: narrow the list."
    assert told in said


def test_days_are_those_of_the_organisation_wherever_the_reader_is(people, sign_in, settings):
    """In Auckland it is the 12th already, in UTC and in Honolulu still the 11th."""
    settings.TIME_ZONE = "Pacific/Auckland"
    people.editor.time_zone = "Pacific/Honolulu"
    people.editor.save()
    with time_machine.travel(dt.datetime(2026, 11, 11, 20, tzinfo=dt.UTC), tick=False):
        made = make_initiative("Shard orders", status=Status.IN_PROGRESS, owner=people.editor.person.reference)
        actions.add_update(by=people.editor, initiative=made, course="on_track", text="Half of it moved.")
        cycle = make_cycle("2026 Q3", dt.date(2026, 7, 1), 90)
        objective = make_objective(cycle=cycle)
        close_cycle(by=None, cycle=cycle)
    with time_machine.travel(dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC), tick=False):
        client = sign_in(people.editor)
        assert "**12 Nov 2026, On track**" in client.get("/initiatives/rm-1/-/specification.md").content.decode()
        assert "no update for 10 days" in client.get("/").content.decode()
        page = client.get(OBJECTIVES.url_of(objective)).content.decode()
        assert "closed 12 Nov 2026" in page
        assert "2026 Q3 was closed on 12 Nov 2026" in page
        with pytest.raises(ValidationError, match="is closed since 12 Nov 2026"):
            close_cycle(by=None, cycle=cycle)


def test_files_say_what_the_reader_may_see(people, sign_in):
    made = make_initiative("Shard | orders", problem="It *hurts*.\n\n# Badly", for_executives="Sales go on.")
    make_initiative("Secret plan", is_private=True, by=people.editor)
    actions.add_part(
        by=None, initiative=made, part="objections", values={"text": "Too dear", "answer": "Less than an outage."}
    )
    client = sign_in(people.stranger)
    text = client.get("/initiatives/rm-1/-/specification.md").content.decode()
    assert text.startswith("# RM-1 Shard \\| orders")
    assert "### Badly" in text
    assert "Less than an outage." in text
    assert client.get("/initiatives/rm-1/-/specification/").status_code == 200
    summary = client.get("/initiatives/-/summary.md?q=shard").content.decode()
    assert "Sales go on." in summary
    assert "Secret" not in client.get("/initiatives/-/summary.md").content.decode()
    assert client.get("/initiatives/-/summary.md?colour=red").status_code == 400
    asked = client.post("/initiatives/-/summary/")
    assert client.get(asked.url).status_code == 200


def test_its_page_asks_the_database_as_often_however_many_incidents_it_is_linked_to(sign_in, people):
    made, client = make_initiative("Shard orders"), sign_in(people.reader)

    def asked(number: int) -> int:
        for n in range(number):
            incident = declare(by=people.editor, values={"title": f"Orders are slow, {n} of {number}"})
            actions.link(by=None, initiative=made, kind="incident", thing=incident)
        client.get("/initiatives/rm-1/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/initiatives/rm-1/").status_code == 200
        return len(queries)

    assert asked(1) == asked(3)
