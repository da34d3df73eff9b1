"""What the catalog puts on the home page: the services of one's teams, and what wants an owner's attention."""

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import urlencode

from django.db.models import F
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from portal.collections import get_collection, known_to, reference_url
from portal.history.events import recent_changes
from portal.home import MOST, Section, Waiting, register_home, register_waiting
from portal.listing import table
from portal.people.models import Membership, Person
from portal.query import parse
from portal.references.models import Reference
from services.models import Document, Entity, Lifecycle, needs_attention
from services.ownership import unanswered
from services.querysets import EntityQuerySet


@register_home
def my_services(request: HttpRequest) -> Section:
    """The services of the reader's teams, as the list of services shows them, most important first."""
    reader: Any = request.user
    teams = list(Reference.objects.filter(pk__in=reader.team_ids).order_by("label"))
    if not teams:
        return {"catalog_is_empty": not Entity.objects.exists()}
    params = QueryDict(mutable=True)
    params.setlist("owner", [team.canonical for team in teams])
    params.update({"columns": "name,health,tier,lifecycle,dependants", "sort": "tier,name", "size": "12"})
    services = get_collection("services")
    assert services is not None  # noqa: S101  it is ours
    owners = urlencode([("owner", team.canonical) for team in teams], safe=":/")
    shown = table(request, parse(services, reader, params))
    return {
        "services": {"note": ", ".join(team.label for team in teams), "url": f"{services.url}?{owners}", **shown},
        "changes": list(_changes_near(reader, teams)),
    }


def _known(reader: Any) -> EntityQuerySet:
    """What the reader may see of the catalog."""
    return cast("EntityQuerySet", known_to(reader, Entity.objects.all(), "reference"))


def _changes_near(reader: Any, teams: list[Reference]) -> Iterable[dict[str, Any]]:
    mine = _known(reader).owned_by([team.pk for team in teams])
    for change in recent_changes(Entity, mine.values("pk"), most=6):
        url = reference_url(change.version.pgh_obj.reference.canonical) if change.version.pgh_obj else ""
        yield {"icon": "edit", "title": change.version.name, "url": url, "text": change.text, "when": change.when}


@register_waiting
def empty_catalog(reader: Any) -> Iterable[Waiting]:
    """For administrators: how the first things come in."""
    if reader.is_administrator and not Entity.objects.exists():
        note = "manage.py catalog apply FOLDER reads descriptor files, or describe the first service by hand"
        yield Waiting("Fill the catalog", note, reverse("record-new", args=["services"]), "New service", "stack-2")


@register_waiting
def deprecated_but_needed(reader: Any) -> Iterable[Waiting]:
    """Deprecated things of the reader's teams that others still depend on."""
    if not reader.team_ids:
        return
    still_needed = (
        _known(reader).owned_by(reader.team_ids).filter(lifecycle=Lifecycle.DEPRECATED, state__dependants__gt=0)
    )
    for row in still_needed.order_by("-state__dependants").values("name", "reference__canonical", "state__dependants")[
        :MOST
    ]:
        count = row["state__dependants"]
        note = f"Deprecated, and {count} still depend{'s' if count == 1 else ''} on it"
        url = reference_url(row["reference__canonical"])
        yield Waiting(f"Move users off {row['name']}", note, url, "See who", "circle-arrow-right", "warn")


@register_waiting
def missing_tier(reader: Any) -> Iterable[Waiting]:
    """Services in production whose tier nobody has said."""
    if not reader.team_ids:
        return
    unsaid = (
        _known(reader)
        .of_kind("component")
        .owned_by(reader.team_ids)
        .filter(tier=None, lifecycle=Lifecycle.PRODUCTION, type__in=["service", "website"])
    )
    for row in unsaid.order_by("-state__dependants", "name").values("name", "reference__canonical")[:MOST]:
        url = reference_url(row["reference__canonical"]) + "edit/"
        yield Waiting(
            f"Say how important {row['name']} is", "In production without a tier", url, "Set tier", "stairs-up"
        )


@register_waiting
def owned_by_nobody(reader: Any) -> Iterable[Waiting]:
    """For administrators: what nobody owns, or who left or was closed does, or a team nobody has described."""
    if not reader.is_administrator:
        return
    unowned = _known(reader).filter(unanswered(), kind__in=["component", "api", "resource"]).select_related("owner")
    for entity in unowned.select_related("reference").order_by(F("tier").asc(nulls_last=True), "name")[:MOST]:
        url = reference_url(entity.reference.canonical)
        yield Waiting(f"Find an owner for {entity.name}", _why(entity), url, "Open", "user-question", "warn")


@register_waiting
def left_behind(reader: Any) -> Iterable[Waiting]:
    """What somebody owned who has left, for the teams they were in."""
    if not reader.team_ids:
        return
    colleagues = Membership.objects.filter(team__in=reader.team_ids).values("person")
    left = Person.objects.filter(is_active=False, reference__in=colleagues).values("reference")
    owned = _known(reader).filter(owner__in=left).select_related("reference", "owner")
    for entity in owned.order_by(F("tier").asc(nulls_last=True), "name")[:MOST]:
        url = reference_url(entity.reference.canonical)
        note = f"{entity.owner} was in your team and has left"
        yield Waiting(f"Take over {entity.name}", note, url, "Open", "user-question", "warn")


def _why(entity: Entity) -> str:
    if entity.owner is None:
        return "Nobody owns it"
    if not entity.owner.attached:
        return f"{entity.owner.canonical} is not described"
    return f"{entity.owner.label} {'has left' if entity.owner.kind == 'user' else 'was closed'}"


@register_waiting
def documents_to_mend(reader: Any) -> Iterable[Waiting]:
    """For administrators: documents of catalog files that were turned away, or describe what another one keeps."""
    count = Document.objects.filter(needs_attention()).count() if reader.is_administrator else 0
    if count:
        title = f"{count} catalog document{'s need' if count != 1 else ' needs'} mending"
        url = reverse("collection", args=["documents"])
        yield Waiting(
            title, "They were not taken, or lost to another; each says why", url, "See why", "file-alert", "warn"
        )


@register_waiting
def described_twice(reader: Any) -> Iterable[Waiting]:
    """What the reader's teams own and a second document claims to describe."""
    if not reader.team_ids:
        return
    mine = _known(reader).owned_by(reader.team_ids)
    claims = Document.objects.filter(conflict__gt="", reference__in=mine.values("reference"))
    for document in claims.annotate(label=F("reference__label")).order_by("file", "number")[:MOST]:
        url = reverse("record", args=["documents", document.pk])
        title = f"Settle who describes {document.label}"
        yield Waiting(title, f"{document} does as well, and was not taken", url, "See why", "file-alert", "warn")
