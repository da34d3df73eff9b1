"""The page of an initiative, part by part."""

from collections import Counter
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.panels import Context, panel
from portal.prose import prose
from roadmap.initiatives import elsewhere as _elsewhere  # noqa: F401  the panels on other pages
from roadmap.initiatives import finding, reach
from roadmap.initiatives.success import progress_of
from roadmap.models import Criterion, Initiative, InitiativeAccess, Link, Objection, Update
from services.health.moments import counted
from services.health.saying import day_in_words

UPDATES_SHOWN, REACHED_SHOWN = 10, 12
_ENDS = (
    "service", "incident__status", "incident__reference", "factor", "follow_up__incident", "limit__metric",
    "limit__state", "control__framework", "key_result__objective",
)  # fmt: skip


def _may(request: HttpRequest, initiative: Initiative) -> bool:
    return bool(request.user.has_perm("roadmap.change_initiative", initiative))


def _add(request: HttpRequest, initiative: Initiative, name: str, *more: str, label: str = "Add") -> Any:
    if not _may(request, initiative):
        return None
    return {"label": label, "url": reverse(name, args=[initiative.name.lower(), *more])}


@panel(on=Initiative, slot="main", order=10, title="Problem and scope", template="roadmap/_initiative_problem.html")
def problem(request: HttpRequest, initiative: Initiative) -> Context:
    texts = [("", initiative.problem), ("In scope", initiative.scope_in), ("Out of scope", initiative.scope_out)]
    shown = [(heading, prose(text, below=2, prefix=f"p{at}-").body) for at, (heading, text) in enumerate(texts) if text]
    return {"texts": shown}


def links_of(initiative: Initiative, reader: Any) -> list[Link]:
    """What it is linked to, as far as the reader may see it."""
    return list(Link.objects.visible(reader).filter(initiative=initiative).select_related(*_ENDS).order_by("pk"))


@panel(on=Initiative, slot="main", order=20, title="Evidence and links", template="roadmap/_initiative_links.html")
def links(request: HttpRequest, initiative: Initiative) -> Context:
    found = links_of(initiative, request.user)
    return {
        "groups": finding.by_kind(found), "may": _may(request, initiative), "fact": f"{len(found):,}" if found else "",
        "link": _add(request, initiative, "initiative-link"),
    }  # fmt: skip


@panel(on=Initiative, slot="main", order=30, title="Success criteria", template="roadmap/_initiative_criteria.html")
def criteria(request: HttpRequest, initiative: Initiative) -> Context:
    rows = Criterion.objects.filter(initiative=initiative).select_related("metric__state", "metric__subject")
    return {
        "rows": [
            {"criterion": each, "progress": progress_of(each),
             "metric_url": finding.url_of(each.metric) if each.metric else ""}
            for each in rows.order_by("pk")
        ],
        "may": _may(request, initiative),
        "link": _add(request, initiative, "initiative-part-new", "criteria"),
    }  # fmt: skip


@panel(on=Initiative, slot="main", order=40, title="Objections and answers",
       template="roadmap/_initiative_objections.html")  # fmt: skip
def objections(request: HttpRequest, initiative: Initiative) -> Context:
    rows = list(Objection.objects.filter(initiative=initiative).order_by("pk"))
    unanswered = sum(1 for each in rows if not each.answer)
    return {
        "rows": [(each, prose(each.answer, below=3, prefix=f"o{each.pk}-").body) for each in rows],
        "may": _may(request, initiative), "fact": f"{unanswered} unanswered" if unanswered else "",
        "link": _add(request, initiative, "initiative-part-new", "objections"),
    }  # fmt: skip


@panel(on=Initiative, slot="main", order=15, title="Updates", template="roadmap/_initiative_updates.html")
def updates(request: HttpRequest, initiative: Initiative) -> Context:
    rows = Update.objects.filter(initiative=initiative).select_related("by__person").order_by("-at", "-pk")
    found = list(rows[: UPDATES_SHOWN + 1])
    return {
        "rows": [(each, prose(each.text, below=3, prefix=f"u{each.pk}-").body) for each in found[:UPDATES_SHOWN]],
        "more": len(found) > UPDATES_SHOWN,
        "link": _add(request, initiative, "initiative-update", label="Post an update"),
    }


@panel(on=Initiative, slot="main", order=50, title="Downstream impact", template="roadmap/_initiative_reach.html",
       lazy=True)  # fmt: skip
def downstream(request: HttpRequest, initiative: Initiative) -> Context:
    """What depends on its services, so may feel the work: whom to tell."""
    found = reach.downstream(initiative, request.user)
    told = reach.to_tell(found)
    tiers = Counter("no tier" if each.entity.tier is None else f"tier {each.entity.tier}" for each in found)
    return {
        "rows": [(each, finding.url_of(each.entity)) for each in found[:REACHED_SHOWN]], "total": len(found),
        "more": max(0, len(found) - REACHED_SHOWN),
        "to_tell": [*told.teams, *told.people, *told.undescribed], "tiers": sorted(tiers.items()),
        "fact": f"{counted(len(found), 'part')} of the catalog, {told.words} to tell" if found else "",
    }  # fmt: skip


@panel(on=Initiative, slot="rail", order=10, title="Dates, effort and cost", template="portal/_facts.html")
def dates(request: HttpRequest, initiative: Initiative) -> Context:
    days = {
        "Start": initiative.starts_on, "Earliest end": initiative.ends_earliest, "Likely end": initiative.ends_likely,
        "Latest end": initiative.ends_latest, "Started": initiative.started_on, "Delivered": initiative.delivered_on,
    }  # fmt: skip
    rows = [(name, day_in_words(day)) for name, day in days.items() if day]
    if initiative.effort_days is not None:
        rows.append(("Effort", f"{initiative.effort_days:,g} days of people"))
    if initiative.cost is not None:
        rows.append(("Cost besides", f"{initiative.cost:,.2f}".removesuffix(".00")))
    rows += [(name, str(value)) for name, value in (("Cycle", initiative.cycle),) if value]
    return {"rows": rows or [("Dates", "not said yet")]}


@panel(on=Initiative, slot="rail", order=20, title="What it means to the business",
       template="roadmap/_initiative_goal.html")  # fmt: skip
def goal(request: HttpRequest, initiative: Initiative) -> Context:
    objective = initiative.objective
    return {"objective": objective, "objective_url": finding.url_of(objective) if objective else ""}


@panel(on=Initiative, slot="rail", order=30, title="Dedicated people", template="roadmap/_initiative_dedicated.html")
def dedicated(request: HttpRequest, initiative: Initiative) -> Context | None:
    if not initiative.is_hundredfold:
        return None
    rows = list(initiative.dedicated.select_related("person").order_by("person__label", "pk"))
    return {
        "rows": rows,
        "fact": len(rows) or "",
        "link": _add(request, initiative, "initiative-dedicated", label="Change"),
    }


@panel(on=Initiative, slot="rail", order=80, title="Who sees it", template="incidents/_access.html")
def access(request: HttpRequest, initiative: Initiative) -> Context | None:
    """The access list of a private one, for all who are on it."""
    if not initiative.is_private:
        return None
    rows = InitiativeAccess.objects.filter(initiative=initiative).select_related("who")
    return {
        "rows": list(rows.order_by("who__kind", "who__label")),
        "link": _add(request, initiative, "initiative-access", label="Change"),
    }
