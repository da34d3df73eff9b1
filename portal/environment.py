"""Environment variables, read so that a wrong one is told in one line: its name, what is wrong, what is expected.

Values that may hold a password are never repeated.
"""

import json
import logging
import os
import re
import zoneinfo
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

POSTGRESQL = ("postgresql", "postgres", "psql", "pgsql")
REDIS = ("redis", "rediss", "unix")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
SHORTEST_KEY = 50
MAKE_A_KEY = 'python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
_RATE = re.compile(r"[1-9]\d*/(s|sec|second|m|min|minute|h|hour|d|day)")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


class Environment(environ.Env):  # type: ignore[misc]  # the library has no types
    """The library's reader, with checks."""

    def flag(self, name: str, *, default: bool) -> bool:
        text = self.str(name, default="1" if default else "0").strip().lower()
        if text not in (*_TRUE, *_FALSE):
            raise _wrong(name, f"“{text}” is neither yes nor no", "1 or 0")
        return text in _TRUE

    def number(self, name: str, *, default: int, least: int = 0, most: int = 10**10) -> int:
        text = self.str(name, default=str(default)).strip()
        if not text.isdecimal() or len(text) > 20 or not least <= int(text) <= most:
            raise _wrong(name, f"“{text[:40]}” is no number from {least} to {most:,}", f"one such as {default}")
        return int(text)

    def server(self, name: str, schemes: tuple[str, ...], example: str) -> str:
        """The address of a server, or nothing."""
        text: str = self.str(name, default="").strip()
        if text:
            _check_address(name, text, schemes, example)
        return text

    def mail(self, name: str) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.email_url(name, default="consolemail://")
        except (ImproperlyConfigured, ValueError):
            raise _wrong(
                name, "it is no address of a mail server", "smtp+tls://user:password@mail.example.com:587"
            ) from None
        return found

    def zone(self, name: str) -> str:
        text: str = self.str(name, default="UTC").strip()
        try:
            zoneinfo.ZoneInfo(text)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise _wrong(name, f"there is no time zone “{text}”", "a name such as Europe/Berlin or UTC") from None
        return text

    def level(self, name: str) -> str:
        text: str = self.str(name, default="INFO").strip().upper()
        if text not in LEVELS or not isinstance(logging.getLevelName(text), int):
            raise _wrong(name, f"there is no level “{text}”", f"one of {', '.join(LEVELS)}")
        return text

    def rate(self, name: str, *, default: str) -> str:
        text: str = self.str(name, default=default).strip()
        if not _RATE.fullmatch(text):
            raise _wrong(name, f"“{text}” is no number of requests in a time", "60000/min, or …/s, …/hour, …/day")
        return text

    def records(self, name: str) -> dict[str, Any]:
        """A JSON object."""
        try:
            found = json.loads(self.str(name, default="{}"))
        except ValueError as problem:
            raise _wrong(name, f"it is no JSON ({problem})", "an object such as {…}, see .env.example") from None
        if not isinstance(found, dict) or not all(isinstance(each, dict) for each in found.values()):
            raise _wrong(name, "it is no JSON object of objects", "an object such as {…}, see .env.example")
        return found

    def secret_key(self, name: str) -> str:
        text: str = self.str(name, default="").strip()
        if text and len(text) < SHORTEST_KEY:
            problem = f"it has {len(text)} characters, too few to keep sessions and links from being forged"
            raise _wrong(name, problem, f"{SHORTEST_KEY} or more random ones, for example from: {MAKE_A_KEY}")
        return text


def _wrong(name: str, problem: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}: {problem}. Expected: {expected}. Correct it in the environment or in .env.")


def _check_address(name: str, text: str, schemes: tuple[str, ...], example: str) -> None:
    try:
        found: SplitResult = urlsplit(text)
        _ = found.port
    except ValueError as problem:
        raise _wrong(name, f"it cannot be read as an address ({problem})", example) from None
    if found.scheme not in schemes:
        begins = f"it begins with “{found.scheme}:”" if found.scheme else "it is no address"
        raise _wrong(name, begins, example)
    if name == "DATABASE_URL" and not found.path.strip("/"):
        raise _wrong(name, "it names no database", example)


def port_number(text: str) -> int:
    """The port that ``PORT`` or ``--port`` names."""
    if not text.isdecimal() or len(text) > 20 or not 0 < int(text) < 65536:
        raise _wrong("PORT", f"“{text[:20]}” is no port", "a number from 1024 to 65535, such as 8000")
    return int(text)


def explain_unreachable(problem: BaseException) -> str:
    """One line about a server that does not answer whoever starts a command."""
    is_database = "redis" not in type(problem).__module__
    what, name = ("database", "DATABASE_URL") if is_database else ("cache and queue server", "REDIS_URL")
    words = " ".join(str(problem).split())
    is_ours = not os.environ.get(name)
    mend = "Look at the logs in DATA_DIR/embedded." if is_ours else "Start it, or correct the address."
    return f"{name}: the {what} does not answer ({words}). {mend}"
