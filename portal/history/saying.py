"""Saying what changed: a value as people read it, the part of a long text that differs, JSON key by key."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from portal.named_values import without_secrets
from portal.references.models import Reference

NOTHING = "not set"
# Texts up to this length are shown whole. Of longer ones, what differs with so much around it, at most MOST of it.
WHOLE, AROUND, MOST = 200, 40, 500


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


def tell(field: Any, before: Any, after: Any, references: Mapping[int, str]) -> Iterable[Change]:
    """What became of one field; ``references`` are the names of what it may point at."""
    label = sentence(str(field.verbose_name))
    if isinstance(before, dict) or isinstance(after, dict):
        yield from _by_key(label, before or {}, after or {})
    else:
        yield _change(label, said(field, before, references), said(field, after, references), before, after)


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def said(field: Any, value: Any, references: Mapping[int, str]) -> str:
    """A value in words, as people read it."""
    if value in (None, "", [], {}):
        return NOTHING
    if field.related_model is Reference:
        return references.get(value, "something that is gone")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_link(each) if isinstance(each, dict) and "url" in each else _plain(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _as_json(value) if isinstance(value, dict) else str(value)


def _link(link: dict[str, Any]) -> str:
    return f"{link['url']} ({link['title']})" if link.get("title") else str(link["url"])


def _as_json(value: Any) -> str:
    # Not orjson: the database holds whole numbers of any length, and that one has no more than 64 bits for them.
    return json.dumps(value, default=str, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _by_key(label: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterable[Change]:
    old, new = dict(_leaves("", before)), dict(_leaves("", after))
    for path in dict.fromkeys([*old, *new]):
        if old.get(path) != new.get(path):
            texts = [NOTHING if each is None else _plain(each) for each in (old.get(path), new.get(path))]
            yield _change(f"{label}: {path}", texts[0], texts[1], old.get(path), new.get(path))


def _leaves(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Each value of nested JSON with the path of keys that leads to it."""
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(f"{path}.{name}" if path else str(name), each)
    else:
        yield path, value


def _change(label: str, before: str, after: str, old: Any, new: Any) -> Change:
    if before == after:  # such as the number 1 and the text 1
        before, after = _as_json(old), _as_json(new)
    # Who reads the history need not be allowed to edit, and so to see the keys in an address.
    return Change(label, *_differing(without_secrets(before), without_secrets(after)))


def _differing(before: str, after: str) -> tuple[str, str]:
    if max(len(before), len(after)) <= WHOLE:
        return before, after
    start = _same(before, after)
    same_end = _same(before[start:][::-1], after[start:][::-1])
    return _part(before, start, same_end), _part(after, start, same_end)


def _same(one: str, other: str) -> int:
    """How many characters the two begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _part(text: str, start: int, same_end: int) -> str:
    """From shortly before what differs until shortly after, with marks where something is left out."""
    first, last = max(0, start - AROUND), len(text) - max(0, same_end - AROUND)
    shown = text[first : min(last, first + MOST)]
    left_out = last - first - len(shown)
    end = f"… and {left_out:,} characters more" if left_out else "…" if last < len(text) else ""
    return f"{'…' if first else ''}{shown}{end}"
