"""Days and numbers that nobody means are refused in forms, by the API and in imports; the words say what is taken."""

import datetime as dt
import html
import re

import pytest
import time_machine
from django.core.exceptions import ValidationError

from roadmap.initiatives.actions import move
from roadmap.models import Bound, Claim, Cycle, Evidence, Freeze, Initiative, KeyResult
from roadmap.okr import actions as okr
from roadmap.okr.actions import close_cycle
from roadmap.worth import returns
from tests.factories import make_entity
from tests.roadmap.compliance_makers import make_control
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.okr_makers import make_key_result, make_metric, make_objective
from tests.roadmap.test_roadmap_import import ONE, imported
from tests.roadmap.views_makers import make_dependency
from tests.roadmap.worth_makers import make_amount, make_claim, make_trade_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

TAKE_A_DAY = "Take a day from 1 Jan 2000 to 31 Dec 2100."
TOO_LARGE = "is too large: numbers are kept up to 1,000,000,000,000,000."
FARTHEST = ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"]


@pytest.fixture
def at_noon():
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC), tick=False):
        yield


def words(response, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:600]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


# Days


@pytest.mark.parametrize("day", FARTHEST)
def test_forms_of_the_plan_take_no_day_that_nobody_means(people, sign_in, day):
    client = sign_in(people.product_manager)
    sent = {
        "/cycles/-/new/": {"name": "Eternity", "starts_on": day, "ends_on": day},
        "/initiatives/-/new/": {"title": "T", "category": "cost", "horizon": "now", "done_percent": "0",
                              "starts_on": day, "ends_likely": day},
        "/freezes/-/new/": {"title": "Halt", "why": "W", "exit_condition": "C", "starts_on": "2026-11-22",
                          "ends_on": day},
    }  # fmt: skip
    for where, values in sent.items():
        if where != "/freezes/-/new/" or day > "2026":
            assert TAKE_A_DAY in words(client.post(where, values), 422), where
    assert not Initiative.objects.exists()
    assert not Cycle.objects.exists()
    assert not Freeze.objects.exists()


def test_the_first_and_the_last_day_are_taken():
    made = make_initiative("Long", starts_on=dt.date(2000, 1, 1), ends_latest=dt.date(2100, 12, 31))
    assert (made.starts_on.year, made.ends_latest.year) == (2000, 2100)


@pytest.mark.parametrize("day", FARTHEST)
def test_the_api_takes_no_day_that_nobody_means(people, api, day):
    client = api(people.product_manager)
    refused = client.post("/api/v1/initiatives/", {"title": "T", "starts_on": day}, format="json")
    assert refused.status_code == 422
    assert TAKE_A_DAY in refused.content.decode()


def test_an_imported_row_with_a_day_that_nobody_means_is_refused(tmp_path, people):
    first, second = imported(
        tmp_path,
        ONE.replace("01.10.2026", "01.10.0026").replace("team: platform\n", ""),
        "number: 8\nname: Fine\nstage: accepted\n",
    )
    assert (first["result"], second["result"]) == ("refused", "created")
    assert TAKE_A_DAY in str(first["problems"])


def test_work_began_on_a_day_that_somebody_means():
    initiative = make_initiative("Old", status="planned")
    with pytest.raises(ValidationError, match="Take a day from 1 Jan 2000") as refused:
        move(by=None, initiative=initiative, status="in_progress", started_on=dt.date(1, 1, 1))
    assert list(refused.value.message_dict) == ["started_on"]


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("9999-12-31", "31 Dec 9999 is still to come. Say a day that has been, or today."),
        ("2026-11-23", "23 Nov 2026 is still to come. Say a day that has been, or today."),
        ("0001-01-01", TAKE_A_DAY),
    ],
)
def test_evidence_was_reviewed_on_a_day_that_has_been(people, sign_in, api, day, told):
    control = make_control()
    values = {
        "control": f"{control.framework} {control.identifier}",
        "fulfilment": "met",
        "text": "Seen",
        "reviewed_on": day,
    }
    page = words(sign_in(people.product_manager).post("/evidence/-/new/", values), 422)
    assert f"1 thing to mend Reviewed : {told}" in page
    refused = api(people.product_manager).post("/api/v1/evidence/", {**values, "control": control.pk}, format="json")
    assert refused.status_code == 422
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("day", "told"), [(dt.date(2026, 11, 23), "23 Nov 2026 is still to come"), (dt.date(1999, 12, 31), TAKE_A_DAY)]
)
def test_a_trade_off_was_decided_on_a_day_that_has_been(people, day, told):
    cycle = make_cycle()
    with pytest.raises(ValidationError, match=told) as refused:
        make_trade_off("Sharding", people.team.reference, cycle, decided_on=day)
    assert list(refused.value.message_dict) == ["decided_on"]


def test_a_decision_is_not_put_off_by_editing_it(people, sign_in):
    loan = make_trade_off("Sharding", people.team.reference, make_cycle(), decided_on=dt.date(2026, 11, 1))
    values = {"shipped": loan.shipped, "deferred": loan.deferred, "team": people.team.name, "principal_days": "5",
              "due_cycle": loan.due_cycle_id, "decided_on": "2027-01-01", "version": loan.version}  # fmt: skip
    page = words(sign_in(people.product_manager).post(f"/trade-offs/{loan.pk}/edit/", values), 422)
    assert "1 Jan 2027 is still to come. Say a day that has been, or today." in page


def test_a_cycle_whose_days_are_reversed_is_told_that_alone(people, sign_in):
    make_cycle()
    sent = {"name": "2026", "starts_on": "2026-12-31", "ends_on": "2026-12-01"}
    page = words(sign_in(people.product_manager).post("/cycles/-/new/", sent), 422)
    told = "The last day (1 Dec 2026) lies not after the first (31 Dec 2026). Exchange them, or correct one."
    assert f"1 thing to mend Last day : {told}" in page
    assert "share no day" not in page


def test_a_cycle_has_at_most_two_years(people, sign_in):
    client = sign_in(people.product_manager)
    sent = {"name": "2027", "starts_on": "2027-01-01", "ends_on": "2029-01-01"}
    page = words(client.post("/cycles/-/new/", sent), 422)
    assert "It would have 732 days; a cycle has at most 731, two years. Choose an earlier day." in page
    assert client.post("/cycles/-/new/", {**sent, "ends_on": "2028-12-31"}).status_code == 302


# Numbers


@pytest.mark.parametrize(
    ("kind", "most", "told"),
    [
        ("incident_minutes", 44_640, "A month has at most 44,640 minutes. Write how much of it is removed."),
        ("budget_minutes", 44_640, "A month has at most 44,640 minutes."),
        ("cost", 10**12, "Money is counted up to 1,000,000,000,000 a month."),
        ("days", 100_000, "Days of people are counted up to 100,000 a month."),
    ],
)
def test_a_claim_removes_no_more_than_there_is(people, sign_in, kind, most, told):
    make_initiative("Two regions", team=people.team.reference)
    client = sign_in(people.editor)
    for much in (most + 1, 1e30):
        sent = {"kind": kind, "per_month": str(much), "metric": "", "note": ""}
        assert told in words(client.post("/initiatives/rm-1/-/claims/", sent), 422)
    taken = {"kind": kind, "per_month": str(most), "metric": "", "note": ""}
    assert client.post("/initiatives/rm-1/-/claims/", taken).status_code == 302


def test_values_of_key_results_are_numbers_that_somebody_measures(people, sign_in):
    objective, metric = make_objective(), make_metric()
    sent = {"objective": str(objective), "title": "Less", "metric": str(metric), "way": "decrease",
            "baseline": "1e308", "target": "-1e308", "statistic": "last", "window_days": "7"}  # fmt: skip
    page = words(sign_in(people.product_manager).post("/key-results/-/new/", sent), 422)
    assert f"1e+308 {TOO_LARGE}" in page
    assert f"-1e+308 {TOO_LARGE}" in page
    assert not KeyResult.objects.exists()


def test_a_correction_a_bound_and_a_criterion_are_numbers_that_somebody_measures(people, api):
    key_result = make_key_result()
    with time_machine.travel(dt.datetime(2027, 1, 1, tzinfo=dt.UTC)):
        close_cycle(by=None, cycle=key_result.objective.cycle)
    key_result.objective.cycle.refresh_from_db()
    with pytest.raises(ValidationError, match="numbers are kept up to"):
        okr.correct(by=None, key_result=key_result, value=1e308, note="Counted anew")
    make_initiative("Two regions", team=people.team.reference)
    client, metric = api(people.product_manager), key_result.metric.pk
    bound = {"name": "B", "metric": metric, "side": "at_most", "value": 1e16}
    criterion = {"title": "C", "metric": metric, "way": "decrease", "baseline": 1e308, "target": 1}
    for where, body in (("non-negotiables", bound), ("initiatives/rm-1/-/criteria", criterion)):
        refused = client.post(f"/api/v1/{where}/", body, format="json")
        assert refused.status_code == 422, where
        assert TOO_LARGE in refused.content.decode(), where
    assert not Bound.objects.exists()


@pytest.mark.parametrize(("lag", "told"), [(-400, "Take -366 or more."), (367, "Take 366 or less.")])
def test_a_dependency_lags_or_leads_by_a_year_at_most(people, sign_in, lag, told):
    before, after = make_initiative("Before"), make_initiative("After")
    sent = {"before": before.name, "kind": "fs", "lag_days": str(lag)}
    page = words(sign_in(people.product_manager).post(f"/initiatives/{after.name.lower()}/-/dependencies/", sent), 422)
    assert f"Lag, days : {told}" in page
    assert make_dependency(before, after, lag_days=-366).lag_days == -366


# The same claim twice


def test_the_same_claim_twice_is_refused_with_the_one_there_is(people, sign_in):
    initiative = make_initiative("Two regions", team=people.team.reference)
    make_claim(initiative, 50)
    sent = {"kind": "incident_minutes", "per_month": "60", "metric": "", "note": ""}
    page = words(sign_in(people.editor).post("/initiatives/rm-1/-/claims/", sent), 422)
    told = "RM-1 claims 50 incident minutes a month already. Change that claim, or name a metric that shows this one."
    assert f"1 thing to mend Kind : {told}" in page
    assert Claim.objects.count() == 1


def test_the_same_claim_by_the_same_metric_is_named_with_it():
    initiative, metric = make_initiative("Two regions"), make_amount("incident-minutes")
    made = make_claim(initiative, 50, metric)
    told = f"RM-1 claims 50 incident minutes a month, shown by {metric}, already. Change that claim."
    with pytest.raises(ValidationError) as refused:
        make_claim(initiative, 60, metric)
    assert refused.value.messages == [told]
    assert returns.correct(by=None, record=made, values={"per_month": 60}).per_month == 60


@pytest.mark.parametrize("sent", [True, False])
def test_what_is_true_or_false_is_no_number_of_a_check_in_nor_of_a_record(people, api, sent):
    key_result = make_key_result(objective=make_objective("Buying never stops", cycle=make_cycle()))
    client, address = api(people.product_manager), f"/api/v1/key-results/{key_result.pk}/"
    refused = client.post(f"{address}-/check-ins/", {"confidence": sent, "text": "It goes on."}, format="json")
    assert (refused.status_code, refused.json()["fields"]) == (422, {"confidence": ["A valid number is required."]})
    read = {"If-Match": client.get(address)["ETag"]}
    assert client.patch(address, {"target": sent}, format="json", headers=read).status_code == 422
    assert not key_result.check_ins.exists()


def test_where_an_address_names_a_list_only_its_records_are_suggested(people, sign_in):
    make_initiative("Shard orders")
    make_entity("shard-db")
    client = sign_in(people.reader)
    told = words(client.get("/initiatives/shard/"), 404)
    assert "Called nearly so Shard orders" in told
    assert "shard-db" not in told
    assert "shard-db" in words(client.get("/nowhere/shard/"), 404)
