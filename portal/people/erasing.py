"""What goes with the name of somebody who left: of the person, of their login, and out of history."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.utils import timezone

from portal.actions import update_record
from portal.declared import declared_fields
from portal.history.erasing import redact_addresses, redact_versions, versions_of
from portal.people.models import ApiToken, Person, User
from portal.references.models import Reference

TITLE = "Somebody who left"


@dataclass(frozen=True)
class Identity:
    """Every way in which rows could name a person until now: ``keys`` in addresses, ``names`` and ``emails`` as they
    are or were written, and the ``neutral_email`` that nobody reads."""

    keys: list[str]
    names: set[str]
    emails: set[str]
    neutral_email: str


Forget = Callable[[Identity], None]
_forget: list[Forget] = []


def forgets(forget: Forget) -> Forget:
    """Register what takes an identity out of rows that name people in words. It runs in the erasing transaction."""
    _forget.append(forget)
    return forget


def why_not(person: Person) -> str:
    """Why the name cannot be erased now, and what to do about it; nothing where it can."""
    if person.is_active:
        return f"{person} works here. Only the name of somebody who left can be erased: note the last day first."
    if person.erased_on:
        return "The name was erased already."
    if declared := next(iter(declared_fields(person).values()), None):
        return (
            f"{declared.text} describes {person}, and the next import would bring the name back. "
            "Remove it from the file, import again, then erase the name."
        )
    return ""


def refuse_unless_possible(person: Person) -> None:
    if reason := why_not(person):
        raise ValidationError(reason)


def erase_login(by: Any, user: User) -> None:
    """Leave a login that nobody can use: no address, no password, no session, tokens without a name."""
    neutral = {"email": f"left-{user.pk}@erased.invalid"}
    user = update_record(by=by, record=user, values={**neutral, "is_active": False})
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(password=user.password)
    forget_former_addresses(user)
    for token in ApiToken.objects.filter(user=user):
        ApiToken.objects.filter(pk=token.pk).update(name="erased")
        redact_versions(token, {"name": "erased"})
    redact_versions(user, neutral)
    _end_sessions(user)


def forget_former_addresses(user: User) -> None:
    """Close the login to the addresses that it had: allauth keeps each that a link for a new password was sent to, and
    goes on signing in by it."""
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()


def _end_sessions(user: User) -> None:
    """The table does not say whose a session is: that is inside it."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get(SESSION_KEY) == str(user.pk):
            SessionStore(session.session_key).delete()


def identity_of(person: Person) -> Identity:
    """How the person was named until now, as far back as history goes."""
    written = [person, *versions_of(person)]
    users = User.objects.filter(person=person)
    logins = [each for user in users for each in (user, *versions_of(user))]
    emails = {each.email for each in (*written, *logins) if each.email}
    names = {str(each.title or each.name) for each in written} | emails
    return Identity(_keys_of(person.reference), names, emails, f"left-{person.pk}@erased.invalid")


def _keys_of(reference: Reference) -> list[str]:
    canonicals = [reference.canonical, *reference.aliases.values_list("canonical", flat=True)]
    keys = []
    for canonical in canonicals:
        _, _, rest = canonical.partition(":")
        namespace, _, name = rest.partition("/")
        keys += [canonical, f"{namespace}:{name}", *([name] if namespace == "default" else [])]
    return keys


def erase_traces(person: Person, identity: Identity) -> None:
    """Let history, former references and whoever else wrote it down forget what the person no longer bears."""
    person.reference.aliases.all().delete()
    redact_versions(person, {"name": person.name, "title": person.title, "email": "", "extra": {}})
    for forget in _forget:
        forget(identity)
    # The last, because forgetting is history too, and notes the address of the page that it was asked for on.
    redact_addresses("people", identity.keys, person.name)
