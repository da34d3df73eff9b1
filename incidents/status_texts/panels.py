"""What pages show of status updates: of an incident, of one update, of a feed."""

from django.http import HttpRequest
from django.urls import reverse

from incidents.models import Incident, StatusFeed, StatusText
from incidents.status_texts.posting import why_not_public
from portal.panels import Context, panel

SHOWN = 20
_FORMATS = (
    ("JSON", "status-feed-json"), ("JSON of what goes on", "status-feed-unresolved"), ("Atom", "status-feed-atom"),
)  # fmt: skip


@panel(on=Incident, slot="main", order=8, title="Status updates", template="incidents/_status_texts.html", live=True)
def status_texts(request: HttpRequest, incident: Incident) -> Context | None:
    """What was told, newest first, both texts side by side; and who may tell more, how."""
    rows = list(incident.status_texts.select_related("posted_by__person").order_by("-happened_at", "-pk")[:SHOWN])
    may = request.user.has_perm("incidents.change_incident", incident)
    if not rows and not may:
        return None
    url = reverse("incident-update", args=[incident.name])
    link = {"label": "Post an update", "url": url} if may and rows else None
    return {"texts": rows, "link": link, "post_url": url if may else "", "closed": why_not_public(incident)}


@panel(on=StatusText, slot="main", order=10, title="What was told", template="incidents/_status_texts.html")
def status_text(request: HttpRequest, text: StatusText) -> Context:
    return {"texts": [text], "closed": why_not_public(text.incident)}


@panel(on=StatusFeed, slot="main", order=10, title="Its addresses", template="incidents/_status_feed.html")
def addresses(request: HttpRequest, feed: StatusFeed) -> Context:
    found = [(label, name, request.build_absolute_uri(reverse(name, args=[feed.token]))) for label, name in _FORMATS]
    return {"addresses": found, "renew_url": reverse("status-feed-renew", args=[feed.pk])}
