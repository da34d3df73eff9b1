"""Scores from evidence, and returns claimed and found, as docs/worth.md reckons them by hand."""

import datetime as dt
import html
import random
import re
import threading
from functools import partial
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents.followups.actions import suggest
from incidents.models import Assignment, IncidentRole
from roadmap.initiatives.actions import move
from roadmap.models import (
    Basis,
    Factor,
    Finding,
    Framework,
    Initiative,
    InitiativeState,
    Link,
    PriorityInput,
    Status,
)
from roadmap.worth import finding, returns, scores
from roadmap.worth.collections import CLAIMS
from roadmap.worth.evidence import found_for
from services.health.models import Metric, MetricDay
from tests import factories
from tests.roadmap.compliance_makers import make_evidence
from tests.roadmap.core_makers import make_initiative
from tests.roadmap.worth_makers import make_amount, make_claim, make_incident_of
from tests.roadmap.worth_tasks import _leave_a_claim

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DOCUMENT = Path("docs/worth.md")


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def words(response, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:600]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def say(initiative, **values):
    for factor, value in values.items():
        scores.say(by=None, values={"initiative": initiative, "factor": factor, "value": value})


def test_both_scores_are_those_of_the_document():
    initiative = make_initiative("Two regions")
    say(initiative, reach=40, impact=2, confidence=0.8, effort=60, value=8, urgency=8, risk=4, size=3)
    state = InitiativeState.objects.get()
    assert (round(state.rice, 2), round(state.wsjf, 2)) == (1.07, 6.67)
    text = DOCUMENT.read_text()
    assert "40 × 2 × 0.8 / 60 = 1.07" in text
    assert "(8 + 8 + 4) / 3 = 6.67" in text


def test_a_score_waits_for_its_inputs_and_names_them(people, sign_in):
    initiative = make_initiative("Two regions")
    say(initiative, reach=40, impact=2)
    assert InitiativeState.objects.get().rice is None
    page = words(sign_in(people.stranger).get("/initiatives/rm-1/"))
    assert "not known: confidence, effort are missing" in page
    assert "confidence, effort" in words(sign_in(people.stranger).get("/initiatives/-/priorities/"))


def test_priorities_are_a_shape_of_the_list_in_the_order_of_a_score(people, sign_in):
    slow, fast = make_initiative("Slow"), make_initiative("Fast")
    over = make_initiative("Given up", status="dropped", status_reason="Not needed")
    make_initiative("Unknown")
    for initiative, effort in ((slow, 50), (fast, 5), (over, 1)):
        say(initiative, reach=10, impact=1, confidence=0.5, effort=effort, value=1, urgency=1, risk=1, size=1 / effort)
    client = sign_in(people.stranger)
    assert 'href="/initiatives/-/priorities/?status=idea"' in client.get("/initiatives/?status=idea").content.decode()
    page = words(client.get("/initiatives/-/priorities/"))
    assert page.index("RM-2 Fast") < page.index("RM-1 Slow") < page.index("RM-4 Unknown")
    assert "Given up" not in page
    page = words(client.get("/initiatives/-/priorities/?by=wsjf"))
    assert page.index("RM-1 Slow") < page.index("RM-2 Fast")
    assert "RM-2 Fast" not in words(client.get("/initiatives/-/priorities/?q=Slow"))
    assert "There are: rice, wsjf" in words(client.get("/initiatives/-/priorities/?by=gut"), 400)


@pytest.mark.parametrize(
    ("factor", "value", "told"),
    [("confidence", 80, "write 0.8 for 80 %"), ("effort", 0, "cannot be 0"), ("reach", -1, "less than 0")],
)
def test_what_an_input_cannot_be_is_refused(factor, value, told):
    with pytest.raises(ValidationError, match=told):
        say(make_initiative("Two regions"), **{factor: value})


def test_the_evidence_says_what_is_measured_and_by_what(people):
    initiative = make_initiative("Two regions", effort_days=60)
    public, private = make_incident_of(500), make_incident_of(9000, by=people.editor, is_private=True)
    for incident in (public, private):
        Link.objects.create(initiative=initiative, incident=incident)
        idea = suggest(by=None, incident=incident, values={"title": "Alert on it"})
        Link.objects.create(initiative=initiative, follow_up=idea)
    InitiativeState.objects.update(reached=12, reached_teams=3)
    initiative.refresh_from_db()
    found = {factor: (each.value, each.source) for factor, each in found_for(initiative).items()}
    assert found == {
        "reach": (12, "12 parts of the catalog and 3 teams depend on what it changes"),
        "impact": (2.0, "500 minutes of 1 incident in twelve months"),
        "effort": (60, "its effort: 60 days of people"),
        "size": (3, "its effort: 60 days of people, 20 a point"),
        "risk": (2.0, "1 open follow-up"),
    }


def test_gaps_of_a_framework_that_is_switched_off_are_no_risk():
    initiative = make_initiative("Encrypt the backups")
    make_evidence(initiative=initiative)
    assert found_for(initiative)["risk"].source == "1 gap of controls"
    Framework.objects.filter(slug="pci").update(is_active=False)
    assert "risk" not in found_for(initiative)


def test_what_is_measured_is_taken_and_what_is_written_is_a_guess(people, sign_in):
    initiative = make_initiative("Two regions", effort_days=60, team=people.team.reference)
    client, address = sign_in(people.editor), "/initiatives/rm-1/-/priority/"
    assert "Take 60, measured" in words(client.get(address))
    assert client.post(address, {"take_effort": "on", "value_reach": "40"}).status_code == 302
    held = {each.factor: each for each in PriorityInput.objects.all()}
    assert (held["effort"].basis, held["effort"].source) == (Basis.MEASURED, "its effort: 60 days of people")
    assert (held["reach"].value, held["reach"].basis) == (40, Basis.GUESSED)
    refused = client.post(address, {"value_confidence": "80"})
    assert "write 0.8 for 80 %" in words(refused, 422)
    before = held["reach"].version
    scores.correct(by=None, record=held["reach"], values={"value": 12.0})
    stale = {"value_reach": "50", "version_reach": before, "value_effort": "60", "version_effort": 1}
    page = client.post(address, stale)
    assert "saved is “12.0”, yours is “50.0”" in words(page, 409)
    assert 'value="50"' in page.content.decode()
    again = stale | {"version_reach": re.search(r'name="version_reach" value="(\d+)"', page.content.decode())[1]}
    assert client.post(address, again).status_code == 302
    assert PriorityInput.objects.get(factor=Factor.REACH).value == 50
    assert initiative.inputs.count() == 2


@pytest.fixture
def two_regions(settings):
    """The initiative of the document, whose incidents four people answer."""
    settings.DAY_RATE, settings.CURRENCY = 800, "EUR"
    initiative = make_initiative("Two regions", effort_days=60, cost=12_000)
    incident = make_incident_of(90)
    for name, role in zip("abcd", IncidentRole.objects.filter(is_active=True).order_by("place")[:4], strict=True):
        person = factories.make_person(f"p-{name}").reference
        Assignment.objects.create(incident=incident, role=role, person=person, from_at=NOON)
    Link.objects.create(initiative=initiative, incident=incident)
    return initiative


def test_cost_and_prediction_are_those_of_the_document(two_regions, people, sign_in):
    claims = [make_claim(two_regions, 600), make_claim(two_regions, 6000, kind="cost"),
              make_claim(two_regions, 30, kind="budget_minutes")]  # fmt: skip
    sides = returns.predicted(two_regions, claims, returns.people_of(two_regions))
    assert (sides.cost, sides.days, sides.money) == (60_000, 5, 10_000)
    assert (sides.months, sides.of_a_year) == (6, 1.0)
    text = DOCUMENT.read_text()
    for said in ("60 × 800 + 12,000 = 60,000", "600 × 4 / 480 = 5 days", "60,000 / 10,000 = 6 months"):
        assert said in text
    page = words(sign_in(people.stranger).get("/initiatives/rm-1/"))
    assert "60,000 EUR" in page
    assert "10,000 EUR a month" in page
    assert "after 6 months" in page
    assert "In minutes alone" in page
    assert "as found" not in page


def test_the_return_as_found_is_that_of_the_document(two_regions, people, sign_in):
    minutes, cost = make_claim(two_regions, 600), make_claim(two_regions, 6000, kind="cost")
    Finding.objects.create(claim=minutes, per_month=480, low=240, high=720)
    Finding.objects.create(claim=cost, per_month=4800, low=2400, high=5200)
    found = returns.found(two_regions, [minutes, cost], returns.people_of(two_regions))
    assert [each.money for each in (found.likely, found.low, found.high)] == [8000, 4000, 10_000]
    assert [each.months for each in (found.likely, found.low, found.high)] == [7.5, 15, 6]
    assert [each.of_a_year for each in (found.likely, found.low, found.high)] == [0.6, -0.2, 1.0]
    text = DOCUMENT.read_text().replace("\n", " ")
    for said in (
        "480 × 4 / 480 = 4 days", "3,200 + 4,800 = 8,000", "1,600 + 2,400 = 4,000", "4,800 + 5,200 = 10,000",
        "60,000 / 8,000 = 7.5 months", "60,000 / 10,000 = 6", "60,000 / 4,000 = 15",
        "(12 × 8,000 − 60,000) / 60,000 = 60 %", "(12 × 4,000 − 60,000) / 60,000 = −20 %",
    ):  # fmt: skip
        assert said in text
    client = sign_in(people.stranger)
    page = words(client.get("/initiatives/rm-1/"))
    assert "Was found to bring 8,000 EUR a month between 4,000 and 10,000" in page
    assert "Pays back as found after 7.5 months; at best 6, at worst 15 months" in page
    assert "return of the first year: 60 %; between −20 % and 100 %" in page
    file = client.get("/initiatives/rm-1/-/specification.md").content.decode().replace("\\", "")
    assert "- **Was found to bring**: 8,000 EUR a month, between 4,000 EUR and 10,000 EUR" in file


def test_what_was_found_may_never_pay_back(two_regions, people, sign_in):
    claims = [make_claim(two_regions, 6000, kind="cost"), make_claim(two_regions, 600)]
    finding = Finding.objects.create(claim=claims[0], per_month=-100, low=-500, high=600)
    page = words(sign_in(people.stranger).get("/initiatives/rm-1/"))
    assert "between -500 and 600, by 1 of 2 claims" in page
    assert "Pays back as found not by what was found; at best after 100 months" in page
    finding.per_month = 100
    finding.save()
    page = words(sign_in(people.stranger).get("/initiatives/rm-1/"))
    assert "Pays back as found after 600 months; at best 100, at worst never" in page


def test_what_was_found_is_that_of_the_document(people, sign_in):
    _leave_a_claim()
    finding.measure_all()
    found = Finding.objects.get()
    assert (found.expected, found.measured, found.per_month, found.low, found.high) == (360, 120, 240, 240, 240)
    assert (found.days_before, found.days_after) == (60, 30)
    text = DOCUMENT.read_text()
    for said in ("30 × 12 = 360", "30 × 4 = 120", "360 − 120 = 240"):
        assert said in text
    page = words(sign_in(people.stranger).get("/initiatives/rm-1/"))
    told = "Claimed 200 minutes a month, found 240 minutes, between 240 and 240 in four of five cases"
    assert f"{told}: more than was claimed." in page


def test_what_was_found_is_forgotten_when_the_initiative_is_taken_up_again(people, sign_in):
    _leave_a_claim()
    Initiative.objects.update(status=Status.DONE)
    finding.measure_all()
    found = Finding.objects.get()
    move(by=None, initiative=found.claim.initiative, status=Status.IN_PROGRESS)
    assert not Finding.objects.exists()
    assert "found 240" not in words(sign_in(people.stranger).get("/initiatives/rm-1/"))
    # What came about in another way is forgotten in the round.
    found.save(force_insert=True)
    finding.measure_all()
    assert not Finding.objects.exists()


def test_the_list_of_claims_says_how_sure_its_interval_is():
    helps = {each.name: each.help for each in CLAIMS.columns}
    assert (helps["low"], helps["high"]) == ("In four of five cases.", "In four of five cases.")


def test_too_little_says_how_many_days_are_missing():
    metric = make_amount("minutes")
    claim = make_claim(make_initiative("New", delivered_on=NOON.date() - dt.timedelta(days=6)), 10, metric)
    for n in range(-40, 6):
        day = claim.initiative.delivered_on + dt.timedelta(days=n)
        MetricDay.objects.create(metric=metric, day=day, count=1, sum=5, min=5, max=5, last=5)
    finding.measure_all()
    assert Finding.objects.get().problem == "5 days since delivery have a value, 14 are needed: 9 days are missing."
    MetricDay.objects.filter(day__lt=claim.initiative.delivered_on - dt.timedelta(days=20)).delete()
    finding.measure_all()
    assert Finding.objects.get().problem == "20 days before delivery have a value, 21 are needed: 1 day is missing."


def test_the_interval_of_noise_holds_what_did_not_change():
    """Nothing was removed, and in four of five cases the interval knows."""
    delivered, held = NOON.date(), 0
    for seed in range(5):
        draw = random.Random(seed)
        days = {delivered + dt.timedelta(days=n): draw.uniform(5, 25) for n in range(-120, 41) if n}
        before = {day: value for day, value in days.items() if day < delivered}
        found = finding.compare(before, {day: days[day] for day in days if day > delivered}, delivered)
        assert found["low"] < found["per_month"] < found["high"]
        held += found["low"] <= 0 <= found["high"]
    assert held >= 4


def test_of_what_comes_now_and_then_no_more_is_found_than_there_was():
    """Incidents became more week by week, and then fewer: no trend says that there would have been still more."""
    delivered, draw = NOON.date(), random.Random(7)
    minutes = [draw.choice([0, 0, 0, 40 + n]) for n in range(120)]
    before = {delivered - dt.timedelta(days=120 - n): float(value) for n, value in enumerate(minutes)}
    after = {delivered + dt.timedelta(days=n): float(draw.choice([0, 0, 0, 50])) for n in range(1, 41)}
    found = finding.compare(before, after, delivered)
    of_a_month = 30 * sum(minutes) / len(minutes)
    assert found["expected"] == pytest.approx(of_a_month, rel=0.1)
    assert found["low"] < found["per_month"] < found["high"] < 2 * of_a_month


def test_words_say_whether_the_claim_came_true():
    claim = make_claim(make_initiative("Two regions"), 200)
    for low, high, told in (
        (-20, 60, "cannot be told from chance"), (-80, -20, "became more"), (50, 150, "less than was claimed"),
        (150, 250, "the claim was kept"), (210, 300, "more than was claimed"),
    ):  # fmt: skip
        assert told in returns.verdict(claim, Finding(claim=claim, per_month=(low + high) / 2, low=low, high=high))


def test_a_level_is_no_claim_and_a_private_initiative_is_unknown(people, sign_in):
    level = Metric.objects.create(name="queue", kind="gauge")
    with pytest.raises(ValidationError, match="cannot be added up"):
        make_claim(make_initiative("Two regions"), 10, level)
    secret = make_initiative("Leave the zanzibar", by=people.editor, is_private=True, team=people.team.reference)
    say(secret, reach=5)
    make_claim(secret, 5)
    for reader in (people.product_manager, people.administrator, people.stranger):
        client = sign_in(reader)
        for where in ("/initiatives/-/priorities/", "/priority-inputs/", "/claims/"):
            page = words(client.get(where))
            assert "zanzibar" not in page
            assert secret.name not in page
        assert client.get(f"/initiatives/{secret.name.lower()}/-/priority/").status_code == 404
        with pytest.raises(ValidationError, match="There is no initiative"):
            scores.say(by=reader, values={"initiative": secret, "factor": "impact", "value": 1})
    assert "zanzibar" in words(sign_in(people.editor).get("/initiatives/-/priorities/"))


def test_a_claim_is_made_on_the_page_of_its_initiative(people, sign_in):
    make_initiative("Two regions", team=people.team.reference)
    client = sign_in(people.editor)
    sent = client.post("/initiatives/rm-1/-/claims/", {"kind": "days", "per_month": "4", "metric": "", "note": ""})
    assert sent.status_code == 302
    assert "Days of people: 4 days less a month" in words(client.get("/initiatives/rm-1/"))
    wrong = client.post("/initiatives/rm-1/-/claims/", {"kind": "days", "per_month": "-4"})
    assert wrong.status_code == 422
    unknown = words(client.post("/initiatives/rm-1/-/claims/", {"kind": "days", "per_month": "4", "metric": "x"}), 422)
    assert "Not done: 1 thing to mend Metric : There is no metric “x”" in unknown


def test_pages_take_few_queries(people, sign_in, django_assert_max_num_queries):
    for n in range(8):
        say(make_initiative(f"Number {n}"), reach=n + 1, impact=1, confidence=0.5, effort=10)
    client = sign_in(people.stranger)
    client.get("/initiatives/-/priorities/")
    with django_assert_max_num_queries(15):
        client.get("/initiatives/-/priorities/")


@pytest.mark.usefixtures("transactional_db")
def test_of_inputs_that_are_said_at_once_each_counts_in_the_score(people, api):
    make_initiative("Shard orders", team=people.team.reference)
    clients = {factor: api(people.editor) for factor in scores.RICE}
    asked = [threading.Thread(target=_post_input, args=(client, factor)) for factor, client in clients.items()]
    for each in asked:
        each.start()
    for each in asked:
        each.join()
    assert (PriorityInput.objects.count(), InitiativeState.objects.get().rice) == (4, 0.25)


def _post_input(client, factor):
    client.post("/api/v1/priority-inputs/", {"initiative": "rm-1", "factor": factor, "value": 0.5}, format="json")
    connection.close()


def test_an_input_is_said_corrected_and_taken_out_while_its_initiative_is_held(people, api):
    made = make_initiative("Shard orders", team=people.team.reference)
    say(made, effort=2)
    client, address = api(people.editor), f"/api/v1/priority-inputs/{PriorityInput.objects.get().pk}/"
    anyway = {"headers": {"If-Match": "*"}}
    correct = partial(client.patch, address, {"value": 3}, format="json", **anyway)
    more = {"initiative": "rm-1", "factor": "reach", "value": 4}
    another = partial(client.post, "/api/v1/priority-inputs/", more, format="json")
    for act in (another, correct, partial(client.delete, address, **anyway)):
        with CaptureQueriesContext(connection) as asked:
            assert act().status_code in (200, 201, 204)
        held = [each["sql"] for each in asked if "FOR UPDATE" in each["sql"]]
        assert 'FROM "roadmap_initiative"' in held[0]
