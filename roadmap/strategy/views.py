"""The strategy as it is now, what its sections are tied to, the form it begins with, and publishing an edition."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from incidents.postmortems.saves import Save, last_saves_of
from incidents.postmortems.sections import both_texts
from portal.acting import tell
from portal.actions import Conflict
from portal.people.entering import acts
from portal.prose import prose
from portal.saving import changed_meanwhile, version_of
from roadmap.models import ReportKind, SectionDependency, StrategyEdition, StrategySection
from roadmap.strategy import actions, clarifying, content, freezing
from roadmap.strategy.collections import SECTIONS
from roadmap.strategy.forms import AnswersForm, ConcernForm, PublishForm, TiesForm

from roadmap.strategy.live import Asked, render as render_blocks  # isort: skip
from roadmap.strategy.loading import ONLY_PLANNERS, crumbs, load_section, may_write, writer
from roadmap.strategy.markdown import lowered
from roadmap.strategy.writing_views import place_of

EDITIONS_SHOWN = 5


@require_safe
def strategy(request: HttpRequest) -> HttpResponse:
    """All sections with their live blocks, what they lack, and what was published."""
    if request.GET:
        told = "The strategy takes nothing in its address: it is shown as it is now. Editions are listed on its page."
        raise BadRequest(told)
    found = content.sections()
    rendered = render_blocks({each.key: each.text for each in found}, Asked(request.user))
    saves = last_saves_of(StrategySection)
    editions = list(StrategyEdition.objects.defer("markdown", "sections", "figures", "summary").order_by("-number"))
    context = {
        "sections": [_shown(each, rendered[each.key], saves.get(each.pk)) for each in found],
        "missing": content.missing(found), "editions": editions[:EDITIONS_SHOWN], "editions_total": len(editions),
        "may_write": may_write(request), "crumbs": crumbs(), "is_new": not any(map(content.is_written, found)),
    }  # fmt: skip
    return render(request, "roadmap/strategy.html", context)


def _shown(section: StrategySection, rendered: Any, save: Save | None) -> dict[str, Any]:
    return {
        "section": section, "text": _html(section, rendered.markdown), "save": save,
        "is_written": content.is_written(section), "figures": [each for _, each in rendered.figures if each.at],
        "products": sorted(section.dependencies.all(), key=lambda each: str(each.product.label or each.product.name)),
        "history_url": f"{SECTIONS.url_of(section)}history/",
    }  # fmt: skip


def _html(section: StrategySection, markdown: str) -> Any:
    return prose(lowered(markdown, content.TOP), prefix=f"{section.key}-").body


# What a section is tied to


@require_http_methods(["GET", "HEAD", "POST"])
def ties(request: HttpRequest, section: str) -> HttpResponse:
    """The business goal and the objective of a section."""
    by, found = writer(request), load_section(section)
    form = TiesForm(found, request.POST if request.method == "POST" else None)
    more: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(by=by, record=found, values=form.cleaned_data, version=version_of(request, found))
        except ValidationError as problem:
            tell(form, problem)
        except Conflict as conflict:
            found = load_section(section)
            more = {"collided": changed_meanwhile(conflict, by), "version": found.version}
        else:
            messages.success(request, f"Saved what “{found.title}” is tied to.")
            return redirect(f"{reverse('strategy')}#{found.key}")
    return _ties_page(request, found, form, ConcernForm(), 409 if more else 422 if form.errors else 200, **more)


def _ties_page(
    request: HttpRequest, section: StrategySection, form: Any, concern_form: Any, status: int, **more: Any
) -> HttpResponse:
    context = {
        "section": section, "form": form, "concern_form": concern_form, "version": section.version,
        "dependencies": section.dependencies.select_related("product").order_by("product__label"),
        "cancel_url": f"{reverse('strategy')}#{section.key}", "crumbs": crumbs((section.title, request.path)), **more,
    }  # fmt: skip
    return render(request, "roadmap/strategy_ties.html", context, status=status)


@acts("strategy")
def concern(request: HttpRequest, section: str) -> HttpResponse:
    """Say that a section concerns a product."""
    by, found = writer(request), load_section(section)
    form = ConcernForm(request.POST)
    if form.is_valid():
        try:
            made = actions.concern(by=by, section=found, **form.cleaned_data)
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"“{found.title}” concerns {made.product}.")
            return redirect("strategy-ties", section=found.key)
    return _ties_page(request, found, TiesForm(found), form, 422)


@acts("strategy")
def unconcern(request: HttpRequest, section: str, pk: int) -> HttpResponse:
    """Take back that a section concerns a product."""
    by, found = writer(request), load_section(section)
    dependency = SectionDependency.objects.select_related("product").filter(section=found, pk=pk).first()
    if dependency is None:
        raise Http404(f"“{found.title}” does not concern that product any more.")
    actions.unconcern(by=by, dependency=dependency)
    messages.success(request, f"“{found.title}” no longer concerns {dependency.product}.")
    return redirect("strategy-ties", section=found.key)


# The clarifying form


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Six questions; beside each what the portal knows already."""
    answers = clarifying.answers()
    sent = request.POST if request.method == "POST" else None
    form = AnswersForm(clarifying.QUESTIONS, answers, sent)
    collision: dict[str, Any] = {}
    if sent is not None and not may_write(request):
        raise PermissionDenied(ONLY_PLANNERS)
    if sent is not None and form.is_valid():
        try:
            actions.answer(by=request.user, texts=form.cleaned_data, versions=_versions(request))
        except ValidationError as problem:
            tell(form, problem)
        except Conflict as conflict:
            collision = {"collided": changed_meanwhile(conflict, request.user)}
            answers = clarifying.answers()
        else:
            messages.success(request, "The answers are saved.")
            return redirect("strategy-begin")
    status = 409 if collision else 422 if form.errors else 200
    return render(
        request, "roadmap/strategy_begin.html", _begin_context(request, form, answers, collision), status=status
    )


def _versions(request: HttpRequest) -> dict[str, int | None]:
    given = {each.key: request.POST.get(f"version-{each.key}", "") for each in clarifying.QUESTIONS}
    return {key: int(text) if text.isdecimal() and len(text) < 10 else 0 for key, text in given.items()}


def _begin_context(request: HttpRequest, form: Any, answers: Any, collision: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"question": each, "field": form[each.key], "version": answers[each.key].version,
         "known": list(each.known(request.user)), "text": answers[each.key].text,
         "theirs": _theirs(form[each.key].value(), answers[each.key].text) if collision else ""}
        for each in clarifying.QUESTIONS
    ]  # fmt: skip
    return {
        "rows": rows, "form": form, "may_write": may_write(request), "draft": bool(clarifying.draft(answers)),
        "first": StrategySection.objects.order_by("place", "pk").first(),
        "crumbs": crumbs(("Begin", request.path)), **collision,
    }  # fmt: skip


def _theirs(mine: Any, saved: str) -> str:
    """What is saved, where it is not what was sent."""
    return saved if str(mine or "").replace("\r\n", "\n").strip() != saved else ""


@acts("strategy-begin")
def begin_write(request: HttpRequest) -> HttpResponse:
    """Put the answers into the first section; where something is written there, show both and let the writer decide."""
    by = writer(request)
    section = StrategySection.objects.order_by("place", "pk").first()
    draft = clarifying.draft(clarifying.answers())
    if section is None or not draft:
        messages.error(request, "Nothing is answered yet. Answer a question and save, then write the section.")
        return redirect("strategy-begin")
    if content.is_written(section):
        why = f"“{section.title}” has a text already. Make one of the two, and save that."
        return both_texts(request, place_of(section, request.path), section, {"problem": why}, 409, mine=draft)
    try:
        actions.edit(by=by, record=section, values={"text": draft}, version=section.version)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect("strategy-begin")
    except Conflict as conflict:
        current: Any = conflict.current
        who = changed_meanwhile(conflict, by)
        return both_texts(request, place_of(current, request.path), current, who, 409, mine=draft)
    messages.success(request, f"The answers are the draft of “{section.title}”. Write on from there.")
    return redirect(f"{reverse('strategy-write')}#{section.key}")


# Publishing


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """Freeze text and figures as the next edition."""
    user: Any = request.user
    if not user.has_perm("roadmap.publish_strategy"):
        raise PermissionDenied(ONLY_PLANNERS)
    problems = freezing.problems()
    form = PublishForm(
        problems, request.POST if request.method == "POST" else None, is_unchanged=freezing.is_unchanged(),
        initial={"after": StrategyEdition.objects.aggregate(last=Max("number"))["last"] or 0},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            edition = actions.publish(by=user, **form.cleaned_data)
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"Published {edition}.")
            return redirect("strategy-edition", number=edition.number)
    context = {
        "form": form, "problems": problems, "cancel_url": reverse("strategy"), "summary_kind": ReportKind.SUMMARY,
        "crumbs": crumbs(("Publish", request.path)),
    }  # fmt: skip
    return render(request, "roadmap/strategy_publish.html", context, status=422 if form.errors else 200)
