"""Panels of a postmortem, and the one that it has on the page of its incident."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from incidents.models import (
    NO_INCIDENT,
    Comment,
    Incident,
    PdfState,
    Postmortem,
    PostmortemState,
    PostmortemTemplate,
)
from incidents.postmortems import content, reviewing
from incidents.postmortems.addresses import address_of, key_of, writing_address
from incidents.postmortems.due import days_asked, due_day
from incidents.postmortems.edition_views import without_title
from incidents.postmortems.saves import writers
from portal.panels import Context, panel
from portal.prose import Prose, prose


@panel(on=Incident, slot="rail", order=15, title="Postmortem", template="incidents/_postmortem_of.html")
def of_incident(request: HttpRequest, incident: Incident) -> Context | None:
    """How far the postmortem is, or the button that begins it and the day on which it is due."""
    found = Postmortem.objects.filter(incident=incident).select_related("latest").first()
    if found is None:
        may = request.user.has_perm("incidents.begin_postmortem", incident)
        if incident.status.category in NO_INCIDENT or not may:
            return None
        url = reverse("postmortem-begin", args=[key_of(incident)])
        return {"due_on": due_day(incident), "due_after": days_asked(incident), "begin_url": url}
    found.incident = incident
    may_write = found.state != PostmortemState.PUBLISHED and request.user.has_perm("incidents.change_postmortem", found)
    return {
        "postmortem": found, "due_on": found.due_on, "read_url": address_of(found),
        "write_url": writing_address(found) if may_write else "",
    }  # fmt: skip


@panel(on=Postmortem, slot="main", order=10, title="Report", template="incidents/_postmortem_report.html")
def report(request: HttpRequest, postmortem: Postmortem) -> Context:
    """The last edition; before there is one, what is written so far."""
    edition = postmortem.latest
    may_write = request.user.has_perm("incidents.change_postmortem", postmortem)
    return {
        "edition": edition, "report": _report(postmortem), "may_write": may_write,
        "is_next": edition is not None and postmortem.state != PostmortemState.PUBLISHED,
        "is_published": postmortem.state == PostmortemState.PUBLISHED, "key": key_of(postmortem.incident),
        "write_url": writing_address(postmortem), "writers": writers(postmortem),
        "fact": f"edition {edition.number}" if edition else "draft",
    }  # fmt: skip


def _report(postmortem: Postmortem) -> Prose:
    text = postmortem.latest.markdown if postmortem.latest else content.whole(postmortem)
    return prose(without_title(text))


@panel(on=Postmortem, slot="main", order=20, title="Comments", template="incidents/_postmortem_comments.html")
def comments(request: HttpRequest, postmortem: Postmortem) -> Context:
    """What readers ask and add, section by section, and the form for more."""
    found = Comment.objects.filter(section__postmortem=postmortem).select_related("section", "by__person")
    rows = list(found.order_by("section__place", "at"))
    return {
        "rows": [(each, _may_settle(request, postmortem, each)) for each in rows],
        "sections": postmortem.sections.order_by("place", "pk"), "key": key_of(postmortem.incident),
        "fact": f"{sum(each.settled_at is None for each in rows)} open" if rows else "",
    }  # fmt: skip


def _may_settle(request: HttpRequest, postmortem: Postmortem, comment: Comment) -> bool:
    user: Any = request.user
    return bool(comment.by_id == user.pk or user.has_perm("incidents.change_postmortem", postmortem))


@panel(on=Postmortem, slot="rail", order=5, title="On this page", template="incidents/_postmortem_contents.html")
def contents(request: HttpRequest, postmortem: Postmortem) -> Context | None:
    headings = _report(postmortem).headings
    return {"headings": headings} if headings else None


@panel(on=Postmortem, slot="rail", order=10, title="Review", template="incidents/_postmortem_reviews.html")
def reviews(request: HttpRequest, postmortem: Postmortem) -> Context | None:
    """Who was asked to read it, and who has."""
    rows = list(postmortem.reviews.select_related("who", "read_by__person").order_by("asked_at", "pk"))
    if not rows:
        return None
    return {
        "rows": rows, "is_asked": reviewing.is_asked(request.user, postmortem), "key": key_of(postmortem.incident),
        "is_in_review": postmortem.state == PostmortemState.IN_REVIEW,
        "may_write": request.user.has_perm("incidents.change_postmortem", postmortem),
        "fact": f"{sum(each.read_at is not None for each in rows)} of {len(rows)} have read it",
    }  # fmt: skip


@panel(
    on=Postmortem, slot="rail", order=20, title="Editions", template="incidents/_postmortem_editions.html", live=True
)
def editions(request: HttpRequest, postmortem: Postmortem) -> Context:
    """What was published, each as page and file."""
    rows = list(postmortem.editions.select_related("pdf", "published_by__person").order_by("-number"))
    return {
        "rows": [(each, getattr(each, "pdf", None)) for each in rows], "key": key_of(postmortem.incident),
        "ready": PdfState.READY, "failed": PdfState.FAILED, "waiting": PdfState.WAITING,
        "has_draft": postmortem.state != PostmortemState.PUBLISHED, "hints_url": _hints_url(postmortem),
    }  # fmt: skip


def _hints_url(postmortem: Postmortem) -> str:
    return reverse("postmortem-hints", args=[key_of(postmortem.incident)])


@panel(on=PostmortemTemplate, slot="main", order=10, title="Sections", template="incidents/_postmortem_template.html")
def template_sections(request: HttpRequest, template: PostmortemTemplate) -> Context:
    return {"sections": template.sections, "fact": f"{len(template.sections)}"}
