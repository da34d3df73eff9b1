"""What a check asks, in a form that needs no database; and whether what people wrote can be asked at all."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yarl
from django.core.exceptions import ValidationError

from services.health.guard import Refused, current_guard
from services.health.models import Check, CheckKind

_HEADER_NAME = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
# Set by the connection itself; another value would garble the request.
_HEADERS_OF_OURS = {"content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect"}


@dataclass(frozen=True, slots=True)
class Target:
    """One question. Fields as in Check; ``statuses`` are the ranges that ``expected_status`` names."""

    check_id: int
    kind: str
    address: str
    interval_s: int
    timeout_ms: int
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    expected_status: str = "200-299"
    expected_text: str = ""
    max_latency_ms: int | None = None
    certificate_days: int | None = None

    @property
    def statuses(self) -> tuple[range, ...]:
        return parse_statuses(self.expected_status)


# The columns a target is read from, in the order of its fields.
COLUMNS = (
    "id", "kind", "address", "interval_s", "timeout_ms", "method", "headers", "expected_status", "expected_text",
    "max_latency_ms", "certificate_days",
)  # fmt: skip


def target_of(check: Check) -> Target:
    """What a check asks, saved or not."""
    _pk, *rest = (getattr(check, name) for name in COLUMNS)
    return Target(check.pk or 0, *rest)


@functools.lru_cache(maxsize=256)
def parse_statuses(text: str) -> tuple[range, ...]:
    """``200-299,301`` as ranges. Raises ValueError saying what cannot be read."""
    found = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        try:
            low, high = int(first), int(last if dash else first)
        except ValueError:
            raise ValueError(f"“{part.strip()}” is no status. Write 200, or 200-299, or several with commas.") from None
        if not 100 <= low <= high <= 599:
            raise ValueError(f"“{part.strip()}” is outside 100 to 599, or backwards. Write it as 200-299.")
        found.append(range(low, high + 1))
    return tuple(found)


def parse_host_port(text: str) -> tuple[str, int]:
    """``db.example.com:5432`` or ``[2001:db8::1]:5432``. Raises ValueError saying what cannot be read."""
    host, colon, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"“{text}” has several colons. Put an IPv6 address into brackets: [2001:db8::1]:5432.")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"“{text}” is no host and port. Write it as db.example.com:5432.")
    _check_host_name(host)
    return host, int(port)


@functools.lru_cache(maxsize=8192)
def parse_url(text: str) -> yarl.URL:
    """An http or https address. Raises ValueError saying what is wrong with it."""
    try:
        url = yarl.URL(text.strip())
        host = url.host
    except ValueError:
        told = "Write it as https://shop.example.com/health, or https://[2001:db8::1]:8443/health."
        raise ValueError(f"“{text}” is no web address. {told}") from None
    if url.scheme not in {"http", "https"} or not host:
        raise ValueError(f"“{text}” is no web address. Write it as https://shop.example.com/health.")
    if url.user is not None:
        raise ValueError("A name or password does not belong into the address. Put it into a header.")
    _check_host_name(host)
    return url


def _check_host_name(host: str) -> None:
    """Letters of every language, as browsers take them; and what IPv6 is written with."""
    if wrong := re.sub(r"[\w.:%-]", "", host):
        raise ValueError(f"“{host}” is no name of a host: it has “{wrong[0]}” in it. Take that out.")


def origin_of(address: str) -> str:
    """Scheme, host and port of a web address; of anything else the whole text."""
    try:
        return str(parse_url(address).origin())
    except ValueError:
        return address.strip()


def validate(check: Check) -> None:
    """Raise ValidationError for values of a check that do not go together, by field."""
    problems: dict[str, Any] = {}
    if check.kind != CheckKind.HEARTBEAT:
        _collect(problems, "address", lambda: _check_address(check.kind, check.address))
        if check.timeout_ms > check.interval_s * 1000:
            problems["timeout_ms"] = (
                f"{check.timeout_ms} ms is longer than the {check.interval_s} s between two questions. Choose less."
            )
    if check.kind == CheckKind.HTTP:
        _collect(problems, "expected_status", lambda: parse_statuses(check.expected_status))
        _collect(problems, "headers", lambda: _check_headers(check.headers))
        if check.method == "HEAD" and check.expected_text:
            problems["expected_text"] = "HEAD is answered without a text. Ask by GET, or expect none."
    if problems:
        raise ValidationError(problems)


def check_url(field: str, url: str) -> None:
    """Raise ValidationError for a web address that may not be asked."""
    problems: dict[str, Any] = {}
    _collect(problems, field, lambda: _check_address(CheckKind.HTTP, url))
    if problems:
        raise ValidationError(problems)


def _collect(problems: dict[str, Any], name: str, test: Any) -> None:
    try:
        test()
    except (ValueError, Refused) as problem:
        problems[name] = f"{str(problem).rstrip('.')}."


def _check_address(kind: str, address: str) -> None:
    if kind == CheckKind.TCP:
        host, port = parse_host_port(address)
    else:
        url = parse_url(address)
        host, port = url.host or "", url.port or 0
    current_guard().check_host(host, port)


def _check_headers(headers: Any) -> None:
    if not isinstance(headers, dict):
        raise ValueError('Headers are names with values, such as {"Accept": "application/json"}.')
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _HEADERS_OF_OURS:
            raise ValueError(f"“{name}” cannot be sent as the name of a header. Choose another.")
        if not isinstance(value, str) or any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
            raise ValueError(f"The value of the header {name} is no single line of text. Write it as one.")
