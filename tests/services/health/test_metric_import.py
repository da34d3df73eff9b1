"""CSV files of metrics: whole or not at all, each problem with line and column, a second import without effect."""

import datetime as dt
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from services.health import metric_import
from services.health.models import Metric, MetricDay, ReceivedBatch, Sample
from tests.factories import make_entity

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
HEAD = "metric,subject,at,value\n"


def take(people, text: str, *, by=None, write: bool = True):
    return metric_import.take(by or people.editor, text.encode(), write=write)


def counted(found) -> tuple[int, int, int, int]:
    return found.new, found.changed, found.same, len(found.new_metrics)


def test_a_file_is_written_and_again_changes_nothing(people):
    text = f"{HEAD}nps,group:default/checkout,2026-11-20,41\nnps,group:default/checkout,2026-11-21T11:00:00Z,42\n"
    assert counted(take(people, text)) == (2, 0, 0, 1)
    assert counted(take(people, text)) == (0, 0, 2, 0)
    metric = Metric.objects.get()
    assert (metric.origin, metric.subject, metric.state.value) == ("imported", people.team.reference, 42)
    # A day stands at noon of the organisation.
    assert list(Sample.objects.order_by("at").values_list("at", "value")) == [
        (NOON - dt.timedelta(days=1), 41),
        (NOON - dt.timedelta(hours=1), 42),
    ]
    assert counted(take(people, text.replace("41", "40"))) == (0, 1, 1, 0)


def test_looking_at_a_file_writes_nothing(people):
    found = take(people, f"{HEAD}nps,group:default/checkout,2026-11-20,41\n", write=False)
    assert counted(found) == (1, 0, 0, 1)
    assert not Metric.objects.exists()


def test_ratios_labels_and_what_describes_a_new_metric(people):
    text = (
        "metric;subject;at;good;total;unit;title;label.region\n"
        "orders;group:default/checkout;2026-11-20;99;100;orders;Orders that went through;eu\n"
    )
    take(people, f"\ufeff{text}")
    metric = Metric.objects.get()
    assert (metric.kind, metric.unit, metric.title, metric.labels) == (
        "ratio", "orders", "Orders that went through", {"region": "eu"}
    )  # fmt: skip
    assert metric.state.value == 0.99


def test_days_from_before_what_is_kept_are_kept_as_days(people):
    text = "metric,subject,at,value,kind\n" + "".join(
        f"revenue,group:default/checkout,2025-0{month}-15T{hour}:00:00Z,{month * 10},flow\n"
        for month in range(1, 10)
        for hour in (10, 11)
    )
    assert counted(take(people, text)) == (18, 0, 0, 1)
    days = MetricDay.objects.order_by("day").values_list("day", "count", "sum", "last")
    assert days[0] == (dt.date(2025, 1, 15), 2, 20, 10)
    assert (len(days), Sample.objects.count()) == (9, 0)
    assert counted(take(people, text)) == (0, 0, 18, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("metric,at\nnps,2026-11-20\n", "Line 1: the column “value”, or “good” and “total”, is missing."),
        ("metric,value\nnps,4\n", "Line 1: the column “at” is missing."),
        ("metric,at,value,valeu\n", "Line 1: the column “valeu” is not known. There are: metric, at,"),
        ('"metric"x,at,value\nnps,2026-11-20,4\n', "Line 1: this is no CSV"),
        ("metric,at,value,at\n", "Line 1: the column “at” stands twice."),
        ("", "Line 1: the column “metric”"),
        (HEAD, "The file has no values."),
        (f"{HEAD}nps,group:default/checkout,2026-11-20,many\n", "Line 2, column value: “many” is no number."),
        (f"{HEAD}nps,group:default/checkout,2026-11-20,\n", "Line 2, column value: a number is missing."),
        (f"{HEAD}nps,group:default/checkout,2026-11-20,inf\n", "Line 2, column value: “inf” is no number."),
        (f"{HEAD}nps,group:default/checkout,2026-11-20,1_000\n", "Line 2, column value: “1_000” is no number."),
        (f"{HEAD}nps,group:default/checkout,yesterday,4\n", "Line 2, column at: “yesterday” is no day such as"),
        (f"{HEAD}nps,group:default/checkout,2026-11-20T10:00:00,4\n", "Line 2, column at: “2026-11-20T10:00:00” is no"),
        (
            f"{HEAD}nps,group:default/nobody,2026-11-20,4\n",
            "Line 2, column subject: there is no “group:default/no",
        ),
        (f"{HEAD}nps,group:default/payments,2026-11-20,4\n", "Line 2, column subject: you may not speak for group:"),
        (f"{HEAD}nps,,2026-11-20,4\n", "Line 2, column subject: you may not speak for the organisation."),
        (f"{HEAD}two words,group:default/checkout,2026-11-20,4\n", "Line 2, column metric: name:"),
        (f"{HEAD},group:default/checkout,2026-11-20,4\n", "Line 2, column metric: name the metric."),
        (f"{HEAD}nps,group:default/checkout,2026-11-20\n", "Line 2: 3 values for 4 columns."),
        (f'{HEAD}"nps,group:default/checkout,2026-11-20,4\n', "this is no CSV"),
        ("metric,subject,at,good,total\na,group:default/checkout,2026-11-20,5,4\n", "Line 2, column good: “good” is"),
        (
            f"{HEAD}nps,group:default/checkout,2026-11-20,4\n\nnps,group:default/checkout,2026-11-20,5\n",
            "Line 4, column at: line 2 has another value of the same moment.",
        ),
    ],
)
def test_a_file_with_a_fault_is_refused_whole_with_line_and_column(people, text, said):
    found = take(people, text)
    assert said in found.problems[0], found.problems
    assert not Metric.objects.exists()
    assert not Sample.objects.exists()


def test_one_wrong_line_among_right_ones_stops_all_of_them(people):
    right = "".join(f"nps,group:default/checkout,2026-11-{day:02},4\n" for day in range(1, 20))
    found = take(people, f"{HEAD}{right}nps,group:default/checkout,soon,4\n")
    assert [problem.partition(":")[0] for problem in found.problems] == ["Line 21, column at"]
    assert not Sample.objects.exists()


def test_bytes_that_are_no_text_are_refused(people):
    found = metric_import.take(people.editor, HEAD.encode() + b"nps,\xff,2026-11-20,4\n", write=True)
    assert found.problems == ["Line 2 holds bytes that are not UTF-8. Save the file as UTF-8 text."]
    assert metric_import.take(people.editor, b"PK\x00", write=True).problems[0].startswith("This is a binary file.")


def test_a_metric_that_the_portal_asks_for_or_computes_is_not_imported(people):
    Metric.objects.create(name="nps", subject=people.team.reference, origin="derived", provider="dora")
    found = take(people, f"{HEAD}nps,group:default/checkout,2026-11-20,4\n")
    assert found.problems == ["Line 2, column metric: the metric nps is derived, not pushed."]


# The page


def test_a_file_is_uploaded_looked_at_and_imported(people, sign_in):
    make_entity("cart", owner=people.team)
    client = sign_in(people.editor)
    assert "Import CSV" in client.get("/metrics/").content.decode()
    file = SimpleUploadedFile("figures.csv", f"{HEAD}nps,component:default/cart,2026-11-20,41\n".encode())
    preview = client.post("/metrics/-/import/", {"file": file}, follow=True)
    page, address = preview.content.decode(), preview.redirect_chain[-1][0]
    for text in ("figures.csv", "New values", ">cart<", "Nothing is written yet"):
        assert text in page
    assert not Sample.objects.exists()
    done = client.post(address, follow=True).content.decode()
    assert "Values: 1 new, 0 changed, 0 as they were." in done
    assert (Sample.objects.count(), ReceivedBatch.objects.get().done_at) == (1, NOON)
    assert "This file was imported" in client.get(address).content.decode()


def test_a_preview_shows_some_rows_and_says_how_many_it_leaves_out(people, sign_in, monkeypatch):
    monkeypatch.setattr("services.health.uploads.MOST_ROWS", 2)
    lines = "".join(f"nps-{place},group:default/checkout,2026-11-20,41\n" for place in range(5))
    file = SimpleUploadedFile("figures.csv", f"{HEAD}{lines}".encode())
    page = sign_in(people.editor).post("/metrics/-/import/", {"file": file}, follow=True).content.decode()
    assert [f">nps-{place}<" in page for place in range(3)] == [True, True, False]
    assert "And 3 more, which are not shown but counted above." in page


def test_nobody_sees_the_upload_of_somebody_else(people, sign_in):
    file = SimpleUploadedFile("figures.csv", b"metric,at,value\n")
    address = sign_in(people.editor).post("/metrics/-/import/", {"file": file}).url
    for other in (people.reader, people.administrator):
        assert sign_in(other).get(address).status_code == 404


def test_a_file_that_is_too_large_is_refused_with_its_size(people, sign_in, monkeypatch):
    monkeypatch.setattr("services.health.uploads.LARGEST_FILE", 2**20)
    file = SimpleUploadedFile("figures.csv", b"x" * (2**20 + 2**19))
    page = sign_in(people.editor).post("/metrics/-/import/", {"file": file})
    assert page.status_code == 422
    assert "figures.csv has 1.5 MiB; at most 1 MiB are taken." in page.content.decode()


# The command


def test_the_command_imports_and_says_how_many(people, tmp_path):
    path = tmp_path / "figures.csv"
    path.write_text(f"{HEAD}nps,group:default/checkout,2026-11-20,41\nuptime,,2026-11-20,99.9\n")
    out = io.StringIO()
    call_command("metrics", "import", str(path), "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "file": str(path), "problems": [], "new": 2, "changed": 0, "same": 0, "metrics": 2
    }  # fmt: skip
    path.write_text(f"{HEAD}nps,group:default/checkout,soon,41\n")
    with pytest.raises(CommandError, match="1 of 1 files were refused"):
        call_command("metrics", "import", str(path), stdout=io.StringIO(), stderr=io.StringIO())
