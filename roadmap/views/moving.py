"""Moving an initiative: its dates, by a form or by dragging its bar; and its card, to another column of a board."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from portal.acting import act_page, attempt, tell
from portal.actions import Conflict
from portal.crumbs import crumbs_of
from portal.saving import base_of, changed_meanwhile, conflict_context, version_of
from portal.tenure import organisation_today
from roadmap.collections import INITIATIVES
from roadmap.initiatives.pages import load_initiative
from roadmap.models import Horizon, Initiative, Status
from roadmap.views import actions
from roadmap.views.networks import known_around
from services.health.saying import day_in_words


class DatesForm(forms.ModelForm):
    """The four days that a bar is drawn by. Whether they are in order is said by the action, as everywhere."""

    class Meta:
        model = Initiative
        fields = actions.DATES
        widgets = {name: forms.DateInput({"type": "date"}, format="%Y-%m-%d") for name in actions.DATES}

    def _post_clean(self) -> None:
        """Nothing is written onto the initiative before the action does it."""


@require_http_methods(["GET", "HEAD", "POST"])
def dates(request: HttpRequest, key: str) -> HttpResponse:
    """The dates as a form; a bar that was dragged is saved here too, and answered in JSON."""
    initiative = load_initiative(request, key)
    form: Any = DatesForm(request.POST if request.method == "POST" else None, instance=initiative)
    if request.method == "POST" and form.is_valid():
        try:
            moved = actions.plan(
                by=request.user, initiative=initiative, dates=form.cleaned_data, version=version_of(request, initiative)
            )
        except ValidationError as problem:
            tell(form, problem)
        except Conflict as conflict:
            return _collided(request, form, conflict)
        else:
            return _moved(request, moved)
    if request.method == "POST" and _is_script(request):
        return JsonResponse({"error": _problem(form)}, status=422)
    return _dates_page(request, form, initiative)


def _is_script(request: HttpRequest) -> bool:
    return request.accepts("application/json") and not request.accepts("text/html")


def _problem(form: Any) -> str:
    return " ".join(str(text) for texts in form.errors.values() for text in texts)


def _moved(request: HttpRequest, moved: Initiative) -> HttpResponse:
    said = told_of(moved)
    problems = problems_of(request.user, moved)
    if _is_script(request):
        return JsonResponse({"said": said, "problems": problems, "version": moved.version})
    messages.success(request, said)
    for problem in problems:
        messages.warning(request, f"{problem}.")
    return redirect(_back(request, reverse("initiatives-timeline")))


def told_of(moved: Initiative) -> str:
    """``RM-4 is from 23 Nov 2026 to 1 Feb 2027, in 9 of 10 cases by 1 Mar 2027.``"""
    start = day_in_words(moved.starts_on) if moved.starts_on else "no day yet"
    end = day_in_words(moved.ends_likely) if moved.ends_likely else "no day yet"
    late = f", in 9 of 10 cases by {day_in_words(moved.ends_latest)}" if moved.ends_latest else ""
    return f"{moved.name} is from {start} to {end}{late}."


def problems_of(reader: Any, moved: Initiative) -> list[str]:
    """What its dates do not keep: the day on which work began, and its dependencies as far as the reader sees them."""
    known = known_around(reader, moved.pk)
    found = (known.problem(tie) for tie in known.ties if moved.pk in (tie.before, tie.after))
    return [each for each in (_begun_before(moved), *found) if each]


def _begun_before(moved: Initiative) -> str:
    """``RM-3 is in progress since 3 Oct 2026 and is planned to start on 3 Dec 2026``"""
    start, begun = moved.starts_on, moved.started_on
    if moved.status != Status.IN_PROGRESS or not (start and begun) or start <= organisation_today():
        return ""
    since, planned = day_in_words(begun), day_in_words(start)
    return f"{moved.name} is in progress since {since} and is planned to start on {planned}"


def _dates_page(request: HttpRequest, form: Any, initiative: Initiative) -> HttpResponse:
    address = INITIATIVES.url_of(initiative)
    context = {
        "form": form, "title": f"Dates of {initiative.name}", "submit_label": "Save",
        "description": f"{initiative.title}. In nine of ten cases it is done by the latest end.",
        "version": version_of(request, initiative), "base": base_of(request, form), "cancel_url": address,
        "crumbs": crumbs_of(INITIATIVES, (str(initiative), address), ("Dates", request.path)),
    }  # fmt: skip
    return render(request, "portal/record_form.html", context, status=422 if form.errors else 200)


def _collided(request: HttpRequest, form: Any, conflict: Conflict) -> HttpResponse:
    """Somebody was first. A script is told who, and what there is now; then it opens the page with both."""
    current: Any = conflict.current
    meanwhile = changed_meanwhile(conflict, request.user)
    if _is_script(request):
        told = (
            f"{meanwhile['by']} changed {current.name} while you moved it. {told_of(current)} Yours is not saved yet."
        )
        return JsonResponse({"error": told, "version": current.version}, status=409)
    context = conflict_context(request, INITIATIVES, form, conflict)
    return render(request, "409.html", {**context, "save_url": request.path}, status=409)


# Cards

PLACES = {"status": "Status", "horizon": "Horizon"}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Why", max_length=500, required=False, widget=forms.Textarea({"rows": 3}),
        help_text="It stays with the initiative: who planned on it reads it.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def place(request: HttpRequest, key: str) -> HttpResponse:
    """Put a card into another column. A status that needs a reason asks for it."""
    initiative = load_initiative(request, key)
    field, to = _column(request)
    needs_reason = actions.needs_reason(field, to)
    if request.method != "POST" and not needs_reason:
        return redirect(_board_of(field))
    try:
        actions.check_column(initiative, field, to)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect(_back(request, _board_of(field)))
    is_said = request.method == "POST" and ("reason" in request.POST or not needs_reason)
    form = ReasonForm(request.POST if is_said else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        if done := attempt(form, lambda: _placed(request, initiative, field, to, reason)):
            return done.made
    return _reason_page(request, form, initiative, field, to)


def _column(request: HttpRequest) -> tuple[str, str]:
    """What the board is by, and the column that the card is put into; none where the address names none."""
    sent = request.POST if request.method == "POST" else request.GET
    field, to = sent.get("field", "status"), sent.get("to", "")
    choices = dict(actions.CHOICES.get(field, ()))
    if to not in choices and (to or request.method == "POST"):
        raise BadRequest(f"“{to[:40]}” is no column of a board by {field[:20]}. There are: {', '.join(choices)}.")
    return field, to


def _placed(request: HttpRequest, initiative: Initiative, field: str, to: str, reason: str) -> HttpResponse:
    word = dict(actions.CHOICES[field])[to]
    version = version_of(request, initiative)
    try:
        moved = actions.place(
            by=request.user, initiative=initiative, field=field, to=to, reason=reason, version=version
        )
    except Conflict as conflict:
        messages.warning(request, _was_first(request, conflict, word))
    else:
        messages.success(request, f"{moved.name} stands in “{word}” now.")
    return redirect(_back(request, _board_of(field)))


def _was_first(request: HttpRequest, conflict: Conflict, word: str) -> str:
    current: Any = conflict.current
    stands = f"{current.get_status_display().lower()}, {Horizon(current.horizon).label.lower()}"
    by = changed_meanwhile(conflict, request.user)["by"]
    return (
        f"{by} changed {current.name} meanwhile: it is {stands}. It was not put into “{word}”. Look, and do it again."
    )


def _board_of(field: str) -> str:
    return reverse("initiatives-horizons" if field == "horizon" else "initiatives-board")


def _back(request: HttpRequest, otherwise: str) -> str:
    """The page that the act came from, with its query string, where it is one of ours."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/")
    return asked if is_ours else otherwise


def _reason_page(request: HttpRequest, form: Any, initiative: Initiative, field: str, to: str) -> HttpResponse:
    word = dict(actions.CHOICES[field])[to]
    return act_page(
        request, form, f"{word}: {initiative.name}", collection=INITIATIVES, record=initiative, versioned=initiative,
        label=f"Move to “{word}”", cancel_url=_back(request, _board_of(field)),
        hidden=[("field", field), ("to", to), ("next", request.POST.get("next", ""))],
    )  # fmt: skip
