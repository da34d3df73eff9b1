"""Writes to people, teams and logins."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.actions import constraints_told, create_record, lock, update_record
from portal.people import belonging, erasing
from portal.people.models import (
    ApiToken,
    Membership,
    MembershipRole,
    Person,
    Role,
    ServiceAccount,
    Team,
    User,
)
from portal.references.models import Reference
from portal.tenure import organisation_today


@transaction.atomic
def create_team(*, by: Any, model: type[Team] = Team, values: Mapping[str, Any], kind: str = "group") -> Team:
    team = create_record(by=by, model=model, values=values, kind=kind)
    _refuse_circle(team)
    return team


@transaction.atomic
def update_team(*, by: Any, record: Team, values: Mapping[str, Any], version: int | None = None) -> Team:
    team = update_record(by=by, record=record, values=values, version=version)
    _refuse_circle(team)
    return team


def _refuse_circle(team: Team) -> None:
    """No team is part of itself, neither directly nor by the teams that it is part of."""
    above, seen = team.parent_id, set[int]()
    while above is not None and above not in seen:
        if above == team.reference_id:
            raise ValidationError({"parent": f"{team} would be part of itself. Choose a team that is not within it."})
        seen.add(above)
        above = Team.objects.filter(reference=above).values_list("parent", flat=True).first()


def create_person(
    *,
    by: Any,
    model: type[Person] = Person,
    values: Mapping[str, Any],
    kind: str = "user",
) -> Person:
    return create_record(by=by, model=model, values=values, kind=kind)


def create_user(*, by: Any, model: type[User] = User, values: Mapping[str, Any], kind: str = "") -> User:
    """Make a login without a password: its holder sets one by “Forgot your password?”."""
    user = model(**values)
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    with constraints_told(user):
        user.save()
    return user


@transaction.atomic
def update_user(*, by: Any, record: User, values: Mapping[str, Any], version: int | None = None) -> User:
    """Change a login. The last active administrator stays one, or nobody could mend anything."""
    _hold_administrators()
    user = update_record(by=by, record=record, values=values, version=version)
    erasing.forget_former_addresses(user)
    if not _administrators().exists():
        raise ValidationError("This is the last administrator. Make somebody else administrator first.")
    return user


def _administrators() -> QuerySet[User]:
    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)


def _hold_administrators() -> None:
    """Hold them until the transaction ends: of two who step down at once, the second sees that the first has."""
    list(_administrators().select_for_update().order_by("pk").values_list("pk", flat=True))


def create_service_account(
    *,
    by: Any,
    model: type[ServiceAccount] = ServiceAccount,
    values: Mapping[str, Any],
    kind: str = "",
) -> ServiceAccount:
    """Make a machine account. It has its team's rights, so only somebody of that team, or an administrator, may."""
    _check_team_of_machine(by, values["team"])
    return create_record(by=by, model=model, values=values)


def update_service_account(
    *, by: Any, record: ServiceAccount, values: Mapping[str, Any], version: int | None = None
) -> ServiceAccount:
    """Change a machine account. Its tokens take on the rights of its team, so it moves only to a team of the writer."""
    if values.get("team") not in (None, record.team):
        _check_team_of_machine(by, values["team"])
    return update_record(by=by, record=record, values=values, version=version)


def _check_team_of_machine(by: Any, team: Reference) -> None:
    if by is not None and not by.is_administrator and team.pk not in by.team_ids:
        raise ValidationError({"team": f"You are not in {team}. Choose a team of your own."})


@transaction.atomic
def deactivate_person(*, by: Any, person: Person, left_at: dt.date | None = None) -> Person:
    """Somebody leaves: memberships end, the login closes, tokens are revoked. What they owned stays, as work to do."""
    day = left_at or organisation_today()
    if day > organisation_today():
        raise ValidationError(
            f"{day:%-d %b %Y} is yet to come, and the login would close at once. Note the last day when it has come."
        )
    _hold_administrators()
    person = update_record(by=by, record=person, values={"is_active": False, "left_at": day})
    if not _another_administrator(person):
        raise ValidationError(f"{person} is the last administrator. Make somebody else administrator first.")
    still = Q(effective_to=None) | Q(effective_to__gt=day)
    for membership in Membership.objects.filter(still, person=person.reference_id):
        membership.effective_to = max(day, membership.effective_from)
        membership.save(update_fields=["effective_to"])
    User.objects.filter(person=person).update(is_active=False)
    ApiToken.objects.filter(user__person=person, revoked_at=None).update(revoked_at=timezone.now())
    return person


def _another_administrator(person: Person) -> bool:
    """Whether somebody may still mend everything once this person has left."""
    administrators = _administrators()
    return not administrators.filter(person=person).exists() or administrators.exclude(person=person).exists()


@transaction.atomic
def reactivate_person(*, by: Any, person: Person) -> Person:
    """Somebody comes back. Memberships, login and tokens are given anew, not restored."""
    if person.erased_on:
        raise ValidationError("The name was erased, so nobody knows who this was. Enter them as a new person.")
    return update_record(by=by, record=person, values={"is_active": True, "left_at": None})


@transaction.atomic
def erase_person(*, by: Any, person: Person, version: int | None = None) -> Person:
    """Take the name of somebody who left out of the portal and out of its history, for good. The record, what it owned
    and every id stay, as those of somebody who left.

    Raises ValidationError while they work here, or while a file describes them: an import would bring the name back.
    """
    locked = lock(person, version, {})
    erasing.refuse_unless_possible(locked)
    identity = erasing.identity_of(locked)
    for user in User.objects.filter(person=locked):
        erasing.erase_login(by, user)
    neutral = {
        "name": f"left-{locked.pk}",
        "title": erasing.TITLE,
        "email": "",
        "extra": {},
        "erased_on": organisation_today(),
    }
    erased = update_record(by=by, record=locked, values=neutral)
    erasing.erase_traces(erased, identity)
    return erased


@transaction.atomic
def join_team(
    *,
    by: Any,
    person: Reference,
    team: Reference,
    role: str = MembershipRole.MEMBER,
    effective_from: dt.date | None = None,
    trusted: bool = True,
) -> Membership:
    belonging.refuse_said_elsewhere(team, person)
    if Person.objects.filter(reference=person, is_active=False).exists():
        raise ValidationError(f"{person} has left. Who comes back is brought back on their own page first.")
    membership = Membership(
        person=person,
        team=team,
        role=role,
        effective_from=effective_from or organisation_today(),
        trusted=trusted,
    )
    membership.full_clean()
    with constraints_told(membership):
        membership.save()
    return membership


@transaction.atomic
def leave_team(*, by: Any, membership: Membership, effective_to: dt.date | None = None) -> Membership:
    """End a membership, today when no day is said; one that has yet to begin ends before it began."""
    belonging.refuse_said_elsewhere(membership.team, membership.person)
    membership.effective_to = effective_to or max(organisation_today(), membership.effective_from)
    membership.full_clean()
    membership.save(update_fields=["effective_to"])
    return membership


@transaction.atomic
def set_preferences(*, user: User, values: Mapping[str, Any]) -> User:
    """Change how the portal looks for its reader: theme, density, time zone, single-key shortcuts."""
    for name, value in values.items():
        setattr(user, name, value)
    user.full_clean(exclude=["password"])
    User.objects.filter(pk=user.pk).update(**values)
    return user
