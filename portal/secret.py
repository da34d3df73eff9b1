"""The signing key of an installation that was given none: made once, kept in DATA_DIR, readable by its owner only."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def read_or_create_secret_key(data_dir: Path) -> str:
    """Return the key kept in ``data_dir/secret-key``, made first if it is not there; two processes may race for it."""
    path = data_dir / "secret-key"
    data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    return _read(path)


def _create(path: Path) -> None:
    """Write the key beside its place and link it there, so that nobody reads half of it; the first one stays."""
    new = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        with suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink(missing_ok=True)


def _read(path: Path) -> str:
    key = path.read_text().strip()
    if len(key) < 50:
        raise SystemExit(f"{path} is cut short. Delete it and start again; everybody then has to sign in once more.")
    return key
