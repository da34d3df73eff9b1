"""``manage.py catalog apply``: one line for each document, and an exit code that means something."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.people.models import Team
from services.models import Entity, Source

pytestmark = pytest.mark.django_db

SHOP = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: Shop}
spec: {type: service, lifecycle: production, owner: payments}
"""
TEAM = """apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments}
spec: {type: team, children: []}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "repos"
    (path / "a").mkdir(parents=True)
    (path / "a" / "catalog-info.yaml").write_text(f"{SHOP}---\n---\n{SHOP}")
    (path / "b.yaml").write_text("kind: [")
    (path / "c.yaml").write_text("kind: ${{ values.kind }}")
    (path / "d.yaml").write_text(SHOP.replace("backstage.io/v1alpha1", "example.com/v1").replace("Component", "Widget"))
    (path / "é.yaml").write_text(TEAM)
    return path


def run(*arguments: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("catalog", "apply", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_json_is_one_line_for_each_document_and_nothing_else_on_standard_output(folder: Path) -> None:
    out, err = run(folder, "--format", "json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(each["file"], each["doc"], each["status"], each["ref"]) for each in lines] == [
        ("a/catalog-info.yaml", 0, "accepted", "component:default/shop"),
        ("a/catalog-info.yaml", 1, "empty", None),
        ("a/catalog-info.yaml", 2, "accepted", "component:default/shop"),
        ("b.yaml", 0, "rejected", None),
        ("c.yaml", 0, "aside", None),
        ("d.yaml", 0, "foreign", "widget:default/shop"),
        ("é.yaml", 0, "accepted", "group:default/payments"),
    ]
    assert lines[0]["error"] is None
    assert lines[0]["conflict"] is None
    assert lines[2]["conflict"].startswith("a/catalog-info.yaml, document 0, describes component:default/shop already")
    assert lines[3]["error"] == "Line 1: A list or mapping opened with [ or { is not closed."
    assert err.startswith("Reading files …\n")
    assert "7 documents in" in err
    assert "1 rejected, 1 set aside, 1 empty, 1 in conflict. 3 created, 0 changed." in err


def test_the_second_time_says_the_same_and_that_nothing_changed(folder: Path) -> None:
    first = [json.loads(line) for line in run(folder, "--format", "json")[0].splitlines()]
    out, err = run(folder, "--format", "json")
    second = [json.loads(line) for line in out.splitlines()]
    assert [{**line, "change": ""} for line in first] == [{**line, "change": ""} for line in second]
    assert {line["change"] for line in second} == {"unchanged"}
    assert "0 created, 0 changed." in err


def test_without_a_format_it_lists_what_needs_mending(folder: Path) -> None:
    out, _ = run(folder)
    assert out.splitlines() == [
        "conflict: a/catalog-info.yaml, document 2 (component:default/shop)",
        (
            "    a/catalog-info.yaml, document 0, describes component:default/shop already and keeps it. Give one of "
            "the two another name, or remove it."
        ),
        "rejected: b.yaml, document 0",
        "    Line 1: A list or mapping opened with [ or { is not closed.",
    ]


def test_the_source_can_be_named_and_left_untrusted(folder: Path) -> None:
    run(folder, "--source", "public", "--untrusted")
    source = Source.objects.get()
    assert (source.name, source.trusted) == ("public", False)
    assert Team.objects.count() == 0
    run(folder, "--source", "public", "--trusted")
    assert Team.objects.get().name == "payments"


def test_an_untrusted_source_stays_untrusted_until_the_command_says_otherwise(folder: Path) -> None:
    """A schedule that leaves the flag out must not give rights to files that were kept from giving any."""
    run(folder, "--no-trusted")
    _, err = run(folder)
    assert (Source.objects.get().trusted, Team.objects.count()) == (False, 0)
    assert "trusted" not in err
    _, err = run(folder, "--trusted")
    assert "The source repos is trusted from now on: it makes teams, people and memberships, which give rights." in err
    assert (Source.objects.get().trusted, Team.objects.count()) == (True, 1)
    assert "trusted" not in run(folder)[1]
    assert "The source repos is no longer trusted: its teams and people are set aside" in run(folder, "--untrusted")[1]


def test_a_source_with_a_lower_precedence_takes_over_what_another_keeps(folder: Path, tmp_path: Path) -> None:
    run(folder)
    (tmp_path / "central").mkdir()
    (tmp_path / "central" / "shop.yaml").write_text(SHOP.replace("metadata: {", "metadata: {title: Ours, "))
    assert "conflict: shop.yaml, document 0" in run(tmp_path / "central")[0]
    assert Entity.objects.get(kind="component").title == ""
    out, err = run(tmp_path / "central", "--precedence", "10")
    assert "The source central has precedence 10 from now on, no longer 100." in err
    assert "conflict" not in out
    assert Entity.objects.get(kind="component").title == "Ours"
    assert "precedence" not in run(tmp_path / "central")[1]
    assert Source.objects.get(name="central").precedence == 10


def test_the_list_and_the_page_of_sources_show_their_precedence(folder: Path, api, sign_in, people) -> None:
    run(folder, "--precedence", "7")
    rows = api(people.administrator).get("/api/v1/sources/").json()["items"]
    assert [row["precedence"] for row in rows] == [7]
    page = sign_in(people.administrator).get(f"/sources/{Source.objects.get().pk}/").content.decode()
    assert "Precedence 7" in page


@pytest.mark.parametrize("rank", ["-1", "first", "1000001", "²"])
def test_a_precedence_that_is_none_is_told(folder: Path, rank: str) -> None:
    with pytest.raises(CommandError, match=r"is no rank\. Write a whole number from 0 to 1,000,000\."):
        run(folder, f"--precedence={rank}")


def test_a_path_that_does_not_exist_fails_and_says_which(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"There is no file or folder “.*/nowhere”\. Give the path of one"):
        run(folder, folder / "nowhere")
    assert Entity.objects.count() == 0


def test_an_empty_folder_is_no_mistake(tmp_path: Path) -> None:
    out, err = run(tmp_path, "--format", "json")
    assert out == ""
    assert "0 documents" in err


def test_a_path_and_a_known_verb_are_needed() -> None:
    for arguments in (["catalog"], ["catalog", "apply"], ["catalog", "plough", "x"]):
        with pytest.raises(CommandError):
            call_command(*arguments)
