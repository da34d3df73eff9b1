"""Notifications to the incoming webhook of a chat, in the shape of Slack or of Teams.

The address comes from people, so the portal is careful whom it calls: https only, no redirects, and none of the
addresses that portal.addresses closes. ``CHAT_WEBHOOK_ALLOW`` names hosts that are exempt. The name is resolved once,
and the connection made to what was checked.
"""

import asyncio
import socket
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from django.conf import settings
from django.core.exceptions import ValidationError

from portal.addresses import meanings
from portal.delivery.failures import NotSentError
from portal.delivery.models import ChatWebhook, OutboxMessage, Shape
from portal.people.models import Person

Payload = dict[str, Any]
REPEAT = "This may reach you twice: the portal stopped while it was sending it."
_MOST_OF_ANSWER = 4096
_TRY_LATER = {408, 425, 429}


def check_address(url: str) -> None:
    """Raise ValidationError for an address that would not be called, with the reason."""
    if reason := _why_not(url):
        raise ValidationError({"url": reason})


def _why_not(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or parts.username or parts.password:
        return "This is no complete address. It looks like https://hooks.slack.com/services/…"
    if _is_allowed(host):
        return "" if parts.scheme in {"http", "https"} else "The address begins with https://."
    if parts.scheme != "https":
        return f"The address begins with https://. An administrator can exempt {host} with CHAT_WEBHOOK_ALLOW."
    closed = _closed(host)
    return f"{host} is {closed}; it is not called." if closed else ""


def _is_allowed(host: str) -> bool:
    return host.lower() in settings.CHAT_WEBHOOK_ALLOW


def _closed(host: str) -> str:
    """What ``host`` is, as a number, where it must not be called; names are looked at when they resolve."""
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return "the portal's own machine"
    try:
        return next((what for _, what in meanings(host.partition("%")[0]) if what), "")
    except ValueError:
        return ""


class _CarefulResolver(AbstractResolver):
    """Gives only addresses that may be called."""

    def __init__(self) -> None:
        self._real = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._real.resolve(host, port, family)
        closed = next(filter(None, (_closed(each["host"]) for each in found)), "")
        if closed and not _is_allowed(host):
            raise NotSentError(f"{host} leads to {closed}, which is not called.", final=True)
        return found

    async def close(self) -> None:
        await self._real.close()


def send(message: OutboxMessage) -> None:
    """Send one message. Raises NotSentError."""
    webhook = message.webhook
    if webhook is None:
        raise NotSentError("Its chat webhook was deleted.", final=True)
    if not webhook.is_active:
        raise NotSentError(f"The chat webhook “{webhook}” is not active.", final=True)
    if Person.objects.filter(reference=webhook.owner_id, is_active=False).exists():
        raise NotSentError(f"The chat webhook “{webhook}” is of {webhook.owner}, who has left.", final=True)
    if reason := _why_not(webhook.url):
        raise NotSentError(reason, final=True)
    asyncio.run(_post(webhook, message))


async def _post(webhook: ChatWebhook, message: OutboxMessage) -> None:
    timeout = aiohttp.ClientTimeout(total=settings.DELIVERY_TIMEOUT_S)
    connector = aiohttp.TCPConnector(resolver=_CarefulResolver(), use_dns_cache=False)
    headers = {"X-Groundwork-Delivery": message.key, "User-Agent": "Groundwork"}
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post(
                webhook.url, json=payload_of(webhook, message), headers=headers, allow_redirects=False
            ) as answer,
        ):
            said = await answer.content.read(_MOST_OF_ANSWER)
    except aiohttp.ClientConnectorError as problem:
        # Made while connecting: what the resolver refused stands behind it.
        raise NotSentError(f"The chat cannot be reached: {problem.os_error}"[:400], unreachable=True) from problem
    except (aiohttp.ClientError, OSError) as problem:
        # The message itself may have arrived; only its answer did not.
        raise NotSentError(f"The chat did not answer: {_words(problem)}", unreachable=True, uncertain=True) from problem
    _judge(answer, said.decode("utf-8", "replace"))


def _words(problem: BaseException) -> str:
    """Without the address, which is a secret."""
    timed_out = isinstance(problem, TimeoutError)
    return f"nothing within {settings.DELIVERY_TIMEOUT_S} s" if timed_out else type(problem).__name__


def _judge(answer: aiohttp.ClientResponse, said: str) -> None:
    if 200 <= answer.status < 300:
        return
    reason = f"The chat answered {answer.status}: {' '.join(said.split())[:200]}"
    if 300 <= answer.status < 400:
        raise NotSentError(f"The chat answered {answer.status}, a redirect, which is not followed.", final=True)
    if answer.status < 500 and answer.status not in _TRY_LATER:
        raise NotSentError(reason, final=True)
    wait = answer.headers.get("Retry-After", "")
    raise NotSentError(reason, wait_s=min(int(wait), 3600) if wait.isdecimal() and len(wait) < 9 else 0)


# What is sent


def payload_of(webhook: ChatWebhook, message: OutboxMessage) -> Payload:
    """The body of the request, in the shape that the chat expects."""
    told = message.payload
    address = urljoin(settings.PORTAL_URL, told["url"])
    notes = [told["why"], *([REPEAT] if message.possibly_repeated else [])]
    if webhook.shape == Shape.TEAMS:
        return _teams(told["title"], told["text"], address, notes)
    return _slack(told["title"], told["text"], address, notes)


def _slack(title: str, text: str, address: str, notes: list[str]) -> Payload:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: text alone, in its own markup."""
    lines = [f"*<{address}|{_plain(title)}>*", _plain(text), *(f"_{_plain(note)}_" for note in notes)]
    return {"text": "\n".join(line for line in lines if line)}


def _plain(text: str) -> str:
    """The three characters that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(title: str, text: str, address: str, notes: list[str]) -> Payload:
    """An Adaptive Card, as a Teams workflow (“When a Teams webhook request is received”) takes it."""
    blocks: list[Payload] = [
        {"type": "TextBlock", "text": title, "weight": "Bolder", "size": "Medium", "wrap": True},
        *([{"type": "TextBlock", "text": text, "wrap": True}] if text else []),
        *({"type": "TextBlock", "text": note, "isSubtle": True, "size": "Small", "wrap": True} for note in notes),
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Groundwork", "url": address}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }
