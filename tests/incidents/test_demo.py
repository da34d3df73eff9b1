"""Two years of incidents of the demo company: as many as planned, whole, and one story with its health."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import time_machine
from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.test import Client
from django.utils import timezone

from incidents import account
from incidents.blameless.engine import Level, hints
from incidents.demo.load import is_loaded, load_incidents, real_data
from incidents.demo.stories import stories
from incidents.models import (
    Access,
    AlertGroup,
    Assignment,
    FollowUp,
    Impact,
    Incident,
    IncidentTime,
    Node,
    Postmortem,
    Series,
    StatusFeed,
    StatusText,
    Tag,
    TimelineEvent,
)
from incidents.status_texts.posting import leaks_in
from portal.history.events import event_model
from portal.people.models import User
from portal.proposals.models import Proposal
from portal.search.models import SearchEntry
from services.demo.health.deployments import rollouts_of
from services.demo.health.world import DAY, MINUTE, Outcome, answers, nature_of
from services.demo.load import load_company
from services.models import Entity

NOW = timezone.now()


@pytest.fixture(scope="module", autouse=True)
def _larkspur(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the company and its incidents once for all tests here, and take them back."""
    with time_machine.travel(NOW, tick=False), django_db_blocker.unblock(), transaction.atomic():
        load_company()
        load_incidents()
        yield
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo-incidents")]


def test_there_are_as_many_of_each_kind_as_planned() -> None:
    assert Counter(Incident.objects.values_list("kind", flat=True)) == {
        "real": 181, "near_miss": 25, "drill": 12, "retrospective": 6,
    }  # fmt: skip
    endings = Counter(Incident.objects.values_list("status__category", flat=True))
    assert endings["closed"] + endings["resolved"] == 205
    assert {name: endings[name] for name in ("declined", "cancelled", "merged", "active", "mitigated")} == {
        "declined": 7, "cancelled": 4, "merged": 6, "active": 1, "mitigated": 1,
    }  # fmt: skip
    assert Incident.objects.filter(is_private=True).count() == 4


def test_numbers_have_no_gap_and_follow_the_order_of_declaring() -> None:
    for prefix, is_private in (("INC", False), ("PRIV", True)):
        rows = Incident.objects.filter(is_private=is_private).order_by("declared_at", "pk")
        names = list(rows.values_list("name", flat=True))
        assert names == [f"{prefix}-{number}" for number in range(1, len(names) + 1)]
        assert Series.objects.get(prefix=prefix).last_number == len(names)


def test_the_lint_finds_what_was_planned_and_nothing_else() -> None:
    rows = Incident.objects.select_related("status").prefetch_related("times")
    found = Counter(each.code for incident in rows for each in account.findings(incident))
    assert found == {"missing": 18, "seen_earlier": 4, "order": 3, "mitigated_first": 3, "gap": 2, "year": 1}


def test_every_published_postmortem_has_an_edition_and_every_edition_says_something() -> None:
    assert Postmortem.objects.count() == 92
    published = Postmortem.objects.filter(state="published").annotate(
        count=Count("editions"), last=Max("editions__number")
    )
    assert published.count() >= 65
    assert not published.exclude(count=F("last")).exists()
    assert Postmortem.objects.annotate(count=Count("editions")).filter(count=2).count() == 9
    assert not Postmortem.objects.filter(editions__markdown__regex=r"[{}<>]|\.\.").exists()


def test_some_reports_are_in_review_some_are_drafts_and_some_are_overdue() -> None:
    states = Counter(Postmortem.objects.values_list("state", flat=True))
    assert states["in_review"] == 6
    assert states["draft"] == 15
    late = Postmortem.objects.filter(state="draft", editions=None, due_on__lt=NOW.date())
    assert late.count() >= 5


def test_published_reports_blame_nobody_and_a_few_drafts_still_do() -> None:
    for postmortem in Postmortem.objects.prefetch_related("editions"):
        for edition in postmortem.editions.all():
            assert not hints(edition.markdown, least=Level.WARN), edition.title
    drafts = Postmortem.objects.filter(state="draft", editions=None).prefetch_related("sections")
    texts = ["\n\n".join(each.text for each in draft.sections.all()) for draft in drafts]
    assert sum(bool(hints(text, least=Level.WARN)) for text in texts) == 4


def test_follow_ups_are_in_every_state_and_some_are_late() -> None:
    states = Counter(FollowUp.objects.values_list("state", flat=True))
    assert set(states) == {"idea", "committed", "done", "verified", "declined"}
    assert min(states.values()) >= 15
    assert 5 <= FollowUp.objects.filter(state="committed", due_on__lt=NOW.date()).count() <= 40
    assert not FollowUp.objects.filter(Q(done_at__gt=NOW) | Q(committed_at__gt=NOW) | Q(ended_at__gt=NOW)).exists()
    assert not FollowUp.objects.filter(done_at__lt=F("committed_at")).exists()


def test_merged_ones_point_at_what_goes_on_and_private_ones_let_somebody_in() -> None:
    merged = Incident.objects.filter(status__category="merged")
    assert not merged.filter(Q(merged_into=None) | Q(merged_into__status__category="merged")).exists()
    assert not Incident.objects.exclude(status__category="merged").exclude(merged_into=None).exists()
    assert set(Access.objects.values_list("incident__is_private", flat=True)) == {True}
    assert Access.objects.values("incident").distinct().count() == 4
    reasons = Incident.objects.filter(status__category__in=("declined", "cancelled"))
    assert not reasons.filter(reason="").exists()


def test_nothing_of_the_past_lies_in_the_future() -> None:
    soon = NOW + dt.timedelta(minutes=15)
    assert not TimelineEvent.objects.filter(Q(happened_at__gt=NOW) | Q(recorded_at__gt=soon)).exists()
    assert not IncidentTime.objects.filter(at__gt=NOW).exists()
    assert not Incident.objects.filter(Q(declared_at__gt=NOW) | Q(updated_at__gt=NOW)).exists()
    assert not Impact.objects.filter(ended_at__lte=F("started_at")).exists()


def test_timelines_differ_and_the_longest_can_still_be_read() -> None:
    real = Incident.objects.filter(kind="real", status__category__in=("closed", "resolved")).annotate(
        n=Count("timeline")
    )
    assert real.aggregate(least=Min("n"), most=Max("n"))["least"] >= 6
    assert real.aggregate(most=Max("n"))["most"] <= 40
    notes = TimelineEvent.objects.filter(kind__in=("observation", "decision"))
    assert notes.values("text").distinct().count() > notes.count() * 0.45
    assert Incident.objects.values("title").distinct().count() > 180
    assert not TimelineEvent.objects.filter(text__regex=r"[{}]|<[a-z]").exists()


def test_durations_are_log_normal_as_real_ones_are() -> None:
    spans = sorted(
        (each.resolved - each.started).total_seconds() / 60
        for each in Incident.objects.filter(kind="real").annotate(
            started=Min("times__at", filter=Q(times__point="started")),
            resolved=Min("times__at", filter=Q(times__point="resolved")),
        )
        if each.started and each.resolved and dt.timedelta() < each.resolved - each.started < dt.timedelta(days=90)
    )
    assert 55 < spans[len(spans) // 2] < 100
    assert 210 < spans[len(spans) * 9 // 10] < 420


def test_an_incident_with_a_rollback_lies_where_the_check_failed_and_the_build_was_taken_back() -> None:
    back = TimelineEvent.objects.filter(kind="rollback").select_related("incident", "about")
    assert back.count() > 60
    websites = set(Entity.objects.filter(type="website").values_list("name", flat=True))
    for event in back:
        day = int(event.happened_at.timestamp()) // DAY
        found = {each.key: each for each in rollouts_of(event.about.name, day - 1, day)}
        assert found[event.source_key].finished == int(event.happened_at.timestamp())
        assert found[event.source_key].is_rollback
        before = int(event.happened_at.timestamp()) - MINUTE
        check = "Front page" if event.about.name in websites else "Health"
        assert answers(nature_of(event.about.name, check), _at(before)).outcome[0] == Outcome.DOWN


def _at(moment: int) -> Any:
    return np.array([moment], dtype=np.int64)


def test_the_live_one_is_of_a_service_that_is_nagged_now() -> None:
    live = Incident.objects.get(status__category="active")
    assert str(live.severity) == "SEV-2"
    service = live.impacts.order_by("pk")[0].subject
    down = [
        answers(nature_of(service.name, name), _at(int(NOW.timestamp()) - ago * MINUTE)).outcome[0] == Outcome.DOWN
        for ago in range(9)
        for name in ("Health", "Front page")
    ]
    assert any(down)
    assert live.alert_groups.get().is_firing
    assert Assignment.objects.filter(incident=live, to_at=None, role__slug="lead").count() == 1


def test_the_public_reads_of_the_live_one_and_no_text_tells_of_the_inside(client) -> None:
    live = Incident.objects.get(status__category="active")
    feed = client.get(f"/status-feed/{StatusFeed.objects.get().token}/incidents/unresolved.json").json()
    told = {each["name"]: [update["body"] for update in each["incident_updates"]] for each in feed["incidents"]}
    assert live.public.title in told
    assert live.name not in str(told)
    texts = StatusText.objects.exclude(public_text="").values_list("public_text", flat=True)
    assert not any(leaks_in(*{*texts, *told}))
    assert texts.count() >= 10


def test_a_few_factors_come_again_and_again() -> None:
    recurring = Counter(
        Tag.objects.filter(node__facet="contributing_factor").values_list("node__slug", flat=True)
    )  # fmt: skip
    assert {"cf-limits", "cf-rollback-hard", "cf-followup-open", "cf-no-alert"} <= {
        slug for slug, count in recurring.items() if count >= 5
    }
    assert Tag.objects.filter(node__is_unknown=True).exists()
    assert set(Tag.objects.filter(node__facet="mitigation").values_list("mode", flat=True)) == {
        "automatic", "one_click", "manual",
    }  # fmt: skip
    assert Tag.objects.exclude(evidence=None).count() > 300


def test_history_says_when_an_incident_was_declared_and_closed() -> None:
    incident = Incident.objects.filter(status__category="closed", kind="real", is_private=False).order_by("pk")[20]
    versions = event_model(Incident).objects.filter(pgh_obj=incident.pk).order_by("pgh_id")
    assert versions[0].pgh_created_at == incident.declared_at
    assert [str(each.status) for each in versions][-3:] == ["Monitoring", "Resolved", "Closed"]
    begun = [each.pgh_created_at for each in versions]
    ranges = [(each.valid.lower, each.valid.upper) for each in versions]
    assert ranges == list(zip(begun, [*begun[1:], None], strict=True))
    assert incident.created_at == incident.declared_at


def test_alerts_led_to_incidents_and_some_to_none() -> None:
    assert AlertGroup.objects.filter(incident=None).count() == 34
    assert not AlertGroup.objects.filter(is_firing=False, alerts__ends_at=None).exists()
    assert AlertGroup.objects.exclude(incident=None).count() > 80


def test_everything_is_found_by_search() -> None:
    assert SearchEntry.objects.filter(model="incidents.incident").count() == Incident.objects.count()


def test_the_demo_knows_its_own_and_stories_are_many() -> None:
    assert is_loaded()
    assert real_data() == ""
    assert len({each.key for each in stories()}) >= 50
    assert Node.objects.filter(slug="cf-limits").exists()


def test_pages_of_the_live_of_a_merged_and_of_a_retrospective_one_open() -> None:
    client = Client()
    client.force_login(
        User.objects.get(email="amara.diallo@larkspur.example"), backend="portal.people.backends.PersonBackend"
    )
    shown = [
        Incident.objects.get(status__category="active"), Incident.objects.filter(status__category="merged")[0],
        Incident.objects.filter(kind="retrospective")[0],
    ]  # fmt: skip
    for incident in shown:
        page = client.get(f"/incidents/{incident.name}/", headers={"host": "127.0.0.1:8000"})
        assert incident.title in page.content.decode()


def test_what_recurs_is_proposed_from_the_first_minute():
    proposed = Proposal.objects.filter(kind="recurring-factor", state="open").values_list("source_key", flat=True)
    assert "recurring-factor:change-code:organisation" in proposed
