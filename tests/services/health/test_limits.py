"""Limits: forecast each day from what was measured, kept, scored, and told of when there is no time to lose."""

import datetime as dt
import re

import pytest
import time_machine
from celery import current_app
from django.db import IntegrityError

from portal.actions import update_record
from portal.delivery.models import Notification
from portal.proposals import actions as proposals
from portal.proposals.models import Proposal
from services.health import actions
from services.health.models import Forecast, LimitState, MetricDay
from services.health.tasks import forecast_limit, forecast_limits
from tests import factories
from tests.services.health.limits import TODAY, keep_days, make_limit, make_metric
from tests.services.health.meanwhile import just_before

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def grows(days: int = 100, *, start: float = 100, step: float = 1) -> list[float]:
    """A weekly wave of ±2 on a steady growth."""
    wave = (0, 1, 2, 1, 0, -1, -2)
    return [start + step * at + wave[at % 7] for at in range(days)]


def test_a_growing_limit_is_forecast_with_dates_chances_and_a_fan(clock):
    make_limit(grows(), ceiling=240)
    forecast_limits.run()
    made = Forecast.objects.get()
    assert (made.made_on, made.points, made.value) == (TODAY, 100, 200)
    # 198 and one more a day: the wave's crest is at 240 after about 40 days.
    assert dt.date(2026, 12, 25) <= made.q10_date <= made.q50_date <= made.q90_date <= dt.date(2027, 1, 10)
    assert (made.chances["30"], made.chances["90"]) == (0, 1)
    assert [made.band[0]["date"], made.band[-1]["date"]] == ["2026-11-22", "2027-02-19"]


def test_the_state_beside_the_limit_says_what_lists_show(clock):
    limit = make_limit(grows(), ceiling=400)
    forecast_limits.run()
    state, made = LimitState.objects.get(), Forecast.objects.get()
    assert (state.limit, state.urgency, state.value, state.used) == (limit, "calm", 200, 0.5)
    assert state.start_by == made.q10_date - dt.timedelta(days=60 + 14)


@pytest.fixture
def worker(monkeypatch):
    """Takes at once what is sent for."""
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **options: current_app.tasks[name].run(*args))


def test_a_limit_is_forecast_when_it_is_saved_and_when_it_is_changed(clock, worker, django_capture_on_commit_callbacks):
    metric = make_metric(factories.make_entity("orders-db"))
    keep_days(metric, grows(120))
    with django_capture_on_commit_callbacks(execute=True):
        limit = actions.create_limit(by=None, values={"metric": metric, "name": "Connections", "ceiling": 1000})
        assert LimitState.objects.get().get_urgency_display() == "Not calculated yet"
    assert LimitState.objects.get().urgency == "calm"
    with django_capture_on_commit_callbacks(execute=True):
        actions.update_limit(by=None, record=limit, values={"ceiling": 100})
    assert LimitState.objects.get().urgency == "too_late"


@pytest.mark.parametrize(
    ("ceiling", "urgency"), [(190, "too_late"), (215, "too_late"), (250, "start_now"), (320, "plan"), (420, "calm")]
)
def test_the_nearer_the_ceiling_the_more_urgent(clock, ceiling, urgency):
    make_limit(grows(), ceiling=ceiling)
    forecast_limits.run()
    assert LimitState.objects.get().urgency == urgency


def test_too_few_days_are_unknown_and_say_so(clock):
    make_limit(grows(20), ceiling=240)
    forecast_limits.run()
    made = Forecast.objects.get()
    assert (made.urgency, made.points, made.q10_date, made.chances) == ("unknown", 20, None, {})
    assert made.note == "There is not enough data: 20 days have a value, 21 are needed."


def test_the_sum_of_a_day_that_is_not_over_does_not_count(clock):
    limit = make_limit([1000.0] * 60, ceiling=2000, kind="flow", last_day=TODAY - dt.timedelta(days=1))
    keep_days(limit.metric, [3.0])
    forecast_limits.run()
    assert LimitState.objects.get().value == 1000


def test_an_inactive_limit_is_left_alone(clock):
    make_limit(grows(), ceiling=240, is_active=False)
    forecast_limits.run()
    assert not Forecast.objects.exists()


def test_a_new_ceiling_makes_the_forecast_of_today_anew(clock):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    update_record(by=None, record=limit, values={"ceiling": 420})
    forecast_limits.run()
    assert [(each.urgency, each.settings["ceiling"]) for each in Forecast.objects.all()] == [("calm", 420)]


def test_one_limit_that_cannot_be_kept_does_not_keep_the_others_from_it(clock, monkeypatch):
    broken = make_limit(grows(), ceiling=240)
    make_limit(grows(), ceiling=420, name="Disk of orders-db", entity=factories.make_entity("other-db"))
    write = Forecast.objects.update_or_create

    def fail_for_one(**values):
        if values["of"] == broken:
            raise IntegrityError
        return write(**values)

    monkeypatch.setattr("services.health.limits.Forecast.objects.update_or_create", fail_for_one)
    forecast_limits.run()
    assert [each.of.name for each in Forecast.objects.all()] == ["Disk of orders-db"]


def test_start_now_makes_one_proposal_with_its_evidence(clock):
    limit = make_limit(grows(), ceiling=250, description="Move reads to a replica.", cost_per_month=300)
    forecast_limits.run()
    clock.shift(dt.timedelta(days=1))
    forecast_limits.run()
    proposal = Proposal.objects.get()
    assert (proposal.kind, proposal.state, proposal.source_key) == ("limit", "open", f"limit:{limit.pk}@250")
    told = r"Connections of orders-db: Start now, the ceiling could be reached as early as \d{1,2} [A-Z][a-z]{2} 202\d"
    assert re.fullmatch(told, proposal.title)
    assert "Move reads to a replica." in proposal.text
    assert (proposal.evidence["now"], proposal.evidence["ceiling"], proposal.price["cost per month"]) == (
        200,
        250,
        "300 EUR",
    )


def test_a_proposal_says_of_a_last_day_that_is_over_what_a_start_still_brings(clock):
    make_limit(grows(), ceiling=215)
    forecast_limits.run()
    was, still = (
        r"the last day to begin was \d{1,2} \w{3} \d{4}",
        r"The later the work begins, the longer it is over its",
    )
    assert re.search(rf"{was}\. {still} ceiling\.", Proposal.objects.get().text)


def test_a_calm_limit_proposes_nothing(clock):
    make_limit(grows(), ceiling=420)
    forecast_limits.run()
    assert not Proposal.objects.exists()


def test_what_was_declined_is_not_proposed_again_until_it_gets_worse(clock):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    administrator = factories.make_user("amara", role="administrator")
    proposals.decline(by=administrator, proposal=Proposal.objects.get(), reason="The database goes in December.")
    clock.shift(dt.timedelta(days=1))
    forecast_limits.run()
    assert [each.state for each in Proposal.objects.all()] == ["declined"]
    keep_days(limit.metric, [251.0], TODAY + dt.timedelta(days=1))
    forecast_limits.run()
    assert sorted(each.state for each in Proposal.objects.all()) == ["declined", "open"]


def test_a_limit_that_is_calm_again_withdraws_what_it_proposed_and_proposes_it_anew_when_it_is_not(clock):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    keep_days(limit.metric, grows(300, step=0), TODAY + dt.timedelta(days=300))
    clock.shift(dt.timedelta(days=300))
    forecast_limits.run()
    proposal = Proposal.objects.get()
    assert (proposal.state, proposal.decided_by) == ("withdrawn", None)
    assert "calm again" in proposal.reason
    keep_days(limit.metric, [251.0] * 3, TODAY + dt.timedelta(days=303))
    clock.shift(dt.timedelta(days=3))
    forecast_limits.run()
    assert [each.state for each in Proposal.objects.order_by("pk")] == ["withdrawn", "open"]


def test_a_ceiling_that_was_moved_and_a_limit_that_is_gone_ask_for_nothing_any_more(clock):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    actions.update_limit(by=None, record=limit, values={"ceiling": 240.0})
    forecast_limits.run()
    assert [(each.source_key.partition("@")[2], each.state) for each in Proposal.objects.order_by("pk")] == [
        ("250", "withdrawn"),
        ("240", "open"),
    ]
    limit.refresh_from_db()
    actions.delete_limit(by=None, record=limit)
    assert [each.reason for each in Proposal.objects.order_by("pk")] == [
        "The ceiling was moved.",
        "The limit was deleted.",
    ]


# Somebody changes a limit while it is forecast: the run has read it, and not yet what is known of today

_READ = 'FROM "health_forecast"'


def test_a_ceiling_that_is_moved_while_it_is_forecast_is_the_one_that_counts(clock):
    limit = make_limit(grows(), ceiling=250)

    def move_the_ceiling():
        actions.update_limit(by=None, record=limit, values={"ceiling": 240.0})
        forecast_limit.run(limit.pk)

    with just_before(_READ, move_the_ceiling):
        forecast_limits.run()
    assert [each.settings["ceiling"] for each in Forecast.objects.all()] == [240]
    assert [(each.source_key.partition("@")[2], each.state) for each in Proposal.objects.all()] == [("240", "open")]
    assert LimitState.objects.get().used == pytest.approx(200 / 240)


@pytest.mark.parametrize("end", ["switched off", "deleted"])
def test_a_limit_that_is_ended_while_it_is_forecast_asks_for_nothing(clock, end):
    limit = make_limit(grows(), ceiling=250)

    def end_it():
        if end == "deleted":
            actions.delete_limit(by=None, record=limit)
        else:
            actions.update_limit(by=None, record=limit, values={"is_active": False})

    with just_before(_READ, end_it):
        forecast_limits.run()
    assert not Proposal.objects.exists()
    assert not Forecast.objects.exists()


def test_a_limit_that_is_switched_off_and_on_proposes_its_work_anew_on_the_same_day(
    clock, worker, django_capture_on_commit_callbacks
):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    for is_active in (False, True):
        with django_capture_on_commit_callbacks(execute=True):
            limit = actions.update_limit(by=None, record=limit, values={"is_active": is_active})
    assert [each.state for each in Proposal.objects.order_by("pk")] == ["withdrawn", "open"]


def test_what_is_said_of_the_work_stands_in_its_proposal_on_the_same_day(
    clock, worker, django_capture_on_commit_callbacks
):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    with django_capture_on_commit_callbacks(execute=True):
        actions.update_limit(by=None, record=limit, values={"description": "Move reads to a replica."})
    assert Proposal.objects.get().text.endswith("Move reads to a replica.")


def test_of_a_limit_that_nobody_owns_those_are_told_who_decide(clock):
    manager = factories.make_user("pim", role="product_manager")
    factories.make_user("rob")
    make_limit(grows(), ceiling=250)
    forecast_limits.run()
    [told] = Notification.objects.all()
    assert (told.user, told.why.endswith("and you decide about proposals.")) == (manager, True)


def test_the_owning_team_is_told_once_for_each_word(clock):
    team = factories.make_team("checkout")
    factories.make_user("amara", teams=(team,))
    entity = factories.make_entity("orders-db", kind="resource", type="database", owner=team)
    limit = make_limit(grows(), ceiling=250, entity=entity)
    for _ in range(3):
        forecast_limits.run()
        clock.shift(dt.timedelta(days=1))
    told = Notification.objects.get()
    assert (told.kind, told.why) == ("limit", "You are in Checkout, which owns orders-db.")
    keep_days(limit.metric, [251.0], TODAY + dt.timedelta(days=3))
    forecast_limits.run()
    assert [each.title for each in Notification.objects.order_by("pk")][
        1
    ] == "Connections of orders-db is at its ceiling"


def test_forecasts_are_scored_by_what_came(clock):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    clock.shift(dt.timedelta(days=11))
    keep_days(limit.metric, grows(111)[100:], TODAY + dt.timedelta(days=11))
    forecast_limits.run()
    first = Forecast.objects.earliest("made_on")
    # Today is not over, so ten of the eleven days count.
    assert (first.scored_days, first.scored_on) == (10, TODAY + dt.timedelta(days=11))
    assert 0 < first.covered <= 1
    assert 0 < first.pinball < 1
    assert first.crossed_on is None


def test_a_forecast_that_was_wrong_scores_worse_and_knows_when_the_ceiling_was_reached(clock):
    limit = make_limit(grows(), ceiling=250)
    forecast_limits.run()
    clock.shift(dt.timedelta(days=11))
    keep_days(limit.metric, [300.0] * 11, TODAY + dt.timedelta(days=11))
    forecast_limits.run()
    first = Forecast.objects.earliest("made_on")
    assert (first.covered, first.crossed_on) == (0, TODAY + dt.timedelta(days=1))
    assert first.pinball > 10


def test_the_values_of_a_metric_are_read_in_the_same_number_of_queries(clock, django_assert_max_num_queries):
    for number in range(4):
        entity = factories.make_entity(f"db-{number}")
        make_limit(grows(), ceiling=420, name=f"Limit {number}", entity=entity)
    forecast_limits.run()
    # Limits, metrics, days, up to where they are summed, open days; and one for each limit: what is known of today.
    with django_assert_max_num_queries(5 + 4):
        forecast_limits.run()
    assert MetricDay.objects.count() == 400
