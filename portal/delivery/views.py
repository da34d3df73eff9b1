"""The inbox, what one wants to be told, and acts on deliveries and chat webhooks."""

import re
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.collections import get_collection
from portal.delivery import actions
from portal.delivery.kinds import kinds, label_of
from portal.delivery.models import Channel, ChatWebhook, Notification, OutboxMessage, Preference
from portal.delivery.notification_list import all_about, groups_of
from portal.loading import load_record
from portal.people.entering import acts
from portal.people.models import User


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  pages are for logins; service accounts use the API
    return request.user


# The inbox


@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """``show=unread`` leaves out what is read, ``about=`` shows everything about one record, ``page=`` goes back."""
    user, asked = _user(request), _asked(request)
    about, only_unread = asked["about"], asked["show"] == "unread"
    found: Any
    if about:
        found, groups = all_about(user, about, only_unread=only_unread, page=asked["page"])
    else:
        found, groups = groups_of(user, only_unread=only_unread, page=asked["page"])
    context = {
        "groups": groups,
        "page": found,
        "about": about,
        "only_unread": only_unread,
        "unread": Notification.objects.unread().filter(user=user).count(),
        "kinds": kinds(),
        "crumbs": [{"label": "Notifications", "url": request.path}],
    }
    return render(request, "delivery/notifications.html", context)


_ASKED = ("show", "about", "page")


def _asked(request: HttpRequest) -> dict[str, str]:
    """What the address asks for. Raises BadRequest for what it does not know."""
    if unknown := sorted(set(request.GET) - set(_ASKED)):
        raise BadRequest(f"“{unknown[0][:60]}” is not known here. This page takes {', '.join(_ASKED)}.")
    asked = {name: request.GET.get(name, "") for name in _ASKED}
    if asked["show"] not in {"", "unread"}:
        raise BadRequest(f"show={asked['show'][:60]}: write show=unread, or leave it out for all of them.")
    if asked["page"] and not re.fullmatch("[1-9][0-9]{0,8}", asked["page"]):
        raise BadRequest(f"page={asked['page'][:60]}: expected a whole number from 1.")
    if "\x00" in asked["about"]:
        raise BadRequest("about: text cannot hold a null character.")
    return asked


@require_safe
def notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Go to what a notification is about, which is then read. A browser that only loads ahead has read nothing."""
    found = get_object_or_404(Notification, pk=pk, user=_user(request))
    ahead = "prefetch" in f"{request.headers.get('Sec-Purpose', '')} {request.headers.get('Purpose', '')}"
    if request.method == "GET" and not ahead:
        actions.mark_read(user=found.user, pk=found.pk)
    return redirect(found.url)


@acts("notifications")
def notifications_read(request: HttpRequest) -> HttpResponse:
    """Mark as read what is about one record, or everything."""
    about = request.POST.get("about", "").replace("\x00", "")
    actions.mark_read(user=_user(request), about=about)
    return redirect(_back(request))


@acts("notifications")
def notifications_stop(request: HttpRequest) -> HttpResponse:
    """No more of one kind."""
    kind = request.POST.get("kind", "")
    try:
        actions.stop(user=_user(request), kind=kind)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"You get no more “{label_of(kind)}”. Profile, Notifications turns it on again.")
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    """The same page of the inbox."""
    query = request.POST.get("back", "")
    return reverse("notifications") + (f"?{query}" if query else "")


# What one wants to be told


def preference_rows(user: User) -> list[dict[str, Any]]:
    """A line for each kind, with a box for each channel: ``{"kind", "boxes": [{"name", "label", "on"}]}``."""
    unwanted = set(Preference.objects.filter(user=user, is_wanted=False).values_list("kind", "channel"))
    return [
        {
            "kind": kind,
            "boxes": [
                {"name": f"{kind.slug}:{value}", "label": label, "on": (kind.slug, value) not in unwanted}
                for value, label in Channel.choices
            ],
        }
        for kind in kinds()
    ]


def preference_context(user: User) -> dict[str, Any]:
    """What the profile needs to show the choice."""
    own = ChatWebhook.objects.filter(owner=user.person.reference_id) if user.person else ChatWebhook.objects.none()
    return {"notice_rows": preference_rows(user), "channels": Channel.labels, "own_webhooks": own.order_by("name")}


@acts("profile")
def set_notices(request: HttpRequest) -> HttpResponse:
    """Every box that was sent is on, every other one off."""
    wanted = {
        (kind.slug, channel): f"{kind.slug}:{channel}" in request.POST for kind in kinds() for channel in Channel.values
    }
    actions.set_wanted(user=_user(request), wanted=wanted)
    messages.success(request, "Saved what you are told.")
    return redirect(f"{reverse('profile')}#notifications")


# Deliveries


def _load(request: HttpRequest, slug: str, key: str, model: type[models.Model]) -> Any:
    """The record and its address, for somebody who may change it: 404 for what is not there, 403 for another's."""
    collection = get_collection(slug)
    assert collection is not None  # noqa: S101  the slug is ours
    if not collection.may(request.user, "view"):
        raise Http404(f"There is no page “{slug}”.")
    record = load_record(request, collection, key)
    if not isinstance(record, model):
        raise Http404(f"There is no {collection.title_one} “{key}”.")
    if not request.user.has_perm(f"delivery.change_{model._meta.model_name}", record):
        raise PermissionDenied(f"You may not change {record}: it belongs to another team.")
    return record, collection.url_of(record)


@acts("record", "deliveries")
def delivery_again(request: HttpRequest, key: str) -> HttpResponse:
    message, address = _load(request, "deliveries", key, OutboxMessage)
    if actions.send_again(by=request.user, message=message):
        messages.success(request, "It is sent again within a few seconds.")
    else:
        messages.warning(request, "It has been sent already, or is being sent now.")
    return redirect(address)


@acts("collection", "deliveries")
def deliveries_again(request: HttpRequest) -> HttpResponse:
    """Send everything that was given up once more."""
    if not request.user.has_perm("delivery.view_outboxmessage"):
        raise Http404("There is no such page.")
    count = actions.send_all_again(by=request.user)
    messages.success(request, f"{count:,} given up {'is' if count == 1 else 'are'} sent again within a few seconds.")
    return redirect("collection", slug="deliveries")


@acts("record", "chat-webhooks")
def webhook_try(request: HttpRequest, key: str) -> HttpResponse:
    """Send a message to a chat webhook that says it works."""
    webhook, address = _load(request, "chat-webhooks", key, ChatWebhook)
    actions.try_webhook(by=request.user, webhook=webhook, url=address)
    messages.success(request, "A message is on its way. How it went stands below within a few seconds.")
    return redirect(address)
