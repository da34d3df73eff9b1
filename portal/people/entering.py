"""Pages are for people who are signed in, and an address that only acts leads whoever looks at it to its page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as allauth
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

View = Callable[..., HttpResponse]
# Tells the sign-in page that a form was sent, which nobody took.
NOT_SAVED = "not-saved"


class SignInRequired(LoginRequiredMiddleware):
    """Send whoever is not signed in to the sign-in page; one whose form was refused by that is told there."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        response = super().handle_no_permission(request, view_func)
        if request.method == "POST":
            response["Location"] += f"&{NOT_SAVED}=1"
        return response


def acts(page: str, slug: str = "") -> Callable[[View], View]:
    """A view that takes POST only. Looking at its address, as one does after a refused form or with an old ``next``,
    leads to the page the form is on: the URL named ``page``, or the list or record of the collection ``slug``."""

    def decorate(view: View) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def act(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            where = {"slug": slug} if slug else {}
            return redirect(reverse(page, kwargs=where | ({"key": kwargs["key"]} if page == "record" else {})))

        return act

    return decorate


def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Ask for the password once more, of whoever has one."""
    user: Any = request.user
    if not user.has_usable_password():
        raise PermissionDenied(
            "Your login has no password that could be asked for. Set one at /accounts/password/set/."
        )
    answer: HttpResponse = allauth.reauthenticate(request)
    return answer
