"""Writing a postmortem in a browser: saved on a pause, kept over a lost connection and a reload, two writers at once,
hints beside the words, events put in."""

import pytest
from playwright.sync_api import Page, expect

from incidents import timeline
from incidents.declaring import declare
from incidents.models import DismissedHint, Postmortem, PostmortemSection
from incidents.postmortems import writing
from tests.browser.conftest import Complaints, Visit
from tests.incidents.makers import make_postmortem

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser-tasks")]
WRITE = "/postmortems/inc-1/-/write/"


@pytest.fixture
def report(people) -> Postmortem:
    incident = declare(by=people.editor, values={"title": "Refunds stuck", "owner": people.team.reference})
    event = timeline.note(by=people.editor, incident=incident, text="The pool is full")
    timeline.choose(event=event, is_key=True)
    return make_postmortem(incident, by=people.editor)


@pytest.fixture
def page(visit: Visit, people, report) -> Page:
    opened = visit(people.editor)
    opened.goto(WRITE)
    return opened


def box(page: Page, title: str):
    return page.get_by_role("textbox", name=title, exact=True)


def text_of(key: str) -> str:
    return PostmortemSection.objects.get(key=key).text


def save_line(page: Page):
    return page.locator("[data-saved]")


def test_what_is_typed_is_saved_on_a_pause_and_the_outline_says_that_it_is_written(page):
    box(page, "What happened").press_sequentially("The pool was full.")
    expect(save_line(page)).to_contain_text("Saved ")
    expect(save_line(page)).to_contain_text("version 2")
    assert text_of("story") == "The pool was full."
    expect(page.locator("#postmortem-outline")).to_contain_text("1 of 9 sections are written")
    page.reload()
    expect(box(page, "What happened")).to_have_text("The pool was full.")


def test_letters_typed_into_the_text_are_no_shortcuts_and_the_tab_key_leaves_it(page):
    box(page, "What surprised us").press_sequentially("d e g s ? /x")
    expect(box(page, "What surprised us")).to_have_text("d e g s ? /x")
    assert page.url.endswith("/write/")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(box(page, "Who felt what")).to_be_focused()


def test_without_a_connection_what_is_typed_survives_and_is_saved_when_it_is_back(page, complaints: Complaints):
    box(page, "What ended it").press_sequentially("A rollback.")
    expect(save_line(page)).to_contain_text("Saved ")
    page.route("**/sections/**", lambda route: route.abort())
    box(page, "What ended it").press_sequentially(" By hand.")
    expect(save_line(page)).to_contain_text("No connection")
    page.once("dialog", lambda dialog: dialog.accept())
    page.unroute("**/sections/**")
    page.reload()
    expect(box(page, "What ended it")).to_have_text("A rollback. By hand.")
    expect(save_line(page)).to_contain_text("Saved ")
    assert text_of("mitigation") == "A rollback. By hand."


def test_of_two_who_write_the_same_section_the_second_sees_both_texts_and_loses_neither(page, people, complaints):
    complaints.awaited.add(409)
    section = PostmortemSection.objects.get(key="luck")
    writing.save_section(by=people.reader, section=section, text="It was Sunday.", version=1)
    box(page, "Where we were lucky").press_sequentially("It was night.")
    note = page.get_by_role("alert").filter(has_text="saved this section")
    expect(note).to_contain_text("It was Sunday.")
    assert text_of("luck") == "It was Sunday."
    note.get_by_role("button", name="Put theirs below mine").click()
    expect(save_line(page)).to_contain_text("Saved ")
    assert text_of("luck") == "It was night.\n\nIt was Sunday."


def test_what_somebody_else_saves_in_another_section_appears_by_itself(page, people):
    section = PostmortemSection.objects.get(key="well")
    writing.save_section(by=people.reader, section=section, text="The alert came at once.", version=1)
    box(page, "What surprised us").press_sequentially("One pool.")
    expect(box(page, "What went well")).to_have_text("The alert came at once.")
    expect(save_line(page)).to_contain_text("Saved ")
    assert {text_of("surprise"), text_of("well")} == {"One pool.", "The alert came at once."}


def test_a_hint_stands_beside_the_words_is_used_and_undone_and_another_is_dismissed_for_good(page):
    box(page, "What happened").press_sequentially("All was calm. The on-call engineer failed to notice the page.")
    hint = page.get_by_role("region", name="Hint 1")
    expect(hint).to_contain_text("1. What was on the screen at that time?")
    expect(page.locator(".cm-flag")).to_have_text("engineer failed to")
    hint.get_by_role("button", name="Use this").click()
    expect(box(page, "What happened")).to_have_text(
        "All was calm. At … the screen showed …. The page that shows … was first opened at …."
    )
    page.get_by_role("button", name="Undo").click()
    expect(box(page, "What happened")).to_contain_text("failed to notice")
    page.get_by_role("button", name="Dismiss hint 1").click()
    expect(page.locator("[data-hint-count]")).to_have_text("none")
    expect(page.locator(".cm-flag")).to_have_count(0)
    assert DismissedHint.objects.count() == 1


def test_events_of_the_timeline_are_put_in_by_a_slash(page):
    box(page, "What happened").press_sequentially("/events")
    page.get_by_role("option", name="/events as a table").click()
    expect(box(page, "What happened")).to_contain_text("| What happened |")
    expect(box(page, "What happened")).to_contain_text("The pool is full")


def test_people_are_named_by_an_at_sign_with_a_link(page):
    box(page, "What went well").press_sequentially("Thanks to @read")
    page.get_by_role("option", name="@Reader").click()
    expect(box(page, "What went well")).to_have_text("Thanks to [Reader](/people/reader/)")


def test_the_preview_is_what_every_page_shows_and_stands_beside_the_text_where_there_is_room(page):
    box(page, "What happened").press_sequentially("It was **cold** <b>there</b>.")
    page.get_by_role("button", name="Preview").click()
    shown = page.get_by_role("region", name="Preview")
    expect(shown.locator("strong")).to_have_text("cold")
    expect(shown).to_contain_text("<b>there</b>")
    expect(box(page, "What happened")).to_be_hidden()
    page.get_by_role("button", name="Side by side").click()
    expect(box(page, "What happened")).to_be_visible()
    box(page, "What happened").press("End")
    page.keyboard.type(" And dark.")
    expect(shown).to_contain_text("And dark.")


def test_buttons_of_the_toolbar_write_markdown(page):
    box(page, "What went well").press_sequentially("alert")
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Bold").click()
    expect(box(page, "What went well")).to_have_text("**alert**")
    page.get_by_role("button", name="List").click()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("graph")
    expect(save_line(page)).to_contain_text("Saved ")
    assert text_of("well") == "- **alert**\n- graph"


def test_a_picture_that_is_chosen_is_uploaded_and_named_in_the_text(page):
    from tests.incidents.makers import picture_file

    file = picture_file("pool.png")
    box(page, "What happened").click()
    page.locator("[data-picture]").set_input_files({"name": "pool.png", "mimeType": "image/png", "buffer": file.read()})
    expect(box(page, "What happened")).to_contain_text("](/uploads/")
    expect(save_line(page)).to_contain_text("Saved ")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview").locator("img")).to_be_visible()
