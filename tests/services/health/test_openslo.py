"""OpenSLO v1: what is taken in, what is refused with which words, and that nothing is lost on the way round."""

import io
import textwrap
from decimal import Decimal

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from services.catalog.yaml12 import read_documents
from services.health import actions
from services.health.models import Metric, PrometheusServer, Slo
from services.health.openslo import exporting, importing
from tests.factories import make_entity
from tests.services.health.charted import make_charted
from tests.services.health.makers import MAKERS
from tests.services.health.results import make_check

pytestmark = pytest.mark.django_db

AVAILABILITY = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: shop-answers
  displayName: The shop answers
  labels: {team: [storefront, money], tier: "0"}
  annotations:
    example.com/dashboard: https://dash.example.com/1
spec:
  description: Buyers get an answer
  service: shop
  indicator:
    metadata: {name: shop-answers-sli}
    spec:
      ratioMetric:
        counter: false
        good:
          metricSource: {type: groundwork, spec: {check: Front page, answers: good}}
        total:
          metricSource: {type: groundwork, spec: {check: Front page, answers: total}}
  timeWindow:
    - duration: 4w
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - displayName: Most of the time
      targetPercent: 99.95
"""
LATENCY = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: shop-fast}
spec:
  service: shop
  indicatorRef: front-page-latency
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lte, value: 300, target: 0.99}]
  alertPolicies: [{alertPolicyRef: wake-up}]
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: front-page-latency, displayName: How fast the front page is}
spec:
  thresholdMetric:
    metricSource: {type: groundwork, spec: {check: Front page, measure: latency_ms}}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: wake-up}
spec: {conditions: [{conditionRef: fast-burn}], notificationTargets: []}
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast-burn}
spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 14, lookbackWindow: 1h, alertAfter: 5m}}
"""
QUERIES = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: shop-orders}
spec:
  service: shop
  indicator:
    metadata: {name: orders}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource: {metricSourceRef: main, type: Prometheus, spec: {query: 'orders_total{code=~"5.."}'}}
        total:
          metricSource: {metricSourceRef: main, type: Prometheus, spec: {query: sum(orders_total)}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.999}]
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: main}
spec: {type: Prometheus, connectionDetails: {url: "https://prometheus.example.com"}}
"""
ALL = f"{AVAILABILITY}---\n{LATENCY}---\n{QUERIES}"


@pytest.fixture
def shop(people):
    entity = make_entity("shop", owner=people.team)
    make_check("Front page", entity=entity)
    return entity


def take(text: str, by=None, *, write: bool = True):
    return importing.take(by, text.encode(), write=write)


def words(found) -> dict[str, str]:
    assert not found.problems, found.problems
    return {each.document.name: each.word for each in found.taken}


def as_data(text: str) -> list:
    """The documents of a file, read by the reader of the catalog (YAML 1.2)."""
    documents = list(read_documents(text))
    assert not any(each.error for each in documents)
    return sorted((each.value for each in documents), key=lambda value: (value["kind"], value["metadata"]["name"]))


# Taking in


def test_an_availability_slo_of_a_check_is_taken_in(shop):
    assert words(take(AVAILABILITY)) == {"shop-answers": "created"}
    slo = Slo.objects.get()
    assert (slo.entity, slo.kind, slo.source_check.name, slo.target, slo.window_days, slo.title, slo.description) == (
        shop, "availability", "Front page", Decimal("99.95"), 28, "The shop answers", "Buyers get an answer"
    )  # fmt: skip


def test_a_latency_slo_finds_its_indicator_in_another_document(shop):
    found = take(LATENCY)
    assert words(found) == {
        "shop-fast": "created", "front-page-latency": "used", "wake-up": "used", "fast-burn": "used"
    }  # fmt: skip
    assert found.notes == [
        "SLO shop-fast has alert policies. They are kept and written again, but the portal alerts by its own."
    ]
    slo = Slo.objects.get()
    assert (slo.kind, slo.threshold_ms, slo.target, slo.window_days) == ("latency", 300, 99, 30)


def test_queries_become_a_metric_that_prometheus_is_asked_for(shop):
    assert words(take(QUERIES)) == {"main": "created", "shop-orders": "created"}
    metric = Slo.objects.get().metric
    assert (metric.kind, metric.origin, metric.subject, metric.server) == (
        "ratio", "prometheus", shop.reference, PrometheusServer.objects.get(url="https://prometheus.example.com")
    )  # fmt: skip
    assert metric.total_query == "sum(increase(orders_total[300s]))"
    total, bad = "(sum(increase(orders_total[300s])))", '(increase(orders_total{code=~"5.."}[300s]))'
    assert metric.query == f"{total} - ({bad} or on() 0 * {total})"
    assert metric.state.due_at is not None


def test_before_the_first_bad_event_all_are_good_of_the_series_that_labels_choose(shop):
    take(QUERIES.replace("""code=~"5.."}'}""", """code=~"5.."}', labels: {region: eu}}"""))
    assert ") or on(region) 0 * (" in Slo.objects.get().metric.query


def test_taking_a_file_again_changes_nothing(shop):
    take(ALL)
    before = list(Slo.objects.order_by("pk").values_list("version", flat=True))
    assert set(words(take(ALL)).values()) == {"same", "used"}
    assert list(Slo.objects.order_by("pk").values_list("version", flat=True)) == before == [1, 1, 1]
    assert Metric.objects.count() == 1


def test_a_changed_document_changes_its_slo_and_says_what(shop):
    take(AVAILABILITY)
    found = take(AVAILABILITY.replace("99.95", "99.9").replace("4w", "30d"))
    assert [(each.word, each.told) for each in found.taken] == [("changed", "target: 99.95 → 99.9; window: 28 → 30")]
    assert (Slo.objects.get().target, Slo.objects.get().window_days) == (Decimal("99.9"), 30)


def test_looking_at_a_file_writes_nothing(shop):
    assert words(take(ALL, write=False))["shop-orders"] == "created"
    assert not Slo.objects.exists()
    assert not Metric.objects.exists()
    assert not PrometheusServer.objects.exists()


# The way round


def test_what_was_taken_in_is_written_as_it_was(shop):
    take(ALL)
    written = exporting.export(exporting.related(Slo.objects.order_by("name")))
    assert as_data(written) == as_data(ALL)


def test_what_is_written_is_taken_in_as_it_is(shop, people):
    """SLOs made in the portal, of each kind; then the same in a portal that has none of them."""
    check = shop.checks.get()
    server = PrometheusServer.objects.create(name="Main Prometheus", url="https://prometheus.example.com")
    asked = actions.create_metric(by=None, values={
        "name": "orders", "subject": shop.reference, "kind": "ratio", "server": server, "query": "ok",
        "labels": {"a": "b"}, "total_query": "all", "every_s": 60,
    })  # fmt: skip
    pushed = Metric.objects.create(name="logins", kind="ratio", subject=people.team.reference, environment="production")
    api = make_entity("shop-api", kind="api", owner=people.team)
    for values in (
        {
            "name": "up",
            "kind": "availability",
            "source_check": check,
            "target": "99.9999",
            "description": "on: 0o17\nyes",
        },
        {"name": "fast", "kind": "latency", "source_check": check, "threshold_ms": 250, "title": "1e5"},
        {"name": "orders", "kind": "ratio", "metric": asked, "target": "95"},
        {"name": "logins", "kind": "ratio", "metric": pushed, "entity": api, "window_days": 90},
    ):
        actions.create_slo(by=None, values={"entity": shop, **values})
    written = exporting.export(exporting.related(Slo.objects.order_by("name")))
    again = take(written)
    assert {word for name, word in words(again).items() if name != "main-prometheus"} == {"same"}
    assert not Slo.objects.exclude(version=1).exists()
    assert as_data(exporting.export(exporting.related(Slo.objects.order_by("name")))) == as_data(written)
    fields = ("name", "entity", "kind", "source_check", "threshold_ms", "target", "window_days", "title", "description")
    before = list(Slo.objects.order_by("name").values_list(*fields))
    Slo.objects.all().delete()
    take(written)
    assert list(Slo.objects.order_by("name").values_list(*fields)) == before
    assert as_data(exporting.export(exporting.related(Slo.objects.order_by("name")))) == as_data(written)


def test_what_is_changed_in_the_portal_is_written_and_the_rest_stays_as_it_came(shop):
    take(AVAILABILITY)
    slo = actions.update_slo(by=None, record=Slo.objects.get(), values={"target": Decimal("99.5"), "title": ""})
    [written] = as_data(exporting.export([slo]))
    [expected] = as_data(AVAILABILITY)
    expected["spec"]["objectives"][0]["targetPercent"] = 99.5
    del expected["metadata"]["displayName"]
    assert written == expected


def test_every_document_is_read_alike_by_yaml_1_1(shop):
    """Other tools read YAML 1.1."""
    take(ALL)
    written = exporting.export(exporting.related(Slo.objects.order_by("name")))
    assert [each["kind"] for each in yaml.safe_load_all(written)].count("SLO") == 3


# What is refused

REFUSED = [
    ("openslo/v1\n", "openslo/v1alpha\n", 'line 1, apiVersion: “openslo/v1alpha” is not read here'),
    ("kind: SLO", "kind: Slo", "line 2, kind: “Slo” is no kind of openslo/v1"),
    ("name: shop-answers\n", "name: Shop_Answers\n", "line 4, metadata.name: “Shop_Answers” is no name"),
    ("service: shop", "service: till", "line 11, spec.service: the catalog has no “till”."),
    ("answers: good", "answers: fine", "line 17, spec.indicator.spec.ratioMetric.good: is the same check or metric"),
    ("check: Front page, answers", "check: Back page, answers", "spec.indicator: shop has no check “Back page”."),
    ("type: groundwork, spec: {check: Front page, answers: good}", "type: Datadog, spec: {query: x}",
     "line 18, spec.indicator.spec.ratioMetric.good.metricSource.type: “datadog” cannot be asked here"),
    ("good:\n", "raw:\n", "spec.indicator.spec.ratioMetric.raw: a ratio without its counts cannot be added up"),
    ("4w", "1M", "line 22, spec.timeWindow[0].duration: “1M” is not so many whole days"),
    ("4w", "36h", "spec.timeWindow[0].duration: “36h” is not so many whole days"),
    ("isRolling: true", "calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}",
     "line 23, spec.timeWindow[0].calendar: windows roll here, with no calendar."),
    ("Occurrences", "Timeslices", "line 24, spec.budgetingMethod: Timeslices is not done here"),
    ("targetPercent: 99.95", "targetPercent: 100", "line 27, spec.objectives[0].targetPercent: “100” is no target"),
    ("targetPercent: 99.95", "target: 0.9999999", "spec.objectives[0].target: “0.9999999” is no target"),
    ("targetPercent: 99.95", "timeSliceTarget: 0.9", "spec.objectives[0].timeSliceTarget: is not known here."),
    ("      targetPercent: 99.95", "      targetPercent: 99.95\n    - target: 0.9", "line 25, spec.objectives: an SLO"),
    ("  description: Buyers get an answer", "  budget: 1", "line 10, spec.budget: is not known here."),
    ("  description: Buyers", f"  description: {'x' * 1051}", "spec.description: is a text of at most 1,050"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), REFUSED, ids=[each[2][:40] for each in REFUSED])
def test_what_cannot_be_expressed_is_refused_with_document_line_and_field(shop, before, after, said):
    assert before in AVAILABILITY
    text = f"{LATENCY}---\n{AVAILABILITY.replace(before, after)}"
    offset = LATENCY.count("\n") + 1
    found = take(text)
    parts = said.partition(", ")
    if parts[0].startswith("line "):
        said = f"Document 5, line {int(parts[0].removeprefix('line ')) + offset}, {parts[2]}"
    assert any(said in problem for problem in found.problems), found.problems
    assert not Slo.objects.exists()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("counter: true", "counter: maybe", "counter: is needed: true where the queries count up for ever"),
        ("sum(orders_total)", "\"sum(rate(orders_total[5m]))\"", "query: has a rate or an increase already"),
        ("main, type: Prometheus, spec: {query: sum", "other, type: Prometheus, spec: {query: sum",
         "bad and total are asked of two servers."),
        ("name: main", "name: other", "there is no Prometheus server “main”. There are: other."),
        ("https://prometheus.example.com", "http://169.254.169.254", "169.254.169.254 is a link-local address"),
    ],
)  # fmt: skip
def test_queries_that_cannot_be_asked_are_refused(shop, before, after, said):
    assert before in QUERIES
    found = take(QUERIES.replace(before, after))
    assert any(said in problem for problem in found.problems), found.problems
    assert not Metric.objects.exists()


def test_aliases_that_grow_without_end_are_refused(shop):
    pairs = zip("abcdefg", "bcdefgh", strict=True)
    grown = (f"{letter}: &{letter} [{', '.join([f'*{before}'] * 9)}]\n" for before, letter in pairs)
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(grown)
    assert "values once its aliases are expanded" in take(bomb).problems[0]
    long = "x" * 20_000
    labels = f"  labels: {{a: &a {long}, b: [{', '.join(['*a'] * 9)}]}}\n"
    found = take(AVAILABILITY.replace('  labels: {team: [storefront, money], tier: "0"}\n', labels))
    assert "It holds more than 100,000 characters, aliases expanded." in found.problems[0]


@pytest.mark.parametrize("text", ["", "[1, 2]", "kind: SLO\n\tname: x", "a: b: c", "--- !!python/object:os.system x"])
def test_what_is_no_document_is_refused_and_never_raises(shop, text):
    assert take(text).problems


@pytest.mark.parametrize("url", ["7", "[https://p.example.com]", "{a: b}", "false"])
@pytest.mark.parametrize("is_known", [False, True])
def test_an_address_of_a_data_source_that_is_no_text_is_refused(shop, url, is_known):
    if is_known:
        take(QUERIES)
    found = take(QUERIES.replace('"https://prometheus.example.com"', url))
    assert any("spec.connectionDetails.url: is a text, such as https://" in each for each in found.problems), found


def test_two_documents_of_a_name_are_refused(shop):
    [problem] = take(f"{AVAILABILITY}---\n{AVAILABILITY}").problems
    assert "Document 1 has this name already. Rename one." in problem


def test_a_data_source_gives_its_address_alone_and_what_nobody_refers_to_is_told(shop, people):
    text = QUERIES.replace('{url: "https://prometheus.example.com"}', "{url: https://p.example.com, password: s3cret}")
    unused = "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: lonely}\nspec: {}\n"
    found = take(text + unused)
    assert found.notes == [
        "Of DataSource main the address alone is taken; tokens live in the environment.",
        "No SLO of the file refers to SLI lonely; it is not kept.",
    ]
    assert "s3cret" not in exporting.export(Slo.objects.all())


# Who may


def test_slos_of_another_team_and_new_servers_are_not_for_everybody(shop, people):
    assert "shop belongs to another team" in take(AVAILABILITY, people.reader).problems[0]
    assert not take(AVAILABILITY, people.editor).problems
    foreign = make_entity("till", owner=people.other)
    make_check("Front page", entity=foreign)
    taken_over = take(AVAILABILITY.replace("service: shop", "service: till"), people.reader)
    assert "there is an SLO of that name, and it is another team's." in taken_over.problems[0]
    assert "only administrators make Prometheus servers" in take(QUERIES, people.editor).problems[0]
    assert not take(QUERIES, people.administrator).problems


# The pages and the command


def test_a_file_is_uploaded_looked_at_and_taken_in(shop, people, sign_in):
    client = sign_in(people.editor)
    file = SimpleUploadedFile("slos.yaml", AVAILABILITY.encode())
    preview = client.post("/slos/-/import/", {"file": file}, follow=True)
    assert "an SLO of shop" in preview.content.decode()
    assert not Slo.objects.exists()
    done = client.post(preview.redirect_chain[-1][0], follow=True).content.decode()
    assert "SLOs: 1 created, 0 changed, 0 as they were." in done
    slo = Slo.objects.get()
    assert f'href="/slos/{slo.pk}/-/openslo/"' in client.get(f"/slos/{slo.pk}/").content.decode()
    answer = client.get(f"/slos/{slo.pk}/-/openslo/")
    assert answer["Content-Disposition"] == 'attachment; filename="shop-answers.yaml"'
    assert as_data(answer.content.decode()) == as_data(AVAILABILITY)


def test_the_list_is_a_file_of_what_its_filters_ask_for(shop, people, sign_in):
    take(ALL)
    client = sign_in(people.reader)
    assert "/slos/-/openslo/?kind=latency" in client.get("/slos/?kind=latency").content.decode()
    written = client.get("/slos/-/openslo/?kind=latency").content.decode()
    assert [each["metadata"]["name"] for each in as_data(written) if each["kind"] == "SLO"] == ["shop-fast"]
    assert client.get("/slos/-/openslo/?knid=latency").status_code == 400


def test_the_command_takes_in_and_writes(shop, tmp_path):
    path = tmp_path / "slos.yaml"
    path.write_text(ALL)
    out = io.StringIO()
    call_command("openslo", "import", str(path), stdout=out, stderr=io.StringIO())
    assert "created: SLO shop-answers (an SLO of shop)" in out.getvalue()
    out = io.StringIO()
    call_command("openslo", "export", "shop-answers", stdout=out)
    assert as_data(out.getvalue()) == as_data(AVAILABILITY)
    path.write_text(textwrap.dedent("kind: SLO\n"))
    with pytest.raises(CommandError, match="1 of 1 files were refused"):
        call_command("openslo", "import", str(path), stdout=io.StringIO(), stderr=io.StringIO())
    with pytest.raises(CommandError, match="There is no SLO “nothing”"):
        call_command("openslo", "export", "nothing", stdout=io.StringIO())


def test_whatever_slos_there_are_is_written_so_that_it_is_taken_in(people):
    for n in range(6):
        MAKERS[Slo](None, n)
    make_charted(make_entity("charted", owner=people.team))
    found = take(exporting.export(exporting.related(Slo.objects.all())))
    assert found.problems == []
