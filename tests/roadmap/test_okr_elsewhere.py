"""Key results beyond their own pages: the metrics that plans are made by, My work, the pages of limits and metrics."""

import datetime as dt

import pytest
import time_machine

from portal.actions import update_record
from portal.home import home_context
from roadmap.models import KeyResult
from roadmap.okr import actions
from roadmap.okr.derived import measure_limits, measure_owners
from services.health import providers
from services.health.models import Forecast, Limit, Metric, Urgency
from services.models import Entity, Ownership
from tests import factories
from tests.roadmap.core_makers import make_cycle
from tests.roadmap.okr_makers import make_key_result, make_objective
from tests.services.health.limits import make_limit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_november")]

NOW = dt.datetime(2026, 11, 22, 12, 30, tzinfo=dt.UTC)
TODAY = NOW.date()
DAYS = [TODAY - dt.timedelta(days=back) for back in (4, 3, 2, 1)]


@pytest.fixture
def in_november():
    with time_machine.travel(NOW, tick=False):
        yield


# The metrics that plans are made by


def foretell(limit: Limit, day: dt.date, urgency: Urgency) -> None:
    Forecast.objects.create(of=limit, made_on=day, points=30, urgency=urgency)


def limit_of(name: str, **values) -> Limit:
    database = factories.make_entity(name, kind="resource")
    return make_limit([1, 2], ceiling=9, entity=database, name=f"Connections of {name}", **values)


def figures(measured) -> dict[dt.date, float]:
    return {each.day: each.value for each in measured}


def test_limits_that_want_a_start_now_are_counted_by_their_newest_forecast_of_each_day():
    orders, ledger, off = limit_of("orders-db"), limit_of("ledger-db"), limit_of("old-db", is_active=False)
    foretell(off, DAYS[0], Urgency.TOO_LATE)
    assert figures(measure_limits(DAYS)) == {}
    foretell(orders, DAYS[1], Urgency.CALM)
    foretell(ledger, DAYS[2], Urgency.TOO_LATE)
    foretell(orders, DAYS[3], Urgency.START_NOW)
    # No forecast at all; one that is calm; that and one too late; both urgent.
    assert figures(measure_limits(DAYS)) == {DAYS[1]: 0, DAYS[2]: 1, DAYS[3]: 2}
    # What was said before the first day that is asked about still counts.
    assert figures(measure_limits(DAYS[3:])) == {DAYS[3]: 2}


def test_services_without_an_owner_are_counted_as_they_were_on_each_day(people):
    cart = factories.make_entity("cart", owner=people.team)
    Entity.objects.update(created_at=NOW - dt.timedelta(days=30))
    Ownership.objects.filter(entity=cart).update(effective_from=DAYS[1], effective_to=DAYS[3])
    shop = factories.make_entity("shop")
    Entity.objects.filter(pk=shop.pk).update(created_at=NOW - dt.timedelta(days=2))
    factories.make_entity("orders-db", kind="resource")
    # The cart is owned before the day on which that was first said, and until the last day; the shop came in between.
    assert figures(measure_owners(DAYS)) == {DAYS[0]: 0, DAYS[1]: 0, DAYS[2]: 1, DAYS[3]: 2}


def test_both_are_metrics_that_a_key_result_can_be_bound_to(people):
    foretell(limit_of("orders-db"), DAYS[0], Urgency.START_NOW)
    factories.make_entity("shop")
    Entity.objects.update(created_at=NOW - dt.timedelta(days=30))
    providers.refresh()
    found = {each.name: each.state.value for each in Metric.objects.filter(name__in=_NAMES).select_related("state")}
    assert found == {"limits-start-now": 1, "services-without-owner": 1}


_NAMES = ("limits-start-now", "services-without-owner")


# My work


def asked(rf, user) -> list[tuple[str, str]]:
    request = rf.get("/")
    request.user = type(user).objects.get(pk=user.pk)
    waiting = home_context(request)["waiting"]
    return [(each.title, each.note) for each in waiting if "how sure you are" in each.note]


def test_a_key_result_of_a_team_waits_there_once_nobody_said_anything_for_a_fortnight(people, rf):
    running = make_cycle("2026 Q4", dt.date(2026, 10, 1), 92)
    mine = make_objective("Fast checkout", cycle=running, owner=people.team.reference)
    silent = make_key_result("Silent", objective=mine)
    make_key_result("New", objective=mine)
    make_key_result("Of others", objective=make_objective("Theirs", cycle=running, owner=people.other.reference))
    make_key_result("Of the company", objective=make_objective("All", cycle=running))
    over = make_cycle("2026 Q3", dt.date(2026, 7, 1), 92)
    make_key_result("Over", objective=make_objective("Then", cycle=over, owner=people.team.reference))
    KeyResult.objects.exclude(title="New").update(created_at=NOW - dt.timedelta(days=15))
    note = f"{people.team.reference} owns it: say how it goes, and how sure you are"
    assert asked(rf, people.editor) == [("Silent", note)]
    assert [title for title, _ in asked(rf, people.reader)] == ["Of others"]
    assert asked(rf, people.product_manager) == []
    actions.check_in(by=people.editor, key_result=silent, confidence=0.7, text="It goes on")
    assert asked(rf, people.editor) == []
    with time_machine.travel(NOW + dt.timedelta(days=13), tick=False):
        assert [title for title, _ in asked(rf, people.editor)] == []
    with time_machine.travel(NOW + dt.timedelta(days=15), tick=False):
        assert [title for title, _ in asked(rf, people.editor)] == ["Silent", "New"]


# Pages of limits and metrics


@pytest.mark.parametrize("place", ["limits", "metrics"])
def test_limits_and_metrics_show_what_is_promised_of_them_and_begin_a_key_result(sign_in, people, place):
    limit = limit_of("orders-db")
    record = limit if place == "limits" else limit.metric
    panel = "healthlimit-key-results-on-its-metric" if place == "limits" else "healthmetric-key-results-on-it"
    address = f"/{place}/{record.pk}/panels/{panel}/"
    assert "Nobody has promised anything of this metric yet." in sign_in(people.stranger).get(address).content.decode()
    make_key_result("Fewer connections", metric=limit.metric, way="stay_below", baseline=None, target=5.0)
    make_key_result("Of another metric")
    page = sign_in(people.stranger).get(address).content.decode()
    assert "Fewer connections" in page
    assert "Of another metric" not in page
    assert "New key result" not in page
    client = sign_in(people.product_manager)
    begun = client.get(address).content.decode().partition('href="/key-results/-/new/')[2].partition('"')[0]
    assert begun == "?metric=orders-db%3A+connections"
    assert 'value="orders-db: connections"' in client.get(f"/key-results/-/new/{begun}").content.decode()


# Closing what somebody else changed meanwhile


def test_a_cycle_that_somebody_changed_meanwhile_is_closed_after_a_second_look(sign_in, people):
    cycle = make_cycle("2026 Q3", dt.date(2026, 7, 1), 92)
    client, address = sign_in(people.product_manager), f"/cycles/{cycle.pk}/-/close/"
    read = cycle.version
    update_record(by=people.administrator, record=cycle, values={"ends_on": dt.date(2026, 9, 25)})
    stale = client.post(address, {"version": read})
    assert (stale.status_code, "changed it in the meantime" in stale.content.decode()) == (409, True)
    cycle.refresh_from_db()
    assert cycle.closed_at is None
    assert f'name="version" value="{cycle.version}"' in stale.content.decode()
    assert client.post(address, {"version": cycle.version}).status_code == 302
    cycle.refresh_from_db()
    assert cycle.closed_at == NOW
