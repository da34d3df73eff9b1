"""Nothing that a file says is lost without a word, and one odd file never stops the others."""

from pathlib import Path

import pytest
from django.utils import timezone

from portal.people import actions as leaving
from portal.people.models import Person, Team
from services.catalog.apply import apply_paths
from services.models import Document, Entity
from tests import factories

pytestmark = pytest.mark.django_db

SERVICE = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {{name: {name}}}
spec: {{type: service, lifecycle: production, owner: payments}}
"""


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


ORGANISATION = """apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: payments
  labels: {cost-centre: "4711"}
  annotations: {groundwork/chat: "#pay", example.com/floor: "3"}
  tags: [money]
  links: [{url: "https://wiki.example/pay"}]
spec: {type: team, children: [], profile: {displayName: Payments, picture: "https://pics.example/p.png"}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: jane, annotations: {example.com/job: Engineer}}
spec: {memberOf: [payments], profile: {email: jane@larkspur.example}}
"""


def test_what_a_team_s_or_person_s_file_says_beyond_our_columns_is_kept_and_shown(tmp_path, sign_in, people) -> None:
    Team.objects.all().delete()
    write(tmp_path / "org.yaml", ORGANISATION)
    list(apply_paths([tmp_path]))
    team, person = Team.objects.get(), Person.objects.get(name="jane")
    assert team.extra == {
        "metadata.labels.cost-centre": "4711",
        "metadata.annotations.example.com/floor": "3",
        "metadata.tags": ["money"],
        "metadata.links": [{"url": "https://wiki.example/pay"}],
        "spec.profile.picture": "https://pics.example/p.png",
    }
    assert person.extra == {"metadata.annotations.example.com/job": "Engineer"}
    client = sign_in(people.reader)
    page = client.get("/teams/payments/").content.decode()
    for text in ("metadata.labels.cost-centre", "4711", "https://pics.example/p.png"):
        assert text in page
    assert "Engineer" in client.get("/people/jane/").content.decode()
    assert {each.change for each in apply_paths([tmp_path])} == {"unchanged"}
    write(tmp_path / "org.yaml", ORGANISATION.replace("  tags: [money]\n", ""))
    list(apply_paths([tmp_path]))
    assert "metadata.tags" not in Team.objects.get().extra


def test_a_file_whose_path_is_too_long_is_a_problem_and_the_others_go_on(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 200] * 5)
    for name in ("first", "second"):
        write(deep / f"{name}.yaml", SERVICE.format(name=name))
    write(tmp_path / "short.yaml", SERVICE.format(name="short"))
    results = list(apply_paths([tmp_path]))
    assert [each.name for each in Entity.objects.all()] == ["short"]
    refused = [each for each in results if each.status == "rejected"]
    assert len({each.file for each in refused}) == 2
    assert all("1,015 characters long; at most 1,000 are kept" in (each.error or "") for each in refused[:1])
    assert Document.objects.filter(status="rejected").count() == 2


def test_a_name_that_becomes_too_long_by_the_name_of_its_folder_is_a_problem_too(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        path = (tmp_path / folder).joinpath(*["d" * 199] * 4, "e" * 190, "a.yaml")
        write(path, SERVICE.format(name=f"from-{folder}"))
    assert len("/".join(["d" * 199] * 4 + ["e" * 190, "a.yaml"])) == 997
    results = list(apply_paths([tmp_path / "here", tmp_path / "there"], source="both"))
    assert sorted(each.status for each in results) == ["accepted", "rejected"]
    assert [each.name for each in Entity.objects.all()] == ["from-here"]


def test_with_a_name_goes_what_a_file_once_said_of_the_person_also_out_of_history(people) -> None:
    person = factories.make_person("jane", extra={"spec.profile.picture": "https://pics.example/jane.png"})
    left = leaving.deactivate_person(by=None, person=person, left_at=timezone.localdate())
    assert leaving.erase_person(by=None, person=left or Person.objects.get(pk=person.pk)).extra == {}
    assert {str(version.extra) for version in person.events.all()} == {"{}"}
