"""Imports of what is broken, odd or endless: it is said, keeps nothing else out, and never ends the import."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from incidents.models import Incident, PostmortemTemplate
from services.health.models import Deployment
from tests import factories

pytestmark = pytest.mark.django_db
GOOD = {"id": "good", "title": "Down", "started_at": "2022-01-01T10:00:00Z", "resolved_at": "2022-01-01T11:00:00Z"}
LOG = "# Incident on 2022-07-11 - Slow\n\n- **Key events**\n  - First detected 2022-07-11 09:33\n{more}"


def taken(path: Path, format_name: str = "statuspage-jsonl") -> list[dict]:
    out = io.StringIO()
    call_command("incidents", "import", "--format", format_name, str(path), "--json", stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def page(tmp_path):
    """Takes in lines of a status page, and answers what became of each."""

    def took(*lines, name="incidents.jsonl"):
        told = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines]
        (tmp_path / name).write_bytes(b"\n".join(told))
        return taken(tmp_path / name)

    return took


@pytest.fixture
def log(tmp_path):
    """Takes in one log with ``more`` below its key events."""

    def took(more):
        (tmp_path / "2022-07-11-slow.md").write_text(LOG.format(more=more))
        return taken(tmp_path, "moj")[0]

    return took


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"updates": ["we look"]}, "An update is no object: “we look”."),
        ({"updates": 5}, "“updates” is no list: 5."),
        ({"components": 5}, "“components” is no list: 5."),
        ({"duration_minutes": float("nan")}, "“duration_minutes” says “nan”, which is no duration."),
        ({"duration_minutes": 1e300}, "“duration_minutes” says “1e+300”, which is no duration."),
        ({"started_at": "yesterday"}, "“started_at” says “yesterday”, which is no time."),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "which is no time."),
        ({"resolved_at": "9999-12-31T23:59:59-14:00"}, "which is no time."),
        ({"title": "turned \u202e over"}, "Characters that nobody sees, in 1 of its texts."),
        ({"title": "half \ud800"}, "Characters that nobody sees, in 1 of its texts."),
        ({"updates": [{"at": "2022-01-01T10:00:00Z", "message": "a\x00b"}]}, "Characters that nobody sees, in 1"),
    ],
)
def test_what_is_odd_in_an_incident_is_said_and_the_rest_of_it_is_taken(page, odd, said):
    first, second = page({"id": "odd", "title": "Odd", **odd}, GOOD)
    assert (first["result"], second["result"]) == ("created", "created")
    assert said in " ".join(first["lost"])
    assert [each["result"] for each in page({"id": "odd", "title": "Odd", **odd}, GOOD)] == ["same", "same"]


@pytest.mark.parametrize("line", [b'{"id": "1", "title": "caf\xe9"}', {"id": "1", "title": "  "}, {"id": "1"}])
def test_a_line_that_cannot_be_read_is_refused_with_its_number(page, line):
    first, second = page(line, GOOD)
    assert (first["result"], second["result"]) == ("refused", "created")
    assert first["lost"][0].startswith("Line 1 ")


@pytest.mark.parametrize("key", [{}, {"id": None}, {"id": ""}])
def test_incidents_without_an_id_are_told_apart_wherever_they_stand(page, key):
    lines = [{**key, "title": title, "started_at": at} for title, at in (("A", "2022-01-01"), ("B", "2022-01-01"))]
    assert [each["result"] for each in page(*lines)] == ["created", "created"]
    again = page({**key, "title": "C"}, *lines, name="next.jsonl")
    assert [each["result"] for each in again] == ["created", "same", "same"]


def test_a_long_id_is_known_again(page):
    ids = ["x" * 300, "x" * 300 + "y"]
    for result in ("created", "same"):
        assert [each["result"] for each in page(*({**GOOD, "id": one} for one in ids))] == [result, result]


def test_a_duration_that_nothing_lasts_is_said(log):
    assert (
        "“time to repair” says “99999999999d”, which is no duration."
        in log("- **Time to repair**: 99999999999d")["lost"]
    )


def test_a_report_is_taken_whatever_sections_the_template_has(log):
    PostmortemTemplate.objects.filter(is_default=True).update(sections=[{"key": "all", "title": "All"}])
    told = log("- **Impact**: A quarter of the traffic was slow")
    section = Incident.objects.get(name=told["incident"]).postmortem.sections.get()
    assert "A quarter of the traffic was slow" in section.text


def test_of_an_endless_report_the_beginning_is_taken_and_that_is_said(log):
    told = log("- **Context**: " + "much " * 5000)
    assert told["result"] == "created"
    assert "Its report has 25,012 letters; the first 20,000 are taken." in told["lost"]


def test_what_happens_to_a_service_today_is_no_part_of_what_is_imported(page, people):
    cart, now = factories.make_entity("cart", owner=people.team), timezone.now()
    Deployment.objects.create(
        subject=cart.reference, environment="production", version="1", started_at=now, finished_at=now, key="k"
    )
    page({**GOOD, "components": ["Cart"]})
    events = Incident.objects.get().timeline.values_list("kind", "happened_at")
    assert list(events) == [("status", dt.datetime(2022, 1, 1, 10, tzinfo=dt.UTC))]


def test_a_timeline_goes_on_after_midnight(tmp_path):
    rows = "| 2022-07-11 23:50 | Alert |\n| 00:10 | Rolled back |\n| 00:05 | Paged |"
    (tmp_path / "PM2022-001 - Night.md").write_text(f"# Night\n\n## Timeline\n\n| Time | What |\n| - | - |\n{rows}\n")
    taken(tmp_path, "dfds")
    events = Incident.objects.get().timeline.exclude(kind="status").order_by("pk")
    assert [f"{each.happened_at:%d %H:%M}" for each in events] == ["11 23:50", "12 00:10", "12 00:05"]
