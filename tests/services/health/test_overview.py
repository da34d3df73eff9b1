"""Health at a glance, and the capacity board: what they say, to whom, in how many queries."""

import datetime as dt
import re

import pytest
from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from portal.collections import collections
from portal.frame import FRESH_KEY
from services.health.actions import create_limit
from services.health.models import (
    Check,
    CheckState,
    EntityHealth,
    Forecast,
    HealthState,
    Limit,
    LimitState,
    Metric,
    MetricDay,
    MetricState,
    Slo,
    SloState,
    Urgency,
)
from services.health.samples import organisation_day
from services.models import Entity
from tests.factories import make_entity, make_team
from tests.services.health.reading import said
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db


def part(page: str, title: str) -> str:
    """The words of one panel."""
    found = re.search(rf'aria-labelledby="{title}-title".*?</section>', page, re.DOTALL)
    assert found, title
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[0]))


def unwell(name: str, status: str, *, owner=None, reason: str = "", hours: int = 1, **values) -> Entity:
    entity = make_entity(name, owner=owner, **values)
    since = timezone.now() - dt.timedelta(hours=hours)
    HealthState.objects.create(entity=entity, status=status, reason=reason or f"{name} is {status}", since=since)
    return entity


def alert(entity: Entity, severity: str, text: str) -> Slo:
    slo = Slo.objects.create(entity=entity, name=f"{entity.name}-slo", source_check=make_check(entity=entity))
    SloState.objects.create(slo=slo, severity=severity, alert_text=text, since=timezone.now())
    return slo


def limit(name: str, urgency: str, days: int | None, *, entity: Entity | None = None, **values) -> Limit:
    metric = Metric.objects.create(subject=entity.reference if entity else None, name=f"of-{name}".lower())
    made = Limit.objects.create(metric=metric, name=name, ceiling=100)
    early = organisation_day() + dt.timedelta(days=days) if days is not None else None
    start = early - dt.timedelta(days=134) if early else None
    LimitState.objects.create(limit=made, urgency=urgency, q10_date=early, start_by=start, used=0.5, **values)
    return made


def late(check: Check, status: str = "late", reason: str = "no ping for two hours") -> None:
    CheckState.objects.filter(of=check).update(status=status, reason=reason, since=timezone.now())
    Check.objects.filter(pk=check.pk).update(created_at=timezone.now() - dt.timedelta(days=9))


# Burning now


def test_what_burns_stands_with_reason_and_owner_the_worst_first(sign_in, people):
    unwell("slow-one", EntityHealth.DEGRADED, tier=0)
    alert(unwell("paged", EntityHealth.DEGRADED, tier=3), "page", "5 % of the budget went in 6 h")
    unwell("minor", EntityHealth.FAILING, tier=3, owner=people.team)
    unwell("vital", EntityHealth.FAILING, tier=0, reason="Front page is down: answered 503")
    unwell("well", EntityHealth.HEALTHY)
    burning = part(said(sign_in(people.reader), "/health/"), "burning")
    places = [burning.index(name) for name in ("vital", "minor", "paged", "slow-one")]
    assert places == sorted(places)
    assert "well" not in burning.replace("well-", "")
    for text in ("Front page is down: answered 503", "5 % of the budget went in 6 h", "Checkout", "nobody owns it"):
        assert text in burning, text


def test_a_budget_that_burns_without_any_check_is_not_forgotten(sign_in, people):
    entity = make_entity("shop")
    metric = Metric.objects.create(subject=entity.reference, name="paid", kind="ratio")
    slo = Slo.objects.create(entity=entity, name="paid", kind="ratio", metric=metric)
    SloState.objects.create(slo=slo, severity="ticket", alert_text="10 % went in a day")
    burning = part(said(sign_in(people.reader), "/health/"), "burning")
    assert ("shop" in burning, "10 % went in a day" in burning, "1, the worst first" in burning) == (True, True, True)


def test_beyond_what_is_shown_it_says_how_many_there_are_and_where(sign_in, people):
    for n in range(20):
        unwell(f"down-{n:02}", EntityHealth.FAILING)
    client = sign_in(people.reader)
    page = said(client, "/health/")
    assert part(page, "burning").count("Failing") == 15
    assert "20, the worst first" in page
    assert "/entities/?health=failing&health=degraded" in page
    assert "20" in said(client, "/entities/?health=failing&health=degraded")


def test_beyond_what_is_shown_slos_without_a_check_are_counted_and_listed_too(sign_in, people):
    for n in range(20):
        entity = make_entity(f"paid-{n:02}")
        metric = Metric.objects.create(subject=entity.reference, name="paid", kind="ratio")
        slo = Slo.objects.create(entity=entity, name=f"paid-{n}", kind="ratio", metric=metric)
        SloState.objects.create(slo=slo, severity="ticket", alert_text="10 % went in a day")
    client = sign_in(people.reader)
    page = said(client, "/health/")
    assert "20, the worst first" in page
    assert "?health=failing&health=degraded" not in page
    assert re.search(r'href="/slos/\?severity.set=true">All SLOs that burn</a>', page)
    assert len(client.get("/slos/?severity.set=true").context["page"]["rows"]) == 20


def test_each_count_leads_to_a_list_of_as_many(sign_in, people):
    for n, status in enumerate(["failing", "failing", "degraded", "unknown", "maintenance", "healthy", "healthy"]):
        unwell(f"entity-{n}", status, owner=people.team)
    make_entity("watched-by-nobody", owner=people.team)
    make_entity("of-others", owner=people.other)
    client = sign_in(people.editor)
    for address in ("/health/", "/health/?mine=true"):
        counts = client.get(address).context["page"]["counts"]
        expected = [2, 1, 1, 1, 2, 2 if address == "/health/" else 1]
        assert [each.number for each in counts] == expected
        for each in counts:
            listed = client.get(each.url)
            assert listed.status_code == 200, each.url
            assert len(listed.context["page"]["rows"]) == each.number, each.url


def test_nothing_burns_is_said(sign_in, people):
    unwell("well", EntityHealth.HEALTHY)
    assert "Nothing that is watched fails" in said(sign_in(people.reader), "/health/")


def test_a_portal_without_a_check_offers_the_first_one_to_who_may_make_it(sign_in, people):
    assert 'href="/checks/-/new/"' in said(sign_in(people.editor), "/health/")
    page = said(sign_in(people.stranger), "/health/")
    assert ("Nothing is watched yet" in page, "/checks/-/new/" in page) == (True, False)


# Runs out next


def test_limits_stand_by_the_last_day_to_begin_and_calm_ones_do_not(sign_in, people):
    shop = make_entity("shop", owner=people.team)
    limit("Later", Urgency.PLAN, 200, entity=shop)
    limit("Sooner", Urgency.TOO_LATE, 12)
    limit("Calm", Urgency.CALM, 900)
    runs_out = part(said(sign_in(people.reader), "/health/"), "limits")
    assert runs_out.index("Sooner") < runs_out.index("Later")
    assert ("Calm" in runs_out, "in 12 days" in runs_out, "Too late" in runs_out) == (False, True, True)
    assert "2 limits to act on" in runs_out
    assert "Checkout" in runs_out


# Silent


def test_jobs_checks_and_metrics_that_say_nothing_are_named_by_kind(sign_in, people):
    shop = make_entity("shop")
    late(make_check("Nightly export", entity=shop, kind="heartbeat"))
    late(make_check("Front page", entity=shop), "unknown", "waiting for its first answer")
    metric = Metric.objects.create(subject=shop.reference, name="nps")
    MetricState.objects.create(metric=metric, value=1, at=timezone.now() - dt.timedelta(days=9))
    silent = part(said(sign_in(people.reader), "/health/"), "silent")
    for text in (
        "Jobs that did not report 1", "shop: Nightly export", "no ping for two hours",
        "Checks without an answer 1", "shop: Front page",
        "Metrics without samples 1", "shop: nps",
    ):  # fmt: skip
        assert text in silent, text


def test_a_metric_of_which_no_sample_ever_came_is_silent_and_a_new_one_is_not(sign_in, people):
    old = timezone.now() - dt.timedelta(days=3)
    for name, values in (("never", {}), ("new", {}), ("derived", {"origin": "derived"})):
        metric = Metric.objects.create(name=name, **values)
        if name != "new":
            Metric.objects.filter(pk=metric.pk).update(created_at=old)
    silent = part(said(sign_in(people.reader), "/health/"), "silent")
    assert "Metrics without samples 1" in silent
    assert "The organisation: never no sample ever came" in silent


def test_all_silent_metrics_are_counted_and_the_link_says_what_it_leads_to(sign_in, people):
    metrics = Metric.objects.bulk_create(Metric(name=f"gone-{n}") for n in range(210))
    old = timezone.now() - dt.timedelta(days=9)
    MetricState.objects.bulk_create(MetricState(metric=each, value=1, at=old) for each in metrics)
    assert "Metrics without samples 210 Metrics, the oldest first" in part(
        said(sign_in(people.reader), "/health/"), "silent"
    )


def test_a_check_of_this_minute_is_not_silent_yet(sign_in, people):
    make_check("Front page", entity=make_entity("shop"))
    assert "Checks without an answer" not in said(sign_in(people.reader), "/health/")


def test_a_metric_that_comes_once_a_week_is_not_silent_on_the_third_day(sign_in, people):
    today = organisation_day()
    for name, age in (("weekly", 9), ("stopped", 30)):
        metric = Metric.objects.create(name=name)
        MetricState.objects.create(metric=metric, value=1, at=timezone.now() - dt.timedelta(days=age))
        for week in range(5):
            day = today - dt.timedelta(days=age + 7 * week)
            MetricDay.objects.create(metric=metric, day=day, count=1, sum=1, min=1, max=1, last=1)
    silent = part(said(sign_in(people.reader), "/health/"), "silent")
    assert ("weekly" in silent, "stopped" in silent, "usually a sample every 7 days" in silent) == (False, True, True)


# The portal itself


def test_the_portal_says_when_it_is_behind_itself(sign_in, people):
    client = sign_in(people.reader)
    assert "No background worker has answered yet" in said(client, "/health/")
    cache.set(FRESH_KEY, timezone.now())
    check = make_check(entity=make_entity("shop"))
    CheckState.objects.filter(of=check).update(due_at=timezone.now() + dt.timedelta(seconds=5))
    assert "The portal is behind" not in said(client, "/health/")
    CheckState.objects.filter(of=check).update(due_at=timezone.now() - dt.timedelta(minutes=4))
    assert "1 question is due, the oldest for 4 minutes." in said(client, "/health/")
    cache.set(FRESH_KEY, timezone.now() - dt.timedelta(hours=3))
    assert "No background worker has answered for 3 hours." in said(client, "/health/")


# Whose


def test_my_teams_see_what_is_theirs(sign_in, people):
    unwell("mine", EntityHealth.FAILING, owner=people.team)
    unwell("theirs", EntityHealth.FAILING, owner=people.other)
    late(make_check("Mine export", entity=Entity.objects.get(name="mine"), kind="heartbeat"))
    late(make_check("Their export", entity=Entity.objects.get(name="theirs"), kind="heartbeat"))
    limit("Mine", Urgency.START_NOW, 100, entity=Entity.objects.get(name="mine"))
    limit("Theirs", Urgency.START_NOW, 100, entity=Entity.objects.get(name="theirs"))
    client = sign_in(people.editor)
    mine, named, all_of_it = (said(client, f"/health/{query}") for query in ("?mine=true", "?owner=payments", ""))
    for page, is_mine, is_theirs in ((mine, True, False), (named, False, True), (all_of_it, True, True)):
        for kind in ("burning", "limits", "silent"):
            text = part(page, kind).lower()
            assert ("mine" in text, "their" in text) == (is_mine, is_theirs), kind


def test_a_limit_on_a_figure_of_a_team_itself_is_the_teams(sign_in, people):
    metric = Metric.objects.create(subject=people.team.reference, name="on-call-load")
    made = Limit.objects.create(metric=metric, name="On-call load", ceiling=10)
    LimitState.objects.create(limit=made, urgency=Urgency.START_NOW)
    assert "On-call load" in said(sign_in(people.editor), "/health/?mine=true")
    assert "On-call load" not in said(sign_in(people.reader), "/health/?mine=true")


def test_whoever_is_in_no_team_is_told_so(sign_in, people):
    unwell("theirs", EntityHealth.FAILING, owner=people.other)
    make_entity("unwatched", owner=people.other)
    client = sign_in(people.stranger)
    page = said(client, "/health/?mine=true")
    assert "You are in no team" in page
    assert [(each.number, each.url) for each in client.get("/health/?mine=true").context["page"]["counts"]] == [
        (0, "")
    ] * 6
    assert ("?health=" in page, "health.set" in page, "have no check" in page) == (False, False, False)
    assert 'class="gw-name" href="/services/theirs/"' not in page


@pytest.mark.parametrize("address", ["/health/", "/health/capacity/"])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?team=checkout", "“team” is not known here. This page takes mine=true, or owner=, such as checkout."),
        ("?owner=nobody", "owner=nobody: there is no team or person of that name."),
        ("?mine=yes", "mine is true or false, not “yes”."),
        ("?mine=true&owner=checkout", "mine and owner do not go together."),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_with_the_reason(sign_in, people, address, query, words):
    assert words in said(sign_in(people.reader), address + query, status=400)


def test_what_a_reader_may_not_see_is_not_named_to_them(sign_in, people, monkeypatch):
    secret = unwell("zanzibar", EntityHealth.FAILING, owner=people.team)
    alert(secret, "page", "zanzibar burns")
    late(make_check("zanzibar export", entity=secret, kind="heartbeat"))
    limit("zanzibar disk", Urgency.TOO_LATE, 3, entity=secret)
    metric = Metric.objects.create(subject=secret.reference, name="zanzibar-nps")
    MetricState.objects.create(metric=metric, value=1, at=timezone.now() - dt.timedelta(days=9))
    client = sign_in(people.administrator)
    assert said(client, "/health/").count("zanzibar") > 5

    def visible(rows: QuerySet, reader) -> QuerySet:
        return rows.exclude(pk=secret.pk) if rows.model is Entity else rows

    monkeypatch.setattr(QuerySet, "visible", visible, raising=False)
    forget_rules()
    try:
        for address in ("/health/", "/health/capacity/", "/health/?owner=checkout"):
            assert "zanzibar" not in said(client, address), address
    finally:
        forget_rules()


def forget_rules() -> None:
    for each in collections():
        each.__dict__.pop("has_row_rule", None)


# The capacity board


def test_every_band_holds_its_limits_by_the_last_day_to_begin(sign_in, people):
    shop = make_entity("shop", owner=people.team)
    for name, urgency, days in (
        ("Late", "too_late", 20), ("Later", "too_late", 40), ("Start", "start_now", 100), ("Plan", "plan", 180),
        ("Calm", "calm", 700), ("Never", "calm", None), ("Young", "unknown", None),
    ):  # fmt: skip
        limit(name, urgency, days, entity=shop)
    Limit.objects.create(metric=Metric.objects.create(name="new"), name="Brand new", ceiling=1)
    client = sign_in(people.reader)
    bands = client.get("/health/capacity/").context["bands"]
    assert [(band.value, [row["limit"].name for row in band.rows]) for band in bands] == [
        ("too_late", ["Late", "Later"]), ("start_now", ["Start"]), ("plan", ["Plan"]), ("calm", ["Calm", "Never"]),
        ("unknown", ["Young"]), ("waiting", ["Brand new"]),
    ]  # fmt: skip
    page = said(client, "/health/capacity/")
    for text in (
        "in 20 days",
        "60 to 120 days",
        "and 14 to spare",
        "50 %",
        "no date in sight",
        "Not calculated yet",
        "has not been calculated yet",
    ):
        assert text in page, text


def test_all_of_a_band_is_a_list_of_as_many(sign_in, people, monkeypatch):
    monkeypatch.setattr("services.health.capacity.MOST", 1)
    shop = make_entity("shop", owner=people.team)
    for n in range(3):
        limit(f"Late {n}", "too_late", 20 + n, entity=shop)
        metric = Metric.objects.create(subject=shop.reference, name=f"new-{n}")
        create_limit(by=None, values={"metric": metric, "name": f"New {n}", "ceiling": 1})
    off = limit("Off", "too_late", 10, entity=shop)
    Limit.objects.filter(pk=off.pk).update(is_active=False)
    client = sign_in(people.reader)
    page = said(client, "/health/capacity/")
    for urgency in ("too_late", "waiting"):
        (address, number) = re.search(rf'<a href="([^"]*urgency={urgency}[^"]*)">All (\d+)</a>', page).groups()
        listed = client.get(address.replace("&amp;", "&")).context["page"]["rows"]
        assert (len(listed), number) == (3, "3")
    assert "the first 1 of 3" in said(client, "/health/capacity/?owner=group:default/checkout")


def test_limits_stand_in_one_order_by_the_last_day_to_begin(sign_in, people):
    limit("Long work", "plan", 90)
    limit("Short work", "plan", 60)
    LimitState.objects.filter(limit__name="Short work").update(start_by=organisation_day() + dt.timedelta(days=30))
    client = sign_in(people.reader)
    board = client.get("/health/capacity/").context["bands"][2]
    overview = client.get("/health/").context["page"]["limits"]
    assert [row["limit"].name for row in board.rows] == ["Long work", "Short work"]
    assert [row["limit"].name for row in overview.rows] == ["Long work", "Short work"]
    page = said(client, "/limits/")
    assert page.index("Long work") < page.index("Short work")


def test_the_overview_has_what_is_too_late_before_what_can_still_be_begun(sign_in, people):
    limit("Overdue plan", "plan", 60)
    limit("Lost", "too_late", 20)
    LimitState.objects.filter(limit__name="Overdue plan").update(start_by=organisation_day() - dt.timedelta(days=300))
    page = said(sign_in(people.reader), "/health/")
    assert part(page, "limits").index("Lost") < part(page, "limits").index("Overdue plan")
    assert "what is too late first, then by the last day to begin" in page


def test_the_board_says_why_there_is_no_date(sign_in, people):
    made = Forecast.objects.create(
        of=limit("Young", "unknown", None), made_on=organisation_day(), points=12, urgency="unknown",
        note="12 days are too few for a forecast; it takes 21.",
    )  # fmt: skip
    LimitState.objects.update(forecast=made)
    assert "12 days are too few for a forecast; it takes 21." in said(sign_in(people.reader), "/health/capacity/")


def test_the_board_can_be_asked_for_a_team_by_choosing_it(sign_in, people):
    limit("Mine", "plan", 180, entity=make_entity("shop", owner=people.team))
    limit("Theirs", "plan", 180, entity=make_entity("pay", owner=people.other))
    make_team("without-limits")
    page = said(client := sign_in(people.editor), "/health/capacity/")
    assert re.findall(r'<option value="(group:[^"]*)"', page) == ["group:default/checkout", "group:default/payments"]
    chosen = said(client, "/health/capacity/?owner=group:default/payments")
    assert ("Theirs" in chosen, "Mine" in chosen) == (True, False)


def test_a_team_without_limits_is_told_what_a_limit_is(sign_in, people):
    page = said(sign_in(people.editor), "/health/capacity/?mine=true")
    assert "No limit is watched here." in page
    assert 'href="/limits/-/new/"' in page


# How much it asks


def _fill(n: int, people) -> None:
    entity = unwell(f"shop-{n}", ["failing", "degraded"][n % 2], owner=[people.team, make_team(f"team-{n}")][n % 2])
    alert(entity, "page", "burns")
    late(make_check(f"Export {n}", entity=entity, kind="heartbeat"))
    late(make_check(f"Other {n}", entity=entity))
    limit(f"Limit {n}", ["too_late", "plan", "unknown"][n % 3], 10 + n, entity=entity)
    metric = Metric.objects.create(subject=entity.reference, name="nps")
    MetricState.objects.create(metric=metric, value=1, at=timezone.now() - dt.timedelta(days=9))


@pytest.mark.parametrize("address", ["/health/", "/health/?mine=true", "/health/capacity/"])
def test_the_number_of_queries_does_not_grow_with_what_there_is(
    sign_in, people, address, django_assert_max_num_queries
):
    cache.set(FRESH_KEY, timezone.now())
    client = sign_in(people.editor)
    for n in range(30):
        _fill(n, people)
    client.get(address)
    # One of them asks which owners stand for what the reader may not see.
    with django_assert_max_num_queries(16):
        client.get(address)


# My work


def test_my_work_says_what_of_my_teams_burns_is_silent_and_runs_out_and_that_first(sign_in, people):
    shop = unwell("shop", EntityHealth.FAILING, owner=people.team, reason="Front page is down: answered 503")
    unwell("pay", EntityHealth.FAILING, owner=people.other)
    late(make_check("Nightly export", entity=shop, kind="heartbeat"))
    limit("Disk of shop", Urgency.START_NOW, 100, entity=shop)
    page = said(sign_in(people.editor), "/")
    for text in (
        "shop is failing", "Front page is down: answered 503", "/services/shop/health/",
        "shop: Nightly export did not report", "Disk of shop: start now", "The ceiling could be reached in 100 days",
    ):  # fmt: skip
        assert text in page, text
    assert "pay is failing" not in page
    assert page.index("shop is failing") < page.index("Say how important shop is")
