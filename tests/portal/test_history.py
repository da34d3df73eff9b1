"""History: who, when, from where, before and after; kept by the database, also of what is gone.

These tests commit, because what one transaction did is one event.
"""

import datetime as dt
import html
import re

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from portal.collections import _extensions, collection_of, extend, get_collection
from portal.columns import Column
from portal.history import events
from portal.history.events import event_model, events_of, history_of
from portal.people import actions as people_actions
from portal.people.models import ApiToken, Membership, ServiceAccount, User
from portal.people.tokens import make_token, revoke_token
from portal.tenure import organisation_today
from services import actions
from services.models import Entity
from tests.factories import depend, make_entity

pytestmark = pytest.mark.django_db(transaction=True)

SERVICES = get_collection("services")


def history(entity, reader):
    return events_of(Entity.objects.get(pk=entity.pk), SERVICES, reader)


def versions(entity_id: int):
    return list(event_model(Entity).objects.filter(pgh_obj=entity_id).order_by("pgh_id"))


def test_an_edit_on_a_page_tells_who_when_where_and_what(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team, tier=2, tags=["eu"])
    client = sign_in(people.editor)
    form = client.get("/services/checkout-api/edit/").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}
    began = dt.datetime.now(dt.UTC)
    response = client.post(
        "/services/checkout-api/edit/",
        {**sent, "title": "Checkout", "tier": "0", "tags": "eu, pci", "owner": "payments"},
    )
    assert response.status_code == 302
    newest = history(entity, people.reader)[0]
    assert (newest.who, newest.origin, newest.kind) == ("Editor", "page", "changed")
    assert began <= newest.when <= dt.datetime.now(dt.UTC)
    assert {change.label: (change.before, change.after) for change in newest.changes} == {
        "Display name": ("not set", "Checkout"),
        "Tier": ("2", "0"),
        "Tags": ("eu", "eu, pci"),
        "Owner": ("Checkout", "Payments"),
    }
    page = client.get("/services/checkout-api/history/").content.decode()
    assert "Editor" in page
    assert "Payments" in page


def test_a_change_over_the_api_names_the_machine_that_made_it(api, people):
    entity = make_entity("checkout-api", owner=people.team)
    ServiceAccount.objects.filter(pk=people.service_account.pk).update(id=people.reader.pk)  # a number of both
    api(ServiceAccount.objects.get()).patch(
        "/api/v1/services/checkout-api/", {"lifecycle": "deprecated"}, format="json", headers={"If-Match": "*"}
    )
    newest = history(entity, people.reader)[0]
    assert (newest.who, newest.origin) == ("deploy-pipeline", "API")
    assert [(change.label, change.before, change.after) for change in newest.changes] == [
        ("Lifecycle", "Production", "Deprecated")
    ]


def test_a_change_with_a_persons_token_names_the_person(api, people):
    entity = make_entity("checkout-api", owner=people.team)
    api(people.editor).patch("/api/v1/services/checkout-api/", {"tier": 1}, format="json", headers={"If-Match": "*"})
    newest = history(entity, people.reader)[0]
    assert (newest.who, newest.origin) == ("Editor", "API")


def test_making_is_one_event_however_many_rows_it_wrote(sign_in, people):
    client = sign_in(people.editor)
    client.post("/services/-/new/", {"name": "cart", "type": "service", "owner": "checkout"})
    events = history(Entity.objects.get(name="cart"), people.reader)
    assert [(event.kind, event.who) for event in events] == [("created", "Editor")]


def test_events_are_told_newest_first(people):
    entity = make_entity("checkout-api")
    for tier in (1, 2, 3):
        actions.update_entity(by=None, record=entity, values={"tier": tier})
    told = [[(change.before, change.after) for change in event.changes] for event in history(entity, people.reader)]
    assert told == [[("2", "3")], [("1", "2")], [("not set", "1")], []]


def test_what_came_from_nobody_is_not_blamed_on_anybody(people):
    entity = make_entity("checkout-api")
    assert [event.who for event in history(entity, people.reader)] == ["The portal"]


def test_saving_nothing_new_leaves_no_event(people):
    entity = make_entity("checkout-api", tier=1)
    before = len(versions(entity.pk))
    actions.update_entity(by=None, record=entity, values={"tier": 1})
    assert len(versions(entity.pk)) == before


def test_what_was_deleted_left_its_history_behind(sign_in, people):
    entity = make_entity("checkout-api", owner=people.team, description="What it was")
    client = sign_in(people.editor)
    version = client.get("/services/checkout-api/delete/").context["version"]
    client.post("/services/checkout-api/delete/", {"version": version})
    left = versions(entity.pk)
    assert [each.pgh_label for each in left][-1] == "delete"
    assert left[-1].description == "What it was"
    assert left[-1].pgh_context["user"] == people.editor.pk


def test_every_table_that_people_edit_is_tracked():
    tracked = {model.__name__ for model in apps.get_models() if event_model(model) is not None}
    organisation = {"Team", "Person", "Membership", "User", "ServiceAccount", "ApiToken"}
    health = {"Badge", "Check", "Deployment", "MaintenanceWindow", "Metric", "PrometheusServer", "Slo", "Limit"}
    words = {"Severity", "Status", "IncidentRole", "Node", "PostmortemTemplate", "AlertSource"}
    outside, on_call = {"StatusFeed", "PublicName", "SecretWord"}, {"Schedule", "Turn", "StandIn"}
    told = {"Incident", "Access", "Assignment", "Impact", "IncidentTime", "Tag", "FollowUp"}
    written = {"Postmortem", "PostmortemSection"}
    planned = {"Cycle", "Objective", "KeyResult", "Initiative", "InitiativeAccess", "DedicatedPerson", "Criterion"}
    argued = {"Objection", "Link", "Dependency", "PriorityInput", "Claim", "Allocation", "TradeOff", "Interest"}
    bound = {"Bound", "Freeze", "FreezeScope", "Framework", "Control", "Evidence"}
    strategy = {"StrategySection", "SectionDependency", "ClarifyingAnswer"}
    rest = {"Entity", "Ownership", "Relation", "ChatWebhook", "Proposal"}
    roadmap = {*planned, *argued, *bound, *strategy}
    assert tracked == {*organisation, *rest, *health, *words, *told, *written, *outside, *on_call, *roadmap}


def test_the_versions_of_a_row_cover_time_without_gap_or_overlap():
    entity = make_entity("checkout-api")
    for tier in (1, 2):
        actions.update_entity(by=None, record=entity, values={"tier": tier})
    kept = [each for each in versions(entity.pk) if not each.valid.isempty]
    assert [each.tier for each in kept] == [None, 1, 2]
    assert [each.valid.upper for each in kept] == [each.valid.lower for each in kept[1:]] + [None]
    assert kept[0].valid.lower == kept[0].pgh_created_at
    actions.delete_entity(by=None, record=Entity.objects.get(pk=entity.pk))
    after = versions(entity.pk)
    assert after[-1].valid.isempty
    assert [each.valid.upper for each in after if not each.valid.isempty][-1] == after[-1].pgh_created_at


def test_what_was_true_at_a_moment_is_one_version():
    entity = make_entity("checkout-api", tier=0)
    between = _database_now()
    actions.update_entity(by=None, record=entity, values={"tier": 4})
    table = event_model(Entity).objects.filter(pgh_obj=entity.pk)
    assert [each.tier for each in table.filter(valid__contains=between)] == [0]
    assert [each.tier for each in table.filter(valid__contains=_database_now())] == [4]


def _database_now() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_a_version_that_was_replaced_in_its_own_transaction_was_never_true():
    entity = make_entity("checkout-api")
    with transaction.atomic():
        actions.update_entity(by=None, record=entity, values={"tier": 1})
        actions.update_entity(by=None, record=entity, values={"tier": 2})
    by_tier = {each.tier: each.valid.isempty for each in versions(entity.pk)}
    assert by_tier == {None: False, 1: True, 2: False}


def test_a_column_that_the_reader_may_not_see_is_in_no_event(people):
    entity = make_entity("checkout-api")
    extend(SERVICES, Column("secret", source="encryption", perm="tests.see_encryption"))
    hidden = {name for name, field in SERVICES.fields.items() if field.column.perm}
    try:
        actions.update_entity(by=None, record=entity, values={"encryption": "none at all", "tier": 1})
        told = [change.label for event in history(entity, people.reader) for change in event.changes]
    finally:
        _extensions["services"].pop()
        SERVICES.__dict__.pop("fields", None)
    assert hidden == {"secret"}
    assert told == ["Tier"]


def test_passwords_and_last_sign_ins_are_in_no_history(people):
    people.reader.set_password("another secret")
    people.reader.save()
    table = event_model(User)
    names = {field.name for field in table._meta.get_fields()}
    assert not names & {"password", "last_login"}


def test_tokens_are_kept_in_history_without_what_would_open_a_door(people):
    token, _ = make_token(holder=people.reader, name="laptop", scopes=["read"])
    ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now())
    revoke_token(token=token)
    table = event_model(ApiToken)
    kept = [(each.pgh_label, each.revoked_at is None) for each in table.objects.filter(pgh_obj=token.pk)]
    assert sorted(kept) == [("insert", True), ("update", False)]
    assert not {field.name for field in table._meta.get_fields()} & {"digest", "last_used_at"}


def test_memberships_and_their_end_are_kept(people):
    from portal.people.models import Membership

    membership = Membership.objects.get(person=people.editor.person.reference)
    people_actions.leave_team(by=None, membership=membership)
    labels = [
        each.pgh_label for each in event_model(Membership).objects.filter(pgh_obj=membership.pk).order_by("pgh_id")
    ]
    assert labels == ["insert", "update"]


def test_what_machines_count_makes_no_history(people):
    from services import graph

    entity = make_entity("checkout-api")
    before = (len(versions(entity.pk)), Entity.objects.get(pk=entity.pk).version)
    graph.refresh_counts()
    assert (len(versions(entity.pk)), Entity.objects.get(pk=entity.pk).version) == before


def test_the_number_of_queries_does_not_grow_with_the_number_of_events(sign_in, people, django_assert_max_num_queries):
    entity = make_entity("checkout-api", owner=people.team)
    for tier in (0, 1, 2, 3, 4) * 3:
        actions.update_entity(by=people.editor, record=entity, values={"tier": tier})
    client = sign_in(people.reader)
    client.get("/services/checkout-api/history/")
    with django_assert_max_num_queries(15):
        client.get("/services/checkout-api/history/")


# Long values, and JSON


def told_of(entity, reader, label):
    changes = [change for event in history(entity, reader) for change in event.changes]
    return [(change.before, change.after) for change in changes if change.label == label]


def test_of_a_long_text_the_part_that_differs_is_told(people):
    text = "It sells tickets. " * 100
    entity = make_entity("checkout-api", description=text + "Ask Ada." + text)
    actions.update_entity(by=None, record=entity, values={"description": text + "Ask Grace." + text})
    [(before, after)] = told_of(entity, people.reader, "Description")
    assert "Ask Ada." in before
    assert "Ask Grace." in after
    assert before[0] == before[-1] == after[0] == after[-1] == "…"
    assert max(len(before), len(after)) < 150


def test_of_a_long_text_that_is_another_one_the_beginning_is_told_and_how_much_more_there_is(people):
    entity = make_entity("checkout-api", description="a" * 2000)
    actions.update_entity(by=None, record=entity, values={"description": "b" * 700})
    [(before, after)] = told_of(entity, people.reader, "Description")
    assert before == "a" * 500 + "… and 1,500 characters more"
    assert after == "b" * 500 + "… and 200 characters more"


def test_history_opens_where_a_file_held_a_number_of_any_length(sign_in, people):
    entity = make_entity("checkout-api")
    Entity.objects.filter(pk=entity.pk).update(spec={"steps": [{"id": 2**70, "after": "é"}], "n": 2**70})
    Entity.objects.filter(pk=entity.pk).update(spec={"steps": [], "n": str(2**70)})
    page = sign_in(people.reader).get("/services/checkout-api/history/")
    assert page.status_code == 200
    text = html.unescape(page.content.decode())
    assert '{"after":"é","id":1180591620717411303424}' in text
    assert '"1180591620717411303424"' in text


def test_of_json_each_key_that_differs_is_told(people):
    entity = make_entity("checkout-api")
    Entity.objects.filter(pk=entity.pk).update(spec={"a": {"b": 1, "c": ["x"]}, "d": 1, "same": True})
    Entity.objects.filter(pk=entity.pk).update(spec={"a": {"b": 2, "c": ["x", "y"]}, "d": "1", "same": True})
    [event] = [event for event in history(entity, people.reader) if len(event.changes) == 3]
    assert [(each.label, each.before, each.after) for each in event.changes] == [
        ("Spec: a.b", "1", "2"),
        ("Spec: a.c", "x", "x, y"),
        ("Spec: d", "1", '"1"'),
    ]


def test_a_link_that_is_called_something_else_is_told_so(people):
    address = "https://wiki.larkspur.example/"
    entity = make_entity("checkout-api", links=[{"url": address, "title": "Wiki"}])
    actions.update_entity(by=None, record=entity, values={"links": [{"url": address, "title": "Runbook"}]})
    assert told_of(entity, people.reader, "Links") == [(f"{address} (Wiki)", f"{address} (Runbook)")]


# Rows that belong to a record


def changes_of(record, reader):
    collection = collection_of(record)
    found = [(event.who, event.changes) for event in history_of(record, collection, reader).events]
    return [(who, each.label, each.before, each.after) for who, changes in found for each in changes]


def test_who_joins_and_leaves_is_told_of_the_team_and_of_the_person(sign_in, people):
    person, today = people.stranger.person, organisation_today()
    client = sign_in(people.administrator)
    client.post("/teams/checkout/-/members/", {"person": "stranger", "role": "lead"})
    membership = Membership.objects.get(person=person.reference)
    Membership.objects.filter(pk=membership.pk).update(effective_to=today)
    since = f"role Lead, from {today}"
    for record, label, name in ((people.team, "Member", "Stranger"), (person, "Team", "Checkout")):
        (_, *ended), made = changes_of(record, people.reader)[:2]
        assert made == ("Administrator", label, "not set", f"{name}, {since}, trusted yes")
        assert ended == [label, made[3], f"{name}, {since}, until {today}, trusted yes"]
    assert "Stranger, role Lead" in client.get("/teams/checkout/history/").content.decode()


def test_who_answers_for_a_service_and_what_it_depends_on_is_told(people):
    entity, ledger = make_entity("checkout-api", owner=people.team), make_entity("ledger")
    depend(entity, ledger)
    today = organisation_today()
    assert [each[1:] for each in changes_of(entity, people.reader)] == [
        ("Depends on", "not set", "ledger"),
        ("Ownership", "not set", f"Checkout, role Owner, from {today}"),
    ]
    with transaction.atomic():  # as an import that writes the same relations anew
        entity.reference.relations.all().delete()
        depend(entity, ledger)
    assert len(changes_of(entity, people.reader)) == 2


def test_tokens_are_told_to_who_may_change_their_holder(people):
    token, _ = make_token(holder=people.service_account, name="pipeline", scopes=["read"])
    revoke_token(token=token)
    told = [each[1:3] for each in changes_of(people.service_account, people.editor)]
    assert [label for label, _ in told] == ["Token", "Token"]
    assert told[1] == ("Token", "not set")
    assert changes_of(people.service_account, people.stranger) == []


def test_older_events_stand_on_pages_of_their_own_and_none_is_left_out(sign_in, people, monkeypatch):
    monkeypatch.setattr(events, "MOST", 3)
    entity = make_entity("checkout-api", tier=0)
    for at in range(7):
        actions.update_entity(by=None, record=entity, values={"tier": at % 4 + 1})
        depend(entity, make_entity(f"needed-{at}"))
    client, address, seen = sign_in(people.reader), "/services/checkout-api/history/", []
    while address:
        response = client.get(address)
        shown = [(event.kind, change.label, change.after) for event in response.context["events"]
                 for change in event.changes]  # fmt: skip
        assert 0 < len(response.context["events"]) <= 3
        seen += shown
        found = re.search(r'href="(\?before=[^"]+)">Older', response.content.decode())
        address = f"/services/checkout-api/history/{html.unescape(found[1])}" if found else ""
    assert "This is the beginning." in response.content.decode()
    assert sum(label == "Tier" for _, label, _ in seen) == 7
    assert sum(label == "Depends on" for _, label, _ in seen) == 7
    assert response.context["events"][-1].kind == "created"


def test_a_moment_that_is_none_is_refused_in_words(sign_in, people):
    make_entity("checkout-api")
    response = sign_in(people.reader).get("/services/checkout-api/history/?before=zebra")
    assert response.status_code == 400
    assert "before=zebra: expected a date or a moment" in response.content.decode()
