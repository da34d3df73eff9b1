"""A wrong declaration fails in ``manage.py check``, with an id and what to do about it."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from portal import panels
from portal.collections import Collection, _registry, register
from portal.columns import Column
from portal.panels import panel
from portal.people.models import ApiToken, Membership, Team

NAME = Column("name")


@pytest.fixture
def declared() -> Iterator[Any]:
    """Register a collection of teams for one test: a right one but for what the test says."""

    def declare(**wrong: Any) -> list[str]:
        right = {
            "model": Team,
            "slug": "wrong-teams",
            "rows": Team.objects.all,
            "order": "name",
            "columns": (Column("name", cell="link", search="A"), Column("kind")),
            "form": ("name",),
        }
        register(Collection(**{**right, **wrong}))
        return [(each.id, each.msg, each.hint) for each in run_checks() if "wrong-teams" in each.msg]

    yield declare
    _registry.pop("wrong-teams", None)


def test_what_is_declared_here_passes():
    call_command("check", fail_level="WARNING", stdout=StringIO())


def test_a_right_declaration_passes(declared):
    assert declared() == []


@pytest.mark.parametrize(
    ("wrong", "number", "said", "hint"),
    [
        ({"columns": (NAME, Column("nmae"))}, "E001", "column “nmae” cannot be read", "Name a field path"),
        ({"columns": (NAME, Column("x", source="parent__zebra"))}, "E001", "column “x”", "Name a field path"),
        ({"columns": (NAME, Column("x", source="name__zebra"))}, "E001", "column “x”", "Name a field path"),
        ({"model": ApiToken, "rows": ApiToken.objects.all, "form": (), "columns": (NAME, Column("user"))},
         "E001", "name a field of that record", "Name a field path"),
        ({"columns": (NAME, Column("x", source="reference__team_memberships"))}, "E001", "many records", "an expr"),
        ({"columns": (NAME, Column("sort", source="kind"))}, "E002", "“sort” means something else", "Rename"),
        ({"columns": (NAME, Column("a.b", source="kind"))}, "E002", "“a.b” means something else", "Rename"),
        ({"columns": (NAME, Column("name", source="kind"))}, "E003", "two columns are called “name”", "identity"),
        ({"order": "zebra"}, "E004", "its order “zebra” is none of its columns", "Order by a column"),
        ({"order": "-zebra"}, "E004", "its order “zebra” is none of its columns", "Order by a column"),
        ({"form": ("name", "zebra")}, "E005", "its form names “zebra”", "Name model fields"),
        ({"columns": (Column("name", cell="zebra"),)}, "E006", "wants the unknown cell “zebra”", "badge"),
        ({"columns": (Column("name", search="E"),)}, "E007", "has search weight “E”", "Use A to D"),
        ({"columns": (Column("name", search="A", perm="x.y"),)}, "E009", "everybody would find by it", "Take search"),
        ({"model": Membership, "rows": Membership.objects.all, "form": (), "order": "trusted",
          "columns": (Column("trusted"),)}, "E010", "the text box of its list finds nothing", "Give a column search"),
        ({"line": ("zebra",)}, "E008", "“zebra” in line or defaults is none of its columns", "Name a column"),
        ({"defaults": {"zebra": ("1",)}}, "E008", "“zebra” in line or defaults", "Name a column"),
    ],
)  # fmt: skip
def test_a_wrong_declaration_is_found(declared, wrong, number, said, hint):
    found = [each for each in declared(**wrong) if each[0] == f"portal.{number}"]
    assert len(found) == 1, found
    assert said in found[0][1]
    assert hint in found[0][2]
    assert "docs/adding-a-collection.md" in found[0][2]


def test_the_check_command_refuses_to_go_on(declared):
    declared(order="zebra")
    with pytest.raises(SystemCheckError, match=r"portal\.E004"):
        call_command("check", stdout=StringIO(), stderr=StringIO())


def test_two_collections_of_one_name_are_refused_at_once():
    with pytest.raises(ValueError, match="Two collections are called “teams”"):
        register(Collection(model=Team, slug="teams", rows=Team.objects.all, order="name", columns=(Column("name"),)))


@pytest.fixture
def registered() -> Iterator[None]:
    before = [*panels._panels]
    yield
    panels._panels[:] = before


def test_a_panel_without_its_template_is_found(registered):
    panel(on=Team, slot="main", order=1, title="No template", template="none/such.html")(lambda request, team: {})
    assert [each.id for each in run_checks() if "No template" in each.msg] == ["portal.E020"]


def test_two_panels_of_one_name_are_found(registered):
    panel(on=Team, slot="main", order=1, title="Members", template="people/_members.html")(lambda request, team: {})
    assert [each.id for each in run_checks() if "people" in each.msg and each.id == "portal.E021"] == ["portal.E021"]
