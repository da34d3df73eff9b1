"""The keeper: one process per DATA_DIR that starts the servers, restarts what dies, and stops them when nobody is left.

It is started by whoever needs the servers first (portal.embedded.users) as: python -m portal.embedded.keeper DATA_DIR
It ends by itself: every user holds a shared lock, which the kernel releases even when the user is killed; once the
keeper gets that lock alone, nobody is left.
"""

import fcntl
import json
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from portal.embedded.accounts import server_account
from portal.embedded.errors import EmbeddedError, explain
from portal.embedded.owned import check_marks
from portal.embedded.places import Places, hold, socket_directory
from portal.embedded.postgres import Postgres
from portal.embedded.processes import is_alive
from portal.embedded.programs import find_programs
from portal.embedded.redis_server import Redis

log = logging.getLogger("keeper")
LOOK_EVERY, TRY_AGAIN_AFTER = 0.3, 5.0
DURABLE_SETTING = "EMBEDDED_DURABLE"


class Keeper:
    """The two servers of one DATA_DIR."""

    def __init__(self, places: Places, *, durable: bool) -> None:
        account = server_account(places.postgres)
        programs = find_programs(account)
        self.places = places
        self.users = os.open(places.users_lock, os.O_RDWR | os.O_CLOEXEC)
        self.leaving = False
        self.processes: dict[str, psutil.Process] = {}
        self.postgres = Postgres(
            program=programs.postgres,
            initdb=programs.initdb,
            data=places.postgres,
            sockets=socket_directory(places, account),
            log=places.log("postgres"),
            account=account,
            durable=durable,
        )
        settings = places.own / "redis.json"
        self.redis = Redis(programs.redis, places.redis, settings, places.log("redis"), account).configured()

    def start(self) -> None:
        """Start what does not run, take over what runs, and make the addresses known; if all of it is ours."""
        check_marks(self.places.postgres, self.places.redis)
        self._start_postgres()
        self._start_redis()
        state = {"keeper": os.getpid(), "database_url": self.postgres.url, "redis_url": self.redis.url}
        new = self.places.state.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(state, file)
        new.replace(self.places.state)

    def watch(self) -> None:
        """Until nobody is left, or DATA_DIR has gone and nobody can join any more."""
        while not (self.leaving or self._is_last() or self._is_removed()):
            if not all(map(is_alive, self.processes.values())):
                self._restart()
            time.sleep(LOOK_EVERY)

    def stop(self) -> None:
        self.places.state.unlink(missing_ok=True)
        for server, process in (
            (self.redis, self.processes.get("redis")),
            (self.postgres, self.processes.get("postgres")),
        ):
            if process:
                server.stop(process)
        if self.postgres.sockets != self.postgres.data:
            with suppress(OSError):
                self.postgres.sockets.rmdir()

    def leave(self, *_: object) -> None:
        """The system shuts down, or somebody ends the keeper: stop the servers in good order."""
        self.leaving = True

    def _start_postgres(self) -> None:
        process = self.postgres.running()
        if process and not self.postgres.answers():
            self.postgres.stop(process)
            process = None
        self.processes["postgres"] = process or psutil.Process(self.postgres.start().pid)

    def _start_redis(self) -> None:
        process = self.redis.running()
        if process and not self.redis.answers():
            self.redis.stop(process)
            process = None
        if process is None:
            self.redis, child = self.redis.start()
            process = psutil.Process(child.pid)
        self.processes["redis"] = process

    def _restart(self) -> None:
        try:
            log.warning("a server has ended; starting it again")
            self.start()
        except (EmbeddedError, OSError, psutil.Error) as error:
            log.error("%s", error)
            time.sleep(TRY_AGAIN_AFTER)

    def _is_last(self) -> bool:
        """Try for the lock that every user shares. Once taken it stays ours: nobody joins servers that are stopping."""
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_removed(self) -> bool:
        try:
            return not os.path.samestat(os.fstat(self.users), self.places.users_lock.stat())
        except OSError:
            return True


def main(data_dir: str) -> int:
    """Keep the servers of DATA_DIR; on standard output «ready», or the reason why not."""
    places = Places(Path(data_dir))
    lock = _become_keeper(places)
    if lock is None:
        return 0
    # What a killed keeper left: until our servers answer there is nothing to know.
    places.state.unlink(missing_ok=True)
    logging.basicConfig(filename=places.log("keeper"), format="%(asctime)s %(message)s", level=logging.INFO)
    try:
        keeper = Keeper(places, durable=os.environ.get(DURABLE_SETTING, "1") != "0")
        signal.signal(signal.SIGTERM, keeper.leave)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        try:
            keeper.start()
            _say("ready")
            keeper.watch()
        finally:
            keeper.stop()
    except (EmbeddedError, OSError, psutil.Error) as error:
        said = explain(error, "working in", places.root) if isinstance(error, OSError) else error
        log.error("%s", said)
        _say(str(said))
        return 1
    return 0


def _become_keeper(places: Places) -> int | None:
    """The lock of the keeper; a moment's patience, because others look at it by trying it."""
    for _ in range(50):
        lock = hold(places.keeper_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock is not None:
            return lock
        time.sleep(0.02)
    return None


def _say(text: str) -> None:
    """Tell whoever started us, if they are still there, and let them go."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), text.encode())
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
