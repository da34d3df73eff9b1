"""Which values of a record a descriptor declares, and where: one table for import, provenance and read-only forms.

A value that a file declares is the file's; whatever it does not declare stays as people set it here. Values that the
format has no field for (tier, privacy class …) are read from annotations ``groundwork/…``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import models

from portal.people.models import Person, Team, TeamKind
from services.catalog.validate import describe
from services.models import Entity, Lifecycle
from services.models.entity import PrivacyClass

ANNOTATION = "metadata.annotations.groundwork/"

# Column of the record: where it is declared, the first place that holds something first.
ENTITY_PATHS: dict[str, tuple[str, ...]] = {
    "name": ("metadata.name",),
    "title": ("metadata.title",),
    "description": ("metadata.description",),
    "type": ("spec.type",),
    "lifecycle": ("spec.lifecycle",),
    "owner": ("spec.owner",),
    "system": ("spec.system",),
    "domain": ("spec.domain",),
    "tags": ("metadata.tags",),
    "links": ("metadata.links",),
    "labels": ("metadata.labels",),
    "annotations": ("metadata.annotations",),
    "spec": ("spec",),
    "tier": (f"{ANNOTATION}tier",),
    "privacy_class": (f"{ANNOTATION}privacy-class",),
    "residency": (f"{ANNOTATION}residency",),
    "region": (f"{ANNOTATION}region",),
    "failover": (f"{ANNOTATION}failover",),
    "encryption": (f"{ANNOTATION}encryption",),
    "successor": (f"{ANNOTATION}successor",),
}
TEAM_PATHS: dict[str, tuple[str, ...]] = {
    "name": ("metadata.name",),
    "title": ("spec.profile.displayName", "metadata.title"),
    "description": ("metadata.description",),
    "type": ("spec.type",),
    "parent": ("spec.parent",),
    "email": ("spec.profile.email",),
    "kind": (f"{ANNOTATION}team-kind",),
    "chat": (f"{ANNOTATION}chat",),
    "on_call_url": (f"{ANNOTATION}on-call",),
}
PERSON_PATHS: dict[str, tuple[str, ...]] = {
    "name": ("metadata.name",),
    "title": ("spec.profile.displayName", "metadata.title"),
    "email": ("spec.profile.email",),
}
PATHS: dict[type[models.Model], dict[str, tuple[str, ...]]] = {
    Entity: ENTITY_PATHS,
    Team: TEAM_PATHS,
    Person: PERSON_PATHS,
}
# Columns that point at another reference: written from what the relations of the document say.
REFERENCES = frozenset({"owner", "system", "domain", "successor", "parent"})

_LIFECYCLES = {
    Lifecycle.EXPERIMENTAL: "experimental alpha beta dev development incubating proposed proposal pending draft "
    "planned preview tech-preview poc prototype wip sandbox",
    Lifecycle.PRODUCTION: "production active prod ga stable live maintained supported maintenance mature released",
    Lifecycle.DEPRECATED: "deprecated superseded legacy sunset eol end-of-life unmaintained replaced phase-out",
    Lifecycle.RETIRED: "retired archived decommissioned removed obsolete inactive dead shutdown disabled",
}
LIFECYCLE_OF = {word: lifecycle for lifecycle, words in _LIFECYCLES.items() for word in words.split()}


def declared_values(model: type[models.Model], entity: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values a descriptor gives to a record, references left out, and notes on those that do not fit."""
    values, notes = {}, []
    for column, paths in PATHS[model].items():
        found = None if column in REFERENCES else _first(entity, paths)
        if found is None:
            continue
        path, raw = found
        try:
            values[column] = _CLEANERS[column](raw, model._meta.get_field(column))
        except ValidationError as error:
            notes.append(f"{path.removeprefix('metadata.annotations.')} is not taken: {' '.join(error.messages)}")
    return values, notes


# Read by way of the reference and the relations of a team or person; machines that wrote the file keep the last two.
_READ_ELSEWHERE = frozenset(
    {"metadata.namespace", "spec.children", "spec.members", "spec.memberOf", "metadata.uid", "metadata.etag"}
)
_BY_NAME = frozenset({"metadata.labels", "metadata.annotations", "spec.profile"})


def other_values(model: type[models.Model], entity: dict[str, Any]) -> dict[str, Any]:
    """What a descriptor of a team or person says that the record has no column for, as read: path → value."""
    read = {found[0] for paths in PATHS[model].values() if (found := _first(entity, paths))}
    read |= {path for name in REFERENCES & PATHS[model].keys() for path in PATHS[model][name]} | _READ_ELSEWHERE
    said: dict[str, Any] = {}
    for section in ("metadata", "spec"):
        values = entity.get(section)
        for key, value in values.items() if isinstance(values, dict) else ():
            path = f"{section}.{key}"
            if path in _BY_NAME and isinstance(value, dict):
                said.update({f"{path}.{name}": each for name, each in value.items()})
            else:
                said[path] = value
    return {path: value for path, value in said.items() if path not in read and value is not None}


def value_at(entity: dict[str, Any], path: str) -> Any:
    """What stands at a path such as ``spec.profile.email`` or ``metadata.annotations.groundwork/tier``."""
    value: Any = entity
    for key in _steps(path):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _steps(path: str) -> list[str]:
    return path.split(".", 2) if path.startswith(ANNOTATION) else path.split(".")


def _first(entity: dict[str, Any], paths: tuple[str, ...]) -> tuple[str, Any] | None:
    for path in paths:
        value = value_at(entity, path)
        if value is not None:
            return path, value
    return None


# --- one value ------------------------------------------------------------------------------------------------------


def _text(raw: Any, field: Any) -> str:
    if not isinstance(raw, str):
        raise ValidationError(f"it must be a text, but is {describe(raw)}.")
    text = raw.strip()
    if field.max_length and len(text) > field.max_length:
        raise ValidationError(f"it is {len(text)} characters long; at most {field.max_length} are kept.")
    return text


def _prose(raw: Any, field: Any) -> str:
    if not isinstance(raw, str):
        raise ValidationError(f"it must be a text, but is {describe(raw)}.")
    return raw


def _type(raw: Any, field: Any) -> str:
    return _text(raw, field).lower()


def _lifecycle(raw: Any, field: Any) -> str:
    word = _text(raw, models.TextField()).lower().replace(" ", "-").replace("_", "-")
    if word not in LIFECYCLE_OF:
        known = ", ".join(Lifecycle.values)
        raise ValidationError(f"{describe(raw)} is none of {known}; it is only kept in the spec.")
    return LIFECYCLE_OF[word]


def _tier(raw: Any, field: Any) -> int:
    text = _text(raw, field).lower().removeprefix("tier").strip("- ")
    if text not in {"0", "1", "2", "3", "4"}:
        raise ValidationError(f"{describe(raw)} is no tier. Write a number from 0 to 4, in quotes.")
    return int(text)


def _choice(choices: type[models.TextChoices]) -> Callable[[Any, Any], str]:
    def clean(raw: Any, field: Any) -> str:
        text = _text(raw, field).lower()
        if text not in choices.values:
            raise ValidationError(f"{describe(raw)} is none of {', '.join(choices.values)}.")
        return text

    return clean


def _email(raw: Any, field: Any) -> str:
    text = _text(raw, field)
    try:
        validate_email(text)
    except ValidationError:
        raise ValidationError(f"{describe(raw)} is no e-mail address.") from None
    return text


def _url(raw: Any, field: Any) -> str:
    text = _text(raw, field)
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        raise ValidationError(f"{describe(raw)} is no web address. Write it whole, starting with https://.") from None
    return text


def _as_read(raw: Any, field: Any) -> Any:
    return raw


def _list_as_read(raw: Any, field: Any) -> list[Any]:
    return raw if isinstance(raw, list) else []


_CLEANERS: dict[str, Callable[[Any, Any], Any]] = {
    "name": _text,
    "title": _text,
    "description": _prose,
    "type": _type,
    "lifecycle": _lifecycle,
    "tags": _list_as_read,
    "links": _list_as_read,
    "labels": _as_read,
    "annotations": _as_read,
    "spec": _as_read,
    "tier": _tier,
    "privacy_class": _choice(PrivacyClass),
    "residency": _text,
    "region": _text,
    "failover": _text,
    "encryption": _text,
    "email": _email,
    "kind": _choice(TeamKind),
    "chat": _text,
    "on_call_url": _url,
}
