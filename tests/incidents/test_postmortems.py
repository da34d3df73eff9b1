"""A postmortem is begun from a template, written section by section by several, reviewed, and published for good."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError

from incidents.declaring import declare
from incidents.models import Edition, IncidentTime, Postmortem, Severity
from incidents.postmortems import content, reviewing, telling, writing
from incidents.times.saying import set_times
from portal.actions import Conflict
from portal.delivery.models import Notification, OutboxMessage

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def report(people) -> Postmortem:
    values = {"title": "Card payments fail", "severity": Severity.objects.get(slug="sev-2")}
    incident = declare(by=people.editor, values=values)
    IncidentTime.objects.create(incident=incident, point="resolved", at=NOON - dt.timedelta(days=2))
    return writing.begin(by=people.editor, incident=incident)


def test_it_begins_with_questions_and_is_due_so_many_days_after_the_resolution(report, people):
    first = report.sections.order_by("place").first()
    assert (first.title, first.text) == ("What surprised us", "")
    assert "What did we believe about the system" in first.questions
    assert report.due_on == dt.date(2026, 11, 30)
    assert writing.begin(by=people.reader, incident=report.incident) == report


def test_one_that_is_begun_while_it_lasts_is_due_so_many_days_after_the_resolution(people):
    values = {"title": "Slow", "severity": Severity.objects.get(slug="sev-2")}
    early = writing.begin(by=people.editor, incident=declare(by=people.editor, values=values))
    assert early.due_on is None
    set_times(by=people.editor, incident=early.incident, times={"resolved": NOON - dt.timedelta(days=1)})
    early.refresh_from_db()
    assert early.due_on == dt.date(2026, 12, 1)
    set_times(by=people.editor, incident=early.incident, times={"resolved": NOON - dt.timedelta(days=3)})
    early.refresh_from_db()
    assert early.due_on == dt.date(2026, 12, 1)


def test_two_who_write_different_sections_both_keep_what_they_wrote(report, people):
    first, second = report.sections.order_by("place")[:2]
    writing.save_section(by=people.editor, section=first, text="We thought it was one pool.", version=1)
    writing.save_section(by=people.reader, section=second, text="Every tenth buyer.", version=1)
    assert content.as_markdown(report) == (
        "# INC-1 Card payments fail\n\n## What surprised us\n\nWe thought it was one pool.\n\n"
        "## Who felt what\n\nEvery tenth buyer."
    )


def test_of_two_who_write_the_same_section_the_second_is_shown_both_texts(report, people):
    section = report.sections.order_by("place").first()
    writing.save_section(by=people.editor, section=section, text="Theirs", version=1)
    with pytest.raises(Conflict) as refused:
        writing.save_section(by=people.reader, section=section, text="Mine", version=1)
    assert (refused.value.current.text, refused.value.values["text"]) == ("Theirs", "Mine")


def fill(report, people, text="Nothing to tell."):
    for each in report.sections.filter(text=""):
        writing.save_section(by=people.editor, section=each, text=text, version=None)


def test_publishing_makes_an_edition_that_later_words_leave_as_it_was(report, people):
    section = report.sections.order_by("place").first()
    writing.save_section(by=people.editor, section=section, text="First", version=1)
    fill(report, people)
    writing.move(by=people.editor, postmortem=report, state="in_review")
    first = writing.publish(by=people.editor, postmortem=report)
    section.refresh_from_db()
    section.postmortem.refresh_from_db()
    with pytest.raises(ValidationError, match="This edition is published and stays as it is"):
        writing.save_section(by=people.editor, section=section, text="Sneaked in", version=section.version)
    draft = writing.move(by=people.editor, postmortem=report, state="draft")
    section.postmortem.refresh_from_db()
    writing.save_section(by=people.editor, section=section, text="Second", version=section.version)
    second = writing.publish(by=people.editor, postmortem=draft, note="Costs added")
    assert [(each.number, "First" in each.markdown, each.note) for each in (first, second)] == [
        (1, True, ""), (2, False, "Costs added"),
    ]  # fmt: skip
    assert Edition.objects.get(number=1).markdown == first.markdown


def test_a_report_that_says_nothing_is_not_published(report, people):
    with pytest.raises(ValidationError, match="Nothing is written yet"):
        writing.publish(by=people.editor, postmortem=report)
    report.refresh_from_db()
    assert (report.state, report.editions.count()) == ("draft", 0)


def test_questions_that_were_left_as_they_were_are_no_answer(report, people):
    fill(report, people)
    for key, text in {"luck": "> What could as well have gone otherwise?\n\n- ", "well": " \n\n---"}.items():
        writing.save_section(by=people.editor, section=report.sections.get(key=key), text=text, version=None)
    with pytest.raises(ValidationError, match="Not written yet: “What went well”, “Where we were lucky”"):
        writing.publish(by=people.editor, postmortem=report)
    report.refresh_from_db()
    assert (report.state, report.editions.count()) == ("draft", 0)


def test_nothing_is_written_into_a_report_that_was_published_meanwhile(report, people):
    fill(report, people)
    section = report.sections.order_by("place").first()
    assert section.postmortem.state == "draft"
    writing.publish(by=people.editor, postmortem=report)
    with pytest.raises(ValidationError, match="This edition is published"):
        writing.save_section(by=people.reader, section=section, text="Too late", version=None)


class Killed(BaseException):
    """As when the process is gone."""


def test_killed_between_publishing_and_telling_nothing_is_published_and_later_everybody_is_told_once(
    report, people, monkeypatch
):
    fill(report, people)
    reviewing.ask(by=people.editor, postmortem=report, readers=[people.reader.person.reference])
    report.refresh_from_db()

    def dies(edition):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(telling, "published", dies)
        with pytest.raises(Killed):
            writing.publish(by=people.editor, postmortem=report)
    assert not Edition.objects.exists()
    assert Postmortem.objects.get().state == "in_review"
    writing.publish(by=people.editor, postmortem=Postmortem.objects.get())
    told = Notification.objects.filter(kind="postmortem-published")
    assert [each.user for each in told] == [people.reader]
    assert OutboxMessage.objects.filter(kind="postmortem-published", state="waiting").count() == 1
