"""The health of the demo company: every state is there, the past and the present are one story, and a gap is filled."""

import asyncio
import datetime as dt
import os
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pghistory
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Sum
from django.utils import timezone

from portal.delivery.models import Notification, OutboxMessage
from portal.proposals.models import Proposal
from services.demo.health import checks, load, metrics, past, sums, target, world
from services.demo.health.checks import HEALTH, demo_checks
from services.demo.health.deployments import rollouts_of
from services.demo.health.large import load_large_health
from services.demo.large import SOURCE as LARGE
from services.demo.large import load_large
from services.demo.load import load_company
from services.demo.strangers import real_health
from services.health import rollup, scheduler
from services.health.counts import counts
from services.health.models import (
    Check,
    CheckChange,
    CheckDay,
    CheckResult,
    CheckState,
    Deployment,
    EntityHealth,
    Forecast,
    HealthState,
    Limit,
    LimitState,
    Metric,
    MetricDay,
    MetricState,
    Outcome,
    RollUpMark,
    Sample,
    Slo,
    SloAlert,
    SloState,
    Urgency,
)
from services.health.targets import target_of
from tests import factories

NOW = timezone.now()


@pytest.fixture(scope="module", autouse=True)
def _larkspur(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the company once for all tests here and take it back afterwards.

    The clock stands at NOW: what is loaded and what is asked of it are of one moment, however long it takes.
    """
    with time_machine.travel(NOW, tick=False), django_db_blocker.unblock(), transaction.atomic():
        load_company()
        load.load_health(NOW)
        yield
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("demo-health")]


# Every state there is


def test_checks_of_every_kind_stand_in_every_state() -> None:
    found = Counter(CheckState.objects.values_list("of__kind", "status"))
    assert {"up", "degraded", "down", "late", "unknown", "maintenance"} == {status for _, status in found}
    assert {"http", "tcp", "heartbeat"} == {kind for kind, _ in found}
    assert found["http", "up"] > 100
    assert found["heartbeat", "late"] == 2


def test_services_are_well_unwell_and_not_known() -> None:
    found = Counter(HealthState.objects.values_list("status", flat=True))
    assert set(found) == set(EntityHealth.values)
    assert found["healthy"] > 0.8 * sum(found.values())
    assert not HealthState.objects.filter(since__gt=NOW).exists()


def test_some_services_have_no_check() -> None:
    assert not HealthState.objects.filter(entity__name__in=("rain-radar", "press-passes")).exists()


def test_budgets_burn_are_calm_are_spent_and_are_not_measured() -> None:
    states = SloState.objects.all()
    assert states.filter(severity="page", remaining__gt=0).exists()
    assert states.filter(severity="ticket").exists()
    assert states.filter(remaining__lt=0, severity="").exists()
    assert states.filter(remaining=None, measured=None).exists()
    assert states.filter(measured__lt=0.95).exists()
    assert states.filter(severity="", remaining__gt=0.5).count() > 40
    assert set(Slo.objects.values_list("kind", flat=True)) == {"availability", "latency", "ratio"}


def test_open_alerts_are_those_that_burn_and_began_before_now() -> None:
    burning = set(SloState.objects.exclude(severity="").values_list("slo", flat=True))
    assert set(SloAlert.objects.filter(ended_at=None).values_list("slo", flat=True)) == burning
    assert SloAlert.objects.exclude(ended_at=None).filter(ended_at__gt=F("started_at")).count() > 100
    assert not SloState.objects.exclude(severity="").filter(since__gt=NOW).exists()


def test_limits_stand_in_every_state_with_forecasts_of_the_days_before() -> None:
    # All but the state of a limit that nobody has forecast yet.
    assert set(LimitState.objects.values_list("urgency", flat=True)) == {*Urgency.values} - {Urgency.WAITING}
    assert LimitState.objects.filter(urgency="calm", q50_date=None).exists()
    known = Limit.objects.exclude(state__urgency="unknown")
    for limit in known.annotate(made=Count("forecasts")):
        assert limit.made > 25, limit
    assert Forecast.objects.exclude(covered=None).count() > 300
    assert Proposal.objects.filter(kind="limit", state="open").count() >= 3


def test_metrics_of_teams_have_ninety_days_and_one_became_worse() -> None:
    days = MetricDay.objects.filter(metric__name="revenue", metric__subject__name="checkout")
    assert days.count() in (90, 91)
    worse = MetricState.objects.exclude(regressed_since=None).get(metric__name="build-time")
    assert worse.metric.subject is not None
    assert worse.metric.subject.name == "developer-experience"
    assert (NOW - worse.regressed_since).days in (18, 19)  # type: ignore[operator]


def test_deployments_fail_are_taken_back_and_mended() -> None:
    made = Deployment.objects.all()
    assert made.count() > 1500
    assert made.filter(result="failed", recovered_at__gt=F("finished_at")).exists()
    assert made.exclude(rollback_of=None).exists()
    assert made.filter(is_unplanned=True, rollback_of=None).exists()
    assert not made.filter(finished_at__gt=NOW).exists()
    assert not made.filter(started_at__gt=F("finished_at")).exists()
    assert not made.filter(committed_at__gt=F("started_at")).exists()


def test_an_outage_began_with_a_deployment_and_ended_with_its_rollback() -> None:
    rollback = Deployment.objects.filter(note__startswith="Taken back").order_by("-finished_at").first()
    assert rollback is not None
    assert rollback.rollback_of is not None
    begins = rollback.rollback_of.finished_at + dt.timedelta(minutes=1)
    at = np.arange(int(begins.timestamp()), int(rollback.finished_at.timestamp()), 30, dtype=np.int64)
    found = world.answers(world.nature_of(rollback.subject.name, HEALTH), at)
    assert set(found.outcome) == {Outcome.DOWN}


def test_people_of_the_demo_were_told_and_nobody_gets_mail_of_it() -> None:
    assert Notification.objects.filter(read_at=None).exists()
    assert Notification.objects.exclude(read_at=None).exists()
    assert not Notification.objects.filter(created_at__gt=timezone.now()).exists()
    assert not OutboxMessage.objects.exists()


def test_everything_is_the_demo_s_own_until_somebody_makes_something() -> None:
    assert real_health() == ""
    checkout = Check.objects.filter(entity__name="checkout-api")[0].entity
    with pghistory.context(origin="shell"):
        Check.objects.create(entity=checkout, name="By hand", address="https://shop.example.com/")
    assert real_health() == "1 checks, such as By hand"


# One story


def test_the_same_moments_give_the_same_answers_however_they_are_asked() -> None:
    nature = world.nature_of("checkout-api", HEALTH)
    at = np.arange(1_790_000_000, 1_790_000_000 + 20 * 86_400, 60, dtype=np.int64)
    whole = world.answers(nature, at)
    parts = [world.answers(nature, part) for part in np.array_split(at, 7)]
    assert (whole.outcome == np.concatenate([part.outcome for part in parts])).all()
    assert (whole.latency_ms == np.concatenate([part.latency_ms for part in parts])).all()


def test_rollouts_do_not_depend_on_when_they_are_asked_for() -> None:
    whole = list(rollouts_of("checkout-api", 20_000, 20_089))
    parts = [each for day in range(20_000, 20_090) for each in rollouts_of("checkout-api", day, day)]
    assert whole == parts
    assert len({each.key for each in whole}) == len(whole) > 3


def test_something_nags_at_every_moment_and_everybody_has_a_turn() -> None:
    at = np.arange(1_790_000_000, 1_790_000_000 + 11 * 86_400, 600, dtype=np.int64)
    turns = {name: world._nagged(name, at) for name in world.cast.NAGGED}
    assert np.any(list(turns.values()), axis=0).all()
    assert all(turn.any() for turn in turns.values())


def test_what_was_summed_at_once_is_what_the_results_would_have_summed_to() -> None:
    """Of a day that has both, the sums that the demo writes for older days are those of the roll-up."""
    day = (NOW - dt.timedelta(days=1)).astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for check in demo_checks()[::9]:
        if check.kind == "heartbeat":
            continue
        kept = CheckDay.objects.get(of=check, day=day.date())
        made = past.past_of(check, day, NOW).before(day + dt.timedelta(days=1))
        [summed] = sums._days(made, day.date())
        for name in ("good", "slow", "bad", "late", "maintenance", "hours", "fine"):
            assert getattr(summed, name) == getattr(kept, name), (check, name)
        assert sum(summed.latency) == sum(kept.latency)
        assert sum(abs(a - b) for a, b in zip(summed.latency, kept.latency, strict=True)) <= 2


def test_ninety_days_of_a_check_have_every_answer_that_was_due() -> None:
    check = Check.objects.get(entity__name="orders-api", name=HEALTH)
    found = counts([check.pk], NOW - dt.timedelta(days=90), NOW, latency=True)[check.pk]
    # Where results are gone, a span begins with a whole hour.
    assert 0 <= found.good + found.bad - 90 * 1440 <= 60
    assert found.late == 0
    assert sum(found.latency) == pytest.approx(found.good, abs=3)


def test_what_a_prober_hears_from_the_target_server_is_what_the_past_says(settings) -> None:
    """Status, words and time of an answer of this moment, asked for as any other check."""
    port = target.free_place(23_000)
    settings.PROBE_ALLOW = [f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}"]
    settings.DEMO_TARGET = f"127.0.0.1:{port}"
    ready, ends = threading.Event(), threading.Event()
    server = threading.Thread(target=_serve, args=(port, ready, ends), daemon=True)
    server.start()
    assert ready.wait(10)
    try:
        named = {(check.entity.name, check.name): check for check in demo_checks()}
        checks.move_to_target(list(named.values()))
        for key in ASKED_NOW:
            now = int(timezone.now().timestamp())
            said = scheduler.ask_once(target_of(named[key]), 5000)
            expected = world.answers(world.nature_of(*key), np.arange(now, now + 2, dtype=np.int64))
            assert said.outcome in expected.outcome, key
            assert said.reason == past.reason_of(named[key], said.outcome, said.latency_ms or 0.0), key
    finally:
        ends.set()
        server.join(10)


ASKED_NOW = (
    ("checkout-api", HEALTH), ("partner-feed-v1", HEALTH), ("metrics-explorer", "Front page"),
    ("orders-db", "Port 5432"), ("legacy-reports-db", "Port 5432"), ("ledger", "Deep health"),
)  # fmt: skip


def _serve(port: int, ready: threading.Event, ends: threading.Event) -> None:
    async def serve() -> None:
        async with await asyncio.start_server(target._answer, "127.0.0.1", port):
            ready.set()
            await asyncio.to_thread(ends.wait)

    with target._bound(port + 1):
        asyncio.run(serve())


# Topping up


def counted() -> dict[str, int]:
    models = (CheckResult, CheckDay, CheckChange, Sample, MetricDay, Deployment, SloAlert, Forecast)
    found = {model.__name__: model.objects.count() for model in models}
    return found | CheckDay.objects.aggregate(answers=Sum(F("good") + F("bad") + F("late") + F("maintenance")))


def test_a_second_start_at_the_same_moment_changes_nothing() -> None:
    before = counted()
    load.top_up(NOW)
    assert counted() == before


@pytest.mark.parametrize("hours", [5, 77])
def test_a_time_in_which_the_portal_was_stopped_is_filled_once(monkeypatch, hours) -> None:
    later = NOW + dt.timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: later)
    check = Check.objects.get(entity__name="orders-api", name=HEALTH)
    load.top_up(later)
    filled = counted()
    whole = counts([check.pk], NOW - dt.timedelta(days=2), later)[check.pk]
    assert -2 <= whole.good + whole.bad - (48 + hours) * 60 <= 60
    assert whole.late == 0
    assert CheckState.objects.get(of=check).due_at > later
    assert RollUpMark.objects.get().rolled_until <= later
    load.top_up(later)
    assert counted() == filled
    newest = MetricState.objects.get(metric__name="connections").at
    assert newest is not None
    assert later - newest < dt.timedelta(hours=6)


def test_what_was_summed_before_a_gap_stays(monkeypatch) -> None:
    """Four days later results of the time before are gone; the day in the middle has both halves."""
    check = Check.objects.get(entity__name="checkout-api", name=HEALTH)
    today = NOW.astimezone(dt.UTC).date()
    # In the first hour of a day nothing of it is summed yet.
    before = CheckDay.objects.filter(of=check, day=today).aggregate(good=Sum("good"))["good"] or 0
    later = NOW + dt.timedelta(days=4)
    monkeypatch.setattr(timezone, "now", lambda: later)
    load.top_up(later)
    day = CheckDay.objects.get(of=check, day=today)
    assert day.good >= before
    assert day.good + day.bad == pytest.approx(1440, abs=1)
    assert sum(day.hours or []) - sum((day.hours or [])[1::5]) == day.good + day.bad + day.late + day.maintenance


def test_a_check_that_somebody_made_is_left_to_the_prober() -> None:
    entity = factories.make_entity("tried-out")
    check = Check.objects.create(entity=entity, name=HEALTH, address="https://shop.example.com/")
    CheckState.objects.create(of=check, due_at=NOW - dt.timedelta(hours=3))
    load.top_up(NOW)
    assert not CheckResult.objects.filter(of_id=check.pk).exists()


def test_checks_follow_the_target_server_to_another_port_without_a_trace(settings) -> None:
    settings.DEMO_TARGET = "127.0.0.1:24100"
    check = Check.objects.get(entity__name="orders-api", name=HEALTH)
    load.top_up(NOW)
    moved = Check.objects.get(pk=check.pk)
    assert moved.address == "http://127.0.0.1:24100/orders-api/health"
    assert Check.objects.get(entity__name="legacy-reports-db").address == "127.0.0.1:24101"
    assert moved.version == check.version
    assert CheckState.objects.get(of=check).status != "unknown"


def test_a_port_that_is_taken_is_said_and_another_one_chosen(settings, monkeypatch, capsys) -> None:
    first = target.free_place(25_000)
    settings.DEMO_TARGET_PORT = first
    monkeypatch.setenv("DEMO_TARGET_PORT", str(first))
    # The one beside it: both are needed.
    with target._bound(first + 1):
        [program] = target.programs(8000)
    port = int(program.command[-2])
    assert port > first + 1
    assert f"Port {first} is taken; the services of the demo answer at {port}." in capsys.readouterr().err
    assert os.environ["DEMO_TARGET_PORT"] == str(port)
    assert Check.objects.filter(address=f"http://127.0.0.1:{port}/checkout-api/health").exists()
    assert program.command[-3:] == ("demotarget", str(port), "8000")


@pytest.mark.parametrize("theirs", [{"environment": "staging"}, {"labels": {"region": "eu"}}])
def test_a_metric_that_somebody_made_under_a_name_of_the_demo_gets_no_made_up_values(theirs) -> None:
    there = Metric.objects.filter(name="nps").exclude(subject=None)[0]
    own = Metric.objects.create(subject=there.subject, name=there.name, **theirs)
    metrics.fill(NOW + dt.timedelta(days=40))
    assert not Sample.objects.filter(metric_id=own.pk).exists()
    assert Sample.objects.filter(metric_id=there.pk, at__gt=NOW).exists()


def test_the_target_server_runs_in_the_demo_only(settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("demotarget", "25900", "8000")


def test_whoever_asks_the_target_server_for_something_else_is_told_so() -> None:
    for head in ("GET / HTTP/1.1\r\n\r\n", "GET /checkout-api/nothing HTTP/1.1\r\n\r\n", "\x16\x03\x01"):
        status, words, wait = target.answer_to(head, 1_790_000_000.0)
        assert (status, wait) == (404, 0.0)
        assert "demo company" in words


def test_the_large_catalog_has_health_as_well() -> None:
    load_large(entities=1_500, relations=4_000)
    load_large_health(entities=1_500)
    checks_made = Check.objects.filter(entity__source__name=LARGE)
    assert HealthState.objects.count() == 300
    assert not checks_made.filter(state=None).exists()
    CheckState.objects.filter(of__in=checks_made).update(due_at=NOW - dt.timedelta(days=2))
    load.top_up(NOW)
    assert not CheckState.objects.filter(of__in=checks_made, due_at__lt=NOW).exists()
    assert not CheckResult.objects.filter(of_id__in=checks_made.values("pk")).exists()


def test_jobs_that_live_are_pinged_and_those_that_stopped_are_not(monkeypatch) -> None:
    CheckState.objects.filter(of__kind="heartbeat").update(pinged_at=NOW - dt.timedelta(days=8))
    called: list[str] = []
    monkeypatch.setattr(target.urllib.request, "urlopen", lambda request, timeout: called.append(request) or _Nothing())
    target.ping_due("http://127.0.0.1:8000")
    tokens = {check.token for check in demo_checks() if check.kind == "heartbeat" and not checks.is_stopped(check)}
    assert {request.full_url for request in called} == {f"http://127.0.0.1:8000/hooks/heartbeat/{t}/" for t in tokens}
    assert len(tokens) == len(world.cast.JOBS)


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_problem: object) -> None: ...


def test_the_roll_up_of_a_running_portal_goes_on_where_the_demo_ended() -> None:
    answers = CheckDay.objects.aggregate(all=Sum("good"))
    rollup.roll_up_new()
    assert CheckDay.objects.aggregate(all=Sum("good")) == answers
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM health_checkresult_default")
        assert cursor.fetchone() == (0,)
