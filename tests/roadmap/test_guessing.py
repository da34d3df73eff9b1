"""Guessing tells nothing: a private initiative or incident is answered as what is not there, word for word."""

import datetime as dt
import re
from typing import Any

import pytest

from incidents.declaring import declare
from roadmap.models import Claim
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.test_worth import words
from tests.roadmap.worth_makers import make_trade_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(people) -> Any:
    made = make_initiative("Buy Zanzibar Ltd", by=people.editor, is_private=True, owner=people.editor.person.reference)
    assert made.name == "RMP-1"
    return made


@pytest.mark.parametrize("path", ["trade-offs", "claims", "priority-inputs"])
@pytest.mark.parametrize(
    ("hidden", "unknown"), [("rmp-1", "rmp-9"), ("RMP-1", "RMP-9"), ("Buy Zanzibar Ltd", "Buy Congo Ltd")]
)
def test_the_api_answers_a_hidden_initiative_as_one_that_is_not_there(secret, people, api, path, hidden, unknown):
    client = api(people.product_manager)
    found, missing = (
        client.post(f"/api/v1/{path}/", {"initiative": text}, format="json").json()["fields"]["initiative"]
        for text in (hidden, unknown)
    )
    assert found == [each.replace(unknown, hidden) for each in missing] == [f"There is no initiative “{hidden}”."]


@pytest.mark.parametrize("path", ["trade-offs", "claims", "priority-inputs"])
def test_walking_the_numbers_of_the_api_finds_no_hidden_initiative(secret, people, api, path):
    said = api(people.product_manager).post(f"/api/v1/{path}/", {"initiative": secret.pk}, format="json").json()
    assert said["fields"]["initiative"] == [f"There is none of the number {secret.pk}."]


@pytest.mark.parametrize("path", ["trade-offs", "claims", "priority-inputs"])
def test_a_form_with_other_mistakes_tells_nothing_of_what_a_hidden_initiative_has(secret, people, sign_in, path):
    Claim.objects.create(initiative=secret, kind="days", per_month=3)
    client = sign_in(people.product_manager)

    def answered(text: str) -> str:
        page = words(client.post(f"/{path}/-/new/", {"initiative": text, "kind": "days", "per_month": "abc"}), 422)
        return page.replace(text, "…")

    hidden, unknown = answered("rmp-1"), answered("rmp-9")
    assert hidden == unknown
    assert "There is no initiative “…”" in hidden


def test_an_incident_that_is_hidden_counts_as_unknown_where_interest_is_counted(people, sign_in, api):
    hidden = declare(by=people.editor, values={"title": "Breach of Zanzibar"}, is_private=True)
    cycle = make_cycle("2026 Q4", dt.date(2026, 10, 1), 92)
    loan = make_trade_off("Two regions", people.team.reference, cycle, decided_on=dt.date(2026, 10, 2))
    page = sign_in(people.product_manager)
    client = api(people.product_manager)
    for text in (hidden.name, hidden.title, "PRIV-77"):
        said = words(page.post(f"/trade-offs/{loan.pk}/-/interest/", {"incident": text}), 422)
        assert re.search(rf"There is no incident “{re.escape(text)}”", said), said
        answer = client.post(f"/api/v1/trade-offs/{loan.pk}/-/interest/", {"incident": text}, format="json")
        assert answer.json()["fields"]["incident"] == [f"There is no incident “{text}”."]
    answer = client.post(f"/api/v1/trade-offs/{loan.pk}/-/interest/", {"incident": hidden.pk}, format="json")
    assert answer.json()["fields"]["incident"] == [f"There is none of the number {hidden.pk}."]


def test_a_cycle_that_hidden_trade_offs_need_does_not_tell_how_many(secret, people, sign_in):
    cycle = make_cycle("2031 Q1", dt.date(2031, 1, 1))
    make_trade_off("Zanzibar", people.team.reference, cycle, initiative=secret, decided_on=dt.date(2026, 7, 2))
    said = words(sign_in(people.product_manager).get(f"/cycles/{cycle.pk}/delete/"))
    assert "2031 Q1 is needed by what you may not see. It stays." in said


def test_whoever_is_let_in_names_it_everywhere(secret, people, sign_in, api):
    sent = {"initiative": "rmp-1", "kind": "days", "per_month": 2}
    assert api(people.editor).post("/api/v1/claims/", sent, format="json").status_code == 201
    assert sign_in(people.editor).post("/claims/-/new/", {**sent, "kind": "cost"}).status_code == 302
