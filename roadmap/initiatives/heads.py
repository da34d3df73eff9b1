"""The head of an initiative: how it stands, how it goes, whose it is, by when."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.collections import reference_url
from portal.heads import Fact, Head, Pill, head, pill
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.initiatives.actions import WAYS
from roadmap.models import OVER, Initiative, Status
from services.health.moments import counted
from services.health.saying import day_in_words

# What the button says that takes it to a status.
ACTS: dict[str, tuple[str, str]] = {
    Status.IDEA: ("Back to an idea", "bulb"), Status.PLANNED: ("Plan it", "calendar-plus"),
    Status.IN_PROGRESS: ("Start it", "player-play"), Status.PAUSED: ("Pause it", "player-pause"),
    Status.DONE: ("Deliver it", "circle-check"), Status.DROPPED: ("Drop it", "circle-x"),
}  # fmt: skip
AGAIN = ("Take it up again", "arrow-back-up")


@pill(on=Initiative)
def initiative_pill(request: HttpRequest, initiative: Initiative) -> Pill:
    return Pill(initiative.status, str(initiative.get_status_display()), text=initiative.status_reason)


@head(on=Initiative)
def initiative_head(request: HttpRequest, initiative: Initiative) -> Head:
    may = request.user.has_perm("roadmap.change_initiative", initiative)
    return Head(
        title=initiative.title,
        over=initiative.name,
        tags=_tags(initiative),
        reach=[
            Fact("Team", _who(initiative.team)),
            Fact("Owner", _who(initiative.owner), _sponsor(initiative)),
            _end(initiative),
            Fact("Done", f"{initiative.done_percent}\u00a0%", "of the work, not of its effect"),
        ],
        actions=_step(initiative) if may else [],
        menu=_menu(initiative, may),
    )


def _tags(initiative: Initiative) -> list[str]:
    state: Any = getattr(initiative, "state", None)
    course = [str(state.get_course_display())] if state and state.course and initiative.status not in OVER else []
    hundredfold = ["100×"] if initiative.is_hundredfold else []
    private = ["Private"] if initiative.is_private else []
    return [*private, *course, *hundredfold, str(initiative.get_category_display()), initiative.get_horizon_display()]


def _who(reference: Reference | None) -> SafeString:
    if reference is None:
        return format_html('<span class="gw-muted">{}</span>', "nobody yet")
    return format_html('<a href="{}">{}</a>', reference_url(reference.canonical, reference.attached), reference.label)


def _sponsor(initiative: Initiative) -> SafeString | str:
    return format_html("Sponsor: {}", _who(initiative.sponsor)) if initiative.sponsor else ""


def _end(initiative: Initiative) -> Fact:
    """The day that counts, and what is to be said of it."""
    planned = day_in_words(initiative.ends_likely) if initiative.ends_likely else ""
    if initiative.delivered_on:
        return Fact("Delivered", day_in_words(initiative.delivered_on), f"planned for {planned}" if planned else "")
    if initiative.status == Status.DROPPED:
        return Fact("Likely end", "none", "it was dropped")
    if initiative.ends_likely is None:
        return Fact("Likely end", "not said", "")
    late = days_late(initiative)
    latest = f"in 9 of 10 cases by {day_in_words(initiative.ends_latest)}" if initiative.ends_latest else ""
    return Fact("Likely end", planned, f"{counted(late, 'day')} late" if late else latest)


def days_late(initiative: Initiative, today: dt.date | None = None) -> int:
    """How many days its likely end is over, of one that is planned or goes on; 0 of all else."""
    if initiative.status not in {Status.PLANNED, Status.IN_PROGRESS} or initiative.ends_likely is None:
        return 0
    return max(0, ((today or organisation_today()) - initiative.ends_likely).days)


def _step(initiative: Initiative) -> list[Mapping[str, str]]:
    """What comes next: another status, or while work goes on the update of the week; of what is delivered, nothing."""
    if initiative.status == Status.IN_PROGRESS:
        return [_act(initiative, "Post an update", "message", "initiative-update", primary=True)]
    if initiative.status == Status.DONE:
        return []
    return [{**_to(initiative, WAYS[initiative.status][0]), "primary": "yes"}]


def _menu(initiative: Initiative, may: bool) -> list[Mapping[str, str]]:
    files = [_act(initiative, "Feature specification", "file-text", "initiative-specification")]
    if not may:
        return files
    working = initiative.status == Status.IN_PROGRESS
    is_step_a_status = initiative.status not in {Status.IN_PROGRESS, Status.DONE}
    return [
        *(_to(initiative, each) for each in WAYS[initiative.status][1 if is_step_a_status else 0 :]),
        _act(initiative, "Add a link", "link", "initiative-link"),
        _act(initiative, "Add a success criterion", "target", "initiative-part-new", "criteria"),
        _act(initiative, "Add an objection", "message-report", "initiative-part-new", "objections"),
        *([] if working else [_act(initiative, "Post an update", "message", "initiative-update")]),
        *([_act(initiative, "Dedicated people", "users", "initiative-dedicated")] if initiative.is_hundredfold else []),
        *([_act(initiative, "Who sees it", "lock", "initiative-access")] if initiative.is_private else []),
        *files,
    ]


def _to(initiative: Initiative, status: str) -> Mapping[str, str]:
    label, icon = AGAIN if initiative.status == Status.DONE else ACTS[status]
    address = reverse("initiative-status", args=[initiative.name.lower()])
    return {"label": label, "icon": icon, "url": f"{address}?{urlencode({'to': status})}"}


def _act(
    initiative: Initiative, label: str, icon: str, name: str, *more: str, primary: bool = False
) -> Mapping[str, str]:
    url = reverse(name, args=[initiative.name.lower(), *more])
    return {"label": label, "icon": icon, "url": url, **({"primary": "yes"} if primary else {})}
