"""The roadmap of the demo company: as many as planned, one story with its metrics, and what a quarter later shows."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.db.models import Q
from django.test import Client
from django.utils import timezone

from incidents.models import FollowUp, Incident
from incidents.postmortems.saves import last_saves_of
from portal.demo import data
from portal.people.demo import DEMO_PEOPLE
from portal.people.models import Membership, User
from portal.proposals.models import Proposal
from portal.tenure import organisation_today
from roadmap.demo.objectives import quarter
from roadmap.models import (
    Allocation,
    Bound,
    CheckIn,
    Cycle,
    Dependency,
    Evidence,
    Freeze,
    Initiative,
    Interest,
    KeyResult,
    Objective,
    PriorityInput,
    Status,
    StrategyEdition,
    StrategySection,
    TradeOff,
    Update,
)
from roadmap.strategy.blocks import kinds
from roadmap.strategy.live import Asked, render
from roadmap.worth.asking import SOON_DAYS
from roadmap.worth.guard import verdict
from services.health import samples
from services.health.models import Deployment, Limit, Metric

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.xdist_group("demo-roadmap")]


@pytest.fixture(scope="module", autouse=True)
def _larkspur(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the whole demo once for all tests here, and take it back."""
    with django_db_blocker.unblock(), transaction.atomic():
        data.reset()
        yield
        transaction.set_rollback(True)


def _mean_of_last_week(subject: str, name: str) -> float:
    metric = Metric.objects.get(subject__name=subject, name=name)
    today = organisation_today()
    values = [value for _, value in samples.daily({metric.pk}, today - dt.timedelta(days=7), today)[metric.pk]]
    return sum(values) / len(values)


def test_there_are_four_cycles_and_today_lies_in_the_third() -> None:
    names = list(Cycle.objects.order_by("starts_on").values_list("name", flat=True))
    assert len(names) == 4
    assert Cycle.objects.current().get().name == names[2]
    assert Cycle.objects.exclude(closed_at=None).count() == 2


def test_objectives_and_initiatives_are_as_many_as_planned() -> None:
    assert (Objective.objects.count(), KeyResult.objects.count(), Initiative.objects.count()) == (18, 34, 45)
    assert Initiative.objects.filter(is_private=True).count() == 1
    assert [each.dedicated.count() for each in Initiative.objects.filter(is_hundredfold=True)] == [3]
    assert {*Initiative.objects.values_list("status", flat=True)} == {*Status.values}


def test_what_runs_was_begun_by_today_and_what_is_planned_was_not() -> None:
    today = organisation_today()
    assert not Initiative.objects.filter(status=Status.IN_PROGRESS, started_on__gt=today).exists()
    assert not Initiative.objects.filter(status=Status.PLANNED, started_on__isnull=False).exists()
    assert not Initiative.objects.filter(status=Status.DONE, delivered_on=None).exists()


def test_nothing_was_written_after_now() -> None:
    now = timezone.now()
    for model in (Initiative, Objective, TradeOff, Bound, Dependency):
        assert not model._default_manager.filter(created_at__gt=now).exists(), model
    assert not Update.objects.filter(at__gt=now).exists()


def test_every_limit_that_an_initiative_moves_is_one_of_the_clock() -> None:
    named = Limit.objects.filter(initiative_links__isnull=False).distinct().values_list("name", flat=True)
    assert {"Connections of orders-db", "Disk of ledger-db", "Cores of eu-central"} <= {*named}


def test_most_of_what_goes_on_has_scores_of_what_is_measured_and_of_what_is_guessed() -> None:
    going_on = Initiative.objects.going_on()
    known = going_on.exclude(state__rice=None).exclude(state__wsjf=None)
    assert known.count() > going_on.count() * 0.6
    assert going_on.filter(state__rice=None, inputs__isnull=False).exists()
    bases = Counter(PriorityInput.objects.values_list("basis", flat=True))
    assert min(bases["measured"], bases["guessed"]) > 50
    pooled = PriorityInput.objects.get(initiative__title__startswith="Pool and share", factor="urgency")
    assert pooled.source.startswith("Connections of orders-db: ")


def test_loans_are_open_overdue_put_off_paid_and_written_off() -> None:
    assert Counter(TradeOff.objects.values_list("state", flat=True)) == {"open": 5, "paid": 1, "written_off": 1}
    assert set(Interest.objects.values_list("incident__kind", flat=True)) == {"real"}
    assert TradeOff.objects.overdue().count() == 1
    assert [each.deferred for each in TradeOff.objects.filter(renegotiations__isnull=False)] == [
        "Archive of the ledger"
    ]


def test_one_freeze_is_in_force_and_one_was_lifted() -> None:
    assert [str(each) for each in Freeze.objects.in_force()] == ["No features in Payments until the ledger has room"]
    assert Freeze.objects.exclude(lifted_on=None).count() == 1


def test_the_strategy_has_an_edition_and_a_draft_that_says_more() -> None:
    edition = StrategyEdition.objects.get()
    assert edition.published_at < timezone.now() - dt.timedelta(days=70)
    assert all(each.text and each.goal and each.dependencies.exists() for each in StrategySection.objects.all())
    published = {each["key"]: each["markdown"] for each in edition.sections}
    assert all(each.text not in published[each.key] for each in StrategySection.objects.all())
    assert {each.who for each in last_saves_of(StrategySection).values()} == {"Tomasz Wrona"}


def test_the_example_of_a_live_metric_is_one_of_the_demo_company() -> None:
    example = next(each.example for each in kinds() if each.name == "metric")
    rendered = render({"it": example}, Asked(User.objects.get(email=DEMO_PEOPLE[0].email)))["it"]
    assert rendered.problems == []
    assert "Lead time for changes of checkout-api" in rendered.markdown.replace("\\", "")


def test_a_quarter_later_what_was_promised_is_delivered_takes_effect_and_what_was_put_off_costs_more() -> None:
    with transaction.atomic():
        before = _standing()
        data.a_quarter_later()
        _cycles_lie_a_quarter_earlier_and_the_next_one_is_there()
        _what_ran_is_delivered_on_its_likely_day(before["running"])
        spent = [each.actual_days for each in Allocation.objects.filter(cycle__in=Cycle.objects.current())]
        assert spent
        assert all(spent)
        pooled = Initiative.objects.get(title="Pool and share the connections of orders-db")
        assert pooled.status == Status.DONE
        assert _mean_of_last_week("orders-db", "connections") < before["connections"]
        _what_was_delivered_stays_lower_as_the_demo_goes_on("orders-db", "connections", before["connections"])
        _teams_said_how_their_key_results_went(before["check_ins"])
        assert Interest.objects.count() > before["interest"]
        assert Incident.objects.count() > before["incidents"] + 10
        assert Incident.objects.open().count() <= 3
        assert Deployment.objects.filter(finished_at__gte=timezone.now() - dt.timedelta(days=80)).count() > 500
        assert Interest.objects.exclude(incident__kind="real").count() == before["not_real"]
        _limits_that_have_time_ask_for_nothing()
        moved = {pk: before["updates"][pk] - at for pk, at in Update.objects.values_list("pk", "at")}
        assert {*moved.values()} == {dt.timedelta(days=91)}
        transaction.set_rollback(True)


def _standing() -> dict[str, Any]:
    """What stood before the quarter."""
    return {
        "interest": Interest.objects.count(),
        "not_real": Interest.objects.exclude(incident__kind="real").count(),
        "running": set(Initiative.objects.filter(status=Status.IN_PROGRESS).values_list("pk", flat=True)),
        "connections": _mean_of_last_week("orders-db", "connections"),
        "incidents": Incident.objects.count(),
        "check_ins": set(CheckIn.objects.values_list("pk", flat=True)),
        "updates": dict(Update.objects.values_list("pk", "at")),
    }


def _limits_that_have_time_ask_for_nothing() -> None:
    calm = Limit.objects.filter(state__urgency__in=["calm", "plan"])
    asked = Proposal.objects.filter(kind="limit", state="open").values_list("source_key", flat=True)
    assert calm.exists()
    assert not {each.split("@")[0] for each in asked} & {f"limit:{each.pk}" for each in calm}


def _cycles_lie_a_quarter_earlier_and_the_next_one_is_there() -> None:
    found = list(Cycle.objects.order_by("starts_on").values_list("starts_on", "ends_on"))
    assert found == [quarter(organisation_today(), later) for later in range(-3, 2)]


def _what_ran_is_delivered_on_its_likely_day(running: set[int]) -> None:
    done = Initiative.objects.filter(pk__in=running, status=Status.DONE)
    assert done.count() >= 10
    assert all(each.delivered_on == each.ends_likely and each.done_percent == 100 for each in done)


def _what_was_delivered_stays_lower_as_the_demo_goes_on(subject: str, name: str, before: float) -> None:
    """Four weeks after, the portal is started again, and writes what happened since."""
    with transaction.atomic(), time_machine.travel(timezone.now() + dt.timedelta(days=28), tick=False):
        data.top_up()
        samples.sum_open_days()
        assert _mean_of_last_week(subject, name) < before
        transaction.set_rollback(True)


def _teams_said_how_their_key_results_went(before: set[int]) -> None:
    now = organisation_today()
    said = CheckIn.objects.exclude(pk__in=before).select_related("key_result__objective__cycle", "by")
    assert all(now - dt.timedelta(days=91) < each.at.date() < now for each in said)
    assert all(each.value is not None and each.by for each in said)
    cycles = {each.key_result.objective.cycle for each in said}
    assert len(cycles) == 2
    assert not any("{" in each.text for each in said)
    newest = said.order_by("key_result", "-at").distinct("key_result")
    assert all(each.key_result.state.confidence == each.confidence for each in newest)
    running = KeyResult.objects.filter(objective__cycle__in=cycles, state__value__isnull=False)
    assert not running.exclude(check_ins__in=said).exists()


def test_my_work_of_the_four_who_sign_in_is_what_the_records_say() -> None:
    """Counted once more, row by row, from what is written down."""
    for login in User.objects.filter(email__in=[each.email for each in DEMO_PEOPLE]):
        client = Client()
        client.force_login(login)
        shown = client.get("/").context
        every = [*shown["waiting"], *shown["waiting_more"]]
        assert len(every) == shown["waiting_total"] == len({(each.title, each.url) for each in every}), login
        assert all(client.get(each.url).status_code == 200 for each in every), login
        kinds = Counter(each.icon for each in every)
        assert {kind: kinds[kind] for kind in _WAITS} == {kind: count(login) for kind, count in _WAITS.items()}, login


def _teams(login: User) -> set[int]:
    assert login.person is not None
    rows = Membership.objects.current().filter(person=login.person.reference_id)
    return set(rows.values_list("team", flat=True))


def _decides(login: User) -> bool:
    return login.role in {"product_manager", "administrator"}


def _open_proposals(login: User) -> int:
    return Proposal.objects.filter(state="open").count() if _decides(login) else 0


def _follow_ups(login: User) -> int:
    soon = organisation_today() + dt.timedelta(days=7)
    rows = FollowUp.objects.filter(state="committed", owner__in=_teams(login), incident__is_private=False)
    return sum(each.due_on is not None and each.due_on <= soon for each in rows)


def _silent_key_results(login: User) -> int:
    rows = KeyResult.objects.filter(objective__cycle=Cycle.objects.current().get(), objective__owner__in=_teams(login))
    said = [max([each.created_at, *(check.at for check in each.check_ins.all())]) for each in rows]
    return sum(at < timezone.now() - dt.timedelta(days=14) for at in said)


def _loans(login: User) -> int:
    today, teams = organisation_today(), _teams(login)
    rows = TradeOff.objects.filter(state="open").select_related("due_cycle")
    due = [(each.team_id in teams, each.due_cycle.ends_on) for each in rows]
    every = login.role == "product_manager"
    return sum(ends < today if every and not own else own and ends <= today + SOON for own, ends in due)


def _plans_below_their_guard(login: User) -> int:
    rows = Allocation.objects.filter(cycle=Cycle.objects.current().get())
    below = [each for each in rows if "Below" in verdict(each).words]
    return sum(login.role == "product_manager" or each.team_id in _teams(login) for each in below)


def _evidence_to_review(login: User) -> int:
    until = organisation_today() + dt.timedelta(days=14)
    rows = Evidence.objects.filter(owner__in=_teams(login), control__framework__is_active=True)
    return sum(each.review_by is not None and each.review_by <= until for each in rows)


def _own_initiatives_late(login: User) -> int:
    assert login.person is not None
    rows = Initiative.objects.filter(status__in=["planned", "in_progress"], ends_likely__lt=organisation_today())
    own = Q(owner=login.person.reference_id) | Q(owner=None, team__in=_teams(login))
    return rows.filter(own).count()


SOON = dt.timedelta(days=SOON_DAYS)
# The icon of each kind of thing that waits, and how many of it the records hold for somebody.
_WAITS = {
    "bulb": _open_proposals, "checklist": _follow_ups, "target-arrow": _silent_key_results, "scale": _loans,
    "chart-pie": _plans_below_their_guard, "file-certificate": _evidence_to_review, "rocket": _own_initiatives_late,
}  # fmt: skip
