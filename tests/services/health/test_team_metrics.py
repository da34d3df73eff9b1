"""What a team is measured by, on its page; and the baseline of a metric, as people set and see it."""

import datetime as dt

import pytest
import time_machine

from portal.people.models import TeamKind
from services.health import samples
from services.health.models import Metric
from services.health.samples import SampleRow
from tests.factories import make_service_account, make_team, make_user, token_for
from tests.services.health.reading import said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def page_of(client, address: str) -> str:
    return " ".join(said(client, address).split())


def make_metric(team, name: str, *values: tuple[int, float], **more) -> Metric:
    metric = Metric.objects.create(name=name, subject=team.reference, **more)
    samples.write([SampleRow(metric.pk, NOON - ago * DAY, value) for ago, value in values])
    return metric


@pytest.mark.parametrize(
    ("kind", "titles", "others"),
    [
        (TeamKind.PRODUCT, ("Engagement", "Conversion", "Revenue", "Net promoter score"), "Build time"),
        (
            TeamKind.PLATFORM,
            ("Deployment frequency", "Availability", "Build time", "Developer satisfaction"),
            "Revenue",
        ),
        (TeamKind.ENABLING, ("Lead time for changes", "Developer satisfaction"), "Revenue"),
    ],
)
def test_each_kind_of_team_has_its_own_set(sign_in, people, kind, titles, others):
    make_team("crew", kind=kind)
    page = page_of(sign_in(people.reader), "/teams/crew/")
    assert "What it is measured by" in page
    for title in titles:
        assert title in page
    assert others not in page


def test_a_metric_of_the_set_says_its_value_its_change_and_whether_it_is_worse_than_its_baseline(sign_in, people):
    team = make_team("crew", kind=TeamKind.PRODUCT)
    nps = make_metric(team, "nps", (29, 40), (1, 30), unit="points", higher_is_better=True, baseline=40)
    make_metric(team, "conversion", (29, 3.0), (1, 3.5), unit="%", higher_is_better=True)
    make_metric(team, "revenue", (1, 48200.5), unit="EUR", kind="flow")
    page = page_of(sign_in(people.reader), "/teams/crew/")
    assert f'href="/metrics/{nps.pk}/"' in page
    for text in (
        "30 points", "10 points down in four weeks, worse; 10 points below the baseline of 40 points.",
        "Worse than the baseline",
        "3.5 %", "0.5 points up in four weeks, better", "48,200 EUR", "Too young to compare",
    ):  # fmt: skip
        assert text in page, text


def test_a_survey_of_a_quarter_is_compared_with_that_of_the_quarter_before(sign_in, people):
    team = make_team("crew", kind=TeamKind.PRODUCT)
    nps = Metric.objects.create(name="nps", subject=team.reference, unit="points", higher_is_better=True)
    for ago, value in ((140, 20), (50, 30)):
        with time_machine.travel(NOON - ago * DAY, tick=False):
            samples.write([SampleRow(nps.pk, NOON - ago * DAY, value)])
            samples.sum_open_days()
    make_metric(team, "engagement", (68, 100), (40, 120))
    page = page_of(sign_in(people.reader), "/teams/crew/")
    assert "10 points up since 4 Jul 2026, better" in page
    assert "20 % up in four weeks" in page


def test_an_amount_is_that_of_the_last_day_that_is_over_everywhere(sign_in, people):
    team = make_team("crew", kind=TeamKind.PRODUCT)
    revenue = Metric.objects.create(
        name="revenue", subject=team.reference, kind="flow", unit="EUR", higher_is_better=True, baseline=100
    )
    rows = [
        SampleRow(revenue.pk, NOON - n * DAY - dt.timedelta(hours=h), 50) for n in (0, 1, 29) for h in range(3 - n % 2)
    ]
    samples.write(rows)
    team_page = page_of(sign_in(people.reader), "/teams/crew/")
    assert "100 EUR" in team_page
    assert "Unchanged in four weeks; at the baseline of 100 EUR" in team_page
    page = page_of(sign_in(people.administrator), f"/metrics/{revenue.pk}/")
    assert "Take 100 EUR as the baseline" in page
    assert "in a day; newest value" in page
    assert "Worse than the baseline" not in page


def test_a_ratio_is_a_percentage_that_changes_by_points(sign_in, people):
    team = make_team("crew", kind=TeamKind.PLATFORM)
    metric = Metric.objects.create(name="availability", subject=team.reference, kind="ratio", higher_is_better=True)
    rows = [SampleRow(metric.pk, NOON - n * DAY, good / 1000, good, 1000) for n, good in ((29, 999), (1, 994))]
    samples.write(rows)
    page = page_of(sign_in(people.reader), "/teams/crew/")
    assert "99.4 %" in page
    assert "0.5 points down in four weeks, worse" in page


@pytest.mark.parametrize(
    ("name", "before", "now", "words"),
    [
        ("nps", -5, 10, "15 points up in four weeks, better"),
        ("conversion", 40, 160.04, "120 points up in four weeks, better"),
        ("engagement", 1000, 1003, "About the same in four weeks"),
        ("engagement", 1000, 1040, "4 % up in four weeks, better"),
        ("revenue", 0, 1200, "1,200 EUR up in four weeks, better"),
    ],
)
def test_a_change_is_told_so_that_it_means_something(sign_in, people, name, before, now, words):
    units = {"nps": "", "conversion": "%", "revenue": "EUR"}
    team = make_team("crew", kind=TeamKind.PRODUCT)
    make_metric(team, name, (29, before), (1, now), unit=units.get(name, "users"), higher_is_better=True)
    assert words in page_of(sign_in(people.reader), "/teams/crew/")


def test_the_command_that_a_missing_metric_shows_pushes_it(sign_in, people, client):
    team = make_team("crew", kind=TeamKind.PRODUCT)
    page = page_of(sign_in(people.reader), "/teams/crew/")
    body = next(part for part in page.split("-d '") if part.startswith('{"samples": [ {"metric": "nps"')).split("'")[0]
    token = token_for(make_service_account(team))
    answer = client.post(
        "/hooks/metrics/", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.json() == {"written": 1}
    assert "42 points" in page_of(sign_in(people.reader), "/teams/crew/")


def test_a_team_without_a_kind_is_asked_for_one_by_whoever_may_say_it(sign_in, people):
    team = make_team("crew")
    member = make_user("member", teams=(team,))
    assert "Say whether it is a product, platform or enabling team" in page_of(sign_in(member), "/teams/crew/")
    assert "What it is measured by" not in page_of(sign_in(people.reader), "/teams/crew/")


# Baselines


def test_the_current_value_becomes_the_baseline_by_one_button(sign_in, people):
    metric = make_metric(people.team, "build-time", (0, 7.5), unit="min", higher_is_better=False)
    client = sign_in(people.editor)
    assert "Take 7.5 min as the baseline" in page_of(client, f"/metrics/{metric.pk}/")
    client.post(f"/metrics/{metric.pk}/-/baseline/")
    metric.refresh_from_db()
    assert (metric.baseline, metric.baseline_note) == (7.5, "The value of 21 Nov 2026, 12:00 UTC.")
    assert "at the baseline of 7.5 min" in page_of(client, f"/metrics/{metric.pk}/")


def test_a_regression_is_said_on_the_page_of_the_metric(sign_in, people):
    metric = make_metric(people.team, "build-time", (0, 9), unit="min", higher_is_better=False, baseline=7.5)
    page = page_of(sign_in(people.reader), f"/metrics/{metric.pk}/")
    assert "Worse than the baseline" in page
    assert "20 % above the baseline of 7.5 min, since" in page
    assert "as the baseline" not in page


def test_a_baseline_without_a_direction_asks_which_way_is_better(sign_in, people):
    metric = make_metric(people.team, "build-time", (0, 9), unit="min", baseline=7.5)
    page = page_of(sign_in(people.editor), f"/metrics/{metric.pk}/")
    assert "Nobody has said which way is better, so nothing counts as worse." in page
    assert f'href="/metrics/{metric.pk}/edit/#id_higher_is_better"' in page


def test_without_a_value_there_is_no_baseline_to_take(sign_in, people):
    metric = make_metric(people.team, "build-time")
    answer = sign_in(people.editor).post(f"/metrics/{metric.pk}/-/baseline/")
    assert (answer.status_code, "has no value yet" in answer.content.decode()) == (422, True)
