"""Saying when the five times of an incident were, and how well that is known."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from incidents import timeline
from incidents.events import TimesSaid
from incidents.models import EventKind, Incident, IncidentTime, Point, Precision
from incidents.times.wording import known_how
from incidents.zones import refuse_impossible
from portal.actions import lock
from portal.events import emit


@dataclass(frozen=True)
class Said:
    """When something was: exactly ``at``; between ``at`` and ``until``; or about ``at``, give or take seconds."""

    at: dt.datetime
    until: dt.datetime | None = None
    give_or_take_s: int | None = None
    source: str = ""

    @property
    def precision(self) -> Precision:
        if self.until is not None:
            return Precision.INTERVAL
        return Precision.EXACT if self.give_or_take_s is None else Precision.ABOUT


@transaction.atomic
def set_times(*, by: Any, incident: Incident, times: Mapping[str, Said | dt.datetime | None]) -> None:
    """Say when something was, or leave it open again; a moment alone is exact. The timeline shows it, and says what was
    said before.

    All are written or none. Raises ValidationError by the names of a time's fields, for what is reversed, far away or
    yet to come.
    """
    locked = lock(incident, None, {})
    for point, said in times.items():
        time = IncidentTime.objects.filter(incident=incident, point=point).first()
        before = _told(time)
        now = _told(_write(incident, point, Said(said) if isinstance(said, dt.datetime) else said, time, by))
        if time is not None and now != before:
            text = f"{Point(point).label}: {now}; before: {before}."
            timeline.noted(incident, by=by, kind=EventKind.STATUS, text=text)
    emit(TimesSaid(locked))


def _write(
    incident: Incident, point: str, said: Said | None, time: IncidentTime | None, by: Any
) -> IncidentTime | None:
    if said is None:
        if time is not None:
            time.delete()
        return None
    _check(said)
    time = time or IncidentTime(incident=incident, point=point)
    time.at, time.until, time.give_or_take_s = said.at, said.until, said.give_or_take_s
    time.precision, time.source = said.precision, (said.source.strip() or f"said by {by}")[:200]
    time.full_clean(validate_constraints=False)
    time.save()
    return time


def _check(said: Said) -> None:
    refuse_impossible({"at": said.at, "until": said.until})
    if said.until is not None and said.until <= said.at:
        raise ValidationError({"until": "It ends before it begins. Swap the two times."})


def _told(time: IncidentTime | None) -> str:
    """A time as the timeline keeps it: in UTC, because it is read in every zone."""
    if time is None:
        return "not known"
    with timezone.override(dt.UTC):
        how = known_how(time)
    return f"{time.at:%Y-%m-%d %H:%M} UTC{f', {how}' if how else ''}"
