"""Heads of the catalog's pages: owner and how to reach them first."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.cells import owner_html
from portal.collections import reference_url, unknown_to
from portal.declared import declared_fields
from portal.heads import Fact, Head, head, lead
from portal.people.models import Person, Team
from portal.references.models import Reference
from services.access import can_take
from services.links import safe_link
from services.models import Document, Entity, Lifecycle, Source
from services.oncall import saying
from services.oncall.reading import on_call
from services.ownership import nobody_answers, record_behind

HIDDEN = format_html('<span class="gw-muted">{}</span>', "hidden from you")


@head(on=Entity)
def entity_head(request: HttpRequest, entity: Entity) -> Head:
    owner = entity.owner
    subtitle, more = lead(entity.description)
    tags = [f"Tier {entity.tier}"] if entity.tier is not None else []
    if entity.lifecycle:
        tags.append(str(entity.get_lifecycle_display()))
    return Head(
        title=entity.title or entity.name,
        subtitle=subtitle,
        more=more,
        tags=tags,
        reach=_reach(request, entity, owner) if owner else [],
        unowned=None if owner else _unowned(request, entity),
        notes=_notes(request, entity, owner),
    )


def _reach(request: HttpRequest, entity: Entity, owner: Reference) -> list[Fact]:
    if unknown_to(request.user, [owner.pk]):
        return [Fact("Owner", HIDDEN), Fact("When it breaks", _runbook(entity))]
    who = record_behind(owner)
    team = who if isinstance(who, Team) else None
    url = reference_url(owner.canonical, owner.attached)
    kind = f"{team.get_kind_display()} team" if team and team.kind else ""
    facts = [Fact("Owner", owner_html(owner.label, url, owner.kind, owner.attached), kind)]
    facts.append(Fact("Reach them", _reach_html(who)))
    if on_call := on_call_fact(owner, team):
        facts.append(on_call)
    facts.append(Fact("When it breaks", _runbook(entity)))
    return facts


def on_call_fact(team: Reference, described: Team | None) -> Fact | None:
    """Who is on call in a team now and until when, or where it stands; None where nobody has said either."""
    if found := on_call([team.pk]).get(team.pk):
        return Fact("On call now", saying.everybody(found), saying.until(found))
    url = described.on_call_url if described else ""
    return Fact("On call", safe_link(url, "Who is on call")) if url else None


def _reach_html(who: Team | Person | None) -> SafeString | str:
    chat, email = getattr(who, "chat", ""), getattr(who, "email", "")
    mail = format_html('<a href="mailto:{}">{}</a>', email, email) if email else ""
    if chat and email:
        return format_html("{}<br>{}", chat, mail)
    return chat or mail or format_html('<span class="gw-muted">{}</span>', "no contact given")


def _runbook(entity: Entity) -> SafeString:
    for link in entity.links:
        if "runbook" in f"{link.get('title', '')} {link.get('type', '')} {link.get('url', '')}".lower():
            return safe_link(link.get("url", ""), link.get("title") or "Runbook")
    return format_html('<span class="gw-muted">{}</span>', "no runbook linked")


def _unowned(request: HttpRequest, entity: Entity) -> dict[str, Any]:
    action, where = _way_to_an_owner(request, entity)
    return {"text": f"Nobody answers for it when it breaks. {where}".strip(), "actions": [action] if action else []}


def _way_to_an_owner(request: HttpRequest, entity: Entity) -> tuple[dict[str, str] | None, str]:
    """What the reader can do so that somebody answers for it: take it, or see which file names its owner."""
    if declared := declared_fields(entity).get("owner"):
        return {"label": "Open its document", "url": declared.url}, f"{declared.text} names its owner: change it there."
    take = {"label": "Take it", "url": reverse("take", args=[entity.pk])}
    return take if can_take(request.user, entity) else None, ""


def _notes(request: HttpRequest, entity: Entity, owner: Reference | None) -> list[Mapping[str, Any]]:
    notes: list[Mapping[str, Any]] = []
    if owner is not None and nobody_answers(entity) and not unknown_to(request.user, [owner.pk]):
        notes.append(_abandoned(request, entity, owner))
    if entity.lifecycle == Lifecycle.DEPRECATED:
        notes.append(_deprecation(request, entity))
    return notes[:1]


def _abandoned(request: HttpRequest, entity: Entity, owner: Reference) -> dict[str, Any]:
    """Its owner is not described, has left or was closed; whoever may take it finds the way."""
    action, where = _way_to_an_owner(request, entity)
    if owner.attached:
        title = f"{owner.label} {'has left' if owner.kind == 'user' else 'was closed'}"
        return _note("user-question", title, f"Hand it over to a team that is here. {where}".strip(), action)
    text = f"{owner.canonical} is named as its owner, but no file or person describes it. {where}".strip()
    return _note("user-question", "Its owner is unknown", text, action)


def _note(icon: str, title: str, text: str, action: dict[str, str] | None = None) -> dict[str, Any]:
    return {"status": "warn", "icon": icon, "title": title, "text": text, "url": "", "action": action}


def _deprecation(request: HttpRequest, entity: Entity) -> dict[str, Any]:
    count = entity.state.dependants if hasattr(entity, "state") else 0
    left = f"{count} still depend on it directly." if count else "Nothing depends on it any more."
    successor = entity.successor
    if successor is not None and unknown_to(request.user, [successor.pk]):
        return _note("alert-triangle", "It is deprecated", f"{left} Its successor is hidden from you.")
    if successor is None:
        return _note("alert-triangle", "It is deprecated", f"{left} No successor is named.")
    action = {"label": "Open it", "url": reference_url(successor.canonical, successor.attached)}
    return _note("alert-triangle", f"It is deprecated: use {successor.label}", left, action)


@head(on=Team)
def team_head(request: HttpRequest, team: Team) -> Head:
    kind = f"{team.get_kind_display()} team" if team.kind else team.type
    subtitle, more = lead(team.description)
    empty = format_html('<span class="gw-muted">{}</span>', "not set")
    mail = format_html('<a href="mailto:{}">{}</a>', team.email, team.email) if team.email else empty
    parent = team.parent
    part_of = owner_html(parent.label, reference_url(parent.canonical, parent.attached), "group") if parent else empty
    if parent and unknown_to(request.user, [parent.pk]):
        part_of = HIDDEN
    return Head(
        title=str(team),
        subtitle=subtitle,
        more=more,
        tags=[kind] if team.is_active else [kind, "Closed"],
        reach=[
            Fact("Write to", team.chat or empty),
            Fact("E-mail", mail),
            on_call_fact(team.reference, team) or Fact("On call", empty),
            Fact("Part of", part_of),
        ],
    )


@head(on=Person)
def person_head(request: HttpRequest, person: Person) -> Head:
    empty = format_html('<span class="gw-muted">{}</span>', "not set")
    mail = format_html('<a href="mailto:{}">{}</a>', person.email, person.email) if person.email else empty
    return Head(
        title=str(person),
        tags=[] if person.is_active else [f"Left {person.left_at:%-d %b %Y}" if person.left_at else "Left"],
        reach=[Fact("E-mail", mail)],
    )


@head(on=Document)
def document_head(request: HttpRequest, document: Document) -> Head:
    line = f", from line {document.line}" if document.line else ""
    return Head(
        title=document.file.rpartition("/")[2],
        subtitle=f"Document {document.number} of {document.file}{line}",
        tags=[str(document.get_status_display())],
    )


@head(on=Source)
def source_head(request: HttpRequest, source: Source) -> Head:
    trust = "Trusted: it may make teams and people" if source.trusted else "Not trusted with teams and people"
    location = source.location if request.user.has_perm("services.view_locations") else ""
    return Head(title=source.name, subtitle=location, tags=[trust, f"Precedence {source.precedence}"])


@head(on=Reference)
def reference_head(request: HttpRequest, reference: Reference) -> Head:
    is_named = Reference.objects.filter(Reference.objects.all().pointed_at(), pk=reference.pk).exists()
    text = "Something points at it. Describe it, or mend what points here." if is_named else "Nothing points at it."
    note = _note("unlink", "Nobody has described this", text)
    return Head(title=reference.canonical, notes=[] if reference.attached else [note])
