"""My work: how much of what waits is shown, and that all of it is counted."""

import pytest

from portal import home
from portal.home import MOST, SHOWN, Waiting

pytestmark = pytest.mark.django_db


def _things(number: int, status: str = "idle") -> list[Waiting]:
    return [Waiting(f"{status} {n}", "why", "/", "See it", "bulb", status) for n in range(number)]


def _my_work(sign_in, people, monkeypatch, *found: list[Waiting]):
    monkeypatch.setattr(home, "_waiting", [lambda reader, rows=rows: rows for rows in found])
    return sign_in(people.reader).get("/")


def _text(page) -> str:
    return " ".join(page.content.decode().split())


def test_the_first_of_each_kind_stand_at_once_and_the_others_unfold_and_are_counted(sign_in, people, monkeypatch):
    page = _my_work(sign_in, people, monkeypatch, _things(SHOWN + 2), _things(2, "bad"))
    shown = [each.title for each in page.context["waiting"]]
    assert shown == ["bad 0", "bad 1", *(f"idle {n}" for n in range(SHOWN))]
    assert [each.title for each in page.context["waiting_more"]] == ["idle 5", "idle 6"]
    text = _text(page)
    assert "9 things wait for you." in text
    assert "2 more of the same kinds" in text


def test_one_thing_is_one_and_nothing_is_nothing(sign_in, people, monkeypatch):
    assert "1 thing waits for you." in _text(_my_work(sign_in, people, monkeypatch, _things(1)))
    assert "Nothing waits for you." in _text(_my_work(sign_in, people, monkeypatch, []))


def test_where_not_all_was_looked_for_it_says_more_than(sign_in, people, monkeypatch):
    page = _my_work(sign_in, people, monkeypatch, _things(MOST))
    assert "More than 100 things wait for you." in _text(page)
