"""ETags: which version of a record the API showed, and which one a write is meant for."""

import hashlib
import re
from typing import Any

from django.db import models
from rest_framework.request import Request

from portal.api_errors import BadPrecondition, StaleVersion, VersionMissing
from portal.models import Versioned
from portal.rest import to_json

_TAG = r'(?:W/)?"([^"]*)"'
_TAGS = re.compile(rf"\s*{_TAG}(?:\s*,\s*{_TAG})*\s*")


def etag(version: int, body: Any) -> str:
    """The version, by which If-Match goes, and a digest of the whole answer: it also holds what changes without a new
    version, such as the name of the owner and the number of dependants."""
    return f'"{version}-{hashlib.sha256(to_json(body)).hexdigest()[:16]}"'


def version_asked(request: Request, record: models.Model) -> int | None:
    """The version that If-Match names, by itself or before the digest of an ETag; of several the one that stands. None
    for ``*`` and for records that keep no version."""
    given = request.headers.get("If-Match", "").strip()
    current: int | None = record.version if isinstance(record, Versioned) else None
    if current is None or given == "*":
        return None
    if not given:
        raise VersionMissing
    if not _TAGS.fullmatch(given):
        raise BadPrecondition(
            f"If-Match: {given[:60]} cannot be read. Send the ETag you read, in its quotes, such as "
            f'"{current}", several with commas between, or * to overwrite.'
        )
    if str(current) not in {text.partition("-")[0] for text in re.findall(_TAG, given)}:
        raise StaleVersion
    return current
