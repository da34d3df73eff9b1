"""The account the servers run as: our own, except that root gives way to somebody without rights."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from portal.embedded.errors import EmbeddedError

UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Account:
    """An account other than our own."""

    uid: int
    gid: int


class RunAs(TypedDict, total=False):
    """The arguments of subprocess that change the account."""

    user: int
    group: int
    extra_groups: list[int]


def server_account(data: Path) -> Account | None:
    """Whom the servers run as, or None for ourselves.

    PostgreSQL refuses root, so root runs them as whoever owns the data.
    """
    if os.geteuid() != 0:
        return None
    try:
        found = data.stat()
    except FileNotFoundError:
        return _unprivileged()
    return Account(found.st_uid, found.st_gid) if found.st_uid != 0 else _unprivileged()


def run_as(account: Account | None) -> RunAs:
    return RunAs(user=account.uid, group=account.gid, extra_groups=[]) if account else RunAs()


def own_name() -> str:
    """The name of the account we run as, which PostgreSQL's peer authentication compares."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise EmbeddedError(
            f"The user id {os.geteuid()} has no name on this machine, and PostgreSQL needs one. "
            "Start as a user listed in /etc/passwd, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from error


def _unprivileged() -> Account:
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise EmbeddedError(
            f"As root the database runs as the user {UNPRIVILEGED}, whom this machine does not have. "
            "Start as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)
