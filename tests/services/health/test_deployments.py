"""Deployments are reported once, say what restored what, and add up to the five metrics of delivery."""

import datetime as dt

import pytest
from django.apps import apps

from services.health import dora
from services.health.models import Deployment
from tests.factories import make_entity, make_service_account

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
END = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


@pytest.fixture
def report(api, people, cart):
    client = api(people.service_account)

    def reported(key: str, expected: int = 201, **values):
        body = {"key": key, "service": "cart", "version": "1.0", "finished_at": "2026-11-20T12:00:00Z", **values}
        response = client.post("/hooks/deployments/", body)
        assert response.status_code == expected, response.content
        return response.json()

    return reported


def test_a_deployment_is_noted_with_what_was_said_of_it(report, people, cart):
    report("ci-1", version="2.14.0", automatic=False, unplanned=True, started_at="2026-11-20T11:50:00Z")
    made = Deployment.objects.get()
    assert (made.subject, made.version, made.environment) == (cart.reference, "2.14.0", "production")
    assert (made.is_automatic, made.is_unplanned, made.result) == (False, True, "succeeded")
    assert made.reported_by == "deploy-pipeline"


def test_a_report_that_comes_again_is_the_same_deployment(report):
    assert report("ci-1") == report("ci-1", expected=200)
    assert Deployment.objects.count() == 1


def test_two_teams_number_their_deployments_each_for_itself(report, api, people):
    report("1")
    ledger = make_entity("ledger", owner=people.other)
    other = api(make_service_account(people.other, "other-pipeline"))
    body = {"key": "1", "service": "ledger", "version": "7", "finished_at": "2026-11-20T12:00:00Z"}
    assert other.post("/hooks/deployments/", body).json()["version"] == "7"
    assert Deployment.objects.get(subject=ledger.reference).key == "1"
    # What it takes back is one of its own.
    report("2", rollback_of="1")
    back = Deployment.objects.get(key="2").rollback_of
    assert (back.subject, back.version) == (Deployment.objects.get(key="2").subject, "1.0")


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"service": "nobody"}, "service", "The catalog knows no service “nobody”."),
        ({"service": 7}, "service", "Name the service, such as checkout-api."),
        ({"result": "maybe"}, "result", "“maybe” is no result. There are: succeeded and failed."),
        ({"version": ""}, "version", "This field cannot be blank."),
        ({"finished_at": "today"}, "finished_at", "“today” is no moment with a zone, such as 2026-11-21T12:00:00Z."),
        ({"started_at": "2026-11-20T13:00:00Z"}, "started_at", "It started after it was finished."),
        ({"committed_at": "2026-11-20T13:00:00Z"}, "committed_at", "It was committed after it was deployed."),
        ({"rollback_of": "ci-0"}, "rollback_of", "There is no deployment of cart with the key “ci-0”."),
        ({"automatic": "yes"}, "automatic", "Expected true or false."),
        ({"colour": "red"}, "colour", "is not known."),
        ({"url": "javascript:alert(1)"}, "url", "This is no complete web address."),
    ],
)
def test_what_does_not_fit_is_refused_with_its_name(report, values, field, said):
    answer = report("ci-1", expected=422, **values)
    assert answer["fields"][field][0].startswith(said)
    assert not Deployment.objects.exists()


def test_a_service_of_another_team_is_not_this_tokens_to_report(report, people):
    make_entity("ledger", owner=people.other)
    assert "neither its holder nor its team owns it" in report("ci-1", expected=403, service="ledger")["error"]


def test_the_next_success_restores_what_failed(report):
    report("ci-1", result="failed", finished_at="2026-11-20T12:00:00Z")
    report("ci-2", result="failed", finished_at="2026-11-20T12:10:00Z")
    report("ci-3", finished_at="2026-11-20T12:30:00Z")
    restored = Deployment.objects.filter(result="failed").values_list("recovered_at", flat=True)
    assert set(restored) == {dt.datetime(2026, 11, 20, 12, 30, tzinfo=dt.UTC)}


def test_a_rollback_restores_what_it_takes_back_and_makes_it_a_failure(report, cart):
    report("ci-1", finished_at="2026-11-20T12:00:00Z")
    report("ci-2", finished_at="2026-11-20T12:20:00Z", rollback_of="ci-1", unplanned=True)
    found = dora.delivery([cart.reference_id], START, END)
    assert (found.failed.part, found.failed.n) == (1, 2)
    assert found.recovery_time.seconds == (20 * 60,)


@pytest.mark.parametrize("order", ["123", "132", "213", "231", "312", "321"])
def test_recovery_is_from_a_failure_to_the_next_success_in_whatever_order_they_are_reported(report, cart, order):
    said = {"1": (0, "failed"), "2": (10, "succeeded"), "3": (50, "succeeded")}
    for number in order:
        minute, result = said[number]
        report(f"ci-{number}", result=result, finished_at=f"2026-11-20T12:{minute:02}:00Z")
    assert dora.delivery([cart.reference_id], START, END).recovery_time.seconds == (10 * 60,)


@pytest.mark.parametrize("order", ["23", "32"])
def test_a_rollback_that_failed_leaves_it_broken_until_the_next_success(report, cart, order):
    report("ci-1", finished_at="2026-11-20T12:00:00Z")
    report("between", finished_at="2026-11-20T12:10:00Z")
    said = {
        "2": {"result": "failed", "rollback_of": "ci-1", "finished_at": "2026-11-20T12:20:00Z"},
        "3": {"finished_at": "2026-11-20T12:30:00Z"},
    }
    for number in order:
        report(f"ci-{number}", **said[number])
    assert dora.delivery([cart.reference_id], START, END).recovery_time.seconds == (10 * 60, 30 * 60)


def test_the_five_metrics_of_twenty_days(report, cart):
    for day in range(1, 11):
        report(
            f"ci-{day}",
            committed_at=f"2026-11-{day:02}T10:00:00Z",
            finished_at=f"2026-11-{day:02}T{10 + day:02}:00:00Z",
            result="failed" if day in {3, 7} else "succeeded",
            unplanned=day == 4,
        )
    found = dora.delivery([cart.reference_id], START, END)
    assert (found.deployments, found.per_day) == (10, 0.5)
    assert (found.failed.part, found.failed.n, found.failed.value) == (2, 10, 0.2)
    assert (found.rework.part, found.rework.value) == (1, 0.1)
    assert [seconds / 3600 for seconds in found.lead_time.seconds] == [1, 2, 4, 5, 6, 8, 9, 10]
    assert (found.lead_time.median, found.lead_time.p90) == (5.5 * 3600, 10 * 3600)
    assert [seconds / 3600 for seconds in found.recovery_time.seconds] == [25, 25]


def test_another_environment_does_not_count(report, cart):
    report("ci-1", environment="staging")
    assert dora.delivery([cart.reference_id], START, END).deployments == 0


def test_without_deployments_there_are_no_shares(cart):
    found = dora.delivery([cart.reference_id], START, END)
    assert (found.per_day, found.failed.value, found.lead_time.median, found.recovery_time.p90) == (0, None, None, None)


# What was reported wrongly


def _recovered(key: str) -> dt.datetime | None:
    return Deployment.objects.get(key=key).recovered_at


def _noon(day: int) -> dt.datetime:
    return dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC)


def test_an_administrator_deletes_a_deployment_from_its_page_and_its_history_stays(report, sign_in, people):
    pk = report("ci-1", version="6.6.6")["deployment"]
    client = sign_in(people.administrator)
    assert f'href="/deployments/{pk}/delete/"' in client.get(f"/deployments/{pk}/").content.decode()
    answer = client.post(f"/deployments/{pk}/delete/", follow=True)
    assert "Deleted cart 6.6.6." in answer.content.decode()
    assert not Deployment.objects.exists()
    last = apps.get_model("health", "DeploymentEvent").objects.order_by("-pgh_id").first()
    assert (last.pgh_label, last.version, last.pgh_obj_id) == ("delete", "6.6.6", pk)


def test_whoever_is_no_administrator_is_neither_offered_nor_allowed_to_delete_a_deployment(
    report, sign_in, api, people
):
    pk = report("ci-1")["deployment"]
    client = sign_in(people.editor)
    assert "/delete/" not in client.get(f"/deployments/{pk}/").content.decode()
    assert client.post(f"/deployments/{pk}/delete/").status_code == 403
    assert api(people.service_account).delete(f"/api/v1/deployments/{pk}/").status_code == 403
    assert Deployment.objects.count() == 1


def test_a_program_of_an_administrator_deletes_a_deployment_and_can_report_it_anew(report, api, people):
    pk = report("ci-1", version="1.0")["deployment"]
    assert api(people.administrator).delete(f"/api/v1/deployments/{pk}/").status_code == 204
    report("ci-1", version="1.1")
    assert Deployment.objects.get().version == "1.1"


def test_what_a_deleted_deployment_restored_is_restored_by_the_next_success(report, api, people):
    report("bad", result="failed", finished_at="2026-11-10T12:00:00Z")
    wrong = report("wrong", finished_at="2026-11-11T12:00:00Z")["deployment"]
    report("good", finished_at="2026-11-12T12:00:00Z")
    assert _recovered("bad") == _noon(11)
    api(people.administrator).delete(f"/api/v1/deployments/{wrong}/")
    assert _recovered("bad") == _noon(12)


def test_without_another_success_nothing_is_restored_any_more(report, api, people):
    report("bad", result="failed", finished_at="2026-11-10T12:00:00Z")
    wrong = report("wrong", finished_at="2026-11-11T12:00:00Z")["deployment"]
    api(people.administrator).delete(f"/api/v1/deployments/{wrong}/")
    assert _recovered("bad") is None


def test_what_a_deleted_rollback_took_back_was_not_taken_back(report, api, people, cart):
    report("first", finished_at="2026-11-10T12:00:00Z")
    wrong = report("wrong", rollback_of="first", finished_at="2026-11-11T12:00:00Z")["deployment"]
    assert dora.delivery([cart.reference_id], START, END).failed == dora.Share(1, 2)
    api(people.administrator).delete(f"/api/v1/deployments/{wrong}/")
    assert (_recovered("first"), dora.delivery([cart.reference_id], START, END).failed) == (None, dora.Share(0, 1))


def test_a_rollback_stands_when_what_it_took_back_is_deleted(report, api, people):
    wrong = report("wrong", finished_at="2026-11-10T12:00:00Z")["deployment"]
    report("back", rollback_of="wrong", finished_at="2026-11-11T12:00:00Z")
    api(people.administrator).delete(f"/api/v1/deployments/{wrong}/")
    assert Deployment.objects.values_list("key", "rollback_of").get() == ("back", None)
