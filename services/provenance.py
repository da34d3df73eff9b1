"""Where each value came from: the document that describes a record says which fields it declares, and on which line."""

from collections.abc import Collection, Mapping

from django.db import models
from django.urls import reverse

from portal.declared import Declared, register_declared
from portal.people.belonging import register_belonging
from portal.references.models import Reference, Referenced
from services.catalog.fields import PATHS
from services.models import DeclaredMembership, Document, DocumentStatus

_DESCRIBING = (DocumentStatus.ACCEPTED, DocumentStatus.FOREIGN, DocumentStatus.REJECTED)


def describing_document(reference: Reference) -> Document | None:
    """The document that describes what the reference names, if a file does.

    A document that was rejected since still does: what it declared goes on being the file's, not the browser's.
    """
    described = Document.objects.filter(reference=reference, conflict="").select_related("source", "run")
    # In the order of the alphabet, which has those that hold the reference before a rejected one that only names it.
    return described.filter(status__in=_DESCRIBING).order_by("status", "pk").first()


def describes(document: Document) -> bool:
    """Whether what the document names is described by it, as ``describing_document`` asks the database."""
    return not document.conflict and document.status in _DESCRIBING


@register_declared
def declared_in_file(record: models.Model) -> Mapping[str, Declared]:
    """Model field → file and line, for a record that a document describes."""
    document = describing_document(record.reference) if isinstance(record, Referenced) else None
    return declared_by(document, type(record)) if document else {}


@register_belonging
def said_in_files(team: Reference, people: Collection[int]) -> dict[int, Declared]:
    """Person → where files say whether they are in the team: of those whom a file puts there, of those whom the team's
    source describes too, and of whom nobody describes (services.catalog.organisation)."""
    return {**_said_by_source(team, people), **_said_by_document(team, people)}


def _said_by_document(team: Reference, people: Collection[int]) -> dict[int, Declared]:
    """Of those whom a document puts into the team; the person's own where both do."""
    rows = DeclaredMembership.objects.filter(
        membership__team=team, membership__person__in=people, membership__effective_to=None,
        document__conflict="", document__status__in=_DESCRIBING, document__source__trusted=True,
    )  # fmt: skip
    found = rows.select_related("membership", "document").order_by("document__reference__kind")  # the user's comes last
    return {each.membership.person_id: _belonging(each.document, each.document) for each in found}


def _said_by_source(team: Reference, people: Collection[int]) -> dict[int, Declared]:
    found = Document.objects.filter(
        reference__in=[team.pk, *people], conflict="", status__in=_DESCRIBING, source__trusted=True
    )
    documents = {document.reference_id: document for document in found}
    if not (of_team := documents.get(team.pk)):
        return {}
    described = set(Reference.objects.filter(pk__in=people, attached=True).values_list("pk", flat=True))
    own = {pk: each for pk, each in documents.items() if each.source_id == of_team.source_id}
    return {pk: _belonging(of_team, own.get(pk)) for pk in people if pk in own or pk not in described}


def _belonging(of_team: Document, of_person: Document | None) -> Declared:
    """The person's list of teams, or where there is none the team's list of members."""
    listing = [(of_person, "spec.memberOf"), (of_team, "spec.members")]
    document, path = next(((each, path) for each, path in listing if each and path in each.fields), (of_team, ""))
    return Declared(document.file, document.fields.get(path), reverse("record", args=["documents", document.pk]))


def declared_by(document: Document, model: type[models.Model]) -> dict[str, Declared]:
    """Model field → where ``document`` declares it: the first of the places that hold it."""
    url = reverse("record", args=["documents", document.pk])
    lines = {
        field: next((document.fields[path] for path in paths if path in document.fields), None)
        for field, paths in PATHS.get(model, {}).items()
    }
    return {field: Declared(document.file, line, url) for field, line in lines.items() if line is not None}
