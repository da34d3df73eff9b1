"""Incidents of other systems: what is read, what is lost, that a second time changes nothing; on real data too."""

import datetime as dt
import io
import json
import statistics
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from incidents.models import FollowUp, Incident, IncidentTime, TimelineEvent
from tests import factories

pytestmark = pytest.mark.django_db

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "incidents"
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the reports of others are not here")

LOG = """\
# Incident on 2022-07-11 - Slow ingress

- **Key events**
  - First detected 2022-07-11 09:33
  - Incident declared 2022-07-11 10:11
  - Repaired 2022-07-11 16:07
  - Resolved {resolved}

- **Time to repair**: {repair}

- **Impact**: A quarter of the traffic was slow

- **Review actions**:
  - Watch the balancer
"""


def taken(path: Path, format_name: str) -> list[dict]:
    out = io.StringIO()
    call_command("incidents", "import", "--format", format_name, str(path), "--json", stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def logs(tmp_path) -> Path:
    (tmp_path / "2022-07-11-slow.html.md.erb").write_text(LOG.format(resolved="2022-07-11 16:30", repair="6h 34m"))
    (tmp_path / "2022-07-12-slow.html.md.erb").write_text(LOG.format(resolved="on Monday", repair="2h"))
    return tmp_path


def test_a_log_is_taken_with_its_times_its_report_and_its_actions(logs):
    first, _ = taken(logs, "moj")
    assert (first["result"], first["incident"], first["wrong_times"]) == ("created", "INC-1", [])
    incident = Incident.objects.get(name="INC-1")
    assert (incident.title, incident.status.category) == ("Slow ingress", "closed")
    assert sorted(incident.times.values_list("point", flat=True)) == ["detected", "mitigated", "resolved"]
    assert "A quarter of the traffic was slow" in incident.postmortem.sections.get(key="story").text
    assert FollowUp.objects.get(incident=incident).title == "Watch the balancer"


def test_what_is_lost_and_what_contradicts_itself_is_said(logs):
    _, second = taken(logs, "moj")
    assert second["wrong_times"] == ["It says 2 h 0 min until it was mitigated, and its times say 5 h 56 min."]
    assert "No time can be read in “Resolved on Monday”." in second["lost"]
    noted = Incident.objects.get(name=second["incident"]).timeline.filter(kind="note").values_list("text", flat=True)
    assert list(noted) == second["wrong_times"]


def test_a_second_import_changes_nothing(logs):
    taken(logs, "moj")
    counts = [each.objects.count() for each in (Incident, IncidentTime, TimelineEvent, FollowUp)]
    assert [each["result"] for each in taken(logs, "moj")] == ["same", "same"]
    assert [each.objects.count() for each in (Incident, IncidentTime, TimelineEvent, FollowUp)] == counts


def test_a_line_that_is_no_incident_keeps_no_other_out(tmp_path):
    good = {"id": "1", "title": "Down", "started_at": "2022-01-01T10:00:00Z", "resolved_at": "2022-01-01T11:00:00Z"}
    path = tmp_path / "incidents.jsonl"
    path.write_text("\n".join(["{", "[]", json.dumps({"id": "2"}), json.dumps(good)]))
    assert [each["result"] for each in taken(path, "statuspage-jsonl")] == ["refused", "refused", "refused", "created"]


@pytest.fixture
def page(tmp_path) -> Path:
    """A status page with one incident of two components, one of which the catalog has."""
    factories.make_entity("git-operations")
    data = {
        "id": "1", "title": "Down", "started_at": "2022-01-01T10:00:00Z", "resolved_at": "2022-01-01T11:00:00Z",
        "impact": "major", "components": ["Git Operations", "Pages"],
    }  # fmt: skip
    path = tmp_path / "incidents.jsonl"
    path.write_text(json.dumps(data))
    return path


def test_components_that_the_catalog_has_are_hit_and_the_others_are_said(page):
    (told,) = taken(page, "statuspage-jsonl")
    incident = Incident.objects.get(name=told["incident"])
    impact = incident.impacts.get()
    assert (str(impact.subject), impact.ended_at - impact.started_at) == ("git-operations", dt.timedelta(hours=1))
    assert "Not in the catalog: Pages." in told["lost"]


def test_a_word_for_a_severity_is_taken_when_somebody_says_what_it_means(page):
    out = io.StringIO()
    arguments = ("incidents", "import", "--format", "statuspage-jsonl", str(page))
    with pytest.raises(CommandError, match=r"“major=bad” names no severity\. There are: sev-1, sev-2"):
        call_command(*arguments, "--severity", "major=bad")
    call_command(*arguments, "--severity", "major=sev-2", "--json", stdout=out, stderr=io.StringIO())
    assert str(Incident.objects.get().severity) == "SEV-2"
    assert "severity" not in json.loads(out.getvalue())["lost"]


def test_what_several_have_lost_is_one_line(tmp_path):
    lines = [{"id": n, "title": f"Down {n}", "impact": "minor", "components": ["Pages"]} for n in range(3)]
    lines[0]["components"] = ["Pages", "Actions"]
    (path := tmp_path / "incidents.jsonl").write_text("\n".join(map(json.dumps, lines)))
    out = io.StringIO()
    call_command("incidents", "import", "--format", "statuspage-jsonl", str(path), stdout=out, stderr=io.StringIO())
    assert out.getvalue().splitlines() == [
        "3 incidents: Not in the catalog: Pages.",
        "3 incidents: “minor” is no severity here. Say --severity minor=… to take it.",
        "INC-1: Not in the catalog: Actions.",
    ]


def test_a_word_for_a_severity_that_nobody_explained_is_said(page):
    (told,) = taken(page, "statuspage-jsonl")
    assert "“major” is no severity here. Say --severity major=… to take it." in told["lost"]


def test_a_path_that_is_none_is_said(tmp_path):
    with pytest.raises(CommandError, match="is no folder"):
        call_command("incidents", "import", "--format", "moj", str(tmp_path / "nothing"))
    with pytest.raises(CommandError, match="has nothing of the format dfds"):
        call_command("incidents", "import", "--format", "dfds", str(tmp_path))


@needs_corpus
def test_contradictions_of_real_logs_are_found():
    found = taken(CORPUS / "moj-cloud-platform", "moj")
    assert len(found) == 39
    assert 12 <= sum(bool(each["wrong_times"]) for each in found) <= 18


@needs_corpus
def test_real_postmortems_are_read_with_a_short_report_of_what_is_lost():
    found = taken(CORPUS / "dfds", "dfds")
    assert len(found) == 39
    assert all(len(each["lost"]) <= 6 for each in found)


@needs_corpus
def test_durations_of_a_real_status_page_are_those_of_an_independent_computation():
    path = CORPUS / "github-statuses" / "incidents.jsonl"
    assert len(taken(path, "statuspage-jsonl")) == 607
    own = [each["duration_minutes"] for each in map(json.loads, path.read_text().splitlines())]
    ours = []
    for incident in Incident.objects.prefetch_related("times"):
        at = {each.point: each.at for each in incident.times.all()}
        ours.append((at["resolved"] - at["started"]).total_seconds() / 60)
    assert statistics.median(ours) == pytest.approx(statistics.median(own), abs=0.5)
    assert statistics.mean(ours) == pytest.approx(statistics.mean(own), rel=0.01)
