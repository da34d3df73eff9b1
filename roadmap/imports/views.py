"""Importing initiatives in the browser: file, columns, preview, apply."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from portal.crumbs import crumbs_of
from roadmap.collections import INITIATIVES
from roadmap.imports import guessing
from roadmap.imports.mapping import TARGETS, FieldMapping, MappingError, read_mapping
from roadmap.imports.reading import Row, UnreadableSource, read_upload
from roadmap.imports.writing import REFUSED, RESULTS, Importing, Outcome
from services.health.models import ReceivedBatch
from services.health.uploads import LARGEST_FILE, keep, kept, text_of

HOOK = "initiatives-import"
MOST_ROWS = 500
MOST_SHOWN = 200
# Of a file of which no row can be read.
MOST_REASONS = 5
LARGEST_MAPPING = 100_000
# The half of an advice that is of no use to whoever chose the columns on the page.
_IN_THE_MAPPING = ", or say in the mapping what it means"


class _Unusable(Exception):  # noqa: N818  it names what it is
    """Why an upload cannot be imported as it is."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file, and a mapping if there is one."""
    _require(request)
    problems: Sequence[str] = ()
    if request.method == "POST":
        try:
            return _taken(request)
        except ValidationError as refused:
            problems = refused.messages
        except _Unusable as refused:
            problems = refused.problems
    context = {"problems": problems, "largest": LARGEST_FILE // 2**20, "most_rows": MOST_ROWS, "step": 1}
    return _page(request, "roadmap/import.html", context, 422 if problems else 200)


def _taken(request: HttpRequest) -> HttpResponseRedirect:
    mapping = _mapping_sent(request.FILES.get("mapping"))
    batch = keep(request.user, HOOK, request.FILES.get("file"))
    answer = {"file": batch.answer["file"], "mapping": mapping}
    if mapping:
        _rows(batch, answer["file"], read_mapping(mapping))
        page = "initiative-import-preview"
    else:
        _rows(batch, answer["file"])
        page = "initiative-import"
    ReceivedBatch.objects.filter(pk=batch.pk).update(answer=answer)
    return redirect(page, key=batch.pk)


def _mapping_sent(file: Any) -> str:
    """The text of the mapping file, which can be used. Raises _Unusable."""
    if file is None:
        return ""
    if file.size > LARGEST_MAPPING:
        raise _Unusable([f"The mapping has {file.size:,} bytes; at most {LARGEST_MAPPING:,} are read."])
    try:
        text = text_of(file.read())
        read_mapping(text)
    except ValueError as problem:
        raise _Unusable([f"The mapping: {problem}"]) from None
    except MappingError as problem:
        raise _Unusable([f"The mapping: {each}" for each in problem.problems]) from None
    return text


def _rows(batch: ReceivedBatch, file: str, mapping: FieldMapping | None = None) -> list[Row]:
    """Every row of an upload. Raises _Unusable."""
    narrowed = {"files": mapping.files, "rows": mapping.rows} if mapping else {}
    try:
        found = list(islice(read_upload(file, bytes(batch.body or b""), **narrowed), MOST_ROWS + 1))
    except UnreadableSource as problem:
        raise _Unusable([str(problem)]) from None
    if not found:
        raise _Unusable([f"{file} has no rows."])
    if all(each.problem for each in found):
        raise _Unusable([f"{each.file}: {each.problem}" for each in found[:MOST_REASONS]])
    if len(found) > MOST_ROWS:
        told = f"{file} has more than {MOST_ROWS} rows. Split it, or have it imported by the command roadmap import."
        raise _Unusable([told])
    return found


@require_safe
def columns(request: HttpRequest, key: int) -> HttpResponse:
    """Ask which column means what; those with known names are chosen already."""
    _require(request)
    batch = kept(request.user, HOOK, key)
    file = batch.answer["file"]
    try:
        found = guessing.columns_of(_rows(batch, file))
    except _Unusable as problem:
        return _back_to_file(request, problem)
    asked = request.GET.dict() or guessing.guess(found)
    context = {
        "batch": batch, "file": file, "step": 2, "columns": found, "dates": guessing.DATES,
        "source": asked.get("source") or guessing.source_of(file), "written": asked.get("dates", ""),
        "leaves_out": asked.get("unknown") == "leave out",
        "targets": [
            {"name": name, "label": guessing.label_of(name), "column": asked.get(name, ""),
             "example": found.get(asked.get(name, ""), ""), "needed": name in ("key", "title")}
            for name in ("key", *TARGETS)
        ],
    }  # fmt: skip
    return _page(request, "roadmap/import_columns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, key: int) -> HttpResponse:
    """Show what would become of each row; with a POST, do it."""
    _require(request)
    batch = kept(request.user, HOOK, key)
    file, said = batch.answer["file"], batch.answer.get("mapping", "")
    asked = request.GET.dict()
    back = "" if said and not asked else f"{reverse('initiative-import', args=[key])}?{urlencode(asked)}"
    if not said and not asked.get("title"):
        messages.error(request, "Say which column has the title.")
        return redirect("initiative-import", key=key)
    mapping = guessing.chosen(asked, file) if back else read_mapping(said)
    try:
        rows = _rows(batch, file, mapping)
    except _Unusable as problem:
        return _back_to_file(request, problem)
    if request.method == "POST":
        return _apply(request, batch, mapping, rows)
    outcomes = _outcomes(Importing(mapping, by=request.user, write=False), rows)
    context = {
        **_told(outcomes), "batch": batch, "file": file, "step": 3, "back": back,
        "fits": any(each.result != REFUSED for each in outcomes),
    }  # fmt: skip
    return _page(request, "roadmap/import_preview.html", context)


def _back_to_file(request: HttpRequest, problem: _Unusable) -> HttpResponseRedirect:
    for each in problem.problems:
        messages.error(request, each)
    return redirect("initiatives-import")


@transaction.atomic
def _apply(request: HttpRequest, batch: ReceivedBatch, mapping: FieldMapping, rows: list[Row]) -> HttpResponseRedirect:
    # Whoever presses the button twice waits here, and then finds every row unchanged.
    ReceivedBatch.objects.select_for_update().get(pk=batch.pk)
    outcomes = _outcomes(Importing(mapping, by=request.user), rows)
    answer = {**batch.answer, "outcomes": [dataclasses.asdict(each) for each in outcomes if _is_told(each)],
              "counts": Counter(each.result for each in outcomes)}  # fmt: skip
    ReceivedBatch.objects.filter(pk=batch.pk).update(answer=answer, done_at=timezone.now())
    return redirect("initiative-import-done", key=batch.pk)


def _outcomes(importing: Importing, rows: list[Row]) -> list[Outcome]:
    """What becomes of each row, as somebody reads it who has the file and perhaps no mapping."""
    return [_readable(outcome, row, importing.mapping) for outcome, row in zip(importing.run(rows), rows, strict=True)]


def _readable(outcome: Outcome, row: Row, mapping: FieldMapping) -> Outcome:
    said = [rule.raw(row.value) for rule in mapping.fields if rule.name == "title"]
    title = outcome.title or (str(said[0]).strip() if said and isinstance(said[0], str) else "")
    if not mapping.key.chosen:
        return dataclasses.replace(outcome, title=title)
    problems = tuple(
        dataclasses.replace(each, mend=each.mend.replace(_IN_THE_MAPPING, "")) for each in outcome.problems
    )
    return dataclasses.replace(outcome, title=title, problems=problems)


def _is_told(outcome: Outcome) -> bool:
    return bool(outcome.problems or outcome.left_out or outcome.kept)


@require_safe
def done(request: HttpRequest, key: int) -> HttpResponse:
    """What became of it, with each row that was refused or taken in part."""
    _require(request)
    batch = kept(request.user, HOOK, key)
    if batch.done_at is None:
        return redirect("initiative-import", key=key)
    told = batch.answer.get("outcomes", [])
    counts = batch.answer.get("counts", {})
    context = {
        "batch": batch, "file": batch.answer["file"], "step": 5, "rows": told[:MOST_SHOWN],
        "left_out": max(0, len(told) - MOST_SHOWN), "counts": [(word, counts.get(word, 0)) for word in RESULTS],
        "refused": counts.get(REFUSED, 0),
    }  # fmt: skip
    return _page(request, "roadmap/import_done.html", context)


def _told(outcomes: list[Outcome]) -> dict[str, Any]:
    """The refused ones first, as they want a decision."""
    counts = Counter(each.result for each in outcomes)
    rows = sorted(outcomes, key=lambda each: (each.result != REFUSED, not _is_told(each)))
    return {
        "rows": rows[:MOST_SHOWN], "left_out": max(0, len(rows) - MOST_SHOWN), "refused": counts[REFUSED],
        "counts": [(word, counts[word]) for word in RESULTS],
    }  # fmt: skip


def _require(request: HttpRequest) -> None:
    reader: Any = request.user
    if not reader.has_perm("roadmap.import_initiative"):
        raise PermissionDenied("You may not import initiatives: product managers and administrators may.")


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    address = reverse("initiatives-import")
    common = {
        "upload_url": address, "cancel_url": INITIATIVES.url, "crumbs": crumbs_of(INITIATIVES, ("Import", address)),
    }  # fmt: skip
    return render(request, template, {**common, **context}, status=status)
