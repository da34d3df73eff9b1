"""Keeping the search index true, and asking it."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Q

from portal.search import words
from portal.search.models import SearchEntry

BATCH = 2000

_WRITE = """
    INSERT INTO search_searchentry (model, object_id, name, document)
    SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::tsvector[])
    ON CONFLICT (model, object_id) DO UPDATE SET name = excluded.name, document = excluded.document
    WHERE (search_searchentry.name, search_searchentry.document) IS DISTINCT FROM (excluded.name, excluded.document)
"""


def matching(model: type[models.Model], text: str) -> Q:
    """The condition on ``model`` that its search entry has every word of ``text``. Punctuation alone finds nothing."""
    asked = words.query(text)
    if not asked:
        return Q(pk__in=[])
    found = SearchEntry.objects.filter(model=model._meta.label_lower, document__words=asked)
    return Q(pk__in=found.values("object_id"))


def refresh(model: type[models.Model], pks: Iterable[int] | None = None) -> None:
    """Write the entries of these records anew, and forget those that are gone; of all records where ``pks`` is None."""
    from portal.collections import first_collection_of

    collection = first_collection_of(model)
    if collection is None or not _searched(model):
        return
    entries = SearchEntry.objects.filter(model=model._meta.label_lower)
    # Within an action's transaction it needs no point of its own to return to.
    with transaction.atomic(savepoint=False):
        if pks is None:
            _refresh_all(model, collection, entries)
        else:
            _refresh_some(model, collection, entries, set(pks))


def _refresh_all(model: type[models.Model], collection: Any, entries: models.QuerySet[SearchEntry]) -> None:
    rows = collection.rows().order_by("pk")
    entries.exclude(object_id__in=rows.values("pk")).delete()
    # A cursor keeps memory small for all records, and costs three trips to the database for a few.
    for batch in _batches(rows, collection, by_cursor=True):
        _write(model, batch)


def _refresh_some(
    model: type[models.Model], collection: Any, entries: models.QuerySet[SearchEntry], pks: set[int]
) -> None:
    found: set[int] = set()
    for batch in _batches(collection.rows().filter(pk__in=pks).order_by("pk"), collection, by_cursor=False):
        _write(model, batch)
        found.update(pk for pk, *_ in batch)
    if gone := pks - found:
        entries.filter(object_id__in=gone).delete()


def refresh_around(reference_id: int) -> None:
    """Write anew the entries of records that are found by the name of what they point at, such as their owner's."""
    from portal.collections import collections

    for model in dict.fromkeys(each.model for each in collections()):
        pointing = Q()
        for field in _searched(model):
            if field.kind.name == "reference" and "__" not in field.path:
                pointing |= Q(**{field.path: reference_id})
        if pointing:
            refresh(model, model._default_manager.filter(pointing).values_list("pk", flat=True))


def _searched(model: type[models.Model]) -> list[Any]:
    from portal.collections import first_collection_of

    collection = first_collection_of(model)
    return [field for field in collection.fields.values() if field.column.search] if collection else []


def refresh_everything() -> None:
    """Write the whole index anew: mends whatever a write that went past the actions left stale."""
    for model in apps.get_models():
        refresh(model)


def _batches(rows: models.QuerySet[Any], collection: Any, *, by_cursor: bool) -> Iterable[list[tuple[Any, ...]]]:
    fields = [field for field in collection.fields.values() if field.column.search]
    paths = [field.sort_path for field in fields]
    weights = [field.column.search for field in fields]
    batch: list[tuple[Any, ...]] = []
    read = rows.values_list("pk", *paths)
    for pk, *values in read.iterator(chunk_size=BATCH) if by_cursor else read:
        texts = [_text(value) for value in values]
        weighted = list(zip(weights, texts, strict=True))
        names = " ".join(text for weight, text in weighted if weight == "A")
        batch.append((pk, texts[0].lower()[:300], words.vector(names, weighted)))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _write(model: type[models.Model], batch: list[tuple[Any, ...]]) -> None:
    pks, names, documents = (list(column) for column in zip(*batch, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [model._meta.label_lower, pks, names, documents])
