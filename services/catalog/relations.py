"""The relations a descriptor declares: from its fields, references resolved in the namespace of the entity itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from portal.references.grammar import (
    DEFAULT_NAMESPACE,
    InvalidReferenceError,
    Ref,
    parse_reference,
)
from services.catalog.kinds import FOREIGN_RULES, OWNED_BY, Kind, Rule
from services.catalog.validate import Problem, describe, is_kind, is_name, is_namespace

OWNER_KINDS = ("group", "user")
# As much as a Reference can keep.
MAX_KIND, MAX_NAMESPACE, MAX_NAME = 63, 63, 253


@dataclass(frozen=True, slots=True)
class Declared:
    """The entity has ``type`` to ``ref``, says ``field``."""

    type: str
    ref: Ref
    field: str


def declared(entity: dict[str, Any], kind: Kind | None) -> tuple[list[Declared], list[Problem]]:
    """What a valid descriptor declares, each relation once, and what of it could not be understood."""
    spec, metadata = entity.get("spec"), entity["metadata"]
    if not isinstance(spec, dict):
        return [], []
    found: dict[tuple[str, str], Declared] = {}
    problems: list[Problem] = []
    for rule in kind.rules_for(spec) if kind else FOREIGN_RULES:
        for text, field in _texts(rule, spec):
            relation = _read(
                rule,
                text,
                field,
                metadata.get("namespace") or DEFAULT_NAMESPACE,
                problems,
            )
            if relation:
                found.setdefault((relation.type, relation.ref.canonical), relation)
    return list(found.values()), problems


def _texts(rule: Rule, spec: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each reference a field holds and the path it stands at."""
    value = spec.get(rule.name) if rule.relation else None
    if isinstance(value, str):
        yield value, f"spec.{rule.name}"
    elif isinstance(value, list):
        yield from ((text, f"spec.{rule.name}[{number}]") for number, text in enumerate(value) if isinstance(text, str))


def _read(rule: Rule, text: str, field: str, namespace: str, problems: list[Problem]) -> Declared | None:
    try:
        ref = parse_reference(text, rule.refers or None, namespace)
    except InvalidReferenceError as error:
        problems.append(Problem(field, f"{field} is not taken: {error}"))
        return None
    kind, namespace, name = ref.kind.lower(), ref.namespace.lower(), ref.name.lower()
    if len(kind) > MAX_KIND or len(namespace) > MAX_NAMESPACE or len(name) > MAX_NAME:
        problems.append(Problem(field, f"{field} is not taken: no entity has a name as long as that."))
        return None
    if rule.relation == OWNED_BY and kind not in OWNER_KINDS:
        problems.append(
            Problem(
                field,
                f"{field} is not taken: {describe(text)} is a {ref.kind}; an owner is a group or a user.",
            )
        )
        return None
    if not (is_kind(ref.kind) and is_namespace(namespace) and is_name(ref.name)):
        problems.append(Problem(field, _unresolvable(field, text, rule)))
    return Declared(rule.relation, ref, field)


def _unresolvable(field: str, text: str, rule: Rule) -> str:
    hint = "Write the name of a group, or user: and the name of a person." if rule.relation == OWNED_BY else ""
    return f"{field} names {describe(text)}, which no entity can be called. {hint}".rstrip()
