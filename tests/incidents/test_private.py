"""A private incident leaves no trace for whoever is not let in: its words stand in every field there is, and a walk
over every page, list, count, file, edition, search, suggestion, panel, chart, feed, hook and API finds none of them."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from incidents import impacts, lifecycle, timeline
from incidents.alerts import promotion, taking
from incidents.declaring import declare
from incidents.followups.actions import commit, suggest
from incidents.models import (
    AlertGroup,
    AlertSource,
    Comment,
    FollowUp,
    Incident,
    IncidentRole,
    IncidentTime,
    Postmortem,
    PostmortemSection,
    Severity,
    StatusFeed,
)
from incidents.postmortems import keeping, reviewing, writing
from incidents.status_texts.posting import post
from incidents.taxonomy.tagging import node_named, tag
from portal.collections import collections
from portal.panels import Panel, registered_panels
from portal.people.models import Person, Team
from portal.references.models import Reference
from services.models import Entity
from tests.factories import make_entity, token_for
from tests.incidents.alertmanager import alert, message
from tests.incidents.makers import make_postmortem
from tests.incidents.urls import INCIDENT_URLS
from tests.test_every_url import _address, full_table, make_world
from tests.url_rows import Row

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(people) -> dict[str, Any]:
    """What the arguments of the table stand for."""
    return make_world(people)


# No word of any language that the pages speak, and the numbers of what is private.
TRACES = re.compile(r"zanzibar|priv-\d", re.IGNORECASE)
WORD = "zanzibar"
OUTSIDERS = ("anonymous", "stranger", "administrator", "service_account")
DAY = dt.timedelta(days=1)


@pytest.fixture
def secret(people, world) -> Incident:
    """A private incident of a service that everybody sees, with the word in every field that there is."""
    till, by = make_entity("till", owner=people.team), people.editor
    group = _alert(till.reference)
    values = {
        "title": f"Title {WORD}", "summary": f"Summary {WORD}", "owner": people.team.reference,
        "severity": Severity.objects.get(rank=1),
    }  # fmt: skip
    incident = promotion.declare_from(by=by, group=group, values=values, is_private=True)
    _tell(people, incident)
    window = incident.impacts.get()
    impacts.correct(by=by, impact=window, values={"note": f"Impact {WORD}", "started_at": timezone.now() - DAY})
    _learn(people, incident)
    same = declare(by=by, values={"title": f"Same {WORD}"}, services=[till.reference], is_private=True)
    lifecycle.merge(by=by, incident=same, into=incident, reason=f"Reason {WORD}")
    public = declare(by=by, values={"title": "Tills are slow"}, services=[till.reference])
    # It fires on, and everybody who looks at the service has an incident of it open.
    _send(group.source, f"Later {WORD}")
    StatusFeed.objects.create(name="Outside", page_name="Larkspur")
    post(
        by=by, incident=public, public_text="Some tills are slow.", public_title="Slow tills",
        public_status="investigating", public_impact="minor",
    )  # fmt: skip
    tag(by=by, incident=public, node=node_named("det-slo"))
    suggest(by=by, incident=public, values={"title": "Alert sooner", "factor": node_named("change")})
    return incident


def _alert(service: Reference) -> AlertGroup:
    _send(AlertSource.objects.create(name="Pager"), f"Alert {WORD}")
    group = AlertGroup.objects.get(key=WORD)
    assert group.subject == service
    return group


def _send(source: AlertSource, name: str) -> None:
    body = message(alert(name, zone=f"zone-{WORD}"), key=WORD, commonLabels={"service": "till", "alertname": name})
    taking.store(source, json.dumps(body).encode())
    taking.take_waiting()


def _tell(people: Any, incident: Incident) -> None:
    by, lead = people.editor, IncidentRole.objects.get(slug="lead")
    lifecycle.give_role(by=by, incident=incident, role=lead, person=by.person.reference)
    event = timeline.note(
        by=by, incident=incident, text=f"Event {WORD}", quote=f"log {WORD}", link=f"https://x.example/{WORD}",
        actor_role=f"Role {WORD}", is_key=True, new_files=[SimpleUploadedFile(f"{WORD}.txt", b"x")],
    )  # fmt: skip
    timeline.correct(by=by, event=event, text=f"Corrected {WORD}")
    IncidentTime.objects.update_or_create(
        incident=incident, point="started", defaults={"at": timezone.now() - DAY, "source": f"Source {WORD}"}
    )
    tag(by=by, incident=incident, node=node_named("change"), note=f"Note {WORD}")
    tag(by=by, incident=incident, node=node_named("det-slo"), evidence=[incident.timeline.latest("pk")])
    post(by=by, incident=incident, internal_text=f"Internal {WORD}")


def _learn(people: Any, incident: Incident) -> None:
    by = people.editor
    postmortem = make_postmortem(incident, f"Section {WORD}", by=by)
    section = postmortem.sections.order_by("pk")[0]
    writing.comment(by=by, section=section, text=f"Comment {WORD}", quote=f"Quote {WORD}")
    edition = writing.publish(by=by, postmortem=postmortem, note=f"Edition {WORD}")
    keeping.ask(edition=edition)
    assert keeping.make(edition.pk)
    postmortem = writing.move(by=by, postmortem=Postmortem.objects.get(incident=incident), state="draft")
    reviewing.ask(by=by, postmortem=postmortem, readers=[by.person.reference])
    idea = {"title": f"Idea {WORD}", "text": f"Why {WORD}", "factor": node_named("change")}
    suggest(by=by, incident=incident, values=idea)
    committed = suggest(by=by, incident=incident, values=idea)
    commit(by=by, follow_up=committed, owner=people.team.reference, due_on=timezone.localdate() + DAY)


# Whoever is let in


def test_whoever_is_let_in_sees_all_of_it(secret, sign_in, people):
    client, page = sign_in(people.editor), f"/incidents/{secret.name.lower()}/"
    said = _said(client.get(page))
    for panel in _panels_on(Incident):
        said += _said(client.get(f"{page}panels/{panel.name}/", follow=True))
    for what in ("Title", "Summary", "Event", "log", "Role", "Corrected", "Source", "Internal", "Impact",
                 "Alert", "Idea"):  # fmt: skip
        assert f"{what} {WORD}" in said, what
    report = f"/postmortems/{secret.name.lower()}/"
    for address in (report, f"{report}-/editions/1/", f"{report}-/editions/1/report.md", f"{report}-/draft.md"):
        assert f"Section {WORD}" in _said(client.get(address)), address
    assert _said(client.get(f"{report}-/editions/1/report.pdf")).startswith("%PDF")
    assert f"Title {WORD}" in _said(client.get("/incidents/"))
    assert f"Title {WORD}" in _said(client.get(f"/search/?q={WORD}"))


# Everybody else


@pytest.mark.parametrize("reader", OUTSIDERS)
def test_nobody_else_finds_a_trace_of_it_anywhere(reader, secret, people, world, client):
    outsider, headers = _outsider(client, people, reader)
    found, looked = [], 0
    for address in dict.fromkeys(_addresses(secret, world)):
        response = outsider.get(address, headers=headers)
        looked += 1
        if response.status_code >= 500:
            found.append(f"{address} failed")
        # What was asked for stands in the answer again: that is no trace.
        answer = _said(response).replace(f"“{WORD}”", "").replace(f'value="{WORD}"', "").replace(f"q={WORD}", "")
        if trace := TRACES.search(_without_the_question(answer, address)):
            found.append(f"{address}: …{answer[max(0, trace.start() - 60) : trace.end() + 30]}…")
    assert not found, "\n".join(found)
    assert looked > 300


def _outsider(client: Client, people: Any, reader: str) -> tuple[Client, dict[str, str]]:
    if reader == "service_account":
        return client, {"Authorization": f"Bearer {token_for(people.service_account)}"}
    if reader != "anonymous":
        client.force_login(getattr(people, reader))
    return client, {}


def _said(response: Any) -> str:
    return response.getvalue().decode(errors="replace")


def _without_the_question(answer: str, address: str) -> str:
    """The answer without what was asked, which a page repeats: in its title, its box, its words and its links."""
    answer = re.sub(r'(?s)<title>.*?</title>|name="q" value="[^"]*"|Nothing is called “[^”]*”', "", answer)
    for each in (address, address.rpartition("?")[0]):
        answer = answer.replace(each, "") if TRACES.search(each) else answer
    return re.sub(
        r"(?i)there is no [a-z ]+ “[^”]*”",
        "",
        re.sub(rf"(?i)next=[^\"&]*{WORD}[^\"&]*|next=[^\"&]*priv-\d[^\"&]*", "", answer),
    )


def _addresses(secret: Incident, world: dict[str, Any]) -> Iterator[str]:
    yield from _of_the_table(world)
    yield from _of_the_lists()
    yield from _of_the_records(secret)
    yield from _of_the_search()
    yield from _of_the_incident(secret)
    for feed in StatusFeed.objects.all():
        for form in ("json", "unresolved", "atom"):
            yield reverse(f"status-feed-{form}", args=[feed.token])


def _of_the_table(world: dict[str, Any]) -> Iterator[str]:
    """Every named address that is looked at."""
    for name, row in full_table().items():
        if row.method == "get":
            yield _address(name, row, world)


def _of_the_lists() -> Iterator[str]:
    for each in collections():
        for query in ("", f"?q={WORD}", "?size=500", "?format=csv&size=500", "?format=json&size=500"):
            yield f"{each.url}{query}"
        yield f"{each.url}-/total/"
        yield f"{each.url}?columns={','.join(each.fields)}"
        for query in ("?size=500", f"?q={WORD}"):
            yield f"{each.api_url}{query}"


def _of_the_records(secret: Incident) -> Iterator[str]:
    """The pages, panels and history of what everybody sees and the incident touches."""
    for address, model in (
        ("/services/till/", Entity), ("/teams/checkout/", Team), ("/people/editor/", Person),
        ("/entities/component:default:till/", Entity),
    ):  # fmt: skip
        yield from (address, f"{address}history/")
        for panel in _panels_on(model):
            _, _, tab = panel.slot.partition(":")
            yield f"{address}panels/{panel.name}/"
            if tab:
                yield f"{address}{tab}/"
    public = Incident.objects.get(title="Tills are slow")
    for panel in _panels_on(Incident):
        yield f"/incidents/{public.name.lower()}/panels/{panel.name}/"
    yield f"/incidents/{public.name.lower()}/similar/"
    for each in FollowUp.objects.filter(incident=public):
        yield f"/follow-ups/{each.pk}/"
    for node in ("change", "det-slo"):
        yield f"/taxonomy/{node_named(node).pk}/"
    yield "/incidents/-/new/?service=till"
    yield f"/incidents/-/known/?services=till&title={WORD}"


def _panels_on(model: type[Model]) -> list[Panel]:
    """Those that the page of such a record has; of the others there is none on it, which takes long to say."""
    return [each for each in registered_panels() if each.on is model]


def _of_the_search() -> Iterator[str]:
    for text in (WORD, "zanz", "PRIV-1", "priv", "Title"):
        yield f"/search/?q={text}"
        yield f"/search/palette/?q={text}"
        yield f"/search/references/?kinds=incident,component,user,group&q={text}"
    for each in collections():
        yield f"/search/references/?of={each.slug}&q={WORD}"


def _of_the_incident(secret: Incident) -> Iterable[str]:
    """Its own addresses, guessed: none says more than that there is nothing."""
    keys = (secret.name, secret.name.lower(), secret.reference.canonical, str(secret.reference.uid))
    for key in keys:
        page = f"/incidents/{key}/"
        yield from (page, f"{page}history/", f"{page}edit/", f"{page}similar/", f"/api/v1/incidents/{key}/")
        yield from (f"/postmortems/{key}/", f"/postmortems/{key}/history/", f"/api/v1/postmortems/{key}/")
    for home, model in (("incidents", Incident), ("postmortems", Postmortem)):
        for panel in _panels_on(model):
            yield f"/{home}/{secret.name}/panels/{panel.name}/"
    yield from (address for _, address in _guessed(secret))
    for name, rows in (
        ("follow-ups", secret.follow_ups.all()), ("alerts", secret.alert_groups.all()),
        ("incident-tags", secret.tags.all()), ("status-texts", secret.status_texts.all()),
    ):  # fmt: skip
        for each in rows:
            yield from (f"/{name}/{each.pk}/", f"/{name}/{each.pk}/history/", f"/api/v1/{name}/{each.pk}/")


def _guessed(secret: Incident) -> Iterator[tuple[Row, str]]:
    """Every named address of an incident and of what hangs on one, as if it were that of the secret one."""
    postmortem, event = secret.postmortem, secret.timeline.order_by("pk")[0]
    own = {
        "inc-1": secret.name.lower(), "INC-1": secret.name, "priv-1": secret.name.lower(), "event": event.pk,
        "impact": secret.impacts.get().pk, "upload": secret.uploads.get().uid,
        "follow_up": secret.follow_ups.order_by("pk")[0].pk, "alert": secret.alert_groups.get().pk,
        "comment": Comment.objects.get(section__postmortem=postmortem).pk,
        "luck": PostmortemSection.objects.filter(postmortem=postmortem).order_by("pk")[0].key,
    }  # fmt: skip
    for name, row in INCIDENT_URLS.items():
        kwargs = {key: own.get(value, value) for key, value in row.kwargs.items()}
        if kwargs != row.kwargs:
            yield row, reverse(name, kwargs=kwargs)


def test_nobody_else_can_act_on_it_by_guessing(secret, sign_in, people):
    client = sign_in(people.administrator)
    before = _written(secret)
    guessed = [(row, address) for row, address in _guessed(secret) if "/new/" not in address]
    answers = {address: client.post(address, {"text": "x", **row.data}).status_code for row, address in guessed}
    assert {address: status for address, status in answers.items() if status not in {404, 405}} == {}
    assert len(answers) > 50
    assert _written(secret) == before


def _written(secret: Incident) -> list[Any]:
    """What would be another if somebody had acted on it."""
    secret.refresh_from_db()
    return [
        secret.version, secret.timeline.count(), secret.tags.count(), secret.follow_ups.count(), secret.access.count(),
        secret.uploads.filter(withdrawn_at=None).count(), secret.alert_groups.count(), secret.postmortem.version,
        secret.impacts.get().version, Comment.objects.filter(section__postmortem=secret.postmortem).count(),
    ]  # fmt: skip


def test_public_numbers_have_no_gap_where_a_private_one_was_declared(secret, people):
    before = Incident.objects.filter(is_private=False).latest("pk").name
    declare(by=people.editor, values={"title": "Keys again"}, is_private=True)
    after = declare(by=people.editor, values={"title": "Next"}).name
    assert int(after.removeprefix("INC-")) == int(before.removeprefix("INC-")) + 1
