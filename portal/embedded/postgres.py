"""PostgreSQL of the portal's own: made, started and stopped here, reached through a socket that only we can open."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil

from portal.embedded.accounts import Account, own_name, run_as
from portal.embedded.errors import EmbeddedError, explain
from portal.embedded.owned import mark, write
from portal.embedded.processes import ENVIRONMENT, end, failure, is_stranger, launch, ours, read_pid, wait_for

PROGRAM_NAMES = ("postgres",)
MAJOR_VERSION = "18"
DATABASE = ROLE = "portal"
SUPERUSER = "postgres"
SPACE_FOR_A_NEW_DATABASE = 200 * 2**20
SPACE_TO_START = 32 * 2**20
# The role owns its database and may create others (the tests do), like a role in production; it is no superuser.
FIRST_STATEMENTS = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n"
HOST_RULES = "# Written by the portal at every start.\nlocal all all peer map=portal\n"
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "max_locks_per_transaction": "256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "unix_socket_permissions": "0700",
}
# For data that may be lost with the machine's power: tests.
FLEETING = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL server and its data."""

    program: Path
    initdb: Path
    data: Path
    sockets: Path
    log: Path
    account: Account | None
    durable: bool = True

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(self.sockets), safe='/')}"

    def running(self) -> psutil.Process | None:
        """Our server, if it runs; a pid file that names anybody else is stale."""
        pid = read_pid(self.data / "postmaster.pid")
        return ours(pid, PROGRAM_NAMES, self.data) if pid else None

    def answers(self) -> bool:
        """Whether it accepts connections, by what it wrote into its pid file (as pg_ctl reads it)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready" and self.running() is not None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers; makes the data first when there are none."""
        if not self.data.exists():
            self._create()
        self._check_data()
        self._check_space(SPACE_TO_START)
        self._remove_stale_pid_file()
        self._write_access_rules()
        child = launch(
            [str(self.program), "-D", self._data_argument(), *self._settings()], self.data, self.log, self.account
        )
        if not wait_for(self.answers, child, seconds=120):
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
            raise failure("PostgreSQL did not start", self.log)
        return child

    def stop(self, process: psutil.Process) -> None:
        """A fast shutdown; an immediate one when that takes too long (it recovers at the next start)."""
        end(process, ((signal.SIGINT, 8), (signal.SIGQUIT, 5)), "PostgreSQL")

    def _data_argument(self) -> str:
        """The data directory as the server sees it.

        Another account may be unable to walk the path to it (a checkout below /root, whose mode is 0700). The server
        starts with that directory as its working directory, and on Linux this name leads there without walking.
        """
        return "/proc/self/cwd" if self.account and sys.platform == "linux" else str(self.data)

    def _settings(self) -> list[str]:
        sockets = "." if self.sockets == self.data else str(self.sockets)
        settings = SETTINGS | {"unix_socket_directories": sockets} | ({} if self.durable else FLEETING)
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _create(self) -> None:
        """Make the data beside their place, and move them there when they are whole."""
        self._check_space(SPACE_FOR_A_NEW_DATABASE)
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        try:
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700)
            if self.account:
                os.chown(unfinished, self.account.uid, self.account.gid)
        except OSError as error:
            raise explain(error, "creating the database in", unfinished) from error
        name = "/proc/self/cwd" if self._data_argument() != str(self.data) else str(unfinished)
        sync = [] if self.durable else ["--no-sync"]
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        self._run(unfinished, [str(self.initdb), "-D", name, "--auth=peer", f"--username={SUPERUSER}", *locale, *sync])
        self._run(unfinished, [str(self.program), "--single", "-D", name, "postgres"], FIRST_STATEMENTS)
        mark(unfinished, self.account)
        try:
            unfinished.rename(self.data)
        except OSError as error:
            raise explain(error, "creating the database in", self.data) from error

    def _run(self, directory: Path, command: list[str], text: str = "") -> None:
        """Run a program of PostgreSQL to its end; its output goes to the log."""
        done = subprocess.run(
            command,
            cwd=directory,
            env=ENVIRONMENT,
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **run_as(self.account),
        )
        with self.log.open("a") as log:
            log.write(done.stdout)
        if done.returncode or "ERROR:" in done.stdout or "FATAL:" in done.stdout:
            raise failure(f"The database could not be created: {Path(command[0]).name} failed", self.log)

    def _check_data(self) -> None:
        """Refuse data that this server cannot serve, and leave them as they are."""
        keep = (
            "Nothing was changed. Move the directory away and start again for an empty portal, "
            "or name another data directory with DATA_DIR=…"
        )
        try:
            version = (self.data / "PG_VERSION").read_text().strip()
            whole = (self.data / "global" / "pg_control").exists()
        except FileNotFoundError:
            raise EmbeddedError(f"{self.data} is no complete database: PG_VERSION is missing. {keep}.") from None
        except OSError as error:
            raise explain(error, "reading the database in", self.data) from error
        if version != MAJOR_VERSION:
            raise EmbeddedError(
                f"{self.data} was made by PostgreSQL {version}; this portal brings PostgreSQL {MAJOR_VERSION}, "
                f"which cannot read it. To keep the data, save them with pg_dump of PostgreSQL {version} "
                f"and load them into the new database. {keep}."
            )
        if not whole:
            raise EmbeddedError(
                f"{self.data} is no complete database: global/pg_control is missing. {keep}, or restore a backup."
            )

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self.data.parent).free
        if free < needed:
            raise EmbeddedError(
                f"The disk is full: {self.data.parent} has {free // 2**20} MB free, "
                f"and the database needs {needed // 2**20} MB to start. "
                "Free some space, or name a directory on another disk with DATA_DIR=…"
            )

    def _remove_stale_pid_file(self) -> None:
        """PostgreSQL refuses to start while the process in its pid file lives, whoever has that number by now."""
        file = self.data / "postmaster.pid"
        pid = read_pid(file)
        if pid and is_stranger(pid, PROGRAM_NAMES, self.data):
            file.unlink(missing_ok=True)

    def _write_access_rules(self) -> None:
        """Let in our own account, and nobody else, under the two roles."""
        users = f"portal {own_name()} {ROLE}\nportal {own_name()} {SUPERUSER}\n"
        for name, text in (("pg_hba.conf", HOST_RULES), ("pg_ident.conf", users)):
            write(self.data / name, text, self.account)
