"""Records for tests: believable by default, exact where a test says so. They write through the portal's actions."""

import datetime as dt
import itertools
from typing import Any

from portal.delivery import actions as delivery
from portal.delivery.models import ChatWebhook
from portal.people import actions as people
from portal.people.models import Person, Role, ServiceAccount, Team, User
from portal.people.tokens import make_token
from portal.proposals.actions import propose
from portal.proposals.models import Proposal
from portal.references.models import Reference
from services import actions
from services.models import Entity, Relation, RelationType

_numbers = itertools.count(1)
# Before every day to which a test moves the clock.
JOINED = dt.date(2020, 1, 1)


def make_team(name: str = "", **values: Any) -> Team:
    name = name or f"team-{next(_numbers)}"
    return people.create_team(by=None, values={"name": name, "title": name.replace("-", " ").title(), **values})


def make_person(name: str = "", *, teams: tuple[Team, ...] = (), **values: Any) -> Person:
    name = name or f"person-{next(_numbers)}"
    defaults = {"title": name.replace("-", " ").title(), "email": f"{name}@larkspur.example"}
    person = people.create_person(by=None, values={"name": name, **defaults, **values})
    for team in teams:
        people.join_team(by=None, person=person.reference, team=team.reference, effective_from=JOINED)
    return person


def make_user(name: str = "", *, role: str = Role.READER, teams: tuple[Team, ...] = (), **values: Any) -> User:
    """A login with its person; the password is ``correct horse``."""
    person = make_person(name, teams=teams)
    return User.objects.create_user(person.email, "correct horse", person=person, role=role, **values)


def make_service_account(team: Team, name: str = "") -> ServiceAccount:
    values = {"name": name or f"machine-{next(_numbers)}", "team": team.reference}
    return people.create_service_account(by=None, values=values)


def token_for(holder: User | ServiceAccount, *scopes: str) -> str:
    """A working key for the API; with both scopes unless some are named."""
    return make_token(holder=holder, name="test", scopes=list(scopes or ("read", "write")))[1]


def make_entity(
    name: str = "", *, kind: str = "component", owner: Team | Person | None = None, **values: Any
) -> Entity:
    name = name or f"{kind}-{next(_numbers)}"
    defaults = {"type": "service", "lifecycle": "production"} if kind == "component" else {}
    owned: dict[str, Any] = {"owner": owner.reference} if owner else {}
    return actions.create_entity(by=None, values={"name": name, **defaults, **owned, **values}, kind=kind)


def make_reference(canonical: str) -> Reference:
    """A loose end: something that is named and not described."""
    kind, _, rest = canonical.partition(":")
    namespace, _, name = rest.partition("/")
    return Reference.objects.create(canonical=canonical, kind=kind, namespace=namespace, name=name, label=name)


def make_webhook(owner: Team | Person, name: str = "", **values: Any) -> ChatWebhook:
    """A chat webhook; ``CHAT_WEBHOOK_ALLOW`` must name a host that is not on https."""
    defaults = {"name": name or f"#alerts-{next(_numbers)}", "url": "https://hooks.slack.example/services/secret"}
    return delivery.create_webhook(by=None, values={**defaults, "owner": owner.reference, **values})


def make_proposal(source_key: str = "", **values: Any) -> Proposal:
    number = next(_numbers)
    defaults = {
        "kind": "limit",
        "title": f"Move ceiling {number}",
        "text": "It is reached before the work could be done.",
        "evidence": {"used": 0.92, "likely": "2027-02-12", "severity": 2},
        "price": {"lead_days": 60},
        "url": "/services/",
    }
    return propose(source_key=source_key or f"limit:{number}", **{**defaults, **values})


def depend(subject: Entity, *objects: Entity, type: str = RelationType.DEPENDS_ON) -> None:  # noqa: A002
    """Say that ``subject`` depends on each of ``objects``."""
    for each in objects:
        Relation.objects.create(subject=subject.reference, type=type, object=each.reference)
