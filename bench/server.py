"""A web server in processes of its own, and clients that ask it for pages as fast as it gives them."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from bench.figures import say
from bench.places import PROJECT, environment
from portal.embedded.supervisor import portal_programs

HOST = "127.0.0.1"
CLIENTS = 8


def portal_command(port: int, application: str = "bench.wsgi:application") -> list[str]:
    """The command that runs the portal on one machine, with another application."""
    from bench.places import data_dir

    web = portal_programs(port, data_dir())[0].command
    return [application if word == "portal.wsgi:application" else word for word in web]


@contextlib.contextmanager
def running(command: Sequence[str], port: int, size: int) -> Iterator[None]:
    """Within this block the server answers at the port."""
    server = subprocess.Popen(
        command, cwd=PROJECT, env={**environment(size), "LOG_LEVEL": "WARNING"}, start_new_session=True,
        stdout=sys.stderr, stderr=sys.stderr,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def requests_per_second(port: int, address: str, headers: dict[str, str], seconds: float) -> tuple[float, float]:
    """How many requests a second eight clients get answered, each over one connection, and the median time in ms."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    clients = [threading.Thread(target=_client, args=(port, address, headers, end, times)) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    taken = time.perf_counter() - started
    if not times:
        raise RuntimeError(f"{address} was not answered once in {seconds:.0f} s.")
    return len(times) / taken, sorted(times)[len(times) // 2] * 1000


def _client(port: int, address: str, headers: dict[str, str], end: float, times: list[float]) -> None:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    while time.perf_counter() < end:
        started = time.perf_counter()
        try:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            # gunicorn's sync workers close the connection after each answer.
            connection.close()
            continue
        if answer.status != http.HTTPStatus.OK:
            say(f"{address} answered {answer.status}")
            return
        times.append(time.perf_counter() - started)


def _wait_for(port: int) -> None:
    for _ in range(300):
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        finally:
            connection.close()
    raise RuntimeError("The web server did not answer within a minute.")
