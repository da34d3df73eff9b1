"""Telling people of incidents: those who have a role in one, who declared it, and the teams whose services it hits.

These are handlers of events (portal.events): they write into the inbox and the outbox in the transaction of what
happened, and one that fails keeps nothing from happening. Everybody is told once, with the nearest reason. Of a private
incident those who are let in are told, in their inbox alone: mail, chat and the list of deliveries have other readers.
Whatever hangs on an incident (its postmortem, its follow-ups) is told by the same ``tell``.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from incidents.collections import INCIDENTS
from incidents.events import IncidentDeclared, RoleChanged, SeverityChanged, StatusChanged, StatusTextPosted
from incidents.models import OPEN, Incident, IncidentKind
from portal.delivery.actions import notify
from portal.events import handles
from portal.people.models import Membership, User
from portal.references.models import Reference
from services.models import Entity

# What is written down later than this after it was declared is no news.
NEWS = dt.timedelta(days=1)


@dataclass(frozen=True)
class Circle:
    """Some who are told, and why: a team with its chat, or logins."""

    to: Reference | list[User]
    why: str

    def users(self) -> list[User]:
        """Each by themselves: of a team its members, without its chat."""
        return _members([self.to.pk]) if isinstance(self.to, Reference) else self.to


def circle_of(who: Reference, team_why: str, own_why: str) -> Circle:
    """A team, or a person, each with the reason that fits."""
    return Circle(who, team_why) if who.kind == "group" else Circle(_users([who.pk]), own_why)


def answering(incident: Incident, *, ever: bool = False) -> Iterator[Circle]:
    """Who answers for an incident: those who have a role in it, or with ``ever`` had one, who declared it, and the team
    that owns it."""
    held = incident.assignments.all() if ever else incident.assignments.filter(to_at=None)
    for each in held.select_related("role").order_by("pk"):
        have = "have" if each.to_at is None else "had"
        yield Circle(_users([each.person_id]), f"You {have} the role {each.role} in {incident.name}.")
    if incident.declared_by:
        yield Circle([incident.declared_by], f"You declared {incident.name}.")
    if incident.owner:
        yield Circle(incident.owner, f"You are in {incident.owner}, which owns {incident.name}.")


def hit(incident: Incident) -> Iterator[Circle]:
    """Who owns the services that an incident hits."""
    found = Entity.objects.filter(reference__in=incident.impacts.values("subject")).exclude(owner=None)
    for entity in found.select_related("owner").order_by("name"):
        if entity.owner:
            yield circle_of(entity.owner, f"You are in {entity.owner}, which owns {entity}.", f"You own {entity}.")


def circles(incident: Incident, *, ever: bool = False) -> Iterator[Circle]:
    """Whom an incident concerns, the nearest reason first."""
    if incident.is_private:
        yield Circle(_let_in(incident), f"You are let into {incident.name}, which is private.")
        return
    yield from answering(incident, ever=ever)
    yield from hit(incident)


def _let_in(incident: Incident) -> list[User]:
    named = list(incident.access.values_list("who", flat=True))
    return list({each.pk: each for each in (*_users(named), *_members(named))}.values())


def _members(teams: Iterable[int]) -> list[User]:
    return _users(Membership.objects.current().filter(team__in=teams, trusted=True).values_list("person", flat=True))


def _users(people: Iterable[int]) -> list[User]:
    return list(User.objects.filter(person__reference__in=list(people), is_active=True))


def tell(
    incident: Incident, *, kind: str, title: str, about: str, text: str = "", url: str = "", by: Any = None,
    to: Iterable[Circle] | None = None,
) -> None:  # fmt: skip
    """Tell everybody whom it concerns, or ``to``, once, but nobody of a private incident who does not see it, and not
    ``by``, who did it. ``about`` names the record and the event, as ``notify`` takes it."""
    seeing = {each.pk for each in _let_in(incident)} if incident.is_private else None
    for circle in circles(incident) if to is None else to:
        told = circle.to if seeing is None else [each for each in circle.users() if each.pk in seeing]
        notify(
            to=told, kind=kind, title=title, text=text, url=url or INCIDENTS.url_of(incident), about=about,
            why=circle.why, besides=by, inbox_only=incident.is_private,
        )  # fmt: skip


def _tell(incident: Incident, *, title: str, event: str, **more: Any) -> None:
    """Tell of an incident itself. ``event`` tells this from what else happens to it."""
    drill = "Drill: " if incident.kind == IncidentKind.DRILL else ""
    tell(incident, title=f"{drill}{title}", about=f"incident:{incident.pk}#{event}", **more)


def _is_news(incident: Incident) -> bool:
    """Whether it happens now: what is imported, or written down afterwards, wakes nobody."""
    return incident.kind != IncidentKind.RETROSPECTIVE and timezone.now() - incident.declared_at < NEWS


@handles(IncidentDeclared)
def tell_declared(event: IncidentDeclared) -> None:
    incident = event.incident
    if not _is_news(incident) or incident.status.category not in OPEN:
        return
    severity = f"{incident.severity}: " if incident.severity else ""
    _tell(
        incident, by=event.by, kind="incident-declared", title=f"{severity}{incident}", text=incident.summary[:500],
        event="declared",
    )  # fmt: skip


@handles(SeverityChanged)
def tell_severity(event: SeverityChanged) -> None:
    """Only what makes it worse: that it is less bad stands on its page."""
    incident, before = event.incident, event.before
    after = incident.severity
    if after is None or (before is not None and before.rank <= after.rank):
        return
    was = f", {before} before" if before else ""
    _tell(
        incident, by=event.by, kind="incident-severity", title=f"{incident.name} is {after}{was}", text=incident.title,
        event=f"severity-{incident.version}",
    )  # fmt: skip


@handles(StatusChanged)
def tell_status(event: StatusChanged) -> None:
    incident = event.incident
    is_back = event.before.category not in OPEN and incident.status.category in OPEN
    title = f"{incident.name} is open again: {incident.status}" if is_back else f"{incident.name} is {incident.status}"
    into = f"Merged into {incident.merged_into}." if incident.merged_into else ""
    _tell(
        incident, by=event.by, kind="incident-reopened" if is_back else "incident-status", title=title,
        text="\n".join(filter(None, (incident.title, into, event.reason))), event=f"status-{incident.version}",
    )  # fmt: skip


@handles(RoleChanged)
def tell_role(event: RoleChanged) -> None:
    """Whoever gets a role is told, and whoever had it, unless they did it themselves."""
    incident, role, at = event.incident, event.role, timezone.now().isoformat()
    if event.person:
        why = f"{event.by or 'The portal'} gave you a role in it."
        to = [Circle(_users([event.person.pk]), why)]
        _tell(incident, by=event.by, kind="incident-role", title=f"You are {role} of {incident}",
              text=role.description, event=f"role-{role.slug}-{at}", to=to)  # fmt: skip
    if event.before and event.before != event.person:
        who = f"{event.person} takes it over" if event.person else "nobody has it now"
        to = [Circle(_users([event.before.pk]), f"You had the role {role}.")]
        _tell(incident, by=event.by, kind="incident-role", title=f"You are no longer {role} of {incident}: {who}",
              event=f"role-{role.slug}-{at}", to=to)  # fmt: skip


@handles(StatusTextPosted)
def tell_update(event: StatusTextPosted) -> None:
    posted = event.text
    incident = posted.incident
    _tell(
        incident, by=event.by, kind="incident-update", title=f"Status update of {incident}",
        text=posted.internal_text or posted.public_text, event=f"update-{posted.pk}",
    )  # fmt: skip
