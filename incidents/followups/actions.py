"""Follow-ups move on: an idea is committed to, done, and verified; or it is declined with a reason. Each step leads
back, too: what was verified may turn out not to help."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from incidents.models import NO_INCIDENT, FollowUp, FollowUpState, Incident, IncidentKind, Tag
from portal.actions import create_record, lock, update_record
from portal.references.models import Reference
from portal.tenure import organisation_today

SHORTEST_REASON = 10
# Of an incident whose severity nobody has said.
DAYS_UNSAID = 30
_WAYS = {
    FollowUpState.IDEA: frozenset({FollowUpState.COMMITTED, FollowUpState.DECLINED}),
    FollowUpState.COMMITTED: frozenset({FollowUpState.DONE, FollowUpState.IDEA, FollowUpState.DECLINED}),
    FollowUpState.DONE: frozenset({FollowUpState.VERIFIED, FollowUpState.COMMITTED}),
    FollowUpState.VERIFIED: frozenset({FollowUpState.COMMITTED}),
    FollowUpState.DECLINED: frozenset({FollowUpState.IDEA}),
}


@transaction.atomic
def suggest(*, by: Any, incident: Incident, values: Mapping[str, Any]) -> FollowUp:
    """Write down an idea. It binds nobody yet."""
    Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    last = FollowUp.objects.filter(incident=incident).aggregate(last=Max("number"))["last"] or 0
    return create_record(by=by, model=FollowUp, values={**values, "incident": incident, "number": last + 1})


def commit(*, by: Any, follow_up: FollowUp, owner: Reference, due_on: dt.date, version: int | None = None) -> FollowUp:
    """Take it on: a team owns it, and says by when. Raises ValidationError for a day that is over."""
    _refuse_past(due_on)
    values = {"owner": owner, "due_on": due_on, "committed_at": timezone.now(), "done_at": None, "ended_at": None}
    return _move(by, follow_up, FollowUpState.COMMITTED, values, version)


def _refuse_past(due_on: dt.date) -> None:
    if due_on < organisation_today():
        raise ValidationError({"due_on": f"{due_on:%-d %b %Y} is over. Choose a day to come."})


def finish(*, by: Any, follow_up: FollowUp, version: int | None = None) -> FollowUp:
    """Say that it is done. Whether it helped is another question."""
    return _move(by, follow_up, FollowUpState.DONE, {"done_at": timezone.now()}, version)


def verify(*, by: Any, follow_up: FollowUp, evidence: str, version: int | None = None) -> FollowUp:
    """Say what shows that it works: a drill, a later incident, a figure."""
    if len(evidence.strip()) < SHORTEST_REASON:
        raise ValidationError({"evidence": f"Say what shows that it works, in {SHORTEST_REASON} letters or more."})
    values = {"evidence": evidence.strip(), "ended_at": timezone.now()}
    return _move(by, follow_up, FollowUpState.VERIFIED, values, version)


def decline(*, by: Any, follow_up: FollowUp, reason: str, version: int | None = None) -> FollowUp:
    """Decide against it, and say why: that is an outcome, and no failure."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise ValidationError({"reason": f"Say why it is not done, in {SHORTEST_REASON} letters or more."})
    values = {"reason": reason.strip(), "ended_at": timezone.now()}
    return _move(by, follow_up, FollowUpState.DECLINED, values, version)


def take_back(*, by: Any, follow_up: FollowUp, version: int | None = None) -> FollowUp:
    """One step back: what is committed to or declined is an idea again, what is done or verified is committed to."""
    before = FollowUpState(follow_up.state)
    if before == FollowUpState.IDEA:
        raise ValidationError({"state": f"{follow_up} is an idea: there is nothing before that."})
    if before in {FollowUpState.DONE, FollowUpState.VERIFIED}:
        return _move(by, follow_up, FollowUpState.COMMITTED, {"done_at": None, "ended_at": None}, version)
    values = {"reason": "", "ended_at": None, "committed_at": None, "due_on": None}
    return _move(by, follow_up, FollowUpState.IDEA, values, version)


def due_day(incident: Incident) -> dt.date:
    """When a follow-up is due that is committed to today: so many days as the severity of its incident says."""
    days = incident.severity.follow_up_days if incident.severity else DAYS_UNSAID
    return organisation_today() + dt.timedelta(days=days)


def edit(*, by: Any, record: FollowUp, values: Mapping[str, Any], version: int | None = None) -> FollowUp:
    """Change what it says. Owner and day are changed only of what is committed to: an idea has none."""
    promised = {name for name in ("owner", "due_on") if name in values and values[name] != getattr(record, name)}
    if promised and record.state != FollowUpState.COMMITTED:
        state = record.get_state_display().lower()
        raise ValidationError(dict.fromkeys(promised, f"{record} is {state}. Commit to it, or take it back."))
    if "due_on" in promised and values["due_on"]:
        _refuse_past(values["due_on"])
    return update_record(by=by, record=record, values=values, version=version)


@transaction.atomic
def _move(
    by: Any, follow_up: FollowUp, state: FollowUpState, values: Mapping[str, Any], version: int | None
) -> FollowUp:
    locked = lock(follow_up, version, {"state": state})
    before = FollowUpState(locked.state)
    if state not in _WAYS[before]:
        ways = ", ".join(each.label.lower() for each in FollowUpState if each in _WAYS[before])
        raise ValidationError({"state": f"{locked} is {before.label.lower()}. From there it can be: {ways}."})
    return update_record(by=by, record=locked, values={**values, "state": state})


def would_have_helped(follow_up: FollowUp, reader: Any) -> Any:
    """The other incidents, as far as the reader may see them, that had what this works against. Drills are none, and
    so is what was merged, declined or cancelled."""
    if follow_up.factor_id is None:
        return Incident.objects.none()
    alike = Tag.objects.filter(node=follow_up.factor_id).values("incident")
    seen = Incident.objects.visible(reader).filter(pk__in=alike).exclude(kind=IncidentKind.DRILL)
    return seen.exclude(status__category__in=NO_INCIDENT).exclude(pk=follow_up.incident_id)
