"""``POST /hooks/alerts/<token>/`` and ``POST /hooks/pagerduty/<token>/``: alerts as other systems send them.

Alertmanager and Grafana may send the token in the header instead: ``Authorization: Bearer <token>`` to
``/hooks/alerts/``. PagerDuty signs the raw body with the secret of its source. What comes is stored byte by byte and
answered with 202; a worker understands it. A body that can be none of them (no JSON object, cut off, too large) is
answered with 400 or 413 and what is wrong, and is kept too, for whoever looks at the source.
"""

from typing import Any

import orjson
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from incidents.alerts import reading, taking
from incidents.models import AlertSource, SourceKind

LARGEST_BODY = 4 * 2**20
# The header in which PagerDuty says v1=…
SIGNATURE = "X-PagerDuty-Signature"
_UNKNOWN = "There is no active source of alerts at this address."


class _Unfit(ValueError):  # noqa: N818  it says what the body is
    """A body that nobody can take; ``status`` is how that is answered, ``body`` what of it is kept."""

    def __init__(self, told: str, body: bytes, status: int = 400) -> None:
        super().__init__(told)
        self.body, self.status = body, status


@csrf_exempt
@login_not_required
@require_POST
def alerts(request: HttpRequest, token: str = "") -> JsonResponse:
    """A message of Alertmanager or Grafana."""
    source = _source(token or _bearer(request), SourceKind.ALERTMANAGER)
    if source is None and not token:
        headers = {"WWW-Authenticate": "Bearer"}
        told = "Send the token of a source of alerts: Authorization: Bearer …"
        return JsonResponse({"error": told}, status=401, headers=headers)
    return _taken(request, source)


@csrf_exempt
@login_not_required
@require_POST
def pagerduty(request: HttpRequest, token: str) -> JsonResponse:
    """A message of PagerDuty's webhooks v3."""
    return _taken(request, _source(token, SourceKind.PAGERDUTY))


def _source(token: str, kind: SourceKind) -> AlertSource | None:
    if not token or "\x00" in token:
        return None
    return AlertSource.objects.filter(token=token, kind=kind, is_active=True).first()


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _taken(request: HttpRequest, source: AlertSource | None) -> JsonResponse:
    if source is None:
        return JsonResponse({"error": _UNKNOWN}, status=404)
    try:
        body = _body(request)
        if source.secret and not reading.is_signed(body, request.headers.get(SIGNATURE, ""), source.secret):
            raise _Unfit(f"The signature in {SIGNATURE} is not that of the body with our secret.", b"", 401)
        _check_object(body)
    except _Unfit as problem:
        taking.store_refused(source, problem.body, str(problem))
        return JsonResponse({"error": str(problem)}, status=problem.status)
    taking.store(source, body)
    taking.take_soon()
    return JsonResponse({"status": "accepted"}, status=202)


def _body(request: HttpRequest) -> bytes:
    said = request.META.get("CONTENT_LENGTH") or ""
    expected = int(said) if said.isdecimal() else None
    if expected is not None and expected > LARGEST_BODY:
        raise _too_large(f"{expected:,}")
    try:
        body = request.read(LARGEST_BODY + 1)
    except UnreadablePostError:
        raise _Unfit("The connection broke off before the body was here.", b"") from None
    if len(body) > LARGEST_BODY:
        raise _too_large(f"more than {LARGEST_BODY:,}")
    if expected is not None and len(body) < expected:
        raise _Unfit(f"The body is cut off: {len(body):,} of {expected:,} bytes came.", body)
    return body


def _too_large(size: str) -> _Unfit:
    return _Unfit(
        f"The body has {size} bytes; at most {LARGEST_BODY // 2**20} MiB are taken. Alertmanager sends fewer alerts at "
        "once with max_alerts.", b"", 413,
    )  # fmt: skip


def _check_object(body: bytes) -> None:
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise _Unfit(f"This is no JSON: {problem}.", body) from None
    if not isinstance(found, dict):
        raise _Unfit("Send a JSON object.", body)
