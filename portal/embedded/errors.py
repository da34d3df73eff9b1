"""What the embedded servers say when they cannot go on."""

import errno
from pathlib import Path


class EmbeddedError(Exception):
    """A problem for a person to read: names the thing, says what is wrong and how to mend it."""


def explain(error: OSError, doing: str, path: Path) -> EmbeddedError:
    """The same operating system error, in words and with a way out."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EmbeddedError(
            f"The disk is full: {doing} {path} was not possible. Nothing was lost. "
            "Free some space, or name a directory on another disk with DATA_DIR=…, and start again."
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EmbeddedError(
            f"No permission: {doing} {path} was refused ({error.strerror}{_closed_parent(path)}). Nothing was changed. "
            "Name a directory that you may write to with DATA_DIR=…, or start as the user whom this one belongs to."
        )
    return EmbeddedError(f"{doing[:1].upper()}{doing[1:]} {path} failed: {error.strerror or error}.")


def _closed_parent(path: Path) -> str:
    """Name the highest directory on the way that may not be entered: the one whose permission is in the way."""
    for parent in reversed(path.parents):
        try:
            (parent / ".").stat()
        except PermissionError:
            return f"; the directory {parent} may not be entered"
        except OSError:
            break
    return ""
