"""Web server, worker and beat of one machine: started together, shown with their names, restarted, stopped together.

Made of the library supervisor: its configuration is written here, and its events become the lines in the terminal.
"""

import contextlib
import http.client
import os
import shlex
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from supervisor import events
from supervisor.options import ServerOptions
from supervisor.states import SupervisorStates
from supervisor.supervisord import Supervisor, asyncore

from portal.embedded.errors import EmbeddedError

HOST = "127.0.0.1"
QUEUES = "default,probes,imports,reports"
SECONDS_TO_STOP = 7
# A program that ends sooner than after so many seconds did not start; after so many more tries everything stops.
SECONDS_TO_START, TRIES = 10, 3
LOOK_AFTER_EVERY = 5.0
COLOURS = ("36", "33", "35", "32")


@dataclass(frozen=True)
class Program:
    """A program to keep running, and the name its lines carry."""

    name: str
    command: tuple[str, ...]
    seconds_to_start: int = SECONDS_TO_START


def portal_programs(port: int, data_dir: Path) -> list[Program]:
    """The processes of the portal on one machine."""
    # The warning is for daemons: here root runs what root has started.
    no_warning = "ignore:You're running the worker with superuser privileges"
    celery = (sys.executable, "-W", no_warning, "-m", "celery", "--quiet", "-A", "portal")
    granian = (sys.executable, "-m", "granian", "--interface", "wsgi", "--host", HOST, "--port", str(port))
    workers = ("--workers", "2", "--blocking-threads", "4", "--respawn-failed-workers", "--log-level", "warning")
    return [
        Program("web", (*granian, *workers, "--workers-kill-timeout", "5", "portal.wsgi:application")),
        Program(
            "worker",
            (*celery, "worker", "--queues", QUEUES, "--concurrency", "2", "--without-gossip", "--without-mingle"),
        ),
        Program("beat", (*celery, "beat", "--schedule", str(data_dir / "celerybeat-schedule"), "--pidfile", "")),
    ]


def require_free_port(port: int) -> None:
    """Say so before anything else is done when somebody listens at the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError as error:
            raise EmbeddedError(
                f"Port {port} is reserved for root. Choose one above 1023: PORT=8000 make run"
            ) from error
        except OSError as error:
            free = port + 1 if port < 65535 else 8000
            raise EmbeddedError(
                f"Port {port} of {HOST} is taken (perhaps by a portal that runs already). "
                f"Choose another: PORT={free} make run"
            ) from error


def answers(port: int) -> bool:
    """Whether the portal serves requests; asks briefly, because the supervisor waits for it."""
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def supervise(
    programs: list[Program],
    directory: Path,
    *,
    once_ready: tuple[Callable[[], bool], str] | None = None,
    look_after: Callable[[], str] = str,
) -> bool:
    """Run the programs until Ctrl-C or SIGTERM; whether they ended because somebody wanted it.

    Shows the text of ``once_ready`` as soon as its condition holds, which is asked about once a second. ``look_after``
    is called now and then, and shown when it has something to say: it keeps what is not ours to start.
    """
    with tempfile.TemporaryDirectory(prefix="groundwork-") as temporary:
        file = Path(temporary) / "supervisord.conf"
        file.write_text(_configuration(programs, directory))
        options = ServerOptions()
        options.realize(["--configuration", str(file)])
        # Otherwise it would close the descriptors it did not open, and with them our lock on the embedded servers.
        options.first, options.test = True, False
        supervisor = NamingSupervisor(options, Lines([program.name for program in programs]), once_ready, look_after)
        with contextlib.suppress(asyncore.ExitNow):
            supervisor.main()
        return not supervisor.gave_up


@dataclass
class Lines:
    """Writes whole lines, each with the name of who said it."""

    names: list[str]
    output: TextIO = field(default_factory=lambda: sys.stdout)
    rest: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, data: bytes) -> None:
        *whole, self.rest[name] = (self.rest.get(name, b"") + data).split(b"\n")
        for line in whole:
            self.write(name, line.decode(errors="replace").rstrip("\r"))

    def write(self, name: str, text: str) -> None:
        width = max(map(len, self.names))
        label = f"{name:<{width}} |"
        if self.output.isatty() and name in self.names:
            label = f"\x1b[{COLOURS[self.names.index(name) % len(COLOURS)]}m{label}\x1b[0m"
        # The terminal may be closed already; that must not keep us from stopping the programs.
        with contextlib.suppress(OSError, ValueError):
            self.output.write(f"{label} {text}\n")
            self.output.flush()


class NamingSupervisor(Supervisor):  # type: ignore[misc]  # the library has no types
    """The library's supervisor, which shows its programs' lines and its own doings in one terminal."""

    def __init__(
        self,
        options: ServerOptions,
        lines: Lines,
        once_ready: tuple[Callable[[], bool], str] | None,
        look_after: Callable[[], str],
    ) -> None:
        super().__init__(options)
        self.lines = lines
        self.once_ready = once_ready
        self.look_after = look_after
        self.looked_at = time.monotonic()
        self.ended: set[str] = set()
        self.gave_up = False

    def runforever(self) -> None:
        """Listen to the events; here, because the library forgets its listeners when it starts to run."""
        events.subscribe(events.ProcessLogEvent, self._show)
        for ended in (events.ProcessStateExitedEvent, events.ProcessStateStoppedEvent, events.ProcessStateBackoffEvent):
            events.subscribe(ended, self._end_what_it_left)
        events.subscribe(events.ProcessStateExitedEvent, self._note_end)
        events.subscribe(events.ProcessStateRunningEvent, self._note_return)
        events.subscribe(events.ProcessStateBackoffEvent, self._note_false_start)
        events.subscribe(events.ProcessStateFatalEvent, self._give_up)
        super().runforever()

    def tick(self, now: float | None = None) -> None:
        super().tick(now)
        if self.once_ready and not self.stopping:
            is_ready, text = self.once_ready
            if is_ready():
                self.lines.write("portal", text)
                self.once_ready = None
        if not self.stopping and time.monotonic() - self.looked_at > LOOK_AFTER_EVERY:
            self.looked_at = time.monotonic()
            if said := self.look_after():
                self.lines.write("portal", said)

    def _show(self, event: Any) -> None:
        self.lines.add(event.process.config.name, event.data)

    def _end_what_it_left(self, event: Any) -> None:
        """End its process group: a web server that was killed leaves workers, which would go on answering."""
        if event.process.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(event.process.pid, signal.SIGKILL)

    def _note_end(self, event: Any) -> None:
        if not self.stopping:
            self.lines.write(event.process.config.name, "[has ended; starting it again]")
            self.ended.add(event.process.config.name)

    def _note_return(self, event: Any) -> None:
        name = event.process.config.name
        if name in self.ended:
            self.ended.discard(name)
            self.lines.write(name, "[runs again]")

    def _note_false_start(self, event: Any) -> None:
        if not self.stopping:
            self.lines.write(event.process.config.name, "[did not start; trying again]")

    def _give_up(self, event: Any) -> None:
        self.lines.write(
            event.process.config.name, f"[did not start {TRIES + 1} times; stopping everything. See the lines above]"
        )
        self.gave_up = True
        self.options.mood = SupervisorStates.SHUTDOWN


def _configuration(programs: list[Program], directory: Path) -> str:
    """The library's configuration file. All programs are one group, so that they stop at the same time."""
    quiet = ["[supervisord]", "nodaemon=true", "silent=true", "logfile=/dev/null", "logfile_maxbytes=0"]
    quiet += ["pidfile=" + _escape(str(directory / "supervisord.pid")), "minfds=256", "minprocs=32", "nocleanup=true"]
    group = ["[group:portal]", "programs=" + ",".join(program.name for program in programs)]
    sections = [quiet, group, *(_program_section(program) for program in programs)]
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _program_section(program: Program) -> list[str]:
    command = (sys.executable, "-m", "portal.embedded.tied", *program.command)
    return [
        f"[program:{program.name}]",
        "command=" + _escape(" ".join(map(shlex.quote, command))),
        "autorestart=true",
        f"startsecs={program.seconds_to_start}",
        f"startretries={TRIES}",
        f"stopwaitsecs={SECONDS_TO_STOP}",
        "killasgroup=true",
        "redirect_stderr=true",
        "stdout_logfile=NONE",
        "stdout_events_enabled=true",
    ]


def _escape(text: str) -> str:
    """The library expands %(name)s."""
    return text.replace("%", "%%")
