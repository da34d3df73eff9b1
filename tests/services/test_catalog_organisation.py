"""Teams, people and memberships come from files of a trusted source, and only from there."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from portal.declared import declared_fields
from portal.people import actions
from portal.people.models import Membership, Person, Team, User
from services.models import Document
from tests import factories
from tests.services.applying import ORGANISATION, apply, descriptor, members, write

pytestmark = pytest.mark.django_db


def test_teams_people_and_memberships_come_from_a_trusted_source(folder: Path) -> None:
    write(folder / "org.yaml", *ORGANISATION)
    apply(folder)
    payments = Team.objects.get(name="payments")
    assert (payments.title, payments.kind, payments.description) == ("Payments", "product", "Takes money.")
    assert (payments.chat, payments.email, payments.on_call_url) == (
        "#pay",
        "pay@example.com",
        "https://oncall.example/pay",
    )
    assert payments.parent.canonical == "group:default/engineering"
    assert Team.objects.get(name="platform").parent.canonical == "group:default/engineering"
    assert Team.objects.get(name="engineering").parent is None
    jane = Person.objects.get(name="jane")
    assert (jane.title, jane.email) == ("Jane Doe", "jane@example.com")
    assert (members("payments"), members("platform")) == ({"jane", "omar"}, {"omar"})
    assert Membership.objects.filter(trusted=False).count() == 0


def test_an_untrusted_source_makes_neither_teams_nor_people(folder: Path) -> None:
    write(folder / "org.yaml", *ORGANISATION, descriptor("Component", "shop"))
    results = apply(folder, trusted=False)
    assert [each.status for each in results] == ["aside"] * 5 + ["accepted"]
    assert results[0].error is not None
    assert results[0].error.startswith("Teams and people give rights, so they are only taken from a trusted source.")
    assert (Team.objects.count(), Person.objects.count(), Membership.objects.count()) == (0, 0, 0)
    apply(folder, trusted=True)
    assert (Team.objects.count(), Person.objects.count(), Membership.objects.count()) == (3, 2, 3)


def test_a_membership_that_no_file_declares_any_more_ends(folder: Path) -> None:
    write(folder / "teams.yaml", *ORGANISATION[:3])
    write(folder / "people.yaml", *ORGANISATION[3:])
    apply(folder)
    began = dt.date(2025, 1, 1)
    Membership.objects.update(effective_from=began)
    write(folder / "people.yaml", ORGANISATION[3], descriptor("User", "omar", "memberOf: [platform]"))
    apply(folder)
    assert (members("payments"), members("platform")) == ({"jane"}, {"omar"})
    ended = Membership.objects.get(effective_to__isnull=False)
    assert (ended.person.name, ended.effective_from, ended.effective_to) == ("omar", began, timezone.localdate())


def test_a_person_entered_by_hand_stays_in_a_team_of_the_files(folder: Path) -> None:
    write(folder / "org.yaml", *ORGANISATION)
    apply(folder)
    factories.make_person("guest", teams=(Team.objects.get(name="payments"),))
    write(folder / "org.yaml", *ORGANISATION[:4])
    apply(folder)
    assert members("payments") == {"jane", "guest", "omar"}  # whose document vanished is kept as well


def test_who_has_left_joins_no_team_again_because_a_file_is_stale(folder: Path) -> None:
    write(folder / "org.yaml", *ORGANISATION)
    apply(folder)
    Person.objects.filter(name="omar").update(is_active=False)
    Membership.objects.filter(person__name="omar").delete()
    write(folder / "org.yaml", *ORGANISATION[:4], ORGANISATION[4].replace("spec:", "  title: Omar\nspec:"))
    apply(folder)
    assert members("platform") == set()


def test_a_child_that_its_parent_no_longer_names_has_no_parent(folder: Path) -> None:
    write(folder / "org.yaml", *ORGANISATION)
    apply(folder)
    write(folder / "org.yaml", ORGANISATION[0], descriptor("Group", "engineering"), *ORGANISATION[2:])
    apply(folder)
    assert Team.objects.get(name="platform").parent is None


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (
            ("pay@example.com", "pay at example"),
            "spec.profile.email is not taken: “pay at example” is no e-mail address.",
        ),
        (("product", "nice"), "groundwork/team-kind is not taken: “nice” is none of product, platform, enabling."),
        (
            ("https://oncall.example/pay", "javascript:alert(1)"),
            (
                "groundwork/on-call is not taken: “javascript:alert(1)” is no web address. Write it "
                "whole, starting with https://."
            ),
        ),
    ],
)
def test_a_contact_that_cannot_be_one_is_noted(folder: Path, change: tuple[str, str], note: str) -> None:
    write(folder / "org.yaml", ORGANISATION[0].replace(*change))
    (result,) = apply(folder)
    assert result.notes == (note,)
    assert Team.objects.get().name == "payments"


# What was said and is said no more

WITHOUT_JANE = ORGANISATION[0].replace("members: [jane]", "members: []")


def apart(folder: Path) -> tuple[Path, Path]:
    """Teams and people in a folder each, read as a source each."""
    write(folder / "teams" / "teams.yaml", *ORGANISATION[:3])
    write(folder / "people" / "people.yaml", *ORGANISATION[3:])
    return folder / "teams", folder / "people"


def test_who_a_file_takes_out_of_a_team_of_another_source_is_no_longer_in_it(folder: Path) -> None:
    paths = apart(folder)
    apply(*paths)
    assert (members("payments"), members("platform")) == ({"jane", "omar"}, {"omar"})
    write(folder / "people" / "people.yaml", ORGANISATION[3], descriptor("User", "omar", "memberOf: [platform]"))
    apply(*paths)
    assert (members("payments"), members("platform")) == ({"jane"}, {"omar"})
    write(
        folder / "teams" / "teams.yaml", ORGANISATION[0].replace("members: [jane]", "members: []"), *ORGANISATION[1:3]
    )
    apply(folder / "teams")
    assert members("payments") == set()


def test_who_two_files_put_into_a_team_is_in_it_until_both_take_it_back(folder: Path) -> None:
    paths = apart(folder)
    write(folder / "people" / "people.yaml", descriptor("User", "jane", "memberOf: [payments]"))
    apply(*paths)
    write(folder / "people" / "people.yaml", descriptor("User", "jane"))
    apply(*paths)
    assert members("payments") == {"jane"}
    write(
        folder / "teams" / "teams.yaml", ORGANISATION[0].replace("members: [jane]", "members: []"), *ORGANISATION[1:3]
    )
    apply(*paths)
    assert members("payments") == set()


def test_who_was_added_on_the_page_stays_when_only_the_team_is_of_the_files(folder: Path) -> None:
    paths = apart(folder)
    apply(*paths)
    payments, ines = Team.objects.get(name="payments"), factories.make_person("ines")
    actions.join_team(by=None, person=ines.reference, team=payments.reference)
    write(folder / "people" / "people.yaml", ORGANISATION[3], descriptor("User", "ines", "memberOf: []"))
    apply(*paths)
    assert "ines" in members("payments")


def test_teams_of_a_source_that_lost_its_trust_let_nobody_edit_any_more(folder: Path, client) -> None:
    write(folder / "org.yaml", *ORGANISATION)
    apply(folder)
    factories.make_person("ines", teams=(Team.objects.get(name="payments"),))
    Membership.objects.filter(person__name="omar").update(effective_from=dt.date(2025, 1, 1))
    user = User.objects.create_user("omar@larkspur.example", person=Person.objects.get(name="omar"))
    client.force_login(user, backend="portal.people.backends.PersonBackend")
    assert client.get("/teams/platform/edit/").status_code == 200
    said: list[str] = []
    apply(folder, trusted=False, say=said.append)
    assert client.get("/teams/platform/edit/").status_code == 403
    assert (members("payments"), members("platform")) == ({"ines"}, set())
    assert said[0].endswith("and memberships that only it declared end (3).")
    ended = Membership.objects.filter(person__name="omar").values_list("effective_to", flat=True)
    assert set(ended) == {timezone.localdate()}
    apply(folder, trusted=True)
    assert (members("payments"), members("platform")) == ({"ines", "jane", "omar"}, {"omar"})


def test_what_another_trusted_source_says_as_well_stays_when_one_loses_its_trust(folder: Path) -> None:
    write(folder / "org" / "org.yaml", *ORGANISATION[:4])
    write(folder / "people" / "omar.yaml", descriptor("User", "omar", "memberOf: [platform]"))
    apply(folder / "org", folder / "people")
    apply(folder / "org", trusted=False)
    assert (members("payments"), members("platform")) == (set(), {"omar"})


# What only bears the name of a team


@pytest.mark.parametrize("trusted", [False, True])
def test_a_group_of_another_api_version_keeps_no_team_from_its_file_nor_its_fields_from_people(
    folder: Path, trusted: bool
) -> None:
    strange = [text.replace("backstage.io/v1alpha1", "example.com/v1") for text in (ORGANISATION[0], ORGANISATION[3])]
    hand_made = factories.make_person("jane")
    write(folder / "strange" / "org.yaml", *strange)
    results = apply(folder / "strange", trusted=trusted)
    assert [(each.status, each.conflict) for each in results] == [("aside", None)] * 2
    assert results[0].error is not None
    assert results[0].error.splitlines() == [
        "This is no team or person that the portal knows. It is set aside, or it would keep the name of one.",
        "Line 1: Group is known with apiVersion backstage.io/v1alpha1, not “example.com/v1”.",
    ]
    assert declared_fields(hand_made) == {}
    left = actions.deactivate_person(by=None, person=hand_made)
    assert actions.erase_person(by=None, person=left).title == "Somebody who left"
    write(folder / "org" / "org.yaml", *ORGANISATION)
    assert {each.conflict for each in apply(folder / "org")} == {None}
    team = Team.objects.get(name="payments")
    assert declared_fields(team)["chat"].file == "org.yaml"


def test_a_team_of_a_file_that_an_untrusted_source_names_wrongly_stays_read_only(folder: Path) -> None:
    """The document that is turned away was read first, and would be asked first for what is declared."""
    write(folder / "other" / "bad.yaml", ORGANISATION[0].replace("type: team", "type: 7"))
    for trusted in (True, False):
        (result,) = apply(folder / "other", trusted=trusted)
        assert result.status == ("rejected" if trusted else "aside")
    write(folder / "org" / "org.yaml", *ORGANISATION)
    apply(folder / "org")
    apply(folder / "other", trusted=True)
    assert Document.objects.filter(reference__canonical="group:default/payments").count() == 2
    assert declared_fields(Team.objects.get(name="payments"))["chat"].file == "org.yaml"
