"""A column that is asked several questions has a chip for each: changed and removed by itself, the others stay."""

import html
import re
from typing import Any
from urllib.parse import parse_qs

import pytest

from portal.collections import collections
from portal.columns import Field

pytestmark = pytest.mark.django_db

SLUGS = sorted(each.slug for each in collections())
SAMPLES = {
    "text": ["pay, gate", 'said "so"'], "boolean": ["true"], "integer": ["1", "3"], "decimal": ["1.5", "3"],
    "date": ["2026-11-21"], "datetime": ["2026-11-21T14:30:00Z"], "tags": ["pci", "eu"], "record": ["1", "2"],
    "reference": ["group:default/checkout", "payments"],
}  # fmt: skip

Params = dict[str, list[str]]


def _asked(field: Field) -> Params:
    """Every question that the column can be asked, all at once."""
    values = [str(value) for value, _ in field.choices][:2] or SAMPLES.get(field.kind.name, ["x"])
    texts = {"set": ["true"], "within": ["30d"]}
    return {
        f"{field.name}.{each.name}" if each.name else field.name: texts.get(each.name)
        or (values if each.many else values[:1])
        for each in field.kind.operators
    }


def _params(address: str) -> Params:
    return {name: sorted(values) for name, values in parse_qs(address.partition("?")[2]).items()}


def _form(chip: dict[str, Any]) -> list[tuple[str, str]]:
    """What the editor of the chip sends as it stands."""
    edit = chip["edit"]
    operator = next(each["value"] for each in edit["operators"] if each["selected"])
    ticked = [each["value"] for each in edit["choices"] or () if each["selected"]]
    values = [edit["input_value"]] if edit["choices"] is None else ticked
    sent = [("filter.field", edit["field"]), ("filter.op", operator), *(("filter.value", each) for each in values)]
    return [*chip["hidden"], *sent]


def _send(client, address: str, pairs: list[tuple[str, str]]) -> Params:
    data: Params = {}
    for name, value in pairs:
        data.setdefault(name, []).append(value)
    response = client.get(address, data)
    assert response.status_code == 302
    return _params(response.url)


@pytest.mark.parametrize("slug", SLUGS)
def test_each_question_of_a_column_is_a_chip_that_is_sent_and_removed_by_itself(slug, sign_in, people):
    collection = next(each for each in collections() if each.slug == slug)
    client = sign_in(people.administrator)
    for field in collection.fields.values():
        asked = _asked(field)
        expected = {name: sorted(values) for name, values in asked.items()}
        response = client.get(collection.url, asked)
        assert response.status_code == 200, (field.name, response.context["page"]["errors"])
        chips = [each for each in response.context["page"]["chips"] if each["edit"]["field"] == field.name]
        assert len(chips) == len(asked)
        for chip, name in zip(chips, asked, strict=True):
            assert _send(client, collection.url, _form(chip)) == expected, name
            others = {other: values for other, values in expected.items() if other != name}
            lifted = {field.name: ["*"]} if field.name in collection.defaults and not others else {}
            assert _params(chip["remove_url"]) == others | lifted, name


def _chips(client, address: str) -> dict[str, dict[str, Any]]:
    return {each["operator"]: each for each in client.get(address).context["page"]["chips"]}


def test_a_range_is_two_chips_and_either_end_moves_alone(sign_in, people):
    client = sign_in(people.reader)
    chips = _chips(client, "/services/?tier.min=1&tier.max=3&sort=-name&q=pay&page=2")
    assert (chips["from"]["value"], chips["to"]["value"]) == ("1", "3")
    moved = [(name, "2" if name == "filter.value" else value) for name, value in _form(chips["from"])]
    kept = {"sort": ["-name"], "q": ["pay"]}
    assert _send(client, "/services/", moved) == {"tier.min": ["2"], "tier.max": ["3"], **kept}
    assert _params(chips["to"]["remove_url"]) == {"tier.min": ["1"], **kept}


def test_a_part_that_turns_into_the_question_of_another_joins_it(sign_in, people):
    client = sign_in(people.reader)
    chip = _chips(client, "/services/?owner=checkout&owner.not=payments&owner.not=gate")["is"]
    turned = [(name, "not" if name == "filter.op" else value) for name, value in _form(chip)]
    assert _send(client, "/services/", turned) == {"owner.not": ["checkout", "gate", "payments"]}


def test_a_part_that_is_emptied_goes_and_the_default_of_its_column_stays_away(sign_in, people):
    client = sign_in(people.reader)
    for address, left in (
        ("/services/?type=library", {"type": ["*"]}),
        ("/services/?type=library&type.not=website", {"type.not": ["website"]}),
        ("/services/?tier.min=1&type=library", {"type": ["library"]}),
    ):
        chip = next(iter(_chips(client, address).values()))
        emptied = [(name, value) for name, value in _form(chip) if name != "filter.value"]
        assert _send(client, "/services/", emptied) == left


def test_a_comma_or_a_quotation_mark_in_a_value_stays_one_value(sign_in, people):
    client = sign_in(people.reader)
    title = 'Pay, "the gate"'
    chip = _chips(client, f"/services/?title={title}&title=Shop&type=*")["is any of"]
    assert chip["edit"]["input_value"] == '"Pay, ""the gate""", Shop'
    assert _send(client, "/services/", _form(chip)) == {"title": [title, "Shop"], "type": ["*"]}
    contains = [("filter.field", "name"), ("filter.op", "contains"), ("filter.value", "pay, gate")]
    assert _send(client, "/services/", contains) == {"name.contains": ["pay, gate"]}


def test_each_chip_says_which_of_the_questions_it_removes(sign_in, people):
    page = sign_in(people.reader).get("/services/?tier.min=1&tier.max=3").content.decode()
    removing = [html.unescape(each) for each in re.findall(r'aria-label="(Remove [^"]*)"', page)]
    assert removing[:2] == ["Remove the filter on Tier: from 1", "Remove the filter on Tier: to 3"]


@pytest.mark.parametrize("name", ["params", "request", "self", "changes"])
def test_a_filter_of_a_column_that_there_is_not_is_refused_whatever_its_name(sign_in, people, name):
    address = f"/services/?filter.field={name}&filter.op=&filter.value=1"
    response = sign_in(people.reader).get(address, follow=True)
    assert response.status_code == 400
    assert f"The filter “{name}” is not known here." in response.content.decode()


def test_a_word_for_yes_is_ticked_as_yes(sign_in, people):
    chip = sign_in(people.reader).get("/teams/?is_active=1").context["page"]["chips"][0]
    assert [(each["value"], each["selected"]) for each in chip["edit"]["choices"]] == [("true", True), ("false", False)]
