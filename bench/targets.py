"""``python -m bench.targets PORT``: answers every request with the same few bytes and closes, as cheaply as asyncio
can, so that what is measured is who asks."""

import asyncio
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Target(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        # A request without a body fits into one packet.
        self.transport.write(ANSWER)  # type: ignore[attr-defined]
        self.transport.close()


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", port, backlog=4000)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
