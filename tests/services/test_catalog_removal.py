"""``manage.py catalog remove``: a source that was a mistake goes again, with what only it described."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.people.models import Team
from portal.references.models import Reference
from services.catalog.apply import apply_paths
from services.health.models import Slo
from services.models import Document, Entity, Relation, Source
from tests.services.applying import members
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db

THING = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {{name: {name}}}
spec: {{type: service, lifecycle: production, owner: payments, dependsOn: [component:shared]}}
"""
USER = """---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {{name: {name}}}
spec: {{memberOf: [payments]}}
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


def test_a_membership_that_only_a_removed_source_declared_ends_with_it(tmp_path: Path) -> None:
    for folder, names in (("wrong", ("jane", "omar")), ("right", ("omar",))):
        (tmp_path / folder).mkdir()
        users = [USER.format(name=name) for name in names] if folder == "wrong" else []
        team = TEAM.replace("children: []", f"children: [], members: [{', '.join(names)}]")
        (tmp_path / folder / "org.yaml").write_text((team if folder == "right" else "") + "".join(users))
        catalog("apply", tmp_path / folder)
    assert members("payments") == {"jane", "omar"}
    assert "Would end: 1 memberships that only it declared." in catalog("remove", "wrong")
    assert "Ended: 1 memberships that only it declared." in catalog("remove", "wrong", "--yes")
    assert members("payments") == {"omar"}


@pytest.mark.django_db(transaction=True)
def test_a_removal_waits_until_an_import_that_runs_is_done(folders) -> None:
    """The import has read who describes what; it would write of things that are gone."""
    reading, go_on = Event(), Event()

    def linger(stage: str, done: int, total: int) -> None:
        reading.set()
        go_on.wait(timeout=20)

    def with_own_connection(act: Callable[[], Any]) -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        imported = pool.submit(with_own_connection, lambda: list(apply_paths([folders[1]], progress=linger)))
        assert reading.wait(timeout=20)
        removed = pool.submit(with_own_connection, lambda: catalog("remove", "wrong", "--yes"))
        done, _ = wait([removed], timeout=1)
        go_on.set()
        assert not done
        imported.result(timeout=20)
        removed.result(timeout=20)
    assert names() == {"shared", "cart"}


def test_a_source_that_is_not_there_is_told_with_those_that_are(folders) -> None:
    with pytest.raises(CommandError, match=r"There is no source “zebra”. There are: right, wrong."):
        catalog("remove", "zebra", "--yes")


def test_what_another_promise_rests_on_is_named_and_nothing_goes(folders) -> None:
    check = make_check("Front page", entity=Entity.objects.get(name="mistake"))
    Slo.objects.create(entity=Entity.objects.get(name="cart"), name="cart-answers", source_check=check)
    with pytest.raises(CommandError, match=r"Nothing was removed: mistake .* is needed by others \(cart-answers\)"):
        catalog("remove", "wrong", "--yes")
    assert names() == {"shared", "mistake", "cart"}
