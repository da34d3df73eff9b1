"""The strategy: live blocks for a reader, editions for everybody, what is missing, the form it begins with."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.actions import Conflict
from portal.delivery.models import Notification
from portal.labelled import find_labelled
from portal.tenure import organisation_today
from roadmap.models import (
    Allocation,
    KeyResult,
    Objective,
    ObjectiveState,
    StrategyEdition,
    StrategySection,
    Translation,
)
from roadmap.models.objective import KeyResultState
from roadmap.strategy import actions, clarifying, content, differences, freezing
from roadmap.strategy.live import Asked, blocks_of, render
from roadmap.strategy.nobody import Nobody
from roadmap.worth.guard import verdict
from services.health.models import Limit, LimitState, Metric, MetricKind, MetricState, Urgency
from services.health.saying import day_in_words
from tests import factories
from tests.roadmap.core_makers import make_cycle, make_initiative

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)


def make_metric(subject: Any, name: str, value: float | None = 182.0, **values: Any) -> Metric:
    metric = Metric.objects.create(subject=subject, name=name, **{"title": name.title(), "unit": "ms", **values})
    if value is not None:
        MetricState.objects.create(metric=metric, value=value, at=NOW)
    return metric


def make_limit(name: str, metric: str = "connections") -> Limit:
    return Limit.objects.create(name=name, ceiling=100, metric=make_metric(None, metric, None))


def shown(text: str, reader: Any) -> str:
    return render({"it": text}, Asked(reader))["it"].markdown


def write(key: str, text: str, by: Any = None) -> StrategySection:
    section = StrategySection.objects.get(key=key)
    return actions.edit(by=by, record=section, values={"text": text}, version=section.version)


def write_all(by: Any = None) -> None:
    for each in StrategySection.objects.all():
        write(each.key, f"About {each.key}.", by)


# The sections


def test_a_portal_begins_with_seven_sections_and_their_questions():
    found = content.sections()
    assert [each.title for each in found] == [
        "Current state", "OKRs and KPIs", "Strategic initiatives", "Incident and reliability workflow",
        "Infrastructure upgrades", "Risk and compliance", "Developer experience",
    ]  # fmt: skip
    assert all(each.questions for each in found)
    assert set(clarifying.answers()) == {each.key for each in clarifying.QUESTIONS}


def test_what_is_missing_is_named_section_by_section_until_it_is_there(people):
    section = StrategySection.objects.get(key="current-state")
    said = [each.text for each in content.missing(content.sections()) if each.section == section]
    assert said == ["nothing is written", "no business goal", "no product that it concerns"]
    actions.edit(by=None, record=section, values={"text": "Well.", "goal": "Sell"}, version=section.version)
    actions.concern(by=None, section=section, product=people.team.reference)
    assert not [each for each in content.missing(content.sections()) if each.section == section]


def test_a_section_concerns_a_product_once_and_nothing_that_is_none(people):
    section = StrategySection.objects.get(key="current-state")
    actions.concern(by=None, section=section, product=people.team.reference, note="first")
    actions.concern(by=None, section=section, product=people.team.reference, note="then")
    assert [each.note for each in section.dependencies.all()] == ["then"]
    with pytest.raises(ValidationError, match="is no product"):
        actions.concern(by=None, section=section, product=people.editor.person.reference)


def test_of_two_who_save_a_section_the_second_is_told():
    section = StrategySection.objects.get(key="current-state")
    actions.edit(by=None, record=section, values={"text": "First\r\nline"}, version=section.version)
    assert StrategySection.objects.get(pk=section.pk).text == "First\nline"
    with pytest.raises(Conflict):
        actions.edit(by=None, record=section, values={"text": "Second"}, version=section.version)


# Live blocks


def test_a_metric_is_its_value_within_a_sentence_and_says_its_source_alone(people):
    make_metric(people.team.reference, "latency-p95")
    inline = shown("It takes {{metric: checkout/latency-p95}} now.", people.reader)
    assert "It takes **[182" in inline
    assert inline.endswith(" now.")
    alone = shown("{{ metric: group:default/checkout/latency-p95 }}", people.reader)
    assert "pushed, measured 22 Nov 2026" in alone


def test_a_metric_is_named_with_a_slash_or_as_forms_name_it(people):
    make_metric(people.team.reference, "lead-time")
    make_metric(people.team.reference, "errors", 1, environment="production", unit="")
    make_metric(people.team.reference, "errors", 2, environment="staging", unit="")
    make_metric(None, "availability", 7, unit="")
    for block, value in (
        ("checkout/lead-time", "182"), ("checkout: lead-time", "182"), ("group:default/checkout: lead-time", "182"),
        ("checkout: errors (staging)", "2"), ("organisation: availability", "7"),
    ):  # fmt: skip
        assert f"**[{value}" in shown(f"Now {{{{metric: {block}}}}} it is.", people.reader)


def test_forms_take_a_metric_with_a_slash_too(people):
    metric = make_metric(people.team.reference, "lead-time")
    assert find_labelled(Metric, "checkout/lead-time") == find_labelled(Metric, "checkout: lead-time") == metric


def test_what_is_suggested_for_a_metric_is_said_once_and_is_found(people):
    for labels in ({"region": "eu"}, {"region": "us"}):
        make_metric(people.team.reference, "slo-attainment", labels=labels)
    make_metric(people.team.reference, "lead-time")
    with pytest.raises(ValidationError) as refused:
        find_labelled(Metric, "checkout: slo-atainment")
    near = re.findall("“([^”]+)”", refused.value.messages[0])[1:]
    assert len(near) == len(set(near)) >= 2
    assert {find_labelled(Metric, each) for each in near[:2]} == set(Metric.objects.filter(name="slo-attainment"))


def test_a_share_is_in_percent_and_one_of_the_organisation_needs_no_subject(people):
    make_metric(None, "availability", 0.9991, kind=MetricKind.RATIO, unit="")
    assert "99\\.91" in shown("{{metric: availability}}", people.reader)


def test_of_several_metrics_of_a_name_the_question_mark_chooses(people):
    make_metric(people.team.reference, "errors", 1, environment="production", unit="")
    make_metric(people.team.reference, "errors", 2, environment="staging", unit="")
    said = shown("{{metric: checkout/errors}}", people.reader)
    assert "There are 2 of it" in said
    assert "environment\\=staging" in said.replace("=", "\\=")
    assert "**[2](" in shown("{{metric: checkout/errors?environment=staging}}", people.reader)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("{{metric: nothing/at-all}}", "There is no metric"),
        ("{{metrik: checkout/errors}}", "Did you mean “metric”"),
        ("{{just words}}", "A block has a kind"),
        ("{{}}", "A block has a kind"),
        ("{{list: initiatives?colour=red}}", "“colour” is not known here"),
        ("{{list: initiatives?size=50}}", "size=50: a block shows 20 rows at most."),
        (
            "{{list: unicorns}}",
            "There is no list “unicorns” that you may see. Take the name from the address",
        ),
        ("{{list: initiative}}", "There is no list “initiative” that you may see. Called nearly so: initiatives"),
        ("{{list: http://[::1/initiatives}}", "This is no address"),
        ("{{okr: Peace}}", "There is no objective “Peace”"),
        ("{{limit: Sky}}", "There is no limit “Sky”"),
        ("{{allocation: 1999 Q1}}", "There is no cycle “1999 Q1”"),
        ("{{allocation: current}}", "No cycle is going on today"),
        ("{{metric: " + "a" * 600 + "}}", "longer than 500"),
    ],
)
def test_a_block_that_shows_nothing_names_itself_and_says_how_to_mend_it(people, block, why):
    for text in (block, f"In a sentence {block} it says so too."):
        made = render({"it": text}, Asked(people.reader))["it"]
        plain = made.markdown.replace("\\", "")
        assert "othing to show for" in plain
        assert why in plain
        assert [each for each, _ in made.problems] == [block]


def test_blocks_in_code_are_left_alone_and_what_is_no_block_too(people):
    text = "Write `{{metric: a/b}}`:\n\n```\n{{metric: a/b}}\n```\n\n{single: brace} and {{ open"
    assert shown(text, people.reader) == text
    assert list(blocks_of(text)) == []


def test_values_are_words_and_never_marks(people):
    make_metric(people.team.reference, "evil", title="<b>x</b> [y](javascript:z) `c` | d", unit="*ms*")
    made = shown("{{metric: checkout/evil}}", people.reader)
    assert "\\<b\\>x\\</b\\>" in made
    assert "\\[y\\]\\(javascript:z\\)" in made
    assert "\\|" in made


def test_a_list_shows_the_first_rows_with_links_and_the_way_to_all(people):
    for n in range(7):
        make_initiative(f"Initiative {n}", starts_on=dt.date(2026, 1, 1 + n))
    made = shown("{{list: initiatives?columns=title,starts_on}}", people.reader)
    assert made.count("/initiatives/rm-") == 5
    assert "| [Initiative 0](/initiatives/rm-1/) | 1 Jan 2026 |" in made
    assert "All of them" in made
    assert "(/initiatives/?columns=title,starts_on)" in made
    assert "Nothing of" in shown("{{list: /initiatives/?status=delivered}}", people.reader)


def test_a_private_initiative_is_in_the_list_of_whoever_is_let_in_and_of_nobody_else(people):
    make_initiative("Secret plan", by=people.editor, team=people.team.reference, is_private=True)
    assert "Secret plan" in shown("{{list: initiatives}}", people.editor)
    for reader in (people.reader, people.administrator, Nobody()):
        assert "Secret" not in shown("{{list: initiatives}}", reader)


def test_an_objective_shows_its_key_results_where_they_stand(people):
    cycle = make_cycle("2026 Q4")
    objective = Objective.objects.create(cycle=cycle, title="Fast for everybody")
    metric = make_metric(people.team.reference, "p95")
    result = KeyResult.objects.create(objective=objective, title="p95 down", metric=metric, way="decrease",
                                      baseline=300, target=150)  # fmt: skip
    assert "not measured yet" in shown("{{okr: fast for everybody}}", people.reader)
    KeyResultState.objects.create(key_result=result, value=225, progress=0.5, at=NOW)
    ObjectiveState.objects.create(objective=objective, mean=0.5, weakest=0.5)
    made = shown(f"{{{{okr: {objective.pk}}}}}", people.reader).replace("\\", "")
    assert "50\N{NO-BREAK SPACE}% of the way on average" in made
    assert "| p95 down | 300 ms | 225 ms | 150 ms | 50 % | 22 Nov 2026 |" in made.replace("\u00a0", " ")


def test_a_limit_says_how_much_is_used_and_until_when(people):
    limit = make_limit("Connections of orders-db")
    LimitState.objects.update_or_create(limit=limit, defaults={
        "urgency": Urgency.START_NOW, "used": 0.81, "q10_date": dt.date(2027, 2, 12), "refreshed_at": NOW,
    })  # fmt: skip
    made = shown("{{limit: connections of ORDERS-db}}", people.reader).replace("\u00a0", " ")
    assert "**81 % used**, reached 12 Feb 2027 at the earliest" in made


def test_a_limit_of_which_the_day_to_begin_is_over_says_so(people):
    limit = make_limit("Connections of orders-db")
    said = {"urgency": Urgency.START_NOW, "used": 0.81, "q10_date": dt.date(2027, 2, 12), "refreshed_at": NOW}
    today = organisation_today()
    for day, words in ((today, "begin by"), (today - dt.timedelta(days=1), "should have begun by")):
        LimitState.objects.update_or_create(limit=limit, defaults={**said, "start_by": day})
        made = shown("{{limit: connections of ORDERS-db}}", people.reader)
        assert f"at the earliest, {words} {day_in_words(day)} \\(start now\\)" in made


def test_an_allocation_is_the_share_of_platform_debt_and_hundredfold_that_the_guard_reads(people):
    cycle = make_cycle("2026 Q4")
    made = Allocation.objects.create(cycle=cycle, team=people.team.reference, capacity_days=60, feature_planned=42,
                                     platform_planned=12, debt_planned=6)  # fmt: skip
    assert verdict(made).percent == 30
    made = shown("{{allocation: 2026 q4}}", people.reader).replace("\\", "").replace("\u00a0", " ")
    assert "| Checkout | 60 | 30 % | nothing yet | 20 to 30 % |" in made.replace("checkout", "Checkout")


@pytest.mark.parametrize("address", ["/strategy/", "/strategy/-/summary/", "/strategy/-/compare/?from=1&to=now"])
def test_any_number_of_blocks_takes_the_same_questions_of_the_database(people, sign_in, address):
    client = sign_in(people.product_manager)
    cycle = make_cycle("2026 Q4", timezone.localdate() - dt.timedelta(days=5), 60)
    for n in range(6):
        make_metric(people.team.reference, f"m-{n}")
        make_limit(f"Limit {n}", f"l-{n}")
        Objective.objects.create(cycle=cycle, title=f"Objective {n}")
        make_initiative(f"Initiative {n}", team=people.team.reference)
    write_all()
    actions.publish(by=people.product_manager, title="Strategy 2027", acknowledged=True)

    def kinds(n: int) -> list[str]:
        return [f"{{{{metric: checkout/m-{n}}}}}", f"{{{{limit: Limit {n}}}}}", f"{{{{okr: Objective {n}}}}}",
                f"{{{{list: initiatives?page={n + 1}}}}}", "{{allocation: current}}"]  # fmt: skip

    def asked(number: int) -> int:
        write("current-state", "\n\n".join(block for n in range(number) for block in kinds(n)))
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    few, many = asked(1), asked(6)
    assert few == many
    assert many <= 15


# Editions


def test_an_edition_keeps_text_and_figures_when_the_figures_change(people, sign_in):
    metric = make_metric(people.team.reference, "latency-p95")
    write_all()
    write("okrs-and-kpis", "p95 is {{metric: checkout/latency-p95}}.")
    edition = actions.publish(by=people.product_manager, title="Strategy 2027")
    MetricState.objects.filter(metric=metric).update(value=210)
    client = sign_in(people.reader)
    page = client.get(f"/strategy/-/editions/{edition.number}/").content.decode()
    assert "182\u00a0ms" in page
    assert "210" not in page
    assert "210\u00a0ms" in client.get("/strategy/").content.decode()
    compared = client.get("/strategy/-/compare/?from=1&to=now").content.decode()
    assert "28 ms more (15%)" in compared
    assert "210" in client.get("/strategy/-/now/strategy.md").content.decode()
    assert "182" in client.get("/strategy/-/editions/1/strategy.md").content.decode()


def test_nothing_private_is_in_an_edition_whoever_publishes_it(people):
    make_initiative("Secret plan", by=people.product_manager, is_private=True, status="in_progress",
                    for_executives="Buy the rival", translation=Translation.GROWTH, effort_days=1000)  # fmt: skip
    make_initiative("Open plan", status="in_progress", effort_days=10)
    write_all()
    write("strategic-initiatives", "{{list: initiatives}}")
    assert "Secret plan" in shown("{{list: initiatives}}", people.product_manager)
    edition = actions.publish(by=people.product_manager, title="Strategy 2027")
    whole = f"{edition.markdown} {edition.sections} {edition.figures} {edition.summary}"
    assert "Open plan" in whole
    for secret in ("Secret", "rival", "1,010", "RMP"):
        assert secret not in whole
    assert [each["value"] for each in edition.figures] == ["1"]


def test_empty_sections_and_broken_blocks_are_refused_by_name_unless_that_is_meant(people):
    write("current-state", "Well. {{metric: no/thing}}")
    with pytest.raises(ValidationError) as refused:
        actions.publish(by=people.product_manager, title="Strategy 2027")
    said = " ".join(refused.value.messages)
    assert "“OKRs and KPIs”" in said
    assert "“Current state”" not in said.split(".")[0]
    assert "{{metric: no/thing}} shows nothing to everybody" in said
    edition = actions.publish(by=people.product_manager, title="Strategy 2027", acknowledged=True)
    assert "Nothing is written here yet" in edition.markdown
    assert edition.number == 1


def test_the_page_lists_and_counts_what_keeps_an_edition_from_being_published(people, sign_in):
    write_all()
    write("current-state", " ".join(f"{{{{metric: no/thing-{number}}}}}" for number in range(13)))
    client = sign_in(people.product_manager)
    page = client.post("/strategy/-/publish/", {"title": "Strategy 2027"})
    said = page.content.decode()
    assert (page.status_code, "Not published: 13 things to mend" in said) == (422, True)
    assert said.count("shows nothing to everybody") == 13
    assert (
        client.get("/strategy/-/publish/").content.decode().count("<li>Under “Current state” {{metric: no/thing-") == 13
    )
    sure = client.post("/strategy/-/publish/", {"title": "Strategy 2027", "acknowledged": "on"})
    assert (sure.status_code, StrategyEdition.objects.count()) == (302, 1)


def test_a_form_that_is_sent_twice_publishes_one_edition_and_names_it_the_second_time(people, sign_in):
    write_all()
    client = sign_in(people.product_manager)
    assert '<input type="hidden" name="after" value="0" id="id_after">' in client.get("/strategy/-/publish/").text
    sent = {"title": "Strategy 2027", "after": "0"}
    assert client.post("/strategy/-/publish/", sent).status_code == 302
    write("current-state", "Somebody wrote on.")
    again = client.post("/strategy/-/publish/", sent)
    named = '<a href="/strategy/-/editions/1/">Strategy 2027, edition 1</a> was published meanwhile, by '
    assert (again.status_code, StrategyEdition.objects.count()) == (422, 1)
    assert f"{named}{people.product_manager} on " in again.text


def test_a_strategy_that_nobody_changed_is_published_once_more_only_where_that_is_said(people, sign_in):
    write_all()
    client = sign_in(people.product_manager)
    client.post("/strategy/-/publish/", {"title": "Strategy 2027"})
    refused = client.post("/strategy/-/publish/", {"title": "Once more"})
    assert (refused.status_code, StrategyEdition.objects.count()) == (422, 1)
    assert "Nothing has changed since Strategy 2027, edition 1: it would be the same text once more" in refused.text
    sure = client.post("/strategy/-/publish/", {"title": "Once more", "again": "on", "after": "1"})
    assert (sure.status_code, StrategyEdition.objects.count()) == (302, 2)
    write("current-state", "Somebody wrote on.")
    assert "once more" not in client.get("/strategy/-/publish/").text


def test_an_edition_is_told_to_product_managers_and_the_teams_whose_products_it_concerns(people):
    write_all()
    section = StrategySection.objects.order_by("place")[0]
    cart = factories.make_entity("cart", owner=people.team)
    actions.concern(by=None, section=section, product=cart.reference)
    actions.publish(by=people.administrator, title="Strategy 2027", note="The first one.", acknowledged=True)
    told = Notification.objects.filter(kind="strategy-edition").order_by("pk")
    assert {each.user for each in told} == {people.editor, people.product_manager}
    of_editor = told.get(user=people.editor)
    assert (of_editor.title, of_editor.text) == ("Edition 1 of the strategy is out: Strategy 2027", "The first one.")
    assert of_editor.url == "/strategy/-/editions/1/"
    assert of_editor.why == f"It concerns a product of {people.team.reference}, your team."


def test_a_strategy_of_which_nothing_is_written_is_never_published(people):
    with pytest.raises(ValidationError, match="write a section first"):
        actions.publish(by=people.product_manager, title="Strategy 2027", acknowledged=True)
    assert not StrategyEdition.objects.exists()


def test_headings_of_a_section_lie_below_its_title_in_an_edition(people):
    write_all()
    write("current-state", "# Load\n\n```\n# no heading\n```")
    markdown = actions.publish(by=None, title="Strategy").markdown
    assert "\n### Load\n" in markdown
    assert "\n# no heading\n" in markdown


BEFORE = """## Where we stand

Checkout is **slow** on a big on-sale.

- One [pool](/services/orders-db/) for all
- Alerts

| Team | Days |
| --- | --- |
| Checkout | 40 |

> Nobody waits

```
SELECT 1 < 2
```
"""
AFTER = BEFORE.replace("slow", "fast").replace("- Alerts", "## Alerts").replace("| 40 |", "| 60 |")


def section_of(markdown: str) -> list[dict[str, str]]:
    return [{"key": "it", "title": "It", "markdown": markdown}]


def test_two_texts_are_compared_as_lines_that_people_read():
    (changed,) = differences.texts(section_of(BEFORE), section_of(AFTER))
    told = [
        (line.kind, "".join({"same": "", "added": "+", "removed": "-"}[each.kind] + each.text for each in line.pieces))
        for line in changed.lines
        if not line.skipped
    ]
    assert told == [
        ("heading", "Where we stand"), ("text", "Checkout is -slow+fast on a big on-sale."),
        ("item", "One pool (/services/orders-db/) for all"), ("heading", "Alerts"), ("row", "Team · Days"),
        ("row", "Checkout · -40+60"), ("quote", "Nobody waits"), ("code", "SELECT 1 < 2"),
    ]  # fmt: skip


def test_what_only_became_bold_is_told_so_and_a_new_section_is_all_new():
    (marked,) = differences.texts(section_of("It is slow."), section_of("It is **slow**."))
    assert (marked.kind, marked.is_marked_anew) == ("changed", True)
    (new,) = differences.texts([], section_of("# Title\n\nIt is slow."))
    assert [(line.kind, [each.kind for each in line.pieces]) for line in new.lines] == [
        ("heading", ["added"]), ("text", ["added"]),
    ]  # fmt: skip


def test_the_page_that_compares_shows_no_marks_and_obeys_no_html(people, sign_in):
    write_all()
    key = StrategySection.objects.order_by("place")[0].key
    write(key, "## Aim\n\nCheckout is **slow** whenever a big sale begins, and fans leave.")
    actions.publish(by=people.product_manager, title="Strategy 2027", acknowledged=True)
    write(key, "## Aim\n\nCheckout is **fast** whenever a big sale begins, and fans <b>stay</b>.")
    page = sign_in(people.reader).get("/strategy/-/compare/?from=1&to=now").content.decode()
    assert "Checkout is <del>slow</del><ins>fast</ins> whenever a big sale begins, and fans" in page
    assert "&lt;b&gt;stay&lt;/b&gt;" in page.replace("<ins>", "").replace("</ins>", "")
    assert "**" not in page
    assert "<b>stay" not in page


def test_figures_are_compared_in_words():
    def figure(value: str, number: float | None, unit: str = "ms", block: str = "b") -> dict[str, Any]:
        return {"block": block, "section": "s", "label": block, "value": value, "number": number, "unit": unit}

    before = [
        figure("182 ms", 182),
        figure("20 %", 20, "%", "share"),
        figure("x", None, "", "x"),
        figure("1", 1, "", "old"),
    ]
    after = [
        figure("150 ms", 150),
        figure("27 %", 27, "%", "share"),
        figure("x", None, "", "x"),
        figure("2", 2, "", "new"),
    ]
    said = {each.label: each.words for each in differences.figures(before, after)}
    assert said == {
        "b": "32 ms less (18%)", "share": "7 points more", "x": "the same", "new": "is new",
        "old": "is no longer there",
    }  # fmt: skip


def test_freezing_holds_what_a_draft_would_publish():
    write_all()
    assert freezing.problems() == []
