"""Importing files: upload, look at what it would do, do it; and SLOs as files."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from portal.collections import get_collection
from portal.crumbs import crumbs_of
from portal.loading import load_collection
from portal.query import BadQuery, parse
from services.health import metric_import as csv_import
from services.health.models import ReceivedBatch, Slo
from services.health.openslo import exporting, importing
from services.health.uploads import LARGEST_FILE, Preview, keep, kept


@dataclass(frozen=True)
class Importer:
    """One kind of file. ``look`` says what it would do, ``take`` does it and gives how many of what, or problems."""

    slug: str
    hook: str
    perm: str
    title: str
    help_template: str
    accept: str
    page: str
    preview_page: str
    look: Callable[[Any, bytes], Preview]
    take: Callable[[Any, bytes], tuple[str, list[str]]]


def _take_metrics(by: Any, body: bytes) -> tuple[str, list[str]]:
    found = csv_import.take(by, body, write=True)
    return f"Values: {found.new:,} new, {found.changed:,} changed, {found.same:,} as they were.", found.problems


def _take_slos(by: Any, body: bytes) -> tuple[str, list[str]]:
    found = importing.take(by, body, write=True)
    words = ", ".join(f"{found.count(word):,} {told}" for word, told in _SLO_WORDS)
    return f"SLOs: {words}.", list(found.problems)


_SLO_WORDS = (("created", "created"), ("changed", "changed"), ("same", "as they were"))
METRICS = Importer(
    "metrics", "metric-import", "health.add_metric", "Import metrics", "health/_import_metrics.html", ".csv,text/csv",
    "metrics-import", "metric-import", csv_import.preview, _take_metrics,
)  # fmt: skip
SLOS = Importer(
    "slos", "openslo-import", "health.add_slo", "Import OpenSLO", "health/_import_slos.html", ".yaml,.yml",
    "slos-import", "slo-import", importing.preview, _take_slos,
)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def import_metrics(request: HttpRequest) -> HttpResponse:
    return _upload(request, METRICS)


@require_http_methods(["GET", "HEAD", "POST"])
def metric_import(request: HttpRequest, key: int) -> HttpResponse:
    return _preview(request, METRICS, key)


@require_http_methods(["GET", "HEAD", "POST"])
def import_slos(request: HttpRequest) -> HttpResponse:
    return _upload(request, SLOS)


@require_http_methods(["GET", "HEAD", "POST"])
def slo_import(request: HttpRequest, key: int) -> HttpResponse:
    return _preview(request, SLOS, key)


def _upload(request: HttpRequest, importer: Importer) -> HttpResponse:
    _require(request, importer)
    problem = ""
    if request.method == "POST":
        try:
            batch = keep(request.user, importer.hook, request.FILES.get("file"))
        except ValidationError as refused:
            problem = refused.messages[0]
        else:
            return redirect(importer.preview_page, key=batch.pk)
    context = {"problem": problem, "accept": importer.accept, "largest": LARGEST_FILE // 2**20, "step": 1}
    return _page(request, importer, "health/import.html", context, 422 if problem else 200)


def _preview(request: HttpRequest, importer: Importer, key: int) -> HttpResponse:
    _require(request, importer)
    batch = kept(request.user, importer.hook, key)
    body = bytes(batch.body or b"")
    if request.method == "POST":
        words, problems = importer.take(request.user, body)
        if not problems:
            ReceivedBatch.objects.filter(pk=batch.pk).update(done_at=timezone.now())
            messages.success(request, words)
            return redirect("collection", slug=importer.slug)
    preview = importer.look(request.user, body)
    context = {"preview": preview, "batch": batch, "file": batch.answer.get("file", ""), "step": 2}
    return _page(request, importer, "health/import_preview.html", context, 422 if preview.problems else 200)


def _require(request: HttpRequest, importer: Importer) -> None:
    reader: Any = request.user
    if not reader.has_perm(importer.perm):
        raise PermissionDenied("You may import nothing: you are in no team that could own it.")


def _page(
    request: HttpRequest, importer: Importer, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    collection = get_collection(importer.slug)
    crumbs = crumbs_of(collection, (importer.title, reverse(importer.page))) if collection else []
    common = {
        "title": importer.title, "help_template": importer.help_template, "upload_url": reverse(importer.page),
        "cancel_url": collection.url if collection else "/", "crumbs": crumbs,
    }  # fmt: skip
    return render(request, template, {**common, **context}, status=status)


# SLOs as files


@require_safe
def export_slos(request: HttpRequest) -> HttpResponse:
    """The SLOs that the query string of their list asks for, as OpenSLO documents."""
    collection = load_collection(request, "slos")
    try:
        query = parse(collection, request.user, request.GET)
    except BadQuery as problem:
        return HttpResponse(str(problem), status=400, content_type="text/plain")
    found = Slo.objects.filter(pk__in=query.matching().order_by().values("pk")).order_by("name")
    return _file(exporting.export(exporting.related(found)), "slos.yaml")


@require_safe
def export_slo(request: HttpRequest, key: int) -> HttpResponse:
    slo = get_object_or_404(exporting.related(Slo.objects), pk=key)
    return _file(exporting.export([slo]), f"{slo.name}.yaml")


def _file(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="application/yaml; charset=utf-8", headers=headers)
