"""Processes of the servers: told from strangers by what they run and where, and ended only then."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import psutil

from portal.embedded.accounts import Account, run_as
from portal.embedded.errors import EmbeddedError, explain

# Nothing of the user's environment reaches the servers: PGDATA, PGOPTIONS or LC_ALL would change what they do.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
LARGEST_LOG = 10 * 2**20


def ours(pid: int, programs: tuple[str, ...], directory: Path) -> psutil.Process | None:
    """The process, if it lives, is one of these programs and works in this directory."""
    try:
        process = psutil.Process(pid)
        return process if is_alive(process) and process.name() in programs and _works_in(process, directory) else None
    except (psutil.Error, ValueError, OSError):
        return None


def is_stranger(pid: int, programs: tuple[str, ...], directory: Path) -> bool:
    """Whether a living process certainly is not the server; in doubt it is not said."""
    try:
        process = psutil.Process(pid)
        return not (is_alive(process) and process.name() in programs and _works_in(process, directory))
    except (psutil.Error, ValueError, OSError):
        return False


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _works_in(process: psutil.Process, directory: Path) -> bool:
    """Both servers make their data directory their working directory."""
    return Path(process.cwd()).samefile(directory)


def read_pid(file: Path) -> int | None:
    """The process id in the first line of a pid file, if there is one."""
    try:
        return int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def launch(
    command: list[str], directory: Path, log: Path, account: Account | None, told: str = ""
) -> subprocess.Popen[bytes]:
    """Start a server in its directory, told something on its standard input.

    It is detached from our terminal, so that Ctrl-C does not reach it while others still use it.
    """
    try:
        _roll(log)
        with log.open("ab") as output:
            child = subprocess.Popen(
                command,
                cwd=directory,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=ENVIRONMENT,
                start_new_session=True,
                umask=0o077,
                **run_as(account),
            )
    except OSError as error:
        raise explain(error, "starting a server in", directory) from error
    with suppress(BrokenPipeError), cast("IO[bytes]", child.stdin) as wire:
        wire.write(told.encode())
    return child


def wait_for(answer: Callable[[], bool], child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait until the answer is yes; no when the child ends before or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if child.poll() is not None:
            return False
        if answer():
            return True
        time.sleep(0.02)
    return False


def end(process: psutil.Process, ask: tuple[tuple[int, float], ...], what: str) -> None:
    """Ask a process of ours to end, more urgently each time: (signal, seconds to wait) after one another."""
    for signal, seconds in ask:
        try:
            process.send_signal(signal)
            process.wait(timeout=seconds)
            return
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue
    raise EmbeddedError(
        f"{what} (process {process.pid}) does not stop. Look at its log, then end it with: kill {process.pid}"
    )


def failure(what: str, log: Path, hint: str = "") -> EmbeddedError:
    """A server or its preparation failed; the end of its log says why."""
    words = last_words(log)
    if "No space left on device" in words:
        hint = "The disk is full: free some space, or name a directory on another disk with DATA_DIR=…"
    return EmbeddedError(f"{what}. {hint}{' ' if hint else ''}The end of {log}:\n{words}")


def last_words(log: Path, lines: int = 6) -> str:
    """The end of a log, for an error message."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-lines:])


def _roll(log: Path) -> None:
    """Keep one old log, so that logs stay small."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
