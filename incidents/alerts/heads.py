"""The head of an alert: whether it fires, what it is about, and which incident it led to."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from incidents.alerts.noting import is_open
from incidents.collections import INCIDENTS
from incidents.models import AlertGroup, AlertSource
from portal.collections import reference_url, unknown_to
from portal.heads import Fact, Head, Pill, head, pill
from portal.looks import looks
from portal.moments import moment_html
from services.heads import HIDDEN

FIRING, OVER, ON, OFF = "fires", "ended", "source-on", "source-off"
looks({FIRING: ("bad", "bell-ringing"), OVER: "ok", ON: "ok", OFF: "idle"})
_NONE = format_html('<span class="gw-muted">{}</span>', "none")


@pill(on=AlertGroup)
def alert_pill(request: HttpRequest, group: AlertGroup) -> Pill:
    return Pill(FIRING, "Fires") if group.is_firing else Pill(OVER, "Over")


@pill(on=AlertSource)
def source_pill(request: HttpRequest, source: AlertSource) -> Pill:
    return Pill(ON, "Active") if source.is_active else Pill(OFF, "Switched off")


@head(on=AlertGroup)
def alert_head(request: HttpRequest, group: AlertGroup) -> Head:
    return Head(
        title=group.title,
        reach=[
            Fact("Service", _service(request, group), "found by its labels" if group.subject else "no label names one"),
            Fact("Incident", _incident(group)),
            Fact("Last told", moment_html(group.last_at), f"by {group.source}"),
            Fact("First told", moment_html(group.first_at)),
        ],
        actions=_actions(group),
    )


def _service(request: HttpRequest, group: AlertGroup) -> str:
    if group.subject is None:
        return _NONE
    if unknown_to(request.user, [group.subject_id]):
        return HIDDEN
    url = reference_url(group.subject.canonical, group.subject.attached)
    return format_html('<a href="{}">{}</a>', url, group.subject.label)


def _incident(group: AlertGroup) -> str:
    if group.incident is None:
        return _NONE
    return format_html('<a href="{}">{}</a>', INCIDENTS.url_of(group.incident), group.incident)


def _actions(group: AlertGroup) -> list[Mapping[str, str]]:
    belongs = {"label": "Put it to an incident", "url": reverse("alert-belongs", args=[group.pk])}
    if group.incident is not None and is_open(group.incident):
        return [{**belongs, "label": "Put it to another incident"}]
    return [{"label": "Declare an incident", "url": reverse("alert-declare", args=[group.pk])}, belongs]
