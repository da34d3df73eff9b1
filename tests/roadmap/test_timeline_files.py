"""The timeline as a file: SVG and PNG."""

import pytest
from django.urls import reverse

from roadmap.models import Initiative
from roadmap.views import files
from tests.roadmap.test_views import NAMES, dated
from tests.roadmap.views_makers import make_dependency

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(people) -> Initiative:
    return dated("Shard the orders database", 0, 30, team=people.team.reference)


def test_the_timeline_is_a_picture(sign_in, people, mine):
    client = sign_in(people.reader)
    drawn = client.get(reverse("initiatives-timeline-svg"))
    assert drawn["Content-Type"] == "image/svg+xml"
    assert "Shard the orders database" in drawn.content.decode()
    assert client.get(reverse("initiatives-timeline-png")).content.startswith(b"\x89PNG")
    assert client.get(reverse("initiatives-timeline-svg"), {"no": "1"}).status_code == 400


def test_a_png_has_as_many_bars_as_are_set_while_one_waits_and_says_so(sign_in, people, mine, monkeypatch):
    dated("Another", 0, 9)
    given = []
    monkeypatch.setattr(files, "MOST_OF_PNG", 1)
    monkeypatch.setattr(files, "as_png", lambda text: given.append(text) or b"")
    sign_in(people.reader).get(reverse("initiatives-timeline-png"))
    assert "1 initiative of 2: the others do not fit on one picture" in given[0]


def test_names_are_text_in_every_picture(sign_in, people, mine):
    title = '<script>alert("1")</script> & co'
    second = dated(title, 0, 9)
    make_dependency(mine, second)
    client = sign_in(people.reader)
    for name in (*NAMES, "initiatives-timeline-svg"):
        assert "<script>alert(" not in client.get(reverse(name)).content.decode()
