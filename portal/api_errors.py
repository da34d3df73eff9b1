"""What the API answers when it cannot do what it was asked: always ``{"error": sentence}``."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError as InvalidRecord
from django.http import HttpRequest, JsonResponse
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from portal import actions
from portal.needing import why_kept
from portal.query import BadQuery


class StaleVersion(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = "The record has changed since you read it. Read it again, then send your change with its new ETag."


class Needed(APIException):
    status_code = status.HTTP_409_CONFLICT


class BadPrecondition(APIException):
    status_code = status.HTTP_400_BAD_REQUEST


class VersionMissing(APIException):
    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = "Say which version you change: send the ETag you read as If-Match, or If-Match: * to overwrite."


class Unprocessable(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY


def explain_error(problem: Exception, context: dict[str, Any]) -> Response | None:
    """Every error is ``{"error": sentence}``, with ``problems`` or ``fields`` where there are several."""
    if isinstance(problem, BadQuery):
        return Response({"error": str(problem), "problems": problem.problems}, status=400)
    if isinstance(problem, InvalidRecord):
        problem = Unprocessable(_by_field(problem))
    if isinstance(problem, actions.Conflict):
        problem = StaleVersion()
    if isinstance(problem, actions.Deleted):
        problem = NotFound(str(problem))
    if isinstance(problem, actions.StillNeeded):
        problem = Needed(why_kept(problem, context["request"].user))
    response = exception_handler(problem, context)
    if response is None:
        return None
    if isinstance(problem, ValidationError | Unprocessable) and isinstance(response.data, dict):
        response.status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
        fields = {name: _sentences(found) for name, found in response.data.items()}
        first = next((f"{name}: {texts[0]}" for name, texts in fields.items() if texts), "")
        response.data = {"error": first, "fields": fields}
    else:
        detail = response.data.get("detail", response.data) if isinstance(response.data, dict) else response.data
        response.data = {"error": str(detail)}
    return response


def _sentences(found: Any, place: str = "") -> list[str]:
    """Everything that is said about a field, also where it is said of the parts of a list or of a record within, then
    with their place: ``item 2, url: is missing.``"""
    if isinstance(found, Mapping):
        return [text for part, each in found.items() for text in _sentences(each, _within(place, part))]
    if isinstance(found, list):
        places = (_within(place, at) if isinstance(each, Mapping) else place for at, each in enumerate(found))
        return [text for each, where in zip(found, places, strict=True) for text in _sentences(each, where)]
    return [f"{place}: {found}" if place else str(found)]


def _within(place: str, part: Any) -> str:
    """The place of a part: of the first of a list, which has the number 0, ``item 1``."""
    if part == api_settings.NON_FIELD_ERRORS_KEY:
        return place
    named = f"item {part + 1}" if isinstance(part, int) else str(part)
    return f"{place}, {named}" if place else named


@login_not_required
def nothing_here(request: HttpRequest, rest: str) -> JsonResponse:
    near = f" Did you mean /api/{rest}/, with a slash at its end?" if _is_open(f"/api/{rest}/") else ""
    error = f"There is no address /api/{rest}.{near} All there are stand in /api/v1/schema/."
    return JsonResponse({"error": error}, status=404)


@login_not_required
@csrf_exempt
def no_hook(request: HttpRequest, rest: str) -> JsonResponse:
    return JsonResponse({"error": f"There is no hook /hooks/{rest}. /help/health/ names those there are."}, status=404)


def _is_open(address: str) -> bool:
    """Whether an address leads anywhere else than here."""
    return resolve(address).func is not nothing_here


def _by_field(problem: InvalidRecord) -> dict[str, list[str]]:
    return problem.message_dict if hasattr(problem, "error_dict") else {"record": problem.messages}
