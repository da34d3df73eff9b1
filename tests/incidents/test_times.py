"""The five times of an incident, edited: three ways to know one, in a zone that is named, and what is refused."""

import datetime as dt
import html
import re

import pytest
import time_machine

from incidents.declaring import declare
from incidents.models import Incident, IncidentTime

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
ADDRESS = "/incidents/inc-1/-/times/{}/"


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def client(people, sign_in):
    """The one who declared it, whose clock shows the time of Berlin."""
    people.editor.time_zone = "Europe/Berlin"
    people.editor.save()
    declare(by=people.editor, values={"title": "Card payments fail"})
    return sign_in(people.editor)


def words(content: bytes) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", " ", content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def say(client, point="detected", **sent) -> None:
    response = client.post(ADDRESS.format(point), {"zone": "Europe/Berlin", "version": "", **sent})
    assert response.status_code == 302, words(response.content)


def refused(client, point="detected", **sent) -> str:
    before = list(IncidentTime.objects.values_list())
    response = client.post(ADDRESS.format(point), {"zone": "Europe/Berlin", "version": "", **sent})
    assert response.status_code == 422
    assert list(IncidentTime.objects.values_list()) == before
    return words(response.content)


def known(point="detected") -> tuple:
    time = IncidentTime.objects.get(point=point)
    return (f"{time.earliest:%d %H:%M}", f"{time.latest:%d %H:%M}", time.precision, time.source)


def test_a_time_is_known_exactly_about_or_between_two_moments_on_the_clocks_of_its_reader(client):
    say(client, at="2026-11-22T10:30", how="exact", source="the alert")
    assert known() == ("22 09:30", "22 09:30", "exact", "the alert")
    say(client, at="2026-11-22T10:30", how="about", give_or_take="5", version="1")
    assert known() == ("22 09:25", "22 09:35", "about", "said by Editor")
    say(client, at="2026-11-22T10:30", how="interval", until="2026-11-22T11:10", version="2", source="support")
    assert known() == ("22 09:30", "22 10:10", "interval", "support")
    page = words(client.get("/incidents/inc-1/").content)
    assert "times of Europe/Berlin" in page
    assert "Detected 10:30 11:10 at the latest, support" in page
    told = page.partition("Write it down")[2]
    assert "10:30 Detected 11:10 at the latest, support" in told
    before = "2026-11-22 09:30 UTC, give or take 5 min, said by Editor"
    assert f"Detected: 2026-11-22 09:30 UTC, 10:10 at the latest, support; before: {before}." in told


def test_a_time_that_is_not_known_is_left_open_again(client):
    say(client, at="2026-11-22T10:30", how="exact")
    say(client, at="2026-11-22T10:30", how="unknown", version="1")
    assert not IncidentTime.objects.exists()
    page = words(client.get("/incidents/inc-1/").content)
    assert "Detected: not known; before: 2026-11-22 09:30 UTC, said by Editor." in page


def test_what_is_there_stands_in_the_form_in_the_zone_of_the_reader(client):
    say(client, at="2026-11-22T08:30", how="about", give_or_take="5", zone="UTC")
    page = client.get(ADDRESS.format("detected")).content.decode()
    assert 'value="2026-11-22T09:30"' in page
    assert '<option value="Europe/Berlin" selected>Europe/Berlin (yours)</option>' in page


def test_times_reversed_missing_or_yet_to_come_are_refused_and_say_how_to_mend_them(client):
    reversed_ = refused(client, at="2026-11-22T11:00", until="2026-11-22T10:00", how="interval")
    assert "It ends before it begins. Swap the two times." in reversed_
    coming = refused(client, at="2026-11-22T13:30", how="exact")
    assert "This is yet to come: 13:30 on 22 Nov 2026 in Europe/Berlin, where it is 13:00 now." in coming
    assert "if the clock you read shows another zone, say which" in coming
    assert "Say how many minutes earlier or later" in refused(client, at="2026-11-22T11:00", how="about")
    assert "Say the latest moment" in refused(client, at="2026-11-22T11:00", how="interval")
    assert "Say when on the clocks of Europe/Berlin" in refused(client, at="", how="exact")
    assert "This is no date with a time. Write it such as 2026-11-19 14:07." in refused(client, at="noon", how="exact")
    assert "Look at the year again" in refused(client, at="0026-11-22T11:00", how="exact")


def test_what_is_asked_about_times_is_asked_on_the_clocks_of_its_reader(client):
    say(client, "started", at="2026-11-22T10:30", how="exact")
    say(client, "resolved", at="2026-11-22T10:00", how="exact")
    page = words(client.get("/incidents/inc-1/").content)
    assert "Resolved (22 Nov 2026, 10:00 CET) is before started (22 Nov 2026, 10:30 CET)." in page


def test_the_hour_that_no_clock_showed_is_refused_and_the_ones_around_it_are_named(client):
    said = refused(client, at="2026-03-29T02:30", how="exact")
    assert "No clock in Europe/Berlin showed 02:30 on 29 Mar 2026: they were put forward over it." in said
    assert "Write 01:30 or 03:30, or choose UTC as the zone." in said
    say(client, at="2026-03-29T02:30", how="exact", zone="UTC")
    assert known()[0] == "29 02:30"


def test_the_hour_that_clocks_showed_twice_asks_which_one(client):
    said = refused(client, at="2026-10-25T02:30", how="exact")
    assert "02:30 on 25 Oct 2026 came twice in Europe/Berlin, because clocks were put back." in said
    assert "the first time, 00:30 UTC (CEST) the second time, 01:30 UTC (CET)" in said
    say(client, at="2026-10-25T02:30", at_which="second", how="exact")
    assert known()[0] == "25 01:30"


def test_somebody_elses_change_is_not_written_over(client):
    say(client, at="2026-11-22T10:30", how="exact")
    assert "Somebody changed this time in the meantime" in refused(client, at="2026-11-22T10:00", how="exact")


def test_only_who_runs_the_incident_says_when_it_was(client, people, sign_in):
    assert sign_in(people.stranger).get(ADDRESS.format("detected")).status_code == 403
    assert sign_in(people.administrator).get(ADDRESS.format("noticed")).status_code == 404


def test_a_time_that_is_not_touched_keeps_its_seconds_and_which_of_two_hours_it_was(client):
    twice = dt.datetime(2026, 10, 25, 1, 30, 42, tzinfo=dt.UTC)
    IncidentTime.objects.create(incident=Incident.objects.get(), point="detected", at=twice)
    page = client.get(ADDRESS.format("detected")).content.decode()
    assert 'value="2026-10-25T02:30"' in page
    assert '<option value="second" selected>' in page
    say(client, at="2026-10-25T02:30", at_which="second", how="exact", source="the alert", version="1")
    assert IncidentTime.objects.get().at == twice
    say(client, at="2026-10-25T02:30", at_which="first", how="exact", version="2")
    assert IncidentTime.objects.get().at == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    say(client, at="2026-10-25T02:30", at_which="first", zone="UTC", how="exact", version="3")
    assert IncidentTime.objects.get().at == dt.datetime(2026, 10, 25, 2, 30, tzinfo=dt.UTC)


def test_an_answer_to_the_lint_that_cannot_be_true_is_not_taken(client):
    incident = Incident.objects.get()
    for point, at in (("started", NOON + dt.timedelta(hours=3)), ("resolved", NOON - dt.timedelta(hours=1))):
        IncidentTime.objects.create(incident=incident, point=point, at=at)
    answer = {"code": "order:started,resolved", "label": "Swap the two"}
    page = words(client.post("/incidents/inc-1/-/mend/", answer, follow=True).content)
    assert "Not mended. This is yet to come" in page
    assert known("started")[0] == "22 15:00"
