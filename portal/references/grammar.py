"""The grammar of entity references: ``[<kind>:][<namespace>/]<name>``.

A reference names one thing of the catalog. Two references are the same when their canonical strings are equal:
all lower case, always with kind and namespace.
"""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_NAMESPACE = "default"
SHAPE = "[<kind>:][<namespace>/]<name>, for example group:default/payments"


class InvalidReferenceError(ValueError):
    """A text is no entity reference; the message says why and what would be one."""


@dataclass(frozen=True, slots=True)
class Ref:
    """One parsed reference, in the spelling in which it was written."""

    kind: str
    namespace: str
    name: str

    @property
    def canonical(self) -> str:
        """The one spelling by which references are compared and stored."""
        return f"{self.kind}:{self.namespace}/{self.name}".lower()

    @property
    def key(self) -> str:
        """The short form used in addresses: the name, with its namespace only where that is not ``default``."""
        namespace = self.namespace.lower()
        return self.name.lower() if namespace == DEFAULT_NAMESPACE else f"{namespace}:{self.name.lower()}"

    def __str__(self) -> str:
        return self.canonical


def parse_reference(
    text: str,
    default_kind: str | None = None,
    default_namespace: str | None = DEFAULT_NAMESPACE,
) -> Ref:
    """Read a reference; what the text leaves out comes from the defaults.

    Only the punctuation is judged: ``user:jane@example.com`` is a reference, which no entity can ever bear.
    """
    kind, namespace, name = _split(text)
    if kind == "" or namespace == "" or name == "":
        raise InvalidReferenceError(f"“{text}” is not an entity reference: expected {SHAPE}, with no part left empty.")
    kind = kind or default_kind
    if not kind:
        raise InvalidReferenceError(
            f"“{text}” does not say which kind it means: write it as <kind>:{text}, for example component:{text}."
        )
    return Ref(kind, namespace or default_namespace or DEFAULT_NAMESPACE, name)


def canonical(
    text: str,
    default_kind: str | None = None,
    default_namespace: str | None = DEFAULT_NAMESPACE,
) -> str:
    """The canonical string of a reference as somebody wrote it."""
    return parse_reference(text, default_kind, default_namespace).canonical


def _split(text: str) -> tuple[str | None, str | None, str]:
    """Kind, namespace and name; None where the text has no such part, an empty string where it has an empty one."""
    colon, slash = text.find(":"), text.find("/")
    if -1 < slash < colon:
        colon = -1  # the colon belongs to the name: "team/a:b"
    kind = text[:colon] if colon > -1 else None
    namespace = text[colon + 1 : slash] if slash > -1 else None
    return kind, namespace, text[max(colon, slash) + 1 :]
