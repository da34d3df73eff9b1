"""An incident that two people work on: what one writes, the other sees; by keyboard, with a picture that is pasted."""

import base64

import pytest
from playwright.sync_api import Page, expect

from incidents.declaring import declare
from incidents.models import Incident, TimelineEvent
from tests.browser.conftest import Visit
from tests.browser.test_live import later
from tests.incidents.makers import picture_file

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]

TIMELINE, COMPOSE = "#incidentsincident-timeline", "[data-compose-text]"
_PASTE = """([selector, name, content]) => {
    const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([bytes], name, { type: "image/png" }));
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.fixture
def incident(people) -> Incident:
    """An incident of the editor."""
    return declare(by=people.editor, values={"title": "Card payments fail"})


def paste(page: Page, name: str) -> None:
    content = base64.b64encode(picture_file(name, (600, 300)).read()).decode()
    page.evaluate(_PASTE, [COMPOSE, name, content])


def test_what_one_posts_by_keyboard_another_sees_without_loading_anew(visit: Visit, people, incident):
    writer, reader = visit(people.editor), visit(people.reader)
    reader.clock.install()
    reader.goto("/incidents/inc-1/")
    writer.goto("/incidents/inc-1/")
    writer.keyboard.press("n")
    expect(writer.locator(COMPOSE)).to_be_focused()
    writer.keyboard.type("Pool is full")
    paste(writer, "pool.png")
    expect(writer.locator("[data-chosen]")).to_contain_text("pool.png")
    writer.keyboard.press("Control+Enter")
    mine = writer.locator(f"{TIMELINE} li", has_text="Pool is full")
    expect(mine.locator("img")).to_have_attribute("alt", "pool.png")
    expect(writer.locator(COMPOSE)).to_be_focused()
    expect(writer.locator(COMPOSE)).to_have_value("")
    expect(writer.locator("[data-chosen]")).to_be_hidden()
    expect(reader.locator(TIMELINE)).not_to_contain_text("Pool is full")
    later(reader)
    expect(reader.locator(TIMELINE)).to_contain_text("Pool is full")
    expect(reader.locator("#live")).to_contain_text("the newest: Pool is full")


def test_what_is_refused_stays_typed_with_its_files_and_the_star_keeps_its_focus(
    visit: Visit, people, incident, complaints
):
    complaints.awaited |= {422}
    page = visit(people.editor)
    page.goto("/incidents/inc-1/")
    page.locator(COMPOSE).fill("Tomorrow")
    paste(page, "pool.png")
    page.locator("[data-happened]").click()
    page.locator("#compose [name=happened_at]").fill("2040-01-01T10:00")
    expect(page.locator("[data-happened]")).to_have_text("happened 10:00 on 2040-01-01")
    page.locator(COMPOSE).press("Control+Enter")
    expect(page.locator("#compose")).to_contain_text("This is yet to come")
    expect(page.locator(COMPOSE)).to_have_value("Tomorrow")
    expect(page.locator("[data-chosen]")).to_contain_text("pool.png")
    page.locator("#compose [name=happened_at]").fill("")
    page.locator(COMPOSE).press("Control+Enter")
    row = page.locator(f"{TIMELINE} li", has_text="Tomorrow")
    star = row.get_by_role("button", name="Key event")
    star.focus()
    page.keyboard.press("Enter")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()
    event = TimelineEvent.objects.get(text="Tomorrow")
    assert event.is_key
    assert [each.name for each in event.files.all()] == ["pool.png"]


def test_without_script_the_timeline_is_written_by_a_plain_form(visit: Visit, people, incident):
    page = visit(people.editor, java_script_enabled=False)
    page.goto("/incidents/inc-1/")
    page.locator("#compose textarea").first.fill("Seen")
    page.locator("#compose [name=kind]").select_option("observation")
    page.get_by_role("button", name="Post").click()
    expect(page.locator(TIMELINE)).to_contain_text("Seen")
    page.locator(f"{TIMELINE} li", has_text="Seen").get_by_role("link", name="Correct").click()
    page.locator("#correct [name=text]").fill("Seen by two")
    page.get_by_role("button", name="Correct").click()
    expect(page.locator(TIMELINE)).to_contain_text("1 earlier version")


def test_a_note_that_was_typed_while_the_session_ended_is_in_the_field_again_after_signing_in(
    visit: Visit, people, incident, complaints
):
    page = visit(people.editor)
    page.goto("/incidents/inc-1/")
    page.keyboard.press("n")
    page.keyboard.type("The pool has eight connections")
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("Control+Enter")
    page.get_by_label("Email").fill(people.editor.email)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(COMPOSE)).to_have_value("The pool has eight connections")
    page.reload()
    expect(page.locator(COMPOSE)).to_have_value("The pool has eight connections")
    page.locator(COMPOSE).press("Control+Enter")
    expect(page.locator(f"{TIMELINE} li", has_text="The pool has eight connections")).to_be_visible()
    page.reload()
    expect(page.locator(COMPOSE)).to_have_value("")
    assert TimelineEvent.objects.filter(incident=incident, text="The pool has eight connections").count() == 1


def test_whoever_chose_no_zone_reads_times_on_the_clock_of_the_browser(visit: Visit, people, incident):
    page = visit(people.reader, timezone_id="Asia/Tokyo")
    page.goto("/help/")
    page.goto("/incidents/inc-1/")
    expect(page.locator("main")).to_contain_text("times of Asia/Tokyo")
