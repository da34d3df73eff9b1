"""The shapes of the roadmap: the same rows for each reader, moved by whoever may, and nothing lost where two move."""

import datetime as dt
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from portal.tenure import organisation_today
from roadmap.initiatives.actions import add_part, move
from roadmap.models import Bound, BoundState, Category, Dependency, Initiative, InitiativeState, Objective, Status
from roadmap.views import actions, views
from roadmap.views.networks import refresh_slack
from services.health.models import Metric, MetricState
from services.health.saying import day_in_words
from tests.factories import make_proposal
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.okr_makers import make_bound, make_freeze
from tests.roadmap.views_makers import make_dependency
from tests.roadmap.worth_makers import make_allocation

pytestmark = pytest.mark.django_db

NAMES = (
    "initiatives-timeline", "initiatives-board", "initiatives-horizons", "initiatives-objectives",
    "initiatives-dependencies", "initiatives-infrastructure", "initiatives-developers", "priorities",
)  # fmt: skip
SAID = {"HTTP_ACCEPT": "application/json"}


def day(ahead: int) -> dt.date:
    return organisation_today() + dt.timedelta(days=ahead)


def dated(title: str, start: int, days: int, **values) -> Initiative:
    return make_initiative(title, starts_on=day(start), ends_likely=day(start + days), **values)


def words(response) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return re.sub(r"\s+", " ", text)


def sent(initiative: Initiative, **changed) -> dict[str, str]:
    values = {name: getattr(initiative, name) for name in actions.DATES} | changed
    return {name: str(value or "") for name, value in values.items()} | {"version": str(initiative.version)}


@pytest.fixture
def mine(people) -> Initiative:
    """An initiative of the team of the editor, with all its dates."""
    return dated(
        "Shard the orders database", 0, 30, team=people.team.reference, category="infrastructure",
        ends_earliest=day(20), ends_latest=day(45), effort_days=12.5,
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_each_shape_asks_what_the_list_asks(sign_in, people, mine, name):
    second = dated("Another one", 5, 10, category="developer_experience", horizon="now")
    make_dependency(mine, second)
    client = sign_in(people.reader)
    assert client.get(reverse(name)).status_code == 200
    none = words(client.get(reverse(name), {"q": "no-such-thing"}))
    assert "Shard the orders" not in none
    assert "Nothing" in none
    wrong = client.get(reverse(name), {"no-such": "1"})
    assert wrong.status_code == 400
    assert "“no-such” is not known here" in words(wrong)


@pytest.mark.parametrize("name", NAMES)
def test_a_private_initiative_is_in_no_shape_and_no_sum_of_whoever_is_not_let_in(sign_in, people, mine, name):
    hidden = dated(
        "Leave the supplier", 0, 700, by=people.editor, is_private=True, effort_days=1000.0,
        category=mine.category, objective=Objective.objects.create(cycle=make_cycle(), title="Seen by all"),
    )  # fmt: skip
    Dependency.objects.create(before=hidden, after=mine)
    before = words(sign_in(people.product_manager).get(reverse(name)))
    assert "Leave the supplier" not in before
    assert "RMP" not in before
    assert "1,012" not in before
    for file in ("initiatives-timeline-svg",):
        assert b"Leave the supplier" not in sign_in(people.product_manager).get(reverse(file)).content
    Dependency.objects.filter(before=hidden).delete()
    hidden.delete()
    assert words(sign_in(people.product_manager).get(reverse(name))) == before


def test_whoever_is_let_in_sees_the_private_one_in_the_timeline(sign_in, people, mine):
    dated("Leave the supplier", 0, 70, by=people.editor, is_private=True)
    assert "Leave the supplier" in words(sign_in(people.editor).get(reverse("initiatives-timeline")))


def test_slack_of_public_ones_tells_nothing_of_private_ones(people, mine):
    second = dated("Second", 60, 10)
    make_dependency(mine, second)
    refresh_slack()
    before = InitiativeState.objects.get(initiative=mine).slack_days
    hidden = dated("Leave the supplier", 0, 700, by=people.editor, is_private=True)
    Dependency.objects.create(before=mine, after=hidden)
    assert refresh_slack() == 0
    assert InitiativeState.objects.get(initiative=mine).slack_days == before == 30
    assert InitiativeState.objects.get(initiative=hidden).slack_days is None


def test_the_board_counts_and_sums_what_it_shows(sign_in, people, mine):
    dated("Second", 0, 5, effort_days=7.5)
    make_initiative("Third")
    told = words(sign_in(people.reader).get(reverse("initiatives-board")))
    assert "Idea 3 20 days, 1 says nothing" in told


def test_what_is_over_stands_last_in_now_next_later(sign_in, people):
    statuses = {"Long done": Status.DONE, "Given up": Status.DROPPED, "At work": Status.IDEA}
    for title, status in statuses.items():
        made = dated(title, 0, 10, horizon="now")
        Initiative.objects.filter(pk=made.pk).update(status=status, status_reason="No need")
    told = words(sign_in(people.reader).get(reverse("initiatives-horizons")))
    assert told.index("At work") < told.index("Long done")
    assert told.index("At work") < told.index("Given up")


@pytest.mark.parametrize(("shape", "field"), [("BOARD", "status"), ("HORIZON", "horizon")])
def test_a_board_counts_and_sums_all_that_is_asked_for_and_leads_to_the_rest_of_it(
    sign_in, people, mine, monkeypatch, shape, field
):
    monkeypatch.setattr(views, shape, replace(getattr(views, shape), most=2))
    for number in range(3):
        dated(f"Number {number}", number, 5, team=mine.team, effort_days=2.5)
    make_initiative("Of nobody", effort_days=1000.0)
    answer = sign_in(people.reader).get(reverse(getattr(views, shape).name), {"team": "checkout", "q": "number"})
    (first,) = [each for each in answer.context["columns"] if each.count]
    assert (first.count, first.effort, first.unsaid, len(first.cards), first.left_out) == (3, 7.5, 0, 2, 1)
    assert "3 7.5 days" in words(answer)
    assert first.url == f"/initiatives/?team=checkout&q=number&{field}={first.key}"
    assert html.escape(first.url) in answer.content.decode()
    assert sign_in(people.reader).get(first.url).context["page"]["total"]["count"] == 3


def test_a_timeline_that_cannot_group_so_says_how_it_can(sign_in, people, mine):
    response = sign_in(people.reader).get(reverse("initiatives-timeline"), {"by": "colour"})
    assert response.status_code == 400
    assert "by=colour: there is no such grouping. There are: objective, team" in words(response)


@pytest.mark.parametrize("name", ["initiatives-board", "initiatives-horizons", "initiatives-objectives"])
def test_a_shape_that_is_not_grouped_refuses_a_grouping(sign_in, people, mine, name):
    answer = sign_in(people.reader).get(reverse(name), {"by": "team"})
    assert answer.status_code == 400
    assert re.search(r"by=team: “[^”]+” is not grouped otherwise\. Leave it away\.", words(answer))


def test_a_filter_of_a_shape_comes_back_to_the_shape(sign_in, people, mine):
    asked = {"by": "team", "filter.field": "status", "filter.op": "", "filter.value": "idea"}
    response = sign_in(people.reader).get(reverse("initiatives-timeline"), asked)
    assert response.url == "/initiatives/-/timeline/?by=team&status=idea"
    page = sign_in(people.reader).get(response.url).content.decode()
    assert 'href="/initiatives/?status=idea"' in page
    assert 'href="/initiatives/?status=idea&amp;format=csv"' in page


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_queries_depends_on_nothing(sign_in, people, mine, name, django_assert_max_num_queries):
    client = sign_in(people.product_manager)
    client.get(reverse(name))
    make_proposal("limit:1@9")
    make_freeze(scope=[mine.team], starts_on=day(-9), ends_on=day(9))
    make_bound()
    objective = Objective.objects.create(cycle=make_cycle(), title="Buying never stops")
    for number in range(12):
        made = dated(f"Number {number}", number, 10, objective=objective, category=mine.category)
        make_dependency(mine, made)
    with django_assert_max_num_queries(15):
        assert client.get(reverse(name)).status_code == 200


def test_a_plan_shows_as_many_as_it_can_and_says_how_many_there_are(sign_in, people, mine, monkeypatch):
    monkeypatch.setattr(views, "INFRASTRUCTURE", replace(views.INFRASTRUCTURE, most=2))
    for number in range(4):
        dated(f"Queue {number}", number, 10, category=Category.INFRASTRUCTURE)
    page = words(sign_in(people.reader).get(reverse("initiatives-infrastructure")))
    assert [f"Queue {number}" in page for number in range(4)] == [True, False, False, False]
    assert "The first 2 of 5 are shown" in page


def test_the_dates_of_a_bar_lie_where_their_form_is(sign_in, people, mine):
    page = sign_in(people.product_manager).get(reverse("initiatives-timeline")).content.decode()
    assert f'data-moves="{reverse("initiative-dates", args=[mine.name.lower()])}"' in page


# What stands above


@pytest.mark.parametrize("name", NAMES)
def test_what_is_proposed_stands_above_every_shape_for_those_who_decide(sign_in, people, mine, name):
    make_proposal("limit:1@9", title="Pool the orders database", evidence={"severity": 1})
    make_proposal("limit:2@9", title="Start now: shard it", evidence={"severity": 3})
    page = sign_in(people.product_manager).get(reverse(name))
    assert "Start now: shard it" in words(page).split("Table")[0]
    assert "1 more is proposed" in words(page)
    assert "/-/take/" in page.content.decode()
    wrong = sign_in(people.product_manager).get(reverse(name), {"no-such": "1"})
    assert (wrong.status_code, "Start now: shard it" in words(wrong)) == (400, True)
    assert "shard it" not in words(sign_in(people.reader).get(reverse(name)))


@pytest.mark.parametrize("name", [*NAMES, "allocation-plan"])
def test_every_plan_says_whether_the_non_negotiables_are_kept(sign_in, people, mine, name):
    make_allocation(people.team.reference, make_cycle("2026 Q4", day(0), 90))
    client = sign_in(people.reader)
    assert "non-negotiable" not in words(client.get(reverse(name)))
    kept, broken = make_bound("Pages per week at most 20", value=20.0), make_bound("p95 below 200 ms")
    make_bound("Nobody watches it any more", is_active=False)
    BoundState.objects.filter(bound__in=[kept, broken]).update(keeping="kept", value=10.0)
    assert "All 2 non-negotiables are kept See them" in words(client.get(reverse(name)))
    BoundState.objects.filter(bound=broken).update(keeping="broken", value=240.0)
    page = client.get(reverse(name))
    assert "1 of 2 non-negotiables is broken : p95 below 200 ms , now 240 ms. See all" in words(page)
    assert f'href="/non-negotiables/{broken.pk}/"' in page.content.decode()
    others = [make_bound(f"p99 below {n}00 ms") for n in range(1, 8)]
    BoundState.objects.filter(bound__in=others).update(keeping="broken", value=900.0)
    told = words(client.get(reverse(name)))
    assert ("8 of 9 non-negotiables are broken" in told, "; and 3 more. See all" in told) == (True, True)
    Bound.objects.filter(pk__in=[each.pk for each in others]).update(is_active=False)
    BoundState.objects.filter(bound=broken).update(keeping="unknown", value=None)
    assert "1 of 2 non-negotiables has no data" in words(client.get(reverse(name)))


# Dates


def test_a_bar_that_is_dragged_is_saved_with_all_its_dates(sign_in, people, mine):
    moved = {name: getattr(mine, name) + dt.timedelta(days=7) for name in actions.DATES}
    answer = sign_in(people.editor).post(f"/initiatives/{mine.name.lower()}/-/dates/", sent(mine, **moved), **SAID)
    assert answer.status_code == 200, answer.content
    assert json.loads(answer.content)["said"].startswith(f"{mine.name} is from ")
    mine.refresh_from_db()
    assert {name: getattr(mine, name) for name in moved} == moved


def test_two_who_drag_the_same_bar_lose_nothing(sign_in, people, mine):
    stale = sent(mine, starts_on=day(3), ends_likely=day(33))
    actions.plan(by=people.administrator, initiative=mine, dates={"starts_on": day(9)})
    client = sign_in(people.editor)
    answer = client.post(f"/initiatives/{mine.name.lower()}/-/dates/", stale, **SAID)
    assert answer.status_code == 409
    told = json.loads(answer.content)["error"]
    assert f"changed {mine.name} while you moved it" in told
    assert "Yours is not saved yet" in told
    page = client.post(f"/initiatives/{mine.name.lower()}/-/dates/", stale)
    assert page.status_code == 409
    assert str(day(9)) in page.content.decode()
    assert str(day(3)) in page.content.decode()
    mine.refresh_from_db()
    assert mine.starts_on == day(9)


def test_dates_out_of_order_are_refused_by_name(sign_in, people, mine):
    wrong = sent(mine, ends_likely=day(-9))
    client = sign_in(people.editor)
    answer = client.post(f"/initiatives/{mine.name.lower()}/-/dates/", wrong, **SAID)
    assert answer.status_code == 422
    assert "lies before the" in json.loads(answer.content)["error"]
    page = client.post(f"/initiatives/{mine.name.lower()}/-/dates/", wrong)
    assert page.status_code == 422
    assert "lies before the" in words(page)


def test_a_bar_that_breaks_a_dependency_says_so(sign_in, people, mine):
    second = dated("Second", 30, 10, team=people.team.reference)
    make_dependency(mine, second)
    earlier = sent(second, starts_on=day(25), ends_likely=day(35))
    answer = sign_in(people.editor).post(f"/initiatives/{second.name.lower()}/-/dates/", earlier, **SAID)
    assert json.loads(answer.content)["problems"] == [f"{second.name} starts 5 days before {mine.name} ends"]


def test_what_is_in_progress_and_planned_to_start_on_a_day_to_come_says_so(sign_in, people, mine):
    client, page = sign_in(people.editor), "/initiatives/rm-1/-/dates/"
    begun = move(by=None, initiative=mine, status="in_progress")
    assert client.post(page, sent(begun, ends_likely=day(31)), **SAID).json()["problems"] == []
    begun.refresh_from_db()
    later = {"starts_on": day(11), "ends_earliest": day(21), "ends_likely": day(41), "ends_latest": day(55)}
    today, then = day_in_words(day(0)), day_in_words(day(11))
    told = f"RM-1 is in progress since {today} and is planned to start on {then}"
    assert client.post(page, sent(begun, **later), **SAID).json()["problems"] == [told]
    begun.refresh_from_db()
    assert f"{told}." in words(client.post(page, sent(begun, ends_likely=day(42)), follow=True))


def test_others_may_not_move_it_and_a_private_one_is_not_there(sign_in, people, mine):
    hidden = dated("Leave the supplier", 0, 9, by=people.editor, is_private=True)
    client = sign_in(people.reader)
    assert client.get(f"/initiatives/{mine.name.lower()}/-/dates/").status_code == 403
    assert client.get(f"/initiatives/{hidden.name.lower()}/-/dates/").status_code == 404
    assert "data-moves" not in client.get(reverse("initiatives-timeline")).content.decode()


# Cards


def place(client, initiative, **values):
    values = {"field": "status", "version": initiative.version, **values}
    return client.post(f"/initiatives/{initiative.name.lower()}/-/place/", values)


def test_a_card_is_put_into_another_column(sign_in, people, mine):
    assert place(sign_in(people.editor), mine, to="in_progress").status_code == 302
    mine.refresh_from_db()
    assert (mine.status, mine.started_on) == ("in_progress", organisation_today())


def test_a_status_that_needs_a_reason_asks_for_it(sign_in, people, mine):
    client = sign_in(people.editor)
    asked = place(client, mine, to="dropped")
    assert asked.status_code == 200
    assert "Why" in words(asked)
    assert place(client, mine, to="dropped", reason=" ").status_code == 422
    assert "in 10 letters or more why it is dropped" in words(place(client, mine, to="dropped", reason="Why"))
    assert place(client, mine, to="dropped", reason="Nobody needs it").status_code == 302
    mine.refresh_from_db()
    assert (mine.status, mine.status_reason) == ("dropped", "Nobody needs it")


def test_paused_and_dropped_ask_why_and_delivered_does_not_as_the_document_says(sign_in, people, mine):
    client = sign_in(people.editor)
    assert place(client, mine, to="in_progress").status_code == 302
    mine.refresh_from_db()
    assert [place(client, mine, to=to).status_code for to in ("paused", "dropped")] == [200, 200]
    assert place(client, mine, to="delivered").status_code == 302
    assert "Paused and dropped ask why." in Path("docs/roadmap-views.md").read_text()


@pytest.mark.parametrize(
    ("way", "start", "end", "on_page", "on_plan"),
    [("decrease", 1330, 800, "79 % of the way", "79 % Under way"),
     ("stay_below", None, 900, "stay below 900 ms", "Broken"), ("stay_above", None, 912, "stay above 912 ms", "Kept")],
)  # fmt: skip
def test_a_plan_says_of_a_criterion_what_the_page_of_its_initiative_says(
    sign_in, people, mine, way, start, end, on_page, on_plan
):
    metric = Metric.objects.create(name="p95", unit="ms")
    MetricState.objects.create(metric=metric, value=912, at=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    values = {"title": "Fast", "metric": metric, "way": way, "baseline": start, "target": end}
    add_part(by=None, initiative=mine, part="criteria", values=values)
    client = sign_in(people.reader)
    assert on_page in words(client.get("/initiatives/rm-1/")).replace("\u00a0", " ")
    assert on_plan in words(client.get(reverse("initiatives-infrastructure"))).replace("\u00a0", " ")


def test_a_card_stays_where_no_way_leads_from(sign_in, people, mine):
    client, board = sign_in(people.editor), "/initiatives/-/board/"
    menu = client.get(board).content.decode()
    assert ('name="to" value="dropped"' in menu, 'name="to" value="delivered"' in menu) == (True, False)
    address = f"/initiatives/{mine.name.lower()}/-/place/"
    sent = {"field": "status", "to": "delivered", "version": mine.version, "next": board}
    told = words(client.post(address, sent, follow=True))
    assert "RM-1 is idea. From there it can be: planned, in progress, dropped." in told
    mine.refresh_from_db()
    assert mine.status == "idea"


def test_a_card_that_somebody_else_moved_stays_where_they_put_it(sign_in, people, mine):
    client = sign_in(people.editor)
    actions.place(by=people.administrator, initiative=mine, field="status", to="planned")
    response = client.post(
        f"/initiatives/{mine.name.lower()}/-/place/",
        {"field": "status", "to": "in_progress", "version": mine.version, "next": "/initiatives/-/board/"}, follow=True,
    )  # fmt: skip
    assert "changed RM-1 meanwhile: it is planned" in words(response)
    mine.refresh_from_db()
    assert mine.status == "planned"


def test_a_column_that_there_is_not_is_named(sign_in, people, mine):
    answer = place(sign_in(people.editor), mine, to="nowhere")
    assert answer.status_code == 400
    assert "“nowhere” is no column of a board by status" in words(answer)


# Dependencies


def test_a_circle_is_refused_and_named(people, mine):
    second, third = dated("Second", 0, 5), dated("Third", 0, 5)
    actions.add_dependency(by=people.editor, before=mine, after=second)
    actions.add_dependency(by=people.editor, before=second, after=third)
    with pytest.raises(ValidationError, match="RM-3 → RM-1 → RM-2 → RM-3"):
        actions.add_dependency(by=people.editor, before=third, after=mine)
    assert Dependency.objects.count() == 2


def test_what_it_waits_for_is_said_and_taken_back_on_its_page(sign_in, people, mine):
    second = dated("Second", 0, 5, team=people.team.reference)
    client, address = sign_in(people.editor), f"/initiatives/{second.name.lower()}/-/dependencies/"
    client.post(address, {"before": mine.name, "kind": "fs", "lag_days": "2"})
    made = Dependency.objects.get()
    panel = words(client.get(f"/initiatives/{second.name.lower()}/panels/roadmapinitiative-dependencies/"))
    assert f"Waits for {mine.name}" in panel
    assert "2 days lag" in panel
    client.post(f"{address}{made.pk}/take-back/")
    assert not Dependency.objects.exists()


def test_the_same_dependency_twice_is_refused_with_both_names(sign_in, people, mine):
    second = dated("Second", 0, 5, team=people.team.reference)
    client, address = sign_in(people.editor), f"/initiatives/{second.name.lower()}/-/dependencies/"
    for kind in ("fs", "ss"):
        answer = client.post(address, {"before": mine.name, "kind": kind}, follow=True)
    assert answer.status_code == 422
    assert f"{second} waits for {mine} already. Change how it waits, or take that" in words(answer)
    assert Dependency.objects.get().kind == "fs"


def test_a_private_one_is_no_more_known_than_one_that_there_is_not(sign_in, people, mine):
    hidden = dated("Leave the supplier", 0, 9, by=people.administrator, is_private=True)
    client, address = sign_in(people.editor), f"/initiatives/{mine.name.lower()}/-/dependencies/"
    answers = [words(client.post(address, {"before": name, "kind": "fs"})) for name in (hidden.name, "RMP-77")]
    assert answers[0].replace(hidden.name, "") == answers[1].replace("RMP-77", "")
    assert not Dependency.objects.exists()


def test_the_api_says_what_waits_for_what_and_names_a_circle(people, api, mine):
    second = dated("Second", 0, 5, team=people.team.reference)
    client = api(people.editor)
    address = "/api/v1/initiatives/{}/-/dependencies/"
    added = client.post(address.format("rm-2"), {"before": "rm-1", "kind": "ss", "lag_days": 3}, format="json")
    assert added.status_code == 201
    assert client.get(address.format("rm-2")).json()["items"] == [
        {"id": Dependency.objects.get().pk, "before": "RM-1", "kind": "ss", "lag_days": 3, "version": 1}
    ]
    for wrong, told in (
        ({"before": "RM-1"}, "RM-2 Second waits for RM-1"), ({"before": "RM-99"}, "“RM-99” is no initiative."),
        ({"before": second.name}, "cannot wait for itself"), ({"before": "RM-1", "kind": "xx"}, "xx"),
        ({"before": "RM-1", "lag_days": 367}, "366"), ({}, "before: is missing"),
    ):  # fmt: skip
        refused = client.post(address.format("rm-2"), wrong, format="json")
        assert (refused.status_code, told in refused.json()["error"]) == (422, True), refused.json()
    circle = client.post(address.format("rm-1"), {"before": "RM-2"}, format="json")
    assert "They would wait for each other: RM-2 → RM-1 → RM-2" in circle.json()["error"]
    assert api(people.reader).post(address.format("rm-2"), {"before": "RM-1"}, format="json").status_code == 403
    assert client.delete(f"/api/v1/dependencies/{added.json()['id']}/", headers={"If-Match": "*"}).status_code == 204


def test_what_it_waits_for_is_named_by_number_or_title_and_a_number_is_never_a_title(sign_in, people, mine):
    second = dated("Second", 0, 5, team=people.team.reference)
    dated("RM-1", 0, 5)
    client, address = sign_in(people.editor), f"/initiatives/{second.name.lower()}/-/dependencies/"
    for text in ("rm-1", "shard the ORDERS database", mine.reference.canonical):
        client.post(address, {"before": text, "kind": "fs"})
        assert Dependency.objects.get().before == mine
        Dependency.objects.all().delete()
    dated("Shard the orders database", 0, 5)
    told = words(client.post(address, {"before": mine.title, "kind": "fs"}))
    assert f"“{mine.title}” is the title of several initiatives. Write its number, such as RM-12." in told


def test_a_lag_is_refused_on_the_page_at_the_bound_that_the_record_has(sign_in, people, mine):
    second = dated("Second", 0, 5, team=people.team.reference)
    client, address = sign_in(people.editor), f"/initiatives/{second.name.lower()}/-/dependencies/"
    for lag, there in ((367, False), (-367, False), (366, True)):
        client.post(address, {"before": mine.name, "kind": "fs", "lag_days": str(lag)})
        assert Dependency.objects.exists() is there


def test_what_the_dates_do_not_keep_is_listed_with_the_critical_path(sign_in, people, mine):
    second = dated("Second", 20, 10)
    actions.add_dependency(by=people.editor, before=mine, after=second)
    told = words(sign_in(people.reader).get(reverse("initiatives-dependencies")))
    assert f"{second.name} starts 10 days before {mine.name} ends" in told
    assert f"{mine.title} → {second.title}" in told
    assert "critical path" in words(sign_in(people.reader).get(reverse("initiatives-timeline")))
