"""Writing a record: the actions that pages, API, commands and tasks share.

An action runs in one transaction, checks the version it was meant for, validates the whole record and leaves the
search index true. Whether somebody may is asked before, by the caller (``Collection.may``).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction

from portal.references.models import Reference, ReferenceAlias, Referenced
from portal.search import index
from portal.texts import check_texts

Record = TypeVar("Record", bound=models.Model)
LONGEST_NAME = 63
_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")


@dataclass
class Conflict(Exception):  # noqa: N818  it names what happened
    """Somebody changed the record after the writer read it. ``current`` is the record as it stands now."""

    current: models.Model
    values: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.current} was changed by somebody else in the meantime."


@dataclass
class Deleted(Exception):  # noqa: N818  it names what happened
    """Somebody deleted the record after the writer read it."""

    record: models.Model

    def __str__(self) -> str:
        return f"{self.record} was deleted by somebody else in the meantime."


@dataclass
class StillNeeded(Exception):  # noqa: N818  it names what happened
    """The record cannot be deleted, because the ``holders`` rest on it. portal.needing says so to a reader."""

    record: models.Model
    holders: Sequence[models.Model]

    def __str__(self) -> str:
        return f"{self.record} is needed by {len(self.holders):,} others."


def create_record(*, by: Any, model: type[Record], values: Mapping[str, Any], kind: str = "") -> Record:
    """Make a record; one with a reference takes ``kind:namespace/name`` from ``kind`` and the values.

    Raises ValidationError when a value does not fit, or when the reference is taken.
    """
    record = new_record(model=model, values=values, kind=kind)
    with transaction.atomic():
        insert_record(record)
    return record


def new_record(*, model: type[Record], values: Mapping[str, Any], kind: str = "") -> Record:
    """The record as it would be, checked but not written. Checked before a transaction is begun: within one, Django
    asks about each constraint in three trips to the database instead of one.

    Raises ValidationError when a value does not fit.
    """
    check_texts(values)
    if not issubclass(model, Referenced):
        record = model(**values)
        record.full_clean()
        return record
    values = dict(values)
    namespace, name = values.pop("namespace", "") or "default", values["name"]
    check_name(name)
    reference = Reference(
        kind=kind.lower(),
        namespace=namespace.lower(),
        name=name.lower(),
        canonical=f"{kind}:{namespace}/{name}".lower(),
        label=values.get("title") or name,
    )
    referenced = model(reference=reference, **values)
    referenced.full_clean(exclude={"reference"})
    return referenced


def insert_record(record: Any) -> bool:
    """Write a new record, its reference and its search entry, in the caller's transaction. Returns whether the
    reference was there before, so that something may point at it.

    Raises ValidationError when the reference is taken.
    """
    was_there = isinstance(record, Referenced) and _claim(record.reference, spelled=record.name)
    with constraints_told(record):
        record.save(force_insert=True)
    index.refresh(type(record), [record.pk])
    if was_there:
        index.refresh_around(record.reference_id)
    return was_there


@transaction.atomic
def update_record(*, by: Any, record: Record, values: Mapping[str, Any], version: int | None = None) -> Record:
    """Change some values of a record. ``version`` is the one the writer read; None writes whatever it is.

    Raises Conflict when the record has moved on, ValidationError when a value does not fit.
    """
    locked = lock(record, version, values)
    changed = [name for name, value in values.items() if getattr(locked, name) != value]
    check_texts({name: values[name] for name in changed})
    for name in changed:
        setattr(locked, name, values[name])
    locked.full_clean()
    if changed:
        with constraints_told(locked):
            locked.save(update_fields=changed)
            if isinstance(locked, Referenced) and {"name", "title"} & set(changed):
                _rename(locked)
        locked.refresh_from_db()
        index.refresh(type(record), [record.pk])
    return locked


@transaction.atomic
def delete_record(*, by: Any, record: models.Model, version: int | None = None) -> None:
    """Delete a record. Its reference stays, dangling, for whatever still points at it.

    Raises StillNeeded when another record rests on it, which is not deleted with it.
    """
    locked = lock(record, version, {})
    pk = locked.pk
    try:
        locked.delete()
    except models.ProtectedError as refused:
        raise StillNeeded(locked, sorted(refused.protected_objects, key=str)) from refused
    except models.RestrictedError as refused:
        raise StillNeeded(locked, sorted(refused.restricted_objects, key=str)) from refused
    index.refresh(type(record), [pk])


def _rename(record: Any) -> None:
    """Let the reference follow its record's name; the former one stays behind as an alias that still finds it."""
    reference, name = record.reference, record.name
    check_name(name)
    canonical = f"{reference.kind}:{reference.namespace}/{name}".lower()
    if canonical != reference.canonical:
        if Reference.objects.filter(canonical=canonical).exists():
            raise _taken(name)
        ReferenceAlias.objects.filter(canonical=canonical).delete()
        ReferenceAlias.objects.update_or_create(canonical=reference.canonical, defaults={"reference": reference})
        Reference.objects.filter(pk=reference.pk).update(canonical=canonical, name=name.lower())
    index.refresh_around(reference.pk)


@contextmanager
def constraints_told(record: models.Model) -> Iterator[None]:
    """Write the record within: of two who write at once, validation lets both pass, and the database refuses the
    second. That is told as validation would have told it. The transaction around it is lost."""
    try:
        yield
    except IntegrityError as refused:
        diagnosis = getattr(refused.__cause__, "diag", None)
        problem = _constraint_told(record, getattr(diagnosis, "constraint_name", None) or "")
        if problem is None:
            raise
        raise problem from refused


def _constraint_told(record: Any, name: str) -> ValidationError | None:
    """What the constraint of this name says of the record, if it is one that people can run into."""
    if name.startswith("references_reference_canonical_"):
        return _taken(record.name)
    for constraint in record._meta.constraints:
        if constraint.name == name:
            return ValidationError(constraint.get_violation_error_message())
    for field in record._meta.concrete_fields:
        if field.unique and name.startswith(f"{record._meta.db_table}_{field.column}_"):
            return ValidationError({field.name: record.unique_error_message(type(record), (field.name,))})
    return None


def _taken(name: str) -> ValidationError:
    return ValidationError({"name": f"“{name}” is taken or pointed at already. Choose another name."})


def lock(record: Record, version: int | None, values: Mapping[str, Any]) -> Record:
    """Fetch the record anew and hold it until the transaction ends; raise Conflict if it is not at ``version``, and
    Deleted if it is gone."""
    locked: Record | None = type(record)._default_manager.select_for_update(of=("self",)).filter(pk=record.pk).first()
    if locked is None:
        raise Deleted(record)
    if version is not None and getattr(locked, "version", version) != version:
        raise Conflict(locked, values)
    return locked


def check_name(name: str) -> None:
    """Refuse a name that no reference and no file could spell; the same rule as for names in catalog files."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValidationError(
            {
                "name": f"“{name[:80]}” cannot be a name. Use letters and digits, with - _ . between them, "
                f"at most {LONGEST_NAME}, such as checkout-api."
            }
        )


_CLAIM = """
    INSERT INTO references_reference AS held (uid, kind, namespace, name, canonical, label, attached)
    VALUES (%s, %s, %s, %s, %s, %s, false)
    ON CONFLICT (canonical) DO UPDATE SET canonical = held.canonical
    RETURNING id, uid, attached
"""


def _claim(reference: Reference, spelled: str) -> bool:
    """Write the reference of a new record, and say whether it was there already: one that dangles is claimed. One that
    has a record is refused, with the name as it was ``spelled``."""
    # The row is held until the transaction ends, whether it is new or was there: of two who describe the same thing at
    # once the second is refused. The database answers with what it holds, in one trip.
    written = [getattr(reference, name) for name in ("uid", "kind", "namespace", "name", "canonical", "label")]
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, written)
        reference.pk, uid, attached = cursor.fetchone()
    if attached:
        raise ValidationError(
            {"name": f"There is a {reference.kind} “{spelled}” already. Choose another name, or edit that one."}
        )
    was_there: bool = uid != reference.uid
    reference.uid, reference._state.adding = uid, False
    return was_there
