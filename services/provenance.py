"""Where each value came from: the document that describes a record says which fields it declares, and on which line."""

from collections.abc import Mapping

from django.db import models
from django.urls import reverse

from portal.declared import Declared, register_declared
from portal.references.models import Reference, Referenced
from services.catalog.fields import PATHS
from services.models import Document, DocumentStatus

_DESCRIBING = (DocumentStatus.ACCEPTED, DocumentStatus.FOREIGN, DocumentStatus.REJECTED)


def describing_document(reference: Reference) -> Document | None:
    """The document that describes what the reference names, if a file does.

    A document that was rejected since still does: what it declared goes on being the file's, not the browser's.
    """
    described = Document.objects.filter(reference=reference, conflict="").select_related("source", "run")
    return described.filter(status__in=_DESCRIBING).first()


def describes(document: Document) -> bool:
    """Whether what the document names is described by it, as ``describing_document`` asks the database."""
    return not document.conflict and document.status in _DESCRIBING


@register_declared
def declared_in_file(record: models.Model) -> Mapping[str, Declared]:
    """Model field → file and line, for a record that a document describes."""
    document = describing_document(record.reference) if isinstance(record, Referenced) else None
    return declared_by(document, type(record)) if document else {}


def declared_by(document: Document, model: type[models.Model]) -> dict[str, Declared]:
    """Model field → where ``document`` declares it: the first of the places that hold it."""
    url = reverse("record", args=["documents", document.pk])
    lines = {
        field: next((document.fields[path] for path in paths if path in document.fields), None)
        for field, paths in PATHS.get(model, {}).items()
    }
    return {field: Declared(document.file, line, url) for field, line in lines.items() if line is not None}
