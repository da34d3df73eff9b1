"""One incident from an alert to what it taught, through the pages that people use.

A real Alertmanager tells, a pipeline rolls back, a report is written with a hint, reviewed, published and kept as PDF,
and what is to be done is remembered.
"""

import datetime as dt
import json
import re
import urllib.request
from collections.abc import Callable

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Page, expect

from incidents.models import AlertSource, FollowUp, Incident, PostmortemSection
from incidents.tasks import make_pdfs, refresh_facts, remind_of_follow_ups
from portal.delivery.models import Notification
from tests import factories
from tests.browser.conftest import Visit
from tests.incidents import real_alertmanager

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser-tasks"),
    pytest.mark.skipif(
        not real_alertmanager.binary(), reason="Needs a real Alertmanager: apt-get install prometheus-alertmanager."
    ),
]
LABELS = {"alertname": "HighErrorRate", "service": "checkout", "severity": "critical"}


@pytest.fixture
def checkout(people):
    return factories.make_entity("checkout", owner=people.team)


@pytest.fixture
def deploy(address, people, checkout) -> Callable[..., None]:
    """Reports a deployment of checkout, as a pipeline does."""
    token = factories.token_for(people.service_account)

    def report(key: str, **more: object) -> None:
        body = {"key": key, "service": "checkout", "version": key, "finished_at": now_text(), **more}
        request = urllib.request.Request(
            f"{address}/hooks/deployments/", json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 201

    return report


@pytest.fixture
def page(visit: Visit, people) -> Page:
    return visit(people.editor)


def now_text() -> str:
    return timezone.now().isoformat()


def test_from_an_alert_to_what_recurs(page, people, checkout, deploy, address, tmp_path):
    deploy("2.0")
    deploy("2.1")
    source = AlertSource.objects.create(name="Alertmanager", promotes="severity=critical")
    with real_alertmanager.running(tmp_path, f"{address}/hooks/alerts/{source.token}/") as alertmanager:
        alertmanager.fire(LABELS, "Checkout answers 500")
        real_alertmanager.take_until(Incident.objects.exists)
    take_part(page)
    deploy("2.0-again", version="2.0", rollback_of="2.1")
    mitigate_by_the_rollback(page)
    resolve(page)
    write_the_report(page)
    publish(page, people)
    download_the_pdf(page)
    commit_to_a_follow_up(page)
    the_team_is_reminded(page, people)
    insights_show_it(page)


def take_part(page: Page) -> None:
    page.goto("/incidents/")
    page.get_by_role("row", name="INC-1").get_by_role("link", name="Checkout answers 500").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Checkout answers 500")
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text("Checkout answers 500 fires.")
    expect(timeline).to_contain_text("checkout 2.1")


def mitigate_by_the_rollback(page: Page) -> None:
    page.reload()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Rolled back checkout from 2.1 to 2.0.")
    page.get_by_role("button", name=re.compile("Mitigated by this")).click()
    expect(page.locator("main")).to_contain_text("Mitigated")
    incident = Incident.objects.get()
    assert incident.status.category == "mitigated"
    assert {each.node.slug for each in incident.tags.select_related("node")} == {"det-auto", "mit-rollback-deploy"}


def resolve(page: Page) -> None:
    page.get_by_role("link", name="Resolve", exact=True).click()
    page.locator("main").get_by_role("button").first.click()
    expect(page.get_by_role("status").filter(has_text="INC-1 is")).to_be_visible()
    assert Incident.objects.get().status.category == "resolved"


def write_the_report(page: Page) -> None:
    page.goto("/incidents/inc-1/")
    page.get_by_role("link", name="Begin the postmortem").first.click()
    page.get_by_role("button", name="Begin the postmortem").click()
    page.wait_for_url("**/postmortems/inc-1/-/write/**")
    box = page.get_by_role("textbox", name="What happened", exact=True)
    box.press_sequentially("All was calm. The on-call engineer failed to notice the page.")
    page.get_by_role("region", name="Hint 1").get_by_role("button", name="Use this").click()
    expect(box).not_to_contain_text("failed to notice")
    for section in PostmortemSection.objects.exclude(key="story"):
        page.get_by_role("textbox", name=section.title, exact=True).press_sequentially("Nothing to tell.")
    expect(page.locator("#postmortem-outline")).to_contain_text("9 of 9 sections are written")


def publish(page: Page, people) -> None:
    page.get_by_role("link", name="Ask for review").click()
    page.get_by_role("button", name="Ask for review").click()
    expect(page.locator("main")).to_contain_text("In review")
    page.get_by_role("link", name="Publish").first.click()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator("main")).to_contain_text("Published")


def download_the_pdf(page: Page) -> None:
    page.goto("/postmortems/inc-1/")
    if page.get_by_role("button", name="Make a PDF").count():
        page.get_by_role("button", name="Make a PDF").click()
    make_pdfs()
    page.goto("/postmortems/inc-1/")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="PDF", exact=True).click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF-")


def commit_to_a_follow_up(page: Page) -> None:
    page.goto("/incidents/inc-1/")
    page.get_by_placeholder("What would have helped?").fill("Alert on a full pool")
    page.get_by_role("button", name="Add idea").click()
    page.get_by_role("link", name="Alert on a full pool").click()
    page.get_by_role("link", name="Commit").click()
    page.get_by_role("button", name="Commit").click()
    expect(page.locator("main")).to_contain_text("Committed")


def the_team_is_reminded(page: Page, people) -> None:
    Notification.objects.all().delete()
    follow_up = FollowUp.objects.get()
    with time_machine.travel(dt.datetime.combine(follow_up.due_on, dt.time(12), tzinfo=dt.UTC), tick=False):
        remind_of_follow_ups()
    page.goto("/notifications/")
    expect(page.locator("main")).to_contain_text("Alert on a full pool: due today")


def insights_show_it(page: Page) -> None:
    refresh_facts()
    page.goto("/incidents/insights/")
    expect(page.locator("main")).to_contain_text("These figures are of 1 incident")
    page.get_by_role("link", name="Rolled-back release: 1").click()
    expect(page.get_by_role("row", name="INC-1")).to_be_visible()
