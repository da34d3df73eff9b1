"""What a descriptor may say, and what is said about one that does not."""

from typing import Any

import pytest

from services.catalog.relations import declared
from services.catalog.validate import Verdict, is_absolute_url, reference_of, validate
from tests.services.reading import both_directions


def entity(kind: str = "Component", spec: Any = None, /, **changes: Any) -> dict[str, Any]:
    specs: dict[str, Any] = {
        "Component": {"type": "service", "lifecycle": "production", "owner": "payments"},
        "API": {"type": "openapi", "lifecycle": "production", "owner": "payments", "definition": "openapi: 3.1.0"},
        "Resource": {"type": "database", "owner": "payments"},
        "System": {"owner": "payments"},
        "Domain": {"owner": "payments"},
        "Group": {"type": "team", "children": []},
        "User": {"memberOf": []},
        "Location": {},
        "Template": {"type": "service", "steps": [{"action": "fetch:template"}]},
    }
    version = "scaffolder.backstage.io/v1beta3" if kind == "Template" else "backstage.io/v1alpha1"
    built = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "shop"},
        "spec": {**specs.get(kind, {}), **(spec or {})},
    }
    return {**built, **changes}


def with_metadata(**values: Any) -> dict[str, Any]:
    return entity(metadata={"name": "shop", **values})


def messages(verdict: Verdict) -> list[str]:
    return [problem.message for problem in verdict.problems]


def only_message(value: Any) -> str:
    (message,) = messages(validate(value))
    return message


@pytest.mark.parametrize(
    "kind", ["Component", "API", "Resource", "System", "Domain", "Group", "User", "Location", "Template"]
)
def test_the_least_that_a_kind_needs_is_accepted(kind: str) -> None:
    verdict = validate(entity(kind))
    assert messages(verdict) == []
    assert verdict.kind is not None
    assert verdict.kind.name == kind


@pytest.mark.parametrize(
    ("kind", "field", "message"),
    [
        ("Component", "type", "spec.type is missing. Add its type, such as service, website or library."),
        ("Component", "lifecycle", "spec.lifecycle is missing. Add its lifecycle, such as production or deprecated."),
        ("Component", "owner", "spec.owner is missing. Add the team or person who owns it."),
        ("API", "owner", "spec.owner is missing. Add the team or person who owns it."),
        (
            "API",
            "definition",
            "spec.definition is missing. Add the definition of the API, or $text: and the file that holds it.",
        ),
        ("Resource", "owner", "spec.owner is missing. Add the team or person who owns it."),
        ("Group", "children", "spec.children is missing. Add the groups within it, [] where there are none."),
        ("User", "memberOf", "spec.memberOf is missing. Add the groups this person is in, [] where there are none."),
        ("Template", "steps", "spec.steps is missing. Add what it does, step by step."),
    ],
)
def test_a_missing_field_is_named_with_what_to_write(kind: str, field: str, message: str) -> None:
    value = entity(kind)
    del value["spec"][field]
    assert only_message(value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            entity("Resource", {"system": ["billing", "ledger"]}),
            "spec.system must be one text, but is a list of 2. Keep one: system: billing.",
        ),
        (
            entity("System", {"domain": ["a", "b"]}),
            "spec.domain must be one text, but is a list of 2. Keep one: domain: a.",
        ),
        (
            entity("Component", {"providesApis": "shop-api"}),
            "spec.providesApis must be a list of texts, but is “shop-api”. Write providesApis: [shop-api].",
        ),
        (
            entity("Component", {"dependsOn": ["resource:db", 7]}),
            (
                "spec.dependsOn must be a list of texts, but is a list of 2. One of its items is the number 7. "
                'Put it in quotes: "7".'
            ),
        ),
        (
            entity("Component", {"owner": None}),
            "spec.owner must be one text, but is empty. Write the team or person who owns it.",
        ),
        (
            entity("Component", {"system": None}),
            "spec.system must be one text, but is empty. Write the system it is part of, or leave the line out.",
        ),
        (entity("Component", {"owner": ""}), "spec.owner must be one text, but is an empty text."),
        (
            entity("Template", {"steps": [{"action": "a", "id": 7}]}),
            'spec.steps[0].id must be one text, but is the number 7. Put it in quotes: "7".',
        ),
        (
            entity("Template", {"steps": [{}]}),
            "spec.steps[0].action is missing. Add the action to run, such as fetch:template.",
        ),
        (
            entity("Location", {"presence": "maybe"}),
            "spec.presence must be one of required, optional, but is “maybe”.",
        ),
        (entity("Group", {"profile": "x"}), "spec.profile must be a mapping, but is “x”."),
        (
            entity("API", {"definition": {"$openapi": "./api.yaml"}}),
            (
                "spec.definition must be one text, but is a mapping with $openapi. Only $text, $json and $yaml name a "
                "file to be read here, as the only key."
            ),
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_stands_there_and_how_to_mend_it(value: Any, message: str) -> None:
    assert only_message(value) == message


def test_an_mcp_server_has_remotes_instead_of_a_definition() -> None:
    server = entity("API", {"type": "mcp-server", "remotes": [{"type": "sse", "url": "https://mcp.example.com"}]})
    del server["spec"]["definition"]
    assert validate(server).is_valid
    server["spec"]["remotes"] = []
    assert only_message(server) == "spec.remotes is empty. Add where the server is reached."


@pytest.mark.parametrize("value", [{"$text": "https://example.com/api.yaml"}, {"$text": "./missing.yaml"}])
def test_a_definition_that_was_not_fetched_still_counts_as_one(value: dict[str, str]) -> None:
    assert validate(entity("API", {"definition": value})).is_valid


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["a"], "The document must be a mapping that starts with apiVersion, but is a list of 1."),
        ("text", "The document must be a mapping that starts with apiVersion, but is “text”."),
        (
            entity(apiVersion="backstage.io/v1.1"),
            "apiVersion must be a word such as backstage.io/v1alpha1, but is “backstage.io/v1.1”.",
        ),
        (entity(kind="my-kind"), "kind must be a word such as Component, but is “my-kind”."),
        (
            entity(dependsOn=["resource:db"]),
            "“dependsOn” is not allowed at the top of a document. It belongs under spec; indent it there.",
        ),
        (
            entity(labels={}),
            "“labels” is not allowed at the top of a document. It belongs under metadata; indent it there.",
        ),
        (
            entity(relations=[]),
            (
                "“relations” is not allowed at the top of a document. It is worked out from the documents, never "
                "written; remove it."
            ),
        ),
        (entity(metadata=None), "metadata must be a mapping with at least a name, but it is missing."),
        (
            entity(metadata={}),
            "metadata.name is missing. Give the entity a short name such as payment-api.",
        ),
        (entity(metadata={"name": 7}), 'metadata.name must be a text, but is the number 7. Put it in quotes: "7".'),
        (entity(spec=[1]), "spec must be a mapping, but it is a list of 1."),
    ],
)
def test_a_wrong_envelope_is_explained(value: Any, message: str) -> None:
    assert only_message(value) == message


def test_a_name_of_64_characters_is_refused_kindly() -> None:
    assert only_message(entity(metadata={"name": "a" * 64})) == (
        f"metadata.name is 64 characters long; at most 63 are allowed. Shorten “{'a' * 64}” and keep the long form as "
        "metadata.title."
    )
    assert validate(entity(metadata={"name": "a" * 63})).is_valid


@pytest.mark.parametrize(
    ("path", "metadata"),
    [
        ("metadata.description", lambda text: {"description": text}),
        ("metadata.links[0].title", lambda text: {"links": [{"url": "https://docs.example", "title": text}]}),
        ("metadata.links[0].url", lambda text: {"links": [{"url": f"https://{text[8:]}"}]}),
    ],
)
def test_a_text_longer_than_a_form_takes_is_refused_with_both_lengths(path: str, metadata: Any) -> None:
    assert only_message(with_metadata(**metadata("x" * 3_000_000))) == (
        f"{path} is 3,000,000 characters long; at most 20,000 are kept. Shorten it."
    )
    assert validate(with_metadata(**metadata("x" * 20_000))).is_valid


def test_the_definition_of_an_api_may_be_longer_than_any_form_takes() -> None:
    assert validate(entity("API", {"definition": "x" * 20_001})).is_valid


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "a--b"),
        ("name", "A1-b_C.d"),
        ("namespace", "my--ns"),
        ("namespace", ""),
        ("description", ""),
        ("labels", {"example.com/team": "", "tier": "A_1"}),
        ("annotations", {"x.y/z": "any text: at all"}),
        ("tags", ["c++", "java:17", "c#"]),
        ("links", [{"url": "slack://channel?id=1", "title": "Chat"}]),
        ("anything-else", [1]),
    ],
)
def test_metadata_in_order_is_accepted(field: str, value: Any) -> None:
    assert messages(validate(with_metadata(**{field: value}))) == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "team@x.com", "metadata.name is “team@x.com”"),
        ("namespace", "Default", "metadata.namespace is “Default”"),
        ("title", "", "metadata.title must be one text"),
        ("labels", {"a": None}, "metadata.labels.a must be a text, but is empty"),
        ("labels", {"a/b/c": "x"}, "has the key “a/b/c”"),
        ("labels", {"a": "two words"}, "metadata.labels.a is “two words”"),
        ("annotations", {"a": 1}, 'metadata.annotations.a must be a text, but is the number 1. Put it in quotes: "1".'),
        ("annotations", {"a": True}, 'Put it in quotes: "true".'),
        ("tags", ["Java"], "metadata.tags holds “Java”"),
        ("tags", ["node.js"], "metadata.tags holds “node.js”"),
        ("tags", "java", "metadata.tags must be a list"),
        ("links", [{"title": "no address"}], "metadata.links[0].url is missing"),
        ("links", [{"url": "/relative"}], "metadata.links[0].url is “/relative”"),
        ("links", [{"url": "https://a.example", "title": " "}], "metadata.links[0].title is blank"),
    ],
)
def test_metadata_out_of_order_is_refused(field: str, value: Any, words: str) -> None:
    assert words in only_message(with_metadata(**{field: value}))


@pytest.mark.parametrize("field", ["labels", "annotations", "tags", "links"])
def test_an_empty_list_of_extras_is_read_as_absent_and_noted(field: str) -> None:
    verdict = validate(with_metadata(**{field: None}))
    assert verdict.is_valid
    assert [note.message for note in verdict.notes] == [
        f"metadata.{field} is empty and read as absent. Leave the line out."
    ]


def test_everything_that_is_wrong_is_reported_at_once() -> None:
    value = entity("Component", {"system": ["a"]}, metadata={"name": "a b"})
    assert len(messages(validate(value))) == 2


def test_a_kind_nobody_knows_is_foreign_and_only_its_envelope_is_judged() -> None:
    verdict = validate(entity("Package", {"owner": ["x"]}, apiVersion="extensions.backstage.io/v1alpha1"))
    assert verdict.is_valid
    assert verdict.kind is None


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"kind": "component"}, "kind is “component”; write Component for it to be read as one."),
        (
            {"kind": "Template", "apiVersion": "backstage.io/v1alpha1"},
            "Template is known with apiVersion scaffolder.backstage.io/v1beta3, not “backstage.io/v1alpha1”.",
        ),
    ],
)
def test_a_foreign_kind_that_looks_like_a_known_one_is_noted(changes: dict[str, Any], note: str) -> None:
    verdict = validate(entity(**changes))
    assert verdict.kind is None
    assert [found.message for found in verdict.notes] == [note]


def test_a_rejected_document_still_has_the_reference_it_claims() -> None:
    assert reference_of(entity("API", metadata={"name": "Shop", "namespace": "Retail"})) == "api:retail/shop"
    assert reference_of(entity(metadata={"name": 7})) is None
    assert reference_of(["no mapping"]) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.y", True),
        ("https://x.y:8443/p?q#f", True),
        ("https://[::1]:8000/", True),
        ("https://user:pw@host/", True),
        (" https://a.b ", True),
        ("HTTP:x.y", True),
        ("mailto:a@b.c", True),
        ("javascript:alert(1)", True),
        ("file:///x", True),
        ("urn:x:y", True),
        ("https://", False),
        ("https://a b", False),
        ("https://a:99999", False),
        ("https://a:port", False),
        ("http://h:²", False),
        (f"http://h:{'1' * 5000}", False),
        ("//host/p", False),
        ("/rel", False),
        ("x", False),
        ("", False),
    ],
)
def test_an_address_is_complete_when_a_browser_would_say_so(url: str, expected: bool) -> None:
    assert is_absolute_url(url) is expected


# --- relations ---


def relations_of(value: dict[str, Any]) -> list[str]:
    found, _ = declared(value, validate(value).kind)
    return [f"{relation.type} {relation.ref.canonical}" for relation in found]


def notes_of(value: dict[str, Any]) -> list[str]:
    return [problem.message for problem in declared(value, validate(value).kind)[1]]


def test_a_component_declares_its_relations_in_its_own_namespace() -> None:
    value = entity(
        "Component",
        {
            "owner": "Payments",
            "system": "checkout",
            "subcomponentOf": "shop-suite",
            "providesApis": ["shop-api"],
            "consumesApis": ["default/tax-api"],
            "dependsOn": ["resource:orders-db", "Component:default/mailer"],
            "dependencyOf": "component:website",
        },
        metadata={"name": "shop", "namespace": "retail"},
    )
    assert relations_of(value) == [
        "ownedBy group:retail/payments",
        "partOf system:retail/checkout",
        "partOf component:retail/shop-suite",
        "providesApi api:retail/shop-api",
        "consumesApi api:default/tax-api",
        "dependsOn resource:retail/orders-db",
        "dependsOn component:default/mailer",
        "dependencyOf component:retail/website",
    ]


def test_people_and_teams_declare_who_belongs_where() -> None:
    team = entity("Group", {"parent": "engineering", "children": ["api-guild"], "members": ["jane"]})
    assert relations_of(team) == [
        "parentOf group:default/api-guild",
        "childOf group:default/engineering",
        "hasMember user:default/jane",
    ]
    assert relations_of(entity("User", {"memberOf": ["payments"]})) == ["memberOf group:default/payments"]


def test_each_relation_is_shown_from_both_sides_once() -> None:
    value = entity("Component", {"dependsOn": ["resource:db", "Resource:DB"]})
    found, _ = declared(value, validate(value).kind)
    assert both_directions("component:default/shop", found) == [
        ("component:default/shop", "dependsOn", "resource:default/db"),
        ("component:default/shop", "ownedBy", "group:default/payments"),
        ("group:default/payments", "ownerOf", "component:default/shop"),
        ("resource:default/db", "dependencyOf", "component:default/shop"),
    ]


@pytest.mark.parametrize(
    ("spec", "note"),
    [
        (
            {"dependsOn": ["orders-db"]},
            (
                "spec.dependsOn[0] is not taken: “orders-db” does not say which kind it means: write it as "
                "<kind>:orders-db, for example component:orders-db."
            ),
        ),
        (
            {"owner": "component:shop"},
            "spec.owner is not taken: “component:shop” is a component; an owner is a group or a user.",
        ),
        (
            {"owner": "jane@example.com"},
            (
                "spec.owner names “jane@example.com”, which no entity can be called. Write the name of a group, or "
                "user: and the name of a person."
            ),
        ),
        ({"system": "x" * 300}, "spec.system is not taken: no entity has a name as long as that."),
    ],
)
def test_a_reference_that_leads_nowhere_is_noted(spec: dict[str, Any], note: str) -> None:
    assert notes_of(entity("Component", spec)) == [note]


def test_the_owner_written_as_org_and_team_is_a_team_of_that_namespace() -> None:
    assert relations_of(entity("Component", {"owner": "acme/payments"})) == ["ownedBy group:acme/payments"]


def test_a_foreign_kind_still_has_an_owner() -> None:
    value = entity("Package", {"owner": "payments", "dependsOn": ["x"]}, apiVersion="example.com/v1")
    assert relations_of(value) == ["ownedBy group:default/payments"]
