"""Which web server (docs/adr/0006): the list page with two processes and eight clients, by each of them.

Rounds alternate between the servers. Not a goal; run it with ``python -m bench web_servers``.
"""

import contextlib
import statistics
import sys
from collections.abc import Iterator

import psutil

from bench import site
from bench.figures import Figure, say
from bench.places import LARGE
from bench.server import HOST, free_port, requests_per_second, running

ADDRESS = "/services/"
ROUNDS = 6
SECONDS = 3.0


def commands() -> dict[str, tuple[int, list[str]]]:
    def command(*words: str) -> tuple[int, list[str]]:
        port = free_port()
        return port, [sys.executable, "-m", *(word.format(port=port) for word in words)]

    gunicorn = ("gunicorn", "--bind", HOST + ":{port}", "--workers", "2")
    granian = ("granian", "--host", HOST, "--port", "{port}", "--workers", "2", "--interface", "wsgi")
    return {
        "gunicorn, sync": command(*gunicorn, "portal.wsgi:application"),
        "gunicorn, 4 threads": command(*gunicorn, "-k", "gthread", "--threads", "4", "portal.wsgi:application"),
        "granian, 1 thread": command(*granian, "--blocking-threads", "1", "portal.wsgi:application"),
        "granian, 4 threads": command(*granian, "--blocking-threads", "4", "portal.wsgi:application"),
        "uvicorn, ASGI": command(
            "uvicorn", "--host", HOST, "--port", "{port}", "--workers", "2", "--log-level", "warning",
            "--no-access-log", "--lifespan", "off", "portal.asgi:application",
        ),
    }  # fmt: skip


def measure() -> Iterator[Figure]:
    headers = site.sign_in()
    found: dict[str, list[tuple[float, float]]] = {}
    memory: dict[str, float] = {}
    with contextlib.ExitStack() as stack:
        servers = commands()
        for name, (port, command) in servers.items():
            say(f"Starting {name} …")
            stack.enter_context(running(command, port, LARGE))
            requests_per_second(port, ADDRESS, headers, 1)
            found[name] = []
        for _ in range(ROUNDS):
            for name, (port, _) in servers.items():
                found[name].append(requests_per_second(port, ADDRESS, headers, SECONDS))
        memory = {name: _memory_mb(port) for name, (port, _) in servers.items()}
    for name, rounds in found.items():
        yield Figure(f"{name}: list pages", statistics.median(rate for rate, _ in rounds), "/s")
        yield Figure(f"{name}: median time", statistics.median(time for _, time in rounds), "ms")
        yield Figure(f"{name}: memory of all processes", memory[name], "MB")


def _memory_mb(port: int) -> float:
    """Unique memory of every process of ours that names this port, and of their children."""
    total = 0
    for child in psutil.Process().children():
        if any(str(port) in word for word in child.cmdline()):
            total += sum(each.memory_full_info().uss for each in (child, *child.children(recursive=True)))
    return total / 2**20
