"""Frameworks, controls, evidence: what is met and shown, what is a gap, who may write, who is reminded of what."""

import datetime as dt
import json
import re
from html import unescape

import pytest
import time_machine
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse

from portal.collections import get_collection
from portal.delivery.models import Notification, OutboxMessage
from portal.home import home_context
from roadmap.compliance import actions, defaults, gaps, reminders, views
from roadmap.compliance.collections import CONTROLS, EVIDENCE, Standing, standing_of_control
from roadmap.models import Control, Evidence, Framework, Initiative
from tests import factories
from tests.roadmap.compliance_makers import make_control, make_evidence, make_framework
from tests.roadmap.core_makers import make_initiative

pytestmark = pytest.mark.django_db

DOCUMENT = (settings.BASE_DIR / "docs" / "compliance.md").read_text()
TODAY = dt.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _that_day():
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False):
        yield


@pytest.fixture(autouse=True)
def _only_ours(request):
    """The house rules are switched off, so that the gaps are those that a test made."""
    if "house_rules" not in request.fixturenames:
        Framework.objects.filter(slug="internal").update(is_active=False)


@pytest.fixture
def house_rules():
    return Framework.objects.get(slug="internal")


def standing(control: Control, reader=None) -> str:
    rows = Control.objects.filter(pk=control.pk).annotate(standing=standing_of_control(reader))
    return rows.values_list("standing", flat=True).get()


def test_a_new_portal_asks_for_its_house_rules_alone(house_rules, people):
    assert dict(Framework.objects.values_list("slug", "is_active")) == {
        "internal": True, "soc-2": False, "hipaa": False, "iso-27001": False
    }  # fmt: skip
    assert {each.control.framework for each in gaps.gaps(people.reader)} == {house_rules}
    assert Control.objects.count() == house_rules.controls.count() == 6


@pytest.mark.parametrize(
    ("slug", "number", "one"), [("soc-2", 38, "CC6.1"), ("hipaa", 21, "164.312(b)"), ("iso-27001", 93, "A.8.13")]
)
def test_a_known_framework_brings_its_controls_when_it_is_switched_on(people, slug, number, one):
    framework = Framework.objects.get(slug=slug)
    assert not framework.controls.exists()
    actions.edit_framework(by=people.product_manager, record=framework, values={"is_active": True})
    assert framework.controls.count() == number
    assert framework.controls.filter(identifier=one).exists()
    # Off and on again, what was deleted meanwhile stays deleted.
    framework.controls.filter(identifier=one).delete()
    actions.edit_framework(by=people.product_manager, record=framework, values={"is_active": False})
    actions.edit_framework(by=people.product_manager, record=framework, values={"is_active": True})
    assert framework.controls.count() == number - 1


def test_what_is_there_is_not_asked_for_again(django_assert_num_queries):
    with django_assert_num_queries(1):
        defaults.begin()


def test_the_slug_of_a_framework_stays(people):
    with pytest.raises(ValidationError, match="Stays pci: addresses and files name it"):
        actions.edit_framework(by=people.product_manager, record=make_framework("pci"), values={"slug": "other"})


STATES = {"met": "met", "gap": "gap", "partly met": "partly", "does not apply": "not_applicable"}


def documented() -> list[tuple[str, str]]:
    table = DOCUMENT.partition("| evidence of one control |")[2].partition("\n\n")[0]
    return re.findall(r"^\| (.+?) \| (.+?) \|$", table, re.MULTILINE)[1:]


@pytest.mark.parametrize(("said", "expected"), documented())
def test_a_control_stands_as_the_document_says(said, expected):
    control = make_control()
    for number, part in enumerate([] if said == "none" else re.split(r", (?=\w+:)", said)):
        word = part.partition(": ")[2]
        late = word.endswith("reviewed too long ago")
        make_evidence(
            control, service=factories.make_entity(f"service-{number}"), fulfilment=STATES[word.partition(",")[0]],
            review_by=TODAY - dt.timedelta(days=1) if late else TODAY,
        )  # fmt: skip
    assert Standing(standing(control)).label.lower() == expected
    is_gap = expected in {"no evidence", "gap", "partly met", "review overdue"}
    assert bool(gaps.gaps(None)) == is_gap


def test_the_next_review_of_the_document():
    assert "every 90 days and was looked at on\n22 November 2026 is due on 20 February 2027" in DOCUMENT
    made = actions.make_evidence(
        by=None, values={"control": make_control(review_days=90), "fulfilment": "met", "text": "Seen"}
    )
    assert (made.reviewed_on, made.review_by) == (TODAY, dt.date(2027, 2, 20))


def test_a_review_moves_the_next_one_along_and_a_day_that_is_said_stays(people):
    control = make_control(review_days=10)
    made = actions.make_evidence(
        by=None, values={"control": control, "fulfilment": "met", "text": "Seen", "reviewed_on": dt.date(2026, 11, 1)}
    )
    assert made.review_by == dt.date(2026, 11, 11)
    reviewed = actions.review(by=people.product_manager, evidence=made, text="Seen again")
    assert (reviewed.reviewed_on, reviewed.review_by, reviewed.text) == (TODAY, dt.date(2026, 12, 2), "Seen again")
    said = actions.edit_evidence(by=None, record=reviewed, values={"review_by": dt.date(2027, 1, 1)})
    assert said.review_by == dt.date(2027, 1, 1)
    kept = actions.edit_evidence(by=None, record=said, values={"text": "And again", "review_by": said.review_by})
    assert kept.review_by == dt.date(2027, 1, 1)


def test_met_needs_what_shows_it_and_a_gap_cannot_be_reviewed(people):
    with pytest.raises(ValidationError, match="Say what shows that it is met"):
        actions.make_evidence(by=None, values={"control": make_control(), "fulfilment": "met"})
    assert not Evidence.objects.exists()
    with pytest.raises(ValidationError, match="nothing to review"):
        actions.review(by=None, evidence=make_evidence(make_control(identifier="1.2")))


def test_one_control_has_one_piece_of_evidence_for_a_service():
    evidence = make_evidence()
    with pytest.raises(ValidationError, match="has evidence for this service already"):
        actions.make_evidence(by=None, values={"control": evidence.control})


def test_evidence_is_of_the_team_that_owns_the_service_and_others_write_none(people):
    service = factories.make_entity("checkout-api", owner=people.team)
    control = make_control()
    with pytest.raises(ValidationError, match="Name a team that you are in"):
        actions.make_evidence(by=people.reader, values={"control": control, "service": service})
    made = actions.make_evidence(by=people.editor, values={"control": control, "service": service})
    assert made.owner == people.team.reference
    rights = {who: EVIDENCE.may(getattr(people, who), "change", made) for who in
              ("stranger", "reader", "editor", "product_manager", "administrator")}  # fmt: skip
    assert [who for who, may in rights.items() if may] == ["editor", "product_manager", "administrator"]
    assert not CONTROLS.may(people.editor, "add")
    assert CONTROLS.may(people.product_manager, "add")


def test_naming_ones_own_team_records_nothing_for_the_service_of_another(people):
    theirs = factories.make_entity("ledger", owner=people.other)
    said = {"control": make_control(), "service": theirs, "fulfilment": "met", "text": "So they say"}
    with pytest.raises(ValidationError, match=f"ledger is of {people.other.reference}, which you are not in"):
        actions.make_evidence(by=people.editor, values={**said, "owner": people.team.reference})
    made = actions.make_evidence(by=people.product_manager, values={**said, "owner": people.team.reference})
    # What was given to the team by who plans it looks after, as before.
    assert actions.review(by=people.editor, evidence=made).reviewed_on == TODAY


def test_evidence_is_not_handed_to_another_team_nor_to_its_service(people):
    ours, theirs = (factories.make_entity(name, owner=team) for name, team in
                    (("checkout-api", people.team), ("ledger", people.other)))  # fmt: skip
    evidence = make_evidence(owner=people.team.reference)
    with pytest.raises(ValidationError, match="Name a team that you are in"):
        actions.edit_evidence(by=people.editor, record=evidence, values={"owner": people.other.reference})
    with pytest.raises(ValidationError, match="Its team records evidence for it"):
        actions.edit_evidence(by=people.editor, record=evidence, values={"service": theirs})
    assert actions.edit_evidence(by=people.editor, record=evidence, values={"service": ours}).service == ours
    given = {"owner": people.other.reference, "service": theirs}
    assert actions.edit_evidence(by=people.product_manager, record=evidence, values=given).service == theirs


def test_evidence_stays_in_its_own_hands_whoever_does_the_work_that_closes_the_gap(people, sign_in):
    theirs = make_initiative("Encrypt the backups", team=people.other.reference)
    evidence = make_evidence(owner=people.team.reference, initiative=theirs)
    assert sign_in(people.editor).get(reverse("evidence-act", args=[evidence.pk, "initiative"])).status_code == 200
    assert people.reader.has_perm("roadmap.change_initiative", theirs)
    assert sign_in(people.reader).get(reverse("evidence-act", args=[evidence.pk, "initiative"])).status_code == 403
    assert not EVIDENCE.may(people.reader, "delete", evidence)


def test_evidence_names_public_initiatives_alone_and_tells_of_no_other(people):
    """A private one and one that there is not are refused in the same words."""
    hidden = make_initiative("Leave the supplier", by=people.editor, is_private=True)
    evidence = make_evidence(owner=people.team.reference)
    with pytest.raises(ValidationError, match="There is no public initiative “RMP-1”"):
        actions.close_by(by=people.editor, evidence=evidence, initiative=hidden)


def test_the_page_refuses_a_private_initiative_as_one_that_there_is_not(sign_in, people):
    make_initiative("Leave the supplier", by=people.editor, is_private=True)
    shown = make_initiative("Encrypt the backups")
    evidence = make_evidence(owner=people.team.reference)
    client = sign_in(people.product_manager)
    address = reverse("evidence-act", args=[evidence.pk, "initiative"])
    for number in ("RMP-1", "RMP-2"):
        page = client.post(address, {"initiative": number, "version": evidence.version})
        assert page.status_code == 422
        told = page.context["form"].errors["initiative"][0].replace(number, "N")
        assert told == "There is no public initiative “N”. Everybody reads evidence, so it names public ones alone."
    for text in ("rm-1", "", "encrypt the BACKUPS"):
        client.post(address, {"initiative": text, "version": evidence.version})
        evidence.refresh_from_db()
        assert evidence.initiative == (shown if text else None)
    refused = client.post(address, {"initiative": "Leave the supplier", "version": evidence.version})
    assert "There is no public initiative “Leave the supplier”" in unescape(refused.content.decode())
    assert evidence.control.identifier in client.get("/initiatives/rm-1/").content.decode()


def test_evidence_that_came_to_rest_on_a_private_one_leaves_no_trace(sign_in, people, api):
    """No form makes such a row; were there one, nobody else would see it."""
    hidden = make_initiative("Leave the supplier", by=people.editor, is_private=True)
    evidence = make_evidence(
        make_control(identifier="Z9.9"), initiative=hidden, fulfilment="met", owner=people.team.reference,
        text="Seen", review_by=TODAY - dt.timedelta(days=1),
    )  # fmt: skip
    client = sign_in(people.product_manager)
    assert client.get(EVIDENCE.url_of(evidence)).status_code == 404
    assert EVIDENCE.url_of(evidence) not in client.get(EVIDENCE.url).content.decode()
    page = client.get(CONTROLS.url_of(evidence.control)).content.decode()
    assert "No evidence" in page
    assert "Seen" not in page
    assert [(each.standing, each.evidence) for each in gaps.gaps(people.product_manager)] == [("no_evidence", None)]
    assert gaps.matrix(people.product_manager)[1] == []
    assert api(people.product_manager, "read").get("/api/v1/evidence/").json()["items"] == []
    assert [each.standing for each in gaps.gaps(people.editor)] == ["review_due"]
    assert reminders.remind() == 0
    assert not OutboxMessage.objects.exists()


def test_two_who_change_the_same_evidence_are_told(sign_in, people):
    evidence = make_evidence(fulfilment="met", owner=people.team.reference)
    client = sign_in(people.editor)
    actions.edit_evidence(by=None, record=evidence, values={"text": "Newer"})
    address = reverse("evidence-act", args=[evidence.pk, "review"])
    page = client.post(address, {"text": "Mine", "version": evidence.version})
    assert page.status_code == 409
    assert "changed it in the meantime" in page.content.decode()
    assert "Mine" in page.content.decode()
    evidence.refresh_from_db()
    assert evidence.text == "Newer"


def test_the_gap_list_is_narrowed_and_says_what_there_is_not(sign_in, people):
    pci, other = make_framework("pci"), make_framework("other")
    service = factories.make_entity("checkout-api", owner=people.team)
    make_evidence(make_control(pci, "1.1"), service=service, owner=people.team.reference)
    make_control(pci, "1.2")
    make_control(other, "9.9")
    make_control(make_framework("off", is_active=False), "8.8")
    client = sign_in(people.reader)

    def shown(query: str) -> list[str]:
        page = client.get(reverse("compliance-gaps") + query)
        assert page.status_code == 200
        return [each["gap"].control.identifier for each in page.context["rows"]]

    assert shown("") == ["1.1", "9.9", "1.2"]
    assert shown("?framework=pci") == ["1.1", "1.2"]
    assert shown("?service=checkout-api") == shown("?team=checkout") == ["1.1"]
    assert shown("?team=payments") == []
    for query, said in (
        ("?framework=off", "There is no active framework “off”."),
        ("?team=chekcout", "There is no team “chekcout”. Did you mean checkout?"),
        ("?servic=a", "takes framework, service, team and page, not “servic”"),
    ):
        page = client.get(reverse("compliance-gaps") + query)
        assert page.status_code == 400
        assert said in page.content.decode()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/controls/-/by-service/?framework=abc", "The table takes page alone, not “framework”."),
        ("/controls/-/by-service/?page=abc", "page=abc: expected a whole number from 1 to 10,000."),
        ("/controls/-/gaps/?page=abc", "page=abc: expected a whole number from 1 to 10,000."),
        ("/strategy/?edition=abc", "The strategy takes nothing in its address: it is shown as it is now."),
        ("/allocations/-/plan/?page=abc", "page=abc: expected a whole number from 1 to 10,000."),
    ],
)
def test_what_a_page_does_not_know_is_refused_in_words(sign_in, people, address, told):
    answer = sign_in(people.reader).get(address)
    assert (answer.status_code, told in unescape(answer.content.decode())) == (400, True)


def test_the_gap_list_leads_to_its_controls_as_a_file(sign_in, people):
    make_control(make_framework("pci"), "1.1")
    client = sign_in(people.reader)
    [address] = re.findall(r'href="([^"]*format=csv)"', client.get(reverse("compliance-gaps")).content.decode())
    file = client.get(unescape(address))
    assert file.status_code == 200
    assert b"1.1" in file.getvalue()


def test_the_table_says_how_much_is_met(sign_in, people):
    service = factories.make_entity("checkout-api", residency="EU")
    pci = make_framework("pci")
    make_evidence(make_control(pci, "1.1"), service=service, fulfilment="met")
    make_evidence(make_control(pci, "1.2"), service=service, fulfilment="gap")
    make_evidence(make_control(pci, "1.3"), service=service, fulfilment="not_applicable")
    make_evidence(make_control(pci, "1.4"), fulfilment="met")
    frameworks, lines, _ = gaps.matrix(people.reader)
    assert [str(each) for each in frameworks] == ["PCI"]
    assert [(str(each.service), each.cells[0].met, each.cells[0].total, each.cells[0].worst) for each in lines] == [
        ("None", 1, 1, "met"), ("checkout-api", 1, 2, "gap")
    ]  # fmt: skip
    client = sign_in(people.reader)
    page = client.get(reverse("compliance-matrix")).content.decode()
    assert "1 of 2 met" in page
    assert "EU" in page
    (address,) = re.findall(r'href="(/evidence/\?[^"]*service=component[^"]*)"', page)
    listed = client.get(address.replace("&amp;", "&")).content.decode()
    assert [each in listed for each in ("1.1", "1.2", "1.3", "1.4")] == [True, True, True, False]


def test_pages_ask_as_much_for_many_as_for_few(sign_in, people, django_assert_max_num_queries):
    pci = make_framework("pci")
    service = factories.make_entity("checkout-api", owner=people.team)
    for number in range(40):
        entity = service if number % 2 else factories.make_entity(f"service-{number}")
        made = make_evidence(
            make_control(pci, f"{number}"), service=entity, owner=people.team.reference,
            initiative=make_initiative("A"),
        )  # fmt: skip
    client = sign_in(people.reader)
    for address in (
        reverse("compliance-gaps"),
        reverse("compliance-matrix"),
        EVIDENCE.url,
        CONTROLS.url,
        "/frameworks/",
        EVIDENCE.url_of(made),
        CONTROLS.url_of(made.control),
        get_collection("frameworks").url_of(pci),
        "/services/checkout-api/panels/servicesentity-compliance/",
    ):
        client.get(address)
        with django_assert_max_num_queries(15):
            assert client.get(address).status_code == 200


def test_evidence_is_recorded_on_the_page_of_its_control(sign_in, people):
    factories.make_entity("checkout-api", owner=people.team)
    control = make_control()
    client = sign_in(people.editor)
    address = reverse("control-evidence", args=[control.pk])
    sent = {"service": "checkout-api", "fulfilment": "met"}
    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert "Say what shows that it is met" in refused.content.decode()
    done = client.post(address, {**sent, "text": "The log of the **drill**"}, follow=True)
    made = Evidence.objects.get()
    assert (made.control, made.owner) == (control, people.team.reference)
    assert "<strong>drill</strong>" in done.content.decode()


def test_what_is_seen_on_the_pages_of_services_and_lists(sign_in, people, api):
    service = factories.make_entity("checkout-api", privacy_class="personal", residency="EU")
    make_evidence(make_control(identifier="1.7"), service=service)
    client = sign_in(people.reader)
    panel = client.get("/services/checkout-api/panels/servicesentity-compliance/").content.decode()
    assert "1.7" in panel
    assert "Personal data" in panel
    (line,) = client.get("/services/?columns=name,compliance_gaps&format=json").getvalue().splitlines()
    assert list(json.loads(line).values())[-1] == [{"name": "checkout-api", "compliance_gaps": 1}]
    (told,) = api(people.reader, "read").get("/api/v1/evidence/").json()["items"]
    assert told["standing"] == "gap"


def test_gaps_are_counted_and_shown_first_however_much_is_met(sign_in, people):
    """Of a framework that comes later by its name, behind more than one panel shows."""
    service, initiative = factories.make_entity("checkout-api"), make_initiative("Encrypt the backups")
    first, later = make_framework("aaa"), make_framework("zzz")
    for framework, fulfilment, number in ((first, "met", 60), (later, "gap", 5)):
        for n in range(number):
            control = make_control(framework, f"{framework.slug}.{n:02}")
            make_evidence(control, service=service, initiative=initiative, fulfilment=fulfilment)
    client = sign_in(people.reader)
    panels = ("/services/checkout-api/panels/servicesentity-compliance/",
              f"/initiatives/{initiative.name.lower()}/panels/roadmapinitiative-gaps-it-closes/")  # fmt: skip
    for panel, fact in zip(panels, ("5 to do", "5 of 65 open"), strict=True):
        page = unescape(client.get(panel).content.decode())
        assert fact in page
        assert re.findall(r">(zzz|aaa)\.\d\d</a>", page) == ["zzz"] * 5 + ["aaa"] * 45
        whole = re.search(r'href="(/evidence/\?[^"]+)"', page)[1]
        assert client.get(whole).context["page"]["total"]["count"] == 65


def test_the_api_records_evidence_by_the_same_rules(people, api):
    control = make_control()
    client = api(people.editor)
    body = {"control": control.pk, "fulfilment": "met"}
    refused = client.post("/api/v1/evidence/", body, format="json")
    assert (refused.status_code, Evidence.objects.count()) == (422, 0)
    made = client.post("/api/v1/evidence/", {**body, "text": "Seen", "owner": "checkout"}, format="json")
    assert made.status_code == 201
    assert Evidence.objects.get().review_by == TODAY + dt.timedelta(days=180)


def test_teams_are_reminded_before_on_and_after_the_day_once_each(people):
    due = make_evidence(fulfilment="met", owner=people.team.reference, review_by=TODAY + dt.timedelta(days=14))
    make_evidence(make_control(identifier="1.2"), owner=people.team.reference, review_by=TODAY)
    make_evidence(make_control(make_framework("off", is_active=False)), fulfilment="met",
                  owner=people.team.reference, review_by=TODAY)  # fmt: skip
    for day, number in ((0, 1), (0, 1), (13, 1), (14, 2), (20, 2), (21, 3), (22, 3), (28, 4)):
        with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC) + dt.timedelta(days=day), tick=False):
            reminders.remind()
        assert Notification.objects.filter(user=people.editor, kind="evidence-review").count() == number
    titles = Notification.objects.filter(user=people.editor).order_by("pk").values_list("title", flat=True)
    assert list(titles)[:2] == [f"{due}: review due in 14 days", f"{due}: review due today"]


def test_what_is_due_waits_for_its_team_alone(people, rf):
    make_evidence(fulfilment="met", owner=people.team.reference, review_by=TODAY - dt.timedelta(days=2))
    for who, number in ((people.editor, 1), (people.reader, 0)):
        request = rf.get("/")
        request.user = who
        waiting = [each for each in home_context(request)["waiting"] if each.label == "Review it"]
        assert len(waiting) == number
    assert not Initiative.objects.exists()


def test_many_gaps_and_services_come_in_pages(sign_in, people, monkeypatch):
    monkeypatch.setattr(gaps, "PAGE", 2)
    monkeypatch.setattr(views, "PAGE", 2)
    pci = make_framework("pci")
    make_evidence(make_control(pci, "1.0"), fulfilment="gap")
    for number in range(2):
        make_evidence(make_control(pci, f"2.{number}"), service=factories.make_entity(f"service-{number}"))
    client = sign_in(people.reader)

    def shown(page: int) -> list[str]:
        found = client.get(reverse("compliance-gaps"), {"framework": "pci", "page": page})
        return [each["gap"].control.identifier for each in found.context["rows"]]

    assert [shown(1), shown(2)] == [["1.0", "2.0"], ["2.1"]]
    first, second = (
        client.get(reverse("compliance-matrix"), {"page": page}).content.decode().split("<tbody>")[1] for page in (1, 2)
    )
    assert [each in first for each in ("The company as a whole", "service-0", "service-1")] == [True, True, False]
    assert [each in second for each in ("The company as a whole", "service-0", "service-1")] == [False, False, True]
    assert "Page 1 of 2, 3 services" in first


def test_what_is_deleted_without_a_page_of_its_history_promises_none(people, sign_in):
    evidence = make_evidence()
    page = sign_in(people.administrator).get(f"/evidence/{evidence.pk}/delete/")
    assert page.status_code == 200
    assert "Will be gone" in page.text
    assert "its history" not in page.text
