"""The demo company is believable only while its files fit together: counts, references, each fault that is meant."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

LARKSPUR = Path(__file__).parents[2] / "services" / "demo" / "larkspur"

BROKEN_YAML = "resale/season-swap/catalog-info.yaml"
WITHOUT_OWNER = "fan-messaging/whatsapp-trial/catalog-info.yaml"
LIST_AS_SYSTEM = "organiser-studio/tour-planner/catalog-info.yaml"
FOREIGN_KIND = "reliability/dashboards/catalog-info.yaml"
SKELETON = "developer-experience/golden-path/skeleton/catalog-info.yaml"
SECOND_CLAIM = "edge/media-resizer/catalog-info.yaml"
MEANT_TO_FAIL = {BROKEN_YAML, WITHOUT_OWNER, LIST_AS_SYSTEM, FOREIGN_KIND, SKELETON, SECOND_CLAIM}

OWNED_BY_A_VANISHED_TEAM = {
    "component:default/fan-polls": "group:default/growth-lab",
    "component:default/festival-microsites": "group:default/growth-lab",
    "component:default/seat-upgrade-offers": "group:default/revenue-experiments",
    "resource:default/legacy-reports-db": "group:default/bi-team",
}
OWNED_BY_SOMEONE_WHO_LEFT = {
    "component:default/ticket-printer": "user:default/henrik-dahl",
    "component:default/crowd-counter": "user:default/lotte-vermeer",
    "resource:default/gate-heatmaps": "user:default/lotte-vermeer",
}
DANGLING = {
    "api:default/tax-lookup-v1",
    "component:default/geo-ip",
    "component:default/load-forecast",
    "component:default/loyalty-engine",
    "component:default/nordic-acquirer-proxy",
    "component:default/price-cache",
    "component:default/tour-planner",
    "resource:default/config-share-nfs",
    "resource:default/eu-south-cluster",
    "resource:default/ftp-drop-box",
    "resource:default/legacy-mysql-01",
    "resource:default/session-memcached",
}
LISTS_OF_REFERENCES = {
    "dependsOn": "",
    "providesApis": "api",
    "consumesApis": "api",
    "memberOf": "group",
    "children": "group",
}
SINGLE_REFERENCES = {"owner": "group", "system": "system", "domain": "domain", "parent": "group"}
NAME = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")
TAG = re.compile(r"^[a-z0-9:+#]+(-[a-z0-9:+#]+)*$")

Document = dict[str, Any]


def canonical(reference: str, default_kind: str) -> str:
    kind, colon, name = reference.rpartition(":")
    return f"{kind if colon else default_kind}:default/{name}".lower()


def path_of(file: Path) -> str:
    return file.relative_to(LARKSPUR).as_posix()


@cache
def sound_documents() -> tuple[Document, ...]:
    """Every document of the files that are meant to be accepted."""
    files = [file for file in sorted(LARKSPUR.rglob("*.yaml")) if path_of(file) not in MEANT_TO_FAIL]
    return tuple(document for file in files for document in yaml.safe_load_all(file.read_text(encoding="utf-8")))


@cache
def by_reference() -> dict[str, Document]:
    return {canonical(document["metadata"]["name"], document["kind"]): document for document in sound_documents()}


def of_kind(kind: str) -> list[Document]:
    return [document for document in sound_documents() if document["kind"] == kind]


def references(document: Document) -> list[str]:
    spec = document["spec"]
    many = [canonical(value, kind) for field, kind in LISTS_OF_REFERENCES.items() for value in spec.get(field, ())]
    return many + [canonical(spec[field], kind) for field, kind in SINGLE_REFERENCES.items() if field in spec]


def load_one(path: str) -> Document:
    document: Document = yaml.safe_load((LARKSPUR / path).read_text(encoding="utf-8"))
    return document


def dependencies() -> dict[str, set[str]]:
    return {
        reference: {canonical(target, "") for target in document["spec"].get("dependsOn", ())}
        for reference, document in by_reference().items()
    }


def test_the_company_has_the_size_it_claims() -> None:
    kinds = Counter(document["kind"] for document in sound_documents())
    assert kinds == {
        "Component": 158, "Resource": 60, "API": 40, "System": 12, "Domain": 5, "Group": 31, "User": 120, "Template": 1,
    }  # fmt: skip
    assert Counter(group["spec"]["type"] for group in of_kind("Group")) == {"team": 25, "product-area": 5, "root": 1}
    assert Counter(component["spec"]["type"] for component in of_kind("Component")) == {
        "service": 120,
        "website": 20,
        "library": 15,
        "mobile-app": 3,
    }


def test_each_reference_is_defined_once() -> None:
    assert len(by_reference()) == len(sound_documents())


def test_names_tags_and_annotations_follow_the_format() -> None:
    for document in sound_documents():
        metadata = document["metadata"]
        assert NAME.match(metadata["name"])
        assert len(metadata["name"]) <= 63
        assert all(TAG.match(tag) for tag in metadata.get("tags", ())), metadata["name"]
        assert all(isinstance(value, str) for value in metadata.get("annotations", {}).values()), metadata["name"]


def test_descriptions_are_one_line_each_and_none_is_a_copy() -> None:
    texts = [d["metadata"].get("description", "") for d in sound_documents() if d["kind"] != "User"]
    texts.remove("")  # checkout-api, which people describe in the portal
    assert len(set(texts)) == len(texts)
    assert all(20 <= len(text) <= 120 and "\n" not in text for text in texts)


def test_links_stay_within_the_company() -> None:
    links = [link for document in sound_documents() for link in document["metadata"].get("links", ())]
    assert len(links) > 300
    for link in links:
        parts = urlsplit(link["url"])
        assert parts.scheme == "mailto" or (parts.hostname or "").endswith(".larkspur.example"), link["url"]


def test_people_and_teams_can_be_reached() -> None:
    emails = [person["spec"]["profile"]["email"] for person in of_kind("User")]
    assert len(set(emails)) == 120
    assert all(email.endswith("@larkspur.example") for email in emails)
    for team in of_kind("Group"):
        annotations = team["metadata"].get("annotations", {})
        assert team["spec"]["profile"]["email"].endswith("@larkspur.example")
        if team["spec"]["type"] == "team":
            assert annotations["groundwork/chat"].startswith("#")
            assert annotations["groundwork/team-kind"] in {"product", "platform", "enabling"}


def test_every_team_has_members_and_parent_and_child_agree() -> None:
    members = Counter(team for person in of_kind("User") for team in person["spec"]["memberOf"])
    groups = {group["metadata"]["name"]: group["spec"] for group in of_kind("Group")}
    for name, spec in groups.items():
        assert members[name] >= 1, name
        assert all(groups[child]["parent"] == name for child in spec["children"])


def test_only_the_listed_owners_are_missing() -> None:
    owners = {r: canonical(d["spec"]["owner"], "group") for r, d in by_reference().items() if "owner" in d["spec"]}
    assert {r: owner for r, owner in owners.items() if owner not in by_reference()} == OWNED_BY_A_VANISHED_TEAM
    leavers = set(OWNED_BY_SOMEONE_WHO_LEFT.values())
    assert {r: owner for r, owner in owners.items() if owner in leavers} == OWNED_BY_SOMEONE_WHO_LEFT


def test_only_the_listed_references_dangle() -> None:
    named = {reference for document in sound_documents() for reference in references(document)}
    assert named - set(by_reference()) == DANGLING | set(OWNED_BY_A_VANISHED_TEAM.values())


def test_every_api_is_provided_and_defined() -> None:
    provided = {canonical(api, "api") for c in of_kind("Component") for api in c["spec"].get("providesApis", ())}
    for api in of_kind("API"):
        assert canonical(api["metadata"]["name"], "api") in provided
        assert 10 <= api["spec"]["definition"].count("\n") <= 40, api["metadata"]["name"]
        if api["spec"]["type"] in {"openapi", "asyncapi"}:
            assert yaml.safe_load(api["spec"]["definition"])["info"]["title"] == api["metadata"]["title"]


def test_successors_exist() -> None:
    annotated = [d["metadata"].get("annotations", {}).get("groundwork/successor") for d in sound_documents()]
    successors = [canonical(reference, "") for reference in annotated if reference]
    assert len(successors) >= 10
    assert set(successors) <= set(by_reference())


def test_deprecated_services_are_partly_still_needed() -> None:
    deprecated = {
        r for r, d in by_reference().items() if d["kind"] == "Component" and d["spec"]["lifecycle"] == "deprecated"
    }
    needed = set().union(*dependencies().values())
    assert len(deprecated) == 8
    assert len(deprecated & needed) == 6


def test_tier_zero_is_a_short_list() -> None:
    tiers = {
        d["metadata"]["name"]: d["metadata"].get("annotations", {}).get("groundwork/tier") for d in of_kind("Component")
    }
    assert set(tiers.values()) == {"0", "1", "2", "3", "4", None}
    assert {name for name, tier in tiers.items() if tier == "0"} == {
        "checkout-api", "payments-gateway", "identity-login", "queue-room", "orders-api", "ledger",
    }  # fmt: skip


def test_what_stops_with_checkout() -> None:
    needed_by: dict[str, set[str]] = {}
    for reference, targets in dependencies().items():
        for target in targets:
            needed_by.setdefault(target, set()).add(reference)
    level, seen, counts = {"component:default/checkout-api"}, {"component:default/checkout-api"}, []
    while level := set().union(*(needed_by.get(reference, set()) for reference in level)) - seen:
        seen |= level
        counts.append(len(level))
    assert counts == [4, 6, 4]


@pytest.mark.parametrize(
    "circle",
    [
        ("events-api", "venue-directory"),
        ("fee-calculator", "pricing-engine"),
        ("event-approvals", "event-publisher"),
        ("pipeline-runner", "warehouse-loader"),
        ("token-mint", "secrets-broker", "staff-sso"),
        ("search-indexer", "listing-enricher", "listing-feed"),
    ],
)
def test_some_dependencies_go_in_a_circle(circle: tuple[str, ...]) -> None:
    for name, needs in zip(circle, circle[1:] + circle[:1], strict=True):
        assert f"component:default/{needs}" in dependencies()[f"component:default/{name}"]


def test_the_files_that_fail_fail_for_their_own_reason() -> None:
    with pytest.raises(yaml.YAMLError):
        load_one(BROKEN_YAML)
    assert "owner" not in load_one(WITHOUT_OWNER)["spec"]
    assert isinstance(load_one(LIST_AS_SYSTEM)["spec"]["system"], list)
    assert load_one(FOREIGN_KIND)["apiVersion"] == "larkspur.example/v1"
    assert "${{" in load_one(SKELETON)["metadata"]["name"]
    assert canonical(load_one(SECOND_CLAIM)["metadata"]["name"], "component") in by_reference()
