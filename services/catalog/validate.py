"""Whether a value read from YAML describes an entity: the envelope, its metadata and the rules of its kind.

Every message names the field, says what stands there, what should, and how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from portal.references.grammar import DEFAULT_NAMESPACE
from portal.texts import LONGEST_TEXT
from services.catalog.kinds import KINDS, Kind, Rule, Shape, kind_of

_DNS_LABEL = r"[a-z0-9]+(?:-+[a-z0-9]+)*"
_DNS_LABEL_ONLY = re.compile(rf"{_DNS_LABEL}\Z")
_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\Z")
_TAG = re.compile(r"[a-z0-9:+#]+(?:-[a-z0-9:+#]+)*\Z")
_KIND = re.compile(r"[a-zA-Z][a-z0-9A-Z]*\Z")
_VERSION = re.compile(r"[A-Za-z0-9]+\Z")
MAX_NAME = 63
MAX_PREFIX = 253
MAX_PROBLEMS = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field; ``path`` is the field's, as far as it exists."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a descriptor. ``kind`` is None for a foreign one; ``notes`` are no errors but worth knowing."""

    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    kind: Kind | None = None

    @property
    def is_valid(self) -> bool:
        return not self.problems


def validate(entity: Any) -> Verdict:
    """Judge one document; all that is wrong is reported at once."""
    if not isinstance(entity, dict):
        found = describe(entity)
        return Verdict(
            (
                Problem(
                    "",
                    f"The document must be a mapping that starts with apiVersion, but is {found}.",
                ),
            )
        )
    kind = kind_of(entity.get("apiVersion"), entity.get("kind"))
    problems = [
        *_envelope(entity),
        *_metadata(entity.get("metadata")),
        *_spec(entity, kind),
    ]
    return Verdict(tuple(problems[:MAX_PROBLEMS]), tuple(_notes(entity, kind)), kind)


def reference_of(entity: Any) -> str | None:
    """The canonical reference a document claims, even when the rest of it is wrong."""
    metadata = entity.get("metadata") if isinstance(entity, dict) else None
    if not isinstance(metadata, dict):
        return None
    kind, name, namespace = (
        entity.get("kind"),
        metadata.get("name"),
        metadata.get("namespace"),
    )
    if not (isinstance(kind, str) and kind and isinstance(name, str) and name):
        return None
    return f"{kind}:{namespace if namespace and isinstance(namespace, str) else DEFAULT_NAMESPACE}/{name}".lower()


# --- single values --------------------------------------------------------------------------------------------------


def is_name(text: str) -> bool:
    return len(text) <= MAX_NAME and bool(_NAME.match(text))


def is_namespace(text: str) -> bool:
    return len(text) <= MAX_NAME and bool(_DNS_LABEL_ONLY.match(text))


def is_kind(text: str) -> bool:
    return len(text) <= MAX_NAME and bool(_KIND.match(text))


def is_tag(text: str) -> bool:
    return len(text) <= MAX_NAME and bool(_TAG.match(text))


def is_label_value(text: str) -> bool:
    return text == "" or is_name(text)


def is_label_key(text: str) -> bool:
    prefix, name = _prefixed(text)
    return prefix and is_name(name)


def is_api_version(text: str) -> bool:
    prefix, version = _prefixed(text)
    return prefix and len(version) <= MAX_NAME and bool(_VERSION.match(version))


def _prefixed(text: str) -> tuple[bool, str]:
    """Whether what stands before the only slash, if there is one, is a DNS name; and what stands after it."""
    prefix, slash, rest = text.rpartition("/")
    if not slash:
        return True, rest
    labels = prefix.split(".")
    return len(prefix) <= MAX_PREFIX and all(is_namespace(label) for label in labels), rest


# https://url.spec.whatwg.org/#url-parsing, as far as it decides between an absolute URL and none.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_AUTHORITY = re.compile(r"[/\\]*([^/\\?#]*)")
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20#/<>?@\\^|%\x7f]|\[(?![0-9A-Fa-f:.]+\]\Z)")
_NEEDS_HOST = ("http:", "https:", "ws:", "wss:", "ftp:")


def is_absolute_url(text: str) -> bool:
    """Whether a browser would take this for a complete address (of any scheme: not all are safe to show)."""
    text = re.sub(r"[\t\n\r]", "", text.strip("".join(map(chr, range(33)))))
    scheme = _SCHEME.match(text)
    if not scheme:
        return False
    rest = text[scheme.end() :]
    if scheme[0].lower() in _NEEDS_HOST:
        return _is_host(_AUTHORITY.match(rest)[1])  # type: ignore[index]  # the pattern matches anything
    if rest.startswith("//") and scheme[0].lower() != "file:":
        host = re.split(r"[/?#]", rest[2:], maxsplit=1)[0].rpartition("@")[2]
        return not _FORBIDDEN_IN_HOST.search(host.partition(":")[0])
    return True


def _is_host(authority: str) -> bool:
    host, _, port = authority.rpartition("@")[2].partition("]:" if "[" in authority else ":")
    host += "]" if "[" in host and not host.endswith("]") else ""
    return bool(host) and not _FORBIDDEN_IN_HOST.search(host) and (not port or _is_port(port))


def _is_port(text: str) -> bool:
    """Its length first: a superscript is a digit too, and thousands of digits are no number that Python reads."""
    return len(text) < 6 and text.isascii() and text.isdigit() and int(text) < 65536


def is_placeholder(value: Any) -> bool:
    """``{$text: …}`` whose content was not fetched: it stands for a text."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("$text"), str)


def describe(value: Any) -> str:
    """A value in words, short enough for a message."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"the flag {'true' if value else 'false'}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"“{value if len(value) <= 80 else value[:77] + '…'}”" if value else "an empty text"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    keys = ", ".join(list(map(str, value))[:3])
    return f"a mapping with {keys}" if value else "an empty mapping"


# --- the envelope ---------------------------------------------------------------------------------------------------

_ROOT = ("apiVersion", "kind", "metadata", "spec")


def _envelope(entity: dict[str, Any]) -> Iterator[Problem]:
    yield from _root_text(entity, "apiVersion", is_api_version, "backstage.io/v1alpha1")
    yield from _root_text(entity, "kind", is_kind, "Component")
    for key in entity:
        if key not in _ROOT:
            yield Problem(
                key,
                f"“{key}” is not allowed at the top of a document. {_where_it_belongs(key)}",
            )


def _root_text(entity: dict[str, Any], key: str, is_right: Callable[[str], bool], example: str) -> Iterator[Problem]:
    value = entity.get(key)
    if key not in entity:
        yield Problem(key, f"{key} is missing. Begin the document with {key}: {example}.")
    elif not isinstance(value, str) or not is_right(value):
        yield Problem(key, f"{key} must be a word such as {example}, but is {describe(value)}.")


def _where_it_belongs(key: str) -> str:
    if key in ("relations", "status"):
        return "It is worked out from the documents, never written; remove it."
    if key in (
        "name",
        "namespace",
        "title",
        "description",
        "labels",
        "annotations",
        "tags",
        "links",
    ):
        return "It belongs under metadata; indent it there."
    if any(rule.name == key for kind in KINDS.values() for rule in kind.rules):
        return "It belongs under spec; indent it there."
    return "Only apiVersion, kind, metadata and spec are; move it under one of them or remove it."


# --- metadata -------------------------------------------------------------------------------------------------------


def _metadata(metadata: Any) -> Iterator[Problem]:
    if not isinstance(metadata, dict):
        found = f"it is {describe(metadata)}" if metadata is not None else "it is missing"
        yield Problem("metadata", f"metadata must be a mapping with at least a name, but {found}.")
        return
    yield from _name(metadata)
    yield from _namespace(metadata)
    for key in ("title", "uid", "etag"):
        yield from _check(Rule(key), metadata, "metadata")
    yield from _check(Rule("description", Shape.ANY_TEXT), metadata, "metadata")
    yield from _length("metadata.description", metadata.get("description"))
    yield from _pairs(metadata, "labels", is_label_value)
    yield from _pairs(metadata, "annotations", lambda _: True)
    yield from _tags(metadata.get("tags"))
    yield from _links(metadata.get("links"))


def _length(path: str, value: Any) -> Iterator[Problem]:
    """A text that a form would not take either."""
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        yield Problem(path, f"{path} is {len(value):,} characters long; at most {LONGEST_TEXT:,} are kept. Shorten it.")


def _name(metadata: dict[str, Any]) -> Iterator[Problem]:
    name = metadata.get("name")
    if name is None:
        yield Problem(
            "metadata.name",
            "metadata.name is missing. Give the entity a short name such as payment-api.",
        )
    elif not isinstance(name, str):
        yield Problem(
            "metadata.name",
            f"metadata.name must be a text, but is {describe(name)}.{_quote_it(name)}",
        )
    elif len(name) > MAX_NAME:
        message = f"metadata.name is {len(name)} characters long; at most {MAX_NAME} are allowed. Shorten “{name}” and "
        yield Problem("metadata.name", f"{message}keep the long form as metadata.title.")
    elif not is_name(name):
        yield Problem(
            "metadata.name",
            f"metadata.name is {describe(name)}. A name holds letters, digits and -_. between them; put other "
            "characters into metadata.title.",
        )


def _namespace(metadata: dict[str, Any]) -> Iterator[Problem]:
    namespace = metadata.get("namespace", "")
    if not isinstance(namespace, str) or (namespace and not is_namespace(namespace)):
        yield Problem(
            "metadata.namespace",
            f"metadata.namespace is {describe(namespace)}. It holds lower-case letters, digits and - between them, at "
            f"most {MAX_NAME}. Leave the line out for the namespace default.",
        )


def _pairs(metadata: dict[str, Any], name: str, is_value: Callable[[str], bool]) -> Iterator[Problem]:
    pairs = metadata.get(name)
    if pairs is None:
        return
    if not isinstance(pairs, dict):
        yield Problem(
            f"metadata.{name}",
            f"metadata.{name} must be a mapping of texts, but is {describe(pairs)}.",
        )
        return
    for key, value in pairs.items():
        path = f"metadata.{name}.{key}"
        if not is_label_key(key):
            yield Problem(
                path,
                f"metadata.{name} has the key “{key}”. A key is a name such as team or example.com/team.",
            )
        if not isinstance(value, str):
            yield Problem(
                path,
                f"{path} must be a text, but is {describe(value)}.{_quote_it(value)}",
            )
        elif not is_value(value):
            yield Problem(
                path,
                f"{path} is {describe(value)}. A label holds letters, digits and -_. between them, at most {MAX_NAME}.",
            )


def _tags(tags: Any) -> Iterator[Problem]:
    if tags is None:
        return
    if not isinstance(tags, list):
        yield Problem(
            "metadata.tags",
            f"metadata.tags must be a list of texts, but is {describe(tags)}.",
        )
        return
    for tag in tags:
        if not isinstance(tag, str) or not is_tag(tag):
            yield Problem(
                "metadata.tags",
                f"metadata.tags holds {describe(tag)}. A tag is lower case, of letters, digits and :+# with single - "
                f"between them, at most {MAX_NAME}.{_quote_it(tag)}",
            )


def _links(links: Any) -> Iterator[Problem]:
    if links is None:
        return
    if not isinstance(links, list):
        yield Problem(
            "metadata.links",
            f"metadata.links must be a list of links, but is {describe(links)}.",
        )
        return
    for number, link in enumerate(links):
        yield from _link(link, f"metadata.links[{number}]")


def _link(link: Any, path: str) -> Iterator[Problem]:
    if not isinstance(link, dict):
        yield Problem(path, f"{path} must be a mapping with url and title, but is {describe(link)}.")
        return
    for key in ("url", "title", "icon", "type"):
        yield from _length(f"{path}.{key}", link.get(key))
    url = link.get("url")
    if not isinstance(url, str) or not is_absolute_url(url):
        found = f"is {describe(url)}" if "url" in link else "is missing"
        yield Problem(
            path,
            f"{path}.url {found}. Write the whole address, starting with https:// or another scheme.",
        )
    for key in ("title", "icon", "type"):
        yield from _check(Rule(key), link, path)
        if key != "type" and isinstance(link.get(key), str) and link[key] and not link[key].strip():
            yield Problem(path, f"{path}.{key} is blank. Write a text or leave the line out.")


# --- spec -----------------------------------------------------------------------------------------------------------


def _spec(entity: dict[str, Any], kind: Kind | None) -> Iterator[Problem]:
    spec = entity.get("spec")
    if kind is None and "spec" not in entity:
        return
    if not isinstance(spec, dict):
        found = f"it is {describe(spec)}" if "spec" in entity else "it is missing"
        yield Problem("spec", f"spec must be a mapping, but {found}.")
        return
    for rule in kind.rules_for(spec) if kind else ():
        yield from _check(rule, spec, "spec")


def _check(rule: Rule, holder: dict[str, Any], above: str) -> Iterator[Problem]:
    """The problems of one field of ``holder``."""
    path = f"{above}.{rule.name}"
    if rule.name not in holder:
        if rule.required:
            yield Problem(path, f"{path} is missing. Add {_meaning(rule)}.")
        return
    value = holder[rule.name]
    if not _fits(rule, value):
        yield Problem(
            path,
            f"{path} {_EXPECTED[rule.shape]}, but is {describe(value)}.{_how_to_mend(rule, value)}",
        )
    elif rule.choices and value not in rule.choices:
        yield Problem(
            path,
            f"{path} must be one of {', '.join(rule.choices)}, but is {describe(value)}.",
        )
    elif rule.at_least_one and not value:
        yield Problem(path, f"{path} is empty. Add {_meaning(rule)}.")
    elif rule.inner:
        for place, inner in [(path, value)] if isinstance(value, dict) else _numbered(path, value):
            for inner_rule in rule.inner:
                yield from _check(inner_rule, inner, place)


def _numbered(path: str, values: list[Any]) -> list[tuple[str, Any]]:
    return [(f"{path}[{number}]", value) for number, value in enumerate(values)]


def _is_text(value: Any) -> bool:
    return (isinstance(value, str) and value != "") or is_placeholder(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


_FITS: dict[Shape, Callable[[Any], bool]] = {
    Shape.TEXT: _is_text,
    Shape.ANY_TEXT: lambda value: isinstance(value, str),
    Shape.TEXT_OR_FLAG: lambda value: isinstance(value, str | bool),
    Shape.TEXTS: _is_texts,
    Shape.TEXT_OR_TEXTS: lambda value: _is_text(value) or _is_texts(value),
    Shape.MAPPING: lambda value: isinstance(value, dict),
    Shape.MAPPINGS: _is_mappings,
    Shape.MAPPING_OR_MAPPINGS: lambda value: isinstance(value, dict) or _is_mappings(value),
}
_EXPECTED = {
    Shape.TEXT: "must be one text",
    Shape.ANY_TEXT: "must be one text",
    Shape.TEXT_OR_FLAG: "must be a text, true or false",
    Shape.TEXTS: "must be a list of texts",
    Shape.TEXT_OR_TEXTS: "must be a text or a list of texts",
    Shape.MAPPING: "must be a mapping",
    Shape.MAPPINGS: "must be a list of mappings",
    Shape.MAPPING_OR_MAPPINGS: "must be a mapping or a list of mappings",
}


def _fits(rule: Rule, value: Any) -> bool:
    return _FITS[rule.shape](value)


def _how_to_mend(rule: Rule, value: Any) -> str:
    """What to write instead, where that can be told from what stands there."""
    if rule.shape is Shape.TEXTS and isinstance(value, str) and value:
        return f" Write {rule.name}: [{value}]."
    if rule.shape is Shape.TEXTS and isinstance(value, list):
        wrong = next(item for item in value if not _is_text(item))
        return f" One of its items is {describe(wrong)}.{_quote_it(wrong)}"
    if rule.shape is Shape.TEXT and isinstance(value, list) and value and isinstance(value[0], str):
        return f" Keep one: {rule.name}: {value[0]}."
    if rule.shape is Shape.TEXT and isinstance(value, dict) and next(iter(value), "").startswith("$"):
        return " Only $text, $json and $yaml name a file to be read here, as the only key."
    if value is None:
        return f" Write {_meaning(rule)}" + ("." if rule.required else ", or leave the line out.")
    return _quote_it(value)


def _meaning(rule: Rule) -> str:
    return rule.meaning or rule.name


def _quote_it(value: Any) -> str:
    if isinstance(value, bool | int | float):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f' Put it in quotes: "{text}".'
    return ""


# --- notes ----------------------------------------------------------------------------------------------------------

_MAY_BE_EMPTY = ("labels", "annotations", "tags", "links")


def _notes(entity: dict[str, Any], kind: Kind | None) -> Iterator[Problem]:
    metadata = entity.get("metadata")
    for key in _MAY_BE_EMPTY if isinstance(metadata, dict) else ():
        if key in metadata and metadata[key] is None:  # type: ignore[operator,index]
            yield Problem(
                f"metadata.{key}",
                f"metadata.{key} is empty and read as absent. Leave the line out.",
            )
    if kind is None and isinstance(entity.get("kind"), str):
        yield from _foreign_note(entity["kind"], entity.get("apiVersion"))


def _foreign_note(name: str, api_version: Any) -> Iterator[Problem]:
    meant = next((known for known in KINDS.values() if known.name.lower() == name.lower()), None)
    if meant and meant.name != name:
        yield Problem("kind", f"kind is “{name}”; write {meant.name} for it to be read as one.")
    elif meant:
        yield Problem(
            "apiVersion",
            f"{name} is known with apiVersion {meant.versions[0]}, not {describe(api_version)}.",
        )
