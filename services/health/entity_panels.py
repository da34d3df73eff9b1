"""Panels of health on the page of what is watched: how it is now on its overview, and a tab with what lies behind."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from portal.collections import collection_of
from portal.panels import Context, panel
from services.health.collections import CHECKS, LIMITS, MAINTENANCE, SLOS
from services.health.heads import WATCHED
from services.health.models import Badge, Check, CheckChange, Limit, MaintenanceWindow, Slo
from services.health.moments import counted
from services.health.planned import next_in_words, when_in_words
from services.health.service_health import PRODUCTION
from services.health.strip import Strip, strips, together
from services.models import Entity

CHANGES = 20


@panel(
    on=Entity, slot="main", order=10, title="Health", template="health/_entity.html", lazy=True, live=True,
    kinds=WATCHED,
)  # fmt: skip
def entity_health(request: HttpRequest, entity: Entity) -> Context:
    """Its status with the reason, its last 90 days, its checks and its SLOs. It loads by itself, so that the page does
    not wait, and follows what happens."""
    checks = _checks(entity)
    may = request.user.has_perm("services.change_entity", entity)
    return {
        "health": getattr(entity, "health", None),
        "strip": _decisive(checks, strips(checks)),
        "checks": [(CHECKS.url_of(each), each, getattr(each, "state", None)) for each in checks],
        "slos": _slos(entity),
        "add_url": f"{CHECKS.url}-/new/" if may else "",
        "promise_url": f"{SLOS.url}-/new/" if may else "",
        "fact": counted(len(checks), "check") if checks else "",
        "link": _to_tab(entity) if checks else None,
    }


def _checks(entity: Entity) -> list[Check]:
    return list(Check.objects.filter(entity=entity).select_related("state").order_by("name"))


def _slos(entity: Entity) -> list[tuple[str, Slo, Any]]:
    """Address, record and state of each that is active."""
    found = Slo.objects.filter(entity=entity, is_active=True).select_related("state").order_by("name")
    return [(SLOS.url_of(each), each, getattr(each, "state", None)) for each in found]


def _to_tab(entity: Entity) -> dict[str, str] | None:
    collection = collection_of(entity)
    return {"label": "Each check", "url": f"{collection.url_of(entity)}health/"} if collection else None


def _decisive(checks: list[Check], found: dict[int, Strip]) -> Strip | None:
    """The days of the entity: those of its checks of production, or of all where production has none."""
    decisive = [each for each in checks if each.environment == PRODUCTION] or checks
    return together(found[each.pk] for each in decisive) if decisive else None


@panel(
    on=Entity, slot="tab:health", order=10, title="Checks day by day", template="health/_check_days.html", live=True,
    kinds=WATCHED,
)  # fmt: skip
def check_days(request: HttpRequest, entity: Entity) -> Context:
    """Each check with its last 90 days."""
    checks = _checks(entity)
    found = strips(checks)
    may = request.user.has_perm("services.change_entity", entity)
    rows = [(CHECKS.url_of(each), each, getattr(each, "state", None), found[each.pk]) for each in checks]
    return {
        "strip": _decisive(checks, found),
        "rows": rows,
        "add_url": f"{CHECKS.url}-/new/" if may else "",
        "fact": "the last 90 days",
    }


@panel(on=Entity, slot="tab:health", order=15, title="SLOs", template="health/_slos.html", live=True, kinds=WATCHED)
def slos(request: HttpRequest, entity: Entity) -> Context:
    """What it promises: how much of each error budget is left, and whether it burns too fast."""
    found = _slos(entity)
    may = request.user.has_perm("services.change_entity", entity)
    return {"slos": found, "promise_url": f"{SLOS.url}-/new/" if may else "", "fact": len(found) or ""}


@panel(
    on=Entity, slot="tab:health", order=20, title="What changed", template="health/_changes.html", live=True,
    kinds=WATCHED,
)  # fmt: skip
def changes(request: HttpRequest, entity: Entity) -> Context:
    """When its checks went down and came back, newest first."""
    found = CheckChange.objects.filter(of__entity=entity).select_related("of").order_by("-at", "-pk")[:CHANGES]
    return {
        "changes": [(CHECKS.url_of(each.of), each) for each in found],
        "fact": f"the last {CHANGES}" if len(found) == CHANGES else "",
    }


@panel(on=Entity, slot="tab:health", order=30, title="Limits", template="health/_limits.html", kinds=WATCHED)
def limits(request: HttpRequest, entity: Entity) -> Context:
    """What of it runs out, and when; the one with the least time first."""
    found = Limit.objects.filter(metric__subject=entity.reference_id, is_active=True).select_related("state")
    rows: list[tuple[str, Limit, Any]] = [(LIMITS.url_of(each), each, getattr(each, "state", None)) for each in found]
    rows.sort(key=lambda row: (row[2] is None or row[2].q10_date is None, row[2] and row[2].q10_date, row[1].name))
    may = request.user.has_perm("services.change_entity", entity)
    return {"rows": rows, "add_url": f"{LIMITS.url}-/new/" if may else "", "fact": len(rows) or ""}


@panel(on=Entity, slot="tab:health", order=40, title="Maintenance", template="health/_windows.html", kinds=WATCHED)
def windows(request: HttpRequest, entity: Entity) -> Context:
    """When no answer is expected of it, from now on."""
    now = timezone.now()
    found = MaintenanceWindow.objects.filter(entity=entity).exclude(ends_at__lt=now).order_by("starts_at", "reason")
    may = request.user.has_perm("services.change_entity", entity)
    return {
        "windows": [(MAINTENANCE.url_of(each), each, when_in_words(each), next_in_words(each, now)) for each in found],
        "add_url": f"{MAINTENANCE.url}-/new/" if may else "",
    }


@panel(on=Entity, slot="tab:health", order=50, title="Badge", template="health/_badge.html", kinds=WATCHED)
def badge(request: HttpRequest, entity: Entity) -> Context:
    """The picture of its health for a README, with the Markdown for it; who may edit the entity makes and renews it."""
    made, collection = Badge.objects.filter(entity=entity).first(), collection_of(entity)
    address = request.build_absolute_uri(reverse("badge", args=[made.token])) if made else ""
    page = request.build_absolute_uri(collection.url_of(entity)) if collection else ""
    may = request.user.has_perm("services.change_entity", entity)
    return {
        "badge": made,
        "address": address,
        "markdown": f"[![Health of {_plain(str(entity))}]({address})]({page})" if made else "",
        "make_url": reverse("badge-make", args=[entity.pk]) if may else "",
        "withdraw_url": reverse("badge-withdraw", args=[entity.pk]) if may and made else "",
    }


def _plain(name: str) -> str:
    """A name as Markdown takes it between brackets."""
    return "".join(f"\\{sign}" if sign in "\\[]`*_<>!" else sign for sign in name)
