"""``$text``, ``$json`` and ``$yaml``: a value that stands in another file.

Only files of the descriptor's own repository are opened: below the nearest folder that holds ``.git``, within the path
that is being read, or else below the descriptor's own folder. Checkouts lie beside each other, and whoever writes into
one of them may not read the others by naming them; nor what git, node and hidden files such as ``.env`` hold. Whatever
lies elsewhere, an address on the network above all, is left as it stands and marked external: fetching it would let a
descriptor send the portal anywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.catalog.files import MAX_FILE_BYTES, SKIPPED_FOLDERS, read_bounded
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
    digests: list[bytes] = field(default_factory=list)
    attempts: int = 0
    size: int = 0  # bytes of what was read, with aliases expanded

    def resolve(self, value: Any, path: str = "") -> Any:
        """The value with every substitution that can be made."""
        if isinstance(value, list):
            return [self.resolve(item, f"{path}[{number}]") for number, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        key = next(iter(value), "") if len(value) == 1 else ""
        if key in _READERS:
            self.attempts += 1
            return self._substitute(value, key, path) if self.attempts <= MAX_READS + 1 else value
        return {name: self.resolve(item, f"{path}.{name}" if path else name) for name, item in value.items()}

    def digest(self) -> bytes:
        return b"".join(self.digests)

    def _substitute(self, value: dict[str, Any], key: str, path: str) -> Any:
        try:
            content = self._read(value[key])
            self.digests.append(hashlib.sha256(content).digest())
            self._take(len(content))
            read, expanded = _READERS[key](content)
            self._take(max(0, expanded - len(content)))
            return read
        except SubstitutionError as error:
            self.notes.append((path, f"{path} is external, not fetched: {error}"))
            return value

    def _read(self, target: Any) -> bytes:
        if not isinstance(target, str) or not target:
            raise SubstitutionError("the value must be the path of a file.")
        if "://" in target or target.startswith(("url:", "file:")):
            raise SubstitutionError(f"only files beside the descriptor are read, and {target[:200]} is an address.")
        if self.attempts > MAX_READS:
            raise SubstitutionError(f"one document may name at most {MAX_READS} files; this and all after it stay.")
        try:
            found = self._found(target)
            self._check_size(found.stat().st_size)
            return read_bounded(found)
        except (OSError, RuntimeError) as error:
            raise SubstitutionError(
                f"{target[:200]} cannot be read ({getattr(error, 'strerror', None) or error})."
            ) from None
        except ValueError as error:
            raise SubstitutionError(f"{target[:200]}: {error}") from None

    def _found(self, target: str) -> Path:
        """The file of this name, if the descriptor may name it."""
        folder, repository = self.path.parent, _repository(self.path.parent, self.root)
        found = (folder / target).resolve()
        if not found.is_relative_to(repository or folder):
            outside = f"{repository.name}, the repository" if repository else f"{folder.name}, the folder"
            raise SubstitutionError(f"{target[:200]} lies outside {outside} of the descriptor.")
        # A descriptor may stand in a hidden folder itself.
        named = found.relative_to(folder if found.is_relative_to(folder) else repository or folder)
        if any(part.startswith(".") or part in SKIPPED_FOLDERS for part in named.parts):
            raise SubstitutionError(f"{target[:200]} is hidden, or in a folder that is left out.")
        return found

    def _check_size(self, more: int) -> None:
        if self.size + more > MAX_FILE_BYTES:
            raise SubstitutionError(f"one document may hold at most {MAX_FILE_BYTES / 1_000_000:.1f} MB of files.")

    def _take(self, size: int) -> None:
        self._check_size(size)
        self.size += size


def _repository(folder: Path, root: Path) -> Path | None:
    """The nearest folder that holds ``.git`` (a folder, or the file of a worktree), no higher than ``root``."""
    above = [each for each in (folder, *folder.parents) if each.is_relative_to(root)]
    return next((each for each in above if (each / ".git").exists()), None)


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


def _yaml(content: bytes) -> tuple[Any, int]:
    documents = list(read_documents(_text(content)))
    if len(documents) != 1:
        raise SubstitutionError(f"the file must hold one YAML document, but holds {len(documents)}.")
    error: UnreadableError | None = documents[0].error
    if error:
        raise SubstitutionError(f"line {error.line}: {error}")
    return documents[0].value, documents[0].size


# What stands in a file, and how many bytes that is once its aliases are expanded.
_READERS: dict[str, Callable[[bytes], tuple[Any, int]]] = {
    "$text": lambda content: (_text(content), len(content)),
    "$json": lambda content: (_json(content), len(content)),
    "$yaml": _yaml,
}
