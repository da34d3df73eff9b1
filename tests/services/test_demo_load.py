"""The demo company in the database: loaded whole, with a past, and the faults that are meant on show."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from portal.history.events import events_of
from portal.people.demo import DEMO_PEOPLE, demo_people
from portal.people.models import Membership, Person, ServiceAccount, Team, User
from portal.references.models import Reference
from services.demo import story
from services.demo.load import SOURCE, is_loaded, load_company
from services.demo.strangers import real_data
from services.models import Document, Entity, Ownership, Source

NOW = timezone.now()


@pytest.fixture(scope="module", autouse=True)
def _larkspur(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the company once for all tests here, at a moment that lasts until they are over, and take it back."""
    with time_machine.travel(NOW, tick=False), django_db_blocker.unblock(), transaction.atomic():
        load_company()
        yield
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo-catalog")]


def entity(name: str) -> Entity:
    return Entity.objects.get(kind="component", name=name)


def history(record: Any) -> list[tuple[str, dict[str, tuple[str, str]]]]:
    events = events_of(record, None, User.objects.order_by("pk")[0])
    return [(event.who, {c.label: (c.before, c.after) for c in event.changes}) for event in events]


def test_everything_described_is_there() -> None:
    kinds = Counter(Entity.objects.values_list("kind", flat=True))
    assert kinds == {
        "component": 161, "api": 40, "resource": 60, "system": 12, "domain": 5, "template": 1, "dashboard": 1,
    }  # fmt: skip
    assert (Team.objects.count(), Person.objects.count()) == (31, 120)
    assert Entity.objects.filter(type__in=("service", "website"), kind="component").count() == 143


def test_what_was_not_taken_is_kept_with_its_reason() -> None:
    assert Counter(Document.objects.values_list("status", flat=True)) == {
        "accepted": 428, "rejected": 3, "aside": 1, "foreign": 1,
    }  # fmt: skip
    assert not Document.objects.filter(status="rejected", error="").exists()
    assert Document.objects.exclude(conflict="").get().file == "edge/media-resizer/catalog-info.yaml"


def test_no_declared_value_was_refused() -> None:
    assert list(Document.objects.filter(status="accepted").exclude(error="").values_list("file", "error")) == []


def test_each_demo_person_can_sign_in() -> None:
    assert demo_people() == list(DEMO_PEOPLE)
    roles = dict(User.objects.values_list("email", "role"))
    assert [roles[each.email] for each in DEMO_PEOPLE] == ["reader", "reader", "product_manager", "administrator"]
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_the_engineer_edits_what_her_team_owns() -> None:
    mei = User.objects.get(email="mei.lindqvist@larkspur.example")
    assert mei.has_perm("services.change_entity", entity("checkout-api"))
    assert not mei.has_perm("services.change_entity", entity("ledger"))


def test_history_tells_who_changed_what_and_when() -> None:
    (who, changes), (former, _), (beginning, _) = history(entity("checkout-api"))
    assert (who, former, beginning) == ("Mei Lindqvist", "Jonas Adeyemi", SOURCE)
    assert changes["Privacy class"] == ("not set", "Personal data")
    when = [event.when for event in events_of(entity("checkout-api"), None, User.objects.order_by("pk")[0])]
    ages = [(timezone.now() - each).days for each in when]
    assert ages[0] in (17, 18)
    assert ages[-1] in (story.BEGINNING - 1, story.BEGINNING)
    assert entity("checkout-api").updated_at == when[0]


def test_versions_follow_each_other_without_a_gap() -> None:
    versions = list(entity("queue-room").events.order_by("pgh_id").values_list("pgh_created_at", "valid"))
    assert [valid.lower for _, valid in versions] == [created for created, _ in versions]
    assert [valid.upper for _, valid in versions] == [created for created, _ in versions[1:]] + [None]


def test_what_leavers_owned_shows_as_work() -> None:
    left = Person.objects.filter(is_active=False)
    assert {person.name for person in left} == set(story.LEAVERS)
    assert not Membership.objects.current().filter(person__in=left.values("reference")).exists()
    owned = Entity.objects.filter(owner__in=left.values("reference")).order_by("name").values_list("name", flat=True)
    assert list(owned) == ["crowd-counter", "gate-heatmaps", "ticket-printer"]
    for person in left:
        assert history(person)[0][0] == "Sofia Marchetti"
        ended = Membership.objects.get(person=person.reference)
        assert (
            ended.effective_to == person.left_at == timezone.localdate() - dt.timedelta(days=story.LEAVERS[person.name])
        )


def test_teams_and_owners_have_a_past() -> None:
    amara = Membership.objects.filter(person__canonical="user:default/amara-diallo").order_by("effective_from")
    assert next(each.team.label for each in amara) == "Edge"
    assert amara[0].effective_to == min(each.effective_from for each in amara[1:])
    former, present = Ownership.objects.filter(entity=entity("fraud-screen")).order_by("effective_from")
    assert (former.owner.label, present.owner.label) == ("Trust and Safety", "Payments")
    assert former.effective_to == present.effective_from
    assert not Membership.objects.filter(effective_from=timezone.localdate()).exists()


def test_every_team_has_somebody_who_leads() -> None:
    leads = Membership.objects.current().filter(role="lead").values("team")
    assert not Team.objects.filter(type="team").exclude(reference__in=leads).exists()


def test_loose_ends_are_kept_as_references() -> None:
    loose = set(Reference.objects.dangling().values_list("canonical", flat=True))
    assert {"component:default/tour-planner", "group:default/growth-lab", "api:default/tax-lookup-v1"} <= loose


def test_something_was_made_by_hand() -> None:
    made = entity("queue-music")
    assert made.source is None
    assert made.owner.label == "Core Platform"
    assert made.system.label == "Buying"
    assert [who for who, _ in history(made)] == ["Amara Diallo"]


def test_two_services_have_no_owner_at_all(client) -> None:
    administrator = User.objects.get(email="sofia.marchetti@larkspur.example")
    client.force_login(administrator, backend="portal.people.backends.PersonBackend")
    assert "/services/?owner.set=false" in client.get("/help/").content.decode()
    page = client.get("/services/?owner.set=false").context["page"]
    assert [row["url"] for row in page["rows"]] == ["/services/press-passes/", "/services/rain-radar/"]
    for name in ("press-passes", "rain-radar"):
        assert "Nobody owns this" in client.get(f"/services/{name}/").content.decode()
        assert client.get(f"/catalog/take/{entity(name).pk}/").status_code == 200


def test_machines_belong_to_teams() -> None:
    assert {account.name for account in ServiceAccount.objects.all()} == set(story.MACHINES)


def test_other_sources_are_real_data() -> None:
    assert is_loaded()
    assert real_data() == ""
    Source.objects.create(name="Our repositories")
    assert real_data() == "catalog source(s) Our repositories"
