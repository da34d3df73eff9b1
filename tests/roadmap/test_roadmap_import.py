"""Importing initiatives: what is read, what is refused and why, that a second time changes nothing and people are not
overwritten; by the command and in the browser, on real proposals too."""

import datetime as dt
import html
import io
import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from portal.tenure import organisation_today
from roadmap.imports import guessing
from roadmap.imports.mapping import TARGETS, MappingError, look_up, read_mapping
from roadmap.imports.reading import read_csv, read_upload, read_yaml
from roadmap.imports.writing import Importing
from roadmap.making import edit
from roadmap.models import ImportedInitiative, Initiative, Objective
from tests import factories
from tests.roadmap.core_makers import make_cycle

pytestmark = pytest.mark.django_db

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "roadmap" / "keps"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the proposals of others are not here")
DOCUMENT = (settings.BASE_DIR / "docs" / "roadmap-import.md").read_text()
KEPS = next(each for each in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL) if each.startswith("source:"))
MAPPING = """
source: plans
key: number
fields:
  title: name
  problem: why
  team: {from: team}
  owner: {from: people.0, unknown: leave out}
  status: {from: stage, map: {accepted: planned, shipped: delivered, stopped: dropped}, default: idea}
  status_reason: {text: "It was {stage}."}
  starts_on: {from: start, dates: ["%Y-%m-%d", "%d.%m.%Y"]}
  ends_likely: {from: [release, wish], table: releases}
  effort_days: effort
  cost: cost
  is_hundredfold: big
  cycle: cycle
tables:
  releases: {R1: 2026-12-01, R2: 2027-03-01}
"""
ONE = """
number: 7
name: Shard the orders
why: It is full in May
team: platform
people: [mei, ann]
stage: accepted
start: 01.10.2026
release: R1
effort: 40
cost: 1200.5
big: yes
"""


@pytest.fixture
def platform():
    factories.make_person("mei")
    return factories.make_team("platform")


def imported(tmp_path: Path, *files: str, mapping: str = MAPPING, **options) -> list[dict]:
    """What the command answers for these files."""
    source = tmp_path / "plans"
    source.mkdir(exist_ok=True)
    for number, text in enumerate(files):
        (source / f"{number}.yaml").write_text(text)
    (tmp_path / "M.yaml").write_text(mapping)
    return run(source, tmp_path / "M.yaml", **options)


def run(path: Path, mapping: Path, **options) -> list[dict]:
    out = io.StringIO()
    call_command("roadmap", "import", str(path), mapping_path=mapping, json=True, stdout=out, stderr=io.StringIO(),
                 **options)  # fmt: skip
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_row_becomes_an_initiative_with_what_the_mapping_says(tmp_path, platform):
    (told,) = imported(tmp_path, ONE)
    assert (told["result"], told["initiative"], told["file"], told["row"]) == ("created", "RM-1", "0.yaml", 1)
    made = Initiative.objects.get()
    assert (made.title, made.problem, made.team, made.status) == (
        "Shard the orders", "It is full in May", platform.reference, "planned"
    )  # fmt: skip
    assert (made.owner.name, made.status_reason) == ("mei", "It was accepted.")
    assert (f"{made.starts_on}", f"{made.ends_likely}", made.effort_days, f"{made.cost}", made.is_hundredfold) == (
        "2026-10-01", "2026-12-01", 40, "1200.50", True
    )  # fmt: skip


def test_the_same_again_changes_nothing_and_asks_little(tmp_path, platform, django_assert_max_num_queries):
    imported(tmp_path, ONE)
    version = Initiative.objects.get().version
    with django_assert_max_num_queries(8):
        (told,) = imported(tmp_path, ONE)
    assert (told["result"], told["changed"], Initiative.objects.get().version) == ("unchanged", [], version)


def test_what_the_source_changed_is_changed_and_what_people_changed_is_kept(tmp_path, platform, people):
    imported(tmp_path, ONE)
    edit(by=people.product_manager, record=Initiative.objects.get(), values={"title": "Split the orders"})
    (told,) = imported(tmp_path, ONE.replace("Shard the", "Share the").replace("full in May", "full in April"))
    assert (told["result"], told["changed"], told["kept"]) == ("changed", ["problem"], ["title"])
    made = Initiative.objects.get()
    assert (made.title, made.problem) == ("Split the orders", "It is full in April")
    # It was said once; the next time there is nothing new to say.
    (told,) = imported(tmp_path, ONE.replace("Shard the", "Share the").replace("full in May", "full in April"))
    assert told["result"] == "unchanged"


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("team: platform", "team: platfrom", "team", "There is no team “platfrom”. Did you mean platform?"),
        ("accepted", "acepted", "status", "The mapping does not say what “acepted” means."),
        ("01.10.2026", "soon", "starts_on", "“soon” is no day that there is, written such as 2026-11-22."),
        ("01.10.2026", "31.02.2026", "starts_on", "“31.02.2026” is no day that there is"),
        (
            "01.10.2026",
            "01.10.2027",
            "ends_likely",
            "The likely end (1 Dec 2026) lies before the start (1 Oct 2027).",
        ),
        ("effort: 40", "effort: many", "effort_days", "“many” is no number."),
        ("cost: 1200.5", "cost: -3", "cost", "Take 0 or more"),
        ("big: yes", "big: rather", "is_hundredfold", "“rather” is neither yes nor no."),
        ("name: Shard the orders", "name:", "title", "It has none."),
        ("name: Shard the orders", f"name: {'x' * 201}", "title", "at most 200 characters"),
        ("number: 7", "number:", "key", "The row has nothing that names it."),
        ("team: platform", "team: [platform, other]", "team", "2 values stand here; one is needed."),
        ("big: yes", "cycle: 2026 Q4", "cycle", "There is no cycle “2026 Q4”."),
        ("name: Shard", "name: [Shard", "the row", "is not closed"),
        ("number: 7", "number: 7\nnumber: 8", "the row", "The field “number” stands here a second time."),
    ],
)
def test_a_row_that_does_not_fit_says_why_and_keeps_no_other_out(tmp_path, platform, old, new, field, said):
    assert old in ONE
    broken, whole = imported(tmp_path, ONE.replace(old, new), ONE.replace("number: 7", "number: 9"))
    assert (broken["result"], whole["result"]) == ("refused", "created")
    (problem,) = broken["problems"]
    assert problem["field"] == field
    assert said in problem["reason"]
    assert problem["mend"]
    assert Initiative.objects.count() == ImportedInitiative.objects.count() == 1


def test_what_may_be_left_out_is_left_out_and_filled_in_when_it_is_known(tmp_path, platform):
    text = ONE.replace("[mei, ann]", "[zoe]")
    (told,) = imported(tmp_path, text)
    assert (told["result"], told["left_out"][0]["reason"]) == ("created", "There is no person “zoe”.")
    factories.make_person("zoe")
    (told,) = imported(tmp_path, text)
    assert (told["result"], told["changed"], Initiative.objects.get().owner.name) == ("changed", ["owner"], "zoe")


DELIVERED = ONE.replace("accepted", "shipped")


def test_what_is_delivered_is_done_and_was_delivered_on_its_likely_end_where_that_has_been(tmp_path, platform):
    with time_machine.travel(dt.datetime(2026, 12, 2, 12, tzinfo=dt.UTC), tick=False):
        (told,) = imported(tmp_path, DELIVERED)
        made = Initiative.objects.get()
        assert (told["result"], told["left_out"][1:]) == ("created", [])
        assert (made.status, made.delivered_on, made.done_percent) == ("delivered", dt.date(2026, 12, 1), 100)
        assert imported(tmp_path, DELIVERED)[0]["result"] == "unchanged"
        (told,) = imported(tmp_path, ONE)
    made.refresh_from_db()
    assert set(told["changed"]) == {"status", "status_reason", "delivered_on", "done_percent"}
    assert (made.status, made.delivered_on, made.done_percent) == ("planned", None, 0)


def test_what_is_delivered_without_a_day_that_has_been_says_that_nothing_will_be_found_of_it(tmp_path, platform):
    with time_machine.travel(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), tick=False):
        (told,) = imported(tmp_path, DELIVERED)
    made = Initiative.objects.get()
    assert (made.status, made.delivered_on, made.done_percent) == ("delivered", None, 100)
    (no_day,) = [each for each in told["left_out"] if each["field"] == "delivered_on"]
    assert "no day of delivery is known" in no_day["reason"]
    assert "Say in the source on which day it was delivered" in no_day["mend"]


def test_where_people_say_another_status_the_day_of_delivery_of_the_row_does_not_count(tmp_path, platform, people):
    imported(tmp_path, ONE)
    dropped = {"status": "dropped", "status_reason": "No money for it"}
    edit(by=people.product_manager, record=Initiative.objects.get(), values=dropped)
    with time_machine.travel(dt.datetime(2026, 12, 2, 12, tzinfo=dt.UTC), tick=False):
        (told,) = imported(tmp_path, DELIVERED)
    made = Initiative.objects.get()
    assert "status" in told["kept"]
    assert (made.status, made.delivered_on, made.done_percent) == ("dropped", None, 0)


def test_a_cycle_is_found_by_its_name(tmp_path, platform):
    cycle = make_cycle("2026 Q4")
    imported(tmp_path, f"{ONE}cycle: 2026 q4\n")
    assert Initiative.objects.get().cycle == cycle


def test_of_objectives_with_one_title_that_of_the_newest_cycle_that_has_begun_is_meant(tmp_path, platform):
    today = organisation_today()
    for name, starts in (("Old", -200), ("Now", -20), ("Next", 80)):
        Objective.objects.create(cycle=make_cycle(name, today + dt.timedelta(days=starts), 90), title="Stay up")
    mapping = MAPPING.replace("tables:", "  objective: goal\ntables:")
    imported(tmp_path, f"{ONE}goal: stay up\n", mapping=mapping)
    assert Initiative.objects.get().objective.cycle.name == "Now"


def test_of_two_imports_at_once_the_second_is_told_and_the_rows_stand_once(platform):
    mapping = read_mapping(MAPPING)
    rows = list(read_yaml("0.yaml", ONE.encode()))
    first, second = Importing(mapping), Importing(mapping)
    assert [each.result for each in first.run(rows)] == ["created"]
    (told,) = second.run(rows)
    assert (told.result, told.problems[0].reason) == ("refused", "Somebody imported it at the same time.")
    assert Initiative.objects.count() == 1


def test_a_key_names_one_row(tmp_path, platform):
    first, second = imported(tmp_path, ONE, ONE)
    assert (first["result"], second["result"]) == ("created", "refused")
    assert second["problems"][0]["reason"] == "“7” names row 1 of 0.yaml already."


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(tmp_path, platform):
    (told,) = imported(tmp_path, ONE, dry_run=True)
    assert (told["result"], told["initiative"], Initiative.objects.exists()) == ("created", "", False)
    imported(tmp_path, ONE)
    (told,) = imported(tmp_path, ONE.replace("Shard", "Split"), dry_run=True)
    assert (told["result"], told["changed"], Initiative.objects.get().title) == (
        "changed", ["title"], "Shard the orders"
    )  # fmt: skip


def test_a_csv_is_read_by_its_columns(tmp_path, platform):
    (tmp_path / "plan.csv").write_text('No.;Name;Days\n1;"Shard; all of it";3\n2;Rest;x\n3;short\n')
    (tmp_path / "M.yaml").write_text(
        "source: csv\nkey: No.\nfields: {title: Name, effort_days: Days, team: {value: platform}}\n"
    )
    told = run(tmp_path / "plan.csv", tmp_path / "M.yaml")
    assert [(each["row"], each["result"]) for each in told] == [(2, "created"), (3, "refused"), (4, "refused")]
    assert "2 values for 3 columns" in told[2]["problems"][0]["reason"]
    assert (Initiative.objects.get().title, Initiative.objects.get().team) == ("Shard; all of it", platform.reference)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source: a\nkey: b\n", "fields: say at least where the title comes from"),
        ("key: b\nfields: {title: a}\n", "source: say in up to 60 letters"),
        ("source: a\nfields: {title: a}\n", "key: say which value names a row for good"),
        (MAPPING.replace("problem:", "priblem:"), "fields.priblem: an initiative has no such field"),
        (MAPPING.replace("table: releases", "table: relases"), "ends_likely.table: there is no table “relases”"),
        (MAPPING.replace("{from: team}", "{from: team, value: x}"), "team: say one of from, text and value"),
        (MAPPING.replace("{from: team}", "{form: team}"), "team.form is not known here. There are: from, text,"),
        (MAPPING.replace("leave out", "skip"), "owner.unknown: this is “leave out” or “refuse”, not “skip”."),
        (MAPPING.replace("key: number", "key: [number"), "is not closed"),
        ("- a\n", "A mapping has the fields source,"),
        ("", "the file has 0"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_with_all_that_is_wrong(text, said):
    with pytest.raises(MappingError, match=re.escape(said)):
        read_mapping(text)


def test_the_command_names_what_it_was_given_wrongly(tmp_path):
    (tmp_path / "M.yaml").write_text(MAPPING)
    with pytest.raises(CommandError, match="no folder and no file"):
        run(tmp_path / "nowhere", tmp_path / "M.yaml")
    with pytest.raises(CommandError, match=r"is no file that can be read\. A mapping says"):
        run(tmp_path, tmp_path / "nothing.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="has no row"):
        run(tmp_path / "empty", tmp_path / "M.yaml")


def test_paths_lead_through_names_and_places():
    row = {"a.b": 1, "a": {"b": 2, "c": [{"d": 3}]}}
    assert [look_up(row, path) for path in ("a.b", "a.c.0.d", "a.c.1.d", "a.x", "x.y")] == [1, 3, None, None, None]


def test_every_field_of_the_document_is_one_and_every_one_is_in_it():
    listed = DOCUMENT.partition("**Fields**")[2].partition("What is imported")[0]
    assert sorted(set(re.findall(r"`([a-z_]+)`", listed))) == sorted(TARGETS)


def test_the_mapping_of_the_document_means_what_it_says(tmp_path):
    text = "title: A\nstatus: implemented\nmilestone: {stable: v1.34}\nowning-sig: sig-node\n"
    (tmp_path / "keps" / "1-a").mkdir(parents=True)
    (tmp_path / "keps" / "1-a" / "kep.yaml").write_text(text)
    (tmp_path / "keps" / "2-b").mkdir()
    (tmp_path / "keps" / "2-b" / "kep.yaml").write_text(text.replace("implemented", "imlpemented"))
    (tmp_path / "M.yaml").write_text(KEPS)
    first, second = run(tmp_path, tmp_path / "M.yaml")
    made = Initiative.objects.get()
    assert (made.get_status_display(), f"{made.ends_likely:%-d %B %Y}") == ("Delivered", "27 August 2025")
    assert (first["left_out"][0]["field"], second["problems"][0]["reason"]) == (
        "team", "The mapping does not say what “imlpemented” means."
    )  # fmt: skip


@needs_corpus
def test_every_real_proposal_loads_or_says_why_and_a_second_time_changes_nothing(tmp_path):
    factories.make_team("sig-node")
    (tmp_path / "M.yaml").write_text(KEPS)
    first = run(CORPUS, tmp_path / "M.yaml")
    results = Counter(each["result"] for each in first)
    assert len(first) == results["created"] + results["refused"] == 460
    assert results["created"] > 430
    for each in first:
        assert (each["result"] == "refused") == bool(each["problems"])
        assert all(problem["reason"] and problem["mend"] for problem in each["problems"])
    versions = dict(Initiative.objects.values_list("pk", "version"))
    second = run(CORPUS, tmp_path / "M.yaml")
    again = Counter(each["result"] for each in second)
    assert again == {"unchanged": results["created"], "refused": results["refused"]}
    assert dict(Initiative.objects.values_list("pk", "version")) == versions
    assert Initiative.objects.filter(team__name="sig-node").count() > 100


# In the browser

CSV = b"""Issue key,Summary,Status,Squad,Due date,Colour
P-1,Shard the orders,planned,platform,2026-12-01,red
P-2,Rest,odd,platform,,
"""


def sent(client, name="jira.csv", body=CSV, **more):
    files = {"file": SimpleUploadedFile(name, body), **more}
    return client.post(reverse("initiatives-import"), files)


def test_a_csv_goes_through_columns_and_preview_into_initiatives(sign_in, people, platform):
    client = sign_in(people.product_manager)
    page = client.get(sent(client).url)
    chosen = {each["name"]: each["column"] for each in page.context["targets"] if each["column"]}
    assert chosen == {
        "key": "Issue key", "title": "Summary", "status": "Status", "team": "Squad", "ends_likely": "Due date"
    }  # fmt: skip
    assert page.context["source"] == "jira"
    address = page.request["PATH_INFO"] + "preview/?" + "&".join(f"{name}={column}" for name, column in chosen.items())
    shown = client.get(address)
    assert dict(shown.context["counts"]) == {"created": 1, "changed": 0, "unchanged": 0, "refused": 1}
    assert not Initiative.objects.exists()
    assert "“odd” is no status." in shown.content.decode()
    done = client.post(address, follow=True)
    made = Initiative.objects.get()
    assert (made.title, made.team, made.created_by) == ("Shard the orders", platform.reference, people.product_manager)
    assert "“odd” is no status." in done.content.decode()
    assert dict(client.get(address).context["counts"])["unchanged"] == 1


def test_a_zip_of_yaml_comes_with_its_mapping(sign_in, people, platform):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("plans/one.yaml", ONE)
        archive.writestr("__MACOSX/plans/._one.yaml", "x")
    client = sign_in(people.administrator)
    mapping = SimpleUploadedFile("M.yaml", MAPPING.encode())
    answer = sent(client, "plans.zip", packed.getvalue(), mapping=mapping)
    shown = client.get(answer.url)
    assert [(each.file, each.result) for each in shown.context["rows"]] == [("plans/one.yaml", "created")]
    assert "Other columns" not in shown.content.decode()
    client.post(answer.url)
    assert Initiative.objects.get().title == "Shard the orders"


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("plan.xlsx", b"PK", "“plan.xlsx” is not taken."),
        ("plan.zip", b"no zip", "plan.zip cannot be unpacked"),
        ("plan.csv", b"", "is empty"),
        ("plan.csv", b"a,b\n", "plan.csv has no rows."),
        ("plan.csv", b"a,a\n1,2\n", "the column “a” stands twice"),
        ("plan.csv", b"a\n\xff\n", "not UTF-8"),
        ("plan.csv", b"a\n" + b"x\n" * 501, "more than 500 rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_on_the_page(sign_in, people, name, body, said):
    response = sent(sign_in(people.product_manager), name, body)
    assert response.status_code == 422
    assert said in response.content.decode()


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"title: [a\n", "plan.yaml: Line "), (b"title: caf\xe9\n", "plan.yaml: Line 1 holds bytes that are not UTF-8.")],
)
def test_yaml_of_which_nothing_can_be_read_is_refused_with_the_reason_at_once(sign_in, people, body, said):
    response = sent(sign_in(people.product_manager), "plan.yaml", body)
    assert (response.status_code, said in html.unescape(response.content.decode())) == (422, True)


def test_the_same_bytes_are_told_by_the_name_that_they_were_sent_with_last(sign_in, people):
    client = sign_in(people.product_manager)
    assert "empty.csv is empty" in sent(client, "empty.csv", b"").content.decode()
    assert "empty.yaml has no rows" in sent(client, "empty.yaml", b"").content.decode()
    assert client.get(sent(client, "good.csv").url).context["file"] == "good.csv"
    assert client.get(sent(client, "other-name.csv").url).context["file"] == "other-name.csv"


def test_usual_words_of_other_tools_are_a_status_and_others_are_refused_in_words_of_the_page(sign_in, people):
    body = b"Key,Summary,Status\n" + b"".join(
        f"P-{place},Plan {place},{word}\n".encode() for place, word in enumerate(("Done", "To Do", "In Review", "odd"))
    )
    client = sign_in(people.product_manager)
    address = sent(client, "words.csv", body).url + "preview/?key=Key&title=Summary&status=Status"
    shown = client.post(address, follow=True).content.decode()
    assert list(Initiative.objects.order_by("title").values_list("status", flat=True)) == [
        "delivered", "planned", "in_progress",
    ]  # fmt: skip
    assert "Write one of them in the file. Or have it left out: the page of the columns asks about it." in shown
    assert "mapping" not in shown


def test_a_row_that_is_refused_is_called_by_its_title_in_short_and_told_nothing_of_a_mapping(sign_in, people):
    client, long = sign_in(people.product_manager), "Long " * 60
    body = f"Key,Summary\nP-1,First\nP-1,Second\nP-2,{long}\n".encode()
    shown = client.get(sent(client, "twice.csv", body).url + "preview/?key=Key&title=Summary").text
    assert '<th scope="row">Second</th>' in shown
    assert f'<th scope="row">{long[:119]}…</th>' in shown
    assert "Correct it in the source." in shown
    assert "mapping" not in shown


def test_an_empty_upload_and_a_broken_mapping_are_refused(sign_in, people):
    client = sign_in(people.product_manager)
    assert "Choose a file first." in client.post(reverse("initiatives-import")).content.decode()
    response = sent(client, mapping=SimpleUploadedFile("M.yaml", b"source: a\n"))
    assert response.status_code == 422
    assert "fields: say at least where the title comes from" in response.content.decode()


def test_without_a_title_it_leads_back_to_the_columns(sign_in, people):
    client = sign_in(people.product_manager)
    address = sent(client).url
    assert client.get(f"{address}preview/?key=Summary").url == address


def test_only_who_plans_sees_the_button(sign_in, people):
    for who, sees in ((people.product_manager, True), (people.administrator, True), (people.editor, False)):
        shown = reverse("initiatives-import") in sign_in(who).get("/initiatives/").content.decode()
        assert shown is sees


def test_nested_values_are_offered_as_paths():
    rows = list(read_yaml("a.yaml", b"a: {b: 1, c: [2, 3]}\nd: x\n"))
    assert guessing.columns_of(rows) == {"a.b": "1", "a.c": "2, 3", "d": "x"}
    assert next(read_upload("a.yml", b"- a\n")).problem.startswith("Here stands no")


def test_a_csv_that_breaks_in_the_middle_says_where():
    rows = list(read_csv("a.csv", b'a,b\n1,2\n"x" y,3\n4,5\n'))
    assert [bool(each.problem) for each in rows] == [False, True]
    assert "This is no CSV" in rows[1].problem
