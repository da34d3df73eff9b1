"""Reading history: who changed what of a record, when, from where, before and after, in words."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

from portal.collections import Collection, collections, first_collection_of, unknown_to
from portal.history.parts import Part, parts_of
from portal.history.saying import NOTHING, Change, tell
from portal.people.models import ServiceAccount, User
from portal.references.models import Reference, Referenced

MOST = 100
# Rows that belong to a record and that one event tells of one by one, such as the relations that an import wrote.
MOST_ROWS = 25
_KINDS = {"insert": "created", "update": "changed", "delete": "deleted"}


@dataclass(frozen=True)
class Event:
    """What one transaction did to a record. ``origin`` is page, API, or the name of the command or source."""

    who: str
    when: dt.datetime
    origin: str
    kind: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Told:
    """Some events of a record, newest first. The others happened before ``older``, which is None if there are none."""

    events: list[Event]
    older: dt.datetime | None = None


def event_model(model: type[models.Model]) -> type[models.Model] | None:
    """The table that keeps the versions of ``model``, if it is tracked."""
    try:
        return apps.get_model(model._meta.app_label, f"{model.__name__}Event")
    except LookupError:
        return None


def has_history(record: models.Model, reader: Any) -> bool:
    """Whether there may be something to tell of the record."""
    model = described_by(record, reader) if isinstance(record, Reference) else type(record)
    return model is not None and event_model(model) is not None


def events_of(record: models.Model, collection: Collection | None, reader: Any, most: int = 0) -> list[Event]:
    """The latest changes of a record's own values, newest first, without columns that the reader may not see."""
    return history_of(record, collection, reader, most=most, rows=False).events


def history_of(
    record: models.Model,
    collection: Collection | None,
    reader: Any,
    *,
    before: dt.datetime | None = None,
    most: int = 0,
    rows: bool = True,
) -> Told:
    """The latest ``most`` events of a record and of the ``rows`` that belong to it, of those before a moment."""
    most = most or MOST
    model = described_by(record, reader) if isinstance(record, Reference) else type(record)
    collection = first_collection_of(model) if isinstance(record, Reference) and model else collection
    mine = _read(model or type(record), _versions_of(record), before, most)
    belonging = _parts(record, collection, reader) if rows else ()
    parts = {part: _read(part.model, part.key(record), before, most) for part in belonging}
    told = [
        each for each in _fields_told(model or type(record), collection, reader) if _is_tracked(each, mine.versions)
    ]
    names = _Names([(mine.versions, told), *((read.versions, part.told) for part, read in parts.items())], reader)
    moments, more = _moments([mine, *parts.values()], most)
    found = [_event(moment, mine, parts, told, names) for moment in moments]
    shown = [event for event in found if event is not None and (event.changes or event.kind != "changed")]
    return Told(shown, moments[-1] if more else None)


def described_by(reference: Reference, reader: Any) -> type[models.Model] | None:
    """What kind of record this reference had, by the versions that are left of it. What a row rule might have hidden
    from the reader while it was there is not told of."""
    for each in collections():
        if each.referenced and not each.has_row_rule and each.may(reader, "view"):
            table = event_model(each.model)
            if table is not None and table._default_manager.filter(reference=reference.pk).exists():
                return each.model
    return None


def _versions_of(record: models.Model) -> dict[str, Any]:
    """Which versions tell of the record: also those of what had its reference before it was deleted and made anew."""
    if isinstance(record, Reference):
        return {"reference": record.pk}
    return {"reference": record.reference_id} if isinstance(record, Referenced) else {"pgh_obj": record.pk}


def last_change_of(record: models.Model, reader: Any) -> Event | None:
    return next(iter(events_of(record, None, reader, most=2)), None)


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
    names = _Names([(list(versions.values()), ())], None)
    changes = []
    for version in sorted(versions.values(), key=lambda each: -each.pgh_id)[:most]:
        who = names.who(version.pgh_context or {})
        changes.append(RecentChange(version, f"{_KINDS[version.pgh_label]} by {who}", version.pgh_created_at))
    return changes


@dataclass(frozen=True)
class _Versions:
    """Versions in one table, newest first, and the one that each replaced (pgh_id → version). Where there are more,
    what happened at ``cut`` or before may not be whole."""

    versions: list[Any] = field(default_factory=list)
    replaced: Mapping[int, Any] = field(default_factory=dict)
    cut: dt.datetime | None = None

    def at(self, moment: dt.datetime) -> list[Any]:
        return [version for version in self.versions if version.pgh_created_at == moment]


def _read(model: type[models.Model], condition: dict[str, Any], before: dt.datetime | None, most: int) -> _Versions:
    """A transaction may leave several versions, so that more are read than events are shown."""
    table = event_model(model)
    if table is None:
        return _Versions()
    rows = table._default_manager.filter(**condition)
    rows = rows.filter(pgh_created_at__lt=before) if before else rows
    versions: list[Any] = list(rows.order_by("-pgh_created_at", "-pgh_id")[: most * 3])
    cut = versions[-1].pgh_created_at if len(versions) == most * 3 else None
    return _Versions(versions, _replaced(table, versions), cut)


def _replaced(table: type[models.Model], versions: list[Any]) -> dict[int, Any]:
    found, latest = {}, {each.pgh_obj_id: each for each in _begun_earlier(table, versions)}
    for version in reversed(versions):
        if version.pgh_obj_id in latest:
            found[version.pgh_id] = latest[version.pgh_obj_id]
        latest[version.pgh_obj_id] = version
    return found


def _begun_earlier(table: type[models.Model], versions: list[Any]) -> Iterable[Any]:
    """The version before the first one that was read, of each row whose beginning is not among them."""
    first = {version.pgh_obj_id: version for version in versions}
    open_rows = [row for row, version in first.items() if version.pgh_label != "insert"]
    if not open_rows:
        return ()
    earlier = table._default_manager.filter(pgh_obj__in=open_rows, pgh_id__lt=versions[-1].pgh_id)
    return earlier.order_by("pgh_obj", "-pgh_id").distinct("pgh_obj")


def _moments(read: list[_Versions], most: int) -> tuple[list[dt.datetime], bool]:
    """The latest moments of which everything was read, and whether there are earlier ones."""
    cut = max((each.cut for each in read if each.cut), default=None)
    found = sorted({version.pgh_created_at for each in read for version in each.versions}, reverse=True)
    whole = [moment for moment in found if cut is None or moment > cut] or found
    return whole[:most], len(whole) > most or (cut is not None and bool(whole))


def _parts(record: models.Model, collection: Collection | None, reader: Any) -> list[Part]:
    if collection is None:
        return []
    return [each for each in parts_of(record) if not each.guarded or collection.may(reader, "change", record)]


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

    def __init__(self, read: list[tuple[list[Any], Iterable[Any]]], reader: Any) -> None:
        ids = {
            getattr(version, field.attname)
            for versions, fields in read
            for field in fields
            if field.related_model is Reference
            for version in versions
        } - {None}
        self.references = dict(Reference.objects.filter(pk__in=ids).values_list("pk", "label")) if ids else {}
        self.references |= dict.fromkeys(unknown_to(reader, ids) if ids else (), "something hidden from you")
        contexts = [version.pgh_context or {} for versions, _ in read for version in versions]
        users: set[Any] = {context.get("user") for context in contexts} - {None}
        self.users = {user.pk: str(user) for user in User.objects.select_related("person").filter(pk__in=users)}
        machines: set[Any] = {context.get("service_account") for context in contexts} - {None}
        found = ServiceAccount.objects.filter(pk__in=machines) if machines else ()
        self.machines = {machine.pk: machine.name for machine in found}

    def who(self, context: dict[str, Any]) -> str:
        if "user" in context and context["user"] is not None:
            return self.users.get(context["user"], "Somebody who is gone")
        if context.get("service_account") is not None:
            return self.machines.get(context["service_account"], "A service account that is gone")
        origin = str(context.get("origin") or "The portal")
        return "Somebody who was not signed in" if origin in {"page", "API"} else origin


def _event(
    moment: dt.datetime, mine: _Versions, parts: Mapping[Part, _Versions], told: list[Any], names: _Names
) -> Event | None:
    group = mine.at(moment)
    rows = [version for read in parts.values() for version in read.at(moment)]
    context: dict[str, Any] = next((each.pgh_context for each in [*group, *rows] if each.pgh_context), {})
    kind = _kind(group)
    changes = list(_changes(group, mine, told, names)) if kind == "changed" and group else []
    if kind != "deleted":
        changes += _row_changes(moment, parts, names)
    who, origin = names.who(context), str(context.get("origin", ""))
    return Event(who, moment, "" if origin == who else origin, kind, tuple(changes))


def _kind(group: list[Any]) -> str:
    if not group:
        return "changed"
    return "created" if group[-1].pgh_label == "insert" else _KINDS[group[0].pgh_label]


def _changes(group: list[Any], mine: _Versions, told: list[Any], names: _Names) -> Iterable[Change]:
    before, after = mine.replaced.get(group[-1].pgh_id), group[0]
    for each in told if before else ():
        old, new = getattr(before, each.attname), getattr(after, each.attname)
        if old != new:
            yield from tell(each, old, new, names.references)


def _row_changes(moment: dt.datetime, parts: Mapping[Part, _Versions], names: _Names) -> list[Change]:
    """What became of the rows that belong to the record; one that was replaced by its like has not changed."""
    found = [change for part, read in parts.items() for change in _rows_of(part, read, read.at(moment), names)]
    gone = {(each.label, each.before) for each in found if each.after == NOTHING}
    made = {(each.label, each.after) for each in found if each.before == NOTHING}
    told = [
        each
        for each in found
        if each.before != each.after
        and not (each.after == NOTHING and (each.label, each.before) in made)
        and not (each.before == NOTHING and (each.label, each.after) in gone)
    ]
    rest = len(told) - MOST_ROWS
    return [*told[:MOST_ROWS], *([Change("And", NOTHING, f"{rest:,} more such changes")] if rest > 0 else [])]


def _rows_of(part: Part, read: _Versions, versions: list[Any], names: _Names) -> Iterable[Change]:
    by_row: dict[int, list[Any]] = {}
    for version in versions:
        by_row.setdefault(version.pgh_obj_id, []).append(version)
    for newest, *_, oldest in ([*group, group[-1]] for group in by_row.values()):
        before = None if oldest.pgh_label == "insert" else read.replaced.get(oldest.pgh_id)
        after = None if newest.pgh_label == "delete" else newest
        if before or after:
            yield part.tell(before, after, names.references)
