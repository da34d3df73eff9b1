"""Applying descriptors: what is made, what is kept, and that nothing changes without a reason."""

import datetime as dt
from pathlib import Path

import pghistory.models
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.references.models import Reference, ReferenceAlias
from services.actions import update_entity
from services.catalog.apply import apply_paths
from services.catalog.files import MissingPathError
from services.models import Document, Entity, Ownership, Relation, Run, Source
from tests import factories
from tests.services.applying import ORGANISATION, RICH, apply, descriptor, entity, snapshot, write

pytestmark = pytest.mark.django_db


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
