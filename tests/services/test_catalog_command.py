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
