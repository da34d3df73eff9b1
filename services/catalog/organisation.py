"""Teams, people and who is in which team, as a trusted source declares them.

Who is in a team may edit what the team owns, so only a source marked trusted gets here. Where team and person are both
described by the source (or the person by nobody), the files say who belongs: a membership that no file declares any
more ends. What joins a team of the files to a person entered by hand is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from portal.people.models import Membership, Person, Team
from portal.references.models import Reference
from portal.tenure import organisation_today
from services.catalog import bulk
from services.catalog.documents import Reading
from services.catalog.fields import declared_values, other_values
from services.catalog.kinds import CHILD_OF, HAS_MEMBER, MEMBER_OF, PARENT_OF
from services.catalog.records import Written, defaults, write_records

GROUP, USER = "group", "user"
UNTRUSTED = (
    "Teams and people give rights, so they are only taken from a trusted source. Mark the source as trusted, or "
    "describe them in one that is."
)
Pair = tuple[int, int]


@dataclass(slots=True)
class OrganisationWrite:
    """What a run did to teams and people."""

    teams: Written
    people: Written


def prepare(reading: Reading) -> None:
    """Work out the values a document declares, and note what of it does not fit."""
    model = Team if reading.kind == GROUP else Person
    values, notes = declared_values(model, reading.document.entity)
    entity = reading.document.entity
    reading.values = {"name": entity["metadata"]["name"], **values, "extra": other_values(model, entity)}
    reading.document.notes += tuple(notes)


def write_organisation(readings: list[Reading], ids: dict[str, int]) -> OrganisationWrite:
    """Bring teams, people and memberships in line with the documents; ``readings`` hold all of the source's."""
    known = [reading for reading in readings if reading.is_winner and reading.document.kind and reading.reference_id]
    groups = {r.reference_id: r for r in known if r.kind == GROUP if r.reference_id}
    users = {r.reference_id: r for r in known if r.kind == USER if r.reference_id}
    people = write_records(Person, {pk: {**defaults(Person, r), **r.values} for pk, r in users.items()})
    teams = _write_teams(groups, ids)
    _write_memberships(_pairs([*groups.values(), *users.values()], ids), set(groups), set(users))
    return OrganisationWrite(teams, people)


def _write_teams(groups: dict[int, Reading], ids: dict[str, int]) -> Written:
    parents = _parents(groups, ids)
    wanted = {pk: {**defaults(Team, r, but=("parent",)), **r.values} for pk, r in groups.items()}
    standing = dict(Team.objects.filter(reference_id__in=groups).values_list("reference_id", "parent_id"))
    for pk, values in wanted.items():
        if pk in parents:
            values["parent_id"] = parents[pk]
        elif standing.get(pk) in groups or "spec.parent" in groups[pk].fields_before:
            values["parent_id"] = None  # the files said so, and no longer do
    return write_records(Team, wanted)


def _parents(groups: dict[int, Reading], ids: dict[str, int]) -> dict[int, int]:
    """The parent of each team: the one it names, else the first one that names it as a child."""
    named: dict[int, int] = {}
    naming: dict[int, int] = {}
    for pk, reading in groups.items():
        for relation in reading.document.relations:
            if relation.type == CHILD_OF:
                named[pk] = ids[relation.ref.canonical]
            elif relation.type == PARENT_OF:
                naming.setdefault(ids[relation.ref.canonical], pk)
    return {pk: parent for pk, parent in {**naming, **named}.items() if pk in groups and pk != parent}


# --- memberships ----------------------------------------------------------------------------------------------------


def _pairs(readings: Iterable[Reading], ids: dict[str, int]) -> dict[Pair, None]:
    """Person and team, from whichever side declares it."""
    pairs: dict[Pair, None] = {}
    for reading in readings:
        for relation in reading.document.relations:
            if reading.reference_id and relation.type == HAS_MEMBER:
                pairs[ids[relation.ref.canonical], reading.reference_id] = None
            elif reading.reference_id and relation.type == MEMBER_OF:
                pairs[reading.reference_id, ids[relation.ref.canonical]] = None
    return pairs


def _write_memberships(wanted: dict[Pair, None], groups: set[int], users: set[int]) -> None:
    left = set(Person.objects.filter(is_active=False).values_list("reference_id", flat=True))
    people, teams = {person for person, _ in wanted}, {team for _, team in wanted}
    rows = Membership.objects.filter(Q(team__in=groups | teams) | Q(person__in=users | people), effective_to=None)
    present = {(row.person_id, row.team_id): row for row in rows}
    _end([row for pair, row in present.items() if pair not in wanted and row.trusted and _is_ours(row, groups, users)])
    confirmed = [row.pk for pair, row in present.items() if pair in wanted and not row.trusted]
    Membership.objects.filter(pk__in=confirmed).update(trusted=True)
    new = [pair for pair in wanted if pair not in present and pair[0] not in left]
    bulk.insert(Membership, [Membership(person_id=person, team_id=team) for person, team in new])


def _is_ours(row: Membership, groups: set[int], users: set[int]) -> bool:
    if row.team_id not in groups:
        return False
    return row.person_id in users or not Reference.objects.filter(pk=row.person_id, attached=True).exists()


def _end(rows: list[Membership]) -> None:
    """End memberships today; one that began today is as if it had never been."""
    today = organisation_today()
    Membership.objects.filter(pk__in=[row.pk for row in rows if row.effective_from >= today]).delete()
    Membership.objects.filter(pk__in=[row.pk for row in rows]).update(effective_to=today)
