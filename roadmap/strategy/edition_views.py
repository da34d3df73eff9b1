"""What was published: editions as pages and files, what changed between them, and the page for executives."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from portal.people.entering import acts
from portal.prose import prose
from roadmap.initiatives import reports
from roadmap.models import ReportKind, StrategyEdition
from roadmap.strategy import content, differences, freezing, summary
from roadmap.strategy.live import Asked
from roadmap.strategy.live import render as render_blocks
from roadmap.strategy.loading import crumbs, load_edition

NOW = "now"
KINDS = {"strategy": ReportKind.STRATEGY, "summary": ReportKind.SUMMARY}


@require_safe
def editions(request: HttpRequest) -> HttpResponse:
    """Everything that was published, the newest first."""
    rows = StrategyEdition.objects.defer("markdown", "sections", "figures", "summary")
    context = {
        "editions": list(rows.select_related("published_by__person").order_by("-number")),
        "may_publish": request.user.has_perm("roadmap.publish_strategy"),
        "crumbs": crumbs(("Editions", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/strategy_editions.html", context)


@require_safe
def edition(request: HttpRequest, number: int) -> HttpResponse:
    """One edition as it was published."""
    found = load_edition(number)
    context = {
        "edition": found, "report": prose(reports.without_title(found.markdown)), "figures": found.figures,
        "numbers": list(StrategyEdition.objects.order_by("-number").values_list("number", "title")),
        "crumbs": crumbs(("Editions", reverse("strategy-editions")), (f"Edition {number}", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/strategy_edition.html", context)


@require_safe
def edition_summary(request: HttpRequest, number: int) -> HttpResponse:
    """The page for executives as it was published with an edition."""
    found = load_edition(number)
    above = (f"Edition {number}", reverse("strategy-edition", args=[number]))
    context = {
        "edition": found, "text": prose(found.summary), "crumbs": crumbs(above, ("Summary", request.path)),
        "pdf_url": reverse("strategy-edition-pdf", args=[number, "summary"]),
        "markdown_url": reverse("strategy-edition-markdown", args=[number, "summary"]),
    }  # fmt: skip
    return render(request, "roadmap/strategy_summary.html", context)


@require_safe
def edition_markdown(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """An edition, or its summary, as a file of Markdown."""
    found = load_edition(number)
    return _file(_text(found, kind), f"{found.title[:60]} edition {number} {kind}")


def _text(edition: StrategyEdition, kind: str) -> str:
    if KINDS[kind] == ReportKind.STRATEGY:
        return edition.markdown
    return f"# {edition.title}: executive summary\n\n{edition.summary}"


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(f"{text}\n", content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slugify(name)}.md"'
    return response


@acts("strategy-editions")
def edition_pdf(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """Have an edition, or its summary, made as PDF, once for everybody."""
    found = load_edition(number)
    title = found.title if kind == "strategy" else f"{found.title}: executive summary"
    made = reports.ask(by=request.user, kind=KINDS[kind], title=title, markdown=_text(found, kind), edition=found)
    return redirect("roadmap-report", pk=made.pk)


# Comparing


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """What changed between two editions, or from one to what is written now."""
    rows = list(StrategyEdition.objects.defer("sections", "figures", "markdown", "summary").order_by("-number"))
    choices = [(NOW, "As it is now"), *((str(each.number), str(each)) for each in rows)]
    before, after = _asked(request, [name for name, _ in choices])
    context: dict[str, Any] = {
        "choices": choices, "before": before, "after": after, "crumbs": crumbs(("Compare", request.path)),
    }  # fmt: skip
    if before:
        old, new = _sides(before, after)
        changed = list(differences.texts(old[0], new[0]))
        context |= {
            "texts": [each for each in changed if each.kind != "same"], "figures": differences.figures(old[1], new[1]),
            "same": [each.title for each in changed if each.kind == "same"],
        }  # fmt: skip
    return render(request, "roadmap/strategy_compare.html", context)


def _sides(before: str, after: str) -> tuple[Any, Any]:
    """Sections and figures of both; now is what an edition would have."""
    wanted = [int(each) for each in (before, after) if each != NOW]
    kept = {each.number: each for each in StrategyEdition.objects.filter(number__in=wanted)}
    now = freezing.freeze(content.TITLE) if NOW in (before, after) else None

    def side(name: str) -> tuple[Any, Any]:
        found: Any = now if name == NOW else kept[int(name)]
        return found.sections, found.figures

    return side(before), side(after)


def _asked(request: HttpRequest, names: list[str]) -> tuple[str, str]:
    """The two that are asked for; without a word the newest edition and what is written now. Nothing without one."""
    if unknown := sorted(set(request.GET) - {"from", "to"}):
        raise BadRequest(f"Editions are compared by from and to, not by “{unknown[0][:60]}”.")
    if len(names) < 2:
        return "", ""
    before, after = request.GET.get("from", names[1]), request.GET.get("to", names[0])
    for name in (before, after):
        if name not in names:
            raise BadRequest(f"There is no edition “{name[:60]}”. There are: {', '.join(names)}.")
    return before, after


# As it is now


@require_safe
def executive_summary(request: HttpRequest) -> HttpResponse:
    """The page for executives as it is now, as the reader may know it."""
    context = {
        "text": prose(summary.as_markdown(summary.write(request.user))), "edition": None,
        "pdf_url": reverse("strategy-pdf", args=["summary"]),
        "markdown_url": reverse("strategy-markdown", args=["summary"]),
        "crumbs": crumbs(("Executive summary", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/strategy_summary.html", context)


def _now(request: HttpRequest, kind: str) -> tuple[str, str]:
    """Title and text of what is written now, as the reader may know it."""
    if KINDS[kind] == ReportKind.SUMMARY:
        title = f"{content.TITLE}: executive summary"
        return title, f"# {title}\n\n{summary.as_markdown(summary.write(request.user))}"
    found = content.sections()
    rendered = render_blocks({each.key: each.text for each in found}, Asked(request.user))
    title = f"{content.TITLE}, draft"
    return title, content.whole(title, found, rendered)


@require_safe
def markdown(request: HttpRequest, kind: str) -> HttpResponse:
    """What is written now, or the summary, as a file of Markdown."""
    title, text = _now(request, kind)
    return _file(text, title)


@acts("strategy")
def pdf(request: HttpRequest, kind: str) -> HttpResponse:
    """Have what is written now, or the summary, made as PDF for whoever asks."""
    title, text = _now(request, kind)
    made = reports.ask(by=request.user, kind=KINDS[kind], title=title, markdown=text)
    return redirect("roadmap-report", pk=made.pk)
