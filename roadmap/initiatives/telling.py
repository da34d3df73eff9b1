"""Telling people of initiatives: whoever answers for one, in person or by the team. Of a private one only those are
told who are let in, in their inbox alone: mail, chat and the list of deliveries have other readers."""

from collections.abc import Iterator
from typing import Any

from portal.delivery.actions import notify
from portal.people.models import Membership, User
from portal.references.models import Reference
from roadmap.collections import INITIATIVES
from roadmap.models import Initiative


def tell(
    initiative: Initiative, *, kind: str, title: str, text: str, event: str, url: str = "", by: Any = None
) -> None:
    """Tell whoever answers for it, each once; ``event`` tells this from what else happens to it."""
    seeing = _let_in(initiative) if initiative.is_private else None
    for to, why in _answering(initiative):
        told: Any = to
        if seeing is not None:
            told = [each for each in (_members(to) if isinstance(to, Reference) else to) if each.pk in seeing]
        notify(
            to=told, kind=kind, title=title, text=text, url=url or INITIATIVES.url_of(initiative),
            about=f"initiative:{initiative.pk}#{event}", why=why, besides=by, inbox_only=initiative.is_private,
        )  # fmt: skip


def _answering(initiative: Initiative) -> Iterator[tuple[Reference | list[User], str]]:
    """The owner, and the team where there is no owner."""
    if initiative.owner is not None:
        yield _users([initiative.owner.pk]), f"You answer for {initiative.name}."
    elif initiative.team is not None:
        yield initiative.team, f"You are in {initiative.team}, which does {initiative.name}."


def _let_in(initiative: Initiative) -> set[int]:
    named = list(initiative.access.values_list("who", flat=True))
    members = Membership.objects.current().filter(team__in=named, trusted=True).values_list("person", flat=True)
    return {each.pk for each in _users([*named, *members])}


def _members(team: Reference) -> list[User]:
    rows = Membership.objects.current().filter(team=team, trusted=True)
    return _users(list(rows.values_list("person", flat=True)))


def _users(people: list[int]) -> list[User]:
    return list(User.objects.filter(person__reference__in=people, is_active=True))
