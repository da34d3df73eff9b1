"""Finding descriptor files below the paths that are given, and reading their bytes; whatever is odd is reported."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

SUFFIXES = (".yaml", ".yml")
# Never descriptors, and sometimes a hundred thousand files.
SKIPPED_FOLDERS = frozenset({".git", "node_modules"})
MAX_FILE_BYTES = 8 * 1024 * 1024
# As long as the name of a file can be kept.
MAX_NAME = 1000
# Part of every digest: raise it when the reading rules change, so that unchanged files are read again.
READER_VERSION = b"3"


class MissingPathError(Exception):
    """A path somebody asked for cannot be read at all."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to read. ``problem`` says why it cannot be read; ``is_link`` that its content is read elsewhere."""

    root: Path
    path: Path
    file: str
    problem: str = ""
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The bytes of a file with their digest, or the problem that stands in their place."""

    found: FoundFile
    data: bytes = b""
    problem: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(READER_VERSION + self.data + self.problem.encode()).hexdigest()

    @property
    def has_substitutions(self) -> bool:
        return any(word in self.data for word in (b"$text", b"$json", b"$yaml"))


def find_files(path: str | Path) -> Iterator[FoundFile]:
    """The YAML files at or below a path, in the order of their names."""
    root = Path(path)
    if not root.exists():
        raise MissingPathError(
            f"There is no file or folder “{path}”. Give the path of one that holds catalog-info.yaml files."
        )
    root = root.resolve()
    if root.is_dir():
        if not os.access(root, os.R_OK | os.X_OK):
            raise MissingPathError(f"The folder “{path}” may not be read by this user. Change its permissions.")
        yield from _walk(root)
    else:
        yield named(FoundFile(root.parent, root, readable_name(root.name)))


def named(found: FoundFile) -> FoundFile:
    """The same file; one whose name is too long to be kept gets a shorter one, still its own, and is a problem."""
    if len(found.file) <= MAX_NAME:
        return found
    digest = hashlib.sha256(found.file.encode()).hexdigest()[:12]
    problem = (
        f"The path of this file is {len(found.file):,} characters long; at most {MAX_NAME:,} are kept. "
        "Shorten the names of its folders."
    )
    return replace(found, file=f"{found.file[: MAX_NAME - 20]}… {digest}", problem=found.problem or problem)


def load(found: FoundFile) -> LoadedFile:
    """Read one file; a file that is not one, too large or not permitted becomes a problem, never an exception."""
    if found.problem:
        return LoadedFile(found, problem=found.problem)
    try:
        return LoadedFile(found, read_bounded(found.path))
    except (OSError, ValueError) as error:
        return LoadedFile(found, problem=_explained(error))


def read_bounded(path: Path) -> bytes:
    """The bytes of an ordinary file of a reasonable size; ValueError says why not."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("This is not an ordinary file, so it is not read.")
    if status.st_size > MAX_FILE_BYTES:
        raise ValueError(
            f"The file has {status.st_size / 1_000_000:.1f} MB; at most {MAX_FILE_BYTES / 1_000_000:.1f} MB are read. "
            "Split it, or keep large definitions in files of their own and name them with $text."
        )
    return path.read_bytes()


def readable_name(name: str) -> str:
    """A file name that can be stored and printed, whatever bytes it is made of."""
    return os.fsencode(name).decode("utf-8", "backslashreplace").replace("\0", "\\0")


def _walk(root: Path) -> Iterator[FoundFile]:
    waiting: list[FoundFile | Path] = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, FoundFile):
            yield item
        else:
            waiting.extend(reversed(list(_listed(root, item))))


def _listed(root: Path, folder: Path) -> Iterator[FoundFile | Path]:
    """What a folder holds for the walk: descriptor files, problems, and folders to enter."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield _found(root, folder, problem=_explained(error))
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink():
            yield from _linked(root, path)
        elif entry.is_dir(follow_symlinks=False):
            if entry.name not in SKIPPED_FOLDERS:
                yield path
        elif path.suffix.lower() in SUFFIXES:
            yield _found(root, path)


def _linked(root: Path, path: Path) -> Iterator[FoundFile]:
    """A link is never followed to a file that the walk meets anyway, and never out of the folder."""
    is_descriptor = path.suffix.lower() in SUFFIXES
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        if is_descriptor:
            yield _found(
                root,
                path,
                problem="This is a link that leads nowhere or in a circle. Remove or mend it.",
            )
        return
    if target.is_dir():
        yield from _linked_folder(root, path, target)
    elif is_descriptor and not target.is_relative_to(root):
        yield _found(
            root,
            path,
            problem="This is a link to a file outside the folder, which is not read. Copy the file.",
        )
    elif is_descriptor and target.suffix.lower() in SUFFIXES and not _is_skipped(root, target):
        where = readable_name(str(target.relative_to(root)))
        yield _found(
            root,
            path,
            problem=f"This is a link to {where}, which is read there.",
            is_link=True,
        )
    elif is_descriptor:
        yield _found(root, path)


def _linked_folder(root: Path, path: Path, target: Path) -> Iterator[FoundFile]:
    if path.name in SKIPPED_FOLDERS:
        return
    if target.is_relative_to(root):
        where = readable_name(str(target.relative_to(root)))
        yield _found(
            root,
            path,
            problem=f"This is a link to the folder {where}, which is read there.",
            is_link=True,
        )
    else:
        message = "This is a link to a folder outside, which is not read. Give that folder as a path of its own."
        yield _found(root, path, problem=message, is_link=True)


def _is_skipped(root: Path, target: Path) -> bool:
    return not SKIPPED_FOLDERS.isdisjoint(target.relative_to(root).parts)


def _found(root: Path, path: Path, *, problem: str = "", is_link: bool = False) -> FoundFile:
    return named(FoundFile(root, path, readable_name(path.relative_to(root).as_posix()), problem, is_link))


def _explained(error: OSError | ValueError) -> str:
    if isinstance(error, PermissionError):
        return "This may not be read by the user who runs the import. Change its permissions."
    if isinstance(error, FileNotFoundError):
        return "The file vanished while it was being read. Run the import again."
    if isinstance(error, OSError):
        return f"This cannot be read: {error.strerror or error}."
    return str(error)
