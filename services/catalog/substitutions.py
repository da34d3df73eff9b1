"""``$text``, ``$json`` and ``$yaml``: a value that stands in another file.

Only files below the folder that is being read are opened. Whatever lies elsewhere, an address on the network above
all, is left as it stands and marked external: fetching it would let a descriptor send the portal anywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.catalog.files import MAX_FILE_BYTES, read_bounded
from services.catalog.yaml12 import MAX_DEPTH, UNSTORABLE, UnreadableError, read_documents

MAX_READS = 100


class SubstitutionError(Exception):
    """A value that could not be fetched; the message says why."""


@dataclass(slots=True)
class Substitutions:
    """The substitutions of one document: what was read, and the notes on what was not."""

    root: Path
    path: Path
    notes: list[tuple[str, str]] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)

    def resolve(self, value: Any, path: str = "") -> Any:
        """The value with every substitution that can be made."""
        if isinstance(value, list):
            return [self.resolve(item, f"{path}[{number}]") for number, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        key = next(iter(value), "") if len(value) == 1 else ""
        if key in _READERS:
            return self._substitute(value, key, path)
        return {name: self.resolve(item, f"{path}.{name}" if path else name) for name, item in value.items()}

    def digest(self) -> bytes:
        return b"".join(hashlib.sha256(content).digest() for content in self.contents)

    def _substitute(self, value: dict[str, Any], key: str, path: str) -> Any:
        try:
            content = self._read(value[key])
            self.contents.append(content)
            return _READERS[key](content)
        except SubstitutionError as error:
            self.notes.append((path, f"{path} is external, not fetched: {error}"))
            return value

    def _read(self, target: Any) -> bytes:
        if not isinstance(target, str) or not target:
            raise SubstitutionError("the value must be the path of a file.")
        if "://" in target or target.startswith(("url:", "file:")):
            raise SubstitutionError(f"only files beside the descriptor are read, and {target[:200]} is an address.")
        if len(self.contents) >= MAX_READS:
            raise SubstitutionError(f"one document may name at most {MAX_READS} files.")
        try:
            found = (self.path.parent / target).resolve()
            if not found.is_relative_to(self.root):
                raise SubstitutionError(f"{target[:200]} lies outside the folder that is read.")
            content = read_bounded(found)
            if sum(map(len, self.contents)) + len(content) > MAX_FILE_BYTES:
                raise SubstitutionError(f"one document may hold at most {MAX_FILE_BYTES / 1_000_000:.1f} MB of files.")
            return content
        except (OSError, RuntimeError) as error:
            raise SubstitutionError(
                f"{target[:200]} cannot be read ({getattr(error, 'strerror', None) or error})."
            ) from None
        except ValueError as error:
            raise SubstitutionError(f"{target[:200]}: {error}") from None


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SubstitutionError("the file is not UTF-8 text.") from None
    if "\0" in text:
        raise SubstitutionError("the file is binary.")
    return text


def _json(content: bytes) -> Any:
    text = _text(content)
    try:
        value = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except RecursionError:
        raise SubstitutionError(_TOO_DEEP) from None
    except ValueError as error:
        raise SubstitutionError(f"the file is not JSON ({error}).") from None
    _check_storable(value)
    return value


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


_TOO_DEEP = f"its values are nested more than {MAX_DEPTH} deep."


def _check_storable(value: Any) -> None:
    """Refuse what YAML would not let through either."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if any(isinstance(each, str) and UNSTORABLE.search(each) for each in level):
            raise SubstitutionError("a text in it holds a character that cannot be stored, such as NUL.")
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise SubstitutionError(_TOO_DEEP)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _yaml(content: bytes) -> Any:
    documents = list(read_documents(_text(content)))
    if len(documents) != 1:
        raise SubstitutionError(f"the file must hold one YAML document, but holds {len(documents)}.")
    error: UnreadableError | None = documents[0].error
    if error:
        raise SubstitutionError(f"line {error.line}: {error}")
    return documents[0].value


_READERS: dict[str, Callable[[bytes], Any]] = {
    "$text": _text,
    "$json": _json,
    "$yaml": _yaml,
}
