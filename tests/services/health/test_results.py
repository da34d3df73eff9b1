"""What answers make of a check: its status, its changes, what is written once, and who is told."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.delivery.models import Notification
from services.health.models import Check, CheckChange, CheckKind, CheckResult, CheckState, CheckStatus, Outcome
from services.health.results import Answer, mark_late, record
from services.health.slots import next_slot
from tests.factories import make_entity, make_team, make_user
from tests.services.health.meanwhile import just_before
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
UP, SLOW, DOWN, LATE = Outcome.UP, Outcome.DEGRADED, Outcome.DOWN, Outcome.LATE
LETTERS = {"u": UP, "s": SLOW, "d": DOWN, "l": LATE}
WORDS = {
    UP: "answered 200",
    SLOW: "took 900 ms, slow from 500 ms",
    DOWN: "answered 503, expected 200-299",
    LATE: "nobody asked",
}


def say(check, letters: str, first: int = 0, *, maintenance: bool = False) -> str:
    """Record one answer a minute, each by itself; return the first letters of the status after each."""
    statuses = ""
    for number, letter in enumerate(letters, first):
        at, outcome = NOON + number * MINUTE, LETTERS[letter]
        latency = 20.0 if outcome == UP else None
        record([Answer(check.pk, at, at, outcome, maintenance, latency, reason=WORDS[outcome])])
        statuses += state_of(check).status[0]
    return statuses


def state_of(check) -> CheckState:
    return CheckState.objects.get(of=check)


def changes_of(check) -> list[str]:
    return [f"{each.before} {each.after}" for each in CheckChange.objects.filter(of=check).order_by("at")]


# N of M: u(p), d(own), s(low); the status is its first letter: up, down and degraded are told apart below


@pytest.mark.parametrize(
    ("needed", "of_last", "said", "statuses"),
    [
        (1, 1, "udu", "udu"),
        (2, 3, "ududdu", "uuuddd"),
        (2, 3, "uddudu", "uudddu"),
        (2, 3, "udduu", "uuddu"),
        (3, 3, "udddudu", "uuudddd"),
        (3, 3, "udddudduuu", "uuuddddddu"),
        (3, 5, "udududuuuu", "uuuuuduuuu"),
        (1, 3, "uduuu", "udddu"),
        (2, 2, "d", "u"), (2, 2, "dd", "ud"),
    ],
)  # fmt: skip
def test_the_status_changes_when_n_of_the_last_m_answers_say_so(needed, of_last, said, statuses):
    check = make_check(failures_needed=needed, of_last=of_last)
    assert say(check, said) == statuses


def test_one_slow_answer_is_none_and_two_are_degraded():
    check = make_check()
    say(check, "us")
    assert (state_of(check).status, state_of(check).reason) == (
        CheckStatus.UP, "took 900 ms, slow from 500 ms; 1 of the 2 failures that change its status"
    )  # fmt: skip
    say(check, "s", 2)
    assert (state_of(check).status, state_of(check).reason) == (CheckStatus.DEGRADED, "took 900 ms, slow from 500 ms")
    say(check, "du", 3)
    assert state_of(check).status == CheckStatus.DEGRADED
    assert state_of(check).reason == "answered 503, expected 200-299"
    say(check, "u", 5)
    assert (state_of(check).status, state_of(check).reason) == (CheckStatus.UP, "answered 200")


def test_changes_are_kept_with_their_reason_and_the_state_says_since_when():
    check = make_check()
    say(check, "uddduu")
    assert changes_of(check) == ["unknown up", "up down", "down up"]
    change = CheckChange.objects.get(after="down")
    assert (change.at, change.reason) == (NOON + 2 * MINUTE, "answered 503, expected 200-299")
    state = state_of(check)
    assert (state.since, state.last_at, state.latency_ms) == (NOON + 5 * MINUTE, NOON + 5 * MINUTE, 20.0)


# Missing is not down


def test_what_nobody_asked_is_late_and_not_down_and_the_next_answer_ends_it():
    check = make_check()
    assert say(check, "ul") == "ul"
    assert state_of(check).reason == "nobody asked"
    assert say(check, "u", 2) == "u"
    assert changes_of(check) == ["unknown up", "up late", "late up"]


def test_what_has_never_answered_is_unknown_and_not_late():
    check = make_check()
    say(check, "l")
    assert (state_of(check).status, changes_of(check)) == (CheckStatus.UNKNOWN, [])


def test_a_slot_that_was_missed_says_nothing_where_a_later_one_was_answered():
    check = make_check()
    say(check, "u")
    late = [Answer(check.pk, NOON + n * MINUTE, NOON + 5 * MINUTE, LATE) for n in (1, 2, 3)]
    assert record([*late, Answer(check.pk, NOON + 4 * MINUTE, NOON + 5 * MINUTE, UP)]) == 4
    assert changes_of(check) == ["unknown up"]
    assert CheckResult.objects.filter(outcome=LATE).count() == 3


def test_checks_that_should_have_answered_twice_are_found_late():
    silent, lively, never, resting = (make_check(name, interval_s=60, timeout_ms=5000) for name in "ABCD")
    for check in (silent, lively, resting):
        say(check, "u")
    due = next_slot(silent.pk, 60, NOON)
    assert state_of(silent).due_at == due
    CheckState.objects.exclude(of=silent).update(due_at=due + 5 * MINUTE)
    CheckState.objects.filter(of=never).update(due_at=NOON - 60 * MINUTE)
    assert mark_late(due + dt.timedelta(seconds=64)) == 0
    assert mark_late(due + dt.timedelta(seconds=66)) == 1
    assert mark_late(due + dt.timedelta(seconds=67)) == 0
    state = state_of(silent)
    assert (state.status, state.reason) == (CheckStatus.LATE, "nobody asked for more than two intervals of 60 s")
    assert state.last_at == NOON
    assert {state_of(each).status for each in (lively, resting)} == {CheckStatus.UP}
    assert state_of(never).status == CheckStatus.UNKNOWN


def test_an_answer_that_comes_while_a_check_is_found_late_stands():
    check = make_check(interval_s=60, timeout_ms=5000)
    say(check, "u")
    with just_before("FOR NO KEY UPDATE OF state", lambda: say(check, "u", 10)):
        assert mark_late(NOON + 10 * MINUTE) == 0
    assert (state_of(check).status, state_of(check).last_at) == (CheckStatus.UP, NOON + 10 * MINUTE)
    assert changes_of(check) == ["unknown up"]


# Maintenance


def test_maintenance_is_no_answer_and_what_was_before_comes_back():
    check = make_check()
    say(check, "udd")
    say(check, "du", 3, maintenance=True)
    assert state_of(check).status == CheckStatus.MAINTENANCE
    assert state_of(check).status_before_maintenance == CheckStatus.DOWN
    say(check, "d", 5)
    assert state_of(check).status == CheckStatus.DOWN
    assert state_of(check).status_before_maintenance == ""
    assert changes_of(check) == ["unknown up", "up down", "down maintenance", "maintenance down"]
    assert CheckResult.objects.filter(maintenance=True).count() == 2


def test_failures_during_maintenance_do_not_count_towards_being_down():
    check = make_check()
    say(check, "u")
    say(check, "dd", 1, maintenance=True)
    assert say(check, "d", 3) == "u"


# Once


def test_a_second_answer_to_a_question_changes_nothing():
    check = make_check()
    say(check, "u")
    before = state_of(check)
    again = Answer(check.pk, NOON, NOON + dt.timedelta(seconds=5), DOWN, reason="answered 503")
    assert record([again, again]) == 0
    assert CheckResult.objects.values_list("outcome", "reason").get() == (UP, "answered 200")
    assert CheckState.objects.values().get() == CheckState.objects.filter(pk=before.pk).values().get()
    assert (state_of(check).status, state_of(check).recent) == (CheckStatus.UP, [UP])


def test_an_answer_that_comes_after_a_newer_one_is_written_and_does_not_turn_the_clock_back():
    check = make_check(failures_needed=1, of_last=1)
    record([Answer(check.pk, NOON + MINUTE, NOON + MINUTE, UP)])
    record([Answer(check.pk, NOON, NOON + MINUTE / 2, DOWN)])
    assert state_of(check).status == CheckStatus.UP
    assert CheckResult.objects.count() == 2


def test_an_answer_gives_the_lease_back_and_is_due_at_the_next_slot():
    check = make_check(interval_s=30)
    CheckState.objects.update(lease="8b4f3f3e-8b9c-4a0e-8f2d-9c3a51b1f2aa", leased_until=NOON + MINUTE)
    slot = next_slot(check.pk, 30, NOON)
    record([Answer(check.pk, slot, slot + dt.timedelta(seconds=7), UP, lag_ms=250.0)])
    state = state_of(check)
    assert (state.lease, state.leased_until, state.lag_ms) == (None, None, 250.0)
    assert state.due_at == slot + dt.timedelta(seconds=30)


def test_answers_of_checks_that_are_gone_or_switched_off_are_let_go():
    gone, off = make_check("gone"), make_check("off")
    CheckState.objects.filter(of=off).delete()
    answers = [Answer(gone.pk, NOON, NOON, UP), Answer(off.pk, NOON, NOON, UP)]
    gone.delete()
    assert record(answers) == 0
    assert not CheckResult.objects.exists()


def test_words_that_a_database_cannot_hold_are_held_without_them():
    check = make_check()
    record([Answer(check.pk, NOON, NOON, UP, reason="a\x00b\ud800" + "x" * 400)])
    assert CheckResult.objects.get().reason.startswith("ab?x")
    assert len(state_of(check).reason) == 300


def test_the_number_of_queries_does_not_grow_with_the_answers():
    entities = [make_entity() for _ in range(5)]
    checks = [make_check(f"C{n}", entity=entities[n % 5], failures_needed=1, of_last=1) for n in range(20)]

    def queries(some, minute) -> int:
        at = NOON + minute * MINUTE
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert record([Answer(check.pk, at, at, DOWN if minute % 2 else UP) for check in some]) == len(some)
        return len(captured)

    queries(checks, 0)
    assert queries(checks[:2], 1) == queries(checks[2:], 3)


# Who is told


@pytest.fixture
def told():
    team = make_team("checkout")
    make_user("mei", teams=(team,))
    entity = make_entity("checkout-api", owner=team)
    return lambda name="Front page": make_check(name, entity=entity)


def titles() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("title", flat=True))


def test_the_team_is_told_once_when_a_check_goes_down_and_when_it_comes_back(told):
    check = told()
    say(check, "udddduu")
    assert titles() == ["checkout-api: Front page is down", "checkout-api: Front page is back"]
    note = Notification.objects.order_by("pk").first()
    assert note.text == "checkout-api: Front page: answered 503, expected 200-299"
    assert note.url == "/services/checkout-api/"
    assert note.why == "You are in Checkout, which owns checkout-api."


def test_nobody_is_told_again_after_maintenance_or_after_a_time_in_which_nobody_asked(told):
    check = told()
    say(check, "udd")
    say(check, "dd", 3, maintenance=True)
    say(check, "dldd", 5)
    assert titles() == ["checkout-api: Front page is down"]
    say(check, "luu", 9)
    assert titles()[1:] == ["checkout-api: Front page is back"]


def test_many_checks_that_go_down_at_once_are_one_message(told):
    checks = [told(f"Page {number}") for number in range(8)]
    for minute in (0, 1):
        at = NOON + minute * MINUTE
        record([Answer(check.pk, at, at, DOWN, reason="no connection: refused") for check in checks])
    assert titles() == ["8 checks are down, such as checkout-api: Page 0"]
    lines = Notification.objects.get().text.splitlines()
    assert lines[0] == "checkout-api: Page 0: no connection: refused"
    assert lines[5:] == ["and 3 more"]


def test_jobs_that_did_not_report_are_one_message_and_so_are_those_that_do_again(told):
    jobs = [told(f"Job {number}") for number in range(3)]
    Check.objects.update(kind=CheckKind.HEARTBEAT)
    for minute, outcome in enumerate((UP, Outcome.LATE, UP)):
        at = NOON + minute * MINUTE
        record([Answer(each.pk, at, at, outcome, reason="no ping, expected every 10 min") for each in jobs])
    assert titles() == [
        "3 checks did not report, such as checkout-api: Job 0",
        "3 checks report again, such as checkout-api: Job 0",
    ]


def test_slow_answers_and_late_ones_are_no_alarm(told):
    say(told(), "usssslu")
    assert titles() == []
