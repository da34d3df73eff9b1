"""Hooks: what other systems tell the portal, with a token, as JSON, and with a key that makes a repeat harmless.

That something was taken is known for KEEP_DAYS. Within them a repeat by the same sender (the same key and body) gets
the first answer again and changes nothing, and the same key with another body is refused. What comes without a key is
taken as often as it comes.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.utils import timezone
from django.utils.decorators import method_decorator
from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api_errors import Unprocessable
from portal.people.tokens import TokenAuthentication, may_write
from portal.texts import text_problems
from services.health.models import ReceivedBatch

LARGEST_BODY = 10 * 2**20
LONGEST_KEY = 200
KEEP_DAYS = 30


def forget_old_batches() -> None:
    """Delete what was received so long ago that nobody sends it again."""
    ReceivedBatch.objects.filter(received_at__lt=timezone.now() - dt.timedelta(days=KEEP_DAYS)).delete()


def sender_of(reader: Any) -> str:
    """Who sends, as ReceivedBatch keeps it: people and service accounts are numbered apart."""
    return f"{reader._meta.model_name}:{reader.pk}"


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"At most {LARGEST_BODY // 2**20} MiB at a time. Send it in several parts."


class OtherBody(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = "This key was used for another body. Give what is new a key of its own."


class RawParser(BaseParser):
    """The body as it came, whatever type it says it has."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body: bytes = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise TooLarge
        return body


@method_decorator(login_not_required, name="dispatch")
class Hook(APIView):
    """One hook. ``name`` is kept with each key, and with ``keeps_body`` what came with it; ``take`` does what the body
    asks and returns the answer."""

    authentication_classes = (TokenAuthentication,)
    parser_classes = (RawParser,)
    schema = None
    name: str
    keeps_body = True

    def take(self, request: Request, data: Mapping[str, Any]) -> dict[str, Any]:
        """What the hook is for; each hook says it. Raises Unprocessable or PermissionDenied, and nothing is kept."""
        raise NotImplementedError

    def post(self, request: Request) -> Response:
        if not may_write(request):
            raise PermissionDenied("This token may only read. Make one with the scope “write”.")
        body: Any = request.data or b""
        data = _object_of(body)
        key = _key_of(request, data)
        with transaction.atomic():
            answer, is_new = self._once(request, key, body, data) if key else (self.take(request, data), True)
        return Response(answer, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    def _once(self, request: Request, key: str, body: bytes, data: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """The answer, and whether it is the first to this key of the sender."""
        batch, is_new = self._received(sender_of(request.user), key, body)
        if is_new:
            batch.answer = self.take(request, data)
            batch.save(update_fields=["answer"])
        return batch.answer, is_new

    def _received(self, sender: str, key: str, body: bytes) -> tuple[ReceivedBatch, bool]:
        """The row of this key of a sender, held until the transaction ends: of two that arrive at once one waits."""
        digest = hashlib.sha256(body).hexdigest()
        kept = {"digest": digest, "body": body if self.keeps_body else None}
        batch, is_new = ReceivedBatch.objects.get_or_create(hook=self.name, sender=sender, key=key, defaults=kept)
        if batch.digest != digest:
            raise OtherBody
        return batch, is_new


def _object_of(body: bytes) -> dict[str, Any]:
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise Unprocessable({"body": [f"This is no JSON: {problem}."]}) from None
    if not isinstance(data, dict):
        raise Unprocessable({"body": ["Send a JSON object."]})
    # JSON has control characters only as escapes, so that most bodies need no walk through all their texts.
    if b"\\" in body or b"\x7f" in body or not body.isascii():
        _check_texts(data)
    return data


def _check_texts(data: Mapping[str, Any]) -> None:
    """Refuse, by its place such as samples.3.metric, the first text that PostgreSQL or a page cannot hold."""
    waiting: list[tuple[str, Any]] = [("", data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str) and (problem := text_problems({place: value})):
            raise Unprocessable({name or "body": [told] for name, told in problem.items()})
        if isinstance(value, dict):
            waiting += [(place, name) for name in value]
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += [(f"{place}.{name}".removeprefix("."), part) for name, part in parts]


def _key_of(request: Request, data: Mapping[str, Any]) -> str:
    """What tells a repeat of this request: the header, or else the key in the body; nothing where neither is given."""
    keys = request.headers.get("Idempotency-Key") or "", data.get("key") or ""
    for key in keys:
        if not isinstance(key, str) or len(key) > LONGEST_KEY or text_problems({"key": key}):
            raise Unprocessable({"key": [f"A key is a text of at most {LONGEST_KEY} characters."]})
    return keys[0] or keys[1]
