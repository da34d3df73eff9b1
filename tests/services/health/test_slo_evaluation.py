"""SLOs judged from results: what is left, how fast it burns, when it alerts and when that ends."""

import datetime as dt

import pytest
import time_machine

from portal.delivery.models import Notification
from services.health import actions, budget
from services.health.counts import first_answers
from services.health.models import (
    CheckDay,
    CheckState,
    HealthState,
    Metric,
    Outcome,
    RollUpMark,
    Sample,
    Slo,
    SloAlert,
    SloKind,
    SloState,
)
from services.health.results import Answer, record
from services.health.rollup import roll_up_new
from services.health.slo_evaluation import evaluate, events
from tests.factories import make_entity
from tests.services.health.meanwhile import just_before
from tests.services.health.results import answer, every, make_check

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
SECOND, MINUTE, HOUR, DAY = (dt.timedelta(seconds=count) for count in (1, 60, 3600, 86_400))


def make_slo(check, **values) -> Slo:
    return Slo.objects.create(
        **{"entity": check.entity, "name": f"slo-{check.pk}", "source_check": check, "target": "99.9", **values}
    )


def state(slo: Slo) -> SloState:
    return SloState.objects.get(slo=slo)


def open_windows(slo: Slo) -> list[int]:
    return sorted(SloAlert.objects.filter(slo=slo, ended_at=None).values_list("long_minutes", flat=True))


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOON + HOUR, tick=False):
        yield


def test_what_is_left_of_the_budget_is_what_the_answers_say():
    check = make_check()
    slo = make_slo(check, target="99")
    answer(check, every(NOON - 10 * HOUR, NOON - 2 * MINUTE))
    answer(check, every(NOON - 2 * MINUTE, NOON), Outcome.DOWN)
    assert evaluate(NOON) == 1
    found = state(slo)
    assert (found.good, found.total) == (598, 600)
    assert found.attainment == pytest.approx(598 / 600)
    assert found.remaining == pytest.approx(1 - 2 / 6)
    assert found.burn == pytest.approx(2 / 60 / 0.01)


def test_what_nobody_measured_is_missing_and_not_bad():
    check = make_check()
    slo = make_slo(check)
    answer(check, every(NOON - 2 * HOUR, NOON - HOUR))
    answer(check, every(NOON - HOUR, NOON), Outcome.LATE, None)
    evaluate(NOON)
    found = state(slo)
    assert (found.attainment, found.remaining, found.measured) == (1.0, 1.0, 0.5)


def test_maintenance_is_left_out():
    check = make_check()
    slo = make_slo(check)
    answer(check, every(NOON - 2 * HOUR, NOON - HOUR))
    answer(check, every(NOON - HOUR, NOON), Outcome.DOWN, maintenance=True)
    evaluate(NOON)
    assert (state(slo).total, state(slo).remaining) == (60, 1.0)


def test_an_slo_that_nothing_was_measured_for_has_no_figures():
    slo = make_slo(make_check())
    evaluate(NOON)
    found = state(slo)
    assert (found.attainment, found.remaining, found.burn, found.measured, found.severity) == (None,) * 4 + ("",)


def test_a_latency_slo_counts_fast_answers_as_good_and_no_answer_as_bad():
    check = make_check()
    slo = make_slo(check, kind=SloKind.LATENCY, threshold_ms=250, target="90")
    answer(check, every(NOON - HOUR, NOON - 30 * MINUTE), Outcome.UP, 20)
    answer(check, every(NOON - 30 * MINUTE, NOON - 10 * MINUTE), Outcome.UP, 2000)
    answer(check, every(NOON - 10 * MINUTE, NOON), Outcome.DOWN, None)
    evaluate(NOON)
    assert (state(slo).good, state(slo).total) == (30, 60)


def test_a_service_that_fails_fast_is_not_fast():
    check = make_check()
    slo = make_slo(check, kind=SloKind.LATENCY, threshold_ms=250, target="90")
    answer(check, every(NOON - 80 * MINUTE, NOON - HOUR), Outcome.UP, 20)
    answer(check, every(NOON - HOUR, NOON - 30 * MINUTE), Outcome.UP, 2000)
    answer(check, every(NOON - 30 * MINUTE, NOON), Outcome.DOWN, 15)
    evaluate(NOON)
    assert (state(slo).good, state(slo).total) == (20, 80)


def test_whoever_runs_a_check_by_hand_does_not_change_its_slo():
    check = make_check()
    slo = make_slo(check)
    answer(check, every(NOON - HOUR, NOON))
    for second in range(10):
        at = NOON - 5 * MINUTE + (second + 1) * SECOND
        record([Answer(check.pk, at, at, Outcome.DOWN, latency_ms=20.0)], scheduled=False)
    evaluate(NOON)
    assert (state(slo).good, state(slo).total) == (60, 60)
    assert CheckState.objects.get(of=check).status == "down"


def test_a_ratio_slo_counts_good_and_total_of_its_metric():
    entity = make_entity()
    metric = Metric.objects.create(subject=entity.reference, name="checkouts", kind="ratio")
    for minute in range(60):
        Sample.objects.create(metric_id=metric.pk, at=NOON - minute * MINUTE - SECOND, value=0.99, good=99, total=100)
    slo = Slo.objects.create(entity=entity, name="checkouts", kind=SloKind.RATIO, metric=metric, target="99.5")
    evaluate(NOON)
    assert (state(slo).good, state(slo).total) == (5940, 6000)
    assert state(slo).burn == pytest.approx(2.0)


def test_more_events_than_a_state_has_room_for_are_judged_all_the_same():
    entity = make_entity()
    metric = Metric.objects.create(subject=entity.reference, name="checkouts", kind="ratio")
    Sample.objects.create(metric_id=metric.pk, at=NOON - SECOND, value=1, good=1e19, total=1e19)
    slo = Slo.objects.create(entity=entity, name="checkouts", kind=SloKind.RATIO, metric=metric, target="99.5")
    evaluate(NOON)
    assert (state(slo).attainment, state(slo).good) == (1.0, 2**63 - 1)


def test_an_slo_that_cannot_be_judged_does_not_stop_the_others():
    check = make_check()
    slos = [make_slo(check, name=f"slo-{n}") for n in range(5)]
    entity = make_entity()
    metric = Metric.objects.create(subject=entity.reference, name="checkouts", kind="ratio")
    for ago in (1, 2):
        Sample.objects.create(metric_id=metric.pk, at=NOON - ago * SECOND, value=1, good=1.7e308, total=1.7e308)
    Slo.objects.create(entity=entity, name="broken", kind=SloKind.RATIO, metric=metric, target="99.5")
    slos += [make_slo(check, name=f"slo-{n}") for n in range(5, 8)]
    answer(check, every(NOON - HOUR, NOON))
    assert evaluate(NOON) == 8
    assert {state(slo).attainment for slo in slos} == {1.0}
    assert SloState.objects.count() == 8


# Alerts


def _outage(check, start: dt.datetime, end: dt.datetime, seconds: int) -> None:
    """A day of answers with nothing but failures from ``start`` to ``end``."""
    answer(check, every(start - DAY, start, seconds))
    answer(check, every(start, end, seconds), Outcome.DOWN, None)
    answer(check, every(end, end + 40 * MINUTE, seconds))


def test_a_total_outage_pages_after_52_seconds_and_the_hour_resets_within_5_minutes():
    check = make_check()
    slo = make_slo(check, window_days=30)
    end = NOON + 3 * MINUTE
    _outage(check, NOON, end, seconds=6)
    # 0.864 minutes of errors are 8.64 of the 600 answers of an hour: eight do not alert, the ninth does.
    evaluate(NOON + 47 * SECOND)
    assert open_windows(slo) == []
    evaluate(NOON + 52 * SECOND)
    assert 60 in open_windows(slo)
    assert state(slo).severity == "page"
    evaluate(end)
    assert {60, 360} <= set(open_windows(slo))
    evaluate(end + 5 * MINUTE)
    assert 60 not in open_windows(slo)
    evaluate(end + 31 * MINUTE)
    assert not {60, 360} & set(open_windows(slo))
    assert state(slo).severity != "page"
    assert SloAlert.objects.get(long_minutes=60).ended_at == end + 5 * MINUTE


def test_the_alert_says_what_burned_and_until_when_it_lasts():
    check = make_check()
    slo = make_slo(check, window_days=30)
    _outage(check, NOON, NOON + MINUTE, seconds=6)
    evaluate(NOON + MINUTE)
    alert = SloAlert.objects.get(slo=slo)
    assert alert.text == (
        "2\u00a0% of the error budget of 30 days went in 1 h; empty by 23 Nov 2026, 06:13 UTC if it goes on"
        " (reckoned for all 30 days; measured for 1 d so far)"
    )


def test_a_new_check_that_fails_for_a_minute_pages_nobody():
    check = make_check()
    slo = make_slo(check, target="99", window_days=28)
    answer(check, every(NOON, NOON + 70 * SECOND, 10), Outcome.DOWN, None)
    answer(check, every(NOON + 70 * SECOND, NOON + 3 * HOUR, 10))
    for minutes in (1, 2, 5, 20, 60, 179):
        evaluate(NOON + minutes * MINUTE)
        assert open_windows(slo) == [], minutes


def test_a_new_check_that_goes_on_failing_pages_when_the_share_of_the_budget_is_gone():
    check = make_check()
    slo = make_slo(check, target="99", window_days=28)
    answer(check, every(NOON, NOON + HOUR, 10), Outcome.DOWN, None)
    # 2 % of the budget of 28 days are 8.06 minutes of outage.
    evaluate(NOON + 8 * MINUTE)
    assert open_windows(slo) == []
    evaluate(NOON + 8.1 * MINUTE)
    assert open_windows(slo) == [60]
    assert SloAlert.objects.get().text.startswith("2\xa0% of the error budget of 28 days went in 1 h; empty by 2")


def test_the_alert_of_a_young_slo_says_that_it_is_reckoned_for_the_whole_window():
    check = make_check()
    slo = make_slo(check, window_days=30)
    answer(check, every(NOON - HOUR, NOON - 10 * MINUTE))
    answer(check, every(NOON - 10 * MINUTE, NOON), Outcome.DOWN, None)
    evaluate(NOON)
    # Of the hour nothing is left; of the 43 bad answers that 30 days may have, 33 are.
    assert state(slo).remaining == pytest.approx(1 - 10 / 0.06)
    texts = set(SloAlert.objects.values_list("text", flat=True))
    assert texts
    assert all("empty by" in text for text in texts)
    assert all(text.endswith(" (reckoned for all 30 days; measured for 1 h so far)") for text in texts), texts


def test_the_alert_of_what_is_measured_for_a_whole_window_is_reckoned_for_nothing_else():
    check = make_check()
    make_slo(check, window_days=7)
    answer(check, every(NOON - 8 * DAY, NOON - 10 * MINUTE, 600))
    answer(check, every(NOON - 10 * MINUTE, NOON), Outcome.DOWN, None)
    evaluate(NOON)
    assert SloAlert.objects.exists()
    assert not SloAlert.objects.filter(text__contains="reckoned").exists()


def test_how_old_a_check_is_is_known_from_its_sums_where_answers_are_gone():
    check = make_check()
    make_slo(check)
    answer(check, [NOON - 30 * MINUTE])
    assert first_answers([check.pk, 0]) == {check.pk: NOON - 30 * MINUTE}
    CheckDay.objects.create(of=check, day=NOON.date(), good=1)
    assert first_answers([check.pk]) == {check.pk: NOON - 30 * MINUTE}
    CheckDay.objects.create(of=check, day=NOON.date() - DAY, good=1)
    assert first_answers([check.pk]) == {check.pk: NOON - 36 * HOUR}


def test_the_team_that_owns_the_service_is_told_once_when_it_begins_and_once_when_it_ends(people):
    check = make_check(entity=make_entity("cart", owner=people.team))
    make_slo(check, window_days=30, name="cart-answers")
    _outage(check, NOON, NOON + 3 * MINUTE, seconds=6)
    for minute in (1, 2, 39):
        evaluate(NOON + minute * MINUTE)
    told = Notification.objects.filter(user=people.editor).order_by("pk").values_list("title", flat=True)
    assert told[0] == "cart: the error budget of cart-answers burns (page)"
    assert len(told) == 2
    assert not Notification.objects.exclude(user=people.editor).exists()


def test_an_alert_goes_on_and_nobody_is_told_that_it_ended_while_nothing_is_measured(people):
    check = make_check(entity=make_entity("cart", owner=people.team))
    slo = make_slo(check, window_days=30, name="cart-answers")
    answer(check, every(NOON - DAY, NOON, 600))
    answer(check, every(NOON, NOON + 30 * MINUTE, 600), Outcome.DOWN, None)
    answer(check, every(NOON + 30 * MINUTE, NOON + 40 * MINUTE), Outcome.LATE, None)
    # Asked every ten minutes, so that every other evaluation finds nothing in the last five.
    for minute in range(21, 40):
        evaluate(NOON + minute * MINUTE)
        assert (state(slo).severity, 60 in open_windows(slo)) == ("page", True)
    assert Notification.objects.filter(user=people.editor).count() == 1
    answer(check, every(NOON + 40 * MINUTE, NOON + 41 * MINUTE))
    evaluate(NOON + 41 * MINUTE)
    assert 60 not in open_windows(slo)


def test_an_alert_of_what_is_not_asked_any_more_ends_and_says_that_nothing_is_measured(people):
    check = make_check(entity=make_entity("cart", owner=people.team))
    slo = make_slo(check, window_days=30, name="cart-answers")
    answer(check, every(NOON, NOON + 10 * MINUTE, 60), Outcome.DOWN, None)
    evaluate(NOON + 10 * MINUTE)
    for days in (1, 4):
        evaluate(NOON + days * DAY)
    assert open_windows(slo) == []
    told = Notification.objects.filter(user=people.editor).order_by("pk").values_list("title", flat=True)
    assert told.last() == "cart: the error budget of cart-answers is not measured any more"


def test_one_event_more_or_less_does_not_end_an_alert_and_begin_it_again():
    check = make_check()
    slo = make_slo(check, window_days=30)
    answer(check, every(NOON - 2 * DAY, NOON + 602 * MINUTE))
    # Of a day, 5 of 1,440 bad answers are a rate of 3.5, and 4 are 2.8: the ticket begins at 3 and ends below 2.4.
    bad = [NOON - DAY + minute * MINUTE for minute in (0.5, 600.5, 700.5, 1430.5, 1438.5)]
    answer(check, bad, Outcome.DOWN, None)
    evaluate(NOON)
    assert 1440 in open_windows(slo)
    evaluate(NOON + MINUTE)
    assert 1440 in open_windows(slo)
    evaluate(NOON + 601 * MINUTE)
    assert 1440 not in open_windows(slo)


def test_a_service_whose_budget_burns_is_degraded_though_its_check_is_up_again():
    check = make_check()
    make_slo(check, window_days=30)
    CheckState.objects.filter(of=check).update(status="up")
    _outage(check, NOON, NOON + 3 * MINUTE, seconds=6)
    evaluate(NOON + 4 * MINUTE)
    health = check.entity.health
    assert (health.status, "of the error budget of 30 days went" in health.reason) == ("degraded", True)


def test_the_reason_of_a_service_follows_the_worst_alert():
    check = make_check()
    slo = make_slo(check, window_days=30)
    CheckState.objects.filter(of=check).update(status="up")
    _outage(check, NOON, NOON + 3 * MINUTE, seconds=6)
    # Both page: first what went in an hour, and when that is over what went in six.
    for minutes, window in ((4, "1 h"), (8, "6 h")):
        evaluate(NOON + minutes * MINUTE)
        reason = HealthState.objects.get(entity=check.entity).reason
        assert (state(slo).severity, f"of 30 days went in {window}" in reason) == ("page", True), reason


def test_an_slo_that_is_switched_off_while_it_is_judged_alerts_nobody(people):
    check = make_check(entity=make_entity("cart", owner=people.team))
    slo = make_slo(check, window_days=30)
    _outage(check, NOON, NOON + 3 * MINUTE, seconds=6)

    def switch_off():
        actions.update_slo(by=None, record=slo, values={"is_active": False})

    # Which ones are active has been read by then.
    with just_before("SAVEPOINT", switch_off):
        assert evaluate(NOON + 4 * MINUTE) == 0
    assert open_windows(slo) == []
    assert not SloState.objects.exclude(severity="").exists()
    assert not Notification.objects.exists()


def test_one_failure_of_one_question_a_minute_does_not_page():
    check = make_check()
    slo = make_slo(check, window_days=30)
    _outage(check, NOON, NOON + MINUTE, seconds=60)
    for minute in range(6):
        evaluate(NOON + minute * MINUTE)
        assert open_windows(slo) == []
    assert state(slo).burn == pytest.approx(16.67, abs=0.01)


def test_evaluating_again_opens_no_second_alert():
    check = make_check()
    slo = make_slo(check, window_days=30)
    _outage(check, NOON, NOON + 3 * MINUTE, seconds=6)
    evaluate(NOON + 2 * MINUTE)
    evaluate(NOON + 2 * MINUTE)
    assert SloAlert.objects.filter(slo=slo, long_minutes=60).count() == 1


def test_a_rule_that_cannot_be_reached_never_alerts():
    check = make_check()
    slo = make_slo(check, target="90", window_days=30)
    _outage(check, NOON, NOON + 20 * MINUTE, seconds=6)
    evaluate(NOON + 20 * MINUTE)
    assert 60 not in open_windows(slo)


def test_a_replay_gives_the_numbers_of_live():
    check = make_check()
    slo = make_slo(check, window_days=30)
    _outage(check, NOON, NOON + 3 * MINUTE, seconds=6)
    live = []
    for minute in range(0, 40, 2):
        evaluate(NOON + minute * MINUTE)
        live.append((state(slo).remaining, state(slo).burn, open_windows(slo)))
    SloAlert.objects.all().delete()
    with time_machine.travel(NOON + DAY, tick=False):
        roll_up_new()
        again = []
        for minute in range(0, 40, 2):
            evaluate(NOON + minute * MINUTE)
            again.append((state(slo).remaining, state(slo).burn, open_windows(slo)))
    assert again == live
    assert RollUpMark.objects.exists()


def test_the_number_of_queries_does_not_grow_with_slos(django_assert_num_queries, django_assert_max_num_queries):
    for _ in range(3):
        make_slo(make_check())
    evaluate(NOON)
    with django_assert_max_num_queries(80) as few:
        evaluate(NOON)
    for _ in range(6):
        make_slo(make_check())
    with django_assert_num_queries(len(few)):
        evaluate(NOON)


def test_events_of_a_window_are_those_between_its_ends():
    check = make_check()
    slo = make_slo(check)
    answer(check, every(NOON - HOUR, NOON))
    found = events([slo], NOON - 30 * MINUTE, NOON - 10 * MINUTE)[slo.pk]
    assert found == budget.Events(20, 20)
