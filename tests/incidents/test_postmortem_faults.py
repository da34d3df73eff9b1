"""What goes wrong around a postmortem, and what is said then: odd letters, half a form, a lost file, an incident that
was none after all."""

import datetime as dt
import html
import json
import time

import pytest

from incidents.declaring import declare
from incidents.models import Comment, EditionPdf, Severity, Status
from incidents.postmortems import keeping, reminders, writing
from portal.delivery.models import Notification
from tests.incidents.makers import make_postmortem

pytestmark = pytest.mark.django_db
BASE = "/postmortems/inc-1/-"


@pytest.fixture
def incident(people):
    values = {
        "title": "Card payments fail", "severity": Severity.objects.get(slug="sev-2"), "owner": people.team.reference,
    }  # fmt: skip
    return declare(by=people.editor, values=values)


@pytest.fixture
def report(incident, people):
    return make_postmortem(incident, by=people.editor)


def hints_at(client, text: str) -> list[dict]:
    answer = client.post(f"{BASE}/hints/check/", {"texts": json.dumps({"story": text})})
    assert answer.status_code == 200
    return [each for each in answer.json()["hints"] if each["section"] == "story"]


def test_a_hint_behind_a_picture_letter_is_where_the_editor_counts_it(sign_in, people, report):
    """JavaScript counts 🎟 as two letters: without that, what the hint offers would replace other words."""
    text = "🎟🎟 Sold out. The operator failed to notice the alert. It went on."
    (hint,) = hints_at(sign_in(people.editor), text)
    counted = text.encode("utf-16-le")
    words = counted[2 * hint["start"] : 2 * hint["end"]].decode("utf-16-le")
    sentence = counted[2 * hint["sentence"][0] : 2 * hint["sentence"][1]].decode("utf-16-le")
    assert words in "The operator failed to notice the alert."
    assert sentence == "The operator failed to notice the alert."


def test_half_a_letter_is_no_reason_to_fail(sign_in, people, report):
    client = sign_in(people.editor)
    assert hints_at(client, "The operator failed to notice \ud800 it.")
    sent = {"texts": '{"story": "half \\ud800"}'}
    assert client.post(f"{BASE}/preview/", sent).status_code == 200


def test_a_long_text_without_an_end_of_a_sentence_is_read_in_time(sign_in, people, report):
    client, text = sign_in(people.editor), "human error was not " * 1000
    begun = time.perf_counter()
    hints_at(client, text)
    assert time.perf_counter() - begun < 1


def test_a_form_without_a_text_takes_nothing_away(sign_in, people, report):
    section = report.sections.get(key="story")
    saved = writing.save_section(by=people.editor, section=section, text="It began at noon.", version=None)
    answer = sign_in(people.editor).post(f"{BASE}/sections/story/", {"version": saved.version})
    assert answer.status_code == 422
    assert "No text came along. What is saved stays as it is." in answer.content.decode()
    saved.refresh_from_db()
    assert saved.text == "It began at noon."


def test_a_pdf_whose_file_is_gone_is_offered_anew_and_made_again(sign_in, people, report):
    for each in report.sections.all():
        writing.save_section(by=None, section=each, text="Nothing to tell.", version=None)
    edition = writing.publish(by=people.editor, postmortem=report)
    keeping.ask(edition=edition)
    keeping.make(edition.pk)
    kept = EditionPdf.objects.get()
    kept.file.storage.delete(kept.file.name)
    client = sign_in(people.reader)
    assert client.get(f"{BASE}/editions/1/report.pdf").status_code == 404
    assert "The file is gone. It can be made again." in client.get("/postmortems/inc-1/").content.decode()
    client.post(f"{BASE}/editions/1/pdf/")
    keeping.make(edition.pk)
    answer = client.get(f"{BASE}/editions/1/report.pdf")
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")


@pytest.mark.parametrize("category", ["merged", "declined", "cancelled"])
def test_nobody_is_reminded_of_the_postmortem_of_what_was_no_incident(incident, report, category):
    due = dt.date(2026, 12, 1)
    type(report).objects.update(due_on=due)
    reminders.remind(due - dt.timedelta(days=2))
    before = Notification.objects.filter(kind="postmortem-due").count()
    assert before
    incident.status = Status.objects.filter(category=category).first()
    incident.save()
    reminders.remind(due)
    assert Notification.objects.filter(kind="postmortem-due").count() == before


def test_a_comment_that_does_not_fit_is_given_back_with_the_reason(sign_in, people, report):
    client = sign_in(people.stranger)
    typed = {"section": "luck", "quote": "a Sunday", "text": "Was it \u202e luck?"}
    answer = client.post(f"{BASE}/comments/", typed)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Character 8 is invisible" in page
    assert "Was it \u202e luck?</textarea>" in page
    assert 'value="a Sunday"' in page
    assert client.post(f"{BASE}/comments/", {**typed, "text": "Was it luck?", "section": "none"}).status_code == 422
    assert client.post(f"{BASE}/comments/", {**typed, "text": "Was it luck?"}).status_code == 302
    assert Comment.objects.get().text == "Was it luck?"


def test_ends_of_lines_count_once_as_the_browser_counts_them(sign_in, people, report):
    text = "\r\n".join(["x" * 99] * 50)
    assert sign_in(people.stranger).post(f"{BASE}/comments/", {"section": "luck", "text": text}).status_code == 302
    assert len(Comment.objects.get().text) == 50 * 100 - 1


def test_two_long_texts_are_compared_in_time(sign_in, people, report):
    """A pasted log is one paragraph of thousands of words, and most of them are the same ones."""
    words = [f"pool-{number % 40} of {number}" for number in range(1200)]
    section = report.sections.get(key="story")
    saved = writing.save_section(by=people.editor, section=section, text=" ".join(words), version=None)
    client, mine = sign_in(people.administrator), " ".join([*words[:600], "was widened", *words[600:]])
    begun = time.perf_counter()
    answer = client.post(f"{BASE}/sections/story/", {"text": mine, "version": saved.version - 1})
    assert (answer.status_code, time.perf_counter() - begun < 4) == (409, True)
    assert "<ins>was widened </ins>" in answer.content.decode()
    begun = time.perf_counter()
    answer = client.post(f"{BASE}/sections/story/", {"text": "the of " * 2800, "version": saved.version - 1})
    assert (answer.status_code, time.perf_counter() - begun < 4) == (409, True)
