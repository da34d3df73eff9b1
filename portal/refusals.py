"""Middleware for requests that are refused before a view is asked, or without a word: 405, what is no form, probes."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string

Handler = Callable[[HttpRequest], HttpResponse]
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
PROBES = ("/healthz", "/readyz")
# Machines send JSON here, and are answered in JSON.
FOR_MACHINES = ("/api/", "/hooks/")


def is_for_machines(request: HttpRequest) -> bool:
    """Whether what goes wrong, before a view is reached or in it, is told in JSON as everything else is told there."""
    return request.path_info.startswith(FOR_MACHINES)


def page_of_405(get_response: Handler) -> Handler:
    """Give the empty answer to a method that an address does not take a page that says so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and not response.content:
            return _explained(request, response)
        return response

    return middleware


def _explained(request: HttpRequest, response: HttpResponseNotAllowed) -> HttpResponse:
    if is_for_machines(request):
        error = f"{request.method} is not taken here. What is: {response['Allow']}."
        return JsonResponse({"error": error}, status=405, headers={"Allow": response["Allow"]})
    looking_helps = "GET" in response["Allow"]
    response.content = render_to_string("405.html", {"method": request.method, "looking_helps": looking_helps})
    return response


def probes_are_nobody(get_response: Handler) -> Handler:
    """Health is asked by machines: no session is looked up, which takes the very servers that may be away."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            request.COOKIES.clear()
        return get_response(request)

    return middleware


class FormsOnly:
    """Refuse what is sent to a page but is no form: read as an empty form it would vanish without a word."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        if request.method != "POST" or is_for_machines(request):
            return
        if request.content_type not in FORMS and request.META.get("CONTENT_LENGTH") not in {None, "", "0"}:
            sent = (request.content_type or "something without a type")[:60]
            raise BadRequest(f"Nothing was saved: a page takes a form ({' or '.join(FORMS)}), and this came as {sent}.")


def forms_only(get_response: Handler) -> FormsOnly:
    return FormsOnly(get_response)
