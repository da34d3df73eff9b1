"""Writing an idea down, and moving a follow-up on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from incidents.collections import INCIDENTS
from incidents.followups import actions
from incidents.followups.collections import FOLLOW_UPS
from incidents.followups.forms import CommitForm, DeclineForm, DoneForm, IdeaForm, VerifyForm
from incidents.followups.reading import factors_offered
from incidents.models import FollowUp, FollowUpState
from incidents.pages import act_page, load_incident
from portal.acting import act_page as record_act_page
from portal.acting import attempt
from portal.people.entering import acts
from portal.saving import version_of


@dataclass(frozen=True)
class Act:
    """``label`` is on its button, ``explains`` above its form, ``said`` after it."""

    label: str
    form: type[Any]
    move: Callable[..., FollowUp]
    explains: str
    said: str


ACTS = {
    "commit": Act("Commit", CommitForm, actions.commit, "A team owns it, and says by when.", "is committed to"),
    "done": Act("Done", DoneForm, actions.finish, "The work is done. Whether it helped is asked next.", "is done"),
    "verify": Act("Verify", VerifyForm, actions.verify, "Something shows that it works.", "is verified"),
    "decline": Act(
        "Decline", DeclineForm, actions.decline, "Deciding against it is an outcome, and no failure.", "is declined"
    ),
    "back": Act("Take back", DoneForm, actions.take_back, "It goes back one step, and keeps its history.", "is"),
}
# Which acts each state offers, the one that leads on first.
OFFERED: dict[str, tuple[str, ...]] = {
    FollowUpState.IDEA: ("commit", "decline"),
    FollowUpState.COMMITTED: ("done", "decline", "back"),
    FollowUpState.DONE: ("verify", "back"),
    FollowUpState.VERIFIED: ("back",),
    FollowUpState.DECLINED: ("back",),
}


@acts("record", "incidents")
def suggest(request: HttpRequest, key: str) -> HttpResponse:
    """Write an idea down on the page of its incident."""
    incident = load_incident(request, key, "note")
    form = IdeaForm(factors_offered(incident), request.POST)
    if form.is_valid():
        values = form.cleaned_data
        if done := attempt(form, lambda: actions.suggest(by=request.user, incident=incident, values=values)):
            messages.success(request, f"Noted {done.made}. It binds nobody until a team commits to it.")
            return redirect(f"{INCIDENTS.url_of(incident)}#{PANEL}")
    return act_page(request, incident, form, "Suggest a follow-up", status=422)


# Where the panel of follow-ups stands on the page of an incident.
PANEL = "incidentsincident-follow-ups"


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, key: int, act: str) -> HttpResponse:
    """Commit, say that it is done, verify, decline, or take one step back."""
    found = ACTS.get(act)
    if found is None:
        raise Http404(f"“{act}” cannot be done with a follow-up. There are: {', '.join(ACTS)}.")
    follow_up = _load(request, key)
    form = found.form(follow_up, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = {"version": version_of(request, follow_up), **form.cleaned_data}
        if done := attempt(form, lambda: found.move(by=request.user, follow_up=follow_up, **said)):
            word = f" {done.made.get_state_display().lower()} again" if act == "back" else ""
            messages.success(request, f"{done.made} {found.said}{word}.")
            return redirect(FOLLOW_UPS.url_of(done.made))
    return record_act_page(
        request, form, found.label, collection=FOLLOW_UPS, record=follow_up, versioned=follow_up,
        explains=found.explains,
    )  # fmt: skip


def _load(request: HttpRequest, key: int) -> FollowUp:
    user: Any = request.user
    follow_up = (
        FOLLOW_UPS.visible(user)
        .select_related("incident__severity", "incident__owner", "incident__status", "owner")
        .filter(pk=key)
        .first()
    )
    if follow_up is None:
        raise Http404(f"There is no follow-up {key}.")
    if not user.has_perm("incidents.change_followup", follow_up):
        raise PermissionDenied(
            f"You may not move {follow_up} on. The team that owns it may, and whoever runs or declared "
            f"{follow_up.incident.name}."
        )
    return follow_up
