"""What somebody typed, given back when it cannot be saved where it was sent: the record is gone, or a server is."""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, RawPostDataException, UnreadablePostError
from django.shortcuts import render
from django.urls import reverse

from portal.collections import Collection
from portal.crumbs import crumbs_of
from portal.forms import make_form

# What a form sends besides what was typed into it.
_OF_THE_FORM = {"csrfmiddlewaretoken", "version", "base"}


def record_gone(request: HttpRequest, found: Collection, key: str) -> HttpResponse:
    """410 with the text that was typed for a record somebody deleted meanwhile, and the means to make it anew."""
    can_make = found.may(request.user, "add")
    form = make_form(found)
    form.initial = {**request.POST.dict(), "name": request.POST.get("name") or _name_in(key)}
    context = {
        "title": f"{key} was deleted meanwhile",
        "title_one": found.title_one,
        "form": form if can_make else None,
        "typed": [] if can_make else _typed(request.POST, form),
        "make_url": reverse("record-new", args=[found.slug]),
        "history_url": f"{found.record_url(key)}history/" if found.referenced else "",
        "cancel_url": found.url,
        "crumbs": crumbs_of(found, (key, "")),
    }
    return render(request, "portal/record_gone.html", context, status=410)


def _name_in(key: str) -> str:
    return key.replace("/", ":").rpartition(":")[2]


def _typed(sent: QueryDict, form: Any = None) -> list[tuple[str, str]]:
    """What was typed, with the labels that the form had for it."""
    labels = {name: str(field.label) for name, field in form.fields.items()} if form else {}
    pairs = [(name, value) for name, values in sent.lists() for value in values]
    return [(labels.get(name, name), value) for name, value in pairs if value and name not in _OF_THE_FORM]


def to_send_again(request: HttpRequest) -> dict[str, Any] | None:
    """What a page needs that offers a refused form to be sent again: all of it, hidden, and what was typed, to read.

    The token against forgery is the one that came along, never a new one. Nothing where there was no form, and nothing
    of a form that had a password: that is not for a page to carry.
    """
    if request.method != "POST":
        return None
    try:
        sent = request.POST
    except (SuspiciousOperation, UnreadablePostError, RawPostDataException):
        return {"fields": [], "typed": []}
    if any("password" in name for name in sent):
        return {"fields": [], "typed": []}
    fields = [(name, value) for name, values in sent.lists() for value in values]
    return {"address": request.get_full_path(), "fields": fields, "typed": _typed(sent)}
