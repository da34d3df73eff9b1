"""The public texts for machines: incidents in the JSON of Statuspage, and as an Atom feed. Both are capability URLs.

The JSON has the shape of a status page's public API, ``{"page": …, "incidents": […]}``, so that what reads such a page
reads this one. Only public texts, public titles and public names of services are in it: nothing else of an incident.
"""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import F, Max, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape, linebreaks
from django.views.decorators.http import require_safe

from incidents.models import PublicIncident, PublicStatus, StatusFeed, StatusText
from incidents.models.status_text import new_feed_token
from incidents.status_texts.posting import worst_impact
from portal.live import tag_of

# As many as a status page shows; whoever reads it asks no more often than this.
MOST, FRESH_FOR_S = 50, 30
_EVER = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def renew(*, by: Any, feed: StatusFeed) -> None:
    """Give a feed another token: its addresses end, and others begin."""
    StatusFeed.objects.filter(pk=feed.pk).update(token=new_feed_token())


@login_not_required
@require_safe
def incidents_json(request: HttpRequest, token: str, unresolved: bool = False) -> HttpResponseBase:
    """The last incidents, newest first, each with its updates, newest first."""
    feed = _feed(token)
    if feed is None:
        return _nothing()
    found = [each for each in _incidents() if not (unresolved and _latest(each).public_status == PublicStatus.RESOLVED)]
    answer = {"page": _page(feed, found), "incidents": [_incident(feed, each) for each in found]}
    return _answer(request, json.dumps(answer, ensure_ascii=False).encode(), "application/json")


@login_not_required
@require_safe
def history_atom(request: HttpRequest, token: str) -> HttpResponseBase:
    """The same as a feed for readers: an entry for each incident, with its updates as its content."""
    feed = _feed(token)
    if feed is None:
        return _nothing()
    found = _incidents()
    address = request.build_absolute_uri(request.path)
    page = feed.page_url or address
    atom = Atom1Feed(
        title=feed.page_name, link=page, feed_url=address, description="", feed_guid=f"tag:{_host(request)}:{feed.pk}"
    )
    for each in found:
        texts, first = _texts(each), _texts(each)[-1].posted_at
        atom.add_item(
            title=each.title, link=f"{page}#{each.code}", description=_content(texts), updateddate=_updated(each),
            pubdate=first, unique_id=f"tag:{_host(request)},{first:%Y}:incident/{each.code}",
        )  # fmt: skip
    # Without entries the library says now, and the file would change with every look.
    body = atom.writeString("utf-8") if found else _empty(atom)
    return _answer(request, body.encode(), atom.content_type)


def _empty(atom: Atom1Feed) -> str:
    atom.latest_post_date = lambda: _EVER  # type: ignore[method-assign]
    return str(atom.writeString("utf-8"))


def _feed(token: str) -> StatusFeed | None:
    return StatusFeed.objects.filter(token=token.replace("\x00", " "), is_active=True).first()


def _nothing() -> HttpResponse:
    return HttpResponse("There is no feed at this address.\n", status=404, content_type="text/plain")


def _answer(request: HttpRequest, body: bytes, content_type: str) -> HttpResponseBase:
    response = HttpResponse(body, content_type=content_type)
    response["ETag"] = tag_of(body)
    response["Cache-Control"] = f"public, max-age={FRESH_FOR_S}"
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _incidents() -> list[PublicIncident]:
    """Those that something public was said of, the one that was updated last first."""
    public = StatusText.objects.public()
    texts: QuerySet[StatusText] = public.order_by("-happened_at", "-pk")
    rows = PublicIncident.objects.filter(incident__in=public.values("incident"))
    told = ~Q(incident__status_texts__public_text="")
    rows = rows.annotate(last=Max("incident__status_texts__posted_at", filter=told)).order_by(F("last").desc(), "pk")
    return list(rows.prefetch_related(Prefetch("incident__status_texts", queryset=texts, to_attr="told"))[:MOST])


def _texts(each: PublicIncident) -> Sequence[StatusText]:
    """The public updates of an incident, newest first."""
    told: Sequence[StatusText] = each.incident.told  # type: ignore[attr-defined]
    return told


def _latest(each: PublicIncident) -> StatusText:
    return _texts(each)[0]


def _updated(each: PublicIncident) -> dt.datetime:
    return max(text.posted_at for text in _texts(each))


def _page(feed: StatusFeed, found: Sequence[PublicIncident]) -> dict[str, Any]:
    updated = max((_updated(each) for each in found), default=feed.created_at)
    return {
        "id": _page_id(feed), "name": feed.page_name, "url": feed.page_url, "time_zone": settings.TIME_ZONE,
        "updated_at": _said(updated),
    }  # fmt: skip


def _page_id(feed: StatusFeed) -> str:
    return f"page{feed.pk}"


def _incident(feed: StatusFeed, each: PublicIncident) -> dict[str, Any]:
    texts, latest = _texts(each), _latest(each)
    return {
        "id": each.code, "page_id": _page_id(feed), "name": each.title, "status": latest.public_status,
        "impact": worst_impact([text.public_impact for text in texts]),
        "created_at": _said(texts[-1].posted_at), "updated_at": _said(_updated(each)),
        "started_at": _said(texts[-1].happened_at),
        "monitoring_at": _since(texts, PublicStatus.MONITORING), "resolved_at": _since(texts, PublicStatus.RESOLVED),
        "shortlink": feed.page_url, "components": [_component(one) for one in latest.components],
        "incident_updates": _updates(each),
    }  # fmt: skip


def _updates(each: PublicIncident) -> list[dict[str, Any]]:
    """Each says what it changed: a component's old status is that of the update before."""
    made: list[dict[str, Any]] = []
    before: dict[str, str] = {}
    for text in reversed(_texts(each)):
        affected = [
            {"code": one["code"], "name": one["name"], "old_status": before.get(one["code"], "operational"),
             "new_status": one["status"]}
            for one in text.components
        ]  # fmt: skip
        before |= {one["code"]: one["status"] for one in text.components}
        made.append({
            "id": text.code, "incident_id": each.code, "status": text.public_status, "body": text.public_text,
            "created_at": _said(text.posted_at), "updated_at": _said(text.posted_at),
            "display_at": _said(text.happened_at), "affected_components": affected or None,
        })  # fmt: skip
    return made[::-1]


def _component(one: dict[str, str]) -> dict[str, str]:
    return {"id": one["code"], "name": one["name"], "status": one["status"]}


def _since(texts: Sequence[StatusText], status: str) -> str | None:
    """Since when it has stood so; of what it is not any more, nothing, unless it went on from there."""
    latest = texts[0].public_status
    if status == PublicStatus.RESOLVED and latest != status:
        return None
    at = max((text.happened_at for text in texts if text.public_status == status), default=None)
    return _said(at) if at else None


def _said(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _content(texts: Sequence[StatusText]) -> str:
    """The updates as HTML; what people wrote is text in it."""
    return "".join(
        f"<p><small>{text.happened_at.astimezone(dt.UTC):%-d %b %Y, %H:%M} UTC</small><br>"
        f"<strong>{escape(text.get_public_status_display())}</strong></p>"
        f"{linebreaks(text.public_text, autoescape=True)}"
        for text in texts
    )


def _host(request: HttpRequest) -> str:
    return request.get_host().partition(":")[0]
