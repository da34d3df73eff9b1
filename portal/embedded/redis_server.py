"""Redis of the portal's own: on a loopback port with a password that only we can read."""

import json
import os
import secrets
import signal
import socket
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from portal.embedded.accounts import Account
from portal.embedded.errors import explain
from portal.embedded.owned import mark
from portal.embedded.processes import end, failure, launch, ours, read_pid, wait_for

PROGRAM_NAMES = ("valkey-server", "redis-server")
HOST = "127.0.0.1"
ATTEMPTS = 5


@dataclass(frozen=True)
class Redis:
    """One Redis server and its data."""

    program: Path
    data: Path
    settings: Path
    log: Path
    account: Account | None
    port: int = 0
    password: str = ""

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def configured(self) -> "Redis":
        """With the port and the password of last time, or new ones."""
        try:
            known = json.loads(self.settings.read_text())
            return replace(self, port=int(known["port"]), password=str(known["password"]))
        except (OSError, ValueError, KeyError, TypeError):
            return replace(self, port=_free_port(), password=secrets.token_urlsafe(24))

    def running(self) -> psutil.Process | None:
        """Our server, if it runs; a pid file that names anybody else is stale."""
        pid = read_pid(self.data / "redis.pid")
        return ours(pid, PROGRAM_NAMES, self.data) if pid else None

    def answers(self) -> bool:
        """Whether the server at our port takes our password."""
        try:
            with socket.create_connection((HOST, self.port), timeout=0.5) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as replies:
                    return replies.readline() == b"+OK\r\n" and replies.readline() == b"+PONG\r\n"
        except OSError:
            return False

    def start(self) -> tuple["Redis", subprocess.Popen[bytes]]:
        """Start it and wait until it answers; on another port when somebody else listens at ours."""
        self._prepare()
        server = self
        for _ in range(ATTEMPTS):
            child = server._launch()
            if wait_for(server.answers, child, seconds=30):
                return server, child
            if child.poll() is None or not _is_taken(server.port):
                break
            server = replace(server, port=_free_port())
        if child.poll() is None:
            child.terminate()
        hint = f"If it cannot read {self.data / 'dump.rdb'}, move that file away: it holds only queued work and caches."
        raise failure("Redis did not start", self.log, hint)

    def stop(self, process: psutil.Process) -> None:
        """Ask it to save and end; one that cannot save (a full disk) is ended without."""
        end(process, ((signal.SIGTERM, 3), (signal.SIGKILL, 5)), "Redis")

    def _prepare(self) -> None:
        try:
            if not self.data.exists():
                self.data.mkdir(mode=0o700)
                if self.account:
                    os.chown(self.data, self.account.uid, self.account.gid)
        except OSError as error:
            raise explain(error, "creating the directory of Redis", self.data) from error
        mark(self.data, self.account)

    def _launch(self) -> subprocess.Popen[bytes]:
        """Start it with its settings on its standard input: everybody could read arguments, and so the password."""
        self._remember()
        return launch([str(self.program), "-"], self.data, self.log, self.account, told=self._configuration())

    def _configuration(self) -> str:
        lines = (
            f"bind {HOST}",
            f"port {self.port}",
            f"requirepass {self.password}",
            "dir ./",
            "pidfile ./redis.pid",
            "daemonize no",
            # The queue survives a restart; a full disk stops the saving, not the portal.
            "save 60 1",
            "stop-writes-on-bgsave-error no",
        )
        return "\n".join(lines) + "\n"

    def _remember(self) -> None:
        """Keep port and password for the next start, readable by us alone."""
        new = self.settings.with_suffix(".new")
        try:
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump({"port": self.port, "password": self.password}, file)
            new.replace(self.settings)
        except OSError as error:
            raise explain(error, "writing", self.settings) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False
