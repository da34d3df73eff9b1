"""The form that the strategy begins with."""

import datetime as dt

import pytest

from roadmap.models import (
    ClarifyingAnswer,
    StrategySection,
)
from roadmap.strategy import actions, clarifying
from services.health.models import LimitState, Urgency
from tests import factories
from tests.roadmap.test_strategy import make_limit, write

pytestmark = pytest.mark.django_db


def test_answers_are_saved_together_or_not_at_all_and_the_second_writer_sees_both_texts(people, sign_in):
    client = sign_in(people.product_manager)
    answer = ClarifyingAnswer.objects.get(key="load")
    sent = {each.key: "" for each in clarifying.QUESTIONS} | {"load": "Much", "central": "All"}
    sent |= {f"version-{each.key}": "1" for each in clarifying.QUESTIONS}
    ClarifyingAnswer.objects.filter(pk=answer.pk).update(text="Theirs")
    answered = client.post("/strategy/-/begin/", sent)
    assert answered.status_code == 409
    page = answered.content.decode()
    assert "Theirs" in page
    assert "Much" in page
    assert not ClarifyingAnswer.objects.exclude(text="").exclude(key="load").exists()
    answer.refresh_from_db()
    again = client.post("/strategy/-/begin/", {**sent, "version-load": str(answer.version)})
    assert again.status_code == 302
    assert dict(ClarifyingAnswer.objects.exclude(text="").values_list("key", "text")) == {
        "load": "Much",
        "central": "All",
    }


def test_the_answers_become_the_first_section_and_never_replace_what_is_written(people, sign_in):
    client = sign_in(people.product_manager)
    assert client.post("/strategy/-/begin/write/").status_code == 302
    assert not StrategySection.objects.exclude(text="").exists()
    actions.answer(by=None, texts={"load": "Much", "central": "All"}, versions={})
    assert client.post("/strategy/-/begin/write/").status_code == 302
    first = StrategySection.objects.get(key="current-state")
    assert first.text == "## Load and growth\n\nMuch\n\n## Owned centrally\n\nAll"
    write("current-state", "By hand")
    both = client.post("/strategy/-/begin/write/")
    assert both.status_code == 409
    assert "By hand" in both.content.decode()
    assert "Much" in both.content.decode()
    assert StrategySection.objects.get(key="current-state").text == "By hand"


def test_the_form_shows_what_the_portal_knows(people, sign_in):
    limit = make_limit("Connections of orders-db")
    LimitState.objects.update_or_create(
        limit=limit, defaults={"urgency": Urgency.START_NOW, "q10_date": dt.date(2027, 2, 12)}
    )
    factories.make_entity("orders", owner=people.team)
    page = sign_in(people.reader).get("/strategy/-/begin/").content.decode()
    assert "Connections of orders-db: reached 12 Feb 2027 at the earliest (start now)." in page
    assert "0 components owned by platform teams, 1 by others, 0 by nobody." in page
    assert "Save the answers" not in page
