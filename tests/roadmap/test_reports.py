"""Reports of the roadmap: asked for, made by a worker, read by whoever asked."""

import datetime as dt

import pytest
from django.utils import timezone

from roadmap import tasks
from roadmap.initiatives import report_keeping, reports
from roadmap.initiatives.actions import let_in, take_out
from roadmap.models import Report, ReportKind, ReportState, StrategyEdition
from roadmap.views.actions import add_dependency
from tests.roadmap.core_makers import make_initiative

pytestmark = pytest.mark.django_db
TEXT = "# Roadmap\n\n| a | b |\n| --- | --- |\n| 1 | *two* |\n"


def _ask(by, **more):
    return reports.ask(by=by, kind=ReportKind.ROADMAP, title="Roadmap", markdown=TEXT, **more)


def test_a_report_is_made_once_and_read_by_whoever_asked(people, sign_in, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as sent:
        asked = _ask(people.editor)
    assert len(sent) == 1
    page = f"/roadmap-reports/{asked.pk}/"
    client = sign_in(people.editor)
    assert "being made" in client.get(page).content.decode()
    assert client.get(f"{page}report.pdf").status_code == 404
    assert reports.make(asked.pk)
    assert not reports.make(asked.pk)
    said = client.get(page)
    assert f"{page}report.pdf" in said.content.decode()
    assert said.content.count(b"<h1") == 1
    assert client.get(f"{page}report.pdf").getvalue().startswith(b"%PDF")
    assert client.get(f"{page}report.md").content.decode() == TEXT
    part = client.get(page, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert part["ETag"]
    known = client.get(page, headers={"HX-Request": "true", "If-None-Match": part["ETag"]})
    assert known.status_code == 304
    for other in (people.administrator, people.stranger):
        assert sign_in(other).get(page).status_code == 404


def test_what_fails_is_said_and_can_be_tried_again(people, sign_in, monkeypatch):
    asked = _ask(people.editor)
    monkeypatch.setattr(reports, "pdf", lambda report: 1 / 0)
    assert reports.make_waiting() == 1
    client, page = sign_in(people.editor), f"/roadmap-reports/{asked.pk}/"
    assert "report_failed" in client.get(page).content.decode()
    monkeypatch.undo()
    assert client.post(f"{page}-/again/").url == page
    assert reports.make_waiting() == 1
    asked.refresh_from_db()
    assert (asked.state, asked.problem) == (ReportState.READY, "")


def test_a_file_that_is_gone_can_be_made_again(people, sign_in):
    asked = _ask(people.editor)
    reports.make(asked.pk)
    asked.refresh_from_db()
    asked.file.storage.delete(asked.file.name)
    client, page = sign_in(people.editor), f"/roadmap-reports/{asked.pk}/"
    assert client.get(f"{page}report.pdf").status_code == 404
    assert "The file is gone" in client.get(page).content.decode()


def test_what_was_asked_for_while_one_saw_something_private_is_closed_once_it_is_hidden(people, sign_in):
    hidden = make_initiative("Leave the supplier", by=people.editor, is_private=True)
    let_in(by=people.editor, initiative=hidden, who=[people.stranger.person.reference])
    make_initiative("Encrypt the backups", problem="As RMP-1 showed")
    for before, after in ((hidden, make_initiative("Pay less")), (make_initiative("Write to him"), hidden)):
        add_dependency(by=people.editor, before=before, after=after)
    client = sign_in(people.stranger)
    asked = ("initiatives/rmp-1/-/specification/", "initiatives/-/summary/", "initiatives/rm-2/-/specification/",
             "strategy/-/now/summary/pdf/", "strategy/-/now/strategy/pdf/")  # fmt: skip
    pages = [client.post(f"/{address}").url for address in asked]
    assert {client.get(page).status_code for page in pages} == {200}
    take_out(by=people.editor, initiative=hidden, who=people.stranger.person.reference)
    for page in pages:
        assert {client.get(f"{page}{file}").status_code for file in ("", "report.md", "report.pdf")} == {404}
    again = client.post("/initiatives/rm-2/-/specification/").url
    assert client.get(again).status_code == 200
    assert "RMP-1" not in client.get(f"{again}report.md").content.decode()


def test_a_number_that_somebody_guessed_in_a_text_of_their_own_closes_no_report(people, sign_in):
    make_initiative("Leave the supplier", by=people.editor, is_private=True)
    for number in (1, 2):
        make_initiative(f"Guess {number}", problem=f"- RMP-{number} is what I guess")
    client = sign_in(people.stranger)
    for number in (1, 2):
        assert client.get(client.post(f"/initiatives/rm-{number}/-/specification/").url).status_code == 200


def test_a_report_of_no_edition_is_kept_for_a_month_and_then_deleted_with_its_file(
    people, sign_in, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(report_keeping, "AT_ONCE", 1)
    edition = StrategyEdition.objects.create(number=1, title="Platform strategy", markdown=TEXT)
    lately, unmade, goes = (_ask(people.editor) for _ in range(3))
    stays = _ask(people.editor, edition=edition)
    for each, days in ((lately, 29), (stays, 400), (unmade, 31), (goes, 31)):
        Report.objects.filter(pk=each.pk).update(asked_at=timezone.now() - dt.timedelta(days=days))
        if each is not unmade:
            reports.make(each.pk)
        each.refresh_from_db()
    with django_capture_on_commit_callbacks() as after:
        tasks.forget_old_reports()
    assert goes.file.storage.exists(goes.file.name)
    for delete in after:
        delete()
    assert [each.file.storage.exists(each.file.name) for each in (lately, stays, goes)] == [True, True, False]
    client = sign_in(people.editor)
    found = [client.get(f"/roadmap-reports/{each.pk}/").status_code for each in (lately, stays, unmade, goes)]
    assert found == [200, 200, 404, 404]


def test_an_edition_is_made_once_and_read_by_everybody(people, sign_in):
    edition = StrategyEdition.objects.create(number=1, title="Platform strategy", markdown=TEXT)
    first = _ask(people.editor, edition=edition)
    reports.make(first.pk)
    again = _ask(people.reader, edition=edition)
    assert again.pk == first.pk
    assert Report.objects.count() == 1
    assert sign_in(people.stranger).get(f"/roadmap-reports/{first.pk}/report.pdf").status_code == 200
