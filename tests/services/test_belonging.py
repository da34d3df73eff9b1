"""Who is in a team by what files say is changed in the files; the portal says where, and undoes nothing in silence."""

from pathlib import Path

import pytest

from portal.people.models import Membership
from services.catalog.apply import apply_paths
from services.models import Source
from tests.factories import make_person

pytestmark = pytest.mark.django_db

TEAM = """\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: storefront}
spec:
  type: team
  children: []
  members: [omar, ghost]
"""
PEOPLE = """\
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: mei}
spec:
  memberOf:
    - storefront
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: omar}
spec: {}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: lena}
spec:
  memberOf: []
"""


@pytest.fixture
def files(tmp_path: Path, people) -> Path:
    (tmp_path / "team.yaml").write_text(TEAM, encoding="utf-8")
    (tmp_path / "people.yaml").write_text(PEOPLE, encoding="utf-8")
    apply_paths([tmp_path], source="organisation", trusted=True)
    return tmp_path


def members() -> set[str]:
    return set(Membership.objects.current().filter(team__name="storefront").values_list("person__name", flat=True))


def test_the_page_says_where_files_name_a_member_and_offers_no_end(sign_in, people, files):
    page = sign_in(people.administrator).get("/teams/storefront/").content.decode()
    assert members() == {"mei", "omar", "ghost"}
    assert "people.yaml, line 5" in page
    assert "team.yaml, line 7" in page
    assert "End the membership of" not in page


@pytest.mark.parametrize(("name", "place"), [("mei", "people.yaml, line 5"), ("omar", "team.yaml, line 7")])
def test_a_membership_that_files_declare_is_not_ended_here(sign_in, people, files, name, place):
    membership = Membership.objects.get(person__name=name, team__name="storefront")
    client = sign_in(people.administrator)
    page = client.post(f"/teams/storefront/-/members/{membership.pk}/end/", follow=True).content.decode()
    assert place in page
    assert "Change it there" in page
    assert name in members()


def test_a_membership_that_the_person_s_file_declares_is_not_ended_here_though_the_team_is_of_another_source(
    sign_in, people, tmp_path
):
    """The next reading of the changed file would bring it back."""
    for name, text in (("teams", TEAM), ("staff", PEOPLE)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.yaml").write_text(text, encoding="utf-8")
    apply_paths([tmp_path / "teams", tmp_path / "staff"], trusted=True)
    membership = Membership.objects.get(person__name="mei", team__name="storefront")
    client = sign_in(people.administrator)
    page = client.post(f"/teams/storefront/-/members/{membership.pk}/end/", follow=True).content.decode()
    assert "is said in staff.yaml, line 5. Change it there" in page
    assert "End the membership of" not in page
    assert "mei" in members()
    (tmp_path / "staff" / "staff.yaml").unlink()
    apply_paths([tmp_path / "staff"])
    client.post(f"/teams/storefront/-/members/{membership.pk}/end/")
    assert members() == {"omar", "ghost"}


def test_somebody_whose_teams_files_say_is_not_added_here(sign_in, people, files):
    client = sign_in(people.administrator)
    page = client.post("/teams/storefront/-/members/", {"person": "lena", "role": "member"}, follow=True)
    assert "people.yaml, line 17" in page.content.decode()
    assert "lena" not in members()


def test_whom_no_file_describes_is_added_and_stays_through_the_next_import(sign_in, people, files):
    make_person("visitor")
    client = sign_in(people.administrator)
    client.post("/teams/storefront/-/members/", {"person": "visitor", "role": "member"})
    apply_paths([files], source="organisation", trusted=True)
    assert "visitor" in members()
    membership = Membership.objects.get(person__name="visitor")
    assert client.post(f"/teams/storefront/-/members/{membership.pk}/end/").status_code == 302
    assert "visitor" not in members()


def test_a_file_without_a_say_keeps_nobody_from_adding(sign_in, people, files):
    Source.objects.update(trusted=False)
    sign_in(people.administrator).post("/teams/storefront/-/members/", {"person": "lena", "role": "member"})
    assert "lena" in members()


def test_where_files_lie_on_the_server_is_for_administrators(sign_in, people, files):
    address = f"/sources/{Source.objects.get().pk}/"
    for path in ("/sources/", address, "/sources/?columns=name,location"):
        assert str(files) in sign_in(people.administrator).get(path).content.decode()
        assert str(files) not in sign_in(people.reader).get(path).content.decode()
