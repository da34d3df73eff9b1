"""One-click sign-in as a person of the demo company: only with DEMO=1 and only on a loopback address."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from portal.loopback import is_from_here
from portal.people.models import User


@dataclass(frozen=True)
class DemoPerson:
    email: str
    label: str
    description: str


DEMO_PEOPLE = (
    DemoPerson(
        "mei.lindqvist@larkspur.example",
        "Engineer",
        "Mei Lindqvist, Checkout: finds owners, edits her team's services.",
    ),
    DemoPerson(
        "amara.diallo@larkspur.example", "SRE", "Amara Diallo, Core Platform: runs incidents, watches dependencies."
    ),
    DemoPerson("tomasz.wrona@larkspur.example", "Product manager", "Tomasz Wrona: decides about proposals."),
    DemoPerson("sofia.marchetti@larkspur.example", "Administrator", "Sofia Marchetti: logins, teams, everything."),
)


def demo_allowed(request: HttpRequest) -> bool:
    """The request is of this machine's own. Behind a proxy nobody's is, whatever it looks like."""
    return settings.DEMO and not settings.BEHIND_PROXY and is_from_here(request)


def demo_people() -> list[DemoPerson]:
    """Those of the demo people that have a login here."""
    emails = set(
        User.objects.filter(email__in=[each.email for each in DEMO_PEOPLE], is_active=True).values_list(
            "email", flat=True
        )
    )
    return [each for each in DEMO_PEOPLE if each.email in emails]
