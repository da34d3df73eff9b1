"""Applying descriptors: what is made, what is kept, and that nothing changes without a reason."""

import datetime as dt
from pathlib import Path
from typing import Any

import pghistory.models
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.people.models import Membership, Person, Team
from portal.references.models import Reference, ReferenceAlias
from services.actions import update_entity
from services.catalog.apply import Result, apply_paths
from services.catalog.files import MissingPathError
from services.models import Document, Entity, Ownership, Relation, Run, Source
from tests import factories

pytestmark = pytest.mark.django_db


def descriptor(kind: str, name: str, spec: str = "", metadata: str = "") -> str:
    specs = {
        "Component": "type: service, lifecycle: production, owner: payments",
        "API": "type: openapi, lifecycle: production, owner: payments, definition: x",
        "Resource": "type: database, owner: payments",
        "System": "owner: payments",
        "Domain": "owner: payments",
        "Group": "type: team, children: []",
        "User": "memberOf: []",
    }
    base = {key.strip(): value for key, _, value in (part.partition(":") for part in specs.get(kind, "").split(", "))}
    given = {key.strip(): value for key, _, value in (part.partition(":") for part in spec.split("; ") if part)}
    fields = {key: value for key, value in {**base, **given}.items() if key and value.strip() != "-"}
    lines = [f"  {key}: {value.strip()}" for key, value in fields.items()]
    extra = [f"  {line}" for line in metadata.splitlines()]
    head = ["apiVersion: backstage.io/v1alpha1", f"kind: {kind}", "metadata:", f"  name: {name}"]
    return "\n".join([*head, *extra, "spec:", *lines, ""])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "catalog"
    path.mkdir()
    return path


def write(path: Path, *documents: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n".join(text.rstrip("\n") + "\n" if text else "" for text in documents))
    return path


def apply(*paths: Path, **options: Any) -> list[Result]:
    return list(apply_paths(paths, **options))


def by_place(results: list[Result]) -> dict[str, Result]:
    return {f"{each.file}#{each.doc}": each for each in results}


def entity(canonical: str) -> Entity:
    return Entity.objects.get(reference__canonical=canonical)


def snapshot() -> dict[str, Any]:
    """Every row that could change: counts of all tables, and the versions of what people edit."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name != "services_run"]
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return {
        **counts,
        "entities": list(Entity.objects.order_by("pk").values()),
        "documents": list(Document.objects.order_by("pk").values()),
        "relations": list(Relation.objects.order_by("pk").values()),
        "teams": list(Team.objects.order_by("pk").values()),
        "memberships": list(Membership.objects.order_by("pk").values()),
    }


RICH = descriptor(
    "Component",
    "Shop",
    "system: checkout; dependsOn: ['resource:orders-db']; providesApis: [shop-api]; dependencyOf: ['component:site']; "
    "type: Website; lifecycle: Active",
    "title: The shop\n"
    "description: Sells.\n"
    "tags: [java, web]\n"
    "labels: {team: a}\n"
    "links: [{url: 'https://shop.example'}]\n"
    "annotations:\n"
    "  groundwork/tier: '1'\n"
    "  groundwork/privacy-class: personal\n"
    "  groundwork/residency: EU\n"
    "  groundwork/region: eu-west\n"
    "  groundwork/failover: planned\n"
    "  groundwork/encryption: at rest\n"
    "  groundwork/successor: new-shop",
)


def test_a_component_becomes_an_entity_with_everything_its_file_declares(folder: Path) -> None:
    write(folder / "shop.yaml", RICH)
    (result,) = apply(folder)
    assert (result.status, result.ref, result.change) == ("accepted", "component:default/shop", "created")
    shop = entity("component:default/shop")
    assert (shop.name, shop.kind, shop.namespace, shop.title, shop.description) == (
        "Shop",
        "component",
        "default",
        "The shop",
        "Sells.",
    )
    assert (shop.type, shop.lifecycle, shop.tier, shop.privacy_class) == ("website", "production", 1, "personal")
    assert (shop.residency, shop.region, shop.failover, shop.encryption) == ("EU", "eu-west", "planned", "at rest")
    assert (shop.tags, shop.labels, shop.links) == (["java", "web"], {"team": "a"}, [{"url": "https://shop.example"}])
    assert (shop.spec["type"], shop.spec["lifecycle"]) == ("Website", "Active")
    assert [str(getattr(shop, name).canonical) for name in ("owner", "system", "successor")] == [
        "group:default/payments",
        "system:default/checkout",
        "component:default/new-shop",
    ]
    assert shop.state.dependencies == 1
    assert shop.version == 1


def test_relations_are_kept_in_one_direction_and_name_what_dangles(folder: Path) -> None:
    write(folder / "shop.yaml", RICH)
    apply(folder)
    found = set(Relation.objects.values_list("subject__canonical", "type", "object__canonical"))
    shop = "component:default/shop"
    assert found == {
        (shop, "partOf", "system:default/checkout"),
        (shop, "dependsOn", "resource:default/orders-db"),
        (shop, "providesApi", "api:default/shop-api"),
        ("component:default/site", "dependsOn", shop),
    }
    database = Reference.objects.get(canonical="resource:default/orders-db")
    assert (database.attached, database.label) == (False, "orders-db")
    write(folder / "db.yaml", descriptor("Resource", "orders-db", metadata="title: Orders"))
    apply(folder)
    database.refresh_from_db()
    assert (database.attached, database.label) == (True, "Orders")
    assert entity("resource:default/orders-db").state.dependants == 1


def test_the_document_knows_file_number_and_line_of_each_declared_value(folder: Path) -> None:
    write(folder / "sub" / "all.yaml", descriptor("System", "checkout"), RICH)
    apply(folder)
    document = Document.objects.get(reference__canonical="component:default/shop")
    assert (document.file, document.number, document.line) == ("sub/all.yaml", 1, 7)
    assert document.fields["metadata.name"] == 11
    assert document.fields["metadata.annotations.groundwork/tier"] == 18
    assert entity("component:default/shop").document == document


def test_applying_twice_changes_nothing(folder: Path) -> None:
    write(folder / "shop.yaml", RICH, "a: [", descriptor("Widget", "w", "owner: payments"))
    write(folder / "twin.yaml", descriptor("Component", "shop"))
    write(folder / "api.yaml", descriptor("API", "shop-api", "definition: {$text: ./api.json}"))
    write(folder / "api.json", "{}")
    write(folder / "org.yaml", descriptor("Group", "payments", "members: [jane]"), descriptor("User", "jane"))
    apply(folder)
    before = snapshot()
    results = apply(folder)
    assert snapshot() == before
    assert {result.change for result in results} == {"unchanged"}
    assert Run.objects.count() == 2


def test_an_unchanged_folder_costs_a_handful_of_queries(folder: Path) -> None:
    for number in range(30):
        write(folder / f"{number}.yaml", descriptor("Component", f"c{number}"))
    apply(folder)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        apply(folder)
    assert len(queries) <= 15


def test_a_changed_value_is_the_only_thing_that_is_written(folder: Path) -> None:
    write(folder / "shop.yaml", RICH)
    write(folder / "site.yaml", descriptor("Component", "site"))
    apply(folder)
    write(folder / "shop.yaml", RICH.replace("The shop", "Our shop"))
    results = apply(folder)
    assert [(each.ref, each.change) for each in results] == [
        ("component:default/shop", "changed"),
        ("component:default/site", "unchanged"),
    ]
    assert (entity("component:default/shop").title, entity("component:default/shop").version) == ("Our shop", 2)
    assert entity("component:default/site").version == 1
    event = pghistory.models.Events.objects.tracks(entity("component:default/shop")).last()
    assert event.pgh_diff["title"] == ["The shop", "Our shop"]
    assert event.pgh_diff.keys() <= {"title", "valid"}
    assert event.pgh_context["origin"] == "catalog"


def test_values_that_no_file_declares_stay_as_people_set_them(folder: Path) -> None:
    write(folder / "shop.yaml", descriptor("Component", "shop"))
    apply(folder)
    update_entity(by=None, record=entity("component:default/shop"), values={"tier": 0, "description": "By hand."})
    write(folder / "shop.yaml", descriptor("Component", "shop", metadata="title: Shop"))
    apply(folder)
    shop = entity("component:default/shop")
    assert (shop.tier, shop.description, shop.title) == (0, "By hand.", "Shop")


def test_a_value_that_the_file_no_longer_declares_is_taken_back(folder: Path) -> None:
    write(folder / "shop.yaml", RICH)
    apply(folder)
    write(folder / "shop.yaml", descriptor("Component", "shop", "owner: payments"))
    apply(folder)
    shop = entity("component:default/shop")
    assert (shop.title, shop.tier, shop.tags, shop.labels, shop.successor) == ("", None, [], {}, None)
    assert (shop.system, Relation.objects.count()) == (None, 0)


@pytest.mark.parametrize(
    ("annotation", "column", "note"),
    [
        ("tier: '7'", "tier", "groundwork/tier is not taken: “7” is no tier. Write a number from 0 to 4, in quotes."),
        (
            "privacy-class: secret",
            "privacy_class",
            "groundwork/privacy-class is not taken: “secret” is none of public, internal, personal, sensitive.",
        ),
        (
            f"region: {'x' * 201}",
            "region",
            "groundwork/region is not taken: it is 201 characters long; at most 200 are kept.",
        ),
        ("successor: 'a:'", "successor", "groundwork/successor is not taken: “a:” is not an entity reference"),
    ],
)
def test_a_value_that_does_not_fit_is_noted_and_the_rest_is_taken(
    folder: Path, annotation: str, column: str, note: str
) -> None:
    write(folder / "shop.yaml", descriptor("Component", "shop", metadata=f"annotations:\n  groundwork/{annotation}"))
    (result,) = apply(folder)
    assert result.status == "accepted"
    assert result.notes[0].startswith(note)
    assert not getattr(entity("component:default/shop"), column)
    assert Document.objects.get().error.startswith(note)


@pytest.mark.parametrize(
    ("word", "lifecycle"),
    [("Active", "production"), ("tech-preview", "experimental"), ("superseded", "deprecated"), ("Archived", "retired")],
)
def test_the_wild_words_of_lifecycles_are_brought_to_four(folder: Path, word: str, lifecycle: str) -> None:
    write(folder / "shop.yaml", descriptor("Component", "shop", f"lifecycle: {word}"))
    apply(folder)
    shop = entity("component:default/shop")
    assert (shop.lifecycle, shop.spec["lifecycle"]) == (lifecycle, word)


def test_an_unknown_word_for_a_lifecycle_stays_in_the_spec(folder: Path) -> None:
    write(folder / "shop.yaml", descriptor("Component", "shop", "lifecycle: sideways"))
    (result,) = apply(folder)
    assert entity("component:default/shop").lifecycle == ""
    assert result.notes == (
        (
            "spec.lifecycle is not taken: “sideways” is none of experimental, production, deprecated, retired; "
            "it is only kept in the spec."
        ),
    )


# --- who keeps a reference ---


def test_the_first_document_keeps_a_reference_that_two_describe(folder: Path) -> None:
    write(folder / "a.yaml", descriptor("Component", "shop", metadata="title: First"))
    write(folder / "b.yaml", descriptor("Component", "Shop", "dependsOn: ['resource:db']", "title: Second"))
    first, second = apply(folder)
    assert (first.conflict, second.status) == (None, "accepted")
    assert second.conflict == (
        "a.yaml, document 0, describes component:default/shop already and keeps it. Give one of the two another name, "
        "or remove it."
    )
    assert entity("component:default/shop").title == "First"
    assert Relation.objects.count() == 0
    assert Document.objects.get(file="b.yaml").is_conflict


def test_the_holder_keeps_its_reference_also_against_a_file_that_sorts_before_it(folder: Path) -> None:
    write(folder / "b.yaml", descriptor("Component", "shop", metadata="title: Holder"))
    apply(folder)
    write(folder / "a.yaml", descriptor("Component", "shop", metadata="title: Newcomer"))
    newcomer, holder = apply(folder)
    assert newcomer.conflict is not None
    assert newcomer.conflict.startswith("b.yaml, document 0, describes")
    assert holder.conflict is None
    write(folder / "b.yaml", descriptor("Component", "shop", metadata="title: Holder changed"))
    assert [bool(each.conflict) for each in apply(folder)] == [True, False]
    assert entity("component:default/shop").title == "Holder changed"


def test_the_next_document_takes_over_when_the_first_goes(folder: Path) -> None:
    first = write(folder / "a.yaml", descriptor("Component", "shop", metadata="title: First"))
    write(folder / "b.yaml", descriptor("Component", "shop", metadata="title: Second"))
    apply(folder)
    first.unlink()
    (second,) = apply(folder)
    assert (second.conflict, second.change) == (None, "changed")
    assert entity("component:default/shop").title == "Second"


def test_the_first_source_keeps_a_reference_and_frees_it_when_it_goes(tmp_path: Path) -> None:
    one = write(tmp_path / "one" / "x.yaml", descriptor("Component", "shop", metadata="title: One"))
    two = write(tmp_path / "two" / "y.yaml", descriptor("Component", "shop", metadata="title: Two"))
    apply(one.parent, two.parent)
    (result,) = apply(two.parent)
    assert result.conflict is not None
    assert result.conflict.startswith("x.yaml, document 0, of the source one describes component:default/shop already")
    assert entity("component:default/shop").title == "One"
    write(one, descriptor("Component", "other"))
    apply(one.parent)
    assert apply(two.parent)[0].conflict is None
    assert entity("component:default/shop").title == "Two"


def test_a_source_that_ranks_before_the_holder_takes_the_reference_over(tmp_path: Path) -> None:
    late = write(tmp_path / "late" / "x.yaml", descriptor("Component", "shop", "dependsOn: ['resource:db']"))
    apply(late.parent)
    Source.objects.create(name="head", location="", precedence=1, trusted=True)
    head = write(tmp_path / "head" / "y.yaml", descriptor("Component", "shop", metadata="title: Head"))
    assert apply(head.parent, source="head")[0].conflict is None
    assert (entity("component:default/shop").title, Relation.objects.count()) == ("Head", 0)
    displaced = Document.objects.get(file="x.yaml")
    assert displaced.conflict.startswith(
        "y.yaml, document 0, of the source head describes component:default/shop as well"
    )
    assert apply(late.parent)[0].conflict is not None
    assert entity("component:default/shop").title == "Head"


def test_a_file_takes_over_what_was_entered_by_hand_and_keeps_the_rest(folder: Path) -> None:
    made = factories.make_entity("shop", tier=2, title="By hand")
    write(folder / "shop.yaml", descriptor("Component", "shop", metadata="title: By file"))
    (result,) = apply(folder)
    made.refresh_from_db()
    assert (result.change, made.title, made.tier, made.source.name) == ("changed", "By file", 2, "catalog")


# --- documents over time ---


def test_a_document_that_breaks_keeps_its_entity_with_the_error_beside_it(folder: Path) -> None:
    path = write(folder / "shop.yaml", RICH)
    apply(folder)
    path.write_text("metadata: [")
    (result,) = apply(folder)
    assert result.status == "rejected"
    shop = entity("component:default/shop")
    assert (shop.title, shop.version, shop.document.status) == ("The shop", 1, "rejected")
    assert shop.document.error == "Line 1: A list or mapping opened with [ or { is not closed."
    assert shop.document.reference == shop.reference
    assert Relation.objects.count() == 4
    write(path, RICH)
    assert apply(folder)[0].status == "accepted"
    assert Document.objects.count() == 1


def test_a_document_that_vanishes_is_marked_and_its_entity_kept(folder: Path) -> None:
    write(folder / "keep.yaml", descriptor("Component", "keep"))
    path = write(folder / "shop.yaml", RICH)
    apply(folder)
    path.unlink()
    assert [each.ref for each in apply(folder)] == ["component:default/keep"]
    gone = Document.objects.get(file="shop.yaml")
    assert (gone.status, gone.reference.canonical) == ("gone", "component:default/shop")
    assert entity("component:default/shop").title == "The shop"
    assert Run.objects.latest().counts["gone"] == 1
    before = snapshot()
    apply(folder)
    assert snapshot() == before
    assert Run.objects.latest().counts["gone"] == 0
    write(path, RICH)
    apply(folder)
    gone.refresh_from_db()
    assert gone.status == "accepted"


def test_a_document_keeps_its_row_when_others_move_it(folder: Path) -> None:
    names = ("a", "b", "c")
    path = write(folder / "all.yaml", *(descriptor("Component", name, "dependsOn: ['resource:db']") for name in names))
    apply(folder)
    rows = {row.reference.canonical: row.pk for row in Document.objects.select_related("reference")}
    write(path, *(descriptor("Component", name, "dependsOn: ['resource:db']") for name in ("new", "c", "b")))
    results = apply(folder)
    after = {(row.reference.canonical, row.pk): row for row in Document.objects.select_related("reference")}
    assert [each.change for each in results] == ["created", "unchanged", "unchanged"]
    assert after["component:default/c", rows["component:default/c"]].number == 1
    assert after["component:default/b", rows["component:default/b"]].number == 2
    gone = after["component:default/a", rows["component:default/a"]]
    assert (gone.status, gone.number) == ("gone", 3)
    assert entity("component:default/b").version == 1
    assert Relation.objects.count() == 4


def test_a_document_keeps_its_row_when_its_file_is_renamed(folder: Path) -> None:
    path = write(folder / "old.yaml", RICH)
    apply(folder)
    row = Document.objects.get().pk
    path.rename(folder / "new.yaml")
    (result,) = apply(folder)
    document = Document.objects.get()
    assert (result.change, document.pk, document.file, document.status) == ("unchanged", row, "new.yaml", "accepted")
    assert Relation.objects.count() == 4


def test_an_entity_deleted_here_comes_back_while_its_file_describes_it(folder: Path) -> None:
    write(folder / "shop.yaml", descriptor("Component", "shop", "system: checkout; dependsOn: ['resource:db']"))
    apply(folder)
    Relation.objects.all().delete()
    entity("component:default/shop").delete()
    (result,) = apply(folder)
    assert result.change == "created"
    assert entity("component:default/shop").system.canonical == "system:default/checkout"
    assert Relation.objects.count() == 2


def test_rejected_documents_are_kept_with_file_number_line_and_reason(folder: Path) -> None:
    write(folder / "x.yaml", descriptor("Component", "ok"), descriptor("Resource", "db", "owner: -; system: [a, b]"))
    apply(folder)
    row = Document.objects.get(status="rejected")
    assert (row.file, row.number, row.line, row.reference) == ("x.yaml", 1, 9, None)
    assert row.error.splitlines() == [
        "Line 14: spec.owner is missing. Add the team or person who owns it.",
        "Line 16: spec.system must be one text, but is a list of 2. Keep one: system: a.",
    ]


def test_every_status_is_kept_as_a_document(folder: Path) -> None:
    write(
        folder / "a.yaml",
        descriptor("Component", "ok"),
        "",
        descriptor("Widget", "w", "owner: payments"),
        "x: 1",
        "{{ x }}: 1",
    )
    apply(folder)
    assert list(Document.objects.order_by("number").values_list("status", flat=True)) == [
        "accepted",
        "empty",
        "foreign",
        "rejected",
        "aside",
    ]
    assert entity("widget:default/w").kind == "widget"


def test_a_foreign_kind_is_kept_with_its_owner_and_spec(folder: Path) -> None:
    write(folder / "a.yaml", descriptor("Widget", "w", "owner: user:jane; type: 7"))
    (result,) = apply(folder)
    widget = entity("widget:default/w")
    assert (result.status, widget.owner.canonical, widget.type, widget.spec["type"]) == (
        "foreign",
        "user:default/jane",
        "",
        7,
    )


# --- owners ---


def test_a_new_owner_ends_the_tenure_of_the_former_one(folder: Path) -> None:
    path = write(folder / "shop.yaml", descriptor("Component", "shop"))
    apply(folder)
    began = dt.date(2025, 1, 1)
    Ownership.objects.update(effective_from=began)
    write(path, descriptor("Component", "shop", "owner: user:jane"))
    apply(folder)
    rows = Ownership.objects.order_by("effective_from").values_list(
        "owner__canonical", "effective_from", "effective_to"
    )
    today = timezone.localdate()
    assert list(rows) == [("group:default/payments", began, today), ("user:default/jane", today, None)]
    assert entity("component:default/shop").owner.canonical == "user:default/jane"


def test_an_owner_that_nobody_describes_is_a_loose_end_and_no_error(folder: Path) -> None:
    write(folder / "shop.yaml", descriptor("Component", "shop", "owner: jane@example.com"))
    (result,) = apply(folder)
    assert (result.status, result.notes[0][:13]) == ("accepted", "Line 8: spec.")
    assert entity("component:default/shop").owner.attached is False


@pytest.mark.parametrize("owner", ["İstanbul", "ΑΣ", "café", "日本", f"{'İ' * 252}", "a b/c d", "😀"])
def test_an_owner_of_any_characters_is_kept_or_noted(folder: Path, owner: str) -> None:
    write(folder / "shop.yaml", descriptor("Component", "shop", f"owner: {owner}"))
    (result,) = apply(folder)
    assert result.status == "accepted"
    assert len(result.notes) == 1


def test_a_former_name_still_leads_to_what_was_renamed(folder: Path) -> None:
    renamed = factories.make_entity("orders-db-2", kind="resource")
    ReferenceAlias.objects.create(canonical="resource:default/orders-db", reference=renamed.reference)
    write(folder / "shop.yaml", descriptor("Component", "shop", "dependsOn: ['Resource:Orders-DB']"))
    apply(folder)
    assert Relation.objects.get().object == renamed.reference


def test_a_file_that_still_bears_a_former_name_does_not_undo_a_rename(folder: Path) -> None:
    update_entity(by=None, record=factories.make_entity("shop", title="By hand"), values={"name": "store"})
    write(folder / "shop.yaml", descriptor("Component", "shop", metadata="title: By file"))
    (result,) = apply(folder)
    assert result.conflict == (
        "component:default/shop was renamed to component:default/store. Write that name, or choose another."
    )
    assert [(each.name, each.title) for each in Entity.objects.all()] == [("store", "By hand")]


# --- teams and people ---


ORGANISATION = (
    descriptor(
        "Group",
        "payments",
        "profile: {displayName: Payments, email: pay@example.com}; parent: engineering; members: [jane]",
        "description: Takes money.\nannotations:\n  groundwork/team-kind: product\n  groundwork/chat: '#pay'\n"
        "  groundwork/on-call: https://oncall.example/pay",
    ),
    descriptor("Group", "engineering", "children: [platform]"),
    descriptor("Group", "platform"),
    descriptor("User", "jane", "profile: {displayName: Jane Doe, email: jane@example.com}"),
    descriptor("User", "omar", "memberOf: [platform, payments]"),
)


def members(team: str) -> set[str]:
    current = Membership.objects.filter(team__canonical=f"group:default/{team}", effective_to=None)
    return set(current.values_list("person__name", flat=True))


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


# --- sources and runs ---


def test_each_path_is_a_source_of_its_own_and_found_again_by_its_place(tmp_path: Path) -> None:
    one = write(tmp_path / "a" / "repos" / "x.yaml", descriptor("Component", "one"))
    two = write(tmp_path / "b" / "repos" / "x.yaml", descriptor("Component", "two"))
    for _ in range(2):
        apply(one.parent, two.parent)
    assert set(Source.objects.values_list("name", "trusted")) == {("repos", True), ("repos 2", True)}
    assert Document.objects.exclude(status="accepted").count() == 0


def test_several_paths_of_one_source_keep_their_files_apart(tmp_path: Path) -> None:
    one = write(tmp_path / "a" / "x.yaml", descriptor("Component", "one"))
    two = write(tmp_path / "b" / "x.yaml", descriptor("Component", "two"))
    apply(one.parent, two.parent, source="both")
    assert sorted(Document.objects.values_list("file", flat=True)) == ["b/x.yaml", "x.yaml"]
    assert Source.objects.get().name == "both"


def test_a_run_says_what_it_found(folder: Path) -> None:
    write(folder / "a.yaml", descriptor("Component", "ok"), "x: 1", descriptor("Component", "ok"), "")
    apply(folder)
    run = Run.objects.get()
    assert run.counts == {"accepted": 2, "rejected": 1, "empty": 1, "created": 1, "conflicts": 1, "gone": 0}
    assert run.finished_at is not None
    assert run.finished_at >= run.started_at


def test_a_missing_path_is_refused_before_anything_is_written(folder: Path) -> None:
    write(folder / "a.yaml", descriptor("Component", "ok"))
    with pytest.raises(MissingPathError):
        apply(folder, folder / "nowhere")
    assert (Source.objects.count(), Entity.objects.count()) == (0, 0)


def test_the_same_file_twice_in_one_run_conflicts_with_itself_and_no_more(folder: Path) -> None:
    write(folder / "a.yaml", descriptor("Component", "ok"))
    results = apply(folder, folder / "a.yaml", source="twice")
    assert [bool(each.conflict) for each in results] == [False, True]


def test_an_entity_is_found_by_search_under_its_own_and_its_owners_name(folder: Path) -> None:
    from portal.search.index import matching

    write(folder / "shop.yaml", RICH)
    write(folder / "org.yaml", *ORGANISATION)
    apply(folder)
    for text in ("shop", "hop", "Payments"):
        assert Entity.objects.filter(matching(Entity, text)).count() == 1, text
    write(folder / "org.yaml", *(text.replace("Payments", "Money Team") for text in ORGANISATION))
    apply(folder)
    assert Entity.objects.filter(matching(Entity, "money")).count() == 1


def test_metadata_that_the_format_does_not_name_is_kept(db, tmp_path):
    (tmp_path / "catalog-info.yaml").write_text(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: till, costCentre: 4711}\n"
        "spec: {type: service, lifecycle: production, owner: checkout}\n"
    )
    list(apply_paths([tmp_path]))
    assert Entity.objects.get(name="till").extra == {"costCentre": 4711}
