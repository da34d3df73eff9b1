"""Sign-in, home, profile, and acts on people, teams and service accounts."""

from typing import Any

from allauth.account.views import LoginView
from django.contrib import messages
from django.contrib.auth import login as start_session
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal.collections import get_collection
from portal.delivery.views import preference_context
from portal.home import home_context
from portal.loading import load_record
from portal.people import actions
from portal.people.demo import DEMO_PEOPLE, demo_allowed, demo_people
from portal.people.forms import LeavingForm, MemberForm, PreferencesForm, TokenForm
from portal.people.models import ApiToken, Membership, Person, ServiceAccount, Team, User
from portal.people.tokens import make_token, revoke_token

# A new key is shown on the page after the one that made it, and nowhere else.
NEW_KEY = "new_token_key"


@method_decorator(login_not_required, name="dispatch")
class Login(LoginView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = demo_people() if demo_allowed(self.request) else []
        return {**super().get_context_data(**kwargs), "demo_sign_ins": people}


login = Login.as_view()


@login_not_required
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo people without a password."""
    if not demo_allowed(request):
        raise Http404("There is no demo sign-in here.")
    asked = request.POST.get("email", "")
    email = next((each.email for each in DEMO_PEOPLE if each.email == asked), "")
    user = get_object_or_404(User, email=email, is_active=True)
    start_session(request, user, backend="portal.people.backends.PersonBackend")
    return redirect("home")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """My work: what waits for the reader, and their teams' services."""
    return render(request, "portal/home.html", home_context(request))


# The profile


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  pages are for logins; service accounts use the API
    return request.user


def _profile_page(request: HttpRequest, *, status: int = 200, **forms: Any) -> HttpResponse:
    user = _user(request)
    reference = user.person.reference_id if user.person else None
    memberships = Membership.objects.current().filter(person=reference).select_related("team")
    fields = ("theme", "density", "time_zone", "single_keys")
    context = {
        "memberships": memberships,
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at"),
        "new_key": request.session.pop(NEW_KEY, ""),
        "preferences_form": PreferencesForm(initial={name: getattr(user, name) for name in fields}),
        "token_form": TokenForm(),
        **preference_context(user),
        "crumbs": [{"label": "Profile", "url": request.path}],
        **forms,
    }
    return render(request, "portal/profile.html", context, status=status)


@require_safe
def profile(request: HttpRequest) -> HttpResponse:
    return _profile_page(request)


@require_POST
def set_preferences(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, status=422, preferences_form=form)
    actions.set_preferences(user=_user(request), values=form.cleaned_data)
    messages.success(request, "Saved your preferences.")
    return redirect("profile")


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Change the theme from the user menu; back to the page one was on."""
    try:
        actions.set_preferences(user=_user(request), values={"theme": request.POST.get("theme", "")})
    except ValidationError:
        return HttpResponse("There is no such theme. There are: auto, light, dark.", status=422)
    if request.headers.get("X-Requested-With") == "fetch" or getattr(request, "htmx", False):
        return HttpResponse(status=204)
    return redirect(_own_address(request))


def _own_address(request: HttpRequest) -> str:
    """The page to go back to, if it is one of ours."""
    address = request.POST.get("next") or request.headers.get("Referer", "")
    own = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if own else "/"


@require_POST
def token_new(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, status=422, token_form=form)
    _, request.session[NEW_KEY] = make_token(holder=_user(request), **form.values())
    return redirect("profile")


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, user=_user(request))
    revoke_token(token=token)
    messages.success(request, f"Revoked {token}.")
    return redirect("profile")


# Acts on records


def _load(request: HttpRequest, slug: str, key: str, model: type[models.Model]) -> Any:
    """The record for somebody who may change it: 404 for what is not there, 403 for what is not theirs."""
    collection = get_collection(slug)
    assert collection is not None  # noqa: S101  the slug is ours
    record = load_record(request, collection, key)
    if not isinstance(record, model):
        raise Http404(f"There is no {collection.title_one} “{key}”.")
    if not collection.may(request.user, "change", record):
        raise PermissionDenied(f"You may not change {record}.")
    return record, collection.url_of(record)


def _all_errors(form: Form) -> str:
    return " ".join(str(text) for texts in form.errors.values() for text in texts)


@require_POST
def person_deactivate(request: HttpRequest, key: str) -> HttpResponse:
    person, address = _load(request, "people", key, Person)
    form = LeavingForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Last day: {form.errors['left_at'][0]}")
        return redirect(address)
    try:
        actions.deactivate_person(by=request.user, person=person, left_at=form.cleaned_data["left_at"])
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{person} has left. What they owned is listed below, to be handed over.")
    return redirect(address)


@require_POST
def person_reactivate(request: HttpRequest, key: str) -> HttpResponse:
    person, address = _load(request, "people", key, Person)
    actions.reactivate_person(by=request.user, person=person)
    messages.success(request, f"{person} is back. Teams and login are given anew.")
    return redirect(address)


@require_POST
def member_add(request: HttpRequest, key: str) -> HttpResponse:
    team, address = _load(request, "teams", key, Team)
    form = MemberForm(request.POST)
    if not form.is_valid():
        messages.error(request, _all_errors(form))
        return redirect(address)
    person, role = form.cleaned_data["person"], form.cleaned_data["role"]
    try:
        actions.join_team(by=request.user, person=person, team=team.reference, role=role)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{person} is in {team}.")
    return redirect(address)


@require_POST
def member_end(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    team, address = _load(request, "teams", key, Team)
    membership = get_object_or_404(Membership, pk=pk, team=team.reference_id, effective_to=None)
    actions.leave_team(by=request.user, membership=membership)
    messages.success(request, f"{membership.person} is no longer in {team}.")
    return redirect(address)


@require_POST
def machine_token_new(request: HttpRequest, key: str) -> HttpResponse:
    account, address = _load(request, "service-accounts", key, ServiceAccount)
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, _all_errors(form))
        return redirect(address)
    _, request.session[NEW_KEY] = make_token(holder=account, **form.values())
    return redirect(address)


@require_POST
def machine_token_revoke(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    account, address = _load(request, "service-accounts", key, ServiceAccount)
    token = get_object_or_404(ApiToken, pk=pk, service_account=account)
    revoke_token(token=token)
    messages.success(request, f"Revoked {token}.")
    return redirect(address)
