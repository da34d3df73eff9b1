"""Documents over time: who keeps a reference that two describe, what breaks, vanishes, moves and comes back."""

from pathlib import Path

import pytest

from services.models import Document, Relation, Run, Source
from tests import factories
from tests.services.applying import RICH, apply, descriptor, entity, snapshot, write

pytestmark = pytest.mark.django_db


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
    assert Document.objects.get(file="b.yaml").conflict


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
