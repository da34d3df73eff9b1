"""Acts on who is on call that are not editing a schedule."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from portal.acting import tell
from portal.crumbs import crumbs_of
from portal.loading import load_record
from portal.people.collections import TEAMS
from portal.people.entering import acts
from portal.people.models import Team
from services.oncall import actions, asking
from services.oncall.collections import SCHEDULES
from services.oncall.forms import StandInForm, TurnForm
from services.oncall.models import Schedule, StandIn, Turn, Way


@acts("record", "teams")
def on_call_begin(request: HttpRequest, key: str) -> HttpResponse:
    """Begin a rotation for a team; its people are put in on its page."""
    team = load_record(request, TEAMS, key)
    if not isinstance(team, Team):
        raise Http404(f"There is no team “{key}”.")
    if found := Schedule.objects.filter(team=team.reference_id).first():
        return redirect(SCHEDULES.url_of(found))
    reader: Any = request.user
    if not (reader.is_administrator or team.reference_id in reader.team_ids):
        raise PermissionDenied(f"You are not in {team}. Its members say who is on call in it.")
    made = actions.begin_rotation(by=request.user, team=team.reference)
    messages.success(request, "The rotation has begun. Put in who comes first.")
    return redirect(SCHEDULES.url_of(made))


def _load(request: HttpRequest, key: str) -> Schedule:
    found = get_object_or_404(Schedule.objects.select_related("team"), SCHEDULES.key_condition(key))
    if not request.user.has_perm("oncall.change_schedule", found):
        raise PermissionDenied(f"You are not in {found.team}. Its members say who is on call in it.")
    return found


def _back(schedule: Schedule) -> HttpResponse:
    return redirect(SCHEDULES.url_of(schedule))


@acts("record", "on-call")
def turn_add(request: HttpRequest, key: str) -> HttpResponse:
    """Put a person at the end of the rotation."""
    schedule, form = _load(request, key), TurnForm(request.POST)
    if form.is_valid():
        try:
            actions.add_turn(by=request.user, schedule=schedule, person=form.cleaned_data["person"])
        except ValidationError as problem:
            tell(form, problem)
    return _form_page(request, schedule, form, "Add to the rotation") if form.errors else _back(schedule)


@acts("record", "on-call")
def turn_change(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Move a person up or down, or take them out: ``act`` says which."""
    schedule = _load(request, key)
    turn = Turn.objects.filter(schedule=schedule, pk=pk).select_related("schedule", "person").first()
    act = request.POST.get("act", "")
    if turn is None:
        messages.info(request, "Somebody took this person out already.")
    elif act in {"up", "down"}:
        actions.move_turn(by=request.user, turn=turn, earlier=act == "up")
    elif act == "out":
        actions.remove_turn(by=request.user, turn=turn)
        messages.success(request, f"{turn.person} is no longer in the rotation.")
    else:
        messages.error(request, f"act={act[:20]}: up, down or out is what can be done here.")
    return _back(schedule)


@acts("record", "on-call")
def stand_in_add(request: HttpRequest, key: str) -> HttpResponse:
    """Let a person take over for a while."""
    schedule, form = _load(request, key), StandInForm(request.POST)
    if form.is_valid():
        try:
            made = actions.stand_in(by=request.user, schedule=schedule, **form.cleaned_data)
        except ValidationError as problem:
            tell(form, problem)
        else:
            messages.success(request, f"{made.person} stands in.")
            return _back(schedule)
    return _form_page(request, schedule, form, "Let somebody stand in")


@acts("record", "on-call")
def stand_in_end(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Give the time back to whoever would be on call."""
    schedule = _load(request, key)
    if found := StandIn.objects.filter(schedule=schedule, pk=pk).select_related("schedule", "person").first():
        actions.end_stand_in(by=request.user, stand_in=found)
        messages.success(request, f"{found.person} does not stand in any more.")
    return _back(schedule)


@acts("record", "on-call")
def on_call_again(request: HttpRequest, key: str) -> HttpResponse:
    """Ask for the calendar of another system now."""
    schedule = _load(request, key)
    if schedule.way == Way.CALENDAR:
        asking.ask_again(schedule)
        messages.success(request, "It is read within a minute. Look again then.")
    return _back(schedule)


@acts("record", "on-call")
def calendar_open(request: HttpRequest, key: str) -> HttpResponse:
    """Give the calendar of the shifts an address, or another one."""
    schedule = _load(request, key)
    actions.open_calendar(by=request.user, schedule=schedule)
    messages.success(request, "The calendar has an address. One that it had before shows nothing any more.")
    return _back(schedule)


@acts("record", "on-call")
def calendar_close(request: HttpRequest, key: str) -> HttpResponse:
    """Take the address back."""
    schedule = _load(request, key)
    actions.close_calendar(by=request.user, schedule=schedule)
    messages.success(request, "The calendar has no address any more.")
    return _back(schedule)


def _form_page(request: HttpRequest, schedule: Schedule, form: Any, title: str) -> HttpResponse:
    """What was typed, with what is to be mended."""
    address = SCHEDULES.url_of(schedule)
    context = {
        "form": form, "title": title, "submit_label": title, "cancel_url": address, "description": str(schedule),
        "crumbs": crumbs_of(SCHEDULES, (str(schedule), address), (title, request.path)), "action": request.path,
    }  # fmt: skip
    return render(request, "portal/record_form.html", context, status=422)
