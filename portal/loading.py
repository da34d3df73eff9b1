"""Loading what an address names, with permission, in one line: 404 for what is not there or not the reader's to see."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.collections import (
    Collection,
    collection_of,
    collection_of_kind,
    get_collection,
    reference_condition,
    reference_url,
)
from portal.references.models import Reference, ReferenceAlias


def load_collection(request: HttpRequest, slug: str) -> Collection:
    found = get_collection(slug)
    if found is None or not found.may(request.user, "view"):
        raise Http404(f"There is no page “{slug}”.")
    return found


def find_record(collection: Collection, reader: Any, key: str) -> models.Model | None:
    """The visible record with this key, or that had it before it was renamed; its foreign keys loaded with it."""
    found = _find_now(collection, reader, key)
    if found is None and collection.referenced:
        former = ReferenceAlias.objects.filter(canonical__in=_canonicals(collection, key))
        found = _find(collection, reader, models.Q(reference__in=former.values("reference")))
    return found


def _find_now(collection: Collection, reader: Any, key: str) -> models.Model | None:
    """The visible record that has this key now."""
    return _find(collection, reader, collection.key_condition(key))


def _find(collection: Collection, reader: Any, condition: models.Q) -> models.Model | None:
    rows = collection.visible(reader).select_related(*_foreign_keys(collection.model), *collection.along)
    found: models.Model | None = rows.filter(condition).first()
    return found


def _foreign_keys(model: type[models.Model]) -> list[str]:
    """What a detail page shows with the record: its foreign keys, and its 1:1 state row."""
    names = [field.name for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    has_state = any(each.one_to_one and each.get_accessor_name() == "state" for each in model._meta.related_objects)
    return [*names, *(["state"] if has_state else [])]


def load_record(request: HttpRequest, collection: Collection, key: str) -> models.Model | HttpResponse:
    """The record, or a redirect to where it is now: its own page, its new name, or the loose end it became.

    A form that was opened under a former name is for the same record: a redirect would lose what it sends.
    """
    looks = request.method in {"GET", "HEAD"}
    find = _find_now if looks else find_record
    record = find(collection, request.user, key)
    if record is None:
        return _elsewhere(request, collection, key)
    home = collection_of(record)
    if home is not None and home.slug != collection.slug and looks:
        return redirect(home.url_of(record))
    return record


def _elsewhere(request: HttpRequest, collection: Collection, key: str) -> HttpResponse:
    if collection.referenced and not key.isdecimal():
        references = Reference.objects.filter(reference_condition(key, "", collection.kinds))
        aliases = ReferenceAlias.objects.filter(canonical__in=_canonicals(collection, key)).select_related("reference")
        for reference in (*references[:1], *(alias.reference for alias in aliases[:1])):
            address = reference_url(reference.canonical, reference.attached)
            if address != request.path and _is_open(request, reference):
                return redirect(address)
    raise Http404(f"There is no {collection.title_one} “{key}”.")


def refusal(collection: Collection, act: str, record: models.Model) -> PermissionDenied:
    """Why somebody may not ``change`` or ``delete`` the record: nobody may, or its owners or administrators do."""
    verb = {"change": "edit"}.get(act, act)
    action = {"change": collection.update, "delete": collection.delete}[act]
    if not action or (act == "change" and not collection.form):
        why = collection.keeps if act == "delete" else ""
        return PermissionDenied(f"Nobody may {verb} {record} here. {why}".strip())
    if hasattr(record, "owner_id"):
        why = "it belongs to another team. Whoever owns it is named on its page, and can change it or hand it over."
        return PermissionDenied(f"You may not {verb} {record}: {why}")
    return PermissionDenied(f"You may not {verb} {record}. Its members, where it has any, and administrators may.")


def _is_open(request: HttpRequest, reference: Reference) -> bool:
    """Whether the reader may know what stands behind the reference: nothing, or a record they may see."""
    home = collection_of_kind(reference.kind) if reference.attached else None
    return home is None or find_record(home, request.user, reference.canonical) is not None


def _canonicals(collection: Collection, key: str) -> list[str]:
    """The references that a key may mean, by which former names are kept."""
    *before, name = key.lower().replace("/", ":").replace("\x00", "").split(":")
    namespace = before.pop() if before else "default"
    return [f"{kind}:{namespace}/{name}" for kind in (before or collection.kinds)]
