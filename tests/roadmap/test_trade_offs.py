"""The ledger of trade-offs: recorded, paid, renegotiated, written off; its interest, and who is told."""

import datetime as dt
import html
import re
from pathlib import Path

import pytest
import time_machine
from django.core.exceptions import ValidationError

from incidents.lifecycle import give_role
from incidents.models import Incident, IncidentRole
from portal.delivery.models import Notification, OutboxMessage
from portal.proposals.models import Proposal
from roadmap.models import Cycle, Interest, TradeOff
from roadmap.worth import asking, interest, loans
from tests import factories
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.worth_makers import make_incident_of, make_trade_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def q3() -> Cycle:
    return make_cycle("2026 Q3", dt.date(2026, 7, 1))


@pytest.fixture
def q4() -> Cycle:
    return make_cycle("2026 Q4", dt.date(2026, 10, 1))


@pytest.fixture
def q1() -> Cycle:
    return make_cycle("2027 Q1", dt.date(2027, 1, 1), 90)


def words(response, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:600]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r"\s+", " ", text)


def test_interest_is_minutes_times_people_in_days_as_the_document_says(people, q4):
    """The worked example of docs/worth.md: 90 minutes and 4 people, 45 minutes and nobody named."""
    loan = make_trade_off("Sign-ins in two regions", people.team.reference, q4)
    with_people, alone = make_incident_of(90), make_incident_of(45)
    for name, role in zip("abcd", IncidentRole.objects.filter(is_active=True).order_by("place")[:4], strict=True):
        give_role(by=None, incident=with_people, role=role, person=factories.make_person(f"p-{name}").reference)
    loans.count_interest(by=None, trade_off=loan, incident=with_people)
    loans.count_interest(by=None, trade_off=loan, incident=alone)
    owed = TradeOff.objects.get().owed
    assert (owed.incidents, owed.interest_minutes) == (2, 135)
    assert owed.interest_days == pytest.approx(0.84375)  # 90 × 4 / 480 + 45 × 1 / 480
    text = Path("docs/worth.md").read_text()
    assert "90 × 4 / 480 = 0.75" in text
    assert "0.84 days" in text


def test_what_is_done_with_a_loan(people, sign_in, q4, q1):
    loan = make_trade_off("Sign-ins in two regions", people.team.reference, q4)
    client, address = sign_in(people.editor), f"/trade-offs/{loan.pk}/"
    page = words(client.get(address))
    assert f"TR-{loan.pk} Open Sign-ins in two regions" in page or f"TR-{loan.pk}" in page
    assert "Renegotiate" in page
    refused = client.post(f"{address}-/renegotiate/", {"to_cycle": q1.pk, "reason": "soon", "version": loan.version})
    assert "10 letters or more" in words(refused, 422)
    sent = {"to_cycle": q1.pk, "reason": "The launch was moved by a month", "version": loan.version}
    assert client.post(f"{address}-/renegotiate/", sent).url == address
    loan.refresh_from_db()
    assert (loan.due_cycle, loan.due_first) == (q1, q4)
    assert "2026 Q4 to 2027 Q1 The launch was moved by a month" in words(client.get(address))
    stale = client.post(f"{address}-/write-off/", {"reason": "The feature is gone for good", "version": 1})
    assert "changed it in the meantime" in words(stale, 409)
    assert "The feature is gone for good" in stale.content.decode()
    assert client.post(f"{address}-/pay/", {"version": loan.version}).url == address
    assert TradeOff.objects.get().state == "paid"
    again = client.post(f"{address}-/pay/", {"version": TradeOff.objects.get().version})
    assert "is paid already" in words(again, 422)
    assert client.post(f"{address}-/reopen/", {"version": TradeOff.objects.get().version}).url == address
    assert TradeOff.objects.get().state == "open"


def test_when_it_is_due_is_not_edited(people, q3, q4, q1):
    loan = make_trade_off("Sign-ins in two regions", people.team.reference, q4)
    with pytest.raises(ValidationError, match="Renegotiate it"):
        loans.edit(by=people.editor, record=loan, values={"due_cycle": q1})
    with pytest.raises(ValidationError, match="Choose a later cycle"):
        loans.renegotiate(by=people.editor, trade_off=loan, to_cycle=q4, reason="Once more, as before")
    with pytest.raises(ValidationError, match="was over on"):
        make_trade_off("Old", people.team.reference, q3, decided_on=dt.date(2026, 11, 1))


def test_a_team_records_what_it_owes_itself(people, q4):
    other = people.other.reference
    with pytest.raises(ValidationError, match="no team of yours"):
        make_trade_off("Theirs", other, q4, by=people.editor)
    assert make_trade_off("Ours", people.team.reference, q4, by=people.editor).decided_by == (
        people.editor.person.reference
    )
    assert make_trade_off("Theirs", other, q4, by=people.product_manager).team == other


def test_the_api_does_the_same(people, client, q4, q1):
    loan = make_trade_off("Sign-ins in two regions", people.team.reference, q4)
    key = {"HTTP_AUTHORIZATION": f"Bearer {factories.token_for(people.editor)}"}
    address = f"/api/v1/trade-offs/{loan.pk}/-/"

    def send(act: str, **values):
        return client.post(f"{address}{act}/", values, content_type="application/json", **key)

    moved = send("renegotiate", to_cycle=q1.pk, reason="The launch was moved by a month")
    assert (moved.status_code, moved.json()["due"]) == (200, "2027 Q1")
    assert send("write-off", reason="x").status_code == 422
    incident = make_incident_of(60)
    assert send("interest", incident=incident.name.lower()).json()["incidents"] == 1
    assert send("interest", incident=incident.name.lower()).status_code == 422
    assert send("pay").json()["state"] == "paid"
    strange = {"HTTP_AUTHORIZATION": f"Bearer {factories.token_for(people.stranger)}"}
    assert client.post(f"{address}reopen/", {}, content_type="application/json", **strange).status_code == 403


def test_what_is_overdue_is_told_and_proposed_until_it_is_paid(people, q3):
    loan = make_trade_off("Sign-ins in two regions", people.team.reference, q3, decided_on=dt.date(2026, 7, 2))
    assert (asking.remind(), asking.propose_overdue()) == (1, 1)
    told = Notification.objects.filter(kind="trade-off", user=people.editor).get()
    assert told.title == f"TR-{loan.pk} Sign-ins in two regions: 53 days overdue"
    proposal = Proposal.objects.get()
    assert proposal.title == f"TR-{loan.pk} is 53 days overdue: Sign-ins in two regions"
    assert proposal.price["principal (days)"] == 10
    loans.pay(by=people.editor, trade_off=loan)
    assert Proposal.objects.get().state == "withdrawn"
    assert (asking.remind(), asking.propose_overdue()) == (0, 0)


def test_what_somebody_works_on_is_not_proposed(people, q3):
    make_trade_off(
        "Worked on", people.team.reference, q3, decided_on=dt.date(2026, 7, 2), initiative=make_initiative("It is done")
    )
    assert asking.propose_overdue() == 0


def test_incidents_from_before_and_drills_are_no_interest(people, q4):
    loan = make_trade_off("Later", people.team.reference, q4, decided_on=dt.date(2026, 11, 20))
    with time_machine.travel(NOON - dt.timedelta(days=10)):
        before = make_incident_of(60)
    drill = make_incident_of(60, kind="drill")
    for incident, told in ((before, "before TR-"), (drill, "was a drill")):
        with pytest.raises(ValidationError, match=told):
            loans.count_interest(by=None, trade_off=loan, incident=incident)


def test_what_happens_after_a_loan_is_paid_is_no_interest_of_it(people, sign_in, q4):
    loan = make_trade_off("Later", people.team.reference, q4)
    client, address = sign_in(people.editor), f"/trade-offs/{loan.pk}/"
    assert "Count an incident" in words(client.get(address))
    paid = loans.pay(by=people.editor, trade_off=loan)
    assert "Count an incident" not in words(client.get(address))
    on_the_day = make_incident_of(60)
    assert loans.count_interest(by=None, trade_off=paid, incident=on_the_day).incident == on_the_day
    with time_machine.travel(NOON + dt.timedelta(days=3)):
        after = make_incident_of(60)
    told = rf"was declared on 25 Nov 2026, after TR-{loan.pk} was paid \(22 Nov 2026\)\. Open it again first"
    with pytest.raises(ValidationError, match=told):
        loans.count_interest(by=None, trade_off=paid, incident=after)


def test_the_day_of_an_incident_is_that_of_the_organisation(people, q4, settings):
    """In the evening of the 19th in UTC it is the 20th in Berlin, the day on which it was decided."""
    settings.TIME_ZONE = "Europe/Berlin"
    loan = make_trade_off("Later", people.team.reference, q4, decided_on=dt.date(2026, 11, 20))
    with time_machine.travel(dt.datetime(2026, 11, 19, 23, 30, tzinfo=dt.UTC)):
        incident = make_incident_of(60)
    assert loans.count_interest(by=None, trade_off=loan, incident=incident).incident == incident


def test_private_incidents_are_counted_for_nobody_and_shown_to_whoever_sees_them(people, sign_in, q4):
    loan = make_trade_off("Two regions", people.team.reference, q4)
    private = make_incident_of(600, by=people.editor, is_private=True)
    with pytest.raises(ValidationError, match="There is no incident"):
        loans.count_interest(by=people.product_manager, trade_off=loan, incident=private)
    loans.count_interest(by=people.editor, trade_off=loan, incident=private)
    interest.refresh()
    assert TradeOff.objects.get().owed.incidents == 0
    address = f"/trade-offs/{loan.pk}/"
    assert f"{private.name}" in words(sign_in(people.editor).get(address))
    for reader in (people.product_manager, people.administrator, people.stranger):
        client = sign_in(reader)
        for where in (address, f"{address}history/"):
            assert private.name not in words(client.get(where))
        assert private.title not in words(client.get(address))


def test_a_trade_off_of_a_private_initiative_is_there_for_those_let_in_alone(people, sign_in, q3):
    secret = make_initiative("Leave the supplier", by=people.editor, is_private=True, team=people.team.reference)
    loan = make_trade_off(
        "The zanzibar exit", people.team.reference, q3, initiative=secret, decided_on=dt.date(2026, 7, 2)
    )
    interest.refresh()
    asking.remind()
    assert asking.propose_overdue() == 0
    assert not OutboxMessage.objects.exists()
    assert set(Notification.objects.values_list("user", flat=True)) == {people.editor.pk}
    assert "zanzibar" in words(sign_in(people.editor).get(f"/trade-offs/{loan.pk}/"))
    for reader in (people.product_manager, people.administrator, people.stranger):
        client = sign_in(reader)
        assert client.get(f"/trade-offs/{loan.pk}/").status_code == 404
        assert client.get(f"/trade-offs/{loan.pk}/-/pay/").status_code == 404
        for where in ("/trade-offs/", "/", f"/teams/{people.team.name}/panels/peopleteam-what-it-owes/"):
            assert "zanzibar" not in words(client.get(where))
    assert loan.number == "TRP-1"
    assert "TRP-1" in words(sign_in(people.editor).get("/trade-offs/?columns=deferred,number"))
    with pytest.raises(ValidationError, match="Record another"):
        loans.edit(by=people.editor, record=loan, values={"initiative": None})
    with pytest.raises(ValidationError, match="There is no initiative"):
        make_trade_off("Probe", people.team.reference, q3, by=people.product_manager, initiative=secret,
                       decided_on=dt.date(2026, 7, 2))  # fmt: skip


def test_public_numbers_of_trade_offs_have_no_gap_where_a_private_one_was_recorded(people, q3):
    secret = make_initiative("Leave the supplier", by=people.editor, is_private=True, team=people.team.reference)
    made = [make_trade_off(each, people.team.reference, q3, initiative=about, decided_on=dt.date(2026, 7, 2)).number
            for each, about in (("First", None), ("Hidden", secret), ("Second", None))]  # fmt: skip
    first, hidden, second = made
    assert hidden == "TRP-1"
    assert int(second.removeprefix("TR-")) == int(first.removeprefix("TR-")) + 1


def test_pages_of_others_show_what_is_owed(people, sign_in, q3):
    initiative = make_initiative("Two regions")
    loan = make_trade_off(
        "Sign-ins in two regions", people.team.reference, q3, initiative=initiative, decided_on=dt.date(2026, 7, 2)
    )
    incident = make_incident_of(60)
    loans.count_interest(by=None, trade_off=loan, incident=incident)
    client = sign_in(people.editor)
    for address in (
        f"/teams/{people.team.name}/panels/peopleteam-what-it-owes/",
        f"/incidents/{incident.name.lower()}/panels/incidentsincident-came-of-a-trade-off/",
        f"/initiatives/{initiative.name.lower()}/panels/roadmapinitiative-trade-offs-it-pays-back/",
        "/",
    ):
        assert "Sign-ins in two regions" in words(client.get(address)), address
    assert "53 days late" in words(client.get("/"))


def test_taking_an_incident_out_takes_its_interest_out(people, sign_in, q4):
    loan = make_trade_off("Two regions", people.team.reference, q4)
    row = loans.count_interest(by=None, trade_off=loan, incident=make_incident_of(480))
    client, address = sign_in(people.editor), f"/trade-offs/{loan.pk}/"
    drop = f"{address}-/interest/{row.pk}/take-out/"
    assert client.post(drop).url == address
    assert "somebody took it out before" in words(client.post(drop, follow=True))
    assert (Interest.objects.count(), TradeOff.objects.get().owed.interest_days) == (0, 0)
    assert Incident.objects.count() == 1


def test_what_is_unknown_is_named(people, sign_in, q4):
    loan = make_trade_off("Two regions", people.team.reference, q4)
    client = sign_in(people.editor)
    answered = client.post(f"/trade-offs/{loan.pk}/-/interest/", {"incident": "INC-999"})
    assert "There is no incident “INC-999”" in words(answered, 422)
    assert client.get(f"/trade-offs/{loan.pk}/-/sell/").status_code == 404


def test_the_form_offers_the_cycles_that_have_not_ended_and_the_one_it_has(people, sign_in, q1, q3, q4):
    client = sign_in(people.product_manager)

    def offered(address: str) -> list[str]:
        return [name for _, name in client.get(address).context["form"].fields["due_cycle"].choices][1:]

    assert offered("/trade-offs/-/new/") == ["2026 Q4", "2027 Q1"]
    loan = make_trade_off("Sharding", people.team.reference, q3, decided_on=dt.date(2026, 8, 1))
    assert offered(f"/trade-offs/{loan.pk}/edit/") == ["2026 Q3", "2026 Q4", "2027 Q1"]
