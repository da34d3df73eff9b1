"""Using the embedded servers: join them, starting their keeper when there is none."""

import fcntl
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from portal.embedded.errors import EmbeddedError, explain
from portal.embedded.places import Places, hold, holding, is_held

PROJECT = Path(__file__).resolve().parents[2]
LONGEST_START = 180.0
LONGEST_STOP = 30.0


@dataclass(frozen=True)
class Use:
    """This process uses the servers as long as the descriptor is open; forked children share it."""

    urls: tuple[str, str]
    lock: int


_uses: dict[Path, Use] = {}


def server_urls(data_dir: Path) -> tuple[str, str]:
    """The addresses of PostgreSQL and Redis for this data directory; starts them when they do not run.

    The servers run until every process that asked has ended. Raises EmbeddedError with a message for people.
    """
    root = data_dir.resolve()
    if root not in _uses:
        _uses[root] = _join(Places(root))
    return _uses[root].urls


def leave_servers(data_dir: Path, *, wait: float = 0) -> bool:
    """Stop using the servers before this process ends; whether they have stopped, waiting for it at most so long."""
    places = Places(data_dir.resolve())
    use = _uses.pop(places.root, None)
    if use:
        if wait and not is_held(places.keeper_lock):
            # One that was killed left servers that nobody else would stop.
            _start_keeper(places)
        os.close(use.lock)
    end = time.monotonic() + wait
    while is_held(places.keeper_lock):
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)
    return True


def revive_keeper(data_dir: Path) -> bool:
    """Start the keeper of servers that this process uses once more if it was killed; whether it was. It takes over
    what still runs. Does not wait for it: whoever asks has other programs to look after."""
    places = Places(data_dir.resolve())
    if places.root not in _uses or is_held(places.keeper_lock):
        return False
    _launch_keeper(places, subprocess.DEVNULL)
    return True


def _join(places: Places) -> Use:
    places.prepare()
    with holding(places.start_lock):
        lock = _enter(places)
        try:
            urls = _known_urls(places) if is_held(places.keeper_lock) else None
            if urls is None:
                _start_keeper(places)
                urls = _wait_for_urls(places)
        except BaseException:
            os.close(lock)
            raise
    return Use(urls, lock)


def _enter(places: Places) -> int:
    """Take the users' lock, which is refused only while the keeper stops the servers."""
    end = time.monotonic() + LONGEST_STOP
    while time.monotonic() < end:
        lock = hold(places.users_lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if lock is not None:
            return lock
        time.sleep(0.05)
    raise EmbeddedError(
        f"The servers of {places.root} have been stopping for {LONGEST_STOP:.0f} seconds. "
        f"Look at {places.log('postgres')} and {places.log('keeper')}, then try again."
    )


def _start_keeper(places: Places) -> None:
    """Start the keeper and wait until it says that the servers answer; nothing happens when there is one already."""
    if not places.postgres.exists():
        print(f"Creating the database in {places.root} …", file=sys.stderr, flush=True)
    keeper = _launch_keeper(places, subprocess.PIPE)
    with cast("IO[bytes]", keeper.stdout) as wire:
        said = wire.read().decode()
    if said == "ready":
        # The keeper outlives us on purpose; without this Popen would warn that it is still running.
        keeper.returncode = 0
        return
    keeper.wait()
    if said:
        raise EmbeddedError(said)


def _launch_keeper(places: Places, output: int) -> "subprocess.Popen[bytes]":
    try:
        with places.log("keeper").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "portal.embedded.keeper", str(places.root)],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise explain(error, "starting the servers in", places.root) from error


def _wait_for_urls(places: Places) -> tuple[str, str]:
    """The addresses, once the keeper (ours, or one that a process killed meanwhile had started) has made them known."""
    end = time.monotonic() + LONGEST_START
    while time.monotonic() < end:
        urls = _known_urls(places)
        if urls:
            return urls
        if not is_held(places.keeper_lock):
            break
        time.sleep(0.05)
    raise EmbeddedError(f"The embedded servers did not start. See {places.log('keeper')} and {places.log('postgres')}.")


def _known_urls(places: Places) -> tuple[str, str] | None:
    try:
        state = json.loads(places.state.read_text())
        return str(state["database_url"]), str(state["redis_url"])
    except (OSError, ValueError, KeyError):
        return None
