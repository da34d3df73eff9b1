"""What an incident did to services: windows that follow each other, their ends, and error budgets that were spent."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from incidents import impacts
from incidents.declaring import declare
from incidents.models import Impact, Incident, IncidentTime
from services.health.models import Outcome, Slo
from tests.factories import make_entity
from tests.incidents.test_incident_pages import words
from tests.services.health.results import answer, every, make_check

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
PAGE = "/incidents/inc-1/-/impact/"


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def till(people):
    return make_entity("till", owner=people.team)


@pytest.fixture
def incident(people, till) -> Incident:
    return declare(by=people.editor, values={"title": "Tills freeze"}, services=[till.reference])


def windows() -> list[tuple[str, dt.datetime | None, dt.datetime | None]]:
    return list(Impact.objects.order_by("started_at").values_list("level", "started_at", "ended_at"))


def test_a_service_that_was_named_is_filled_in_not_doubled(sign_in, people, incident):
    sent = {"subject": "till", "level": "down", "started_at": "2026-11-22T11:00", "customers": "40", "note": "White"}
    assert sign_in(people.editor).post(PAGE, sent).status_code == 302
    assert windows() == [("down", NOON - 60 * MINUTE, None)]


def test_a_change_of_level_ends_one_window_and_begins_the_next(sign_in, people, incident):
    impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="down", at=NOON - 60 * MINUTE)
    pk = Impact.objects.get().pk
    client = sign_in(people.editor)
    client.post(f"{PAGE}{pk}/level/", {"level": "partial", "at": "2026-11-22T11:40"})
    assert windows() == [("down", NOON - 60 * MINUTE, NOON - 20 * MINUTE), ("partial", NOON - 20 * MINUTE, None)]
    client.post(f"{PAGE}{Impact.objects.get(ended_at=None).pk}/level/", {"level": "none"})
    assert windows()[1:] == [("partial", NOON - 20 * MINUTE, NOON)]
    refused = client.post(f"{PAGE}{pk}/level/", {"level": "down"})
    assert "This ended at 11:40 UTC" in refused.content.decode()


@pytest.mark.parametrize(
    ("started_at", "ended_at", "said"),
    [
        ("2026-11-22T11:30", "2026-11-22T11:10", "It ended before it began. Swap the two times."),
        ("", "2026-11-22T11:10", "It ended, so it began."),
        ("2026-11-22T14:00", "", "This is yet to come: 14:00 on 22 Nov 2026"),
        ("2026-11-22T10:30", "2026-11-22T11:30", "till is down from 11:00 UTC already."),
    ],
)
def test_windows_that_cannot_be_are_refused_and_nothing_is_written(
    sign_in, people, incident, started_at, ended_at, said
):
    impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="down", at=NOON - 60 * MINUTE)
    sent = {"subject": "till", "level": "partial", "started_at": started_at, "ended_at": ended_at}
    refused = sign_in(people.editor).post(PAGE, sent)
    assert (refused.status_code, said in refused.content.decode()) == (422, True)
    assert windows() == [("down", NOON - 60 * MINUTE, None)]


@pytest.mark.parametrize("started_at", ["0001-01-01T00:00", "9999-12-31T23:59", "0202-11-22T11:00"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_year_that_nobody_meant_is_refused_on_any_clock(sign_in, people, incident, started_at, zone):
    people.editor.time_zone = zone
    people.editor.save()
    refused = sign_in(people.editor).post(PAGE, {"subject": "till", "level": "down", "started_at": started_at})
    assert refused.status_code == 422
    assert f"This is in the year {int(started_at[:4])}. Look at the year again." in refused.content.decode()
    assert windows() == [("degraded", None, None)]


def test_an_hour_that_clocks_showed_twice_is_asked_about_and_taken(sign_in, people, incident):
    people.editor.time_zone = "Europe/Berlin"
    people.editor.save()
    client, sent = sign_in(people.editor), {"subject": "till", "level": "down", "started_at": "2026-10-25T02:30"}
    asked = client.post(PAGE, sent)
    assert (asked.status_code, "came twice in Europe/Berlin" in asked.content.decode()) == (422, True)
    assert client.post(PAGE, {**sent, "started_at_which": "second"}).status_code == 302
    assert windows() == [("down", dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC), None)]


def test_a_note_on_a_window_leaves_its_times_as_they_were_to_the_second(sign_in, people, incident):
    changed_at = NOON - dt.timedelta(minutes=7, seconds=33)
    impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="down", at=NOON - 60 * MINUTE)
    second = impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="partial", at=changed_at)
    sent = {"level": "partial", "started_at": "2026-11-22T11:52", "note": "White pages", "version": second.version}
    assert sign_in(people.editor).post(f"{PAGE}{second.pk}/", sent).status_code == 302
    assert windows() == [("down", NOON - 60 * MINUTE, changed_at), ("partial", changed_at, None)]


def test_what_goes_on_is_ended_with_one_button_when_it_was_mitigated(sign_in, people, incident):
    impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="down", at=NOON - 60 * MINUTE)
    IncidentTime.objects.create(incident=incident, point="mitigated", at=NOON - 5 * MINUTE)
    client = sign_in(people.editor)
    assert "It ended 11:55, when it was mitigated" in words(client, PAGE)
    client.post(f"{PAGE}end/", {"point": "mitigated"})
    assert windows() == [("down", NOON - 60 * MINUTE, NOON - 5 * MINUTE)]


def test_a_service_that_was_not_hit_is_taken_out(sign_in, people, incident):
    sign_in(people.editor).post(f"{PAGE}{Impact.objects.get().pk}/take-out/")
    assert windows() == []


def test_a_stale_correction_loses_nothing(people, incident):
    window = Impact.objects.get()
    impacts.correct(by=people.editor, impact=window, values={"note": "First"}, version=1)
    with pytest.raises(Exception, match="changed by somebody else"):
        impacts.correct(by=people.editor, impact=window, values={"note": "Second"}, version=1)
    assert Impact.objects.get().note == "First"


# Error budgets


def test_an_outage_of_an_hour_costs_an_hour_of_the_budget(sign_in, people, incident, till):
    check = make_check(entity=till, interval_s=60)
    slo = Slo.objects.create(entity=till, name="till-up", source_check=check, target=99, window_days=1)
    answer(check, every(NOON - 1440 * MINUTE, NOON - 60 * MINUTE))
    answer(check, every(NOON - 60 * MINUTE, NOON), Outcome.DOWN)
    impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="down", at=NOON - 60 * MINUTE)
    (spent,) = impacts.spent(incident)[till.reference_id]
    # A day at 99 % forgives 14.4 minutes.
    assert (spent.slo, round(spent.minutes), round(spent.share, 3)) == (slo, 60, round(60 / 14.4, 3))
    page = words(sign_in(people.stranger), "/incidents/inc-1/panels/incidentsincident-impact/")
    assert "till-up 1 h of its error budget, 417 %" in page


def test_without_an_slo_or_without_measurements_that_is_said(sign_in, people, incident, till):
    assert impacts.spent(incident) == {till.reference_id: []}
    address = "/incidents/inc-1/panels/incidentsincident-impact/"
    assert "no SLO, so no error budget" in words(sign_in(people.stranger), address)
    Slo.objects.create(entity=till, name="till-up", source_check=make_check(entity=till))
    impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="down", at=NOON - 60 * MINUTE)
    assert "error budget: not measured meanwhile" in words(sign_in(people.stranger), address)


def test_what_budgets_lost_is_asked_as_often_for_four_slos_as_for_one(people, incident, till):
    impacts.change_level(by=people.editor, impact=Impact.objects.get(), level="down", at=NOON - 60 * MINUTE)
    check = make_check(entity=till)
    asked = []
    for number in range(4):
        Slo.objects.create(entity=till, name=f"till-{number}", source_check=check)
        with CaptureQueriesContext(connection) as captured:
            [spent] = impacts.spent(incident).values()
        asked.append((len(spent), len(captured)))
    assert [number for number, _ in asked] == [1, 2, 3, 4]
    assert len({queries for _, queries in asked}) == 1


def test_an_impact_that_is_none_is_refused(people, incident, till):
    with pytest.raises(ValidationError, match="yet to come"):
        impacts.begin(by=people.editor, incident=incident, subject=till.reference,
                      values={"level": "down", "started_at": NOON + 60 * MINUTE})  # fmt: skip
