"""Who is on call, as teams say it and everybody reads it: rotation, standing in, calendars of other systems."""

import datetime as dt
import html
import re

import icalendar
import pytest
import time_machine
from django.core.exceptions import ValidationError

from portal.people.actions import deactivate_person
from services.oncall import actions, asking, laying
from services.oncall.collections import SCHEDULES
from services.oncall.models import CalendarState, Schedule, Shift
from tests import factories

pytestmark = pytest.mark.django_db
# A Wednesday.
NOON = dt.datetime(2026, 11, 18, 12, tzinfo=dt.UTC)
MONDAY = dt.date(2026, 11, 16)
DAY = dt.timedelta(days=1)


def words(client, address: str) -> str:
    """What a page says, without its tags."""
    response = client.get(address)
    assert response.status_code == 200, response.content.decode()[:2000]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", response.content.decode())).split())


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def mei(people):
    return factories.make_person("mei", teams=(people.team,), title="Mei Lindqvist")


@pytest.fixture
def noor(people):
    return factories.make_person("noor", teams=(people.team,), title="Noor Haddad")


@pytest.fixture
def rotation(people, mei, noor):
    values = {"team": people.team.reference, "first_day": MONDAY, "zone": "Europe/Lisbon"}
    made = actions.create_schedule(by=people.editor, values=values)
    for each in (mei, noor):
        actions.add_turn(by=people.editor, schedule=made, person=each.reference)
    return made


def told(schedule, most: int = 4) -> list[tuple[str, str, str]]:
    rows = Shift.objects.filter(schedule=schedule).order_by("from_at")[:most]
    return [(each.who, f"{each.from_at:%m-%d %H:%M}", f"{each.until_at:%m-%d %H:%M}") for each in rows]


def test_a_first_day_that_nobody_meant_is_refused(sign_in, people, rotation):
    sent = {
        "team": "group:default/checkout", "way": "rotation", "first_day": "9999-12-31", "hand_over_at": "23:30",
        "length_days": "7", "zone": "America/New_York", "version": rotation.version,
    }  # fmt: skip
    refused = sign_in(people.editor).post(f"/on-call/{rotation.pk}/edit/", sent)
    assert (refused.status_code, "This is in the year 9999" in refused.content.decode()) == (422, True)
    assert Schedule.objects.get().first_day == MONDAY


def test_a_team_begins_with_one_click_and_puts_people_in_order(sign_in, people, mei, noor):
    client = sign_in(people.editor)
    assert "Nobody has said here who is on call." in words(client, "/teams/checkout/")
    address = client.post("/teams/checkout/-/on-call/").url
    for name in ("mei", "noor"):
        assert client.post(f"{address}-/people/", {"person": name}).status_code == 302
    page = words(client, address)
    assert "On call now Mei Lindqvist until Mon 09:00" in page.replace("ML ", "")
    assert "Handed over every Monday at 09:00, UTC" in page
    first = Schedule.objects.get().turns.get(place=1)
    client.post(f"{address}-/people/{first.pk}/", {"act": "down"})
    assert [each.person.name for each in Schedule.objects.get().turns.order_by("place")] == ["noor", "mei"]
    again = client.post(f"{address}-/people/", {"person": "noor"})
    assert again.status_code == 422
    assert "This person is in the rotation already." in again.content.decode()


def test_only_members_of_the_team_say_who_is_on_call(sign_in, people, rotation, mei):
    address = SCHEDULES.url_of(rotation)
    client = sign_in(people.reader)
    assert client.get(address).status_code == 200
    turn = rotation.turns.first()
    for act in ("people/", f"people/{turn.pk}/", "stand-ins/", "again/", "calendar/", "calendar/close/"):
        assert client.post(f"{address}-/{act}", {"act": "out"}).status_code == 403, act
    assert client.post("/teams/payments/-/on-call/").status_code == 302
    with pytest.raises(ValidationError, match="is no team of yours"):
        actions.create_schedule(by=people.reader, values={"team": people.team.reference, "first_day": MONDAY})


def test_who_is_on_call_stands_on_team_service_list_api_and_palette(sign_in, api, people, rotation):
    factories.make_entity("cart", owner=people.team)
    client = sign_in(people.stranger)
    for address in ("/teams/checkout/", "/services/cart/"):
        assert "On call now ML Mei Lindqvist until Mon 09:00" in words(client, address), address
    assert "Mei Lindqvist" in words(client, "/services/?columns=name,on_call_now")
    assert "On call now Mei Lindqvist" in words(client, "/search/palette/?q=cart")
    row = api(people.stranger).get("/api/v1/on-call/").json()["items"][0]
    assert (row["on_call_now"], row["until"]) == ("Mei Lindqvist", "2026-11-23T09:00:00Z")
    shifts = api(people.stranger).get("/api/v1/on-call-shifts/?team=checkout").json()["items"]
    assert [each["who"] for each in shifts[:3]] == ["Mei Lindqvist", "Noor Haddad", "Mei Lindqvist"]


def test_what_is_past_stays_as_it_was_when_the_order_changes(people, rotation, noor):
    actions.move_turn(by=people.editor, turn=rotation.turns.get(place=2), earlier=True)
    assert told(rotation, 3) == [
        ("Mei Lindqvist", "11-16 09:00", "11-18 12:00"), ("Noor Haddad", "11-18 12:00", "11-23 09:00"),
        ("Mei Lindqvist", "11-23 09:00", "11-30 09:00"),
    ]  # fmt: skip


def test_shifts_that_stay_keep_their_address_when_they_are_laid_out_anew(rotation):
    before = set(Shift.objects.values_list("pk", flat=True))
    laying.lay_out_all()
    assert set(Shift.objects.values_list("pk", flat=True)) == before


def test_somebody_stands_in_for_an_evening(sign_in, people, rotation):
    client, address = sign_in(people.editor), SCHEDULES.url_of(rotation)
    data = {"person": "noor", "from_at": "2026-11-18T18:00", "until_at": "2026-11-18T22:00", "note": "Concert"}
    assert client.post(f"{address}-/stand-ins/", data).status_code == 302
    assert told(rotation, 3) == [
        ("Mei Lindqvist", "11-16 09:00", "11-18 18:00"), ("Noor Haddad", "11-18 18:00", "11-18 22:00"),
        ("Mei Lindqvist", "11-18 22:00", "11-23 09:00"),
    ]  # fmt: skip
    assert "Noor Haddad Stands in today 18:00 until today 22:00" in words(client, address)
    client.post(f"{address}-/stand-ins/{rotation.stand_ins.get().pk}/end/")
    assert told(rotation, 1) == [("Mei Lindqvist", "11-16 09:00", "11-23 09:00")]


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (("2026-11-18T22:00", "2026-11-18T18:00"), "It ends before it begins. Swap the two times."),
        (("2026-11-17T18:00", "2026-11-17T22:00"), "This is over. Who was on call stays as it was."),
        (("2026-11-18T18:00", "2028-11-18T18:00"), "At most 92 days."),
        (("yesterday", "2026-11-18T18:00"), "Enter a valid date/time."),
    ],
)
def test_times_that_make_no_sense_are_refused_with_what_is_wrong(sign_in, people, rotation, times, said):
    data = dict(zip(("from_at", "until_at"), times, strict=True)) | {"person": "noor"}
    answer = sign_in(people.editor).post(f"{SCHEDULES.url_of(rotation)}-/stand-ins/", data)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not rotation.stand_ins.exists()


def test_a_gap_is_said_with_who_comes_after_it(sign_in, people, rotation, mei):
    deactivate_person(by=None, person=mei)
    laying.lay_out_all()
    page = words(sign_in(people.stranger), "/teams/checkout/")
    assert "On call now nobody until Mon 09:00 , then Noor Haddad" in page
    assert "Nobody today 12:00 until Mon 09:00 NH Noor Haddad Mon 09:00 until 30 Nov 09:00" in page
    assert "Has left" in words(sign_in(people.editor), SCHEDULES.url_of(rotation))


# Calendars of other systems

CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Elsewhere//EN
BEGIN:VEVENT
UID:1
DTSTART;TZID=Europe/Lisbon:20261116T090000
DTEND;TZID=Europe/Lisbon:20261117T090000
RRULE:FREQ=DAILY;COUNT=5
SUMMARY:On Call - M. L.
ATTENDEE:MAILTO:Mei@larkspur.example
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20261121
DTEND;VALUE=DATE:20261123
SUMMARY:Noor Haddad (primary)
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20261123T090000Z
DTEND:20261130T090000Z
SUMMARY:On call: Vendor night desk
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def calendar(people, mei, noor):
    url = "https://calendar.larkspur.example/secret.ics"
    values = {"team": people.team.reference, "way": "calendar", "feed_url": url, "zone": "Europe/Lisbon"}
    return actions.create_schedule(by=people.editor, values=values)


def sends(monkeypatch, answer):
    async def ask(url, etag=""):
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(asking, "ask", ask)


def test_a_calendar_tells_who_by_e_mail_by_name_or_in_its_own_words(monkeypatch, calendar):
    sends(monkeypatch, asking.Answer(CALENDAR))
    assert asking.ask_due() == 1
    assert told(calendar) == [
        ("Mei Lindqvist", "11-18 09:00", "11-21 09:00"), ("Noor Haddad", "11-21 00:00", "11-23 00:00"),
        ("Vendor night desk", "11-23 09:00", "11-30 09:00"),
    ]  # fmt: skip
    assert asking.ask_due() == 0


def test_a_calendar_that_fails_leaves_the_last_good_one_and_says_why_and_since_when(
    monkeypatch, sign_in, people, calendar
):
    sends(monkeypatch, asking.Answer(CALENDAR))
    asking.ask_due()
    CalendarState.objects.update(due_at=NOON)
    sends(monkeypatch, asking.NotRead("It answered 410. Is the address still the one that the other system gives?"))
    asking.ask_due()
    page = words(sign_in(people.stranger), "/teams/checkout/")
    assert "It answered 410." in page
    assert "Below is what it said just now" in page
    assert "On call now ML Mei Lindqvist until Sat 09:00" in page
    assert "secret.ics" not in words(sign_in(people.stranger), SCHEDULES.url_of(calendar))
    assert "secret.ics" in words(sign_in(people.editor), SCHEDULES.url_of(calendar))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>Sign in</html>", "It is no iCal file"),
        (CALENDAR.replace("FREQ=DAILY;COUNT=5", "FREQ=SECONDLY"), "recurs every minute or second"),
        ("", "It is no iCal file"),
    ],
)
def test_what_is_no_calendar_is_refused_with_what_is_wrong(monkeypatch, calendar, body, said):
    sends(monkeypatch, asking.Answer(body))
    asking.ask_due()
    assert said in CalendarState.objects.get().problem
    assert CalendarState.objects.get().body == ""


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:8000/x.ics", "It would not be asked: 127.0.0.1 is"),
        ("webcal://169.254.169.254/latest", "It would not be asked: 169.254.169.254 is"),
        ("file:///etc/passwd", "It begins with https:// or webcal://"),
    ],
)
def test_an_address_of_the_inside_is_refused_before_it_is_asked(people, url, said):
    values = {"team": people.team.reference, "way": "calendar", "feed_url": url}
    with pytest.raises(ValidationError, match=said):
        actions.create_schedule(by=people.editor, values=values)


def test_a_name_that_leads_inside_is_not_asked(people, mei):
    values = {"team": people.team.reference, "way": "calendar", "feed_url": "http://localhost:9/x.ics"}
    actions.create_schedule(by=people.editor, values=values)
    asking.ask_due()
    assert "which PROBE_ALLOW does not name" in CalendarState.objects.get().problem


# The calendar that the portal makes


def test_the_calendar_of_a_rotation_is_read_by_other_programs_and_ends_with_its_address(
    client, sign_in, people, rotation
):
    address = SCHEDULES.url_of(rotation)
    sign_in(people.editor).post(f"{address}-/calendar/")
    token = Schedule.objects.get().token
    client.logout()
    answer = client.get(f"/on-call-calendar/{token}.ics")
    events = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert [(str(each["SUMMARY"]), each.start.isoformat()) for each in events[:2]] == [
        ("Mei Lindqvist is on call for Checkout", "2026-11-16T09:00:00+00:00"),
        ("Noor Haddad is on call for Checkout", "2026-11-23T09:00:00+00:00"),
    ]
    assert client.get(f"/on-call-calendar/{token}.ics", headers={"if-none-match": answer["ETag"]}).status_code == 304
    sign_in(people.editor).post(f"{address}-/calendar/close/")
    client.logout()
    assert client.get(f"/on-call-calendar/{token}.ics").status_code == 404


def test_a_schedule_that_cannot_be_laid_out_keeps_no_other_team_from_its_shifts(people, monkeypatch):
    for team in (people.team, people.other):
        rotation = actions.begin_rotation(by=None, team=team.reference)
        actions.add_turn(by=None, schedule=rotation, person=people.editor.person.reference)
    broken, whole = Schedule.objects.order_by("pk")
    Shift.objects.all().delete()
    spans = laying._spans

    def fails_for_one(schedule, now):
        if schedule.pk == broken.pk:
            raise OverflowError("too far")
        return spans(schedule, now)

    monkeypatch.setattr(laying, "_spans", fails_for_one)
    assert laying.lay_out_all() == 1
    assert set(Shift.objects.values_list("schedule", flat=True)) == {whole.pk}
