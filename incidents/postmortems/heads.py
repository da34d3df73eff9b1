"""The head of a postmortem: how far it is, when it is due, who answers for it."""

from collections.abc import Mapping

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.heads import NOBODY
from incidents.models import Postmortem, PostmortemState, PostmortemTemplate
from incidents.postmortems.addresses import key_of, writing_address
from incidents.postmortems.due import days_asked
from portal.collections import reference_url, unknown_to
from portal.heads import Fact, Head, Pill, head, pill
from portal.moments import moment_html
from portal.references.models import Reference
from portal.templatetags.portal import when
from portal.tenure import organisation_today
from services.heads import HIDDEN
from services.health.moments import counted, days_in_words


@pill(on=Postmortem)
def postmortem_pill(request: HttpRequest, postmortem: Postmortem) -> Pill:
    return Pill(postmortem.state, postmortem.get_state_display())


@head(on=Postmortem)
def postmortem_head(request: HttpRequest, postmortem: Postmortem) -> Head:
    incident = postmortem.incident
    tags = [str(incident.severity)] if incident.severity else []
    return Head(
        title=f"Postmortem of {incident}",
        tags=[*tags, *(["Private"] if incident.is_private else [])],
        reach=[
            Fact("Incident", _incident(postmortem)),
            Fact("Owner", _owner(request, incident.owner)),
            Fact("Due", *_due(postmortem)),
            _published(postmortem),
        ],
        actions=_actions(request, postmortem),
    )


def _incident(postmortem: Postmortem) -> SafeString:
    incident = postmortem.incident
    address = reverse("record", args=["incidents", key_of(incident)])
    return format_html('<a href="{}">{}</a>', address, incident.name)


def _owner(request: HttpRequest, owner: Reference | None) -> SafeString | str:
    if owner is None:
        return NOBODY
    if unknown_to(request.user, [owner.pk]):
        return HIDDEN
    return format_html('<a href="{}">{}</a>', reference_url(owner.canonical, owner.attached), owner.label)


def _due(postmortem: Postmortem) -> tuple[SafeString | str, str]:
    days = days_asked(postmortem.incident)
    if postmortem.due_on:
        return when(postmortem.due_on), _lateness(postmortem)
    return "no day set", "" if days is None else f"{counted(days, 'day')} after the incident is resolved"


def _lateness(postmortem: Postmortem) -> str:
    if postmortem.latest_id or postmortem.due_on is None:
        return ""
    days = (organisation_today() - postmortem.due_on).days
    return f"{days} day{'s' if days != 1 else ''} late" if days > 0 else days_in_words(postmortem.due_on)


def _published(postmortem: Postmortem) -> Fact:
    if postmortem.latest is None:
        return Fact("Published", format_html('<span class="gw-muted">{}</span>', "not yet"))
    return Fact("Published", moment_html(postmortem.latest.published_at), f"edition {postmortem.latest.number}")


def _actions(request: HttpRequest, postmortem: Postmortem) -> list[Mapping[str, str]]:
    key = key_of(postmortem.incident)
    actions: list[Mapping[str, str]] = [
        {"label": "Compare versions", "url": reverse("postmortem-compare", args=[key]), "icon": "git-compare"}
    ]
    if not request.user.has_perm("incidents.change_postmortem", postmortem):
        return actions if postmortem.latest_id else []
    if postmortem.state == PostmortemState.PUBLISHED:
        return actions
    review = {"label": "Ask for review", "url": reverse("postmortem-review", args=[key]), "icon": "send"}
    publish = {"label": "Publish", "url": reverse("postmortem-publish", args=[key]), "icon": "speakerphone"}
    write = {"label": "Write", "url": writing_address(postmortem), "icon": "pencil", "primary": "yes"}
    last = publish if postmortem.state == PostmortemState.IN_REVIEW else review
    return [*(actions if postmortem.latest_id else []), last, *([publish] if last is review else []), write]


@head(on=PostmortemTemplate)
def template_head(request: HttpRequest, template: PostmortemTemplate) -> Head:
    edit = {"label": "Sections", "url": reverse("postmortem-template", args=[template.pk]), "icon": "list"}
    may = request.user.has_perm("incidents.change_postmortemtemplate", template)
    tags = [
        *(["Used unless another is chosen"] if template.is_default else []),
        *([] if template.is_active else ["Off"]),
    ]
    return Head(title=str(template), tags=tags, actions=[edit] if may else [])
