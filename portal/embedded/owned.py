"""Directories of the servers' data: marked as ours when we make them, and left alone when they are not."""

import os
import shlex
from pathlib import Path

from portal.embedded.accounts import Account
from portal.embedded.errors import EmbeddedError, explain

MARK = "made-by-groundwork"
_WORDS = "Groundwork made these data. It touches no database and no Redis without this file.\n"


def mark(directory: Path, account: Account | None) -> None:
    """Say that what lies here is ours."""
    write(directory / MARK, _WORDS, account)


def check_marks(*directories: Path) -> None:
    """Refuse data that we did not make: DATA_DIR=/srv may hold somebody's own servers under the same names."""
    strange = [each for each in directories if _is_strange(each)]
    if strange:
        files = " ".join(shlex.quote(str(each / MARK)) for each in strange)
        raise EmbeddedError(
            f"No file {MARK} in {' and '.join(map(str, strange))}: the data there may be another program's. "
            "Nothing was changed. Name another data directory with DATA_DIR=…; or, if Groundwork made them, say so and "
            f"start again: touch {files}"
        )


def _is_strange(directory: Path) -> bool:
    """Whether it holds anything, but no mark."""
    try:
        return directory.exists() and not (directory / MARK).exists() and any(directory.iterdir())
    except OSError as error:
        raise explain(error, "reading the data in", directory) from error


def write(file: Path, text: str, account: Account | None) -> None:
    """Write by renaming: the directory may belong to another account, whose links root must not follow."""
    new = file.with_name(f"{file.name}.new")
    try:
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as output:
            output.write(text)
            if account:
                os.fchown(descriptor, account.uid, account.gid)
        new.replace(file)
    except OSError as error:
        raise explain(error, "writing", file) from error
