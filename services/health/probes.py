"""Asking a target over HTTP or TCP, and what its answer says, in words.

Every question has a connection of its own, so that it measures what a new caller meets. Its latency runs from before
the look-up of the name to the end of the answer, redirects included; of an answer at most 256 KiB are read.
"""

import asyncio
import contextlib
import errno
import functools
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import aiohttp
import structlog
import yarl
from aiohttp.http_exceptions import HttpProcessingError

from services.health.guard import Guard, GuardedResolver, Refused
from services.health.models import CheckKind, Outcome
from services.health.targets import Target, parse_host_port, parse_url

log = structlog.get_logger(__name__)
MOST_REDIRECTS = 5
MOST_BODY = 256 * 1024
# Look-ups that hang, which no time limit can end, hold their thread for as long as the system's resolver waits.
LOOK_UP_THREADS = 32
_REDIRECTS = {301, 302, 303, 307, 308}
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Said:
    """What one answer said. ``reason`` is one line; ``certificate_ends`` seconds since 1970, where there was one."""

    outcome: Outcome
    reason: str
    latency_ms: float | None = None
    status_code: int | None = None
    certificate_ends: float | None = None


class Failed(Exception):  # noqa: N818  it names what happened
    """The target did not do what is expected; the text says in which way."""

    def __init__(self, reason: str, status_code: int | None = None) -> None:
        super().__init__(reason)
        self.status_code = status_code


@dataclass
class _Way:
    """How far a question came, to say of one that ran out of time: the host and port it is at, the statuses heard."""

    place: tuple[str, int | None] = ("", None)
    heard: list[int] = field(default_factory=list)


class _Response(aiohttp.ClientResponse):
    """Notes the certificate while there is a connection: a short answer has given it back when the caller sees it."""

    certificate: Mapping[str, Any] | None = None

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        if connection.transport is not None:
            self.certificate = connection.transport.get_extra_info("peercert")
        return await super().start(connection)


@functools.cache
def trusted() -> ssl.SSLContext:
    """The authorities the machine trusts (or those of SSL_CERT_FILE), read once."""
    return ssl.create_default_context()


class Prober:
    """Asks targets, as many at once as its caller likes. An asynchronous context manager."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    async def __aenter__(self) -> "Prober":
        self._executor = ThreadPoolExecutor(LOOK_UP_THREADS, thread_name_prefix="look-up")
        self._resolver = GuardedResolver(self.guard, self._executor)
        connector = aiohttp.TCPConnector(
            resolver=self._resolver, use_dns_cache=False, force_close=True, limit=0, ssl=trusted()
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            response_class=_Response,
            cookie_jar=aiohttp.DummyCookieJar(),
            # The time limit is that of the whole question.
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": "Groundwork", "Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._resolver.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def ask(self, target: Target) -> Said:
        """What the target says. Never raises: what goes wrong is what it says."""
        started, way = time.perf_counter(), _Way()
        try:
            async with asyncio.timeout(target.timeout_ms / 1000):
                said = await (self._connect if target.kind == CheckKind.TCP else self._request)(target, way)
        except TimeoutError:
            if self._resolver.is_queued(*way.place):
                return Said(Outcome.LATE, "not asked: the portal had too many names to look up")
            return Said(Outcome.DOWN, _out_of_time(target, way.heard), None, way.heard[-1] if way.heard else None)
        except Failed as problem:
            return Said(Outcome.DOWN, str(problem), _since(started), problem.status_code)
        except Exception as problem:  # noqa: BLE001  whatever a target does to us, the others are still asked
            return _of_problem(target, problem)
        return _judged(target, said, _since(started))

    async def _connect(self, target: Target, way: _Way) -> Said:
        host, port = way.place = parse_host_port(target.address)
        addresses = await self._resolver.resolve(host, port)
        problem: OSError | None = None
        for each in addresses:
            try:
                _reader, writer = await asyncio.open_connection(each["host"], each["port"], flags=each["flags"])
            except OSError as error:
                problem = error
            else:
                writer.transport.abort()
                return Said(Outcome.UP, "connected")
        raise problem or OSError(f"{host} has no address")

    async def _request(self, target: Target, way: _Way) -> Said:
        """Ask, and follow redirects that are not themselves what is expected."""
        url, method, headers = parse_url(target.address), target.method, dict(target.headers)
        while len(way.heard) <= MOST_REDIRECTS:
            way.place = url.raw_host or "", url.port
            async with self._open(url, method, headers, redirected=bool(way.heard)) as response:
                status = response.status
                way.heard.append(status)
                if _is_expected(target, status) or status not in _REDIRECTS or "Location" not in response.headers:
                    return await _read(target, response)
                onward = _onward(url, response.headers["Location"], status)
            if onward.origin() != url.origin():
                # They may hold keys, which are for the target alone.
                headers = {}
            method = "GET" if status == 303 or (status in {301, 302} and method == "POST") else method
            url = onward
        raise Failed(f"redirected more than {MOST_REDIRECTS} times, last to {_shown(url)}", way.heard[-1])

    @contextlib.asynccontextmanager
    async def _open(
        self, url: yarl.URL, method: str, headers: Mapping[str, str], *, redirected: bool
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            self.guard.check_host(url.raw_host or "", url.port)
            response = await self._session.request(method, url, headers=headers, allow_redirects=False)
        except (Refused, aiohttp.ClientConnectorError) as problem:
            cause = getattr(problem, "os_error", problem)
            if redirected and isinstance(cause, Refused):
                raise Failed(f"redirected to {_shown(url)}, which is not asked: {cause}") from None
            raise
        async with response:
            yield response


def _out_of_time(target: Target, heard: list[int]) -> str:
    if heard and heard[-1] not in _REDIRECTS:
        return f"answered {heard[-1]}, but did not end within {target.timeout_ms:,} ms"
    return f"no answer within {target.timeout_ms:,} ms"


def _onward(url: yarl.URL, location: str, status: int) -> yarl.URL:
    try:
        return parse_url(str(url.join(yarl.URL(location))))
    except ValueError:
        raise Failed(f"answered {status} with a redirect to something that is no web address", status) from None


def _is_expected(target: Target, status: int) -> bool:
    return any(status in each for each in target.statuses)


async def _read(target: Target, response: aiohttp.ClientResponse) -> Said:
    """Read an answer to its end, or as far as anybody looks, and say whether it is what is expected."""
    if not _is_expected(target, response.status):
        raise Failed(f"answered {response.status}, expected {target.expected_status}", response.status)
    try:
        body = await _body(response)
    except TimeoutError:
        raise
    except (aiohttp.ClientError, OSError):
        raise Failed(f"answered {response.status}, but broke off in the middle", response.status) from None
    if target.expected_text and target.expected_text.encode() not in body:
        where = f"the first {MOST_BODY // 1024} KiB of the answer" if len(body) == MOST_BODY else "the answer"
        raise Failed(f"answered {response.status}, but “{target.expected_text}” is not in {where}", response.status)
    certificate = getattr(response, "certificate", None)
    ends = ssl.cert_time_to_seconds(certificate["notAfter"]) if certificate else None
    return Said(Outcome.UP, f"answered {response.status}", None, response.status, ends)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    while len(body) < MOST_BODY and (chunk := await response.content.read(MOST_BODY - len(body))):
        body += chunk
    return bytes(body)


def _judged(target: Target, said: Said, latency_ms: float) -> Said:
    """What came is right; say whether it came slowly, or with a certificate that ends soon."""
    reasons = []
    if target.max_latency_ms is not None and latency_ms >= target.max_latency_ms:
        reasons.append(f"took {latency_ms:,.0f} ms, slow from {target.max_latency_ms:,} ms")
    if said.certificate_ends is not None and target.certificate_days is not None:
        days = int((said.certificate_ends - time.time()) // _DAY_S)
        if days < target.certificate_days:
            left = f"{days} day{'' if days == 1 else 's'}"
            reasons.append(f"the certificate ends in {left}, wanted are {target.certificate_days}")
    outcome, reason = (Outcome.DEGRADED, "; ".join(reasons)) if reasons else (said.outcome, said.reason)
    return Said(outcome, reason, latency_ms, said.status_code, said.certificate_ends)


def _of_problem(target: Target, problem: Exception) -> Said:
    """No answer: the target's doing, or, where it was not asked at all, ours, which is no word against the target."""
    cause = getattr(problem, "os_error", None) or problem
    if isinstance(cause, Refused):
        return Said(Outcome.LATE, f"not asked: {cause}")
    if ours := _of_portal(cause):
        return Said(Outcome.LATE, f"not asked: {ours}")
    if isinstance(problem, (OSError, aiohttp.ClientError, HttpProcessingError)):
        return Said(Outcome.DOWN, f"no connection: {of_network(problem, cause)}")
    log.error("A check could not be asked.", check=target.check_id, exc_info=problem)
    return Said(Outcome.LATE, f"not asked: the portal failed with {type(problem).__name__}")


_WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.EHOSTUNREACH: "no way to the machine",
    errno.ENETUNREACH: "no way to the network",
    errno.ETIMEDOUT: "the machine does not answer",
}


# Errors of a look-up that say nothing about the name: the resolver, or the portal's own machine, could not answer.
_NOT_NOW = {socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY}


def _of_portal(cause: Any) -> str:
    """What the portal's own machine lacks, where that is why nothing was asked."""
    code = getattr(cause, "errno", None)
    if isinstance(cause, socket.gaierror):
        return "the name could not be looked up at the moment" if code in _NOT_NOW else ""
    return "the portal has too many connections open" if code in {errno.EMFILE, errno.ENFILE} else ""


def of_network(problem: Exception, cause: Any) -> str:
    """Why there was no answer, in a few words; ``cause`` is the system's error behind it, where there is one."""
    if isinstance(problem, aiohttp.ClientConnectorCertificateError):
        return f"the certificate is not trusted ({_verify_message(problem.certificate_error)})"
    if isinstance(cause, ssl.SSLError):
        return f"no TLS ({(cause.reason or 'unknown').lower().replace('_', ' ')})"
    if isinstance(cause, socket.gaierror):
        return "no such host name" if cause.errno in {socket.EAI_NONAME, -5} else "the name could not be looked up"
    if isinstance(problem, aiohttp.ServerDisconnectedError):
        return "closed without an answer"
    if isinstance(problem, (aiohttp.ClientResponseError, HttpProcessingError, aiohttp.ClientPayloadError)):
        return "what came is no HTTP"
    return _WORDS.get(getattr(cause, "errno", None) or 0, "") or str(cause)[:120] or type(cause).__name__


def _verify_message(error: Exception) -> str:
    return getattr(error, "verify_message", "") or type(error).__name__


def _shown(url: yarl.URL) -> str:
    """An address as it may be shown: what follows the path may be a key."""
    return str(url.with_query(None).with_fragment(None))[:120]


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
