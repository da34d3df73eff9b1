"""Reminding of updates that are due and of ends that are over. Each is told once a week, however often a run comes.

An update is due a week after the last one, or after work began."""

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from portal.tenure import organisation_date, organisation_today
from roadmap.collections import INITIATIVES
from roadmap.initiatives.telling import tell
from roadmap.models import Initiative, Status
from roadmap.models.initiative import InitiativeQuerySet
from services.health.moments import counted
from services.health.saying import day_in_words

WEEK = 7


def without_update(rows: InitiativeQuerySet) -> InitiativeQuerySet:
    """Those that go on and of which nobody has said for a week how."""
    since = timezone.now() - dt.timedelta(days=WEEK)
    begun = Q(started_on=None) | Q(started_on__lte=organisation_today() - dt.timedelta(days=WEEK))
    return rows.filter(begun, Q(state__updated_at=None) | Q(state__updated_at__lte=since), status=Status.IN_PROGRESS)


def past_their_end(rows: InitiativeQuerySet) -> InitiativeQuerySet:
    """Those that are planned or go on although their likely end is over."""
    return rows.filter(status__in=[Status.PLANNED, Status.IN_PROGRESS], ends_likely__lt=organisation_today())


def remind() -> int:
    """Tell who answers for them; returns of how many."""
    rows = Initiative.objects.select_related("team", "owner", "state", "reference").order_by("pk")
    due, late = list(without_update(rows)), list(past_their_end(rows))
    for each in due:
        _remind_of_update(each)
    for each in late:
        _remind_of_end(each)
    return len(due) + len(late)


def _remind_of_update(initiative: Initiative) -> None:
    days = days_silent(initiative)
    tell(
        initiative, kind="initiative-update", title=f"{initiative}: how does it go?",
        text=f"Nobody has said so for {counted(days, 'day')}. Two sentences are enough: what happened, what is next.",
        url=f"{INITIATIVES.url_of(initiative)}-/updates/", event=f"update-{_last(initiative)}-{days // WEEK}",
    )  # fmt: skip


def _last(initiative: Initiative) -> dt.date:
    """The day on which it was heard of last: of its update, or when work began."""
    said = initiative.state.updated_at
    days = [day for day in (organisation_date(said) if said else None, initiative.started_on) if day]
    return max(days) if days else organisation_date(initiative.created_at)


def days_silent(initiative: Initiative) -> int:
    """For how many days nobody has said how it goes."""
    return max(0, (organisation_today() - _last(initiative)).days)


def _remind_of_end(initiative: Initiative) -> None:
    end = initiative.ends_likely
    if end is None:  # the query has asked for those with one
        return
    days = (organisation_today() - end).days
    tell(
        initiative, kind="initiative-late", title=f"{initiative}: {counted(days, 'day')} late",
        text=f"It was likely to end on {day_in_words(end)}. Say that it is delivered, or give it a new end.",
        event=f"late-{end}-{days // WEEK}",
    )  # fmt: skip
