"""Moving an initiative on, what it rests on, its criteria and objections, its updates, and its people."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from portal.acting import act_page, attempt
from portal.actions import Conflict, Deleted
from portal.people.entering import acts
from portal.references.models import Reference
from portal.saving import version_of
from roadmap.collections import INITIATIVES
from roadmap.initiatives import actions
from roadmap.initiatives.finding import KINDS
from roadmap.initiatives.forms import (
    CriterionForm,
    LetInForm,
    LinkForm,
    ObjectionForm,
    PersonForm,
    StatusForm,
    UpdateForm,
)
from roadmap.initiatives.pages import load_initiative
from roadmap.models import Initiative, InitiativeAccess, Link, Status

form_methods = require_http_methods(["GET", "HEAD", "POST"])


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _home(initiative: Initiative, part: str = "") -> HttpResponse:
    return redirect(f"{INITIATIVES.url_of(initiative)}{f'#roadmapinitiative-{part}' if part else ''}")


def _page(request: HttpRequest, initiative: Initiative, form: Any, title: str, **more: Any) -> HttpResponse:
    return act_page(request, form, title, collection=INITIATIVES, record=initiative, **more)


@form_methods
def status(request: HttpRequest, key: str) -> HttpResponse:
    """Take it to another status; ``to`` in the address chooses one."""
    initiative = load_initiative(request, key)
    form = StatusForm(initiative, _sent(request), initial={"status": _asked(request)})
    if form.is_bound and form.is_valid():
        said, version = form.cleaned_data, version_of(request, initiative)
        if attempt(form, lambda: actions.move(by=request.user, initiative=initiative, version=version, **said)):
            messages.success(request, f"{initiative.name} is {Status(said['status']).label.lower()}.")
            return _home(initiative)
    return _page(request, initiative, form, "Change status", versioned=initiative)


def _asked(request: HttpRequest) -> str:
    to = request.GET.get("to", "")
    if to and to not in Status.values:
        raise BadRequest(f"There is no status “{to[:40]}”. There are: {', '.join(Status.values)}.")
    return to


# What it rests on


@form_methods
def link(request: HttpRequest, key: str) -> HttpResponse:
    """Link it to one thing; ``kind`` and ``thing`` in the address fill the form in."""
    initiative = load_initiative(request, key)
    begin = {name: request.GET[name].replace("\x00", "")[:300] for name in ("kind", "thing") if name in request.GET}
    form = LinkForm(request.user, _sent(request), initial=begin)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        if attempt(form, lambda: actions.link(by=request.user, initiative=initiative, **said)):
            messages.success(request, f"{initiative.name} is linked to {said['thing']}.")
            return _home(initiative, "evidence-and-links")
    explains = "What speaks for it, and what it promises to change. " + " ".join(
        f"{label}: {written}." for label, written in KINDS.values()
    )
    return _page(request, initiative, form, "Add a link", explains=explains)


@acts("record", "initiatives")
def unlink(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Take a link out."""
    initiative = load_initiative(request, key)
    found = get_object_or_404(Link.objects.visible(request.user), pk=pk, initiative=initiative)
    told = f"{initiative.name} is not linked to {found.end} any more."
    actions.unlink(by=request.user, link=found)
    messages.success(request, told)
    return _home(initiative, "evidence-and-links")


# Criteria and objections


@dataclass(frozen=True)
class Part:
    """``panel`` is where they stand on the page of the initiative."""

    form: type[Any]
    one: str
    panel: str


PARTS = {
    "criteria": Part(CriterionForm, "success criterion", "success-criteria"),
    "objections": Part(ObjectionForm, "objection", "objections-and-answers"),
}


def _part(name: str) -> Part:
    if name not in PARTS:
        raise Http404(f"An initiative has no “{name}”. It has: {', '.join(PARTS)}.")
    return PARTS[name]


@form_methods
def part_new(request: HttpRequest, key: str, part: str) -> HttpResponse:
    """Add a success criterion or an objection."""
    kind, initiative = _part(part), load_initiative(request, key)
    form = kind.form(_sent(request))
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        if attempt(form, lambda: actions.add_part(by=request.user, initiative=initiative, part=part, values=said)):
            messages.success(request, f"{initiative.name} has one {kind.one} more.")
            return _home(initiative, kind.panel)
    return _page(request, initiative, form, f"Add {_a(kind.one)}")


def _a(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


@form_methods
def part_edit(request: HttpRequest, key: str, part: str, pk: int) -> HttpResponse:
    """Change one of them, or answer it."""
    kind, initiative = _part(part), load_initiative(request, key)
    record: Any = get_object_or_404(actions.PARTS[part], pk=pk, initiative=initiative)
    form = kind.form(_sent(request), initial={name: getattr(record, name) for name in kind.form.base_fields})
    if form.is_bound and form.is_valid():
        said, version = form.cleaned_data, version_of(request, record)
        if attempt(form, lambda: actions.edit_part(by=request.user, record=record, values=said, version=version)):
            messages.success(request, f"The {kind.one} of {initiative.name} is saved.")
            return _home(initiative, kind.panel)
    return _page(request, initiative, form, f"Edit the {kind.one}", label="Save", versioned=record)


@acts("record", "initiatives")
def part_remove(request: HttpRequest, key: str, part: str, pk: int) -> HttpResponse:
    """Take one of them out, as long as it says what the reader saw."""
    kind, initiative = _part(part), load_initiative(request, key)
    record: Any = get_object_or_404(actions.PARTS[part], pk=pk, initiative=initiative)
    try:
        actions.remove_part(by=request.user, record=record, version=version_of(request, record))
    except (Conflict, Deleted) as problem:
        messages.error(request, f"{problem} Nothing was taken out. Look at it again.")
    else:
        messages.success(request, f"The {kind.one} “{record}” is taken out. The history keeps it.")
    return _home(initiative, kind.panel)


# How it goes


@form_methods
def update(request: HttpRequest, key: str) -> HttpResponse:
    """Say how it goes."""
    initiative = load_initiative(request, key)
    form = UpdateForm(_sent(request), initial={"course": initiative.state.course or None})
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        if attempt(form, lambda: actions.add_update(by=request.user, initiative=initiative, **said)):
            messages.success(request, f"The update of {initiative.name} is posted.")
            return _home(initiative, "updates")
    explains = "Once a week while work goes on. An update stays as it was written; the next one corrects it."
    return _page(request, initiative, form, "Post an update", explains=explains)


# People


@form_methods
def dedicated(request: HttpRequest, key: str) -> HttpResponse:
    """Who does nothing else than this 100× initiative, and adding somebody."""
    initiative = load_initiative(request, key)
    form = PersonForm(_sent(request))
    if form.is_bound and form.is_valid():
        person = form.cleaned_data["person"]
        if attempt(form, lambda: actions.dedicate(by=request.user, initiative=initiative, person=person)):
            messages.success(request, f"{person.label} works on {initiative.name} and on nothing else.")
            return redirect("initiative-dedicated", key=key)
    rows = [{"who": each.person, "value": each.person_id} for each in _dedicated(initiative)]
    return _page(
        request, initiative, form, "Dedicated people", label="Add", template="roadmap/initiative_people.html",
        rows=rows, rows_title=f"Who works on {initiative.name} alone",
        rows_url=reverse("initiative-release", args=[key]), rows_label="Release",
        rows_empty="Nobody yet. People of a 100× initiative are kept out of feature work.",
    )  # fmt: skip


def _dedicated(initiative: Initiative) -> Any:
    return initiative.dedicated.select_related("person").order_by("person__label", "pk")


@acts("record", "initiatives")
def release(request: HttpRequest, key: str) -> HttpResponse:
    """Somebody is free for other work again."""
    initiative = load_initiative(request, key)
    text = request.POST.get("who", "")
    pk = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    found = initiative.dedicated.select_related("person").filter(person=pk).first()
    if found is None:
        messages.info(request, "Whoever that was is dedicated to it no longer.")
        return redirect("initiative-dedicated", key=key)
    actions.release(by=request.user, dedicated=found)
    messages.success(request, f"{found.person.label} is free for other work.")
    return redirect("initiative-dedicated", key=key)


@form_methods
def access(request: HttpRequest, key: str) -> HttpResponse:
    """The access list of a private one, and letting people and teams in."""
    initiative = _private(request, key)
    form = LetInForm(_sent(request))
    if form.is_bound and form.is_valid():
        who = form.cleaned_data["who"]
        if attempt(form, lambda: actions.let_in(by=request.user, initiative=initiative, who=who)):
            messages.success(request, f"{', '.join(each.label for each in who)} may see {initiative.name}.")
            return redirect("initiative-access", key=key)
    seen = InitiativeAccess.objects.filter(initiative=initiative).select_related("who")
    rows = [{"who": each.who, "value": each.who_id} for each in seen.order_by("who__kind", "who__label")]
    return _page(
        request, initiative, form, "Who sees it", label="Let in", template="roadmap/initiative_people.html", rows=rows,
        rows_title=f"Who sees {initiative.name}", rows_url=reverse("initiative-take-out", args=[key]),
        rows_label="Take out", rows_empty="",
    )  # fmt: skip


@acts("record", "initiatives")
def take_out(request: HttpRequest, key: str) -> HttpResponse:
    """Let somebody see it no longer."""
    initiative = _private(request, key)
    text = request.POST.get("who", "")
    pk = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    who = get_object_or_404(Reference, pk=pk, initiative_access__initiative=initiative)
    try:
        actions.take_out(by=request.user, initiative=initiative, who=who)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{who.label} does not see {initiative.name} any more.")
    seen = INITIATIVES.visible(request.user).filter(pk=initiative.pk).exists()
    return redirect(reverse("initiative-access", args=[key]) if seen else INITIATIVES.url)


def _private(request: HttpRequest, key: str) -> Initiative:
    initiative = load_initiative(request, key)
    if not initiative.is_private:
        raise Http404(f"{initiative.name} is not private: everybody who is signed in sees it.")
    return initiative
