"""The facts of a record for which nobody registered a panel: its columns, as the list shows them."""

from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from portal.cells import cell
from portal.collections import Collection, unknown_to
from portal.panels import Shown
from portal.query import annotated, unnamed


def facts_panel(request: HttpRequest, collection: Collection, record: models.Model) -> Shown:
    rows = fact_rows(request, collection, record)
    return Shown("Facts", "facts", render_to_string("portal/_facts.html", {"rows": rows}, request))


def fact_rows(
    request: HttpRequest, collection: Collection, record: models.Model, without: tuple[str, ...] = ()
) -> list[tuple[str, SafeString]]:
    """Label and value of every column that the reader may see, but those ``without``; in one query."""
    fields = [each for name, each in collection.fields_for(request.user).items() if name not in without]
    paths = [path for field in fields for path in field.paths]
    values = annotated(collection.visible(request.user), request.user, fields).filter(pk=record.pk)
    read = iter(values.values_list(*paths).get())
    known = unnamed(
        fields,
        [tuple(next(read) for _ in field.paths) for field in fields],
        frozenset(unknown_to(request.user).values()),
    )
    return [(field.label, cell(field, value)) for field, value in zip(fields, known, strict=True)]
