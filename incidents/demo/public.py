"""What Larkspur told of its incidents while they lasted: each update to colleagues, and of the grave ones to the public
too, where a feed can be read."""

import datetime as dt
from collections.abc import Iterator, Sequence

from incidents.demo.course import Course, moment
from incidents.demo.rows import Writer
from incidents.models import (
    EventKind,
    Incident,
    PublicImpact,
    PublicIncident,
    PublicName,
    PublicStatus,
    SecretKind,
    SecretWord,
    StatusFeed,
    StatusText,
    TimelineEvent,
)
from incidents.status_texts.posting import components_of, why_not_public
from portal.references.models import Reference
from services.catalog import bulk

# Updates are kept for good; a page of them is read about the last year.
SHOWN = dt.timedelta(days=365)
# The first so many ranks of severity are told outside.
GRAVE = 2
PUBLIC_NAMES = {
    "checkout-api": "Checkout", "web-store": "Web shop", "store-content": "Web shop", "landing-pages": "Tour pages",
    "payments-gateway": "Payments", "refunds": "Refunds", "login-web": "Sign-in", "ticket-wallet": "Ticket wallet",
    "gate-scan-api": "Entry", "seat-map": "Seat maps",
}  # fmt: skip
_SECRETS = (("Stadion West", SecretKind.CUSTOMER, "one of our venues"), ("larkspur.internal", SecretKind.DOMAIN, ""))
_IMPACT = {1: PublicImpact.CRITICAL, 2: PublicImpact.MAJOR}
_TEXTS = {
    PublicStatus.INVESTIGATING: "Some of you see errors. We look for the reason and tell more within the hour.",
    PublicStatus.IDENTIFIED: "We know what it is and are at work on it. Trying again after a minute mostly helps.",
    PublicStatus.MONITORING: "It works again. We keep watching, and tell you when we are sure.",
    PublicStatus.RESOLVED: "All is well again. We are sorry for the trouble.",
}


def write(writer: Writer, told: Sequence[Course], now: dt.datetime) -> None:
    """The public names, a feed, and the updates of the last year."""
    StatusFeed.objects.create(
        name="Status page", page_name="Larkspur Status", page_url="https://status.larkspur.example/"
    )
    for word, kind, instead in _SECRETS:
        SecretWord.objects.create(word=word, kind=kind, replacement=instead)
    services = Reference.objects.filter(kind="component", name__in=PUBLIC_NAMES).order_by("name")
    PublicName.objects.bulk_create(PublicName(subject=each, name=PUBLIC_NAMES[each.name]) for each in services)
    recent = [each for each in told if each.scene.is_real and moment(each.scene.began) > now - SHOWN]
    incidents = [writer.incidents[each.scene.key] for each in recent]
    grave = [each for each in incidents if _is_told_outside(each)]
    PublicIncident.objects.bulk_create(PublicIncident(incident=each, title=_title(each)) for each in grave)
    bulk.insert(StatusText, [text for each in incidents for text in _updates(each, is_public=each in grave)])


def _is_told_outside(incident: Incident) -> bool:
    is_grave = incident.severity is not None and incident.severity.rank <= GRAVE
    return is_grave and not why_not_public(incident)


def _title(incident: Incident) -> str:
    """What was hit, in the words of customers."""
    hit = [each["name"] for each in components_of(incident, PublicStatus.INVESTIGATING)]
    return f"{hit[0]} may fail at the first try" if hit else "Some requests fail"


def _updates(incident: Incident, *, is_public: bool) -> Iterator[StatusText]:
    """Each update of its timeline, with what the public was told of it."""
    events = list(TimelineEvent.objects.filter(incident=incident, kind=EventKind.UPDATE).order_by("happened_at", "pk"))
    for place, event in enumerate(events):
        status = _status(incident, place, len(events)) if is_public else None
        outside = {
            "public_text": _TEXTS[status], "public_status": status, "public_impact": _impact(incident),
            "components": components_of(incident, status),
        } if status else {}  # fmt: skip
        yield StatusText(
            incident=incident, event=event, internal_text=event.text, happened_at=event.happened_at,
            posted_at=event.recorded_at, posted_by=event.recorded_by, **outside,
        )  # fmt: skip


def _status(incident: Incident, place: int, number: int) -> PublicStatus:
    """The first asks, the last says how it stands, and between them it is known."""
    if place == number - 1 and incident.status.category in {"resolved", "closed"}:
        return PublicStatus.RESOLVED
    if place == number - 1 and incident.status.category == "mitigated":
        return PublicStatus.MONITORING
    return PublicStatus.IDENTIFIED if place else PublicStatus.INVESTIGATING


def _impact(incident: Incident) -> PublicImpact:
    return _IMPACT[incident.severity.rank] if incident.severity else PublicImpact.MINOR
