"""A feature specification says what the page of the initiative says, to each reader what that reader may see."""

import pytest

from roadmap.models import Fulfilment, Report
from roadmap.views.actions import add_dependency
from roadmap.worth import scores
from tests.roadmap.compliance_makers import make_control, make_evidence
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.worth_makers import make_claim, make_trade_off

pytestmark = pytest.mark.django_db
ADDRESS = "/initiatives/rm-1/-/specification.md"
SECTIONS = ("Cost, claims and return", "Priority", "Dependencies", "Trade-offs it pays back", "Gaps it closes")


def said(client) -> str:
    """The file as it reads, without the marks that keep Markdown from being obeyed."""
    return client.get(ADDRESS).content.decode().replace("\\", "").replace("\u00a0", " ")


@pytest.fixture
def shards(people, settings):
    """An initiative of which everything is said."""
    settings.DAY_RATE, settings.CURRENCY = 800, "EUR"
    made = make_initiative("Shard orders", effort_days=60, cost=12_000)
    make_claim(made, 10_000, kind="cost", note="The licence")
    for factor, value in {"reach": 40, "impact": 2, "confidence": 0.8, "effort": 60, "value": 8}.items():
        scores.say(by=None, values={"initiative": made, "factor": factor, "value": value})
    add_dependency(by=None, before=make_initiative("New disks"), after=made, lag_days=5)
    make_trade_off("Split the table", people.team.reference, make_cycle(), initiative=made, principal_days=3)
    make_evidence(make_control(identifier="CC6.1"), fulfilment=Fulfilment.GAP, initiative=made)
    return made


def test_it_says_what_the_page_says_of_worth_priority_and_ties(shards, people, sign_in):
    text = said(sign_in(people.stranger))
    assert [line for line in text.splitlines() if line.removeprefix("## ") in SECTIONS] == [
        f"## {each}" for each in SECTIONS
    ]
    for line in (
        "- **Costs**: 60,000 EUR, of it 60 days of people",
        "- **Claims to bring**: 10,000 EUR a month",
        "- **Pays back**: after 6 months, return of the first year 100 %",
        "- Cost: 10,000 EUR less a month",
        "**RICE 1.07** = reach × impact × confidence / effort",
        "| Reach | 40 | Guessed |",
        "**WSJF not known without time criticality, risk reduction, job size** = (value + urgency + risk) / size",
        "- Waits for RM-2 New disks (finish before start, 5 days lag): RM-2 has no start or no likely end",
        "owes 3 days, due in 2026 Q4 (open)",
        "- **CC6.1** PCI: Asks for CC6.1, the company as a whole (gap)",
    ):
        assert line in text


def test_what_nobody_has_said_has_no_section(people, sign_in):
    make_initiative("Shard orders")
    text = said(sign_in(people.stranger))
    assert not [each for each in SECTIONS if each in text]


def test_a_private_initiative_that_it_waits_for_is_said_to_whoever_is_let_in(shards, people, sign_in):
    secret = make_initiative("Leave the zanzibar", by=people.editor, is_private=True)
    add_dependency(by=None, before=secret, after=shards)
    assert "Waits for RMP-1 Leave the zanzibar" in said(sign_in(people.editor))
    outside = said(sign_in(people.stranger))
    assert "zanzibar" not in outside
    assert "RMP-1" not in outside


def test_its_pdf_has_the_same_sections(shards, people, sign_in):
    sign_in(people.stranger).post("/initiatives/rm-1/-/specification/")
    text = Report.objects.get().markdown
    for each in SECTIONS:
        assert f"## {each}" in text
