"""Objectives and key results: readings, progress, standing, check-ins, and closing a cycle."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.cells import share_text
from roadmap.models import (
    ClosingValue,
    Cycle,
    KeyResult,
    KeyResultState,
    ObjectiveState,
    Standing,
    Statistic,
    Way,
)
from roadmap.okr import actions
from roadmap.okr import refresh as okr_refresh
from roadmap.okr.readings import Ask, Kept, read, read_all
from roadmap.okr.refresh import refresh
from roadmap.okr.showing import share_in_words
from services.health import samples
from services.health.models import MetricDay, MetricKind
from tests.roadmap.core_makers import make_cycle
from tests.roadmap.okr_makers import make_key_result, make_metric, make_objective, measure, the_cycle

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_november")]

NOW = dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC)
TODAY = NOW.date()
DAY = dt.timedelta(days=1)


@pytest.fixture
def in_november():
    with time_machine.travel(NOW, tick=False):
        yield


def state_of(key_result: KeyResult) -> KeyResultState:
    return KeyResultState.objects.get(key_result=key_result)


# Readings


def test_a_metric_is_read_as_its_last_value_mean_sum_and_worst_day_in_ten():
    metric = make_metric()
    measure(metric, [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000], TODAY)
    asks = {each: Ask(metric.pk, each, 10) for each in Statistic}
    found = {each: reading.value for each, reading in read(asks).items()}
    assert found == {"last": 1000, "mean": 550, "sum": 5500, "p90": pytest.approx(910)}
    assert read({1: Ask(metric.pk, Statistic.P90, 10, high_is_good=True)})[1].value == pytest.approx(190)
    assert read({1: Ask(metric.pk, Statistic.MEAN, 2)})[1].value == 950


def test_good_of_total_is_of_all_events_and_not_of_daily_shares():
    metric = make_metric("paid", kind=MetricKind.RATIO, unit="")
    for back, (good, total) in enumerate([(99, 100), (0, 0), (450, 900)]):
        at = NOW - back * DAY
        samples.write([samples.SampleRow(metric.pk, at, good / total if total else 0.0, good, total)])
    assert read({1: Ask(metric.pk, Statistic.MEAN, 7)})[1].value == pytest.approx(549 / 1000)
    kept = {1: Kept(metric.pk, TODAY - 6 * DAY, TODAY, low=0.9)}
    inside = read_all({}, kept)[1][1]
    assert (inside.days, inside.inside) == (2, 1)


def test_of_an_amount_today_is_left_out():
    metric = make_metric("orders", kind=MetricKind.FLOW, unit="orders")
    for back, value in ((0, 5.0), (1, 100.0), (2, 200.0)):
        samples.write([samples.SampleRow(metric.pk, NOW - back * DAY, value)])
    found = read({each: Ask(metric.pk, each, 7) for each in (Statistic.SUM, Statistic.MEAN, Statistic.LAST)})
    assert [found[each].value for each in (Statistic.SUM, Statistic.MEAN, Statistic.LAST)] == [300, 150, 100]


def test_what_was_pushed_a_minute_ago_counts():
    metric = make_metric()
    samples.write([samples.SampleRow(metric.pk, NOW, 80.0)])
    MetricDay.objects.all().delete()
    reading = read({1: Ask(metric.pk, Statistic.MEAN, 7)})[1]
    assert (reading.value, reading.at, reading.problem) == (80.0, NOW, "")


def test_a_cycle_that_is_over_is_read_as_of_its_last_day():
    metric = make_metric()
    measure(metric, [10, 20, 30, 40], TODAY)
    over = TODAY - 2 * DAY
    assert read({1: Ask(metric.pk, Statistic.LAST, 7, day=over)})[1].value == 20
    assert read({1: Ask(metric.pk, Statistic.MEAN, 2, day=over)})[1].value == 15


def test_a_metric_without_data_says_so_and_raises_nothing():
    metric = make_metric()
    found = read({"last": Ask(metric.pk), "mean": Ask(metric.pk, Statistic.MEAN), "gone": Ask(999_999)})
    assert [each.value for each in found.values()] == [None] * 3
    assert "Nothing is measured yet" in found["last"].problem
    assert "Nothing was measured in the 7 days to 22 Nov 2026" in found["mean"].problem


def test_however_many_are_read_in_as_many_queries():
    def queries(number: int) -> int:
        metrics = [make_metric(f"m-{number}-{each}") for each in range(number)]
        asks = {each.pk: Ask(each.pk, Statistic.MEAN) for each in metrics}
        with CaptureQueriesContext(
            connection,
        ) as found:
            read(asks)
        return len(found)

    assert queries(1) == queries(20) <= 3


# Progress


def test_a_key_result_is_read_and_not_clamped():
    metric = make_metric()
    measure(metric, [1330, 912], TODAY)
    made = make_key_result(metric=metric)
    assert state_of(made).progress == pytest.approx(0.7887, abs=1e-4)
    measure_now(metric, 1400)
    refresh()
    assert state_of(made).progress == pytest.approx(-0.132, abs=1e-3)
    assert state_of(made).standing == Standing.AWAY
    measure_now(metric, 400)
    refresh()
    assert (state_of(made).progress > 1.7, state_of(made).standing) == (True, Standing.REACHED)


def test_what_is_of_a_cycle_to_come_is_not_begun_whatever_is_measured(people, sign_in):
    metric, cycle = make_metric(), make_cycle("2027 Q1", dt.date(2027, 1, 1))
    measure(metric, [1330, 912], TODAY)
    made = make_key_result(metric=metric, objective=make_objective(cycle=cycle))
    client = sign_in(people.reader)
    for address in (
        f"/key-results/{made.pk}/",
        f"/objectives/{made.objective_id}/",
        "/objectives/-/board/?cycle=2027+Q1",
    ):
        page = client.get(address).text
        assert ("Not begun" in page, "On track" in page) == (True, False)
    with time_machine.travel(dt.datetime(2027, 1, 1, 12, tzinfo=dt.UTC), tick=False):
        refresh()
    assert state_of(made).standing == Standing.AHEAD


def measure_now(metric, value: float) -> None:
    """One more value of the same minute of today."""
    samples.write([samples.SampleRow(metric.pk, NOW, value)])


def test_a_guardrail_is_the_share_of_days_inside():
    metric = make_metric()
    measure(metric, [150] * 49 + [250, 250, 180, 190], TODAY)
    made = make_key_result(metric=metric, way=Way.STAY_BELOW, baseline=None, target=200.0)
    state = state_of(made)
    assert (state.progress, state.value) == (pytest.approx(51 / 53), 190)
    assert state.standing == Standing.AHEAD
    measure_now(metric, 260)
    refresh()
    assert state_of(made).standing == Standing.BEHIND


def test_a_key_result_without_data_is_unknown_and_says_why():
    made = make_key_result()
    state = state_of(made)
    assert (state.standing, state.progress) == (Standing.UNKNOWN, None)
    assert "Nothing is measured yet" in state.problem
    held = ObjectiveState.objects.get(objective=made.objective)
    assert (held.mean, held.weakest, held.measured, held.unmeasured) == (None, None, 0, 1)


def test_an_objective_has_the_mean_and_the_weakest():
    objective = make_objective()
    for value in (1330, 800, 1065):
        metric = make_metric(f"m{value}")
        measure(metric, [value], TODAY)
        make_key_result(f"At {value}", objective=objective, metric=metric)
    state = ObjectiveState.objects.get(objective=objective)
    assert (state.mean, state.weakest, state.measured) == (0.5, 0.0, 3)


def test_a_round_without_news_writes_nothing():
    metric = make_metric()
    measure(metric, [1000], TODAY)
    make_key_result(metric=metric)
    assert refresh() == 0
    with CaptureQueriesContext(connection) as found:
        refresh()
    assert not [each["sql"] for each in found if each["sql"].startswith(("INSERT", "UPDATE"))]


# What is left to the portal


def test_without_a_baseline_it_begins_at_what_is_measured_now():
    metric = make_metric()
    measure(metric, [1330], TODAY)
    made = make_key_result(metric=metric, baseline=None)
    assert (made.baseline, made.baseline_note) == (1330, "22 Nov 2026, last value")


def test_without_data_the_baseline_is_asked_for():
    with pytest.raises(ValidationError, match="cannot say where it stands"):
        make_key_result(baseline=None)
    assert not KeyResult.objects.exists()


def test_a_promise_in_percent_becomes_a_target():
    made = make_key_result(target=None, relative=-40.0)
    assert (made.target, made.relative) == (pytest.approx(798), -40)
    rounded = make_key_result("Rounded", target=800.0, relative=-40.0)
    assert rounded.target == 800


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"target": 1330.0}, "there is no way to go"),
        ({"target": 1500.0}, "From 1330 to 1500 is no decrease"),
        ({"target": None}, "a percent of where it stands"),
        ({"target": 700.0, "relative": -40.0}, "−40 % of 1,330 is 798".replace("−", "-")),
        ({"target": None, "relative": -40.0, "baseline": 0.0}, "A percent of 0 is 0"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(values, told):
    with pytest.raises(ValidationError) as refused:
        make_key_result(**values)
    assert told in " ".join(refused.value.messages)
    assert not KeyResult.objects.exists()


def test_a_new_percent_moves_the_target_and_a_new_target_must_agree():
    made = make_key_result(target=None, relative=-40.0)
    moved = actions.update_key_result(by=None, record=made, values={"relative": -50.0})
    assert moved.target == 665
    with pytest.raises(ValidationError, match="Empty one of the two"):
        actions.update_key_result(by=None, record=moved, values={"target": 500.0})


def test_objectives_that_would_serve_each_other_are_named():
    above = make_objective("Above")
    below = make_objective("Below", parent=above)
    with pytest.raises(ValidationError, match="“Above” → “Below” → “Above”"):
        actions.update_objective(by=None, record=above, values={"parent": below})


def test_an_objective_is_handed_over_among_teams_of_ones_own_alone(people):
    made = make_objective("Buying never stops", owner=people.team.reference)
    with pytest.raises(ValidationError, match=f"You are not in {people.other.reference}"):
        actions.update_objective(by=people.editor, record=made, values={"owner": people.other.reference})
    with pytest.raises(ValidationError, match="Objectives of the company are set by product managers"):
        actions.update_objective(by=people.editor, record=made, values={"owner": None})
    kept = {"owner": people.team.reference, "title": "Buying goes on"}
    assert actions.update_objective(by=people.editor, record=made, values=kept).title == "Buying goes on"
    given = actions.update_objective(by=people.product_manager, record=made, values={"owner": people.other.reference})
    assert given.owner == people.other.reference


def test_a_bound_is_judged_day_by_day_and_no_sum_of_days():
    with pytest.raises(ValidationError, match="a sum is of many"):
        make_key_result(way=Way.STAY_BELOW, baseline=None, target=600, statistic=Statistic.SUM)


# Check-ins


def test_a_check_in_keeps_what_was_measured_and_is_never_changed(people):
    metric = make_metric()
    measure(metric, [1065], TODAY)
    made = make_key_result(metric=metric)
    said = actions.check_in(by=people.editor, key_result=made, confidence=0.7, text="The pool is sharded.")
    assert (said.value, said.progress, said.by) == (1065, 0.5, people.editor)
    assert state_of(made).confidence == 0.7
    assert ObjectiveState.objects.get(objective=made.objective).confidence == 0.7
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        type(said).objects.filter(pk=said.pk).update(confidence=0.9)
    with pytest.raises(ValidationError):
        actions.check_in(by=people.editor, key_result=made, confidence=1.7, text="Sure.")


# Closing


@pytest.fixture
def closed():
    metric = make_metric()
    with time_machine.travel(dt.datetime(2026, 12, 31, 18, tzinfo=dt.UTC), tick=False):
        measure(metric, [1330, 1065], dt.date(2026, 12, 31))
        made = make_key_result(metric=metric)
        actions.close_cycle(by=None, cycle=the_cycle())
    made.refresh_from_db()
    return made


def test_a_closed_cycle_keeps_its_values(closed):
    kept = ClosingValue.objects.get()
    assert (kept.key_result, kept.value, kept.progress) == (closed, 1065, 0.5)
    with time_machine.travel(dt.datetime(2027, 1, 9, tzinfo=dt.UTC), tick=False):
        samples.write([samples.SampleRow(closed.metric_id, dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC), 800.0)])
        refresh()
    assert (state_of(closed).value, state_of(closed).standing) == (1065, Standing.AWAY)
    for refused in (
        lambda: actions.check_in(by=None, key_result=closed, confidence=0.5, text="Late"),
        lambda: actions.update_key_result(by=None, record=closed, values={"title": "Another"}),
        lambda: actions.close_cycle(by=None, cycle=Cycle.objects.get()),
        lambda: make_key_result("One more", objective=closed.objective),
    ):
        with pytest.raises(ValidationError, match="closed"):
            refused()


def test_a_closed_cycle_keeps_its_days_and_may_be_renamed(closed, api, people):
    cycle = closed.objective.cycle
    client, address = api(people.product_manager), f"/api/v1/cycles/{cycle.pk}/"
    anyway = {"format": "json", "headers": {"If-Match": "*"}}
    refused = client.patch(address, {"starts_on": "2026-10-02", "ends_on": "2027-03-31"}, **anyway)
    assert (refused.status_code, set(refused.json()["fields"])) == (422, {"starts_on", "ends_on"})
    assert "2026 Q4 is closed" in str(refused.json()["fields"]["ends_on"])
    renamed = client.patch(address, {"name": "Q4 of 2026", "ends_on": str(cycle.ends_on)}, **anyway)
    assert renamed.status_code == 200
    cycle.refresh_from_db()
    assert (cycle.name, cycle.ends_on) == ("Q4 of 2026", dt.date(2026, 12, 31))


def test_a_share_below_nothing_has_a_minus_sign_in_lists_as_everywhere():
    for share, said in ((-0.11, "\N{MINUS SIGN}11 %"), (-0.001, "0 %"), (0.11, "11 %")):
        assert share_text(share).replace("\u00a0", " ") == share_in_words(share).replace("\u00a0", " ") == said


def test_days_in_messages_are_written_as_on_pages():
    make_cycle("2026 Q4", dt.date(2026, 12, 1), 9)
    with pytest.raises(ValidationError, match="2026 Q4 is from 1 Dec 2026 to 9 Dec 2026"):
        Cycle(name="Another", starts_on=dt.date(2026, 12, 5), ends_on=dt.date(2026, 12, 20)).clean()


def test_a_correction_is_added_and_counts(closed, people):
    actions.correct(by=people.product_manager, key_result=closed, value=800.0, note="A probe was misread")
    assert list(ClosingValue.objects.order_by("pk").values_list("value", flat=True)) == [1065, 800]
    assert (state_of(closed).value, state_of(closed).standing) == (800, Standing.REACHED)
    assert ObjectiveState.objects.get().mean == 1
    with pytest.raises(ValidationError, match="Say why"):
        actions.correct(by=None, key_result=closed, value=900.0, note=" ")


def test_what_nothing_was_measured_of_says_so_when_it_is_closed_and_no_longer_once_it_is_corrected(people):
    with time_machine.travel(dt.datetime(2026, 12, 31, 18, tzinfo=dt.UTC), tick=False):
        made = make_key_result(metric=make_metric())
        refresh()
        actions.close_cycle(by=None, cycle=the_cycle())
    assert state_of(made).problem
    made.refresh_from_db()
    actions.correct(by=people.product_manager, key_result=made, value=800.0, note="Read from the logs")
    assert (state_of(made).value, state_of(made).problem) == (800, "")


def test_a_guardrail_that_is_left_on_the_last_day_is_not_closed_as_reached():
    metric = make_metric()
    with time_machine.travel(dt.datetime(2026, 12, 31, 18, tzinfo=dt.UTC), tick=False):
        measure(metric, [*[100] * 40, 900], dt.date(2026, 12, 31))
        made = make_key_result(metric=metric, way=Way.STAY_BELOW, baseline=None, target=200)
        actions.close_cycle(by=None, cycle=the_cycle())
    assert (state_of(made).progress > 0.95, state_of(made).standing) == (True, Standing.BEHIND)


def test_a_round_that_began_before_a_cycle_was_closed_writes_nothing_into_it(closed, monkeypatch):
    Cycle.objects.update(closed_at=None)
    found = okr_refresh.find

    def find_and_close(key_results):
        answer = found(key_results)
        Cycle.objects.update(closed_at=timezone.now())
        return answer

    before = state_of(closed).read_at
    samples.write([samples.SampleRow(closed.metric_id, dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC), 800.0)])
    monkeypatch.setattr(okr_refresh, "find", find_and_close)
    with time_machine.travel(dt.datetime(2027, 1, 9, tzinfo=dt.UTC), tick=False):
        assert refresh() == 0
    assert (state_of(closed).value, state_of(closed).read_at) == (1065, before)


def test_a_guardrail_that_was_closed_without_data_is_corrected_with_its_share(people, sign_in):
    with time_machine.travel(dt.datetime(2026, 12, 31, 18, tzinfo=dt.UTC), tick=False):
        made = make_key_result("p95 stays below 200 ms", way=Way.STAY_BELOW, target=200.0, baseline=None)
        actions.close_cycle(by=None, cycle=the_cycle())
    client, address = sign_in(people.product_manager), f"/key-results/{made.pk}/-/correct/"
    sent = {"value": "180", "share_inside": "", "note": "It was measured elsewhere"}
    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"share_inside": ["Say the share of days inside: none was kept."]}
    assert client.post(address, {**sent, "share_inside": "95"}).status_code == 302
    assert (state_of(made).value, state_of(made).progress) == (180, 0.95)


def test_a_cycle_that_runs_is_not_closed():
    cycle = the_cycle()
    with pytest.raises(ValidationError, match="runs until 31 Dec 2026"):
        actions.close_cycle(by=None, cycle=cycle)
    assert not ClosingValue.objects.exists()
