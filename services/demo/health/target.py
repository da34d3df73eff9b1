"""The server that answers for the services of the demo company, and pings for their jobs: ``manage.py demotarget``.

What it answers, and how long it takes, is what services.demo.health.world says of this moment; so the checks of the
demo run for real, and go on where their past ends. It listens on this machine only.
"""

import asyncio
import contextlib
import http
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

import numpy as np
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from portal.embedded.supervisor import HOST, Program
from services.demo.health import deployments, metrics
from services.demo.health.checks import (
    DEEP_HEALTH,
    FRONT_PAGE,
    HEALTH,
    demo_checks,
    is_stopped,
    move_to_target,
    slug_of,
    target_checks,
)
from services.demo.health.world import answers, nature_of
from services.health import providers
from services.health.models import CheckKind, Outcome

log = structlog.get_logger(__name__)
MOST_HEAD = 16 * 1024
# What a client may take to send its question.
PATIENCE_S = 10
PING_ROUND_S = 15
# How often what machines tell (values of metrics, deployments) is brought up to date.
TELL_ROUND_S = 600
PLACES_TO_TRY = 20
# Names of checks by the last part of their address.
ASKED = {slug_of(name): name for name in (HEALTH, DEEP_HEALTH, FRONT_PAGE)}


def programs(portal_port: int) -> list[Program]:
    """The target server at a free port, and the checks of the demo led there."""
    port = free_place(settings.DEMO_TARGET_PORT)
    if port != settings.DEMO_TARGET_PORT:
        sys.stderr.write(f"Port {settings.DEMO_TARGET_PORT} is taken; the services of the demo answer at {port}.\n")
    # The processes that are started next read their settings anew.
    os.environ["DEMO_TARGET_PORT"] = str(port)
    settings.DEMO_TARGET_PORT, settings.DEMO_TARGET = port, f"{HOST}:{port}"
    move_to_target(target_checks())
    manage = str(settings.BASE_DIR / "manage.py")
    return [Program("target", (sys.executable, manage, "demotarget", str(port), str(portal_port)), seconds_to_start=3)]


def free_place(first: int) -> int:
    """A port that is free together with the one after it: ``first``, or the next such pair."""
    for port in range(first, first + 2 * PLACES_TO_TRY, 2):
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            held.enter_context(_bound(port, again=True)).listen()
            held.enter_context(_bound(port + 1))
            return port
    # Whoever listens next says what is wrong.
    return first


@contextlib.contextmanager
def _bound(port: int, *, again: bool = False) -> Iterator[socket.socket]:
    """Hold a port; ``again`` also one at which somebody answered a minute ago, of whom connections are left."""
    with socket.socket() as held:
        if again:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind((HOST, port))
        yield held


def serve(port: int, portal_port: int) -> None:
    """Answer and ping until the process is ended. Raises OSError when the port is taken."""
    # Bound and silent: whoever connects there is refused, as by a database that is gone.
    with _bound(port + 1):
        asyncio.run(_serve(port, portal_port))


async def _serve(port: int, portal_port: int) -> None:
    server = await asyncio.start_server(_answer, HOST, port, backlog=500)
    pings = _again_and_again(lambda: ping_due(f"http://{HOST}:{portal_port}"), PING_ROUND_S)
    async with server:
        await asyncio.gather(server.serve_forever(), pings, _again_and_again(tell_news, TELL_ROUND_S))


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, or the connection of somebody who only knocks."""
    with contextlib.suppress(OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
        status, body, wait_s = answer_to(head.decode("latin-1"), time.time())
        await asyncio.sleep(wait_s)
        writer.write(_response(status, body))
        await writer.drain()
    writer.close()


def answer_to(head: str, now: float) -> tuple[int, str, float]:
    """Status, text and seconds to wait for a request that begins with this, at this moment."""
    path = unquote(head.split(" ", 2)[1]) if head.count(" ") >= 2 else "/"
    service, _, check = path.partition("?")[0].strip("/").partition("/")
    if not service or check not in ASKED:
        return 404, "There is nothing here: this server answers for the services of the demo company.\n", 0.0
    found = answers(nature_of(service, ASKED[check]), np.array([int(now)], dtype=np.int64))
    status = 503 if found.outcome[0] == Outcome.DOWN else 200
    return status, "ok\n" if status == 200 else "out of order\n", float(found.latency_ms[0]) / 1000


def _response(status: int, body: str) -> bytes:
    words = f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return f"{words}Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}".encode()


async def _again_and_again(work: Callable[[], object], every_s: float) -> None:
    """Do something in a thread, with a pause between two times; what is away for a while is waited for."""
    while True:
        try:
            await asyncio.to_thread(_with_connections_of_its_own, work)
        except (OSError, OperationalError, InterfaceError) as problem:
            log.info("The portal does not answer; trying again soon.", problem=str(problem).partition("\n")[0])
        await asyncio.sleep(every_s)


def _with_connections_of_its_own(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def tell_news() -> None:
    """Write the values and deployments that have come about since the last time, as machines would tell them, and what
    the portal computes from them: its own task would do so within the hour, and whoever tries the demo looks now."""
    now = timezone.now()
    metrics.fill(now)
    deployments.fill(now)
    providers.refresh()


def ping_due(portal: str) -> int:
    """Call the addresses of the heartbeats whose jobs have run by now, as their last lines would; return how many."""
    addresses = list(_due_pings(portal))
    for address in addresses:
        request = urllib.request.Request(address, method="POST")  # noqa: S310  it begins with http
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310
            pass
    return len(addresses)


def _due_pings(portal: str) -> Iterable[str]:
    now = timezone.now()
    for check in demo_checks():
        if check.kind != CheckKind.HEARTBEAT or is_stopped(check):
            continue
        before = check.state.pinged_at
        if before is None or (now - before).total_seconds() >= check.interval_s - PING_ROUND_S:
            yield f"{portal}/hooks/heartbeat/{check.token}/"
