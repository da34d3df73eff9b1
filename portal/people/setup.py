"""The first administrator: an empty portal prints a one-time link, and whoever opens it makes the first login."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare, get_random_string
from django.views.decorators.http import require_http_methods

from portal.people.forms import FirstAdministratorForm
from portal.people.models import Role, User

KEY = "first-administrator"
VALID_FOR_SECONDS = 24 * 3600


def new_key() -> str | None:
    """A fresh one-time key, or None when there is somebody who can sign in already."""
    if User.objects.exists():
        return None
    key = get_random_string(43)
    cache.set(KEY, key, VALID_FOR_SECONDS)
    return key


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def first_administrator(request: HttpRequest, key: str) -> HttpResponse:
    """Make the first login. The link works once, for a day, and only while nobody can sign in."""
    if not constant_time_compare(key, cache.get(KEY) or "") or User.objects.exists():
        return render(request, "people/first_link_used.html", {"somebody": User.objects.exists()}, status=404)
    form = FirstAdministratorForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            user = _make(form.cleaned_data["email"], form.cleaned_data["password"])
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            cache.delete(KEY)
            login(request, user, backend="portal.people.backends.PersonBackend")
            return redirect("home")
    return render(request, "people/first_administrator.html", {"form": form}, status=422 if form.errors else 200)


@transaction.atomic
def _make(email: str, password: str) -> User:
    """Make the login, unless somebody who opened the same link was first."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE people_user IN SHARE ROW EXCLUSIVE MODE")
    if User.objects.exists():
        raise ValidationError("Somebody was first: there is an administrator already. Sign in, or ask them.")
    return User.objects.create_user(email, password, role=Role.ADMINISTRATOR)
