"""Which freezes touch a plan. One of a team reaches the teams below it; one of a service or system reaches who owns it;
one without a scope is of the whole company."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q

from portal.collections import unknown_to
from portal.people.models import Team
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.constraints.collections import FREEZES
from roadmap.models import Freeze, FreezeScope
from services.health.subjects import name_of
from services.models import Entity


@dataclass(frozen=True)
class InForce:
    """One freeze as every plan shows it. ``is_late`` says that its last day is over and nobody has lifted it."""

    freeze: Freeze
    url: str
    scope: str
    is_late: bool


def in_force_for(references: Iterable[Reference | int] | None = None) -> list[Freeze]:
    """The freezes in force that touch any of these teams, services and systems; all of them with None. A constant
    number of queries. Scopes are read with them."""
    scopes = Prefetch("scope", FreezeScope.objects.select_related("what"))
    rows = list(Freeze.objects.in_force().prefetch_related(scopes).order_by("starts_on", "pk"))
    if references is None or not rows:
        return rows
    ids = {each if isinstance(each, int) else each.pk for each in references}
    reached = ids | _around(ids)
    return [each for each in rows if _touches(each, reached)]


def _touches(freeze: Freeze, reached: set[int]) -> bool:
    scope = [each.what_id for each in freeze.scope.all()]
    return not scope or not reached.isdisjoint(scope)


def _around(ids: set[int]) -> set[int]:
    """What a freeze may name so that it touches these: the owner, system and domain of an entity, what a team owns, and
    the teams above each team."""
    asked = Entity.objects.filter(Q(reference__in=ids) | Q(owner__in=ids))
    found: set[int] = set()
    for reference, owner, system, domain in asked.values_list("reference", "owner", "system", "domain"):
        found |= {each for each in ((owner, system, domain) if reference in ids else (reference,)) if each}
    return found | _above(ids | found)


def _above(ids: set[int]) -> set[int]:
    """The teams that these are part of, however far up."""
    parents = dict(Team.objects.exclude(parent=None).values_list("reference", "parent"))
    found: set[int] = set()
    waiting = list(ids)
    while waiting:
        parent = parents.get(waiting.pop())
        if parent is not None and parent not in found:
            found.add(parent)
            waiting.append(parent)
    return found


def teams_touched(freeze: Freeze) -> list[Reference]:
    """The teams whose plan a freeze touches, as the pages of teams have it; all of them where it is of the company."""
    teams = Reference.objects.filter(kind="group", attached=True).order_by("pk")
    scope = set(freeze.scope.values_list("what", flat=True))
    if not scope:
        return list(teams)
    owners = set(Entity.objects.filter(reference__in=scope, owner__isnull=False).values_list("owner", flat=True))
    return list(teams.filter(pk__in=scope | owners | _below(scope)))


def _below(ids: set[int]) -> set[int]:
    """The teams that are part of these, however far down."""
    parents = list(Team.objects.exclude(parent=None).values_list("reference", "parent"))
    found: set[int] = set()
    while new := {team for team, parent in parents if parent in ids | found} - found:
        found |= new
    return found


def shown(reader: Any, freezes: Iterable[Freeze]) -> list[InForce]:
    """The freezes as a plan shows them."""
    rows, today = list(freezes), organisation_today()
    hidden = unknown_to(reader, {each.what_id for row in rows for each in row.scope.all()})
    return [InForce(each, FREEZES.url_of(each), scope_in_words(each, hidden), each.ends_on < today) for each in rows]


def scope_in_words(freeze: Freeze, hidden: dict[int, str]) -> str:
    names = sorted(name_of(each.what, hidden, "") for each in freeze.scope.all())
    return ", ".join(names) if names else "the whole company"
