"""Reading history: who changed what of a record, when, from where, before and after, in words."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.apps import apps
from django.db import models

from portal.collections import Collection, unknown_to
from portal.people.models import ServiceAccount, User
from portal.references.models import Reference

MOST = 100
_KINDS = {"insert": "created", "update": "changed", "delete": "deleted"}


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Event:
    """What one transaction did to a record. ``origin`` is page, API, or the name of the command or source."""

    who: str
    when: dt.datetime
    origin: str
    kind: str
    changes: tuple[Change, ...]


def event_model(model: type[models.Model]) -> type[models.Model] | None:
    """The table that keeps the versions of ``model``, if it is tracked."""
    try:
        return apps.get_model(model._meta.app_label, f"{model.__name__}Event")
    except LookupError:
        return None


def events_of(record: models.Model, collection: Collection | None, reader: Any, most: int = MOST) -> list[Event]:
    """The latest ``most`` events of a record, newest first, without columns that the reader may not see."""
    versions = _versions(record, most)
    told = [field for field in _fields_told(type(record), collection, reader) if _is_tracked(field, versions)]
    names = _Names(versions, told, reader)
    transactions = [list(group) for _, group in groupby(versions, key=lambda version: version.pgh_created_at)]
    events = []
    for at, group in enumerate(transactions[:most]):
        before = transactions[at + 1][0] if at + 1 < len(transactions) else None
        event = _event(group, before, told, names)
        if event.changes or event.kind != "changed":
            events.append(event)
    return events


def last_change_of(record: models.Model) -> Event | None:
    return next(iter(events_of(record, None, None, most=2)), None)


@dataclass(frozen=True)
class RecentChange:
    """That a record was changed: the version it left behind, who did it and when."""

    version: Any
    text: str
    when: dt.datetime


def recent_changes(model: type[models.Model], pks: Any, most: int) -> list[RecentChange]:
    """The latest changes to these records, newest first, one line for what one transaction did to one record."""
    table = event_model(model)
    if table is None:
        return []
    found: Any = table._default_manager.filter(pgh_obj__in=pks).select_related("pgh_obj__reference").order_by("-pgh_id")
    versions = {(version.pgh_obj_id, version.pgh_created_at): version for version in reversed(found[: most * 4])}
    names = _Names(list(versions.values()), (), None)
    changes = []
    for version in sorted(versions.values(), key=lambda each: -each.pgh_id)[:most]:
        who = names.who(version.pgh_context or {})
        changes.append(RecentChange(version, f"{_KINDS[version.pgh_label]} by {who}", version.pgh_created_at))
    return changes


def _versions(record: models.Model, most: int) -> list[Any]:
    """Newest first. A transaction may leave several versions, so that more are read than events are shown."""
    table = event_model(type(record))
    if table is None:
        return []
    return list(table._default_manager.filter(pgh_obj=record.pk).order_by("-pgh_id")[: most * 3])


def _fields_told(model: type[models.Model], collection: Collection | None, reader: Any) -> list[Any]:
    hidden = _hidden_from(collection, reader) if collection else set()
    return [
        field
        for field in model._meta.concrete_fields
        if field.name not in hidden and field.name not in {"id", "reference", "source", "document", "kind", "password"}
    ]


def _hidden_from(collection: Collection, reader: Any) -> set[str]:
    seen = collection.fields_for(reader)
    return {field.path for name, field in collection.fields.items() if name not in seen}


def _is_tracked(field: Any, versions: list[Any]) -> bool:
    return bool(versions) and hasattr(versions[0], field.attname)


class _Names:
    """Names of everything the versions point at: references, users, service accounts; a query each."""

    def __init__(self, versions: list[Any], fields: Iterable[Any], reader: Any) -> None:
        pointing = [field.attname for field in fields if field.related_model is Reference]
        ids = {getattr(version, name) for version in versions for name in pointing} - {None}
        self.references = dict(Reference.objects.filter(pk__in=ids).values_list("pk", "label")) if ids else {}
        self.references |= dict.fromkeys(unknown_to(reader, ids) if ids else (), "something hidden from you")
        users: set[Any] = {(version.pgh_context or {}).get("user") for version in versions} - {None}
        self.users = {user.pk: str(user) for user in User.objects.select_related("person").filter(pk__in=users)}
        machines: set[Any] = {(version.pgh_context or {}).get("service_account") for version in versions} - {None}
        found = ServiceAccount.objects.filter(pk__in=machines) if machines else ()
        self.machines = {machine.pk: machine.name for machine in found}

    def who(self, context: dict[str, Any]) -> str:
        if "user" in context and context["user"] is not None:
            return self.users.get(context["user"], "Somebody who is gone")
        if context.get("service_account") is not None:
            return self.machines.get(context["service_account"], "A service account that is gone")
        return str(context.get("origin") or "The portal")


def _event(group: list[Any], before: Any, told: list[Any], names: _Names) -> Event:
    newest, oldest = group[0], group[-1]
    kind = "created" if oldest.pgh_label == "insert" else _KINDS[newest.pgh_label]
    context: dict[str, Any] = next((version.pgh_context for version in group if version.pgh_context), {})
    changes = tuple(_changes(before, newest, told, names)) if kind == "changed" and before else ()
    who, origin = names.who(context), str(context.get("origin", ""))
    return Event(who, newest.pgh_created_at, "" if origin == who else origin, kind, changes)


def _changes(before: Any, after: Any, told: list[Any], names: _Names) -> Iterable[Change]:
    for field in told:
        old, new = getattr(before, field.attname), getattr(after, field.attname)
        if old != new:
            label = str(field.verbose_name)
            yield Change(label[:1].upper() + label[1:], _said(field, old, names), _said(field, new, names))


def _said(field: Any, value: Any, names: _Names) -> str:
    """A value in words, as people read it."""
    if value in (None, "", [], {}):
        return "not set"
    if field.related_model is Reference:
        return names.references.get(value, "something that is gone")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list):
        return ", ".join(each.get("url", str(each)) if isinstance(each, dict) else str(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:500]
