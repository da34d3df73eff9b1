"""The supervisor, with small programs in the place of web server, worker and beat."""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from portal.embedded import EmbeddedError
from portal.embedded.supervisor import Lines, portal_programs, require_free_port

PROJECT = Path(__file__).resolve().parents[2]
SUPERVISOR = """
import json, sys
from pathlib import Path
from portal.embedded.supervisor import Program, supervise
programs = [Program(name, tuple(command), int(sys.argv[3])) for name, command in json.loads(sys.argv[2]).items()]
calls = iter([False, True])
stopped = supervise(programs, Path(sys.argv[1]), once_ready=(lambda: next(calls), "come in"),
                    look_after=lambda: "[looked after]")
print("stopped" if stopped else "gave up", flush=True)
"""
WAITS = "import os, time\nprint('ready', os.getpid(), flush=True)\ntime.sleep(60)\n"


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@contextlib.contextmanager
def supervising(directory: Path, seconds_to_start: int = 10, **programs: str) -> Iterator[subprocess.Popen[str]]:
    """A supervisor of Python programs, given as text."""
    commands = {}
    for name, text in programs.items():
        (directory / f"{name}.py").write_text(text)
        commands[name] = [sys.executable, str(directory / f"{name}.py")]
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(directory), json.dumps(commands), str(seconds_to_start)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], *wanted: str) -> list[str]:
    """The lines up to where every wanted text has come."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if all(any(text in each for each in lines) for text in wanted):
            return lines
    raise AssertionError(f"{wanted} never came, but: {lines}")


def pid_of(name: str, lines: list[str]) -> int:
    return next(int(line.split()[-1]) for line in reversed(lines) if line.startswith(name) and "ready" in line)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_lines_carry_names_and_ctrl_c_stops_all(tmp_path: Path) -> None:
    with supervising(
        tmp_path, web=WAITS, worker=WAITS.replace("flush", "file=__import__('sys').stderr, flush")
    ) as process:
        lines = read_until(process, "web    | ready", "worker | ready")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert rest.endswith("stopped\n")
    assert is_gone(pid_of("web", lines))
    assert is_gone(pid_of("worker", lines))


def test_the_invitation_is_shown_once_ready(tmp_path: Path) -> None:
    with supervising(tmp_path, web=WAITS) as process:
        assert read_until(process, "come in")[-1] == "portal | come in"


def test_one_that_does_not_want_to_stop_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS
    with supervising(tmp_path, web=stubborn) as process:
        lines = read_until(process, "ready")
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert time.monotonic() - start < 20
    assert is_gone(pid_of("web", lines))


def test_what_dies_is_started_again(tmp_path: Path) -> None:
    # It counts as started after a second; only then is its end an end, and not a failed start.
    with supervising(tmp_path, seconds_to_start=1, web=WAITS) as process:
        first = pid_of("web", read_until(process, "ready"))
        eventually(lambda: time.time() - psutil.Process(first).create_time() > 3)
        os.kill(first, signal.SIGKILL)
        lines = read_until(process, "[has ended; starting it again]", "ready", "[runs again]")
        assert pid_of("web", lines) != first


def test_what_it_does_not_start_itself_is_looked_after(tmp_path: Path) -> None:
    with supervising(tmp_path, web=WAITS) as process:
        assert "portal | [looked after]" in read_until(process, "[looked after]")


def test_what_a_killed_program_leaves_is_ended(tmp_path: Path) -> None:
    # In one piece, or the lines of both could mix.
    parent = "import os, time\nos.fork()\nos.write(1, b'ready %d\\n' % os.getpid())\ntime.sleep(60)\n"
    with supervising(tmp_path, web=parent) as process:
        lines = read_until(process, "ready") + read_until(process, "ready")
        pids = {int(line.split()[-1]) for line in lines if "ready" in line}
        first = next(pid for pid in pids if psutil.Process(pid).ppid() == process.pid)
        os.kill(first, signal.SIGKILL)
        eventually(lambda: all(map(is_gone, pids)))


def test_one_that_never_starts_stops_everything(tmp_path: Path) -> None:
    with supervising(tmp_path, web="raise SystemExit('no settings')", worker=WAITS) as process:
        output, _ = process.communicate(timeout=120)
    assert "web    | no settings" in output
    assert "web    | [did not start; trying again]" in output
    assert output.endswith("gave up\n")


def test_a_killed_supervisor_takes_its_programs_along(tmp_path: Path) -> None:
    with supervising(tmp_path, web=WAITS) as process:
        child = pid_of("web", read_until(process, "ready"))
        process.kill()
        eventually(lambda: is_gone(child))


def test_a_line_that_comes_in_pieces_is_shown_whole() -> None:
    output = io.StringIO()
    lines = Lines(["web", "worker"], output)
    lines.add("web", b"half a ")
    lines.add("worker", b"other\n")
    lines.add("web", b"line\nnext")
    assert output.getvalue() == "worker | other\nweb    | half a line\n"


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=rf"Port {port} of 127.0.0.1 is taken .* PORT=\d+ make run"):
            require_free_port(port)
    require_free_port(port)


def test_the_portal_listens_on_loopback_and_serves_every_queue(tmp_path: Path) -> None:
    commands = {program.name: program.command for program in portal_programs(8123, tmp_path)}
    assert list(commands) == ["web", "worker", "beat"]
    assert commands["web"][5:9] == ("--host", "127.0.0.1", "--port", "8123")
    assert "default,probes,imports,reports" in commands["worker"]
