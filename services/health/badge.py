"""The badge of an entity: a small picture of its health, for whoever has its address.

The address is a capability: it needs no sign-in, cannot be guessed, and ends when it is renewed or withdrawn.
"""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from portal.collections import collection_of, known_to
from portal.live import tag_of
from portal.people.entering import acts
from services.health import actions
from services.health.heads import UNWATCHED
from services.health.models import Badge, EntityHealth
from services.models import Entity

# Those who show it ask no more often; what went down is to be seen soon.
FRESH_FOR_S = 60
LONGEST = 40
# White on these has a contrast of at least 4.9:1, on light pages and on dark ones alike.
_COLOURS = {
    EntityHealth.HEALTHY: "#15713f",
    EntityHealth.DEGRADED: "#9a4c00",
    EntityHealth.FAILING: "#b42318",
    EntityHealth.MAINTENANCE: "#2f55c8",
}
_GREY = "#5f6570"
# Width in pixels of most letters of an 11 px sans-serif; textLength makes each text as wide as it was reckoned.
_NARROW, _WIDE = frozenset("fijlrtI.,:;'|!()[] "), frozenset("mwMWQO@%")


@login_not_required
@require_safe
def badge(request: HttpRequest, token: str) -> HttpResponseBase:
    """The picture, as SVG; 404 for an address that was never given, or is no longer."""
    given = Badge.objects.filter(token=token.replace("\x00", " "))
    found = given.select_related("entity__health").first()
    if found is None:
        return HttpResponse("There is no badge at this address.\n", status=404, content_type="text/plain")
    response = render(request, "health/badge.svg", _drawn(found.entity), content_type="image/svg+xml")
    response["ETag"] = tag_of(response.content)
    response["Cache-Control"] = f"public, max-age={FRESH_FOR_S}"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _drawn(entity: Entity) -> dict[str, Any]:
    health = getattr(entity, "health", None)
    word = health.get_status_display() if health else UNWATCHED
    name = _drawable(entity.title or entity.name)
    left, right = _width(name), _width(word)
    return {
        "name": name,
        "word": word,
        "colour": _COLOURS.get(EntityHealth(health.status), _GREY) if health else _GREY,
        "left": left,
        "right": right,
        "width": left + right,
        "name_length": left - 12,
        "word_at": left + 6,
        "word_length": right - 12,
    }


def _drawable(name: str) -> str:
    """A name without what XML forbids, and no longer than a badge."""
    shown = "".join(sign for sign in name if sign.isprintable())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1].rstrip()}…"


def _width(text: str) -> int:
    """Pixels for a text and the room at its ends."""
    return 12 + round(sum(4 if sign in _NARROW else 10 if sign in _WIDE else 7 for sign in text))


# Making and taking back the address


@acts("collection", "entities")
def badge_make(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an entity a badge, or the one it has another address."""
    entity = _editable(request, pk)
    had_one = Badge.objects.filter(entity=entity).exists()
    actions.make_badge(by=request.user, entity=entity)
    told = "a badge with a new address. The one it had before shows nothing any more" if had_one else "a badge"
    messages.success(request, f"{entity} has {told}.")
    return redirect(_tab(entity))


@acts("collection", "entities")
def badge_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the badge of an entity back."""
    entity = _editable(request, pk)
    actions.withdraw_badge(by=request.user, entity=entity)
    messages.success(request, f"{entity} has no badge any more. Its address shows nothing.")
    return redirect(_tab(entity))


def _editable(request: HttpRequest, pk: int) -> Entity:
    reader: Any = request.user
    known = known_to(reader, Entity.objects.all(), "reference")
    entity: Entity = get_object_or_404(known.select_related("reference", "owner"), pk=pk)
    if not reader.has_perm("services.change_entity", entity):
        raise PermissionDenied(f"You may not open the health of {entity} to others: it belongs to another team.")
    return entity


def _tab(entity: Entity) -> str:
    collection = collection_of(entity)
    assert collection is not None  # noqa: S101  entities of every kind have one
    return f"{collection.url_of(entity)}health/"
