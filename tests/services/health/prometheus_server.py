"""A server on 127.0.0.1 that speaks the HTTP API of Prometheus, well or badly, for metrics that are asked for."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.services.health.listening import listening
from tests.services.health.targets import response

Value = Callable[[float], str | None]


@dataclass
class Prometheus:
    """``series`` has, for each query, (labels, moment → value as text, None for none). ``raw`` answers instead, as
    (status, body). ``asked`` has (path, parameters, headers) of each request."""

    port: int = 0
    series: dict[str, list[tuple[dict[str, str], Value]]] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    raw: tuple[int, bytes] | None = None
    hangs: bool = False
    takes_s: float = 0
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def gives(self, query: str, value: Value | float | str, **labels: str) -> None:
        """Let a query give one more series, of one value or of one for each moment."""
        function = value if callable(value) else lambda _at: str(value)
        self.series.setdefault(query, []).append((labels, function))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _version = first.split()
                assert method == "POST"
                params = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                self.asked.append((path, params, headers))
                if self.hangs:
                    await asyncio.sleep(3600)
                await asyncio.sleep(self.takes_s)
                status, told = self.raw or (200, json.dumps(self._told(path, params)).encode())
                writer.write(response(status, told, "Content-Type: application/json\r\n"))
                await writer.drain()

    def _told(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        found = self.series.get(params["query"], [])
        if path == "/api/v1/query":
            at = float(params["time"])
            result = [{"metric": labels, "value": [at, text]} for labels, of in found if (text := of(at)) is not None]
            return {"status": "success", "data": {"resultType": "vector", "result": result}, **self.more}
        assert path == "/api/v1/query_range"
        start, end, step = (float(params[name]) for name in ("start", "end", "step"))
        moments = [start + n * step for n in range(int((end - start) / step) + 1)]
        assert len(moments) <= 11_000
        pairs = [(labels, [[at, text] for at in moments if (text := of(at)) is not None]) for labels, of in found]
        result = [{"metric": labels, "values": values} for labels, values in pairs if values]
        return {"status": "success", "data": {"resultType": "matrix", "result": result}, **self.more}


@contextlib.contextmanager
def serving() -> Iterator[Prometheus]:
    """Run the server in a thread of its own."""
    prometheus = Prometheus()
    with listening(prometheus.answer) as prometheus.port:
        yield prometheus
