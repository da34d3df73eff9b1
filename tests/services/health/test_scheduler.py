"""Who asks which check when: each slot once, spread, without drift, and nothing lost when somebody dies or is away."""

import datetime as dt
import threading
from collections import Counter

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from services.health import actions, scheduler, tasks
from services.health.models import CheckKind, CheckResult, CheckState, CheckStatus, MaintenanceWindow, Outcome
from services.health.slots import due_slots, next_slot
from tests.factories import make_entity

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def make(url: str, name: str = "Front page", **values):
    """A check as people make it, due from now on; asked once a week unless a test says otherwise, so that no second
    slot comes while it runs."""
    values.setdefault("interval_s", 7 * 86_400)
    values = {"entity": values.pop("entity", None) or make_entity(), "name": name, "address": url, **values}
    return actions.create_check(by=None, values=values)


def at(seconds: float):
    return time_machine.travel(NOON + seconds * SECOND, tick=False)


# Slots


def test_checks_of_one_interval_spread_evenly_over_it():
    counts = Counter(int((next_slot(pk, 60, NOON) - NOON) / SECOND) // 6 for pk in range(1, 2001))
    assert len(counts) == 10
    assert all(190 <= count <= 210 for count in counts.values())


def test_slots_are_exactly_an_interval_apart_for_years():
    slot = next_slot(7, 61, NOON)
    later = next_slot(7, 61, NOON + dt.timedelta(days=3000))
    assert (later - slot) % (61 * SECOND) == dt.timedelta(0)
    assert next_slot(7, 61, slot) - slot == 61 * SECOND
    assert next_slot(7, 61, slot - dt.timedelta(microseconds=1)) == slot


def test_slots_that_are_over_are_all_named_or_counted():
    due = next_slot(7, 60, NOON)
    slots, left_out = due_slots(7, 60, due, due + 190 * SECOND, 10)
    assert (slots, left_out) == ([due + n * 60 * SECOND for n in range(4)], 0)
    assert due_slots(7, 60, due, due + 190 * SECOND, 2) == (slots[2:], 2)
    assert due_slots(7, 60, due, due, 10) == ([due], 0)


# In one process


@pytest.mark.django_db
def test_what_is_due_is_asked_once_and_again_at_its_next_slot(targets):
    with at(0):
        check = make(targets.url(), interval_s=60)
        tasks.probe_batch.run()
        tasks.probe_batch.run()
        assert targets.asked["/ok"] == 1
    state = CheckState.objects.get()
    assert state.due_at == next_slot(check.pk, 60, NOON)
    with time_machine.travel(state.due_at - SECOND, tick=False):
        assert scheduler.probe_due() == 0
    with time_machine.travel(state.due_at + 2 * SECOND, tick=False):
        assert scheduler.probe_due() == 1
    result = CheckResult.objects.order_by("due_at").last()
    assert (result.due_at, result.taken_at, result.outcome) == (state.due_at, state.due_at + 2 * SECOND, Outcome.UP)
    after = CheckState.objects.get()
    assert (after.due_at, after.lag_ms) == (state.due_at + 60 * SECOND, 2000)
    assert (after.lease, after.leased_until) == (None, None)
    assert after.status == CheckStatus.UP


@pytest.mark.django_db
def test_slots_that_nobody_asked_are_late_answers_and_not_down(targets):
    with at(0):
        check = make(targets.url(), interval_s=60)
        scheduler.probe_due()
    due = CheckState.objects.get().due_at
    with time_machine.travel(due + 250 * SECOND, tick=False):
        assert scheduler.probe_due() == 5
    found = CheckResult.objects.filter(due_at__gte=due).order_by("due_at")
    assert [each.due_at for each in found] == [due + n * 60 * SECOND for n in range(5)]
    assert [each.outcome for each in found] == [Outcome.LATE] * 4 + [Outcome.UP]
    assert {each.reason for each in found[:4]} == {"nobody asked"}
    state = CheckState.objects.get(of=check)
    assert (state.status, state.lag_ms, state.due_at) == (CheckStatus.UP, 250_000, due + 300 * SECOND)


@pytest.mark.django_db
def test_after_a_long_time_away_what_was_missed_is_capped_and_summed_up(targets):
    with at(0):
        make(targets.url(), interval_s=60)
        scheduler.probe_due()
    due = CheckState.objects.get().due_at
    with time_machine.travel(due + 3 * 86_400 * SECOND, tick=False):
        assert scheduler.probe_due() == 61
    last = CheckResult.objects.filter(outcome=Outcome.LATE).order_by("due_at").last()
    assert last.reason == "nobody asked 4,320 times in a row; the last 60 are written"


@pytest.mark.django_db
def test_a_lease_that_has_run_out_is_anybodys(targets):
    with at(0):
        make(targets.url(), interval_s=7 * 86_400, timeout_ms=10_000)
        [taken] = scheduler.claim(10)
        assert taken.slot == NOON
        assert scheduler.claim(10) == []
    with at(24):
        assert scheduler.claim(10) == []
    with at(26):
        assert scheduler.probe_due() == 1
    assert CheckResult.objects.get().due_at == NOON


@pytest.mark.django_db
def test_answers_during_maintenance_are_marked(targets):
    with at(0):
        check = make(targets.url("/status/503"), interval_s=60, failures_needed=1, of_last=1)
        MaintenanceWindow.objects.create(
            entity=check.entity, reason="Move", starts_at=NOON, ends_at=NOON + 3600 * SECOND
        )
        scheduler.probe_due()
    assert CheckResult.objects.get().maintenance is True
    state = CheckState.objects.get()
    assert (state.status, state.reason) == (CheckStatus.MAINTENANCE, "in maintenance; answered 503, expected 200-299")


@pytest.mark.django_db
def test_a_window_that_cannot_be_computed_does_not_stop_the_questions(targets):
    with at(0):
        check = make(targets.url())
        other = make(targets.url("/status/503"), "Other")
        MaintenanceWindow.objects.create(
            entity=check.entity, reason="A zone that is no more", weekday="monday", start_time=dt.time(3), minutes=60,
            zone="Mars/Olympus",
        )  # fmt: skip
        assert scheduler.probe_due() == 2
    assert dict(CheckResult.objects.values_list("of_id", "maintenance")) == {check.pk: False, other.pk: False}


@pytest.mark.django_db
@pytest.mark.parametrize("ends_at", ["10000-01-01 05:00+00", "9999-12-31 23:59-05"])
def test_no_window_of_a_year_that_nobody_can_read_gets_into_the_database(ends_at):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO health_maintenancewindow (entity_id, reason, starts_at, ends_at, weekday, zone)"
            " VALUES (%s, 'Move', now(), %s::timestamptz, '', 'UTC')",
            [make_entity().pk, ends_at],
        )


@pytest.mark.django_db
def test_targets_that_hang_do_not_hold_up_the_others(targets):
    for number in range(5):
        make(targets.url("/hang"), f"Hanging {number}", timeout_ms=1500)
    quick = make(targets.url(), "Quick")
    assert scheduler.probe_due() == 6
    hanging = CheckResult.objects.filter(reason="no answer within 1,500 ms")
    assert hanging.count() == 5
    answered = CheckResult.objects.get(of_id=quick.pk)
    assert answered.taken_at < min(each.taken_at for each in hanging) - SECOND


@pytest.mark.django_db
def test_more_checks_than_may_be_under_way_at_once_are_all_asked(targets):
    entity = make_entity()
    for number in range(25):
        make(targets.url(), f"Page {number}", entity=entity)
    assert scheduler.probe_due(most_at_once=4) == 25
    assert targets.asked["/ok"] == 25


@pytest.mark.django_db
def test_a_tick_sends_for_a_session_only_when_something_is_due_and_two_beats_only_once(targets, monkeypatch):
    sent = []
    monkeypatch.setattr(tasks.probe_batch, "apply_async", lambda **options: sent.append(options))
    with at(0):
        tasks.tick.run()
        assert sent == []
        make(targets.url())
        tasks.tick.run()
        tasks.tick.run()
        assert len(sent) == 1
        scheduler.claim(1)
        cache.clear()
        tasks.tick.run()
        assert len(sent) == 1


@pytest.mark.django_db
def test_as_many_sessions_are_sent_for_as_there_is_work(monkeypatch):
    monkeypatch.setattr(scheduler, "CHECKS_PER_SESSION", 2)
    entity = make_entity()
    for number in range(5):
        make("http://10.0.0.1/", f"Page {number}", entity=entity)
    make("", "Backup", entity=entity, kind=CheckKind.HEARTBEAT)
    assert scheduler.sessions_wanted(timezone.now() + 60 * SECOND) == 3


@pytest.mark.django_db
def test_a_check_that_is_switched_off_or_deleted_is_not_asked(targets):
    off, gone = make(targets.url("/ok"), "off"), make(targets.url("/ok"), "gone")
    actions.update_check(by=None, record=off, values={"is_active": False})
    actions.delete_check(by=None, record=gone)
    assert scheduler.probe_due() == 0
    assert not targets.asked


@pytest.mark.django_db
def test_a_check_that_is_deleted_while_it_is_asked_leaves_nothing_behind(targets):
    check = make(targets.url())
    [question] = scheduler.claim(1)
    actions.delete_check(by=None, record=check)
    said = scheduler.ask_once(question.target, 1000)
    assert said.outcome == Outcome.UP
    assert scheduler.record([scheduler._answer(check.pk, question.slot, said, False, 0.0)]) == 0


# Several at once, on real connections


@pytest.mark.usefixtures("transactional_db")
def test_two_workers_at_once_ask_each_check_once(targets):
    entity = make_entity()
    for number in range(60):
        make(targets.url(), f"Page {number}", entity=entity, interval_s=3600)
    written = []
    workers = [threading.Thread(target=_work, args=(written,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(written) == targets.asked["/ok"] == CheckResult.objects.count() == 60


def _work(written: list[int]) -> None:
    written.append(scheduler.probe_due(most_at_once=10))
    connection.close()


@pytest.mark.usefixtures("transactional_db")
def test_a_slow_worker_whose_lease_ran_out_writes_nothing_twice(targets):
    check = make(targets.url(), interval_s=3600)
    [question] = scheduler.claim(1)
    CheckState.objects.update(leased_until=timezone.now() - SECOND)
    assert scheduler.probe_due() == 1
    said = scheduler.ask_once(question.target, 1000)
    assert scheduler.record([scheduler._answer(check.pk, question.slot, said, False, 0.0)]) == 0
    assert CheckResult.objects.count() == 1


@pytest.mark.usefixtures("transactional_db")
def test_answers_outlive_a_connection_that_is_cut(targets, monkeypatch):
    monkeypatch.setattr(scheduler.time, "sleep", lambda _seconds: None)
    make(targets.url("/slow"), interval_s=3600)
    record, cut = scheduler.record, []

    def record_over_a_cut_connection(answers):
        if not cut:
            cut.append(True)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return record(answers)

    monkeypatch.setattr(scheduler, "record", record_over_a_cut_connection)
    assert scheduler.probe_due() == 1
    assert targets.asked["/slow"] == 1
    assert CheckResult.objects.count() == 1
