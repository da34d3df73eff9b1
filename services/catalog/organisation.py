"""Teams, people and who is in which team, as a trusted source declares them.

Who is in a team may edit what the team owns, so only a source marked trusted gets here. A membership that a file
declares is the files': it ends when no document declares it any more, whichever sources team and person are of. Where
team and person are both described by the source (or the person by nobody), what no file declares ends as well. What
joins a team of the files to a person entered by hand is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.people.models import Membership, Person, Team
from portal.tenure import organisation_today
from services.catalog import bulk
from services.catalog.documents import Reading
from services.catalog.fields import declared_values, other_values
from services.catalog.kinds import CHILD_OF, HAS_MEMBER, MEMBER_OF, PARENT_OF
from services.catalog.reader import ASIDE, EMPTY, FOREIGN
from services.catalog.records import Written, defaults, write_records
from services.models import DeclaredMembership, Source

GROUP, USER = "group", "user"
UNTRUSTED = (
    "Teams and people give rights, so they are only taken from a trusted source. Mark the source as trusted, or "
    "describe them in one that is."
)
STRANGE = "This is no team or person that the portal knows. It is set aside, or it would keep the name of one."
Pair = tuple[int, int]


@dataclass(slots=True)
class OrganisationWrite:
    """What a run did to teams and people."""

    teams: Written
    people: Written


def set_aside(reading: Reading, *, trusted: bool) -> None:
    """Set aside what may not make a team or a person, so that it neither holds the name of one nor says anything of
    it: whatever an untrusted source has of these kinds, and what only bears the name of such a kind."""
    document = reading.document
    if document.status == FOREIGN:
        document.status, document.error = ASIDE, "\n".join((STRANGE, *document.notes))
    elif not trusted and document.status != EMPTY:
        document.status, document.error = ASIDE, UNTRUSTED


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
    _write_memberships(readings, ids)
    _end(_unsaid(groups, users))
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


def _write_memberships(readings: list[Reading], ids: dict[str, int]) -> None:
    """Make every membership that these documents declare, note which of them declare it, and end what was declared."""
    taken = [r for r in readings if r.pk and r.kind in (GROUP, USER) and r.document.is_taken]
    said = {reading.pk: _pairs(reading, ids) for reading in taken if reading.pk}
    if said:
        held = _held(dict.fromkeys(pair for pairs in said.values() for pair in pairs))
        silent = _silent(said)
        _note(said, held)
        _take_back(silent)


def _pairs(reading: Reading, ids: dict[str, int]) -> set[Pair]:
    """Person and team, from whichever side declares it; none where the document lost its claim."""
    if not (reading.is_winner and reading.reference_id):
        return set()
    own, relations = reading.reference_id, reading.document.relations
    members = {(ids[each.ref.canonical], own) for each in relations if each.type == HAS_MEMBER}
    return members | {(own, ids[each.ref.canonical]) for each in relations if each.type == MEMBER_OF}


def _held(wanted: Iterable[Pair]) -> dict[Pair, Membership]:
    """The open membership of each pair, made where there is none; somebody who left joins no team again."""
    pairs = list(wanted)
    people, teams = {person for person, _ in pairs}, {team for _, team in pairs}
    rows = Membership.objects.filter(person__in=people, team__in=teams, effective_to=None)
    held = {pair: row for row in rows if (pair := (row.person_id, row.team_id)) in wanted}
    Membership.objects.filter(pk__in=[row.pk for row in held.values() if not row.trusted]).update(trusted=True)
    left = set(Person.objects.filter(is_active=False).values_list("reference_id", flat=True))
    missing = [pair for pair in pairs if pair not in held and pair[0] not in left]
    new = [Membership(person_id=person, team_id=team) for person, team in missing]
    bulk.insert(Membership, new)
    return held | dict(zip(missing, new, strict=True))


def _silent(said: dict[int, set[Pair]]) -> list[DeclaredMembership]:
    """The declarations of these documents that they make no more, and of any that lost its claim to another."""
    rows = DeclaredMembership.objects.filter(Q(document__in=said) | Q(document__conflict__gt=""))
    return [
        row
        for row in rows.select_related("membership")
        if row.membership.effective_to
        or (row.membership.person_id, row.membership.team_id) not in said.get(row.document_id, ())
    ]


def _note(said: dict[int, set[Pair]], held: dict[Pair, Membership]) -> None:
    """Keep which document declares which membership."""
    noted = set(DeclaredMembership.objects.filter(document__in=said).values_list("document_id", "membership_id"))
    found = [(document, held[pair].pk) for document, pairs in said.items() for pair in pairs if pair in held]
    new = [DeclaredMembership(document_id=pk, membership_id=held_pk) for pk, held_pk in found]
    bulk.insert(DeclaredMembership, [row for row in new if (row.document_id, row.membership_id) not in noted])


def _take_back(rows: list[DeclaredMembership]) -> None:
    """Drop these declarations, and end what nothing else declares."""
    DeclaredMembership.objects.filter(pk__in=[row.pk for row in rows]).delete()
    memberships = Membership.objects.filter(pk__in=[row.membership_id for row in rows], effective_to=None)
    _end(memberships.filter(declarations=None))


def _unsaid(groups: Iterable[int], users: Iterable[int]) -> QuerySet[Membership]:
    """What nobody declares of teams and people that both are the source's, or of people whom nobody describes."""
    whom = Q(person__in=list(users)) | Q(person__attached=False)
    rows = Membership.objects.filter(whom, team__in=list(groups), effective_to=None, trusted=True)
    return rows.filter(declarations=None)


def said_only_by(source: Source) -> QuerySet[Membership]:
    """The memberships that hold because documents of this source declare them, and none of another."""
    declared = DeclaredMembership.objects.filter(membership=OuterRef("pk"))
    mine, others = declared.filter(document__source=source), declared.exclude(document__source=source)
    return Membership.objects.filter(Exists(mine), ~Exists(others), effective_to=None)


def withdraw(source: Source) -> int:
    """End what only this source declares of who is in which team, because it has no say; return how many these are."""
    ended = _end(said_only_by(source))
    DeclaredMembership.objects.filter(document__source=source).delete()
    return ended


def _end(memberships: QuerySet[Membership]) -> int:
    """End memberships today; one that began today is as if it had never been. Returns how many."""
    rows, today = list(memberships), organisation_today()
    Membership.objects.filter(pk__in=[row.pk for row in rows if row.effective_from >= today]).delete()
    Membership.objects.filter(pk__in=[row.pk for row in rows]).update(effective_to=today)
    return len(rows)
