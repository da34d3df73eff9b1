"""How the API speaks and how often it may be asked: what Django REST framework loads before any view."""

import json
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


def to_json(data: Any) -> bytes:
    """As API and files write it: dates in ISO 8601, moments in UTC."""
    return orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else to_json(data)


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class JSONParser(BaseParser):
    """orjson: no NaN, no deeper nesting than it can hold."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge(f"The body is larger than {most:,} bytes, the most that one request may send.")
        try:
            read = orjson.loads(body)
            json.loads(body, object_pairs_hook=_refuse_twice)  # of a name that stands twice, orjson keeps the last
        except (orjson.JSONDecodeError, RecursionError) as problem:
            raise ParseError(f"This is no JSON: {problem}.") from None
        return read


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ParseError(f"“{name[:60]}” stands twice in one object. Send it once.")
        seen.add(name)


class ReaderThrottle(UserRateThrottle):
    """So many requests a minute for each login or service account (setting API_RATE)."""

    scope = "reader"

    def get_cache_key(self, request: "Request", view: "APIView") -> str:
        return f"throttle:{type(request.user).__name__}:{request.user.pk}"
