"""The catalogs of thirteen public repositories, judged beside the reference implementation's own answers."""

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portal.references.grammar import InvalidReferenceError, parse_reference
from services.catalog import validate
from services.catalog.reader import ReadDocument
from services.catalog.yaml12 import read_documents
from tests.services.reading import both_directions, read_path

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "catalog"
ORACLE = CORPUS / "oracle"
pytestmark = pytest.mark.skipif(not ORACLE.is_dir(), reason="The corpus of real catalogs is not on this machine.")

EXPECTED = {
    "valid": {"accepted"},
    "unknown-kind": {"foreign"},
    "empty": {"empty"},
    "invalid": {"rejected", "aside"},
    "invalid-envelope": {"rejected", "aside"},
    "yaml-error": {"rejected", "aside"},
}
# Where this portal judges otherwise, and why.
DIFFERENCES = {
    ("backstage__demo/examples/mcp-server-api.yaml", 0): (
        "An API of type mcp-server has remotes instead of a definition; the validators the oracle asked are older."
    ),
}


@cache
def oracle(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ORACLE / f"{name}.jsonl").read_text().splitlines()]


@cache
def vectors() -> dict[str, Any]:
    return json.loads((ORACLE / "vectors.json").read_text())


@cache
def documents() -> dict[tuple[str, int], ReadDocument]:
    return {(each.file, each.number): each for each in read_path(CORPUS / "repos")}


def test_verdicts_and_references_are_those_of_the_reference_implementation_but_for_explained_ones() -> None:
    different = set()
    for answer in oracle("docs"):
        ours = documents()[answer["file"], answer["doc"]]
        if ours.status not in EXPECTED[answer["status"]] or ours.reference != answer.get("ref"):
            different.add((answer["file"], answer["doc"]))
    for place in sorted(different):
        print(*place, DIFFERENCES.get(place, "unexplained"))
    assert different == DIFFERENCES.keys()
    assert len(different) / len(oracle("docs")) < 0.03


def test_nothing_is_read_that_the_oracle_does_not_know_but_the_definitions_of_apis() -> None:
    known = {(answer["file"], answer["doc"]) for answer in oracle("docs")}
    others = [document for place, document in documents().items() if place not in known]
    assert {document.status for document in others} == {"aside"}
    assert all(document.error.startswith("This is the definition of an API") for document in others)


def test_accepted_documents_hold_the_values_that_the_reference_implementation_reads() -> None:
    for answer in oracle("docs"):
        ours = documents()[answer["file"], answer["doc"]]
        if ours.is_taken and "placeholders" not in answer:
            assert ours.entity == answer["entity"], answer["file"]


def test_every_relation_is_emitted_in_both_directions_as_there() -> None:
    expected = defaultdict(set)
    for relation in oracle("relations"):
        expected[relation["file"], relation["doc"]].add((relation["source"], relation["type"], relation["target"]))
    for answer in oracle("docs"):
        # The owner of a template or of a foreign kind is known here as well.
        if answer["status"] == "valid" and answer["kind"] != "Template":
            ours = documents()[answer["file"], answer["doc"]]
            emitted = both_directions(answer["ref"], ours.relations)
            assert set(emitted) == expected[answer["file"], answer["doc"]]


CHECKS = {
    "isValidApiVersion": validate.is_api_version,
    "isValidKind": validate.is_kind,
    "isValidEntityName": validate.is_name,
    "isValidNamespace": validate.is_namespace,
    "isValidLabelKey": validate.is_label_key,
    "isValidLabelValue": validate.is_label_value,
    "isValidAnnotationKey": validate.is_label_key,
    "isValidTag": validate.is_tag,
}


@pytest.mark.parametrize("name", CHECKS)
def test_single_values_are_judged_as_there(name: str) -> None:
    answers = vectors()["validators"][name]
    assert {text: CHECKS[name](text) for text in answers} == answers


def test_addresses_are_judged_as_there() -> None:
    answers = vectors()["urls"]
    assert {text: validate.is_absolute_url(text) for text in answers} == answers


def test_references_are_read_as_there() -> None:
    for case in vectors()["refs"]:
        context, expected = case["context"], case["result"]
        try:
            ref = parse_reference(case["ref"], context.get("defaultKind"), context.get("defaultNamespace"))
        except InvalidReferenceError:
            assert "error" in expected, case
        else:
            parts = {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name, "string": ref.canonical}
            assert parts == expected, case


@pytest.mark.parametrize("pure", [False, True], ids=["libyaml", "python"])
def test_yaml_is_read_as_there(pure: bool) -> None:
    for case in vectors()["yaml"]:
        if "9007199254740993" in case["text"]:
            continue  # no digit of a large number is lost here
        ours = [{"error"} if each.error else each.value for each in read_documents(case["text"], pure=pure)]
        assert ours == [{"error"} if "error" in each else each["json"] for each in case["docs"]], case["text"]
