"""Targets for probes: a server on 127.0.0.1 that answers each path in its own way, well or badly."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.services.health.listening import listening


@dataclass
class Targets:
    """``asked`` counts requests by path; ``requests`` has each head as it came; ``broken`` makes /ok answer 503."""

    port: int = 0
    scheme: str = "http"
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)
    broken: bool = False

    def url(self, path: str = "/ok", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError), contextlib.closing(writer):
            first = await reader.readexactly(1)
            if first == b"\x16":
                # Somebody speaks TLS to a port that has none.
                writer.write(response(400, b""))
                return
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.requests.append(head)
            path = head.split()[1].partition("?")[0]
            self.asked[path] += 1
            await self._by_path(path, writer)
            await writer.drain()

    async def _by_path(self, path: str, writer: asyncio.StreamWriter) -> None:
        name, _, rest = path.strip("/").partition("/")
        if name == "ok":
            writer.write(response(503 if self.broken else 200, b"All is well."))
        elif name == "status":
            writer.write(response(int(rest), b""))
        elif name == "slow":
            await asyncio.sleep(0.3)
            writer.write(response(200, b""))
        elif name == "hang":
            await asyncio.sleep(3600)
        elif name == "garbage":
            writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        elif name == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif name == "to":
            writer.write(response(302, b"", f"Location: {self.places[rest]}\r\n"))
        elif name == "half":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif name in {"stream", "drip"}:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                writer.write(b"x" * (65_536 if name == "stream" else 1))
                await writer.drain()
                await asyncio.sleep(0 if name == "stream" else 0.02)

    @property
    def places(self) -> dict[str, str]:
        """Where /to/<name> leads."""
        return {
            "ok": "/ok",
            "itself": "/to/itself",
            "metadata": "http://169.254.169.254/latest/meta-data/?key=1",
            "file": "file:///etc/passwd",
            "elsewhere": self.url("/ok", "localhost"),
        }


def response(status: int, body: bytes, more: str = "") -> bytes:
    return f"HTTP/1.1 {status} Some\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


@contextlib.contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Targets]:
    """Run the targets in a thread of their own."""
    targets = Targets(scheme="https" if context else "http")
    with listening(targets.answer, ssl=context, backlog=2000) as targets.port:
        yield targets
