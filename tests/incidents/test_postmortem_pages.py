"""Postmortems in the browser without a script: begun, written, collided, commented, reviewed, published, compared, and
what a stranger never sees of a private one."""

import datetime as dt
import html
import json
import re

import pytest
import time_machine

from incidents import timeline
from incidents.declaring import declare
from incidents.models import Comment, Edition, IncidentTime, Node, Postmortem, PostmortemTemplate, Review, Severity, Tag
from incidents.postmortems import reviewing, writing
from portal.delivery.models import Notification, OutboxMessage
from tests.factories import make_entity
from tests.incidents.makers import make_postmortem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
BASE = "/postmortems/inc-1/"


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def incident(people):
    values = {
        "title": "Card payments fail",
        "severity": Severity.objects.get(slug="sev-2"),
        "owner": people.team.reference,
    }
    made = declare(by=people.editor, values=values, services=[make_entity("cart", owner=people.other).reference])
    IncidentTime.objects.create(incident=made, point="started", at=NOON - 3 * HOUR)
    IncidentTime.objects.create(incident=made, point="resolved", at=NOON - HOUR)
    return made


@pytest.fixture
def report(incident, people):
    return make_postmortem(incident, by=people.editor)


def words(response) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def written(report, text="Nothing to tell."):
    for each in report.sections.all():
        writing.save_section(by=None, section=each, text=text, version=None)
    report.refresh_from_db()
    return report


def send(client, act, data=None, **headers):
    return client.post(f"{BASE}-/{act}", data or {}, headers=headers)


def test_the_page_of_an_incident_says_when_it_is_due_and_begins_it_with_a_template(sign_in, people, incident):
    PostmortemTemplate.objects.create(
        name="Short", sections=[{"key": "all", "title": "All of it", "questions": "What?"}]
    )
    client = sign_in(people.editor)
    page = words(client.get("/incidents/inc-1/"))
    assert "Due on 2 Dec 2026 . Begin the postmortem" in page
    form = words(client.get("/incidents/inc-1/-/postmortem/"))
    assert "INC-1 Card payments fail. Due on 2 Dec 2026 , as its severity says." in form
    assert "Short: All of it" in form
    short = PostmortemTemplate.objects.get(name="Short").pk
    begun = client.post("/incidents/inc-1/-/postmortem/", {"template": short})
    assert begun.url == f"{BASE}-/write/"
    page = words(client.get(begun.url))
    assert "All of it" in page
    assert "0 of 1 sections are written" in page
    assert client.get("/incidents/inc-1/-/postmortem/").url == f"{BASE}-/write/"
    assert "Draft due 2 Dec 2026 Read Write" in words(client.get("/incidents/inc-1/"))


def test_who_runs_it_and_whose_service_was_hit_write_and_others_read_and_comment(sign_in, people, report):
    assert sign_in(people.editor).get(f"{BASE}-/write/").status_code == 200
    assert sign_in(people.reader).get(f"{BASE}-/write/").status_code == 200
    stranger = sign_in(people.stranger)
    refused = stranger.get(f"{BASE}-/write/")
    assert refused.status_code == 403
    assert "You may not change the postmortem of INC-1" in words(refused)
    assert "This is a draft" in words(stranger.get(BASE))
    assert send(stranger, "comments/", {"section": "luck", "text": "Was it?"}).status_code == 302
    assert "Where we were lucky Stranger, just now Was it?" in words(stranger.get(BASE))


def test_a_section_is_saved_by_its_own_button_and_its_state_stands_in_the_outline(sign_in, people, report):
    client = sign_in(people.editor)
    saved = send(client, "sections/surprise/", {"text": "One pool.\r\nWe thought.", "version": 1})
    assert saved.url == f"{BASE}-/write/#surprise"
    assert report.sections.get(key="surprise").text == "One pool.\nWe thought."
    page = words(client.get(f"{BASE}-/write/"))
    assert "What surprised us , written" in page
    assert "1 of 9 sections are written" in page
    assert "Written by Editor, due 2 Dec 2026 ." in page


def test_of_two_who_save_the_same_section_the_second_gets_a_page_with_both_texts(sign_in, people, report):
    send(sign_in(people.editor), "sections/surprise/", {"text": "Theirs was here", "version": 1})
    client = sign_in(people.reader)
    collided = send(client, "sections/surprise/", {"text": "Mine was here", "version": 1})
    assert collided.status_code == 409
    page = collided.content.decode()
    assert "Editor saved “What surprised us”" in words(collided)
    assert "\nTheirs was here</textarea>" in page
    assert "\nMine was here</textarea>" in page
    assert "<del>Theirs</del><ins>Mine</ins> was here" in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert send(client, "sections/surprise/", {"text": "Both were here", "version": version}).status_code == 302
    assert report.sections.get(key="surprise").text == "Both were here"


def test_a_script_that_saves_is_told_the_version_or_both_texts(sign_in, people, report):
    client, json_please = sign_in(people.editor), {"Accept": "application/json"}
    saved = send(client, "sections/luck/", {"text": "It was Sunday", "version": 1}, **json_please)
    assert saved.json() == {"version": 2, "at": "12:00"}
    collided = send(client, "sections/luck/", {"text": "It was night", "version": 1}, **json_please)
    assert collided.status_code == 409
    told = collided.json()
    assert (told["theirs"], told["version"], told["by"]) == ("It was Sunday", 2, "Editor")
    refused = send(client, "sections/luck/", {"text": "x" * 20_001, "version": 2}, **json_please)
    assert (refused.status_code, refused.json()["error"]) == (
        422, "This has 20,001 characters, and at most 20,000 are kept. Shorten it.",
    )  # fmt: skip


def test_what_cannot_be_saved_is_given_back_with_the_reason(sign_in, people, report):
    refused = send(sign_in(people.editor), "sections/luck/", {"text": "turned \u202e text", "version": 1})
    assert refused.status_code == 422
    assert "is invisible (U+202E)" in words(refused)
    assert "turned \u202e text" in refused.content.decode()


def test_html_in_a_report_is_shown_and_not_obeyed_and_pictures_come_from_here_alone(sign_in, people, report):
    text = (
        "<script>alert(1)</script> [x](javascript:alert(1)) ![far](https://evil.example/a.png) "
        "![near](/uploads/1a/) **bold**\n\n# A heading\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    client = sign_in(people.editor)
    send(client, "sections/story/", {"text": text, "version": 1})
    for page in (client.get(BASE), send(client, "preview/", {"texts": json.dumps({"story": text})})):
        shown = page.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        assert 'href="javascript' not in shown
        assert '<a href="https://evil.example/a.png" rel="nofollow noopener noreferrer">far</a>' in shown
        assert '<img src="/uploads/1a/" alt="near" loading="lazy">' in shown
        assert "<strong>bold</strong>" in shown


def test_hints_stand_beside_what_was_saved_and_a_dismissed_one_is_gone_for_all_and_names_nobody(
    sign_in, people, report
):
    client = sign_in(people.editor)
    said = "All was calm.\nThe on-call engineer failed to notice the page."
    send(client, "sections/story/", {"text": said, "version": 1})
    page = words(client.get(f"{BASE}-/write/"))
    assert "1. What was on the screen at that time? The on-call engineer failed to notice the page." in page
    assert "What happened , written, with hints" in page
    assert "not stored with your name, not counted, and never stop a publication" in page
    found = send(client, "hints/check/", {"texts": json.dumps({"story": said})}).json()["hints"]
    [hint] = found
    assert said[hint["start"] : hint["end"]] == "engineer failed to"
    assert said[slice(*hint["sentence"])] == "The on-call engineer failed to notice the page."
    assert send(client, "hints/dismiss/", {"hint": hint["key"]}).status_code == 302
    assert "0 of" not in words(sign_in(people.reader).get(f"{BASE}-/hints/"))
    listed = words(client.get(f"{BASE}-/hints/"))
    assert "There is nothing to ask about. 1 dismissed, by nobody in particular." in listed
    assert send(client, "hints/dismiss/", {"hint": "guess"}).status_code == 302
    send(client, "hints/show/")
    assert "What was on the screen at that time?" in words(client.get(f"{BASE}-/hints/"))


def test_questions_of_the_template_quotes_and_code_give_no_hint(sign_in, people, report):
    texts = {
        "story": "> We should have checked it.\n\n`we should have checked it`",
        "luck": report.sections.get(key="luck").questions,
        "follow-ups": "We should have a page that adds the pools up.",
    }
    found = send(sign_in(people.editor), "hints/check/", {"texts": json.dumps(texts)}).json()
    assert found == {"hints": []}


def test_a_text_that_begins_with_a_blank_gives_its_hint_all_the_same(sign_in, people, report):
    texts = {"surprise": " We should have checked it."}
    (found,) = send(sign_in(people.editor), "hints/check/", {"texts": json.dumps(texts)}).json()["hints"]
    assert (found["section"], found["start"]) == ("surprise", 4)


def test_who_is_asked_to_read_it_is_told_once_finds_it_in_my_work_and_says_when_it_is_read(sign_in, people, report):
    client = sign_in(people.editor)
    readers = "user:default/stranger, group:default/payments"
    asked = send(client, "review/", {"readers": readers, "version": report.version})
    assert asked.url == BASE
    told = set(Notification.objects.filter(kind="postmortem-review").values_list("user__email", flat=True))
    assert told == {"stranger@larkspur.example", "reader@larkspur.example"}
    reader = sign_in(people.reader)
    assert "Read the postmortem of INC-1 Card payments fail Asked of Payments" in words(reader.get("/"))
    assert "I have read it" in words(reader.get(BASE))
    assert send(reader, "read/").status_code == 302
    page = words(reader.get(BASE))
    assert "1 of 2 have read it" in page
    assert "Reader read it just now" in page
    assert "Read the postmortem" not in words(reader.get("/"))
    assert send(reader, "read/").status_code == 403


def test_asking_nobody_or_somebody_who_is_not_there_is_refused_by_name(sign_in, people, report):
    client = sign_in(people.editor)
    assert "Who reads it" in words(send(client, "review/", {"readers": "", "version": 1}))
    wrong = send(client, "review/", {"readers": "user:default/nobody-such", "version": 1})
    assert wrong.status_code == 422
    assert "nobody-such" in words(wrong)
    assert Review.objects.count() == 0


def test_publishing_is_refused_with_the_names_of_what_is_missing_and_nothing_else_stops_it(sign_in, people, report):
    client = sign_in(people.editor)
    written(report)
    section = report.sections.get(key="luck")
    writing.save_section(by=None, section=section, text=section.questions, version=None)
    reviewing.ask(by=people.editor, postmortem=report, readers=[people.other.reference])
    report.refresh_from_db()
    page = words(client.get(f"{BASE}-/publish/"))
    assert "Not written yet: Where we were lucky" in page
    assert "Not read yet by Payments" in page
    refused = send(client, "publish/", {"version": report.version})
    assert refused.status_code == 422
    assert "Not written yet: “Where we were lucky”. Questions of the template are no answer." in words(refused)
    assert Edition.objects.count() == 0
    writing.save_section(by=None, section=section, text="We failed to check. The root cause was us.", version=None)
    published = send(client, "publish/", {"version": report.version, "note": "The first"})
    assert published.url == BASE
    page = words(client.get(BASE))
    assert "edition 1" in page
    assert "Begin the next edition" in page


def test_who_it_concerns_is_told_once_in_the_transaction_that_publishes_and_who_published_knows(people, report):
    written(report)
    writing.publish(by=people.administrator, postmortem=report)
    told = Notification.objects.filter(kind="postmortem-published").values_list("user__email", flat=True)
    assert sorted(told) == ["editor@larkspur.example", "reader@larkspur.example"]
    assert OutboxMessage.objects.filter(kind="postmortem-published").count() == 2


def test_a_published_report_is_found_by_its_words_and_stays_while_the_next_is_written(sign_in, people, report):
    written(report, "The zeppelin pool ran dry.")
    writing.publish(by=people.editor, postmortem=report)
    client = sign_in(people.stranger)
    assert "Card payments fail" in words(client.get("/search/?q=zeppelin"))
    editor = sign_in(people.editor)
    report.refresh_from_db()
    assert send(editor, "draft/", {"version": report.version}).url == f"{BASE}-/write/"
    section = report.sections.get(key="luck")
    send(editor, "sections/luck/", {"text": "The zeppelin pool ran full.", "version": section.version})
    page = words(editor.get(BASE))
    assert "The next edition is being written" in page
    assert "ran full" not in page
    compared = editor.get(f"{BASE}-/compare/").content.decode()
    assert "The zeppelin pool ran <del>dry</del><ins>full</ins>." in compared
    assert "paragraphs the same" in compared
    assert editor.get(f"{BASE}-/compare/?from=7").status_code == 400
    report.refresh_from_db()
    writing.publish(by=people.editor, postmortem=report, note="Full, not dry")
    assert "Full, not dry" in words(editor.get(BASE))
    assert "ran dry" in words(editor.get(f"{BASE}-/editions/1/"))
    assert editor.get(f"{BASE}-/editions/3/").status_code == 404


def test_the_file_of_an_edition_holds_what_people_wrote_and_what_the_record_says(sign_in, people, report, incident):
    writing.save_section(by=None, section=report.sections.get(key="luck"), text="Sunday.", version=None)
    event = timeline.note(by=people.editor, incident=incident, text="Pool | full", happened_at=NOON - 2 * HOUR)
    timeline.choose(event=event, is_key=True)
    timeline.note(by=people.editor, incident=incident, text="Lunch")
    Tag.objects.create(incident=incident, node=Node.objects.filter(facet="trigger").order_by("place").first())
    node = Node.objects.filter(facet="trigger").order_by("place").first()
    incident.follow_ups.create(number=1, title="Add the pools up", owner=people.team.reference)
    response = sign_in(people.stranger).get(f"{BASE}-/draft.md")
    assert response["Content-Disposition"] == 'attachment; filename="inc-1-card-payments-fail-draft.md"'
    assert (
        response.content.decode()
        == f"""\
# INC-1 Card payments fail

## Where we were lucky

Sunday.

## Five times

| Point | When (UTC) | After the one before |
| --- | --- | --- |
| Started | 22 Nov 2026, 09:00 |  |
| Detected | not known |  |
| Acknowledged | not known |  |
| Mitigated | not known |  |
| Resolved | 22 Nov 2026, 11:00 | 2 h |

## What was hit

| Service | Level | From | Until | Customers |
| --- | --- | --- | --- | --- |
| cart | Degraded | not said | not said | not said |

## Classification

| Question | Answer |
| --- | --- |
| {node.get_facet_display()} | {node} |

## Key events

| When | What happened |
| --- | --- |
| 22 Nov 2026, 10:00 | Pool \\| full |

## Follow-ups

| Follow-up | State | Owner | Due |
| --- | --- | --- | --- |
| INC-1-1 Add the pools up | Idea | Checkout |  |
"""
    )


def test_a_comment_is_settled_by_who_wrote_it_or_writes_the_report(sign_in, people, report):
    send(sign_in(people.stranger), "comments/", {"section": "luck", "text": "Was it?", "quote": "lucky"})
    told = Notification.objects.filter(kind="postmortem-comment").values_list("user__email", flat=True)
    assert list(told) == ["editor@larkspur.example"]
    made = Comment.objects.get()
    assert send(sign_in(people.product_manager), f"comments/{made.pk}/settle/").status_code == 403
    assert send(sign_in(people.editor), f"comments/{made.pk}/settle/").status_code == 302
    made.refresh_from_db()
    assert made.settled_at == NOON
    assert send(sign_in(people.stranger), f"comments/{made.pk}/settle/", {"settled": "no"}).status_code == 302
    made.refresh_from_db()
    assert made.settled_at is None


def test_an_administrator_writes_the_sections_of_a_template_in_a_form(sign_in, people):
    template = PostmortemTemplate.objects.get()
    address = f"/postmortem-templates/{template.pk}/-/sections/"
    assert sign_in(people.editor).get(address).status_code == 403
    client = sign_in(people.administrator)
    assert "What surprised us" in client.get(address).content.decode()
    data = {
        "form-TOTAL_FORMS": "3", "form-INITIAL_FORMS": "1", "version": template.version,
        "form-0-key": "surprise", "form-0-title": "Surprises", "form-0-questions": "What?", "form-0-place": "2",
        "form-1-title": "Short version", "form-1-place": "1", "form-2-title": "",
    }  # fmt: skip
    assert client.post(address, data).url == f"/postmortem-templates/{template.pk}/"
    template.refresh_from_db()
    assert template.sections == [
        {"key": "short-version", "title": "Short version", "questions": ""},
        {"key": "surprise", "title": "Surprises", "questions": "What?"},
    ]
    emptied = client.post(address, {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "0", "version": template.version})
    assert emptied.status_code == 422
    assert "A template has at least one section." in words(emptied)
    stale = client.post(address, {**data, "version": "1"})
    assert "Somebody changed the template in the meantime" in words(stale)


def test_the_postmortem_of_a_private_incident_is_not_there_for_who_is_not_let_in(sign_in, people):
    make_entity("cart", owner=people.team)
    values = {"title": "Zanzibar keys", "owner": people.other.reference}
    secret = declare(by=people.editor, values=values, is_private=True)
    report = written(make_postmortem(secret, by=people.editor), "Zanzibar.")
    reviewing_refused = sign_in(people.editor).post(
        "/postmortems/priv-1/-/review/", {"readers": "group:default/payments", "version": report.version}
    )
    assert "Payments does not see PRIV-1" in words(reviewing_refused)
    writing.publish(by=people.editor, postmortem=report)
    assert "Zanzibar" in words(sign_in(people.editor).get("/postmortems/priv-1/"))
    told = set(Notification.objects.values_list("user__email", flat=True))
    assert told <= {"editor@larkspur.example"}
    # The list of deliveries is read by administrators, who are not let in.
    assert not OutboxMessage.objects.exists()
    for who in (people.stranger, people.reader, people.administrator):
        client = sign_in(who)
        for act in ("", "history/", "-/write/", "-/hints/", "-/compare/", "-/draft.md", "-/editions/1/", "-/outline/",
                    "-/editions/1/report.md", "-/editions/1/report.pdf", "-/review/", "-/publish/"):  # fmt: skip
            assert client.get(f"/postmortems/priv-1/{act}").status_code == 404, act
        for act in ("sections/luck/", "preview/", "hints/check/", "hints/dismiss/", "hints/show/", "read/", "draft/",
                    "comments/", "comments/1/settle/", "editions/1/pdf/"):  # fmt: skip
            assert client.post(f"/postmortems/priv-1/-/{act}", {"text": "x"}).status_code == 404, act
        for address in ("/", "/postmortems/", "/postmortems/?format=csv", "/api/v1/postmortems/",
                        "/api/v1/postmortems/priv-1/", "/search/palette/?q=priv"):  # fmt: skip
            shown = client.get(address).getvalue().decode()
            assert "anzibar" not in shown.lower(), address
            assert "PRIV-1" not in shown, address


def test_the_list_says_what_is_late_and_a_page_takes_as_many_questions_of_the_database_for_many_sections(
    sign_in, people, report, django_assert_max_num_queries
):
    Postmortem.objects.update(due_on=dt.date(2026, 11, 20))
    client = sign_in(people.editor)
    assert "INC-1" in words(client.get("/postmortems/?late=true"))
    assert "Nothing matches" in words(client.get("/postmortems/?late=false")) or "INC-1" not in words(
        client.get("/postmortems/?late=false")
    )
    assert "2 days late" in words(client.get(BASE))
    client.get(f"{BASE}-/write/")
    with django_assert_max_num_queries(30):
        client.get(f"{BASE}-/write/")
