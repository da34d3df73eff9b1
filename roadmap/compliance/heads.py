"""The heads of controls and evidence: how they stand, whose they are, until when they hold."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.collections import collection_of, reference_url, unknown_to
from portal.heads import Fact, Head, Pill, head, pill
from roadmap.compliance.collections import (
    CONTROLS,
    EVIDENCE,
    FRAMEWORKS,
    Standing,
    standing_of_control,
    standing_of_evidence,
)
from roadmap.compliance.views import address_of
from roadmap.models import Control, Evidence, Framework, Fulfilment
from services.heads import HIDDEN
from services.health.moments import days_in_words

NOBODY = format_html('<span class="gw-muted">{}</span>', "nobody yet")
NOTHING = format_html('<span class="gw-muted">{}</span>', "not said")
THE_COMPANY = "The company as a whole"


@pill(on=Framework)
def framework_pill(request: HttpRequest, framework: Framework) -> Pill | None:
    return None if framework.is_active else Pill(Standing.OFF, Standing.OFF.label, text="It is not asked for")


@pill(on=Control)
def control_pill(request: HttpRequest, control: Control) -> Pill:
    found = Control.objects.filter(pk=control.pk).annotate(standing=standing_of_control(request.user))
    standing = Standing(found.values_list("standing", flat=True).get())
    return Pill(standing, standing.label)


@pill(on=Evidence)
def evidence_pill(request: HttpRequest, evidence: Evidence) -> Pill:
    found = Evidence.objects.filter(pk=evidence.pk).annotate(standing=standing_of_evidence())
    standing = Standing(found.values_list("standing", flat=True).get())
    return Pill(standing, standing.label)


@head(on=Control)
def control_head(request: HttpRequest, control: Control) -> Head:
    reader: Any = request.user
    new = reverse("control-evidence", args=[control.pk])
    actions: list[Mapping[str, str]] = [{"label": "Record evidence", "url": new, "primary": "yes"}]
    return Head(
        title=control.title,
        over=f"{control.framework} {control.identifier}",
        reach=[
            Fact("Framework", _link(FRAMEWORKS.url_of(control.framework), control.framework.name)),
            Fact("Reviewed every", f"{control.review_days} days"),
        ],
        actions=actions if EVIDENCE.may(reader, "add") else [],
    )


@head(on=Evidence)
def evidence_head(request: HttpRequest, evidence: Evidence) -> Head:
    control = evidence.control
    return Head(
        title=f"{control.identifier}: {control.title}",
        over=str(control.framework),
        reach=[
            Fact("Service", _service(evidence)),
            Fact("Owner", _owner(request, evidence)),
            Fact("Control", _link(CONTROLS.url_of(control), control.identifier)),
            Fact("Review by", *_day(evidence)),
        ],
        actions=_actions(request, evidence),
    )


def _actions(request: HttpRequest, evidence: Evidence) -> list[Mapping[str, str]]:
    if not request.user.has_perm("roadmap.change_evidence", evidence):
        return []
    is_proven = evidence.fulfilment in (Fulfilment.MET, Fulfilment.PARTLY)
    review = {"label": "Reviewed today", "url": address_of("review", evidence), "primary": "yes"}
    closing = {"label": "What closes it", "url": address_of("initiative", evidence), "primary": ""}
    return [*([review] if is_proven else []), *([closing] if evidence.fulfilment != Fulfilment.MET else [])]


def _service(evidence: Evidence) -> SafeString | str:
    service: Any = evidence.service
    if service is None:
        return THE_COMPANY
    collection = collection_of(service)
    return _link(collection.url_of(service), str(service)) if collection else str(service)


def _owner(request: HttpRequest, evidence: Evidence) -> SafeString:
    owner = evidence.owner
    if owner is None:
        return NOBODY
    if unknown_to(request.user, [owner.pk]):
        return HIDDEN
    return _link(reference_url(owner.canonical, owner.attached), owner.label)


def _day(evidence: Evidence) -> tuple[SafeString, str]:
    day = evidence.review_by
    if day is None:
        return NOTHING, ""
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), f"{day.day} {day:%b %Y}"), days_in_words(day)


def _link(url: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
