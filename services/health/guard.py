"""Which addresses may be asked: those of the company, never those that only the portal's own machine can reach.

Refused unless PROBE_ALLOW names them: the machine itself (loopback, unspecified), link-local addresses, multicast, and
the addresses where clouds hand out credentials. Private networks are open, because internal services are the point.
PROBE_DENY refuses more, and wins. Both are lists of networks (CIDR), host names, and single ports of an address.

A name is looked up once, every address it has is checked, and the connection goes to one that was checked; so a second
look-up cannot lead elsewhere. Names are looked up by the machine's own resolver in threads, which knows /etc/hosts and
search domains as every other program does; a look-up that takes too long is given up. Its time begins when a thread is
free for it: waiting for one says nothing about the name.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings

from portal import addresses
from portal.addresses import Address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
LOOK_UP_SECONDS = 5.0


class Refused(OSError):  # noqa: N818  it names what happened
    """An address that may not be asked. Its text says which, and what would allow it."""


@dataclass(frozen=True)
class Hosts:
    """Networks, host names, and addresses with one port, as an administrator lists them."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()
    places: frozenset[tuple[Address, int]] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Hosts":
        """Raises ValueError for what is neither; a name with a leading dot stands for everything below it."""
        networks, names, places = [], set(), set()
        for entry in filter(None, map(str.strip, entries)):
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError:
                if place := _place(entry):
                    places.add(place)
                    continue
                if "/" in entry or ":" in entry or entry.replace(".", "").isdigit():
                    raise ValueError(
                        f"“{entry}” is no network. Write it as 10.0.0.0/8, without bits set after the prefix, "
                        "or give a host name, or an address with a port such as 10.0.0.7:8080."
                    ) from None
                names.add(entry.lower().rstrip("."))
        return cls(tuple(networks), frozenset(names), frozenset(places))

    def has_address(self, address: Address, port: int | None) -> bool:
        return (address, port) in self.places or any(address in network for network in self.networks)

    def has_name(self, name: str) -> bool:
        name = name.lower().rstrip(".")
        parents = name.split(".")
        return name in self.names or any(f".{'.'.join(parents[at:])}" in self.names for at in range(1, len(parents)))


@dataclass(frozen=True)
class Guard:
    """Says which addresses may be asked."""

    allow: Hosts = Hosts()
    deny: Hosts = Hosts()

    def check(self, host: str, address: str, port: int | None = None) -> None:
        """Raise Refused unless ``address``, which ``host`` led to, may be asked at this port."""
        meant = addresses.meanings(address)
        shown = address if host == address else f"{host} ({address})"
        if self.deny.has_name(host) or any(self.deny.has_address(each, port) for each, _what in meant):
            raise Refused(f"{shown} is on the list PROBE_DENY")
        for each, what in meant:
            if what and not (self.allow.has_address(each, port) or self.allow.has_name(host)):
                raise Refused(f"{shown} is {what}, which PROBE_ALLOW does not name")

    def check_host(self, host: str, port: int | None = None) -> None:
        """What can be said of a host before it is looked up: raise Refused for a name or an address that is closed."""
        try:
            addresses.meanings(host)
        except ValueError:
            if self.deny.has_name(host):
                raise Refused(f"{host} is on the list PROBE_DENY") from None
        else:
            self.check(host, host, port)


def current_guard() -> Guard:
    """The guard of this installation's settings."""
    return Guard(Hosts.parse(settings.PROBE_ALLOW), Hosts.parse(settings.PROBE_DENY))


def _place(entry: str) -> tuple[Address, int] | None:
    """``10.0.0.7:8080`` or ``[2001:db8::1]:8080`` as an address and a port; None for anything else."""
    host, _, port = entry.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    is_written_well = host.startswith("[") == (address.version == 6) and port.isdecimal()
    return (address, int(port)) if is_written_well and 0 < int(port) < 65_536 else None


class GuardedResolver(AbstractResolver):
    """Looks names up once each, within a time limit, and lets through only addresses that have been checked."""

    def __init__(self, guard: Guard, executor: Executor) -> None:
        self.guard = guard
        self.executor = executor
        self._found: dict[tuple[str, int], asyncio.Task[list[ResolveResult]]] = {}
        # Those that no thread was free for yet.
        self._queued: set[tuple[str, int]] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of ``host``. Raises Refused when one of them is closed, OSError when there are none.

        Those who ask for the same name while one looks are told by the same look-up.
        """
        # Before a look-up, which would tell the owner of the name's DNS that somebody asks.
        self.guard.check_host(host, port)
        key = (host, port)
        if key not in self._found:
            self._found[key] = asyncio.create_task(self._look_up(host, port))
            self._found[key].add_done_callback(lambda done: self._forget(key, done))
        # Whoever runs out of time does not end the look-up of the others.
        results = await asyncio.shield(self._found[key])
        for result in results:
            self.guard.check(host, result["host"], port)
        return results

    def _forget(self, key: tuple[str, int], done: asyncio.Task[list[ResolveResult]]) -> None:
        del self._found[key]
        if not done.cancelled():
            # Where everybody has stopped waiting, asyncio would complain of a problem that nobody has read.
            done.exception()

    def is_queued(self, host: str, port: int | None) -> bool:
        """Whether the look-up of a name has not begun yet."""
        return (host, port) in self._queued

    async def _look_up(self, host: str, port: int) -> list[ResolveResult]:
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def look_up() -> list[tuple[Any, ...]]:
            loop.call_soon_threadsafe(begun.set)
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

        looking = loop.run_in_executor(self.executor, look_up)
        self._queued.add((host, port))
        try:
            await begun.wait()
        finally:
            self._queued.discard((host, port))
        try:
            found = await asyncio.wait_for(looking, LOOK_UP_SECONDS)
        except TimeoutError:
            raise OSError(f"looking up {host} took longer than {LOOK_UP_SECONDS:.0f} s") from None
        return [
            ResolveResult(
                hostname=host, host=_numeric(sockaddr), port=port, family=family, proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for family, _type, proto, _name, sockaddr in found
        ]  # fmt: skip

    async def close(self) -> None:
        for looking in list(self._found.values()):
            looking.cancel()


def _numeric(sockaddr: tuple) -> str:
    """The address with its zone, where it has one."""
    zone = sockaddr[3] if len(sockaddr) > 3 else 0
    return f"{sockaddr[0]}%{zone}" if zone and "%" not in sockaddr[0] else sockaddr[0]
