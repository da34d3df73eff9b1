"""Metrics: what is pushed is written once, counted by day, and compared with its baseline."""

import datetime as dt

import pytest
import time_machine

from portal.people.models import ServiceAccount
from services.health import samples
from services.health.models import Metric, MetricDay, MetricKind, MetricState, ReceivedBatch, Sample
from services.health.samples import SampleRow
from tests.factories import make_entity, make_service_account, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def make_metric(name: str = "nps", **values) -> Metric:
    return Metric.objects.create(name=name, **values)


def write(metric: Metric, *values: tuple[dt.datetime, float]) -> None:
    samples.write([SampleRow(metric.pk, at, value) for at, value in values])


# Samples and days


def test_a_moment_that_is_written_again_has_the_later_value():
    metric = make_metric()
    write(metric, (NOON, 40), (NOON, 41))
    write(metric, (NOON, 42))
    assert list(Sample.objects.values_list("value", flat=True)) == [42]


def test_the_newest_value_is_kept_whatever_order_they_come_in():
    metric = make_metric()
    write(metric, (NOON - HOUR, 10), (NOON - 3 * HOUR, 30))
    write(metric, (NOON - 2 * HOUR, 20))
    state = MetricState.objects.get(metric=metric)
    assert (state.value, state.at) == (10, NOON - HOUR)


@pytest.mark.parametrize(
    ("kind", "value"), [(MetricKind.GAUGE, 4.0), (MetricKind.FLOW, 9.0)], ids=["level: the last", "amount: the sum"]
)
def test_a_day_has_one_value(kind, value):
    metric = make_metric(kind=kind)
    write(metric, (NOON - 2 * HOUR, 5), (NOON - HOUR, 4))
    assert samples.daily([metric.pk], NOON.date(), NOON.date())[metric.pk] == [(NOON.date(), value)]


def test_a_day_of_a_ratio_is_good_over_total_and_no_mean_of_ratios():
    metric = make_metric(kind=MetricKind.RATIO)
    samples.write([SampleRow(metric.pk, NOON, 0.5, 1, 2), SampleRow(metric.pk, NOON + HOUR, 1.0, 998, 998)])
    assert samples.daily([metric.pk], NOON.date(), NOON.date())[metric.pk] == [(NOON.date(), 0.999)]


def test_a_day_begins_at_midnight_of_the_organisation(settings):
    settings.TIME_ZONE = "America/New_York"
    metric = make_metric()
    write(metric, (NOON.replace(hour=4, minute=59), 1), (NOON.replace(hour=5), 2))
    days = samples.daily([metric.pk], NOON.date() - DAY, NOON.date())[metric.pk]
    assert days == [(NOON.date() - DAY, 1.0), (NOON.date(), 2.0)]


def test_a_late_sample_changes_the_sum_of_its_day():
    metric = make_metric(kind=MetricKind.FLOW)
    write(metric, (NOON - 10 * DAY, 5))
    write(metric, (NOON - 10 * DAY + HOUR, 7))
    assert MetricDay.objects.get(metric=metric).sum == 12


def test_the_value_of_an_amount_is_the_last_day_that_is_over_and_changes_when_a_day_ends():
    metric = make_metric(kind=MetricKind.FLOW, baseline=20, higher_is_better=True)
    write(metric, (NOON - HOUR, 5))
    state = MetricState.objects.get(metric=metric)
    assert (state.value, state.at) == (5, NOON - HOUR)
    write(metric, (NOON - DAY, 10), (NOON - DAY + HOUR, 12), (NOON, 6))
    state = MetricState.objects.get(metric=metric)
    assert (state.value, state.at, state.regressed_since) == (22, NOON, None)
    with time_machine.travel(NOON + DAY, tick=False):
        samples.sum_open_days()
        state = MetricState.objects.get(metric=metric)
    assert (state.value, state.at, state.regressed_since) == (11, NOON, NOON + DAY)


def test_a_day_keeps_its_sum_when_its_samples_are_gone():
    metric = make_metric(kind=MetricKind.FLOW)
    old = (NOON - 300 * DAY).date()
    MetricDay.objects.create(metric=metric, day=old, count=9, sum=90, min=1, max=20, last=10)
    write(metric, (NOON - 300 * DAY, 1))
    assert MetricDay.objects.get(metric=metric, day=old).sum == 90


# Baselines


@pytest.mark.parametrize(
    ("higher_is_better", "value", "worse"),
    [(False, 274, False), (False, 276, True), (True, 226, False), (True, 224, True), (None, 9999, False)],
)
def test_worse_than_the_baseline_by_more_than_the_tolerance_is_a_regression(higher_is_better, value, worse):
    metric = make_metric(baseline=250, tolerance=10, higher_is_better=higher_is_better)
    write(metric, (NOON, value))
    assert (MetricState.objects.get().regressed_since == NOON) is worse


def test_a_regression_ends_when_the_value_is_well_again():
    metric = make_metric(baseline=250, higher_is_better=False)
    write(metric, (NOON - HOUR, 400))
    write(metric, (NOON, 250))
    assert MetricState.objects.get().regressed_since is None


# Pushing


@pytest.fixture
def push(api, people):
    client = api(people.service_account)

    def pushed(*given, key: str = "", expected: int = 201):
        body = {"samples": list(given), **({"key": key} if key else {})}
        response = client.post("/hooks/metrics/", body)
        assert response.status_code == expected, response.content
        return response.json()

    return pushed


def sample(**values):
    return {"metric": "nps", "subject": "group:default/checkout", "at": "2026-11-21T11:00:00Z", "value": 42, **values}


def test_a_pushed_sample_makes_its_metric_and_is_its_newest_value(push, people):
    assert push(sample(unit="points", title="Net promoter score")) == {"written": 1}
    metric = Metric.objects.get()
    assert (metric.subject, metric.name, metric.unit, str(metric)) == (
        people.team.reference, "nps", "points", "Net promoter score"
    )  # fmt: skip
    assert metric.state.value == 42


def test_what_a_push_made_is_in_its_history_as_made_by_a_machine(push, sign_in, people):
    push(sample())
    page = sign_in(people.editor).get(f"/metrics/{Metric.objects.get().pk}/history/").content.decode()
    assert "deploy-pipeline" in page
    assert "through the API" in page


def test_a_push_says_whether_a_new_metric_is_a_level_or_an_amount(push):
    push(sample(metric="revenue", kind="flow"), sample(metric="nps", kind="gauge"), sample(metric="old"))
    assert dict(Metric.objects.values_list("name", "kind")) == {"revenue": "flow", "nps": "gauge", "old": "gauge"}


def test_a_batch_that_is_sent_again_is_written_once(push):
    first = push(sample(), sample(at="2026-11-21T11:05:00Z"), key="run-1")
    again = push(sample(), sample(at="2026-11-21T11:05:00Z"), key="run-1", expected=200)
    assert again == first == {"written": 2}
    assert (Sample.objects.count(), ReceivedBatch.objects.count()) == (2, 1)


def test_a_key_with_another_body_is_refused(push):
    push(sample(), key="run-1")
    answer = push(sample(value=43), key="run-1", expected=409)
    assert answer["error"] == "This key was used for another body. Give what is new a key of its own."
    assert Sample.objects.get().value == 42


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": "many"}, "Sample 1: “value” is needed, as a number."),
        ({"kind": "sum"}, "Sample 1: “sum” is no kind for this. There are: flow, gauge."),
        ({"kind": ["flow"]}, "Sample 1: “['flow']” is no kind for this."),
        ({"good": 1, "total": 2, "kind": "flow"}, "Sample 1: “flow” is no kind for this. There are: ratio."),
        ({"value": True}, "Sample 1: “value” is needed, as a number."),
        ({"at": "2026-11-21T11:00:00"}, "Sample 1: “at”: “2026-11-21T11:00:00” is no moment with a zone"),
        ({"at": "soon"}, "Sample 1: “at”: “soon” is no moment with a zone"),
        ({"valeu": 1}, "Sample 1: “valeu” is not known."),
        ({"subject": "group:default/nobody"}, "Sample 1: there is no “group:default/nobody” here."),
        ({"subject": "group:default/payments"}, "Sample 1: this token may not speak for group:default/payments."),
        ({"subject": ""}, "Sample 1: this token may not speak for the organisation."),
        ({"metric": "two words"}, "Sample 1: name:"),
        ({"good": 5, "total": 4}, "Sample 1: “good” is from 0 up to “total”."),
        ({"good": 3, "total": 4, "value": None}, "Sample 1: the metric nps takes “value”."),
        ("text", "Sample 1: expected an object."),
        ({"good": 3, "total": 4, "value": 5}, "Sample 1: “value” does not go with “good” and “total”."),
        (
            {"unit": "percent"},
            "Sample 1: the metric nps is a plain number, not in “percent”. Send its own unit, or none",
        ),
        ({"value": 43}, "Sample 1: sample 0 has another value of the same moment. Keep one of the two."),
    ],
)
def test_a_batch_with_a_wrong_sample_is_refused_whole_and_says_which(push, wrong, said):
    bad = sample(**wrong) if isinstance(wrong, dict) else wrong
    answer = push(sample(), bad, expected=422)
    assert answer["fields"]["samples"][0].startswith(said), answer
    assert not Sample.objects.exists()
    assert not ReceivedBatch.objects.exists()


def test_what_is_no_batch_is_refused(api, people):
    client = api(people.service_account)
    for body in ({}, {"samples": []}, {"samples": {}}, [], "x"):
        assert client.post("/hooks/metrics/", body).status_code == 422
    assert client.post("/hooks/metrics/", b"{", content_type="application/json").status_code == 422


def test_what_is_said_beside_the_samples_and_not_known_there_is_refused_by_name(api, people):
    body = {"environment": "staging", "samples": [sample()]}
    answer = api(people.service_account).post("/hooks/metrics/", body)
    told = "is not known here. There are: key, samples. What is said of samples stands in each of them."
    assert (answer.status_code, answer.json()["fields"]) == (422, {"environment": [told]})
    assert not Sample.objects.exists()


def test_a_token_that_only_reads_may_not_push(api, people):
    assert api(people.service_account, "read").post("/hooks/metrics/", {"samples": [sample()]}).status_code == 403
    assert not Sample.objects.exists()


def test_without_a_token_nothing_is_taken(client, people, sign_in):
    for asker in (client, sign_in(people.administrator)):
        response = asker.post("/hooks/metrics/", {"samples": [sample()]}, content_type="application/json")
        assert response.status_code == 401


def test_a_key_is_its_senders_own(push, api, people):
    push(sample(), key="nightly")
    other = api(make_service_account(people.other, "other-pipeline"))
    body = {"samples": [sample(subject="group:default/payments", value=7)], "key": "nightly"}
    assert (other.post("/hooks/metrics/", body).status_code, Sample.objects.count()) == (201, 2)


def test_nobody_gets_the_answer_to_what_somebody_else_sent(push, api, people):
    push(sample(), key="nightly")
    other = api(make_service_account(people.other, "other-pipeline"))
    refused = other.post("/hooks/metrics/", {"samples": [sample()], "key": "nightly"})
    assert refused.status_code == 422
    assert "this token may not speak for group:default/checkout" in refused.content.decode()


def test_a_person_and_a_service_account_of_the_same_number_have_keys_of_their_own(api, people):
    ServiceAccount.objects.filter(pk=people.service_account.pk).update(id=people.administrator.pk)
    for value, sender in enumerate((ServiceAccount.objects.get(), people.administrator)):
        answer = api(sender).post("/hooks/metrics/", {"samples": [sample(value=value)], "key": "nightly"})
        assert answer.status_code == 201, sender


def test_more_new_metrics_than_are_taken_at_a_time_are_refused_whole(push, monkeypatch):
    monkeypatch.setattr("services.health.push.MOST_NEW", 2)
    push(*[sample(metric=f"new-{place}") for place in range(2)])
    refused = push(*[sample(metric=f"more-{place}") for place in range(4)], expected=422)
    told = "with “more-2” there are more than 2 new metrics. Send the rest in another part."
    assert refused["fields"]["samples"] == [f"Sample 2: {told}"]
    # Those that are there already do not count.
    push(*[sample(metric=name) for name in ("new-0", "new-1", "more-0", "more-1")])


def test_a_metric_of_a_service_is_pushed_by_the_team_that_owns_it(push, people):
    make_entity("cart", owner=people.team)
    make_entity("ledger", owner=people.other)
    push(sample(subject="component:default/cart"))
    push(sample(subject="component:default/ledger"), expected=422)


def test_the_queries_of_a_push_do_not_grow_with_its_samples(push, django_assert_max_num_queries):
    push(sample())
    for count in (10, 500):
        batch = [sample(at=f"2026-11-20T{place // 60:02}:{place % 60:02}:00Z") for place in range(count)]
        with django_assert_max_num_queries(24):
            push(*batch)
    assert Sample.objects.count() == 501


# Whom it speaks for


def test_a_person_who_owns_a_service_speaks_for_it_and_for_themselves(people, sign_in, api):
    ada = make_user("ada")
    ledger = make_entity("ledger", owner=ada.person)
    client = api(ada)
    for subject in ("component:default/ledger", "user:default/ada"):
        assert client.post("/hooks/metrics/", {"samples": [sample(subject=subject)]}).status_code == 201, subject
    reported = {"key": "ci-1", "service": "ledger", "version": "1", "environment": "production", "result": "succeeded"}
    assert client.post("/hooks/deployments/", reported).status_code == 201
    change = {
        "path": f"/api/v1/metrics/{Metric.objects.get(subject=ledger.reference).pk}/",
        "data": {"baseline": 40},
        "headers": {"If-Match": "*"},
    }
    assert client.patch(**change, format="json").status_code == 200
    assert sign_in(ada).get("/limits/-/new/").status_code == 200
    stranger = api(people.stranger)
    refused = stranger.post("/hooks/metrics/", {"samples": [sample(subject="component:default/ledger")]})
    assert (refused.status_code, stranger.patch(**change, format="json").status_code) == (422, 403)
    assert sign_in(people.stranger).get("/limits/-/new/").status_code == 403


def test_an_editor_does_not_make_a_metric_of_the_team_one_of_the_organisation(people, sign_in, api):
    metric = make_metric(subject=people.team.reference, name="nps")
    told = "You do not speak for the organisation."
    values = {
        "name": "nps",
        "subject": "",
        "kind": "gauge",
        "tolerance": "0",
        "every_s": "60",
        "version": metric.version,
    }
    page = sign_in(people.editor).post(f"/metrics/{metric.pk}/edit/", values)
    assert (page.status_code, told in page.content.decode()) == (422, True)
    change = {"path": f"/api/v1/metrics/{metric.pk}/", "data": {"subject": None}, "headers": {"If-Match": "*"}}
    refused = api(people.editor).patch(**change, format="json")
    assert (refused.status_code, told in refused.content.decode()) == (422, True), refused.content
    metric.refresh_from_db()
    assert metric.subject == people.team.reference
    assert api(people.administrator).patch(**change, format="json").status_code == 200
