"""The head of an incident: how it stands, how bad it is, who leads it, who owns it."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.account import held_in
from incidents.acts import menu
from incidents.models import OPEN, Incident, IncidentKind, Point
from portal.collections import guarded_collections, reference_url, unknown_to
from portal.heads import Fact, Head, Pill, head, lead, pill
from portal.moments import moment_html
from portal.references.models import Reference
from services.heads import HIDDEN
from services.health.moments import duration
from services.oncall import saying
from services.oncall.reading import planned

NOBODY = format_html('<span class="gw-muted">{}</span>', "nobody yet")


@pill(on=Incident)
def incident_pill(request: HttpRequest, incident: Incident) -> Pill:
    return Pill(incident.status.category, str(incident.status), text=incident.reason)


@head(on=Incident)
def incident_head(request: HttpRequest, incident: Incident) -> Head:
    subtitle, more = lead(incident.summary)
    lead_person = next((each.person for each in held_in(incident) if each.role.slug == "lead"), None)
    may_change = request.user.has_perm("incidents.change_incident", incident)
    return Head(
        title=incident.title,
        over=incident.name,
        subtitle=" ".join(filter(None, (_lasting(incident), subtitle))),
        more=more,
        tags=_tags(incident),
        reach=[
            Fact("Severity", severity_html(incident), incident.severity.description if incident.severity else ""),
            Fact("Lead", _link(request, lead_person)),
            Fact("Owner", _link(request, incident.owner), _on_call(request, incident.owner)),
            Fact("Declared", moment_html(incident.declared_at), f"by {incident.declared_by or 'the portal'}"),
        ],
        actions=menu.step(incident) if may_change else [],
        menu=menu.menu(incident) if may_change else [],
        notes=_notes(request, incident),
    )


def _on_call(request: HttpRequest, owner: Reference | None) -> SafeString | str:
    """Who is on call now in the team that owns it, until when."""
    found = planned(owner.pk) if owner and not _is_hidden(request, owner) else None
    return format_html("On call now: {} {}", saying.everybody(found), saying.until(found)) if found else ""


def severity_html(incident: Incident) -> SafeString:
    if incident.severity is None:
        return format_html('<span class="gw-muted">{}</span>', "not said yet")
    return format_html("{}", incident.severity)


def _tags(incident: Incident) -> list[str]:
    kind = [] if incident.kind == IncidentKind.REAL else [str(incident.get_kind_display())]
    severity = [str(incident.severity)] if incident.severity else []
    return [*severity, *kind, "Private" if incident.is_private else "Open to all staff"]


def _lasting(incident: Incident) -> str:
    """How long it has been running, or was; nothing where it has no end."""
    times = {each.point: each.at for each in incident.times.all()}
    begun = times.get(Point.STARTED) or min((*times.values(), incident.declared_at))
    if incident.status.category in OPEN:
        return f"Running for {duration(max(0, (timezone.now() - begun).total_seconds()))}."
    end = times.get(Point.RESOLVED)
    return f"Lasted {duration((end - begun).total_seconds())}." if end and end > begun else ""


def _notes(request: HttpRequest, incident: Incident) -> list[Mapping[str, Any]]:
    """Where it went on, for whoever may see that."""
    into = incident.merged_into
    if into is None or not Incident.objects.visible(request.user).filter(pk=into.pk).exists():
        return []
    action = {"label": f"Open {into.name}", "url": reverse("record", args=["incidents", into.name.lower()])}
    return [{"status": "idle", "icon": "git-compare", "title": f"Merged into {into.name}", "text": into.title,
             "action": action}]  # fmt: skip


def _is_hidden(request: HttpRequest, reference: Reference) -> bool:
    """Whether the reader may not know of it; asked of the database only where there is a rule for its kind."""
    ruled = {kind for each in guarded_collections() for kind in each.kinds}
    return reference.kind in ruled and bool(unknown_to(request.user, [reference.pk]))


def _link(request: HttpRequest, reference: Reference | None) -> str:
    if reference is None:
        return NOBODY
    if _is_hidden(request, reference):
        return HIDDEN
    return format_html('<a href="{}">{}</a>', reference_url(reference.canonical, reference.attached), reference.label)
