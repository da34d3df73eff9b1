"""``manage.py catalog remove``: a source that was a mistake goes again, with what only it described."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal.people.models import Team
from portal.references.models import Reference
from services.models import Document, Entity, Relation, Source

pytestmark = pytest.mark.django_db

THING = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {{name: {name}}}
spec: {{type: service, lifecycle: production, owner: payments, dependsOn: [component:shared]}}
"""
TEAM = """---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments}
spec: {type: team, children: []}
"""


def catalog(*arguments: object) -> str:
    out = io.StringIO()
    call_command("catalog", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A wrong folder that was read first, and a right one that describes a part of it as well."""
    wrong, right = tmp_path / "wrong", tmp_path / "right"
    for folder, names in ((wrong, ("shared", "mistake")), (right, ("shared", "cart"))):
        folder.mkdir()
        (folder / "catalog-info.yaml").write_text("---\n".join(THING.format(name=name) for name in names) + TEAM)
        catalog("apply", folder)
    return wrong, right


def names() -> set[str]:
    return set(Entity.objects.values_list("name", flat=True))


def test_asked_first_it_says_what_would_go_and_stay_and_does_nothing(folders) -> None:
    said = catalog("remove", "wrong")
    assert "Would go: the source wrong, 3 documents, 1 things that only it described (mistake)." in said
    assert "Would stay: 1 that another source describes as well, 1 teams and people" in said
    assert "Add --yes to do it." in said
    assert names() == {"shared", "mistake", "cart"}


def test_a_removed_source_takes_what_only_it_described_and_leaves_the_rest(folders) -> None:
    assert "Gone: the source wrong" in catalog("remove", "wrong", "--yes")
    assert not Source.objects.filter(name="wrong").exists()
    assert names() == {"shared", "cart"}
    assert not Reference.objects.get(canonical="component:default/mistake").attached
    assert not Relation.objects.filter(subject__name="mistake").exists()
    assert Team.objects.filter(name="payments").exists()


def test_what_another_source_describes_as_well_is_that_ones_at_its_next_reading(folders) -> None:
    catalog("remove", "wrong", "--yes")
    catalog("apply", folders[1])
    assert Entity.objects.get(name="shared").source == Source.objects.get(name="right")
    assert not Document.objects.exclude(conflict="").exists()


def test_a_source_that_is_not_there_is_told_with_those_that_are(folders) -> None:
    with pytest.raises(CommandError, match=r"There is no source “zebra”. There are: right, wrong."):
        catalog("remove", "zebra", "--yes")
