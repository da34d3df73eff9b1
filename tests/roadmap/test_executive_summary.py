"""The page for executives: one page of sentences with their sources."""

import datetime as dt

import pytest
from django.utils import timezone

from roadmap.models import (
    Claim,
    KeyResult,
    Link,
    Objective,
    TradeOff,
    Translation,
)
from roadmap.models.objective import KeyResultState
from roadmap.strategy import summary
from roadmap.strategy.nobody import Nobody
from services.health.models import LimitState, Urgency
from services.health.saying import day_in_words
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.test_strategy import make_limit, make_metric

pytestmark = pytest.mark.django_db


def test_the_summary_says_in_sentences_what_is_promised_at_risk_and_owed(people):
    cycle = make_cycle("2026 Q4", timezone.localdate() - dt.timedelta(days=5), 60)
    late = make_cycle("2026 Q2", timezone.localdate() - dt.timedelta(days=200), 90)
    Objective.objects.create(cycle=cycle, title="Fast for everybody")
    make_initiative("Shard", status="in_progress", translation=Translation.TRUST, effort_days=40, cost=9000,
                    for_executives="Orders keep working on the busiest day.")  # fmt: skip
    TradeOff.objects.create(shipped="Vouchers", deferred="Queue tuning", team=people.team.reference, principal_days=12,
                            due_cycle=late)  # fmt: skip
    text = summary.as_markdown(summary.write(people.reader)).replace("\\", "")
    assert "we want this to be true: “Fast for everybody”." in text
    assert "**Customers can rely on us more.** Orders keep working on the busiest day" in text
    assert "One initiative is in progress. It is planned to take 40 days of work and 9,000 EUR besides." in text
    assert "We put off 12 days of work to ship something else first, and owe them still." in text
    assert "Overdue is “Queue tuning” (12 days, due in 2026 Q2)." in text
    assert text.count("*Source: ") >= 3
    assert text.endswith(f"*All figures are those of {day_in_words(timezone.localdate())}.*")


def test_the_summary_names_initiatives_by_their_titles_and_says_of_what_is_over_that_it_is_late(people):
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    told = make_initiative("Gates without a network", status="in_progress", translation=Translation.TRUST,
                           for_executives="Doors open on time.", ends_likely=yesterday)  # fmt: skip
    make_initiative("Tidy up", status="in_progress", translation=Translation.TRUST)
    make_initiative("Nobody said why", status="in_progress")
    Claim.objects.create(initiative=told, kind="cost", per_month=1200)
    Claim.objects.create(initiative=told, kind="incident_minutes", per_month=90)
    text = summary.as_markdown(summary.write(people.reader)).replace("\\", "")
    address = f"/initiatives/{told.name.lower()}/"
    assert f"Doors open on time, due {day_in_words(yesterday)} and late ([Gates without a network]({address}))." in text
    assert "[Tidy up](/initiatives/" in text
    assert told.name not in text
    assert "What one of them means to the business is not said yet." in text
    assert "besides" not in text
    assert "Once delivered, this is to save 1,200 EUR of costs and 90 minutes of incidents each month." in text


def test_the_summary_says_what_is_furthest_behind_and_which_work_on_a_limit_has_begun(people):
    cycle = make_cycle("2026 Q4", timezone.localdate() - dt.timedelta(days=5), 60)
    objective = Objective.objects.create(cycle=cycle, title="Fast for everybody", owner=people.team.reference)
    late = KeyResult.objects.create(objective=objective, title="Answers", metric=make_metric(None, "latency"),
                                    way="decrease", baseline=200, target=100)  # fmt: skip
    KeyResultState.objects.update_or_create(
        key_result=late, defaults={"value": 190, "progress": 0.1, "standing": "away"}
    )
    limits = [make_limit("Disk", "disk"), make_limit("Rows", "rows")]
    for each in limits:
        LimitState.objects.update_or_create(limit=each, defaults={"urgency": Urgency.START_NOW})
    Link.objects.create(initiative=make_initiative("Archive", status="in_progress"), limit=limits[0])
    text = summary.as_markdown(summary.write(people.reader)).replace("\\", "").replace("\N{NO-BREAK SPACE}", " ")
    assert "Of one measured promise, no is reached" not in text
    assert "one is behind" in text
    assert "Furthest behind is “Answers” (200 ms to 100 ms, now 190 ms)." in text
    assert (
        "Two parts of the platform run full unless something is done, here with the earliest day: Disk and Rows. Work"
        in text
    )
    assert "Work has begun on one of them." in text


def test_the_summary_of_an_empty_portal_says_so():
    text = summary.as_markdown(summary.write(Nobody()))
    assert "No cycle is going on today" in text
    assert "No work is put off against a promise." in text


def test_a_private_initiative_is_in_no_sum_and_no_sentence_of_the_summary(people):
    make_initiative("Secret plan", by=people.editor, team=people.team.reference, is_private=True,
                    status="in_progress", effort_days=1000)  # fmt: skip
    assert "1,000 days" in summary.as_markdown(summary.write(people.editor)).replace("\\", "")
    for reader in (people.reader, Nobody()):
        text = summary.as_markdown(summary.write(reader))
        assert "No work of the roadmap is in progress." in text
        assert "RMP" not in text
