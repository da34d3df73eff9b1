"""What the pages of health say in words: of jobs that ping, of what a check expects, of units, of a limit that was
changed, and where there is nothing to show."""

import datetime as dt
import html

import pytest

from portal.search import index
from services.health import actions, samples
from services.health.models import (
    CheckState,
    Deployment,
    Forecast,
    Limit,
    LimitState,
    MaintenanceWindow,
    Metric,
    MetricState,
    Outcome,
    Slo,
    SloAlert,
)
from services.health.results import Answer, record
from services.health.samples import SampleRow
from services.health.saying import in_unit, number, percent
from services.health.slo_evaluation import evaluate
from tests.services.health.reading import in_words
from tests.services.health.results import answer, every, make_check

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


# Jobs that ping


@pytest.fixture
def stopped(cart):
    """A job that pinged each hour for a day, and has been silent since yesterday noon: 24 pings came, 24 did not."""
    beat = make_check("Export", entity=cart, kind="heartbeat", interval_s=3600)
    answer(beat, every(NOON - 2 * DAY, NOON - DAY, 3600), Outcome.UP, None)
    answer(beat, every(NOON - DAY, NOON, 3600), Outcome.LATE, None)
    CheckState.objects.filter(of=beat).update(status="late", last_at=NOON - DAY - HOUR, reason="24 pings missed")
    return beat


def test_a_job_that_stopped_has_pings_that_did_not_come_and_is_not_said_to_be_good(sign_in, people, stopped):
    page = in_words(sign_in(people.reader), f"/checks/{stopped.pk}/")
    assert "50 % of the pings came" in page
    assert "20 Nov: without a ping, 12 pings did not come" in page
    assert "19 Nov: healthy, 12 pings came, 12 pings did not come" in page
    assert "Pings that came 50.0 % 24 of 48" in page
    assert "Did not come 24 missing, not down; 0 in maintenance" in page
    assert "24 of 48 pings of the last 7 days came." in page
    for wrong in ("of the answers were good", "not asked in time", "asked late", "A day is down from"):
        assert wrong not in page, wrong


def test_a_service_tells_its_missed_pings_from_questions_that_nobody_asked(sign_in, people, cart, stopped):
    front = make_check("Front page", entity=cart)
    answer(front, every(NOON - 2 * HOUR, NOON - HOUR, 600))
    answer(front, every(NOON - HOUR, NOON, 600), Outcome.LATE, None)
    page = in_words(sign_in(people.reader), "/services/cart/health/")
    assert "20 Nov: healthy, 6 good answers, 6 not asked in time, 12 pings did not come" in page
    assert "100 % of the answers were good; 50 % were measured" in page
    assert "50 % of the pings" in page


def test_a_promise_on_a_job_that_stopped_is_not_said_to_be_kept(sign_in, people, cart, stopped):
    slo = Slo.objects.create(entity=cart, name="export-runs", source_check=stopped, target="99")
    evaluate(NOON)
    page = in_words(sign_in(people.reader), f"/slos/{slo.pk}/").partition("Owner")[0]
    assert "Not measured since 19 Nov 2026" in page
    assert "Kept" not in page


def test_a_promise_on_a_check_that_was_switched_off_says_since_when_it_is_not_measured(sign_in, people, cart):
    check = actions.create_check(
        by=None, values={"entity": cart, "name": "Page", "address": "https://shop.example.com/"}
    )
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=check, target="99")
    record([Answer(check.pk, at, at, Outcome.UP) for at in every(NOON - 4 * HOUR, NOON - 3 * HOUR)])
    actions.update_check(by=None, record=check, values={"is_active": False})
    evaluate(NOON)
    assert "Not measured since 12:00" in in_words(sign_in(people.reader), f"/slos/{slo.pk}/")


def test_a_promise_on_a_metric_that_stopped_coming_is_not_said_to_be_kept(sign_in, people, cart):
    metric = Metric.objects.create(subject=cart.reference, name="orders-good", kind="ratio")
    samples.write([SampleRow(metric.pk, NOON - 9 * DAY, 0.99, 99, 100)])
    slo = Slo.objects.create(entity=cart, name="orders", kind="ratio", metric=metric, target="95")
    evaluate(NOON)
    assert "Not measured since 11 Nov 2026" in in_words(sign_in(people.reader), f"/slos/{slo.pk}/")


# What is expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"expected_status": "200,401", "expected_text": "Welcome", "max_latency_ms": 800, "certificate_days": 14},
            (
                "Asked by a GET request every 1 min",
                "Good it answers 200,401, with the text “Welcome”, within 10 s",
                "Degraded when an answer takes 800 ms or longer or the certificate ends in fewer than 14 days",
                "Changes when 2 of the last 3 answers say so",
            ),
        ),
        (
            {"kind": "tcp", "timeout_ms": 2500, "failures_needed": 1, "of_last": 1},
            (
                "Good it takes a connection within 2,500 ms",
                "Degraded never: no time is set from which it is slow",
                "Changes when the last answer say",
            ),
        ),
        (
            {"kind": "heartbeat", "interval_s": 86_400, "grace_s": 1800},
            (
                "Ping every 1 d",
                "Late when a ping is overdue by more than 30 min; a missing ping is not down",
                "Before the first nothing is late",
            ),
        ),
    ],
)
def test_the_page_of_a_check_says_what_counts_as_good_and_what_does_not(sign_in, people, cart, values, words):
    check = make_check(entity=cart, **values)
    page = in_words(sign_in(people.reader), f"/checks/{check.pk}/").partition("What it expects")[2]
    for text in words:
        assert text in page, text


def test_an_slo_says_by_what_it_is_measured_and_up_to_when_an_answer_is_good(sign_in, people, cart):
    check = make_check(entity=cart)
    slo = Slo.objects.create(
        entity=cart, name="cart-fast", kind="latency", source_check=check, threshold_ms=300, target="99.5"
    )
    evaluate(NOON)
    client = sign_in(people.reader)
    assert "over 28 days, measured by Front page , good up to 300 ms" in in_words(client, f"/slos/{slo.pk}/")
    assert f'<a href="/checks/{check.pk}/">Front page</a>' in client.get(f"/slos/{slo.pk}/").content.decode()
    assert "minutes of outage" not in in_words(client, f"/slos/{slo.pk}/")


# Nothing to show


def test_latest_answers_say_why_there_are_none(sign_in, people, cart):
    off, beat, weekly, new = (
        make_check(name, entity=cart, kind=kind)
        for name, kind in (("Off", "http"), ("Never", "heartbeat"), ("Weekly", "heartbeat"), ("New", "http"))
    )
    CheckState.objects.filter(of=off).delete()
    CheckState.objects.filter(of=weekly).update(last_at=NOON - 5 * DAY)
    client = sign_in(people.reader)
    for check, words in (
        (off, "It is switched off: nothing is asked, and answers are kept for two days."),
        (beat, "No ping has come yet. Until the first one does, none is missed."),
        (weekly, "Its last ping came 5 days ago . Answers are kept for two days"),
        (new, "Nothing has come yet. A new check is asked within seconds, if a worker runs."),
    ):
        assert words in in_words(client, f"/checks/{check.pk}/"), check


def test_whoever_may_is_offered_a_first_limit_and_a_first_slo(sign_in, people, cart):
    make_check(entity=cart)
    health = "/services/cart/panels/servicesentity-health/"
    for person, offered in ((people.editor, True), (people.reader, False)):
        client = sign_in(person)
        panel = client.get(health, headers={"HX-Request": "true"}).content.decode()
        assert "It promises nothing yet." in panel
        assert ('href="/slos/-/new/"' in panel) is offered
        tab = client.get("/services/cart/health/").content.decode()
        assert "No limit of it is watched" in tab
        assert ('href="/limits/-/new/"' in tab) is offered


def test_the_alerts_of_an_slo_lead_to_all_of_them(sign_in, people, cart):
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=make_check(entity=cart))
    SloAlert.objects.create(
        slo=slo, severity="page", text="2 % went", long_minutes=60, factor=14.4, burn=20, started_at=NOON, ended_at=NOON
    )
    client = sign_in(people.reader)
    assert 'href="/slo-alerts/?slo=cart-answers"' in client.get(f"/slos/{slo.pk}/").content.decode()
    assert "2 % went" in in_words(client, "/slo-alerts/?slo=cart-answers")
    assert "2 % went" not in in_words(client, "/slo-alerts/?slo=another")


# Units


def test_values_stand_in_their_unit_in_lists_and_facts_and_without_it_in_files(sign_in, people, cart):
    ratio = Metric.objects.create(subject=cart.reference, name="orders-good", kind="ratio", baseline=0.95)
    MetricState.objects.create(metric=ratio, value=0.98, at=NOON)
    rows = Metric.objects.create(subject=cart.reference, name="rows", unit="rows")
    limit = Limit.objects.create(metric=rows, name="Rows", ceiling=2_500_000)
    LimitState.objects.create(limit=limit, value=48_200)
    slo = Slo.objects.create(entity=cart, name="cart-answers", source_check=make_check(entity=cart), target="99.9")
    client = sign_in(people.reader)
    facts = in_words(client, f"/metrics/{ratio.pk}/").partition("Facts")[2]
    assert "Now 98 %" in facts
    assert "Baseline 95 %" in facts
    assert "Unit" not in facts.partition("Problem")[0]
    assert "orders-good" in in_words(client, "/metrics/")
    assert "98 %" in in_words(client, "/metrics/")
    facts = in_words(client, f"/limits/{limit.pk}/").partition("Facts")[2]
    assert "Ceiling 2,500,000 rows" in facts
    assert "Now 48,200 rows" in facts
    assert "Target 99.9 %" in in_words(client, f"/slos/{slo.pk}/").partition("Facts")[2]
    assert "0.98,0.95" in b"".join(client.get("/metrics/?format=csv&columns=value,baseline")).decode()


def test_search_names_a_metric_with_its_value_in_its_unit(sign_in, people, cart):
    ratio = Metric.objects.create(subject=cart.reference, name="orders-good", kind="ratio")
    MetricState.objects.create(metric=ratio, value=0.98, at=NOON)
    index.refresh(Metric, [ratio.pk])
    assert "orders-good Of cart Now 98 %" in in_words(sign_in(people.reader), "/search/?q=orders-good")


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (0.004, "less than 1 %"), (0.98, "98 %"), (0.998, "more than 99 %"), (1, "100 %"), (14.4, "1,440 %")],
)
def test_a_small_chance_is_not_said_to_be_none(share, words):
    assert percent(share).replace("\u00a0", " ") == words


# Limits


def _forecast(limit: Limit, **values) -> Forecast:
    names = ("ceiling", "lead_days", "lead_p90_days", "margin_days", "metric_id")
    settings = {name: getattr(limit, name) for name in names}
    values = {"points": 1, "urgency": "calm", "q10_date": dt.date(2027, 6, 1), "value": 250.0, **values}
    return Forecast.objects.create(of=limit, made_on=dt.date(2026, 11, 5), settings=settings, **values)


def test_the_dates_of_a_limit_stand_beside_the_ceiling_they_were_made_for(sign_in, people, cart):
    metric = Metric.objects.create(subject=cart.reference, name="connections")
    limit = Limit.objects.create(metric=metric, name="Connections", ceiling=500, lead_days=1, lead_p90_days=1)
    _forecast(limit, chances={"30": 0.004})
    client = sign_in(people.reader)
    before = in_words(client, f"/limits/{limit.pk}/")
    assert "The limit was changed since" not in before
    assert "made on 5 Nov 2026 from 1 day" in before
    assert "less than 1 %" in before
    assert "The work takes 1 day" in before
    Limit.objects.filter(pk=limit.pk).update(ceiling=1000)
    after = in_words(client, f"/limits/{limit.pk}/")
    assert "It was made for a ceiling of 500, 1 to 1 day of work and 14 days of margin." in after
    assert "250 of 500" in after
    assert "made anew as soon as a worker has time" in after


def test_a_forecast_of_another_metric_is_not_shown_for_a_limit(sign_in, people, cart):
    first, second = (Metric.objects.create(subject=cart.reference, name=name) for name in ("rows", "bytes"))
    limit = Limit.objects.create(metric=first, name="Space", ceiling=500)
    _forecast(limit)
    Limit.objects.filter(pk=limit.pk).update(metric=second)
    assert "No forecast has been made yet." in in_words(sign_in(people.reader), f"/limits/{limit.pk}/")


# Deployments


def _deploy(entity, hours_ago: float, version: str, **values) -> Deployment:
    at = NOON - hours_ago * HOUR
    return Deployment.objects.create(
        subject=entity.reference, version=version, key=f"ci-{version}", finished_at=at, **values
    )


def test_a_deployment_that_was_taken_back_says_so_wherever_it_stands(sign_in, people, cart):
    broken = _deploy(cart, 5, "2.0", started_at=NOON - 5.2 * HOUR, url="https://ci.example.com/runs/7")
    back = _deploy(cart, 4, "1.9", rollback_of=broken, result="failed")
    client = sign_in(people.reader)
    page = in_words(client, f"/deployments/{broken.pk}/").partition("In the same place")[0]
    assert "Taken back" in page
    assert "took 12 min" in page
    assert "Recovered not yet taken back by 1.9" in page
    assert "Succeeded" not in page
    assert 'href="https://ci.example.com/runs/7"' in client.get(f"/deployments/{broken.pk}/").content.decode()
    page = in_words(client, f"/deployments/{back.pk}/").partition("In the same place")[0]
    assert "Takes back 2.0 Recovered not yet" in page
    rows = in_words(client, "/deployments/?outcome=taken_back")
    assert "2.0" in rows
    assert "1.9" not in rows.partition("2.0")[2].partition("Groundwork")[0]


def test_the_address_of_a_pipeline_is_a_link_only_where_a_browser_may_follow_it(sign_in, people, cart):
    odd = _deploy(cart, 5, "2.0", url="javascript:alert(1)")
    assert 'href="javascript' not in sign_in(people.reader).get(f"/deployments/{odd.pk}/").content.decode()


# Times


def test_maintenance_says_in_which_zone_it_is(sign_in, people, cart):
    people.reader.time_zone = "Europe/Berlin"
    people.reader.save()
    MaintenanceWindow.objects.create(
        entity=cart, reason="Move", starts_at=NOON + DAY, ends_at=NOON + DAY + HOUR, zone="UTC"
    )
    assert "Sat 21 Nov 2026, 13:00 to 14:00 CET" in in_words(sign_in(people.reader), "/services/cart/health/")


# Asking at once


def test_a_question_that_failed_is_told_as_a_failure_and_a_refusal_leads_back(sign_in, people, cart, settings):
    settings.PROBE_ALLOW = ["127.0.0.0/8"]
    check = make_check(entity=cart)
    client = sign_in(people.editor)
    [message] = client.post(f"/checks/{check.pk}/-/run/", follow=True).context["messages"]
    assert "error" in message.level_tag
    beat = make_check("Export", entity=cart, kind="heartbeat")
    response = client.post(f"/checks/{beat.pk}/-/run/")
    assert response.status_code == 422
    page = response.content.decode()
    assert f'<a class="btn" href="/checks/{beat.pk}/">' in page
    assert [each["url"] for each in response.context["crumbs"]] == ["", "/checks/", f"/checks/{beat.pk}/"]


def test_a_form_that_cannot_be_tried_says_which_field_is_wrong(sign_in, people, cart):
    client = sign_in(people.editor)
    response = client.post(
        "/checks/-/test/", {"kind": "http", "address": "https://shop.example.com/", "timeout_ms": "soon"}
    )
    assert response.status_code == 422
    assert "Time-out: This is no whole number." in html.unescape(response.content.decode())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (48_200.4, "48,200"), (2115.2, "2,115"), (999.7, "1,000"), (313.1, "313"), (99.96, "99.96"), (7.566, "7.57"),
        (0.01234, "0.0123"), (0, "0"), (-250.9, "-251"), (1900, "1,900"),
    ],
)  # fmt: skip
def test_a_number_has_no_more_digits_than_say_something(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.1667, "10 min"), (0.5, "30 min"), (1, "1 h"), (26.5, "26.5 h"), (0, "0 h")]
)
def test_parts_of_an_hour_are_said_in_minutes(value, text):
    assert in_unit(value, "h", "gauge").replace("\u00a0", " ") == text
