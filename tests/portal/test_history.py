"""History: who, when, from where, before and after; kept by the database, also of what is gone.

These tests commit, because what one transaction did is one event.
"""

import datetime as dt

import pytest
from django.apps import apps
from django.db import connection, transaction

from portal.collections import _extensions, extend, get_collection
from portal.columns import Column
from portal.history.events import event_model, events_of
from portal.people import actions as people_actions
from portal.people.models import ServiceAccount, User
from services import actions
from services.models import Entity
from tests.factories import make_entity

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
    assert tracked == {"Team", "Person", "Membership", "User", "ServiceAccount", "Entity", "Ownership", "Relation"}


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
