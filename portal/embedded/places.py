"""Where everything of the embedded servers lies, and the locks that say who uses them."""

import fcntl
import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portal.embedded.accounts import Account
from portal.embedded.errors import EmbeddedError, explain

# sockaddr_un.sun_path, less its closing zero byte.
LONGEST_SOCKET_PATH = 107 if sys.platform == "linux" else 103
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Places:
    """The paths below one DATA_DIR."""

    root: Path

    @property
    def own(self) -> Path:
        """Locks, logs and the state of the servers; never their data."""
        return self.root / "embedded"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        return self.root / "redis"

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the servers."""
        return self.own / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper as long as it lives."""
        return self.own / "keeper.lock"

    @property
    def start_lock(self) -> Path:
        """Held while somebody makes sure that there is a keeper."""
        return self.own / "start.lock"

    @property
    def state(self) -> Path:
        """The addresses, written by the keeper once the servers answer."""
        return self.own / "state.json"

    def log(self, name: str) -> Path:
        return self.own / f"{name}.log"

    def prepare(self) -> None:
        """Make the directories. Those that exist keep the permissions they have."""
        if sys.platform == "linux" and not Path("/proc/self").exists():
            raise EmbeddedError("The embedded servers need /proc. Mount it: mount -t proc proc /proc")
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.own.mkdir(exist_ok=True, mode=0o700)
            for lock in (self.users_lock, self.keeper_lock, self.start_lock):
                os.close(os.open(lock, os.O_CREAT | os.O_RDWR, 0o600))
        except FileExistsError as error:
            raise EmbeddedError(f"DATA_DIR={self.root} cannot be used: {error.filename} is not a directory.") from error
        except OSError as error:
            raise explain(error, "creating the data directory", Path(error.filename or self.root)) from error


def hold(path: Path, kind: int) -> int | None:
    """Take a lock (fcntl.LOCK_SH or LOCK_EX, perhaps with LOCK_NB); its descriptor, or None when it is not to be had.

    flock, not lockf: the lock belongs to the open file, so forked workers keep holding it and a killed process lets go.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise explain(error, "opening the lock", path) from error
    try:
        fcntl.flock(descriptor, kind)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def holding(path: Path) -> Iterator[None]:
    """Hold a lock alone for the length of a block."""
    descriptor = hold(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor) if descriptor is not None else None


def is_held(path: Path) -> bool:
    """Whether some process holds this lock alone."""
    if not path.exists():
        return False
    descriptor = hold(path, fcntl.LOCK_SH | fcntl.LOCK_NB)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def socket_directory(places: Places, account: Account | None) -> Path:
    """The directory of PostgreSQL's socket: its data directory, or a short private one when that path is too long."""
    if _fits(places.postgres):
        return places.postgres
    owner = account.uid if account else os.getuid()
    name = hashlib.sha256(os.fsencode(places.root)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()).resolve() / f"groundwork-{owner}-{name}"
    if not _fits(short):
        raise EmbeddedError(
            f"The path of the database socket would be too long, both below DATA_DIR={places.root} "
            f"and below {short.parent}. Name a shorter directory with DATA_DIR=…, or set TMPDIR=/tmp."
        )
    return _private(short, owner, account)


def _fits(directory: Path) -> bool:
    return len(os.fsencode(directory / SOCKET_NAME)) <= LONGEST_SOCKET_PATH


def _private(directory: Path, owner: int, account: Account | None) -> Path:
    """Make the directory, or accept the one that is there if nobody but its owner could have put anything into it."""
    try:
        directory.mkdir(mode=0o700)
        if account:
            os.chown(directory, account.uid, account.gid)
    except FileExistsError:
        pass
    except OSError as error:
        raise explain(error, "creating the directory of the database socket", directory) from error
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != 0o700:
        raise EmbeddedError(
            f"{directory} is not ours: it should be a directory of user {owner} with mode 0700. It was left alone. "
            "Remove it, or set TMPDIR to another directory, and start again."
        )
    return directory
