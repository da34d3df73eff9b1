"""Writing a postmortem: begun from a template, saved section by section, reviewed, published as editions that stay."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from incidents.models import (
    Comment,
    DismissedHint,
    Edition,
    Incident,
    Postmortem,
    PostmortemSection,
    PostmortemState,
    PostmortemTemplate,
)
from incidents.postmortems import content, telling
from incidents.postmortems.due import due_day
from portal.actions import create_record, lock, update_record

_WAYS = {
    PostmortemState.DRAFT: frozenset({PostmortemState.IN_REVIEW, PostmortemState.PUBLISHED}),
    PostmortemState.IN_REVIEW: frozenset({PostmortemState.DRAFT, PostmortemState.PUBLISHED}),
    PostmortemState.PUBLISHED: frozenset({PostmortemState.DRAFT}),
}


@transaction.atomic
def begin(*, by: Any, incident: Incident, template: PostmortemTemplate | None = None) -> Postmortem:
    """Begin the postmortem of an incident; where there is one already, that one."""
    Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if found := Postmortem.objects.filter(incident=incident).first():
        return found
    used = template or PostmortemTemplate.objects.filter(is_default=True, is_active=True).first()
    if used is None:
        raise ValidationError("No template is used unless another is chosen. Choose one, or mark one so.")
    made = create_record(
        by=by, model=Postmortem, values={"incident": incident, "template": used, "due_on": due_day(incident)}
    )
    for place, each in enumerate(used.sections):
        values = {"key": each["key"], "title": each["title"], "questions": each.get("questions", ""), "place": place}
        create_record(by=by, model=PostmortemSection, values={**values, "postmortem": made})
    return made


@transaction.atomic
def save_section(*, by: Any, section: PostmortemSection, text: str, version: int | None) -> PostmortemSection:
    """Save what somebody wrote. Raises Conflict, with the section as it is now, where somebody else saved it first."""
    # Held, so that nobody publishes an edition without it at this moment.
    postmortem = lock(section.postmortem, None, {})
    if postmortem.state == PostmortemState.PUBLISHED:
        raise ValidationError("This edition is published and stays as it is. Begin the next one to write on.")
    return update_record(by=by, record=section, values={"text": _lines(text)}, version=version)


def _lines(text: str) -> str:
    """Browsers end lines in a way of their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def move(*, by: Any, postmortem: Postmortem, state: str, version: int | None = None) -> Postmortem:
    """Take it back to a draft, or begin the draft of the next edition."""
    if state == PostmortemState.PUBLISHED:
        raise ValidationError({"state": "Publish it: that makes an edition."})
    return _move(by, postmortem, PostmortemState(state), version)


@transaction.atomic
def _move(by: Any, postmortem: Postmortem, state: PostmortemState, version: int | None) -> Postmortem:
    locked = lock(postmortem, version, {"state": state})
    if state not in _WAYS[PostmortemState(locked.state)]:
        raise ValidationError(
            {"state": f"It is {locked.get_state_display().lower()}, and cannot be {state.label.lower()}."}
        )
    return update_record(by=by, record=locked, values={"state": state})


@transaction.atomic
def publish(*, by: Any, postmortem: Postmortem, note: str = "", version: int | None = None) -> Edition:
    """Freeze what is written as an edition, and tell whom it concerns. Raises ValidationError naming the sections that
    nobody has written yet."""
    moved = _move(by, postmortem, PostmortemState.PUBLISHED, version)
    _check_written(moved)
    last = moved.editions.aggregate(last=Max("number"))["last"] or 0
    edition = Edition.objects.create(
        postmortem=moved, number=last + 1, title=str(moved.incident)[:300], markdown=content.whole(moved),
        note=note.strip()[:500], published_by=by if getattr(by, "is_authenticated", False) else None,
    )  # fmt: skip
    update_record(by=by, record=moved, values={"latest": edition})
    telling.published(edition)
    return edition


def _check_written(postmortem: Postmortem) -> None:
    waiting = [f"“{each.title}”" for each in content.unwritten(postmortem)]
    if not waiting:
        return
    if len(waiting) == postmortem.sections.count():
        raise ValidationError("Nothing is written yet. An edition stays for good: write the sections first.")
    raise ValidationError(
        f"Not written yet: {', '.join(waiting)}. Questions of the template are no answer. Write “Nothing to tell” "
        "where there is nothing."
    )


def comment(*, by: Any, section: PostmortemSection, text: str, quote: str = "") -> Comment:
    """Ask or add something about a section; those who write the postmortem are told."""
    if not text.strip():
        raise ValidationError({"text": "Say what you want to know or add."})
    values = {"section": section, "text": _lines(text), "quote": quote.strip()[:500], "by": by}
    made = create_record(by=by, model=Comment, values=values)
    telling.commented(made)
    return made


def settle(*, comment: Comment, settled: bool = True) -> None:
    """Say that a comment is answered, or that it is open after all."""
    Comment.objects.filter(pk=comment.pk).update(settled_at=timezone.now() if settled else None)


def dismiss(*, postmortem: Postmortem, key: str) -> None:
    """Show a hint at this sentence no more. Who did so is not kept."""
    if not re.fullmatch(r"[0-9a-f]{32}", key):
        raise ValidationError("This is no hint. Load the page anew, and dismiss it there.")
    DismissedHint.objects.get_or_create(postmortem=postmortem, key=key)


def show_dismissed(*, postmortem: Postmortem) -> None:
    """Show every hint again."""
    DismissedHint.objects.filter(postmortem=postmortem).delete()
