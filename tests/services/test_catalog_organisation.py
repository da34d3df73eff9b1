"""Teams, people and memberships come from files of a trusted source, and only from there."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from portal.people.models import Membership, Person, Team
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
