"""Derived metrics: what providers measure becomes samples, late data too, and a round without news writes nothing."""

import datetime as dt

import psycopg
import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection

from services.health import actions, providers, samples
from services.health.models import Deployment, Metric, MetricKind, MetricState, Outcome, Sample, Slo
from services.health.providers import Measure, Measured, Provider
from services.health.samples import SampleRow
from services.health.system_checks import provider_declarations
from services.models import Ownership
from tests.factories import make_entity
from tests.services.health.deploying import deploy
from tests.services.health.results import answer, every, make_check

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as running:
        yield running


@pytest.fixture
def only(monkeypatch):
    """Register providers for one test, and no others."""
    registered: list[Provider] = []
    monkeypatch.setattr(providers, "_providers", registered)
    return lambda *given: [providers.register(each) for each in given]


def values_of(name: str, **where) -> dict[dt.date, float]:
    metric = Metric.objects.get(name=name, **where)
    return {at.date(): value for at, value in Sample.objects.filter(metric_id=metric.pk).values_list("at", "value")}


def coffee(values: dict[dt.date, float], **measured) -> Provider:
    def measure(days):
        assert days[-1] == samples.organisation_day() - DAY, "a day that is not over has no value"
        return [Measured("cups", None, day, values[day], **measured) for day in days if day in values]

    return Provider("coffee", (Measure("cups", "Cups of coffee", "cups", MetricKind.FLOW, True),), measure)


# What is written


def test_a_value_makes_its_metric_and_stands_at_noon_of_its_day(only):
    only(coffee({TODAY - DAY: 7.0, TODAY: 3.0}))
    assert providers.refresh() == 1
    metric = Metric.objects.get()
    assert (metric.origin, metric.provider, metric.title, metric.unit, metric.kind, metric.higher_is_better) == (
        "derived", "coffee", "Cups of coffee", "cups", "flow", True
    )  # fmt: skip
    assert list(Sample.objects.values_list("at", "value")) == [(NOON - DAY, 7.0)]


def test_a_round_without_news_writes_nothing_and_what_comes_late_is_written(only):
    values = {TODAY - n * DAY: float(n) for n in range(1, 6)}
    only(coffee(values))
    assert providers.refresh() == 5
    assert providers.refresh() == 0
    values[TODAY - 3 * DAY] = 30.0
    values[TODAY - 6 * DAY] = 6.0
    assert providers.refresh() == 2
    assert values_of("cups")[TODAY - 3 * DAY] == 30.0


def test_a_new_provider_begins_with_ninety_days_and_then_looks_back_as_far_as_it_says(only):
    asked = []
    only(
        Provider(
            "asking", (Measure("a", "A"),), lambda days: asked.append(len(days)) or [Measured("a", None, days[-1])]
        )
    )
    providers.refresh()
    providers.refresh()
    assert asked == [90, 8]


@pytest.mark.parametrize(("days", "looked_back"), [(7, 8), (20, 21), (200, 90)])
def test_after_a_standstill_a_provider_goes_back_to_the_last_day_it_computed(only, clock, days, looked_back):
    asked = []
    only(
        Provider(
            "asking", (Measure("a", "A"),), lambda days: asked.append(len(days)) or [Measured("a", None, days[-1])]
        )
    )
    providers.refresh()
    clock.move_to(NOON + days * DAY)
    providers.refresh()
    assert asked == [90, looked_back]


def test_what_a_provider_gives_no_more_is_deleted_with_its_day_and_the_value_is_that_of_the_day_before(only):
    values = {TODAY - n * DAY: float(n) for n in range(1, 5)}
    only(coffee(values))
    providers.refresh()
    del values[TODAY - DAY], values[TODAY - 3 * DAY]
    assert providers.refresh() == 2
    assert values_of("cups") == {TODAY - 2 * DAY: 2.0, TODAY - 4 * DAY: 4.0}
    metric = Metric.objects.get()
    assert samples.daily([metric.pk], TODAY - 5 * DAY, TODAY)[metric.pk] == [
        (TODAY - 4 * DAY, 4.0), (TODAY - 2 * DAY, 2.0)
    ]  # fmt: skip
    assert (metric.state.value, metric.state.at) == (2.0, NOON - 2 * DAY)
    values.clear()
    assert providers.refresh() == 2
    assert MetricState.objects.get().value is None


def test_two_processes_that_compute_wait_for_each_other(only):
    free = []

    def measure(days):
        with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.ClientCursor}) as other:
            free.append(other.execute("SELECT pg_try_advisory_lock(%s)", [providers.LOCK]).fetchone()[0])
        return []

    only(Provider("asking", (Measure("a", "A"),), measure))
    providers.refresh()
    assert free == [False]


def test_a_provider_that_fails_says_so_on_its_metrics_and_the_others_go_on(only):
    values = {TODAY - DAY: 1.0}
    broken = Provider("broken", (Measure("x", "X"),), lambda days: [Measured("x", None, days[-1], 1)])
    only(broken, coffee(values))
    providers.refresh()
    values[TODAY - 2 * DAY] = 2.0
    object.__setattr__(broken, "measure", lambda days: 1 / 0)
    assert providers.refresh() == 1
    assert MetricState.objects.get(metric__name="x").problem == (
        "The portal could not compute it: ZeroDivisionError. The fault is in its log."
    )
    object.__setattr__(broken, "measure", lambda days: [])
    providers.refresh()
    assert MetricState.objects.get(metric__name="x").problem == ""


def test_what_somebody_pushes_under_the_same_name_stays_theirs(only):
    pushed = Metric.objects.create(name="cups")
    samples.write([SampleRow(pushed.pk, NOON, 99)])
    only(coffee({TODAY - DAY: 7.0}))
    assert providers.refresh() == 0
    assert values_of("cups") == {TODAY: 99}


def test_only_what_people_say_of_a_derived_metric_may_change(only, people):
    only(coffee({TODAY - DAY: 7.0}))
    providers.refresh()
    metric = Metric.objects.get()
    actions.update_metric(by=None, record=metric, values={"baseline": 5, "title": "Coffee"})
    for values in ({"name": "tea"}, {"unit": "l"}, {"kind": "gauge"}, {"subject": people.team.reference}):
        with pytest.raises(ValidationError, match="is computed by the portal"):
            actions.update_metric(by=None, record=metric, values=values)


# Declarations


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([Provider("a", (Measure("x", "X"),), list), Provider("a", (Measure("y", "Y"),), list)], "health.E002"),
        ([Provider("a b", (Measure("x", "X"),), list)], "health.E002"),
        ([Provider("a", (Measure("x y", "X"),), list)], "health.E002"),
        ([Provider("a", (Measure("x", "X"),), list), Provider("b", (Measure("x", "X"),), list)], "health.E003"),
        ([Provider("a", (), list)], "health.E004"),
        ([Provider("a", (Measure("x", "X"),), None)], "health.E004"),
        ([Provider("a", (Measure("x", "X"),), list, late_days=0)], "health.E004"),
        ([Provider("a", (Measure("x", "X", kind="sum"),), list)], "health.E004"),
    ],
)
def test_a_wrong_declaration_fails_in_the_system_checks(only, given, problem):
    only(*given)
    assert [each.id for each in provider_declarations(None)] == [problem]


def test_the_providers_of_the_portal_are_sound():
    assert {each.name for each in providers.registered()} >= {"slo", "dora", "cost"}
    assert provider_declarations(None) == []


# What the portal itself measures


def test_slos_are_measured_by_day_and_teams_by_the_availability_of_what_they_own(people):
    cart, till = make_entity("cart", owner=people.team), make_entity("till", owner=people.team)
    yesterday = NOON.replace(hour=0) - DAY
    for entity, bad in ((cart, 0), (till, 12)):
        check = make_check(entity=entity)
        Slo.objects.create(entity=entity, name=f"{entity.name}-up", source_check=check, target="99")
        moments = list(every(yesterday, yesterday + 2 * HOUR))
        answer(check, moments[bad:])
        answer(check, moments[:bad], Outcome.DOWN, None)
    providers.refresh()
    assert values_of("slo-attainment", labels={"slo": "cart-up"}) == {TODAY - DAY: 1.0}
    assert values_of("slo-attainment", labels={"slo": "till-up"}) == {TODAY - DAY: 0.9}
    assert values_of("availability", subject=people.team.reference) == {TODAY - DAY: 0.95}


def test_a_service_counts_for_the_team_that_owned_it_on_the_day(people):
    cart = make_entity("cart", owner=people.team)
    Ownership.objects.filter(entity=cart).update(effective_from=TODAY - 50 * DAY, effective_to=TODAY - 2 * DAY)
    Ownership.objects.create(entity=cart, owner=people.other.reference, effective_from=TODAY - 2 * DAY)
    cost(cart, "EUR", 1, 2, 3, 60)
    deploy(cart, NOON - DAY, "new")
    deploy(cart, NOON - 3 * DAY, "old")
    providers.refresh()
    assert values_of("cost", subject=people.other.reference).keys() == {TODAY - DAY, TODAY - 2 * DAY}
    assert values_of("cost", subject=people.team.reference).keys() == {TODAY - 3 * DAY, TODAY - 60 * DAY}
    for team in (people.team, people.other):
        assert values_of("deployment-frequency", subject=team.reference)[TODAY - DAY] == pytest.approx(1 / 30)


def test_who_has_deployed_and_does_no_more_has_a_frequency_of_nothing(people):
    cart = make_entity("cart", owner=people.team)
    make_entity("till", owner=people.other)
    deploy(cart, NOON - 40 * DAY, "last")
    providers.refresh()
    for subject in (cart.reference, people.team.reference):
        found = values_of("deployment-frequency", subject=subject)
        assert (found[TODAY - 40 * DAY], found[TODAY - 11 * DAY]) == (pytest.approx(1 / 30), pytest.approx(1 / 30))
        assert (found[TODAY - 10 * DAY], found[TODAY - DAY], TODAY - 41 * DAY in found) == (0, 0, False)
    # Nothing is said of who never deployed.
    assert Metric.objects.filter(name="deployment-frequency").count() == 2


def test_delivery_is_measured_over_thirty_days_of_each_service_and_team(people):
    cart = make_entity("cart", owner=people.team)
    for n in range(1, 4):
        deploy(cart, NOON - n * DAY, f"v{n}", committed_at=NOON - n * DAY - n * HOUR)
    broken = deploy(
        cart, NOON - 2 * DAY, "broken", result="failed", recovered_at=NOON - 2 * DAY + HOUR / 2, is_unplanned=True
    )
    providers.refresh()
    for subject in (cart.reference, people.team.reference):
        newest = {
            name: values_of(name, subject=subject)[TODAY - DAY]
            for name in ("deployment-frequency", "lead-time", "change-fail-rate", "recovery-time", "rework-rate")
        }
        assert newest == {
            "deployment-frequency": pytest.approx(4 / 30), "lead-time": 2, "change-fail-rate": 25,
            "recovery-time": 0.5, "rework-rate": 25,
        }  # fmt: skip
    # Before the failure, on the day of the first deployment.
    assert values_of("change-fail-rate", subject=cart.reference)[TODAY - 3 * DAY] == 0
    # It is taken back later: the days from then on are written again.
    deploy(cart, NOON - DAY, "back", rollback_of=Deployment.objects.get(version="v3"))
    providers.refresh()
    assert values_of("change-fail-rate", subject=cart.reference)[TODAY - DAY] == 40
    assert broken.pk


def cost(entity, unit: str, *days_ago: int, value: float = 10) -> Metric:
    metric, _ = Metric.objects.get_or_create(name="cost", subject=entity.reference, kind="flow", unit=unit)
    samples.write([SampleRow(metric.pk, NOON - n * DAY, value) for n in days_ago])
    return metric


def test_a_team_costs_what_its_services_cost_and_a_day_waits_until_all_of_them_have_said(people):
    cart, till = make_entity("cart", owner=people.team), make_entity("till", owner=people.team)
    cost(cart, "EUR", 1, 2, 3)
    cost(till, "EUR", 2, 3, value=5)
    providers.refresh()
    team = {"subject": people.team.reference, "labels": {"unit": "EUR"}}
    assert values_of("cost", **team) == {TODAY - 2 * DAY: 15, TODAY - 3 * DAY: 15}
    cost(till, "EUR", 1, value=7)
    providers.refresh()
    assert values_of("cost", **team)[TODAY - DAY] == 17
    cost(make_entity("us", owner=people.team), "USD", 1)
    providers.refresh()
    assert values_of("cost", subject=people.team.reference, labels={"unit": "USD"}) == {TODAY - DAY: 10}
