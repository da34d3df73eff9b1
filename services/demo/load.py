"""Loading Larkspur: its files through the catalog import, then its past through the actions that people use."""

import datetime as dt
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pghistory
import yaml
from django.db import transaction
from django.utils import timezone

from portal.people import actions as people
from portal.people.models import Membership, MembershipRole, Person, Role, User
from portal.references.models import Reference
from portal.tenure import organisation_today
from services import actions
from services.catalog.apply import apply_paths
from services.demo import backdate, story
from services.models import Entity, Ownership, OwnershipRole, Source

SOURCE = "Larkspur demo"
KIND = "demo"
FOLDER = Path(__file__).parent / "larkspur"
JOB_TITLE = "larkspur.example/job-title"
# Titles of people who lead a team or an area, as the files have them.
LEADING = ("Team lead", "Director", "Chief")


def is_loaded() -> bool:
    return Source.objects.filter(kind=KIND).exists()


@transaction.atomic
def load_company() -> None:
    """Read the company's files and give it a past."""
    Source.objects.create(name=SOURCE, kind=KIND, trusted=True)
    apply_paths([FOLDER], source=SOURCE, trusted=True)
    teller = _Teller()
    teller.prepare()
    backdate.date_tenures(_tenures(teller.today))
    teller.tell()
    backdate.date_tenures(_tenures(teller.today))
    backdate.date_history(teller.moments, beginning=teller.moment(story.BEGINNING, SOURCE))


class _Teller:
    """Lets people do in the portal what they did at Larkspur, in the order in which they did it."""

    def __init__(self) -> None:
        self.now, self.today = timezone.now(), organisation_today()
        self.moments: dict[UUID, dt.datetime] = {}
        self.references = dict(Reference.objects.values_list("canonical", "pk"))
        with self._as(None, story.BEGINNING):
            self.users = {name: self._make_login(name) for name in self._who_signs_in()}

    def prepare(self) -> None:
        """What stands when the story begins."""
        with self._as(None, story.BEGINNING):
            self._write_spells()
            self._make_machines()

    def tell(self) -> None:
        """What happened since, oldest first."""
        acts: list[tuple[int, Callable[[int, Any], None], Any]] = [(e.days, self._edit, e) for e in story.EDITS]
        acts += [(made.days, self._make, made) for made in story.MADE_BY_HAND]
        acts += [(days, self._let_go, name) for name, days in story.LEAVERS.items()]
        for days, act, subject in sorted(acts, key=lambda each: -each[0]):
            act(days, subject)

    def moment(self, days: int, subject: str) -> dt.datetime:
        """Some minute of a working day, that many days ago; the same for the same subject."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - dt.timedelta(days=days) + dt.timedelta(hours=7, seconds=_number(subject, 0, 36_000))

    @contextmanager
    def _as(self, who: str | None, days: int, subject: str = SOURCE) -> Iterator[None]:
        """Note what is written as somebody's doing, that long ago."""
        context = {"user": self.users[who].pk, "origin": "page"} if who else {"origin": SOURCE}
        with pghistory.context(**context) as history:
            self.moments[history.id] = self.moment(days, subject)
            yield

    def _reference(self, canonical: str) -> Reference:
        return Reference.objects.get(canonical=canonical)

    def _who_signs_in(self) -> list[str]:
        return sorted({edit.who for edit in (*story.EDITS, *story.MADE_BY_HAND)} | story.ROLES.keys())

    def _make_login(self, name: str) -> User:
        person = Person.objects.get(name=name)
        role = story.ROLES.get(name, Role.READER)
        return people.create_user(by=None, values={"email": person.email, "person": person, "role": role})

    def _make_machines(self) -> None:
        for name, (team, description) in story.MACHINES.items():
            values = {"name": name, "description": description, "team": self._reference(team)}
            people.create_service_account(by=self.users[story.ADMINISTRATOR], values=values)

    def _write_spells(self) -> None:
        """Memberships and ownerships that ended, and who is on call."""
        for spell in story.FORMER_MEMBERS:
            Membership.objects.create(person_id=self.references[spell.reference], **self._ended(spell, "team_id"))
        for spell in story.FORMER_OWNERS:
            Ownership.objects.create(entity=self._entity(spell.reference), **self._ended(spell, "owner_id"))
        for reference, person in story.ON_CALL.items():
            Ownership.objects.create(
                entity=self._entity(reference), owner_id=self.references[person], role=OwnershipRole.ON_CALL
            )

    def _ended(self, spell: story.Spell, team: str) -> dict[str, Any]:
        since, until = (self.today - dt.timedelta(days=days) for days in (spell.since, spell.until))
        return {team: self.references[spell.team], "effective_from": since, "effective_to": until}

    def _entity(self, canonical: str) -> Entity:
        return Entity.objects.get(reference__canonical=canonical)

    def _edit(self, days: int, edit: story.Edit) -> None:
        with self._as(edit.who, days, edit.reference):
            entity = self._entity(edit.reference)
            actions.update_entity(by=self.users[edit.who], record=entity, values=edit.values, version=entity.version)

    def _make(self, days: int, edit: story.Edit) -> None:
        values = dict(edit.values)
        for name in {"owner", "system"} & values.keys():
            values[name] = self._reference(values[name])
        with self._as(edit.who, days, edit.reference):
            actions.create_entity(by=self.users[edit.who], values=values, kind="component")

    def _let_go(self, days: int, name: str) -> None:
        with self._as(story.ADMINISTRATOR, days, name):
            left_at = self.today - dt.timedelta(days=days)
            people.deactivate_person(
                by=self.users[story.ADMINISTRATOR], person=Person.objects.get(name=name), left_at=left_at
            )


def _tenures(today: dt.date) -> list[backdate.Tenure]:
    """When each present membership and ownership began: a day that follows from its name, so always the same."""
    memberships = Membership.objects.exclude(effective_from__lt=today).select_related("person")
    ownerships = Ownership.objects.exclude(effective_from__lt=today).select_related("entity", "owner")
    leads = _leading_people()
    begun = {spell.reference: spell.until for spell in (*story.FORMER_MEMBERS, *story.FORMER_OWNERS)}
    begun |= {made.reference: made.days for made in story.MADE_BY_HAND}
    tenures = []
    for membership in memberships:
        days = begun.get(membership.person.canonical) or _number(membership.person.name, 150, 2400)
        role = MembershipRole.LEAD if membership.person.name in leads else MembershipRole.MEMBER
        tenures.append(backdate.Tenure(membership, today - dt.timedelta(days=days), role))
    for ownership in ownerships:
        days = begun.get(f"component:default/{ownership.entity.name}") or _number(ownership.entity.name, 90, 1700)
        tenures.append(backdate.Tenure(ownership, today - dt.timedelta(days=days), ownership.role))
    return tenures


def _number(name: str, least: int, most: int) -> int:
    """A number that follows from a name."""
    return least + zlib.crc32(name.encode()) % (most - least)


def _leading_people() -> set[str]:
    documents = yaml.safe_load_all((FOLDER / "org" / "people.yaml").read_text(encoding="utf-8"))
    titles = {
        each["metadata"]["name"]: each["metadata"]["annotations"]["larkspur.example/job-title"] for each in documents
    }
    return {name for name, title in titles.items() if title.startswith(LEADING)}
