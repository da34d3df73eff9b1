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
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from portal.actions import Conflict
from portal.collections import get_collection
from portal.crumbs import Crumbs, crumbs_of
from portal.delivery.views import preference_context
from portal.home import home_context
from portal.loading import load_record
from portal.people import actions, erasing
from portal.people.collections import PEOPLE, SERVICE_ACCOUNTS, TEAMS
from portal.people.demo import DEMO_PEOPLE, demo_allowed, demo_people
from portal.people.entering import NOT_SAVED, acts
from portal.people.forms import LeavingForm, MemberForm, PreferencesForm, TokenForm
from portal.people.models import ApiToken, Membership, Person, ServiceAccount, Team, User
from portal.people.tokens import make_token, revoke_token
from portal.saving import version_of


@method_decorator(login_not_required, name="dispatch")
class Login(LoginView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        people = demo_people() if demo_allowed(self.request) else []
        return {
            **super().get_context_data(**kwargs),
            "demo_sign_ins": people,
            "nobody_yet": not User.objects.exists(),
            "not_saved": NOT_SAVED in self.request.GET,
        }


login = Login.as_view()


@login_not_required
@acts("account_login")
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo people without a password."""
    if not demo_allowed(request):
        raise Http404("There is no demo sign-in here.")
    asked = request.POST.get("email", "")
    email = next((each.email for each in DEMO_PEOPLE if each.email == asked), "")
    user = get_object_or_404(User, email=email, is_active=True)
    start_session(request, user, backend="portal.people.backends.PersonBackend")
    return redirect(_own_address(request, request.POST.get("next", "")))


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


@acts("profile")
def set_preferences(request: HttpRequest) -> HttpResponse:
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, status=422, preferences_form=form)
    actions.set_preferences(user=_user(request), values=form.cleaned_data)
    messages.success(request, "Saved your preferences.")
    return redirect("profile")


@acts("profile")
def set_theme(request: HttpRequest) -> HttpResponse:
    """Change the theme from the user menu; back to the page one was on."""
    try:
        actions.set_preferences(user=_user(request), values={"theme": request.POST.get("theme", "")})
    except ValidationError:
        return HttpResponse("There is no such theme. There are: auto, light, dark.", status=422)
    if request.headers.get("X-Requested-With") == "fetch" or getattr(request, "htmx", False):
        return HttpResponse(status=204)
    return redirect(_own_address(request, request.POST.get("next") or request.headers.get("Referer", "")))


def _own_address(request: HttpRequest, address: str) -> str:
    """The page to go back to, if it is one of ours; else my work."""
    own = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if own else reverse("home")


@acts("profile")
def token_new(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, status=422, token_form=form)
    return _token_page(request, _user(request), form, [{"label": "Profile", "url": reverse("profile")}])


def _token_page(request: HttpRequest, holder: User | ServiceAccount, form: TokenForm, crumbs: Crumbs) -> HttpResponse:
    """Make the token and show its key in the answer itself: a session that kept it for a page to come could be read."""
    token, key = make_token(holder=holder, **form.values())
    context = {
        "token": token,
        "key": key,
        "holder": holder,
        "done_url": crumbs[-1]["url"],
        "crumbs": [*crumbs, {"label": "New token", "url": ""}],
    }
    response = render(request, "people/token_made.html", context)
    response["Cache-Control"] = "no-store"
    return response


@acts("profile")
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


def _form_again(request: HttpRequest, form: Form, title: str, crumbs: Crumbs) -> HttpResponse:
    """A form of a panel by itself: what was typed, and what is wrong beside each field."""
    context = {"title": title, "form": form, "submit_label": title, "cancel_url": crumbs[-1]["url"], "crumbs": crumbs}
    return render(request, "portal/record_form.html", context, status=422)


@acts("record", "people")
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


@acts("record", "people")
def person_reactivate(request: HttpRequest, key: str) -> HttpResponse:
    person, address = _load(request, "people", key, Person)
    try:
        actions.reactivate_person(by=request.user, person=person)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{person} is back. Teams and login are given anew.")
    return redirect(address)


@require_http_methods(["GET", "HEAD", "POST"])
def person_erase(request: HttpRequest, key: str) -> HttpResponse:
    """Ask, saying what goes and what stays; then erase the name of somebody who left."""
    person, _ = _load(request, "people", key, Person)
    if not request.user.has_perm("people.erase_person", person):
        raise PermissionDenied("Only an administrator erases a name.")
    if request.method != "POST":
        return _erase_page(request, person, erasing.why_not(person))
    try:
        erased = actions.erase_person(by=request.user, person=person, version=version_of(request, person))
    except ValidationError as problem:
        return _erase_page(request, person, " ".join(problem.messages), status=422)
    except Conflict as conflict:
        return _erase_page(request, conflict.current, f"{conflict} Look again before you erase it.", status=409)
    messages.success(request, "The name is erased. What they owned and did stays, as that of somebody who left.")
    return redirect(PEOPLE.url_of(erased))


def _erase_page(request: HttpRequest, person: Any, problem: str, status: int = 200) -> HttpResponse:
    address = PEOPLE.url_of(person)
    context = {
        "person": person,
        "problem": problem,
        "goes": [
            f"{person}, as name, short name and e-mail, from the page, from lists, from search and from history",
            "their name on deployments that they reported, and their address on messages that were sent to them",
            "former short names: addresses and files that use one no longer find anybody",
            "the e-mail and password of their login, their sessions, the names of their tokens",
        ],
        "stays": [
            f"the record, as “{erasing.TITLE}”, with its teams and dates",
            "what they own and what they changed, as that of somebody who left",
            "what files say: whatever still names them as owner or member brings the short name back as a loose end",
        ],
        "cancel_url": address,
        "crumbs": crumbs_of(PEOPLE, (str(person), address), ("Erase the name", request.path)),
    }
    return render(request, "people/person_erase.html", context, status=status)


@acts("record", "teams")
def member_add(request: HttpRequest, key: str) -> HttpResponse:
    team, address = _load(request, "teams", key, Team)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _form_again(request, form, f"Add somebody to {team}", crumbs_of(TEAMS, (str(team), address)))
    person, role = form.cleaned_data["person"], form.cleaned_data["role"]
    try:
        actions.join_team(by=request.user, person=person, team=team.reference, role=role)
    except ValidationError as problem:
        form.add_error(None, problem.messages)
        return _form_again(request, form, f"Add somebody to {team}", crumbs_of(TEAMS, (str(team), address)))
    messages.success(request, f"{person} is in {team}.")
    return redirect(address)


@acts("record", "teams")
def member_end(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    team, address = _load(request, "teams", key, Team)
    membership = get_object_or_404(Membership, pk=pk, team=team.reference_id, effective_to=None)
    try:
        actions.leave_team(by=request.user, membership=membership)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"{membership.person} is no longer in {team}.")
    return redirect(address)


@acts("record", "service-accounts")
def machine_token_new(request: HttpRequest, key: str) -> HttpResponse:
    account, address = _load(request, "service-accounts", key, ServiceAccount)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _form_again(
            request, form, f"Make a token of {account}", crumbs_of(SERVICE_ACCOUNTS, (str(account), address))
        )
    return _token_page(request, account, form, crumbs_of(SERVICE_ACCOUNTS, (str(account), address)))


@acts("record", "service-accounts")
def machine_token_revoke(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    account, address = _load(request, "service-accounts", key, ServiceAccount)
    token = get_object_or_404(ApiToken, pk=pk, service_account=account)
    revoke_token(token=token)
    messages.success(request, f"Revoked {token}.")
    return redirect(address)
