"""What the pages of health say, and to whom."""

import datetime as dt
import re

import pytest
import time_machine
from django.utils import timezone

from services.health import samples
from services.health.models import (
    Check,
    CheckChange,
    CheckDay,
    CheckState,
    EntityHealth,
    Forecast,
    HealthState,
    Limit,
    Metric,
    Outcome,
    Slo,
    SloState,
)
from services.health.samples import SampleRow
from services.health.slo_evaluation import evaluate
from tests.factories import make_entity
from tests.services.health.reading import said
from tests.services.health.results import answer, every, make_check

pytestmark = pytest.mark.django_db


def health_panel(client) -> str:
    return said(client, "/services/cart/panels/servicesentity-health/", headers={"HX-Request": "true"})


def test_the_page_of_a_service_loads_its_health_by_itself(sign_in, people, cart):
    assert 'hx-get="/services/cart/panels/servicesentity-health/"' in said(sign_in(people.reader), "/services/cart/")


def test_the_health_of_a_service_says_why_and_names_its_checks_and_slos(sign_in, people, cart):
    check = make_check(entity=cart)
    CheckState.objects.filter(of=check).update(status="down", reason="answered 503, expected 200-299")
    HealthState.objects.create(entity=cart, status=EntityHealth.FAILING, reason="Front page is down: answered 503")
    Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99.5")
    page = health_panel(sign_in(people.reader))
    for text in (
        "Failing",
        "Front page is down: answered 503",
        f'href="/checks/{check.pk}/"',
        "cart-answers",
        "99.5 %",
    ):
        assert text in page, text


def test_the_health_tab_of_a_service_has_its_slos_with_budget_alert_and_link(sign_in, people, cart):
    check = make_check(entity=cart)
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99.5")
    SloState.objects.create(slo=slo, remaining=0.42, severity="page", evaluated_at=timezone.now())
    Slo.objects.create(entity=cart, name="no-more", source_check=check, target="99.5", is_active=False)
    page = said(sign_in(people.reader), "/services/cart/health/")
    for text in (f'href="/slos/{slo.pk}/"', "99.5 %", "42 %", slo.state.get_severity_display()):
        assert text in page, text
    assert "no-more" not in page


def test_a_service_without_a_check_is_offered_one_to_whoever_may_edit_it(sign_in, people, cart):
    assert "New check" in health_panel(sign_in(people.editor))
    other = health_panel(sign_in(people.reader))
    assert ("Nothing is asked of it" in other, "New check" in other) == (True, False)


def test_the_page_of_a_check_shows_its_latest_answers_in_words(sign_in, people, cart):
    check = make_check(entity=cart)
    now = timezone.now()
    answer(check, [now - dt.timedelta(minutes=2)], Outcome.UP, 31)
    answer(check, [now - dt.timedelta(minutes=1)], Outcome.DOWN, None)
    page = said(sign_in(people.reader), f"/checks/{check.pk}/")
    assert page.index("Down") < page.index("31 ms")


def states(client, check, query: str = "") -> str:
    address = f"/checks/{check.pk}/panels/healthcheck-state-over-time/{query}"
    return said(client, address, headers={"HX-Request": "true"})


def test_states_before_a_check_was_made_here_are_told_from_changes_that_came_with_it(sign_in, people, cart):
    check, now = make_check(entity=cart), timezone.now()
    for hours, before, after in ((84, "up", "down"), (42, "down", "up")):
        CheckChange.objects.create(of=check, at=now - dt.timedelta(hours=hours), before=before, after=after)
    page = states(sign_in(people.reader), check)
    assert "Up 75.00 % of the time; Down 25.00 % of the time" in page


def test_states_begin_with_the_first_answer_where_that_is_before_the_check_was_made_here(sign_in, people, cart):
    check, now = make_check(entity=cart), timezone.now()
    answer(check, [now - dt.timedelta(hours=8)])
    change = now - dt.timedelta(hours=2)
    CheckChange.objects.create(of=check, at=change, before="up", after="down")
    assert "Up 75.00 % of the time; Down 25.00 % of the time" in states(sign_in(people.reader), check)


def test_states_of_a_new_check_begin_when_it_was_made(sign_in, people, cart):
    check = make_check(entity=cart)
    made = timezone.now() - dt.timedelta(hours=4)
    Check.objects.filter(pk=check.pk).update(created_at=made)
    CheckChange.objects.create(of=check, at=made + dt.timedelta(hours=1), before="unknown", after="up")
    assert "Up 75.00 % of the time; Unknown 25.00 % of the time" in states(sign_in(people.reader), check)


def test_states_follow_what_happens_over_the_time_that_is_shown_and_charts_say_as_of_when(sign_in, people, cart):
    check, client = make_check(entity=cart), sign_in(people.reader)
    with time_machine.travel(timezone.now(), tick=False):
        now = f"{timezone.localtime():%H:%M}"
        page = said(client, f"/checks/{check.pk}/?range=30d")
        follows = f"/checks/{check.pk}/panels/healthcheck-state-over-time/?range=30d"
        assert f'data-live hx-get="{follows}"' in page
        assert f"the last 30 days, as of {now}" in page
        part = states(client, check, "?range=30d")
    assert f'data-live hx-get="{follows}"' in part
    assert "0 changes in the last 30 days" in part


def test_only_whoever_may_edit_the_service_may_ask_now_and_sees_where_a_heartbeat_pings(sign_in, people, cart):
    check, beat = make_check(entity=cart), make_check("Export", entity=cart, kind="heartbeat")
    run, ping = f'action="/checks/{check.pk}/-/run/"', f"/hooks/heartbeat/{beat.token}/"
    editor = sign_in(people.editor)
    assert run in said(editor, f"/checks/{check.pk}/")
    assert ping in said(editor, f"/checks/{beat.pk}/")
    assert f"/checks/{beat.pk}/-/run/" not in said(editor, f"/checks/{beat.pk}/")
    reader = sign_in(people.reader)
    assert run not in said(reader, f"/checks/{check.pk}/")
    assert beat.token not in said(reader, f"/checks/{beat.pk}/")


def test_the_page_of_an_slo_prints_the_formula_of_every_figure_and_when_it_alerts(sign_in, people, cart):
    check = make_check(entity=cart)
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99", window_days=30)
    now = timezone.now()
    answer(check, every(now - dt.timedelta(minutes=100), now - dt.timedelta(minutes=1)))
    answer(check, [now - dt.timedelta(seconds=30)], Outcome.DOWN, None)
    evaluate(now)
    page = said(sign_in(people.reader), f"/slos/{slo.pk}/")
    for text in (
        "99.000 %",
        "0.0 % of 432.0 minutes of outage",
        "99 good of 100",
        "good events / measured events",
        "14.4 times or more",
        "5 min",
    ):
        assert text in page, text


def test_an_slo_younger_than_its_window_says_since_when_it_is_measured(sign_in, people, cart):
    check, now = make_check(entity=cart), timezone.now()
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99", window_days=7)
    answer(check, every(now - dt.timedelta(minutes=20), now))
    evaluate(now)
    client, address = sign_in(people.reader), f"/slos/{slo.pk}/"
    page = re.sub("<[^>]+>", "", said(client, address))
    assert "100.0 % of 100.8 minutes of outage; young, measured since 20 min ago" in page
    CheckDay.objects.create(of=check, day=now.date() - dt.timedelta(days=8), good=1440)
    assert "measured since" not in said(client, address)


def test_a_rule_that_no_outage_reaches_is_said_to_be_left_out(sign_in, people, cart):
    slo = Slo.objects.create(
        entity=cart, name="cart-answers", source_check=make_check(entity=cart), target="90", window_days=30
    )
    assert "even a total outage does not burn so fast: 1 h." in said(sign_in(people.reader), f"/slos/{slo.pk}/")


def test_the_page_of_a_limit_gives_dates_with_their_chances(sign_in, people, cart):
    metric = Metric.objects.create(subject=cart.reference, name="connections")
    limit = Limit.objects.create(metric=metric, name="Connections", ceiling=600)
    Forecast.objects.create(
        of=limit, made_on=dt.date(2026, 11, 20), points=120, urgency="start_now", q10_date=dt.date(2027, 1, 23),
        q50_date=dt.date(2027, 1, 30), chances={"30": 0.02, "90": 0.98},
    )  # fmt: skip
    page = said(sign_in(people.reader), f"/limits/{limit.pk}/")
    for text in ("23 Jan 2027", "30 Jan 2027", "no date", "90 days", "98 %", "made on 20 Nov 2026 from 120 days"):
        assert text in page, text


def test_the_page_of_a_metric_gives_its_days_and_how_far_it_is_from_its_baseline(sign_in, people, cart):
    metric = Metric.objects.create(
        subject=cart.reference, name="p95", unit="ms", baseline=250, higher_is_better=False, title="p95 of checkout"
    )
    samples.write([SampleRow(metric.pk, timezone.now(), 280.5)])
    page = said(sign_in(people.reader), f"/metrics/{metric.pk}/")
    assert "12 % above the baseline of 250 ms" in page
    assert "280.5" in page


def test_a_list_of_services_can_be_asked_for_what_is_not_well(sign_in, people, cart):
    make_entity("ledger")
    HealthState.objects.create(entity=cart, status=EntityHealth.FAILING, reason="Front page is down")
    page = said(sign_in(people.reader), "/services/?health=failing")
    assert 'href="/services/cart/"' in page
    assert 'href="/services/ledger/"' not in page


def test_the_number_of_queries_of_a_service_page_does_not_grow_with_its_checks(
    sign_in, people, cart, django_assert_num_queries, django_assert_max_num_queries
):
    client = sign_in(people.reader)
    make_check("First", entity=cart)
    health_panel(client)
    with django_assert_max_num_queries(14) as few:
        health_panel(client)
    for number in range(5):
        make_check(f"Another {number}", entity=cart)
    with django_assert_num_queries(len(few)):
        health_panel(client)


def test_the_pages_of_health_say_first_how_it_is_what_it_is_of_and_who_answers_for_it(sign_in, people, cart):
    check = make_check(entity=cart, interval_s=86_400)
    CheckState.objects.filter(of=check).update(status="down", reason="answered 503, expected 200-299")
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99.5", window_days=30)
    metric = Metric.objects.create(subject=cart.reference, name="rows", unit="rows")
    limit = Limit.objects.create(metric=metric, name="Rows", ceiling=2_500_000, lead_days=20, lead_p90_days=50)
    client = sign_in(people.reader)
    for address, words in (
        (f"/checks/{check.pk}/", ("Down", "answered 503", "HTTP, every 1 d")),
        (f"/slos/{slo.pk}/", ("Not measured", "99.5 % good", "over 30 days")),
        (f"/metrics/{metric.pk}/", ("Baseline", "none")),
        (f"/limits/{limit.pk}/", ("Not calculated yet", "2,500,000 rows", "20 to 50 days", "and 14 days of margin")),
    ):
        top = said(client, address).partition('<div class="gw-head">')[2].partition('class="gw-tabs"')[0]
        for text in ('href="/services/cart/"', str(people.team), *words):
            assert text in top, (address, text)


def test_a_limit_of_which_too_little_is_known_promises_nothing(sign_in, people, cart):
    metric = Metric.objects.create(subject=cart.reference, name="rows")
    limit = Limit.objects.create(metric=metric, name="Rows", ceiling=900)
    Forecast.objects.create(of=limit, made_on=dt.date(2026, 11, 20), points=13, urgency="unknown", value=629,
                            note="There is not enough data: 13 days have a value, 21 are needed.")  # fmt: skip
    page = said(sign_in(people.reader), f"/limits/{limit.pk}/")
    assert "There is not enough data: 13 days have a value, 21 are needed." in page
    for promise in ("less than one chance in ten", "nothing has to be begun", "not likely to be reached"):
        assert promise not in page
