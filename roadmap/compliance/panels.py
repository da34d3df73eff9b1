"""Compliance on the pages of frameworks, controls, evidence, services and initiatives."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, Q, Value, When
from django.http import HttpRequest
from django.urls import reverse

from portal.panels import Context, panel
from portal.prose import prose
from roadmap.compliance.collections import (
    CONTROLS,
    EVIDENCE,
    OPEN,
    Standing,
    seen,
    standing_of_control,
    standing_of_evidence,
)
from roadmap.models import Control, Evidence, Framework, Initiative
from services.health.heads import WATCHED
from services.models import Entity

KINDS = tuple(dict.fromkeys((*WATCHED, "system")))
MOST = 50


def _rows(found: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {"evidence": each, "url": EVIDENCE.url_of(each), "control_url": CONTROLS.url_of(each.control),
         "status": each.standing, "label": Standing(each.standing).label}
        for each in found
    ]  # fmt: skip


def _seen(request: HttpRequest) -> Any:
    rows = seen(request.user).annotate(standing=standing_of_evidence())
    return rows.select_related("control__framework", "service__reference", "owner", "initiative__reference")


@panel(on=Framework, slot="main", order=10, title="How it stands", template="roadmap/compliance_framework.html")
def of_framework(request: HttpRequest, framework: Framework) -> Context:
    """How many of its controls stand how, and those that want something."""
    rows = Control.objects.filter(framework=framework).annotate(standing=standing_of_control(request.user))
    counted = dict(rows.order_by().values_list("standing").annotate(number=Count("pk")))
    asked = urlencode({"framework_slug": framework.slug, "is_active": "*"})
    return {
        "counts": [
            {"label": each.label, "status": each.value, "number": counted[each.value],
             "url": f"{CONTROLS.url}?{asked}&standing={each.value}"}
            for each in Standing if each.value in counted
        ],
        "gaps_url": f"{reverse('compliance-gaps')}?framework={framework.slug}" if framework.is_active else "",
        "fact": f"{sum(counted.values()):,} controls" if counted else "",
        "link": {"label": "All controls", "url": f"{CONTROLS.url}?{asked}"},
    }  # fmt: skip


@panel(on=Control, slot="main", order=10, title="What is asked", template="roadmap/compliance_asked.html")
def asked(request: HttpRequest, control: Control) -> Context | None:
    return {"text": prose(control.description, below=2).body} if control.description else None


@panel(on=Control, slot="main", order=20, title="Evidence", template="roadmap/compliance_evidence.html")
def of_control(request: HttpRequest, control: Control) -> Context:
    found = list(_seen(request).filter(control=control).order_by("service__name", "pk")[: MOST + 1])
    address = f"{EVIDENCE.url}?{urlencode({'control': control.identifier})}"
    return {
        "rows": _rows(found[:MOST]), "of": "control", "empty": "Nobody has recorded anything about it yet.",
        "link": {"label": "All of it", "url": address} if len(found) > MOST else None,
    }  # fmt: skip


@panel(on=Evidence, slot="main", order=10, title="What shows it", template="roadmap/compliance_shown.html")
def shown(request: HttpRequest, evidence: Evidence) -> Context:
    return {"text": prose(evidence.text, below=2).body if evidence.text else ""}


@panel(on=Evidence, slot="rail", order=10, title="Facts", template="roadmap/compliance_facts.html")
def facts(request: HttpRequest, evidence: Evidence) -> Context:
    initiative = evidence.initiative
    return {"initiative": initiative.reference if initiative else None, "service": evidence.service}


@panel(on=Entity, slot="main", order=60, title="Compliance", template="roadmap/compliance_service.html", kinds=KINDS,
       lazy=True)  # fmt: skip
def of_service(request: HttpRequest, entity: Entity) -> Context:
    """What is recorded of a service, the worst first, beside which data it holds and where they may lie."""
    rows = _seen(request).filter(service=entity, control__framework__is_active=True)
    found = list(rows.order_by(_worst_first(), "control__framework__name", "control__identifier", "pk")[:MOST])
    number = rows.filter(standing__in=OPEN).count()
    whose = urlencode({"service": entity.reference.canonical}, safe=":/")
    return {
        "rows": _rows(found), "of": "service", "empty": "Nothing is recorded of it.",
        "is_open": number, "entity": entity,
        "fact": f"{number:,} to do" if number else "",
        "link": {"label": "All of it", "url": f"{EVIDENCE.url}?{whose}"} if found else None,
    }  # fmt: skip


_WORST_FIRST = (Standing.GAP, Standing.REVIEW_DUE, Standing.PARTLY, Standing.MET, Standing.NOT_APPLICABLE)


def _worst_first() -> Case:
    """By how it stands. The database sorts, so that no gap is behind what is cut off."""
    places = (When(standing=each, then=Value(place)) for place, each in enumerate(_WORST_FIRST))
    return Case(*places, default=Value(len(_WORST_FIRST)))


@panel(on=Initiative, slot="main", order=70, title="Gaps it closes", template="roadmap/compliance_evidence.html")
def of_initiative(request: HttpRequest, initiative: Initiative) -> Context | None:
    rows = _seen(request).filter(initiative=initiative)
    counted = rows.order_by().aggregate(all=Count("pk"), open=Count("pk", filter=Q(standing__in=OPEN)))
    if not counted["all"]:
        return None
    found = rows.order_by(_worst_first(), "control__identifier", "pk")[:MOST]
    whose = urlencode({"initiative": initiative.reference.canonical}, safe=":/")
    return {
        "rows": _rows(found), "of": "initiative", "fact": f"{counted['open']:,} of {counted['all']:,} open",
        "link": {"label": "All of it", "url": f"{EVIDENCE.url}?{whose}"} if counted["all"] > MOST else None,
    }  # fmt: skip
