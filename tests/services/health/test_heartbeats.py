"""Heartbeats: a ping is a moment, silence beyond the grace is late, and never pinged is unknown."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from portal.delivery.models import Notification
from services.health import tasks
from services.health.actions import renew_token
from services.health.heartbeats import read_heartbeats
from services.health.models import (
    CheckChange,
    CheckDay,
    CheckKind,
    CheckResult,
    CheckState,
    CheckStatus,
    HealthState,
    MaintenanceWindow,
    Outcome,
)
from services.health.partitions import RESULTS, astray
from services.health.slots import next_slot
from tests.factories import make_entity
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def beat():
    return make_check("Nightly backup", kind=CheckKind.HEARTBEAT, interval_s=600, grace_s=120)


def at(minutes: float):
    return time_machine.travel(NOON + minutes * MINUTE, tick=False)


def ping(check, minutes: float, method: str = "get") -> int:
    with at(minutes):
        return getattr(Client(enforce_csrf_checks=True), method)(f"/hooks/heartbeat/{check.token}/").status_code


def read(minutes: float) -> str:
    with at(minutes):
        tasks.read_heartbeats.run()
    return CheckState.objects.get().status


def results() -> list[tuple[float, str]]:
    found = CheckResult.objects.order_by("taken_at", "due_at").values_list("taken_at", "outcome")
    return [((taken - NOON) / MINUTE, Outcome(outcome).name) for taken, outcome in found]


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_a_ping_is_taken_without_sign_in_in_each_way_that_machines_ask(beat, method):
    assert ping(beat, 1, method) == 204
    assert CheckState.objects.get().pinged_at == NOON + MINUTE


def test_a_ping_is_one_update(beat, django_assert_num_queries):
    with django_assert_num_queries(1):
        ping(beat, 1)


def test_an_address_that_nobody_gave_out_is_404_and_so_is_that_of_another_kind(beat):
    beat.token = "x" * 32
    assert ping(beat, 1) == 404
    assert ping(make_check("Page"), 1) == 404


def test_a_ping_without_the_last_slash_is_taken_and_not_sent_elsewhere(beat):
    with at(1):
        assert Client().get(f"/hooks/heartbeat/{beat.token}").status_code == 204
    assert CheckState.objects.get().pinged_at == NOON + MINUTE


def test_a_heartbeat_that_is_switched_off_takes_no_pings(beat):
    beat.is_active = False
    beat.save()
    assert ping(beat, 1) == 404


def test_never_pinged_is_unknown_however_long(beat):
    assert read(10_000) == CheckStatus.UNKNOWN
    assert results() == []


def test_a_ping_is_up_and_many_within_one_period_are_one_answer(beat):
    begins = (next_slot(beat.pk, beat.interval_s, NOON) - NOON) / MINUTE
    for seconds in range(30):
        ping(beat, begins + seconds / 60)
        read(begins + seconds / 60)
    assert read(begins + 1) == CheckStatus.UP
    assert len(results()) == 1
    assert results()[0][1] == "UP"


def test_a_job_that_pings_more_often_than_its_interval_is_late_when_it_dies(beat):
    for seconds in (0, 20, 40):
        ping(beat, seconds / 60)
        assert read(seconds / 60) == CheckStatus.UP
    last = NOON + 40 * dt.timedelta(seconds=1)
    assert CheckState.objects.values_list("last_at", "due_at").get() == (last, last + 10 * MINUTE)
    assert read(12.6) == CheckStatus.UP
    assert read(12.7) == CheckStatus.LATE
    assert [outcome for _, outcome in results()] == ["UP", "LATE"]


def test_a_ping_after_maintenance_ends_it_though_its_period_has_an_answer():
    beat = make_check("Weekly report", kind=CheckKind.HEARTBEAT, interval_s=7 * 86_400, grace_s=120)
    MaintenanceWindow.objects.create(
        entity=beat.entity, reason="Move", starts_at=NOON - 9 * MINUTE, ends_at=NOON + 9 * MINUTE
    )
    ping(beat, 0)
    assert read(0) == CheckStatus.MAINTENANCE
    ping(beat, 10)
    assert read(10) == CheckStatus.UP


def test_a_daily_and_a_weekly_job_are_counted_on_the_day_of_their_ping(beat):
    beats = [beat, *(make_check(f"Job {days}", kind=CheckKind.HEARTBEAT, interval_s=days * 86_400) for days in (1, 7))]
    for each in beats:
        ping(each, 0)
    for minute in (0, 65):
        with at(minute):
            tasks.read_heartbeats.run()
            tasks.make_partitions.run()
            tasks.roll_up_results.run()
    assert list(CheckDay.objects.order_by("of").values_list("of", "day", "good")) == [
        (each.pk, NOON.date(), 1) for each in beats
    ]
    assert astray(RESULTS) == 0


def test_a_job_that_is_missed_after_a_long_grace_is_counted_when_the_grace_is_over():
    beat = make_check("Weekly report", kind=CheckKind.HEARTBEAT, interval_s=86_400, grace_s=5 * 86_400)
    ping(beat, 0)
    read(0)
    after = 6 * 24 * 60 + 1
    assert read(after) == CheckStatus.LATE
    assert CheckState.objects.get().due_at == NOON + 2 * 24 * 60 * MINUTE
    with at(after + 60):
        tasks.make_partitions.run()
        tasks.roll_up_results.run()
    assert CheckDay.objects.values_list("day", "late").get(late__gt=0) == ((NOON + after * MINUTE).date(), 1)


def test_pings_in_time_stay_up_and_have_one_answer_each(beat):
    # A period or more apart, so that wherever its periods begin, no two are in one.
    for minutes in (1, 11, 21.5, 31.9):
        ping(beat, minutes)
        assert read(minutes) == CheckStatus.UP
    assert len(results()) == 4


def test_overdue_within_the_grace_is_up_and_beyond_it_late_and_not_down(beat):
    ping(beat, 0)
    read(0)
    assert read(11.9) == CheckStatus.UP
    assert read(12.1) == CheckStatus.LATE
    state = CheckState.objects.get()
    assert state.reason == "no ping, expected every 10 min"
    assert CheckChange.objects.order_by("-at").values_list("before", "after").first() == ("up", "late")
    health = HealthState.objects.get()
    assert (health.status, health.reason) == ("degraded", "Nightly backup is late: no ping, expected every 10 min")
    ping(beat, 13)
    assert read(13) == CheckStatus.UP
    assert [outcome for _, outcome in results()] == ["UP", "LATE", "UP"]


def titles() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("title", flat=True))


def test_the_team_is_told_once_when_a_job_does_not_report_and_when_it_does_again(people):
    shop = make_entity("shop", owner=people.team)
    beat = make_check("Backup", entity=shop, kind=CheckKind.HEARTBEAT, interval_s=600, grace_s=120)
    ping(beat, 0)
    for minutes in (0, 11.9):
        read(minutes)
    assert titles() == []
    for minutes in (12.1, 15, 22.1, 32.1):
        read(minutes)
    assert titles() == ["shop: Backup did not report"]
    note = Notification.objects.get()
    assert (note.kind, note.user, note.text) == (
        "check", people.editor, "shop: Backup: no ping, expected every 10 min",
    )  # fmt: skip
    for minutes in (33, 34, 43):
        ping(beat, minutes)
        read(minutes)
    assert titles() == ["shop: Backup did not report", "shop: Backup reports again"]


def test_silence_in_maintenance_tells_nobody_and_one_that_lasts_is_told_once(people):
    shop = make_entity("shop", owner=people.team)
    beat = make_check("Backup", entity=shop, kind=CheckKind.HEARTBEAT, interval_s=600, grace_s=120)
    for start in (9, 39):
        MaintenanceWindow.objects.create(
            entity=shop, reason="Move", starts_at=NOON + start * MINUTE, ends_at=NOON + (start + 10) * MINUTE
        )
    ping(beat, 0)
    for minutes in (0, 13):
        read(minutes)
    assert titles() == []
    for minutes in (22.5, 32.5, 42.5, 52.5, 62.5):
        read(minutes)
    assert titles() == ["shop: Backup did not report"]


def test_each_period_of_silence_is_one_late_answer_and_the_next_ping_counts_from_itself(beat):
    ping(beat, 0)
    read(0)
    for minutes in (12.1, 15, 22.1, 22.2, 32.1):
        read(minutes)
    assert [outcome for _, outcome in results()] == ["UP", "LATE", "LATE", "LATE"]
    ping(beat, 33)
    assert read(33) == CheckStatus.UP
    assert CheckState.objects.get().due_at == NOON + 43 * MINUTE
    assert read(44) == CheckStatus.UP


def test_after_a_long_time_in_which_nobody_read_what_was_missed_is_capped_and_summed_up(beat):
    ping(beat, 0)
    read(0)
    with at(10_000):
        assert read_heartbeats() == 60
    assert CheckState.objects.get().reason == "999 pings missed, expected every 10 min"
    with at(10_000):
        assert read_heartbeats() == 0


def test_silence_in_maintenance_is_maintenance(beat):
    MaintenanceWindow.objects.create(
        entity=beat.entity, reason="Move", starts_at=NOON + 9 * MINUTE, ends_at=NOON + 21 * MINUTE
    )
    ping(beat, 0)
    read(0)
    assert read(13) == CheckStatus.MAINTENANCE
    assert read(22.5) == CheckStatus.MAINTENANCE
    assert read(32.5) == CheckStatus.LATE
    assert list(CheckResult.objects.order_by("due_at").values_list("maintenance", flat=True)) == [
        False, True, True, False,
    ]  # fmt: skip


def test_an_address_that_fell_into_wrong_hands_can_be_changed(beat):
    former = beat.token
    renewed = renew_token(by=None, record=beat)
    assert ping(renewed, 1) == 204
    renewed.token = former
    assert ping(renewed, 2) == 404
    assert CheckState.objects.get().pinged_at == NOON + MINUTE
