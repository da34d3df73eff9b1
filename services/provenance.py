"""Where each value came from: the document that describes a record says which fields it declares, and on which line."""

from collections.abc import Mapping

from django.db import models
from django.urls import reverse

from portal.declared import Declared, register_declared
from portal.people.models import Person, Team
from portal.references.models import Reference, Referenced
from services.models import Document, DocumentStatus, Entity

# Path in a descriptor → model field, per model. What is not listed is kept in spec, labels or annotations.
_METADATA = {
    "metadata.name": "name",
    "metadata.title": "title",
    "metadata.description": "description",
    "metadata.tags": "tags",
    "metadata.links": "links",
}
_ANNOTATIONS = {
    f"metadata.annotations.groundwork/{name.replace('_', '-')}": name
    for name in ("tier", "privacy_class", "residency", "region", "failover", "encryption", "successor")
}
_ENTITY = {
    **_METADATA,
    **_ANNOTATIONS,
    "spec.type": "type",
    "spec.lifecycle": "lifecycle",
    "spec.owner": "owner",
    "spec.system": "system",
    "spec.domain": "domain",
}
_TEAM = {
    "metadata.name": "name",
    "metadata.title": "title",
    "metadata.description": "description",
    "spec.profile.displayName": "title",
    "spec.profile.email": "email",
    "spec.type": "type",
    "spec.parent": "parent",
    "metadata.annotations.groundwork/team-kind": "kind",
    "metadata.annotations.groundwork/chat": "chat",
    "metadata.annotations.groundwork/on-call": "on_call_url",
}
_PERSON = {
    "metadata.name": "name",
    "metadata.title": "title",
    "spec.profile.displayName": "title",
    "spec.profile.email": "email",
}
_FIELDS: dict[type[models.Model], Mapping[str, str]] = {Entity: _ENTITY, Team: _TEAM, Person: _PERSON}


def describing_document(reference: Reference) -> Document | None:
    """The document that describes what the reference names, if a file does."""
    described = Document.objects.filter(reference=reference, conflict="").select_related("source", "run")
    return described.filter(status__in=[DocumentStatus.ACCEPTED, DocumentStatus.FOREIGN]).first()


@register_declared
def declared_in_file(record: models.Model) -> Mapping[str, Declared]:
    """Model field → file and line, for a record that a document describes."""
    if not isinstance(record, Referenced) or type(record) not in _FIELDS:
        return {}
    document = describing_document(record.reference)
    return declared_by(document, type(record)) if document else {}


def declared_by(document: Document, model: type[models.Model]) -> dict[str, Declared]:
    """Model field → where ``document`` declares it."""
    url = reverse("record", args=["documents", document.pk])
    return {
        field: Declared(document.file, document.fields[path], url)
        for path, field in _FIELDS[model].items()
        if path in document.fields
    }
