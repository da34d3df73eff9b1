"""Insights: each figure is right, leads to exactly its incidents, and counts nothing that the reader may not see."""

import datetime as dt
import html
import re

import pytest
import time_machine

from incidents import timeline
from incidents.declaring import declare
from incidents.followups import actions as followups
from incidents.insights import asking, facts, views
from incidents.models import Impact, Incident, IncidentState, IncidentTime, Node, Severity, Status, Tag
from incidents.times.saying import set_times
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

# Tomorrow, because the clock of the database stays where it is: nothing written now may be later than when it is read.
NOON = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


@pytest.fixture
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def happened(days: int, minutes: dict[str, int], *nodes: str, **values) -> Incident:
    """An incident that was declared so many days ago, with its times in minutes since then, and tags."""
    at = NOON - days * DAY
    private = values.pop("is_private", False)
    who = values.pop("by", None)
    with time_machine.travel(at, tick=False):
        made = declare(by=who, values={"title": f"Broken {days}", **values}, is_private=private)
    for point, after in minutes.items():
        IncidentTime.objects.create(incident=made, point=point, at=at + after * MINUTE)
    for slug in nodes:
        node = Node.objects.get(slug=slug)
        mode = "one_click" if node.facet == "mitigation" else ""
        Tag.objects.create(incident=made, node=node, mode=mode)
    return made


def words(client, address: str, status: int = 200) -> str:
    facts.refresh_stale()
    response = client.get(address)
    assert response.status_code == status, response.content.decode()[:800]
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\u00a0", " ")
    return re.sub(r" (?=[.,:])", "", re.sub(r"\s+", " ", text))


def links(client, address: str = "/incidents/insights/") -> list[tuple[int, str]]:
    """Every number of the page that is a link to the list of incidents, with its address."""
    facts.refresh_stale()
    page = client.get(address).content.decode()
    found = re.findall(r'<a[^>]*href="(/incidents/\?[^"]*)"[^>]*>\s*([\d,]+)\s*(?:</a>|left)', page)
    return [(int(number.replace(",", "")), html.unescape(url)) for url, number in found if "format=csv" not in url]


def test_the_stages_of_a_resolved_incident_are_computed_once_it_is_written(people):
    made = happened(3, {"started": 0, "detected": 10, "acknowledged": 12, "mitigated": 40, "resolved": 100})
    assert facts.refresh_stale() == 1
    state = IncidentState.objects.get()
    assert (state.detect_s, state.acknowledge_s, state.mitigate_s, state.resolve_s) == (600, 120, 1680, 3600)
    assert (state.lasted_s, state.hurt_s, state.problems) == (6000, 2400, [])
    assert facts.refresh_stale() == 0
    set_times(by=people.editor, incident=made, times={"resolved": made.declared_at + 200 * MINUTE})
    assert facts.refresh_stale() == 1
    assert IncidentState.objects.get().lasted_s == 12_000


def test_times_that_contradict_each_other_count_for_nothing_and_are_said():
    happened(3, {"started": 100, "detected": 110, "resolved": 0})
    facts.refresh_stale()
    state = IncidentState.objects.get()
    assert (state.problems, state.lasted_s, state.detect_s) == (["order"], None, None)


def test_a_stage_whose_times_cross_has_no_length():
    happened(3, {"started": 0, "mitigated": 5, "detected": 9, "acknowledged": 12, "resolved": 30})
    facts.refresh_stale()
    state = IncidentState.objects.get()
    assert (state.mitigate_s, state.hurt_s, state.lasted_s, state.doubts) == (None, 300, 1800, ["mitigated_first"])


def test_windows_of_impact_that_overlap_count_once():
    made = happened(3, {"started": 0, "resolved": 100})
    at = made.declared_at
    for start, end, customers in ((0, 60, 40), (30, 90, None), (95, 100, 7)):
        Impact.objects.create(
            incident=made, subject=factories.make_entity().reference, started_at=at + start * MINUTE,
            ended_at=at + end * MINUTE, customers=customers,
        )  # fmt: skip
    facts.refresh_stale()
    state = IncidentState.objects.get()
    assert (state.impact_minutes, state.customers, state.budget_minutes) == (95.0, 40, None)


def test_whoever_writes_the_timeline_marks_what_is_computed_as_stale(people):
    made = happened(3, {"started": 0})
    facts.refresh_stale()
    timeline.note(by=people.editor, incident=made, text="Looked at the pool")
    assert IncidentState.objects.get().is_stale
    assert facts.refresh_stale() == 1
    assert not IncidentState.objects.get().is_stale


def test_what_was_corrected_in_the_timeline_is_not_held_against_the_times(people):
    made = happened(3, {"started": 0, "detected": 10, "acknowledged": 12, "mitigated": 40, "resolved": 100})
    early = {"text": "A buyer calls", "kind": "report", "happened_at": made.declared_at + MINUTE}
    event = timeline.note(by=people.editor, incident=made, **early)
    facts.refresh_stale()
    assert IncidentState.objects.get().doubts == ["seen_earlier"]
    timeline.correct(by=people.editor, event=event, happened_at=made.declared_at + 11 * MINUTE)
    facts.refresh_stale()
    assert IncidentState.objects.get().doubts == []


def test_tags_that_somebody_took_away_are_found(people):
    made = happened(3, {}, "cf-no-alert", "cf-spof")
    facts.refresh_stale()
    made.tags.filter(node__slug="cf-spof").delete()
    assert (facts.mark_retagged(), facts.refresh_stale(), facts.mark_retagged()) == (1, 1, 0)
    assert IncidentState.objects.get().nodes == [Node.objects.get(slug="cf-no-alert").pk]


def test_medians_are_said_with_how_many_know_them_and_what_is_left_out(sign_in, people):
    for days, minutes in enumerate((10, 20, 30, 40, 50), start=2):
        happened(days, {"started": 0, "resolved": minutes})
    happened(9, {"started": 50, "resolved": 0})
    page = words(sign_in(people.stranger), "/incidents/insights/")
    assert "These figures are of 6 incidents" in page
    assert "Started to resolved 5 83 % 30 min" in page
    assert "1 left out, because their times contradict each other" in page
    assert "5 of the 30 incidents that a trend needs: with fewer it is mostly chance." in page
    assert "5 incidents lasted from 10 min to 50 min; half of them up to 30 min" in page
    assert "Started to detected 0 0 % nobody has said both times" in page


def test_what_waits_to_be_counted_is_said(sign_in, people):
    happened(3, {"started": 0, "resolved": 60})
    happened(2, {"started": 0, "resolved": 20})
    client = sign_in(people.reader)
    said = " of them wait to be counted"
    assert "2" + said in re.sub(r"<[^>]+>", "", client.get("/incidents/insights/").content.decode())
    assert said not in words(client, "/incidents/insights/")


def test_unknown_and_not_set_stand_apart_and_a_part_counts_for_its_whole(sign_in, people):
    happened(2, {}, "change-config", "change-code", "mit-rollback")
    happened(3, {}, "change-config")
    happened(4, {}, "trigger-unknown")
    happened(5, {})
    client = sign_in(people.stranger)
    page = words(client, "/incidents/insights/")
    assert "Trigger said of 3 of 4 A change we made 2 Configuration rollout 2 · Code or binary rollout 1" in page
    assert "Unknown looked for and not found 1 Not set nobody looked 1" in page
    assert "One click 1" in page


def test_each_figure_leads_to_exactly_its_incidents(sign_in, people):
    made = happened(2, {"started": 0, "detected": 5, "resolved": 9}, "change-config", "mit-rollback", "cf-no-alert")
    happened(3, {"started": 9, "resolved": 0}, "trigger-unknown", "cf-no-alert", kind="near_miss")
    happened(4, {}, "change-code", "mit-rollback", kind="drill")
    happened(5, {"started": 0, "resolved": 7}, "provider-outage", "cf-spof", "cf-no-alert")
    happened(900, {}, "change-config")
    followups.suggest(by=None, incident=made, values={"title": "Alert", "factor": Node.objects.get(slug="cf-no-alert")})
    client = sign_in(people.stranger)
    found = links(client) + links(client, "/incidents/insights/?declared_at.within=9999d&kind=*")
    assert len(found) > 40
    for number, url in found:
        answer = client.get(url.replace("/incidents/?", "/api/v1/incidents/?"))
        assert answer.status_code == 200, url
        assert answer.json()["total"] == number, url


def test_a_factor_leads_to_the_incidents_of_its_parts_too_and_counts_them(sign_in, people):
    part = Node.objects.filter(facet="contributing_factor", parent__isnull=False).order_by("pk").first()
    happened(2, {}, part.slug)
    happened(3, {}, part.parent.slug)
    client = sign_in(people.stranger)
    found = [(number, url) for number, url in links(client) if f"factor={part.parent.slug}" in url]
    assert {number for number, _ in found} == {2}
    assert client.get(found[0][1].replace("/incidents/?", "/api/v1/incidents/?")).json()["total"] == 2


@pytest.mark.parametrize("category", ["declined", "merged", "cancelled"])
def test_what_was_no_incident_after_all_is_in_no_figure_and_its_number_is_said(sign_in, people, category):
    happened(2, {"started": 0, "resolved": 10}, "change-config")
    none = happened(3, {"started": 0, "resolved": 999}, "change-config")
    status = Status.objects.filter(category=category).first()
    Incident.objects.filter(pk=none.pk).update(status=status)
    followups.suggest(by=None, incident=none, values={"title": "Not counted"})
    client = sign_in(people.stranger)
    page = words(client, "/incidents/insights/")
    assert "These figures are of 1 incident. In the same time there are: 1 real" in page
    assert "Left out: 1 declined, merged or cancelled." in page
    assert "16 h" not in page
    assert "These incidents led to no follow-up." in page
    assert f"also category={category}" in words(client, f"/incidents/insights/?category={category}")
    assert "of 2 incidents." in words(client, "/incidents/insights/?category=*")
    for number, url in links(client):
        answer = client.get(url.replace("/incidents/?", "/api/v1/incidents/?"))
        assert (answer.status_code, answer.json()["total"]) == (200, number), url


def test_figures_of_follow_ups_lead_to_exactly_these(sign_in, people):
    made = happened(20, {}, "cf-no-alert")
    factor = Node.objects.get(slug="cf-no-alert")
    idea = followups.suggest(by=None, incident=made, values={"title": "Alert", "factor": factor})
    followups.suggest(by=None, incident=made, values={"title": "Gate"})
    with time_machine.travel(NOON - 10 * DAY):
        due = (NOON - 5 * DAY).date()
        followups.commit(by=None, follow_up=idea, owner=people.team.reference, due_on=due)
    drill = happened(20, {}, kind="drill")
    followups.suggest(by=None, incident=drill, values={"title": "Not counted"})
    client = sign_in(people.stranger)
    assert "2 follow-ups By team Outcome Idea 1 Committed 1 Done 0" in words(client, "/incidents/insights/")
    page = client.get("/incidents/insights/").content.decode()
    found = re.findall(r'<a[^>]*href="(/follow-ups/\?[^"]*)"[^>]*>\s*(\d+)', page)
    assert len(found) > 5
    for url, number in found:
        answer = client.get(html.unescape(url).replace("/follow-ups/?", "/api/v1/follow-ups/?"))
        assert (answer.status_code, answer.json()["total"]) == (200, int(number)), url


def test_the_page_takes_what_the_list_takes_and_refuses_the_rest_in_words(sign_in, people):
    happened(2, {}, severity=Severity.objects.get(slug="sev-1"))
    happened(3, {}, owner=people.team.reference)
    client = sign_in(people.stranger)
    assert "of 1 incident." in words(client, "/incidents/insights/?severity=SEV-1")
    assert "of 1 incident." in words(client, "/incidents/insights/?owner=checkout&q=broken")
    assert "No incident that you may see is in this" in words(client, "/incidents/insights/?service=nothing")
    refused = words(client, "/incidents/insights/?sevrity=1", status=400)
    assert "The filter “sevrity” is not known here. Did you mean “severity”?" in refused
    assert "“sort” is of lists" in words(client, "/incidents/insights/?sort=name", status=400)


def test_a_private_incident_is_in_the_figures_of_who_is_let_in_alone(sign_in, people):
    happened(2, {"started": 0, "resolved": 10})
    secret = happened(3, {"started": 0, "resolved": 999}, "hostile-intrusion", "cf-no-alert", is_private=True,
                      by=people.editor)  # fmt: skip
    followups.suggest(by=None, incident=secret, values={"title": "Rotate"})
    page = words(sign_in(people.stranger), "/incidents/insights/")
    assert "of 1 incident." in page
    for said in ("PRIV-1", "Hostile", "16 h", "Rotate", "Observability"):
        assert said not in page, said
    assert "of 2 incidents." in words(sign_in(people.editor), "/incidents/insights/")


def test_the_number_of_queries_does_not_depend_on_the_number_of_incidents(people, django_assert_max_num_queries, rf):
    for days in range(2, 8):
        happened(days, {"started": 0, "resolved": 10 * days}, "change-config", "cf-no-alert", "mit-rollback")
    facts.refresh_stale()
    request = rf.get("/incidents/insights/")
    request.user = people.stranger
    with django_assert_max_num_queries(14):
        views.page(asking.asked_of(request))


def test_follow_ups_by_team_are_the_latest_first_and_lead_to_their_lists(sign_in, people):
    made = happened(20, {})
    for team, due in ((people.team, 3), (people.other, -9)):
        idea = followups.suggest(by=None, incident=made, values={"title": "Alert"})
        with time_machine.travel(NOON - 15 * DAY):
            day = (NOON + due * DAY).date()
            followups.commit(by=None, follow_up=idea, owner=team.reference, due_on=day)
    followups.suggest(by=None, incident=made, values={"title": "Gate"})
    client = sign_in(people.stranger)
    page = words(client, "/follow-ups/-/by-team/")
    assert page.index("Payments 1 late up to 9 days 1") < page.index("Checkout none 1") < page.index("Nobody yet")
    for url, number in re.findall(
        r'href="(/follow-ups/\?[^"]*)">(\d+)', client.get("/follow-ups/-/by-team/").content.decode()
    ):
        answer = client.get(html.unescape(url).replace("/follow-ups/?", "/api/v1/follow-ups/?"))
        assert answer.json()["total"] == int(number), url
