"""Acts on postmortems: beginning one, review, publication, comments. Writing is in writing_views, editions are in
edition_views."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from incidents.collections import INCIDENTS
from incidents.models import Comment, Postmortem, PostmortemState
from incidents.postmortems import content, reviewing, writing
from incidents.postmortems.addresses import key_of, writing_address
from incidents.postmortems.collections import POSTMORTEMS
from incidents.postmortems.due import days_asked, due_day
from incidents.postmortems.forms import BeginForm, CommentForm, PublishForm, ReviewForm
from incidents.postmortems.loading import load, load_incident
from portal.acting import tell
from portal.actions import Conflict
from portal.crumbs import crumbs_of
from portal.people.entering import acts
from portal.saving import version_of

STALE = "Somebody changed it in the meantime. Look at it again, then do this."


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """Begin the postmortem of an incident with one of the templates."""
    incident = load_incident(request, key)
    if Postmortem.objects.filter(incident=incident).exists():
        return redirect("postmortem-write", key_of(incident))
    form = BeginForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        begun = writing.begin(by=request.user, incident=incident, template=form.cleaned_data["template"])
        return redirect(writing_address(begun))
    address = INCIDENTS.url_of(incident)
    context = {
        "incident": incident, "form": form, "due_on": due_day(incident), "due_after": days_asked(incident),
        "cancel_url": address, "title": "Begin the postmortem",
        "crumbs": crumbs_of(INCIDENTS, (incident.name, address), ("Postmortem", request.path)),
    }  # fmt: skip
    return render(request, "incidents/postmortem_begin.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_review(request: HttpRequest, key: str) -> HttpResponse:
    """Ask people and teams to read it."""
    postmortem = load(request, key, "change")
    form = ReviewForm(postmortem, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        readers = form.cleaned_data["readers"]
        try:
            reviewing.ask(
                by=request.user, postmortem=postmortem, readers=readers, version=version_of(request, postmortem)
            )
        except ValidationError as problem:
            tell(form, problem)
        except Conflict:
            form.add_error(None, STALE)
        else:
            messages.success(request, f"Asked {', '.join(map(str, readers))} to read it.")
            return redirect(POSTMORTEMS.url_of(postmortem))
    return _act_page(request, postmortem, form, "Ask for review", "incidents/postmortem_review.html")


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, key: str) -> HttpResponse:
    """Freeze what is written as an edition."""
    postmortem = load(request, key, "change")
    form = PublishForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        note, version = form.cleaned_data["note"], version_of(request, postmortem)
        try:
            edition = writing.publish(by=request.user, postmortem=postmortem, note=note, version=version)
        except ValidationError as problem:
            tell(form, problem)
        except Conflict:
            form.add_error(None, STALE)
        else:
            messages.success(request, f"Published edition {edition.number} of {postmortem}.")
            return redirect(POSTMORTEMS.url_of(postmortem))
    return _act_page(request, postmortem, form, "Publish", "incidents/postmortem_publish.html")


def _act_page(request: HttpRequest, postmortem: Postmortem, form: Any, title: str, template: str) -> HttpResponse:
    address = POSTMORTEMS.url_of(postmortem)
    context = {
        "postmortem": postmortem, "form": form, "title": title, "cancel_url": address,
        "write_url": writing_address(postmortem), "unwritten": content.unwritten(postmortem),
        "open_reviews": postmortem.reviews.filter(read_at=None).select_related("who").order_by("pk"),
        "open_comments": Comment.objects.filter(section__postmortem=postmortem, settled_at=None).count(),
        "crumbs": crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), (title, request.path)),
    }  # fmt: skip
    return render(request, template, context, status=422 if form.errors else 200)


@acts("record", "postmortems")
def to_draft(request: HttpRequest, key: str) -> HttpResponse:
    """Take it back from review, or begin the draft of the next edition."""
    postmortem = load(request, key, "change")
    try:
        writing.move(
            by=request.user, postmortem=postmortem, state=PostmortemState.DRAFT,
            version=version_of(request, postmortem),
        )  # fmt: skip
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    except Conflict:
        messages.warning(request, STALE)
    else:
        return redirect(writing_address(postmortem))
    return redirect(POSTMORTEMS.url_of(postmortem))


@acts("record", "postmortems")
def note_read(request: HttpRequest, key: str) -> HttpResponse:
    """Say that one has read it, as one was asked to."""
    postmortem = load(request, key)
    if not reviewing.is_asked(request.user, postmortem):
        raise PermissionDenied(f"You are not asked to read {postmortem}, or it is said already that you did.")
    reviewing.read(by=request.user, postmortem=postmortem)
    messages.success(request, f"Noted that you have read {postmortem}.")
    return redirect(POSTMORTEMS.url_of(postmortem))


@acts("record", "postmortems")
def comment(request: HttpRequest, key: str) -> HttpResponse:
    """Ask or add something about a section. What does not fit is given back with the reason."""
    postmortem = load(request, key, "comment")
    form = CommentForm(postmortem, request.POST)
    if not any(request.POST.get(name, "").strip() for name in ("text", "quote")):
        messages.error(request, "Not commented. Say what you want to know or add.")
        return redirect(_back_to_comments(request, postmortem))
    if form.is_valid():
        data = form.cleaned_data
        data["section"].postmortem = postmortem
        try:
            writing.comment(by=request.user, **data)
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"Commented on “{data['section'].title}”.")
            return redirect(_back_to_comments(request, postmortem))
    address = POSTMORTEMS.url_of(postmortem)
    context = {
        "incident": postmortem.incident, "form": form, "title": "Comment", "cancel_url": address,
        "crumbs": crumbs_of(POSTMORTEMS, (postmortem.incident.name, address), ("Comment", request.path)),
    }  # fmt: skip
    return render(request, "incidents/act.html", context, status=422)


@acts("record", "postmortems")
def settle(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Say that a comment is answered, or open after all. Whoever wrote it may, and whoever writes the postmortem."""
    postmortem = load(request, key, "comment")
    found = get_object_or_404(Comment, pk=pk, section__postmortem=postmortem)
    user: Any = request.user
    if found.by_id != user.pk and not user.has_perm("incidents.change_postmortem", postmortem):
        raise PermissionDenied("Whoever wrote a comment settles it, and whoever writes the postmortem.")
    writing.settle(comment=found, settled=request.POST.get("settled") != "no")
    return redirect(_back_to_comments(request, postmortem))


def _back_to_comments(request: HttpRequest, postmortem: Postmortem) -> str:
    if request.POST.get("from") == "write":
        return f"{writing_address(postmortem)}#comments"
    return f"{POSTMORTEMS.url_of(postmortem)}#incidentspostmortem-comments"
