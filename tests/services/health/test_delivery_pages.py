"""What the pages of a service, a team and a deployment say of delivery."""

import csv
import datetime as dt
import re

import pytest

from services.health.models import Deployment
from tests.factories import make_entity
from tests.services.health.deploying import deploy
from tests.services.health.reading import in_words

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)  # a Friday
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def cart(people):
    """Four deployments in ninety days: one failed and one was taken back."""
    cart = make_entity("cart", owner=people.team)
    deploy(cart, NOON - 40 * DAY, "1.0", committed_at=NOON - 40 * DAY - 30 * dt.timedelta(minutes=1))
    deploy(cart, NOON - 10 * DAY, "1.1", committed_at=NOON - 10 * DAY - 5 * HOUR, result="failed",
           recovered_at=NOON - 10 * DAY + 20 * dt.timedelta(minutes=1))  # fmt: skip
    broken = deploy(
        cart, NOON - 3 * DAY, "1.2", committed_at=NOON - 3 * DAY - 5 * HOUR, recovered_at=NOON - 3 * DAY + 3 * HOUR
    )
    deploy(cart, NOON - 2.9 * DAY, "1.1 again", rollback_of=broken, is_unplanned=True)
    deploy(cart, NOON - DAY, "2.0-rc1", environment="staging")
    return cart


def rows(client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(address).content.decode("utf-8-sig").splitlines()))


def test_a_service_tells_the_five_metrics_each_with_how_many_it_is_from(sign_in, people, cart):
    page = in_words(sign_in(people.reader), "/services/cart/deployments/")
    for said in (
        "Deployments 4 0.3 a week",
        # Of three that were rolled out: 30 min and 5 h; the failed one never reached production.
        "Lead time 2 h 45 min median of 2; nine of ten within 5 h",
        "Change fail rate 50.0 % 2 of 4",
        "Recovery time 1 h 40 min median of 2; nine of ten within 3 h",
        "Rework 25.0 % 1 of 4",
        "4 deployments are too few to tell a trend",
    ):
        assert said in page, said


def test_a_rate_is_of_the_whole_time_and_not_of_its_whole_days(sign_in, people, cart):
    deploy(cart, NOON - 0.5 * DAY, "1.3")
    # Three in three days and a half, from noon to midnight and three days more.
    page = in_words(
        sign_in(people.reader), "/services/cart/deployments/?from=2026-11-17T00:00:00Z&to=2026-11-20T12:00:00Z"
    )
    assert "Deployments 3 6.0 a week" in page


def test_days_to_come_lower_no_rate_and_are_no_bars(sign_in, people, cart):
    client = sign_in(people.reader)
    page = in_words(client, "/services/cart/deployments/?from=2026-11-16&to=2026-12-20")
    # Two in four days and a half.
    assert "Deployments 2 3.1 a week" in page
    weeks = rows(client, "/services/cart/charts/deployment-frequency/?from=2026-11-02&to=2026-12-20")
    assert [row["week_of"] for row in weeks] == ["2026-11-02", "2026-11-09", "2026-11-16"]
    assert rows(client, "/services/cart/charts/deployment-frequency/?from=2026-12-01&to=2026-12-20") == []


def test_one_deployment_is_said_as_one_and_seconds_as_seconds(sign_in, people):
    quick = make_entity("quick", owner=people.team)
    deploy(quick, NOON - 2 * DAY, "1.0", result="failed", recovered_at=NOON - 2 * DAY + dt.timedelta(seconds=25))
    client = sign_in(people.reader)
    assert "Recovery time 25 s median of 1; nine of ten within 25 s" in in_words(client, "/services/quick/deployments/")
    told = client.get("/services/quick/charts/deployment-frequency/?format=json").json()
    assert told["summary"] == "1 deployment to production in the last 90 days; 1 failed or was taken back."


def test_times_are_told_as_distributions(sign_in, people, cart):
    client = sign_in(people.reader)
    assert [(row["took"], row["deployments"]) for row in rows(client, "/services/cart/charts/lead-time/")] == [
        ("under 1 h", "1.0"), ("under 1 day", "1.0"), ("under 7 days", "0.0"), ("under 30 days", "0.0"),
        ("longer", "0.0"),
    ]  # fmt: skip
    recovery = rows(client, "/services/cart/charts/recovery-time/")
    assert [row["percent"] for row in recovery[:2]] == ["50.0", "50.0"]


def test_deployments_are_counted_by_week_and_by_day_where_the_span_is_short(sign_in, people, cart):
    client = sign_in(people.reader)
    weeks = rows(client, "/services/cart/charts/deployment-frequency/?range=90d")
    assert weeks[-1] == {"week_of": "2026-11-16", "succeeded": "1.0", "failed_or_taken_back": "1.0"}
    days = rows(client, "/services/cart/charts/deployment-frequency/?range=7d")
    assert [(row["day"], row["succeeded"], row["failed_or_taken_back"]) for row in days if row["day"] == "2026-11-17"]
    assert sum(float(row["succeeded"]) + float(row["failed_or_taken_back"]) for row in days) == 2


def test_a_team_tells_each_of_its_services_and_none_of_others(sign_in, people, cart):
    deploy(make_entity("ledger", owner=people.team), NOON - 5 * DAY, "3.0")
    deploy(make_entity("foreign", owner=people.other), NOON - 5 * DAY, "9.0")
    page = in_words(sign_in(people.reader), f"/teams/{people.team.name}/delivery/")
    assert "Deployments 5 0.4 a week" in page
    assert "cart 4 2 h 45 min 50.0 % 1 h 40 min 25.0 % ledger 1 not known 0.0 % not known 0.0 %" in page
    assert "foreign" not in page


def test_the_newest_deployments_of_all_places_stand_below(sign_in, people, cart):
    page = in_words(sign_in(people.reader), "/services/cart/deployments/").partition("Latest deployments")[2]
    assert re.search(r"2\.0-rc1 Succeeded staging .* 1\.1 again Succeeded .* 1\.2 Taken back .* 1\.1 Failed", page)


def test_a_deployment_shows_what_was_before_and_after_it_in_the_same_place(sign_in, people, cart):
    middle = Deployment.objects.get(version="1.2")
    page = in_words(sign_in(people.reader), f"/deployments/{middle.pk}/").partition("In the same place")[2]
    assert re.search(r"1\.1 again .* 1\.2 Taken back .* 1\.1 Failed .* 1\.0 Succeeded", page)
    assert "2.0-rc1" not in page


def test_without_a_deployment_it_is_said_how_to_tell_of_one(sign_in, people):
    make_entity("quiet")
    page = in_words(sign_in(people.reader), "/services/quiet/deployments/")
    assert "Let the pipeline tell /hooks/deployments/ what it deploys." in page


def test_the_page_of_a_team_asks_the_database_as_often_however_many_services_it_has(
    sign_in, people, cart, django_assert_num_queries, django_assert_max_num_queries
):
    client, address = sign_in(people.reader), f"/teams/{people.team.name}/delivery/"
    client.get(address)
    with django_assert_max_num_queries(16) as few:
        client.get(address)
    for n in range(4):
        deploy(make_entity(f"more-{n}", owner=people.team), NOON - n * DAY, "1.0")
    with django_assert_num_queries(len(few)):
        client.get(address)
