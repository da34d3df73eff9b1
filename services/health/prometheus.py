"""Asking Prometheus, or whatever speaks its HTTP API, through the target guard; and what its answers say, in words.

https://prometheus.io/docs/prometheus/latest/querying/api/: ``POST /api/v1/query`` for one moment, ``/query_range`` for
several. Values are texts, among them NaN, +Inf and -Inf, which are no values to keep. A query gives a series for each
set of labels; a metric is one of them.
"""

import asyncio
import datetime as dt
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
import orjson
import yarl

from services.health.guard import Guard, GuardedResolver, Refused, current_guard
from services.health.models import PrometheusServer
from services.health.plausible import number_problem
from services.health.probes import LOOK_UP_THREADS, of_network, trusted

PATIENCE_S = 20.0
# What Prometheus itself gives up after, so that it does not go on for nobody.
THEIR_PATIENCE_S = 15
MOST_BODY = 16 * 2**20
LONGEST_WORDS = 300


class NotAnswered(Exception):  # noqa: N818  it names what happened
    """There is nothing to write, and why, for people. ``is_away``: the server itself did not answer."""

    def __init__(self, words: str, *, is_away: bool = False) -> None:
        super().__init__(words)
        self.is_away = is_away


@dataclass(frozen=True, slots=True)
class Span:
    """The moments a query is asked for: ``step_s`` apart, both ends included; one moment where they are the same."""

    start: dt.datetime
    end: dt.datetime
    step_s: int

    @property
    def is_moment(self) -> bool:
        return self.start == self.end


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: labels, and (seconds since 1970, value)."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """All series of an answer, and what the server remarks on it. ``is_partial``: it may have more to say later."""

    series: tuple[Series, ...]
    remarks: tuple[str, ...] = ()
    is_partial: bool = False


class Client:
    """Asks Prometheus servers, several at once. An asynchronous context manager."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard

    async def __aenter__(self) -> "Client":
        self._executor = ThreadPoolExecutor(LOOK_UP_THREADS, thread_name_prefix="look-up")
        self._resolver = GuardedResolver(self.guard, self._executor)
        connector = aiohttp.TCPConnector(resolver=self._resolver, use_dns_cache=False, limit=0, ssl=trusted())
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            headers={"User-Agent": "Groundwork"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._resolver.close()
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def ask(self, server: PrometheusServer, query: str, span: Span, patience_s: float = PATIENCE_S) -> Answer:
        """What the server answers. Raises NotAnswered for everything else that may happen."""
        try:
            async with asyncio.timeout(patience_s):
                status, body = await self._post(server, *_request(query, span))
        except TimeoutError:
            raise NotAnswered(f"{server} did not answer within {patience_s:.0f} s.", is_away=True) from None
        except NotAnswered:
            raise
        except Exception as problem:  # noqa: BLE001  whatever a server does to us, the others are still asked
            raise _of_problem(server, problem) from None
        answer = _read(server, status, body)
        if span.is_moment and any(len(each.points) > 1 for each in answer.series):
            raise NotAnswered("The query gives a stretch of time, not a value. Leave out the brackets at its end.")
        return answer

    async def _post(self, server: PrometheusServer, path: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        url = yarl.URL(server.url.rstrip("/") + path)
        self.guard.check_host(url.raw_host or "", url.port)
        headers = _authorization(server)
        async with self._session.post(url, data=form, headers=headers, allow_redirects=False) as response:
            if 300 <= response.status < 400:
                onward = response.headers.get("Location", "elsewhere")[:120]
                raise NotAnswered(f"{server} sends on to {onward}. Enter the address that answers itself.")
            body = bytearray()
            while chunk := await response.content.read(2**16):
                body += chunk
                if len(body) > MOST_BODY:
                    raise NotAnswered(
                        f"The answer is longer than {MOST_BODY // 2**20} MiB: far too many series. Sum them."
                    )
            return response.status, bytes(body)


def _request(query: str, span: Span) -> tuple[str, dict[str, str]]:
    common = {"query": query, "timeout": f"{THEIR_PATIENCE_S}s"}
    if span.is_moment:
        return "/api/v1/query", {**common, "time": _seconds(span.end)}
    times = {"start": _seconds(span.start), "end": _seconds(span.end), "step": str(span.step_s)}
    return "/api/v1/query_range", {**common, **times}


def _seconds(moment: dt.datetime) -> str:
    return f"{moment.timestamp():.3f}"


def _authorization(server: PrometheusServer) -> dict[str, str]:
    """The header that the server's variable holds: a bearer token, or all of it where there is a space in it."""
    if not server.token_variable:
        return {}
    secret = os.environ.get(server.token_variable, "").strip()
    if not secret:
        raise NotAnswered(
            f"Not asked: the environment variable {server.token_variable}, which should hold the token of {server}, "
            "is not set for this process."
        )
    return {"Authorization": secret if " " in secret else f"Bearer {secret}"}


def _of_problem(server: PrometheusServer, problem: Exception) -> NotAnswered:
    cause = getattr(problem, "os_error", None) or problem
    if isinstance(cause, Refused):
        return NotAnswered(f"{server} is not asked: {cause}.", is_away=True)
    if isinstance(problem, OSError | aiohttp.ClientError):
        return NotAnswered(f"No connection to {server}: {of_network(problem, cause)}.", is_away=True)
    return NotAnswered(f"{server} could not be asked: the portal failed with {type(problem).__name__}.")


_STATUS = {
    401: "answered 401: it wants a token, or another one. Name the variable that holds it on the page of the server.",
    403: "answered 403: the token may not query.",
    404: "answered 404: there is no Prometheus API at its address.",
    405: "answered 405: it takes no POST there. Is it the address of the API?",
    429: "answered 429: it is asked too often.",
}


def _read(server: PrometheusServer, status: int, body: bytes) -> Answer:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict) or said.get("status") not in {"success", "error"}:
        words = _STATUS.get(status) or (
            "answered something that is no answer of Prometheus." if status == 200 else f"answered {status}."
        )
        raise NotAnswered(f"{server} {words}", is_away=status >= 500)
    if said["status"] == "error":
        raise NotAnswered(f"{server} refuses the query ({said.get('errorType', status)}): {said.get('error', '')}")
    return Answer(tuple(_series(said.get("data"))), tuple(_remarks(said)), is_partial=bool(said.get("isPartial")))


def _remarks(said: Mapping[str, Any]) -> list[str]:
    """Warnings and hints; and that some of those behind the server did not answer it."""
    partial = ["The answer is partial."] if said.get("isPartial") else []
    given = [said.get(name) or [] for name in ("warnings", "infos")]
    if not all(isinstance(each, list) for each in given):
        raise NotAnswered("The answer has remarks that are no list of texts.")
    told = [str(each) for remarks in given for each in remarks]
    return [*partial, *([f"The server remarks: {'; '.join(told)}."] if told else [])]


def _series(data: Any) -> list[Series]:
    """The series of ``data``. Raises NotAnswered for a type that has no numbers."""
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    if kind == "scalar":
        return [Series({}, _points([result]))]
    if kind == "string":
        raise NotAnswered("The query gives a text, not a number.")
    if kind not in {"vector", "matrix"} or not isinstance(result, list):
        raise NotAnswered(f"The query gives “{kind}”, which the portal cannot read.")
    return [_one_series(each) for each in result]


def _one_series(each: Any) -> Series:
    if not isinstance(each, dict) or not isinstance(each.get("metric") or {}, dict):
        raise NotAnswered("The answer has series that are no labels with values.")
    if "histogram" in each or "histograms" in each:
        raise NotAnswered("The query gives a histogram. Ask for one number of it, such as histogram_quantile(0.95, …).")
    pairs = each["values"] if "values" in each else [each.get("value")]
    return Series(each.get("metric") or {}, _points(pairs))


def _points(pairs: Sequence[Any]) -> tuple[tuple[float, float], ...]:
    try:
        return tuple((float(at), float(value)) for at, value in pairs)
    except (TypeError, ValueError):
        raise NotAnswered("The answer has values that are no pair of moment and number.") from None


def choose(answer: Answer, labels: Mapping[str, str]) -> Series | None:
    """The one series that has all ``labels``; None where there is no series at all.

    Raises NotAnswered where there are several, or series but none with these labels.
    """
    if not answer.series:
        return None
    wanted = labels.items()
    fitting = [each for each in answer.series if wanted <= dict(each.labels).items()]
    if len(fitting) == 1:
        return fitting[0]
    told = ", ".join(f"{name}: {value}" for name, value in sorted(labels.items()))
    if not fitting:
        raise NotAnswered(f"None of the {_count(answer.series)} has {told}. There is {_named(answer.series[0])}.")
    among = f"The query gives {_count(fitting)}" + (f" with {told}" if told else "")
    raise NotAnswered(f"{among}, such as {_named(fitting[0])}. Sum them, or say by labels which one is meant.")


def _count(series: Sequence[Series]) -> str:
    return "1 series" if len(series) == 1 else f"{len(series):,} series"


def _named(series: Series) -> str:
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(series.labels.items()))[:120] + "}"


def split(series: Series) -> tuple[dict[float, float], list[float]]:
    """Moment → value of what can be kept, and the values that cannot: NaN, infinite, or too large."""
    kept = {at: value for at, value in series.points if not number_problem(value)}
    return kept, [value for _at, value in series.points if number_problem(value)]


def at_once(server: PrometheusServer, query: str, at: dt.datetime, patience_s: float) -> Answer:
    """Ask for one moment, in a thread with a loop of its own. Raises NotAnswered."""

    async def ask() -> Answer:
        async with Client(current_guard()) as client:
            return await client.ask(server, query, Span(at, at, 1), patience_s)

    with ThreadPoolExecutor(1) as apart:
        return apart.submit(lambda: asyncio.run(ask())).result()


def in_words(words: Sequence[str]) -> str:
    """What is remarked on a metric, as long as its state can keep it."""
    text = " ".join(filter(None, words))
    return text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 1]}…"
