"""The head of a follow-up: where it stands, whose it is, by when."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.collections import INCIDENTS
from incidents.followups.reading import days_late
from incidents.followups.views import ACTS, OFFERED
from incidents.models import FollowUp, FollowUpState
from portal.collections import reference_url, unknown_to
from portal.heads import Fact, Head, Pill, head, pill
from portal.moments import moment_html
from services.heads import HIDDEN
from services.health.moments import counted, days_in_words

NOBODY = format_html('<span class="gw-muted">{}</span>', "nobody yet")
NO_DAY = format_html('<span class="gw-muted">{}</span>', "no day yet")


@pill(on=FollowUp)
def follow_up_pill(request: HttpRequest, follow_up: FollowUp) -> Pill:
    if late := days_late(follow_up):
        return Pill("late", f"{counted(late, 'day')} late")
    return Pill(
        follow_up.state, follow_up.get_state_display(), text=follow_up.reason.rstrip(" ."), since=follow_up.ended_at
    )


@head(on=FollowUp)
def follow_up_head(request: HttpRequest, follow_up: FollowUp) -> Head:
    incident = follow_up.incident
    return Head(
        title=str(follow_up),
        reach=[
            Fact("Owner", _owner(request, follow_up)),
            Fact("Due", *_due(follow_up)),
            Fact("Incident", _link(INCIDENTS.url_of(incident), incident.name), incident.title),
            Fact("Suggested", moment_html(follow_up.created_at)),
        ],
        actions=_actions(request, follow_up),
    )


def _actions(request: HttpRequest, follow_up: FollowUp) -> list[Mapping[str, str]]:
    """The one that leads on in ink, the rest beside it."""
    if not request.user.has_perm("incidents.change_followup", follow_up):
        return []
    return [
        {"label": ACTS[act].label, "url": reverse("follow-up-act", args=[follow_up.pk, act]),
         "primary": "yes" if at == 0 and act != "back" else ""}
        for at, act in enumerate(OFFERED[follow_up.state])
    ]  # fmt: skip


def _owner(request: HttpRequest, follow_up: FollowUp) -> SafeString:
    owner = follow_up.owner
    if owner is None:
        return NOBODY
    if unknown_to(request.user, [owner.pk]):
        return HIDDEN
    return _link(reference_url(owner.canonical, owner.attached), owner.label)


def _due(follow_up: FollowUp) -> tuple[SafeString, str]:
    day = follow_up.due_on
    if day is None:
        return NO_DAY, ""
    shown = format_html('<time datetime="{}">{}</time>', day.isoformat(), f"{day.day} {day:%b %Y}")
    return shown, days_in_words(day) if follow_up.state == FollowUpState.COMMITTED else ""


def _link(url: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', url, text)
