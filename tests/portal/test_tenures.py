"""What holds today holds in the organisation's day, whatever zone a reader has chosen for the times they see."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone

from portal.people import actions as people_actions
from portal.people.models import Membership, User
from services import actions
from services.catalog.apply import apply_paths
from services.models import Entity, Ownership
from tests.factories import make_entity, make_person, make_team

pytestmark = pytest.mark.django_db

AHEAD, BEHIND = "Asia/Tokyo", "Etc/GMT+12"


@pytest.fixture
def afternoon() -> Iterator[None]:
    """An hour at which it is the 22nd in Tokyo, the 21st for the organisation."""
    with time_machine.travel(dt.datetime(2026, 11, 21, 16, tzinfo=dt.UTC), tick=False):
        yield


def set_owner(entity: Entity, owner: object, zone: str) -> None:
    with timezone.override(zone):
        actions.update_entity(by=None, record=Entity.objects.get(pk=entity.pk), values={"owner": owner})


def test_owners_follow_each_other_whatever_zones_their_writers_live_in(people, afternoon):
    entity = make_entity("api", owner=people.team)
    Ownership.objects.update(effective_from=dt.date(2026, 1, 1))
    set_owner(entity, people.other.reference, AHEAD)
    set_owner(entity, people.team.reference, BEHIND)
    rows = Ownership.objects.order_by("effective_from", "pk").values_list("owner__name", "effective_from")
    assert list(rows) == [("checkout", dt.date(2026, 1, 1)), ("checkout", dt.date(2026, 11, 21))]


def test_a_tenure_that_has_yet_to_begin_gives_way_without_a_fault(people, afternoon):
    entity = make_entity("api", owner=people.team)
    Ownership.objects.update(effective_from=dt.date(2026, 11, 22))
    set_owner(entity, people.other.reference, "UTC")
    assert [each.owner.name for each in Ownership.objects.all()] == ["payments"]


def test_an_import_replaces_an_owner_whose_tenure_has_yet_to_begin(tmp_path, afternoon):
    (tmp_path / "catalog-info.yaml").write_text(_component("first"), encoding="utf-8")
    apply_paths([tmp_path], source="files")
    Ownership.objects.update(effective_from=dt.date(2026, 11, 22))
    (tmp_path / "catalog-info.yaml").write_text(_component("second"), encoding="utf-8")
    apply_paths([tmp_path], source="files")
    assert [each.owner.name for each in Ownership.objects.all()] == ["second"]


def _component(owner: str) -> str:
    return (
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: api}\n"
        f"spec: {{type: service, lifecycle: production, owner: {owner}}}\n"
    )


def test_no_zone_of_ones_own_brings_back_the_rights_of_a_team_one_left(sign_in, people):
    make_entity("cart", owner=people.team)
    membership = Membership.objects.get(person=people.editor.person.reference)
    Membership.objects.update(effective_from=dt.date(2026, 1, 1))
    User.objects.filter(pk=people.editor.pk).update(time_zone=BEHIND)
    with time_machine.travel(dt.datetime(2026, 11, 21, 5, tzinfo=dt.UTC)):
        client = sign_in(people.editor)
        assert client.get("/services/cart/edit/").status_code == 200
        people_actions.leave_team(by=None, membership=membership)
        assert client.get("/services/cart/edit/").status_code == 403


def test_who_is_added_from_ahead_may_edit_at_once_and_be_taken_out_from_behind(people, afternoon):
    with timezone.override(AHEAD):
        membership = people_actions.join_team(
            by=None, person=people.stranger.person.reference, team=people.team.reference
        )
    assert User.objects.get(pk=people.stranger.pk).team_ids == {people.team.reference_id}
    with timezone.override(BEHIND):
        people_actions.leave_team(by=None, membership=membership)
    assert User.objects.get(pk=people.stranger.pk).team_ids == frozenset()


def test_a_membership_that_has_yet_to_begin_is_ended_on_its_page(sign_in, people, afternoon):
    membership = people_actions.join_team(
        by=None,
        person=people.stranger.person.reference,
        team=people.team.reference,
        effective_from=dt.date(2026, 12, 1),
    )
    sign_in(people.editor).post(f"/teams/checkout/-/members/{membership.pk}/end/")
    membership.refresh_from_db()
    assert membership.effective_to == dt.date(2026, 12, 1)


def test_who_is_yet_to_come_is_not_counted_in_a_team(api, people, afternoon):
    people_actions.join_team(
        by=None,
        person=people.stranger.person.reference,
        team=people.team.reference,
        effective_from=dt.date(2026, 12, 1),
    )
    rows = api(people.reader).get("/api/v1/teams/").json()["items"]
    assert {row["name"]: row["members"] for row in rows} == {"checkout": 1, "payments": 1}


def test_members_are_added_to_the_team_of_the_namespace_one_looks_at(sign_in, people):
    make_team("core")
    platform = make_team("core", namespace="platform")
    make_person("mei")
    client = sign_in(people.administrator)
    page = client.get("/teams/platform:core/").content.decode()
    assert 'action="/teams/platform:core/-/members/"' in page
    client.post("/teams/platform:core/-/members/", {"person": "mei", "role": "member"})
    membership = Membership.objects.get(person__name="mei")
    assert membership.team == platform.reference
    page = client.get("/teams/platform:core/").content.decode()
    assert f'action="/teams/platform:core/-/members/{membership.pk}/end/"' in page
