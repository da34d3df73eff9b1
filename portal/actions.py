"""Writing a record: the actions that pages, API, commands and tasks share.

An action runs in one transaction, checks the version it was meant for, validates the whole record and leaves the
search index true. Whether somebody may is asked before, by the caller (``Collection.may``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction

from portal.references.models import Reference, ReferenceAlias, Referenced
from portal.search import index

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


@transaction.atomic
def create_record(*, by: Any, model: type[Record], values: Mapping[str, Any], kind: str = "") -> Record:
    """Make a record; one with a reference takes ``kind:namespace/name`` from ``kind`` and the values.

    Raises ValidationError when a value does not fit, or when the reference is taken.
    """
    values = dict(values)
    namespace = values.pop("namespace", "default") if issubclass(model, Referenced) else ""
    record = model(**values)
    if isinstance(record, Referenced):
        check_name(values["name"])
        record.reference = claim_reference(kind, namespace or "default", values["name"], values.get("title", ""))
    record.full_clean()
    record.save(force_insert=True)
    index.refresh(model, [record.pk])
    return record


@transaction.atomic
def update_record(*, by: Any, record: Record, values: Mapping[str, Any], version: int | None = None) -> Record:
    """Change some values of a record. ``version`` is the one the writer read; None writes whatever it is.

    Raises Conflict when the record has moved on, ValidationError when a value does not fit.
    """
    locked = lock(record, version, values)
    changed = [name for name, value in values.items() if getattr(locked, name) != value]
    for name in changed:
        setattr(locked, name, values[name])
    locked.full_clean()
    if changed:
        locked.save(update_fields=changed)
        if isinstance(locked, Referenced) and {"name", "title"} & set(changed):
            _rename(locked)
        locked.refresh_from_db()
        index.refresh(type(record), [record.pk])
    return locked


@transaction.atomic
def delete_record(*, by: Any, record: models.Model, version: int | None = None) -> None:
    """Delete a record. Its reference stays, dangling, for whatever still points at it."""
    locked = lock(record, version, {})
    pk = locked.pk
    locked.delete()
    index.refresh(type(record), [pk])


def _rename(record: Any) -> None:
    """Let the reference follow its record's name; the former one stays behind as an alias that still finds it."""
    reference, name = record.reference, record.name
    check_name(name)
    canonical = f"{reference.kind}:{reference.namespace}/{name}".lower()
    if canonical != reference.canonical:
        if Reference.objects.filter(canonical=canonical).exists():
            raise ValidationError({"name": f"“{name}” is taken or pointed at already. Choose another name."})
        ReferenceAlias.objects.filter(canonical=canonical).delete()
        ReferenceAlias.objects.update_or_create(canonical=reference.canonical, defaults={"reference": reference})
        Reference.objects.filter(pk=reference.pk).update(canonical=canonical, name=name.lower())
    index.refresh_around(reference.pk)


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


def claim_reference(kind: str, namespace: str, name: str, title: str = "") -> Reference:
    """Find or make the reference of a new record. One that dangles is claimed; one that has a record is refused."""
    canonical = f"{kind}:{namespace}/{name}".lower()
    # Held until the transaction ends, so that of two who describe the same thing at once the second is refused.
    reference, _ = Reference.objects.select_for_update().get_or_create(
        canonical=canonical,
        defaults={
            "kind": kind.lower(),
            "namespace": namespace.lower(),
            "name": name.lower(),
            "label": title or name,
        },
    )
    if reference.attached:
        raise ValidationError({"name": f"There is a {kind} “{name}” already. Choose another name, or edit that one."})
    return reference
