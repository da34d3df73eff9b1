"""Charts in a browser: drawn where there are numbers, read as a table by keys, in the colours of the theme."""

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from services.health import samples
from services.health.models import Check, CheckDay, Outcome, RollUpMark
from tests.browser.conftest import Visit
from tests.factories import make_entity
from tests.services.health.charted import make_charted
from tests.services.health.limits import keep_days, make_metric
from tests.services.health.results import answer, every, make_check

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("browser-tasks"),
]


@pytest.fixture
def check(people) -> Check:
    check = make_check(entity=make_entity("cart", owner=people.team))
    now = timezone.now()
    answer(check, every(now - dt.timedelta(hours=3), now - dt.timedelta(hours=1)), latency_ms=120.0)
    answer(check, every(now - dt.timedelta(hours=1), now), Outcome.DOWN, None)
    return check


def opened(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("[data-chart][data-drawn]")).to_have_count(page.locator("[data-chart]").count())


def test_a_chart_is_drawn_and_says_in_words_what_it_shows(visit: Visit, people, check):
    page = visit(people.reader)
    opened(page, f"/checks/{check.pk}/?range=24h")
    picture = page.get_by_role("img", name="95 of 100 answers of the last 24 hours came within")
    expect(picture.locator("svg path").first).to_be_attached()
    expect(picture.locator("svg text", has_text="p95")).to_be_visible()


def test_its_table_is_opened_and_scrolled_by_keys(visit: Visit, people, check):
    page = visit(people.reader)
    opened(page, f"/checks/{check.pk}/?range=24h")
    figure, table = page.locator("#chart-latency"), page.locator("#chart-latency-table")
    expect(table).to_be_hidden()
    button = figure.get_by_role("button", name="As a table")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(table.get_by_role("columnheader")).to_have_text(["When", "p50, ms", "p95, ms", "p99, ms", "Answers"])
    page.keyboard.press("Tab")
    expect(figure.get_by_role("link", name="CSV of Latency")).to_be_focused()
    page.keyboard.press("Tab")
    expect(table).to_be_focused()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('#chart-latency-table').scrollTop > 0")


def test_its_colours_follow_the_theme_without_loading_the_page_anew(visit: Visit, people, check):
    page = visit(people.reader)
    opened(page, f"/checks/{check.pk}/?range=24h")
    label = page.locator("#chart-latency svg text", has_text="p95")
    light = label.get_attribute("fill")
    assert light
    page.evaluate("() => { document.documentElement.dataset.bsTheme = 'dark'; }")
    expect(label).not_to_have_attribute("fill", light)


def test_on_paper_it_has_the_colours_of_the_light_theme_and_afterwards_its_own_again(visit: Visit, people, check):
    page = visit(people.reader)
    opened(page, f"/checks/{check.pk}/?range=24h")
    label = page.locator("#chart-latency svg text", has_text="p95")
    light = label.get_attribute("fill")
    page.emulate_media(color_scheme="dark")
    expect(label).not_to_have_attribute("fill", light or "")
    dark = label.get_attribute("fill")
    page.evaluate("""() => addEventListener("beforeprint", () => {
        const labels = [...document.querySelectorAll("#chart-latency svg text")];
        window.printed = labels.find((each) => each.textContent === "p95").getAttribute("fill");
    })""")
    page.pdf()
    assert page.evaluate("() => window.printed") == light
    expect(label).to_have_attribute("fill", dark or "")


def test_the_label_at_the_foot_stands_above_the_marks_of_deployments(visit: Visit, people):
    slo = make_charted(make_entity("cart", owner=people.team))["slo"]
    page = visit(people.reader)
    opened(page, f"/slos/{slo.pk}/")
    label = page.locator("#chart-burn-down svg text", has_text="nothing left").bounding_box()
    marks = [
        box
        for each in page.locator("#chart-burn-down svg path[d='M0 -1L1 1L-1 1Z']").all()
        if (box := each.bounding_box())
    ]
    assert label
    assert marks
    assert label["y"] + label["height"] <= min(box["y"] for box in marks) + 1


def test_it_is_as_wide_as_its_place(visit: Visit, people, check):
    page = visit(people.reader)
    opened(page, f"/checks/{check.pk}/?range=24h")
    page.set_viewport_size({"width": 390, "height": 800})
    plot = page.locator("#chart-latency .gw-plot")
    width = plot.evaluate("(box) => box.clientWidth")
    expect(plot.locator("svg")).to_have_attribute("width", str(width))


def stretches(page: Page, chart: str) -> list[int]:
    """How many values each stretch of the line has."""
    line = page.locator(f"#chart-{chart} svg path[stroke-width='2'][fill='none'][d^='M']").get_attribute("d") or ""
    return [stretch.count("L") + 1 for stretch in line.split("M")[1:]]


def dots(page: Page, chart: str) -> int:
    return page.locator(f"#chart-{chart} svg path[d^='M1 0A1 1']").count()


def test_a_job_that_runs_once_a_day_is_a_line_with_a_dot_for_each_day(visit: Visit, people):
    nightly = make_check("Nightly", entity=make_entity("cart", owner=people.team), kind="heartbeat", interval_s=86_400)
    for n in range(2, 7):
        hours = [count for hour in range(24) for count in ([1, 0, 0, 0, 0] if hour == 3 else [0] * 5)]
        day = (timezone.now() - dt.timedelta(days=n)).date()
        CheckDay.objects.create(of=nightly, day=day, good=1, hours=hours)
    RollUpMark.objects.update_or_create(pk=1, defaults={"rolled_until": timezone.now() - dt.timedelta(hours=1)})
    page = visit(people.reader)
    opened(page, f"/checks/{nightly.pk}/?range=7d")
    assert (stretches(page, "availability"), dots(page, "availability")) == ([5], 5)
    box = page.locator("#chart-availability .gw-plot").bounding_box()
    assert box
    # So far inside: the last name of a day may stand beyond the plot, which is narrower then.
    page.mouse.move(box["x"] + box["width"] - 60, box["y"] + box["height"] * 0.5)
    expect(page.locator("#chart-availability svg text", has_text="Pings: 0")).to_be_visible()


def test_a_line_is_interrupted_where_nothing_came_and_a_value_alone_is_a_dot(visit: Visit, people):
    metric = make_metric(make_entity("cart", owner=people.team), "builds")
    today = samples.organisation_day()
    for days_ago, values in ((50, [1.0, 2.0, 3.0, 4.0]), (25, [5.0]), (0, [6.0, 7.0, 8.0])):
        keep_days(metric, values, today - dt.timedelta(days=days_ago))
    page = visit(people.reader)
    opened(page, f"/metrics/{metric.pk}/?range=90d")
    assert ([n for n in stretches(page, "values") if n > 1], dots(page, "values")) == ([4, 3], 1)


def test_hovering_says_the_numbers_of_the_table(visit: Visit, people, check):
    page = visit(people.reader)
    opened(page, f"/checks/{check.pk}/?range=24h")
    box = page.locator("#chart-latency .gw-plot").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    expect(page.locator("#chart-latency svg text", has_text="Answers: ").first).to_be_visible()


def test_what_draws_charts_is_fetched_only_where_there_is_one(visit: Visit, people, check):
    page = visit(people.reader)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/checks/")
    page.goto("/services/cart/")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "/charts-" in url]
    opened(page, f"/checks/{check.pk}/")
    assert len([url for url in asked if "/charts-" in url]) == 1


def test_without_javascript_the_table_stands_in_its_place(visit: Visit, people, check):
    page = visit(people.reader, java_script_enabled=False)
    page.goto(f"/checks/{check.pk}/?range=24h")
    expect(page.locator("#chart-latency-table")).to_be_visible()
    expect(page.locator("#chart-latency .gw-plot")).to_be_hidden()
    expect(page.get_by_role("button", name="As a table")).to_have_count(0)
    page.get_by_role("link", name="The last 7 days").click()
    expect(page.get_by_text("Each point is one hour.")).to_be_visible()
