"""Private initiatives leave no trace for others: neither their words nor their numbers. Every page, list, count, file,
search, suggestion, panel, history and API is walked by readers who are not let in, and finds none of them."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.urls import reverse

from incidents.declaring import declare
from incidents.followups.actions import suggest
from incidents.models import FollowUp, Incident, Node
from portal.collections import collections
from portal.delivery.models import Notification, OutboxMessage
from portal.panels import registered_panels
from portal.people.models import Person, Role, Team, User
from roadmap.initiatives import actions, reminders
from roadmap.making import edit
from roadmap.models import Criterion, Initiative, InitiativeState, Link, Status, TradeOff
from services.health.models import Limit
from services.models import Entity
from tests.factories import make_entity, token_for
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.urls import ROADMAP_URLS
from tests.services.health.limits import make_limit
from tests.test_every_url import _address, full_table, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(people) -> dict[str, Any]:
    """What the arguments of the table stand for."""
    return make_world(people)


WORD = "zanzibar"
TRACES = re.compile(r"zanzibar|rmp-\d", re.IGNORECASE)
OUTSIDERS = ("anonymous", "stranger", "reader", "product_manager", "service_account")


@pytest.fixture
def secret(people, world) -> Initiative:
    """A private initiative about things that everybody sees, with the word in every field that there is."""
    by = people.editor
    words = {name: f"{name} {WORD}" for name in ("title", "problem", "scope_in", "scope_out", "goal", "for_executives")}
    made = make_initiative(
        **words, by=by, is_private=True, is_hundredfold=True, ends_likely=dt.date(2026, 1, 31), cost=4711,
        owner=by.person.reference,
    )  # fmt: skip
    made = actions.move(by=by, initiative=made, status=Status.IN_PROGRESS, reason=f"Reason {WORD}")
    Initiative.objects.filter(pk=made.pk).update(started_on=dt.date(2026, 1, 1))
    _fill(people, made)
    reminders.remind()
    return Initiative.objects.get(pk=made.pk)


def _fill(people: Any, made: Initiative) -> None:
    by = people.editor
    till = make_entity("till", owner=people.team)
    limit = make_limit([1, 2], ceiling=9, entity=till, name="Disk of till")
    incident = declare(by=by, values={"title": "Tills are slow"}, services=[till.reference])
    factor = Node.objects.get(slug="cf-no-alert")
    idea = suggest(by=by, incident=incident, values={"title": "Alert sooner", "factor": factor})
    for kind, thing in (("service", till.reference), ("limit", limit), ("incident", incident), ("factor", factor),
                        ("follow_up", idea)):  # fmt: skip
        actions.link(by=by, initiative=made, kind=kind, thing=thing, note=f"Note {WORD}")
    actions.add_part(by=by, initiative=made, part="criteria", values={"title": f"Criterion {WORD}"})
    actions.add_part(by=by, initiative=made, part="objections", values={"text": f"Objection {WORD}"})
    actions.add_update(by=by, initiative=made, course="at_risk", text=f"Update {WORD}")
    old = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    InitiativeState.objects.filter(initiative=made).update(updated_at=old)
    actions.dedicate(by=by, initiative=made, person=by.person.reference)
    TradeOff.objects.create(
        shipped="Gift cards", deferred=f"Deferred {WORD}", team=people.team.reference, principal_days=3,
        due_cycle=make_cycle("Walked", dt.date(2031, 1, 1)), initiative=made,
    )  # fmt: skip


def test_whoever_is_let_in_sees_all_of_it(secret, people, sign_in):
    client, page = sign_in(people.editor), f"/initiatives/{secret.name.lower()}/"
    said = _said(client.get(page))
    for word in ("title", "problem", "scope_in", "goal", "Criterion", "Objection", "Update", "Note"):
        assert f"{word} {WORD}" in said, word
    assert f"problem {WORD}" in _said(client.get(f"{page}-/specification.md"))
    assert f"title {WORD}" in _said(client.get("/initiatives/"))
    assert f"title {WORD}" in _said(client.get(f"/search/?q={WORD}"))
    assert f"title {WORD}" in _said(client.get("/"))
    assert f"title {WORD}" in _said(client.get("/services/till/panels/servicesentity-initiatives/"))


def test_only_who_is_let_in_is_told_and_in_the_inbox_alone(secret, people):
    told = Notification.objects.filter(kind__startswith="initiative-")
    assert set(told.values_list("user", flat=True)) == {people.editor.pk}
    assert told.count() == 2
    assert not OutboxMessage.objects.filter(kind__startswith="initiative-").exists()


@pytest.mark.parametrize("reader", OUTSIDERS)
def test_nobody_else_finds_a_trace_of_it_anywhere(reader, secret, people, world, client):
    headers = {}
    if reader == "service_account":
        headers = {"Authorization": f"Bearer {token_for(people.service_account)}"}
    elif reader != "anonymous":
        client.force_login(getattr(people, reader))
    found, looked = [], 0
    for address in dict.fromkeys(_addresses(secret, world)):
        response = client.get(address, headers=headers)
        looked += 1
        if response.status_code >= 500:
            found.append(f"{address} failed")
        answer = _without_the_question(_said(response), address)
        if trace := TRACES.search(answer):
            found.append(f"{address}: …{answer[max(0, trace.start() - 60) : trace.end() + 30]}…")
    assert not found, "\n".join(found)
    assert looked > 200


def _said(response: Any) -> str:
    return response.getvalue().decode(errors="replace")


def _without_the_question(answer: str, address: str) -> str:
    """The answer without what was asked, which a page repeats: in its title, its box, its words and its links."""
    for each in (f"“{WORD}”", f'value="{WORD}"', f"q={WORD}"):
        answer = answer.replace(each, "")
    answer = re.sub(r'(?s)<title>.*?</title>|name="q" value="[^"]*"|(?i:nothing is called) “[^”]*”', "", answer)
    for each in (address, address.rpartition("?")[0]):
        answer = answer.replace(each, "") if TRACES.search(each) else answer
    answer = re.sub(rf"(?i)next=[^\"&]*{WORD}[^\"&]*|next=[^\"&]*rmp-\d[^\"&]*", "", answer)
    return re.sub(r"(?i)there is no [a-z ]+ “[^”]*”", "", answer)


def _addresses(secret: Initiative, world: dict[str, Any]) -> Iterator[str]:
    for name, row in ROADMAP_URLS.items():
        if row.method == "get":
            yield _address(name, row, world)
    for name in ("home", "notifications", "search", "metrics", "help", "status"):
        yield _address(name, full_table()[name], world)
    yield from _of_the_lists()
    yield from _of_the_records()
    for text in (WORD, "zanz", "RMP-1", "rmp", "title"):
        yield f"/search/?q={text}"
        yield f"/search/palette/?q={text}"
        yield f"/search/references/?kinds=initiative,component,user,group&q={text}"
    for each in collections():
        yield f"/search/references/?of={each.slug}&q={WORD}"
    yield from _of_the_initiative(secret)


def _of_the_lists() -> Iterator[str]:
    mine = [each for each in collections() if each.group == "Roadmap"]
    for each in collections():
        yield f"{each.url}?size=500"
    for each in mine:
        for query in ("", f"?q={WORD}", "?format=csv&size=500", "?format=json&size=500"):
            yield f"{each.url}{query}"
        yield f"{each.url}-/total/"
        yield f"{each.url}?columns={','.join(each.fields)}"
        for query in ("?size=500", f"?q={WORD}"):
            yield f"{each.api_url}{query}"


def _of_the_records() -> Iterator[str]:
    """The pages, panels and history of what everybody sees and the initiative is about."""
    incident = Incident.objects.get(title="Tills are slow")
    for address, model in (
        ("/services/till/", Entity), ("/teams/checkout/", Team), ("/people/editor/", Person),
        (f"/incidents/{incident.name.lower()}/", Incident),
        (f"/follow-ups/{FollowUp.objects.get(title='Alert sooner').pk}/", FollowUp),
        (f"/limits/{Limit.objects.get(name='Disk of till').pk}/", Limit),
        (f"/taxonomy/{Node.objects.get(slug='cf-no-alert').pk}/", Node),
    ):  # fmt: skip
        yield from (address, f"{address}history/")
        yield from (f"{address}panels/{each}/" for each in _panels_on(model))


def _panels_on(model: type[Model]) -> list[str]:
    return [each.name for each in registered_panels() if each.on is model]


def _of_the_initiative(secret: Initiative) -> Iterator[str]:
    """Its own addresses, guessed: none says more than that there is nothing."""
    for key in (secret.name, secret.name.lower(), secret.reference.canonical, str(secret.reference.uid)):
        page = f"/initiatives/{key}/"
        yield from (page, f"{page}history/", f"{page}edit/", f"/api/v1/initiatives/{key}/")
    for each in _panels_on(Initiative):
        yield f"/initiatives/{secret.name}/panels/{each}/"
    yield from _guessed(secret)
    link = reverse("initiative-new")
    yield f"{link}?kind=service&thing=till"


def _guessed(secret: Initiative) -> Iterator[str]:
    """Every named address of an initiative, as if it were that of the secret one."""
    own = {
        "rm-1": secret.name.lower(), "initiative_link": Link.objects.filter(initiative=secret)[0].pk,
        "criterion": Criterion.objects.get(initiative=secret).pk,
    }  # fmt: skip
    for name, row in ROADMAP_URLS.items():
        if row.kwargs.get("key") == "rm-1":
            # Of what it has not, any number is as good as another.
            guessed = {key: own.get(value, 1 if key == "pk" else value) for key, value in row.kwargs.items()}
            yield reverse(name, kwargs=guessed)


def test_nobody_else_can_act_on_it_by_guessing(secret, people, sign_in):
    client = sign_in(people.product_manager)
    before = _written(secret)
    answers = {address: client.post(address, {"text": "x"}).status_code for address in _guessed(secret)}
    assert {address: status for address, status in answers.items() if status not in {404, 405, 415}} == {}
    assert len(answers) > 10
    assert _written(secret) == before
    linking = client.post("/initiatives/-/link/?kind=service&thing=till", {"initiative": secret.name})
    unknown = client.post("/initiatives/-/link/?kind=service&thing=till", {"initiative": "RMP-99"})
    assert _said(linking).count("is no initiative") == _said(unknown).count("is no initiative") > 0


def _written(secret: Initiative) -> list[Any]:
    """What would be another if somebody had acted on it."""
    secret.refresh_from_db()
    counts = [getattr(secret, name).count() for name in ("links", "criteria", "objections", "updates", "access")]
    return [secret.version, *counts, secret.dedicated.count()]


def test_whoever_is_newly_named_on_it_is_let_in_and_whoever_was_taken_out_stays_out(people, sign_in):
    made = make_initiative("Leave the supplier", by=people.editor, is_private=True, team=people.team.reference)
    client, address = sign_in(people.editor), "/initiatives/rmp-1/"
    told = client.get(f"{address}history/").content.decode().count("Let in")
    owner = {"owner": people.stranger.person.reference}
    edit(by=people.editor, record=made, values=owner)
    assert sign_in(people.stranger).get(address).status_code == 200
    assert sign_in(people.editor).get(f"{address}history/").content.decode().count("Let in") == told + 1
    actions.take_out(by=people.editor, initiative=made, who=people.stranger.person.reference)
    edit(by=people.editor, record=made, values={**owner, "title": "Leave him"})
    assert sign_in(people.stranger).get(address).status_code == 404


def test_public_numbers_have_no_gap_where_a_private_one_was_made(secret, people):
    before = make_initiative("Before").name
    make_initiative("Hidden", by=people.editor, is_private=True)
    after = make_initiative("After").name
    assert int(after.removeprefix("RM-")) == int(before.removeprefix("RM-")) + 1


def test_a_private_incident_hides_behind_the_link_of_a_public_initiative(people, sign_in):
    made = make_initiative("Shard orders", team=people.team.reference)
    hidden = declare(by=people.editor, values={"title": f"Title {WORD}"}, is_private=True)
    client = sign_in(people.editor)
    sent = client.post("/initiatives/rm-1/-/links/", {"kind": "incident", "thing": hidden.name})
    assert sent.status_code == 302
    assert WORD in _said(client.get("/initiatives/rm-1/"))
    outsider = sign_in(people.product_manager)
    for address in ("/initiatives/rm-1/", "/initiatives/rm-1/history/", "/initiatives/rm-1/-/specification.md",
                    "/api/v1/initiatives/rm-1/-/links/"):  # fmt: skip
        assert WORD not in _said(outsider.get(address)), address
    refused = outsider.post("/initiatives/rm-1/-/links/", {"kind": "incident", "thing": hidden.name})
    assert "There is no incident" in _said(refused)
    link = made.links.get()
    assert outsider.post(f"/initiatives/rm-1/-/links/{link.pk}/remove/").status_code == 404


def test_a_private_one_of_a_machine_is_seen_by_its_team_and_one_that_its_maker_would_not_see_is_not_made(people, api):
    sent = {"title": "Leave the supplier", "is_private": True}
    made = api(people.service_account).post("/api/v1/initiatives/", sent, format="json")
    assert made.status_code == 201
    assert [each.who for each in Initiative.objects.get().access.all()] == [people.team.reference]
    assert api(people.editor).get("/api/v1/initiatives/rmp-1/").status_code == 200
    nobody = User.objects.create_user("root@larkspur.example", "correct horse", role=Role.ADMINISTRATOR)
    for more in ({}, {"team": people.team.name}, {"let_in": ["editor"]}):
        refused = api(nobody).post("/api/v1/initiatives/", {**sent, **more}, format="json")
        assert refused.status_code == 422
        assert "Your login is of no person" in str(refused.json()["fields"]["let_in"])
    with pytest.raises(ValidationError, match="Nobody would see it"):
        make_initiative("Leave the supplier", is_private=True)
    assert Initiative.objects.count() == 1
