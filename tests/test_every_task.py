"""A walk over every background task: it has a queue and an end, takes plain values, and twice is once.

``WORK`` says for each task what gives it something to do and how to see that it did; a missing one fails.
"""

import datetime as dt
import inspect
import json
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache

from incidents.declaring import declare
from incidents.followups import actions as followups
from incidents.insights.recurring import OF_THE_ORGANISATION
from incidents.models import (
    AlertGroup,
    AlertMessage,
    AlertSource,
    Edition,
    EditionPdf,
    Incident,
    IncidentState,
    Node,
    Postmortem,
    Tag,
)
from incidents.postmortems import writing
from portal.celery import app
from portal.delivery.models import Notification, OutboxMessage
from portal.embedded.supervisor import QUEUES
from portal.frame import FRESH_KEY
from portal.proposals.models import Proposal
from portal.search.models import SearchEntry
from portal.tenure import organisation_today
from services.health.models import (
    CheckDay,
    CheckResult,
    CheckState,
    Deployment,
    Forecast,
    Metric,
    MetricDay,
    MetricState,
    PrometheusServer,
    ReceivedBatch,
    Sample,
    Slo,
    SloState,
)
from services.health.partitions import RESULTS, partitions
from services.models import EntityState
from services.oncall.actions import add_turn, begin_rotation, create_schedule
from services.oncall.models import CalendarState, Shift
from tests import factories
from tests.incidents.alertmanager import alert, message
from tests.incidents.makers import make_postmortem
from tests.roadmap.areas import modules
from tests.services.health.limits import make_limit
from tests.services.health.results import answer, every, make_check

pytestmark = pytest.mark.django_db

app.loader.import_default_modules()
TASKS = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
JSON_TYPES = (str, int, float, bool, types.NoneType, list, dict)


@dataclass(frozen=True)
class Work:
    """``disturb`` leaves something to do; ``done`` says whether it has been done."""

    disturb: Callable[[], Any]
    done: Callable[[], bool]
    args: tuple[Any, ...] = ()


def _miscount() -> None:
    needed, needing = factories.make_entity("needed"), factories.make_entity("needing")
    factories.depend(needing, needed)
    EntityState.objects.filter(entity=needed).update(dependants=7)


def _counts_are_right() -> bool:
    counted = EntityState.objects.values_list("entity__name", "dependants", "dependencies")
    return set(counted) == {("needed", 1, 0), ("needing", 0, 1)}


def _lose_the_index() -> None:
    factories.make_entity("lost")
    SearchEntry.objects.all().delete()
    SearchEntry.objects.create(model="services.entity", object_id=999_999, name="ghost", document="'ghost':1A")


def _names_what_there_is() -> bool:
    found = SearchEntry.objects.filter(name__in=["lost", "ghost"])
    return list(found.values_list("name", flat=True)) == ["lost"]


def _leave_a_session() -> None:
    for key, days in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=HALF_PAST_TWO + dt.timedelta(days=days))


def _post(key: str, **values: Any) -> None:
    payload = {"title": "Late", "text": "", "url": "/", "why": "You watch it.", "kind": "check"}
    OutboxMessage.objects.create(
        key=key,
        kind="check",
        channel="email",
        recipient="amara@larkspur.example",
        title="Late",
        payload=payload,
        **values,
    )


def _leave_a_message() -> None:
    _post("waiting", next_attempt_at=dt.datetime(2026, 11, 21, 14, 0, tzinfo=dt.UTC))


def _leave_old_messages() -> None:
    now = dt.datetime(2026, 11, 21, 14, 30, tzinfo=dt.UTC)
    user = factories.make_user("amara")
    for days in (89, 91):
        at = now - dt.timedelta(days=days)
        _post(f"sent-{days}", state="sent", sent_at=at, created_at=at)
        Notification.objects.create(user=user, key=f"read-{days}", created_at=at, read_at=at)
    _post("dead", state="dead", created_at=now - dt.timedelta(days=400))


def _states_of_messages() -> list[str]:
    return sorted(OutboxMessage.objects.values_list("state", flat=True))


LIMIT = 4711


def _leave_a_limit() -> None:
    make_limit([100 + day + day % 2 for day in range(100)], ceiling=250, pk=LIMIT)


def _is_forecast() -> bool:
    return list(Forecast.objects.values_list("urgency", flat=True)) == ["start_now"]


def _leave_a_silent_check() -> None:
    make_check()
    CheckState.objects.update(status="up", last_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))


def _leave_a_ping() -> None:
    make_check(kind="heartbeat")
    CheckState.objects.update(pinged_at=dt.datetime(2026, 11, 21, 14, 29, tzinfo=dt.UTC))


HALF_PAST_TWO = dt.datetime(2026, 11, 21, 14, 30, tzinfo=dt.UTC)


def _leave_answers() -> None:
    check = make_check()
    Slo.objects.create(entity=check.entity, name="promise", source_check=check, target="99")
    answer(check, every(HALF_PAST_TWO - dt.timedelta(hours=3), HALF_PAST_TWO))


def _send_an_alert(state: str) -> None:
    source = AlertSource.objects.create(name="Alertmanager")
    at = HALF_PAST_TWO - dt.timedelta(days=31)
    AlertMessage.objects.create(
        source=source, body=json.dumps(message(alert(), key="k")).encode(), state=state, received_at=at
    )


def _leave_an_old_sum() -> None:
    CheckDay.objects.create(of=make_check(), day=dt.date(2026, 10, 1), good=1440, hours=[0], fine=[0])


def _leave_a_sample() -> None:
    metric = Metric.objects.create(name="orders", kind="flow")
    Sample.objects.create(metric_id=metric.pk, at=HALF_PAST_TWO - dt.timedelta(hours=1), value=7)


def _leave_a_query() -> None:
    server = PrometheusServer.objects.create(name="main", url="http://127.0.0.1:9")
    metric = Metric.objects.create(name="load", server=server, query="up", origin="prometheus")
    MetricState.objects.create(metric=metric, due_at=HALF_PAST_TWO)


def _leave_a_deployment() -> None:
    """Of a service that a team owns: both have a lead time of two hours."""
    service = factories.make_entity("shop", owner=factories.make_team("shopkeepers"))
    at = HALF_PAST_TWO - dt.timedelta(days=1)
    Deployment.objects.create(
        subject=service.reference, version="1", key="1", finished_at=at, committed_at=at - dt.timedelta(hours=2)
    )


def _leave_old_batches() -> None:
    for key, days in (("old", 31), ("new", 29)):
        ReceivedBatch.objects.create(
            hook="metrics", key=key, digest="", body=b"{}", received_at=HALF_PAST_TWO - dt.timedelta(days=days)
        )


def _leave_a_calendar() -> None:
    values = {"team": factories.make_team().reference, "way": "calendar", "feed_url": "http://localhost:9/shifts.ics"}
    schedule = create_schedule(by=None, values=values)
    CalendarState.objects.filter(schedule=schedule).update(due_at=dt.datetime(2026, 11, 21, tzinfo=dt.UTC))


def _leave_a_rotation() -> None:
    schedule = begin_rotation(by=None, team=factories.make_team().reference)
    add_turn(by=None, schedule=schedule, person=factories.make_person().reference)
    Shift.objects.all().delete()


EDITION = 4712


def _pdf_is_ready() -> bool:
    return list(EditionPdf.objects.values_list("state", flat=True)) == ["ready"]


def _leave_an_edition_to_be_made() -> None:
    incident = declare(by=None, values={"title": "Down"})
    edition = writing.publish(by=None, postmortem=make_postmortem(incident, "It was cold."))
    Postmortem.objects.update(latest=None)
    Edition.objects.filter(pk=edition.pk).update(id=EDITION)
    EditionPdf.objects.create(edition_id=EDITION)


def _leave_a_postmortem_that_is_due() -> None:
    team = factories.make_team("owners")
    factories.make_user("owner", teams=(team,))
    report = make_postmortem(declare(by=None, values={"title": "Down", "owner": team.reference}))
    Postmortem.objects.filter(pk=report.pk).update(due_on=HALF_PAST_TWO.date())


def _leave_an_incident() -> Incident:
    return declare(by=None, values={"title": "Card payments fail"})


def _leave_a_promise() -> None:
    team = factories.make_team("checkout")
    factories.make_user("amara", teams=(team,))
    idea = followups.suggest(by=None, incident=_leave_an_incident(), values={"title": "Alert on the pool"})
    followups.commit(by=None, follow_up=idea, owner=team.reference, due_on=organisation_today())


def _leave_what_recurs() -> None:
    node = Node.objects.get(slug="cf-no-alert")
    for _ in range(OF_THE_ORGANISATION):
        Tag.objects.create(incident=_leave_an_incident(), node=node)


WORK: dict[str, Work] = {
    "incidents.tasks.make_pdfs": Work(_leave_an_edition_to_be_made, _pdf_is_ready),
    "incidents.tasks.make_pdf": Work(_leave_an_edition_to_be_made, _pdf_is_ready, (EDITION,)),
    "incidents.tasks.remind_of_postmortems": Work(
        _leave_a_postmortem_that_is_due, lambda: Notification.objects.filter(kind="postmortem-due").count() == 1
    ),
    "portal.tasks.note_freshness": Work(lambda: cache.delete(FRESH_KEY), lambda: cache.get(FRESH_KEY) is not None),
    "portal.tasks.refresh_search": Work(
        _lose_the_index,
        lambda: set(SearchEntry.objects.filter(name__in=["lost", "ghost"]).values_list("name", flat=True)) == {"lost"},
    ),
    "portal.tasks.forget_old_sessions": Work(
        _leave_a_session, lambda: list(Session.objects.values_list("pk", flat=True)) == ["new"]
    ),
    "portal.delivery.tasks.deliver": Work(_leave_a_message, lambda: _states_of_messages() == ["sent"]),
    "portal.delivery.tasks.forget_old": Work(
        _leave_old_messages, lambda: _states_of_messages() == ["dead", "sent"] and Notification.objects.count() == 1
    ),
    # What it asks is refused: PROBE_ALLOW names no address of this machine. That is an answer too.
    "services.health.tasks.tick": Work(make_check, lambda: cache.get("probes:queued:0") is not None),
    "services.health.tasks.probe_batch": Work(make_check, CheckResult.objects.exists),
    "services.health.tasks.find_late": Work(
        _leave_a_silent_check, lambda: list(CheckState.objects.values_list("status", flat=True)) == ["late"]
    ),
    "services.health.tasks.read_heartbeats": Work(_leave_a_ping, CheckResult.objects.exists),
    "services.health.tasks.forecast_limit": Work(_leave_a_limit, _is_forecast, (LIMIT,)),
    "services.health.tasks.forecast_limits": Work(_leave_a_limit, _is_forecast),
    "services.health.tasks.make_partitions": Work(lambda: None, lambda: len(partitions(RESULTS)) == 4),
    "services.health.tasks.roll_up_results": Work(
        _leave_answers, lambda: list(CheckDay.objects.values_list("good", "bad")) == [(150, 0)]
    ),
    "services.health.tasks.forget_old_sums": Work(
        _leave_an_old_sum, lambda: list(CheckDay.objects.values_list("good", "fine", "hours")) == [(1440, None, [0])]
    ),
    "services.health.tasks.forget_old_batches": Work(
        _leave_old_batches, lambda: list(ReceivedBatch.objects.values_list("key", flat=True)) == ["new"]
    ),
    "services.health.tasks.sum_samples": Work(
        _leave_a_sample, lambda: list(MetricDay.objects.values_list("sum", "count")) == [(7, 1)]
    ),
    # What it asks is refused: PROBE_ALLOW names no address of this machine.
    "services.health.tasks.ask_prometheus": Work(_leave_a_query, lambda: MetricState.objects.get().problem != ""),
    "services.health.tasks.derive_metrics": Work(
        _leave_a_deployment, lambda: Metric.objects.filter(name="lead-time", state__value=2).count() == 2
    ),
    "services.health.tasks.evaluate_slos": Work(
        _leave_answers, lambda: list(SloState.objects.values_list("good", "total")) == [(180, 180)]
    ),
    "services.oncall.tasks.read_calendars": Work(
        _leave_a_calendar, lambda: "which PROBE_ALLOW does not name" in CalendarState.objects.get().problem
    ),
    "services.oncall.tasks.lay_out_shifts": Work(_leave_a_rotation, Shift.objects.exists),
    "incidents.tasks.take_alerts": Work(
        lambda: _send_an_alert("waiting"), lambda: list(AlertGroup.objects.values_list("key", flat=True)) == ["k"]
    ),
    "incidents.tasks.forget_old_messages": Work(
        lambda: _send_an_alert("taken"), lambda: not AlertMessage.objects.exists()
    ),
    "services.tasks.refresh_counts": Work(_miscount, _counts_are_right),
    "incidents.tasks.refresh_facts": Work(
        _leave_an_incident, lambda: list(IncidentState.objects.values_list("is_stale", flat=True)) == [False]
    ),
    "incidents.tasks.remind_of_follow_ups": Work(
        _leave_a_promise, lambda: list(Notification.objects.values_list("kind", flat=True)) == ["follow-up"]
    ),
    "incidents.tasks.propose_recurring": Work(
        _leave_what_recurs, lambda: list(Proposal.objects.values_list("kind", flat=True)) == ["recurring-factor"]
    ),
    **{name: Work(*work) for module in modules("tasks") for name, work in module.WORK.items()},
}


@pytest.fixture(params=sorted(TASKS))
def task(request: pytest.FixtureRequest) -> Any:
    return TASKS[request.param]


def test_every_task_has_a_row_in_the_table():
    assert sorted(TASKS) == sorted(WORK)


def test_a_task_waits_in_a_queue_that_a_worker_empties(task):
    assert app.amqp.router.route({}, task.name)["queue"].name in QUEUES.split(",")


def test_what_takes_long_waits_apart():
    assert app.amqp.router.route({}, "portal.tasks.refresh_search")["queue"].name == "reports"


def test_a_task_ends(task):
    limit = task.time_limit
    assert limit, f"{task.name} has no time_limit of its own."
    assert 0 < limit <= 3600


def _leaves(annotation: Any) -> set[Any]:
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    if not arguments:
        return {annotation}
    kept = {origin} if origin in (list, dict) else set()
    return kept.union(*map(_leaves, arguments))


def test_a_task_takes_only_what_json_can_carry(task):
    hints = typing.get_type_hints(task.run)
    for name, parameter in inspect.signature(task.run).parameters.items():
        assert parameter.annotation is not inspect.Parameter.empty, f"{task.name}: {name} says no type."
        foreign = [each for each in _leaves(hints[name]) if each not in JSON_TYPES]
        assert not foreign, f"{task.name}: {name} is {hints[name]}; pass an id, and load the record in the task."


def test_tasks_travel_as_json_only():
    assert (app.conf.task_serializer, list(app.conf.accept_content)) == ("json", ["json"])


def test_doing_a_task_twice_is_doing_it_once(task):
    work = WORK[task.name]
    work.disturb()
    assert not work.done()
    with time_machine.travel(dt.datetime(2026, 11, 21, 14, 30, tzinfo=dt.UTC), tick=False):
        task.run(*work.args)
        assert work.done()
        after_one = _everything()
        task.run(*work.args)
        assert _everything() == after_one


def _everything() -> dict[str, list[Any]]:
    return {model._meta.label: sorted(model._default_manager.values_list(), key=repr) for model in apps.get_models()}


def test_every_entry_of_the_schedule_names_a_task_there_is():
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled <= set(TASKS)


def test_the_worker_of_the_manual_waits_at_every_queue():
    assert f"--queues {QUEUES} " in Path("docs/deploy.md").read_text()
