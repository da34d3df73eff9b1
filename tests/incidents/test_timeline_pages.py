"""The timeline of an incident: written fast, corrected openly, read by day, and with evidence."""

import datetime as dt
import html
import re

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import lifecycle, timeline
from incidents.declaring import declare
from incidents.models import Incident, IncidentRole, IncidentTime, TimelineEvent, Upload
from tests.incidents.makers import picture_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
PAGE, NOTE = "/incidents/inc-1/", "/incidents/inc-1/-/note/"


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def incident(people) -> Incident:
    return declare(by=people.editor, values={"title": "Card payments fail"})


def words(content: bytes) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", " ", content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def shown(client, query: str = "") -> str:
    """The words of the timeline alone."""
    response = client.get(f"{PAGE}panels/incidentsincident-timeline/{query}", headers={"HX-Request": "true"})
    assert response.status_code == 200
    return words(response.content)


def test_an_event_has_an_end_a_role_a_link_a_quoted_log_and_files(sign_in, people, incident):
    client = sign_in(people.reader)
    sent = {
        "text": "Pool is full", "kind": "observation", "actor_role": "Scribe", "happened_at": "2026-11-22T11:10",
        "ended_at": "2026-11-22T11:40", "link": "charts.example/pool", "quote": "ERROR <pool>\n  exhausted",
        "new_files": [picture_file("pool.png"), SimpleUploadedFile("dump.txt", b"x")],
    }  # fmt: skip
    assert client.post(NOTE, sent).status_code == 302
    page = shown(client)
    assert (
        "11:10 Observation Pool is full Reader, as Scribe, until 11:40, 30 min, recorded 12:00, "
        "with https://charts.example/pool ERROR <pool> exhausted" in page
    )
    raw = client.get(PAGE).content.decode()
    assert f'src="/uploads/{Upload.objects.get(name="pool.png").uid}/small/" alt="pool.png"' in raw
    assert "ERROR &lt;pool&gt;\n  exhausted" in raw


def test_what_is_refused_is_said_at_its_field_and_writes_nothing(sign_in, people, incident):
    client = sign_in(people.reader)
    for sent, said in (
        ({"text": " "}, "What happened : This is missing"),
        (
            {"text": "x", "happened_at": "2026-11-22T13:00"},
            "Happened : This is yet to come: 13:00 on 22 Nov 2026",
        ),
        ({"text": "x", "happened_at": "2026-11-22T11:00", "ended_at": "2026-11-22T10:00"}, "ended before it began"),
        ({"text": "x", "ended_at": "2026-11-22T13:00"}, "Until : This is yet to come"),
        ({"text": "x", "link": "javascript:alert(1)"}, "Link : This is no complete web address"),
        ({"text": "x", "kind": "status"}, "Kind : “status” is none of the choices"),
        ({"text": "x", "actor_role": "King"}, "Acting as : “King” is none of the choices"),
        ({"text": "a\u202eb"}, "is invisible (U+202E)"),
        ({"text": "x", "new_files": [picture_file("a.png"), SimpleUploadedFile("b.txt", b"")]}, "b.txt is empty"),
    ):
        response = client.post(NOTE, sent)
        assert response.status_code == 422, sent
        assert said in words(response.content), words(response.content)[:1500]
    assert incident.timeline.count() == 1
    assert not Upload.objects.exists()


def test_markup_in_any_text_is_shown_as_text(sign_in, people, incident):
    client = sign_in(people.reader)
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    sent = {"text": evil, "quote": evil, "new_files": [SimpleUploadedFile(f"{'<b>'}.txt", b"x")]}
    assert client.post(NOTE, sent).status_code == 302
    raw = client.get(PAGE).content.decode()
    assert "<script>alert" not in raw
    assert "<img src=x" not in raw
    assert raw.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;") >= 2
    assert "<b>.txt" not in raw


def test_the_role_that_one_has_is_chosen_already(sign_in, people, incident):
    role = IncidentRole.objects.get(slug="communication")
    lifecycle.give_role(by=None, incident=incident, role=role, person=people.reader.person.reference)
    assert '<option value="Communication" selected>' in sign_in(people.reader).get(PAGE).content.decode()


def test_a_correction_stands_in_the_place_of_an_event_which_stays_under_it_with_its_files(sign_in, people, incident):
    event = timeline.note(by=people.reader, incident=incident, text="Fial", new_files=[picture_file("a.png")])
    client, address = sign_in(people.reader), f"{PAGE}-/events/{event.pk}/correct/"
    assert "a.png" in words(client.get(address).content)
    sent = {"text": "Fail", "kind": "decision", "happened_at": "2026-11-22T11:58", "kept_files": [event.files.get().pk]}
    assert client.post(address, sent).url == PAGE
    page = shown(client)
    assert "11:58 Decision Fail Reader" in page
    assert "1 earlier version Fial 12:00, Reader" in page
    newer = TimelineEvent.objects.get(text="Fail")
    assert [each.name for each in newer.files.all()] == ["a.png"]
    again = client.post(address, sent)
    assert again.status_code == 422
    assert "Somebody corrected this event already" in words(again.content)
    assert client.post(f"{PAGE}-/events/{newer.pk}/withdraw/").url == PAGE
    page = shown(client)
    assert "Withdrawn." in page
    assert "2 earlier versions Fail" in page


def test_who_wrote_an_event_and_who_runs_the_incident_correct_it_and_nobody_else(sign_in, people, incident):
    event = timeline.note(by=people.reader, incident=incident, text="Seen")
    for who, status in ((people.reader, 200), (people.editor, 200), (people.stranger, 403)):
        assert sign_in(who).get(f"{PAGE}-/events/{event.pk}/correct/").status_code == status
    assert sign_in(people.stranger).post(f"{PAGE}-/events/{event.pk}/withdraw/").status_code == 403
    noted = incident.timeline.get(kind="status")
    sent = {"text": "Declared by mistake", "kind": "note", "happened_at": "2026-11-22T11:58"}
    assert sign_in(people.editor).post(f"{PAGE}-/events/{noted.pk}/correct/", sent).status_code == 302
    assert TimelineEvent.objects.get(supersedes=noted).kind == "status"
    other = declare(by=people.editor, values={"title": "Another"})
    assert sign_in(people.editor).get(f"/incidents/{other.name}/-/events/{event.pk}/correct/").status_code == 404


def test_key_events_are_chosen_by_a_star_and_shown_alone(sign_in, people, incident):
    event = timeline.note(by=people.reader, incident=incident, text="Rolled back")
    timeline.note(by=people.reader, incident=incident, text="Coffee")
    client = sign_in(people.editor)
    assert client.post(f"{PAGE}-/events/key/", {"event": f"{event.pk}:on"}).url == f"{PAGE}#event-{event.pk}"
    page = shown(client, "?events=key")
    assert "Rolled back" in page
    assert "Coffee" not in page
    assert "All 3 Key 1" in page
    client.post(f"{PAGE}-/events/key/", {"event": f"{event.pk}:off"})
    assert "No event is a key one yet" in shown(client, "?events=key")
    assert sign_in(people.stranger).post(f"{PAGE}-/events/key/", {"event": f"{event.pk}:on"}).status_code == 403


def test_days_have_headings_in_the_zone_of_the_reader_and_the_five_times_stand_among_them(sign_in, people, incident):
    people.reader.time_zone = "Asia/Tokyo"
    people.reader.save()
    late = dt.datetime(2026, 11, 21, 14, 50, tzinfo=dt.UTC)
    timeline.note(by=people.reader, incident=incident, text="Before midnight", happened_at=late)
    IncidentTime.objects.create(incident=incident, point="detected", at=late + 20 * MINUTE, source="the alert")
    timeline.note(by=people.reader, incident=incident, text="After midnight", happened_at=late + 30 * MINUTE)
    page = shown(sign_in(people.reader), "?order=oldest")
    order = ["times of Asia/Tokyo", "Sat 21 Nov 2026", "23:50", "Before midnight", "Sun 22 Nov 2026"]
    order += ["00:10", "Detected the alert", "00:20", "After midnight"]
    found = [page.index(each) for each in order]
    assert found == sorted(found)
    assert "Before midnight Reader, recorded 21:00 on 22 Nov 2026" in page


@pytest.mark.parametrize(
    ("chosen", "browser", "zone"),
    [
        ("", "Asia/Tokyo", "Asia/Tokyo"),
        ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"),
        ("", "../etc/passwd", "UTC"),
        ("", "", "UTC"),
    ],
)
def test_times_are_those_of_the_profile_or_else_of_the_browser(sign_in, people, incident, chosen, browser, zone):
    people.reader.time_zone = chosen
    people.reader.save(update_fields=["time_zone"])
    client = sign_in(people.reader)
    client.cookies["zone"] = browser
    assert f"times of {zone}" in shown(client)


def test_of_five_hundred_events_a_page_shows_the_newest_and_leads_to_the_earlier_ones(sign_in, people, incident):
    client = sign_in(people.editor)
    client.get(PAGE)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(PAGE)
    at = [NOON - n * MINUTE for n in range(1, 501)]
    TimelineEvent.objects.bulk_create(
        TimelineEvent(incident=incident, text=f"Event {n:03}", happened_at=each, recorded_by=people.reader)
        for n, each in enumerate(at)
    )
    for event in TimelineEvent.objects.filter(text__startswith="Event 00"):
        timeline.correct(by=people.editor, event=event, text=f"{event.text} anew")
    IncidentTime.objects.create(incident=incident, point="started", at=at[450] + MINUTE / 2)
    with CaptureQueriesContext(connection) as many:
        first = client.get(PAGE)
    assert len(many) <= len(few) + 2  # the files of events, and the chains of corrections
    assert len(first.content) < 400_000
    page = shown(client)
    assert "All 501" in page
    assert "Event 098" in page
    assert "Event 099" not in page
    assert "Earlier events" in page
    last = shown(client, "?events=all&order=newest&page=5")
    assert "Event 450" in last
    assert last.index("Event 449") < last.index("Started") < last.index("Event 450")
    assert "Started" not in page
    assert client.get(f"{PAGE}?order=up").status_code == 400
    assert client.get(f"{PAGE}?page=0").status_code == 400


def test_posting_by_the_composer_gives_it_back_empty_and_says_that_there_is_news(sign_in, people, incident):
    client = sign_in(people.reader)
    posted = client.post(NOTE, {"text": "Seen"}, headers={"HX-Request": "true"})
    assert posted.status_code == 200
    assert posted["HX-Trigger"] == '{"incidents:noted": {"said": "Posted."}}'
    assert "Seen" not in posted.content.decode()
    refused = client.post(NOTE, {"text": "Tomorrow", "happened_at": "2026-11-23T10:00"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert ">Tomorrow</textarea>" in refused.content.decode()


@pytest.mark.parametrize(("zone", "year"), [("Europe/Berlin", "0001-01-01"), ("America/New_York", "9999-12-31"),
                                            ("UTC", "0001-01-01")])  # fmt: skip
def test_a_year_that_nobody_meant_is_refused_and_the_page_stays(sign_in, people, incident, zone, year):
    people.reader.time_zone = zone
    people.reader.save()
    client = sign_in(people.reader)
    refused = client.post(NOTE, {"text": "x", "happened_at": f"{year}T{'00:00' if year < '1' else '23:59'}"})
    assert (refused.status_code, "Look at the year again." in words(refused.content)) == (422, True)
    assert client.get(PAGE).status_code == 200


def test_a_key_is_put_on_what_the_event_says_now(sign_in, people, incident):
    first = timeline.note(by=people.editor, incident=incident, text="Pool is fall")
    client = sign_in(people.editor)
    now = timeline.correct(by=people.editor, event=first, text="Pool is full")
    client.post(f"{PAGE}-/events/key/", {"event": f"{first.pk}:on"})
    assert list(TimelineEvent.objects.filter(is_key=True)) == [now]
    last = timeline.correct(by=people.editor, event=now, text="The pool is full")
    assert list(TimelineEvent.objects.filter(is_key=True, superseded_by=None)) == [last]


def test_a_mark_that_was_set_meanwhile_is_kept_by_a_correction(people, incident):
    shown = timeline.note(by=people.editor, incident=incident, text="Pool is fall")
    timeline.choose(event=shown, is_key=True)
    shown.is_key = False  # as the page had it that the correction was written on
    assert timeline.correct(by=people.editor, event=shown, text="Pool is full").is_key


def test_a_number_that_no_event_can_have_is_none(sign_in, people, incident):
    for number in ("9" * 5000, "9" * 19, "²"):
        assert sign_in(people.editor).post(f"{PAGE}-/events/key/", {"event": f"{number}:on"}).status_code == 404
