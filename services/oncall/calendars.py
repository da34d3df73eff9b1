"""Reading a calendar of another system: what its file says of the next weeks, and which people are meant.

Of an event whoever is named counts: an attendee by e-mail, else an e-mail or a name in its summary. What fits nobody
here is shown as the calendar has it, without the words that such calendars put around a name.
"""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from portal.people.models import Person
from services.oncall.rotation import Span, joined

MOST_EVENTS = 2_000
# What recurs more often than this has no shifts, and would take for ever to write out.
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY"})
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_AROUND = re.compile(r"^\W*on[- ]?call\b\W*|\W*\bon[- ]?call\W*$|^\[[^\]]*\]\s*", re.IGNORECASE)


class NotRead(ValueError):  # noqa: N818  it names what happened
    """A file that is no calendar we can read, and why."""


@dataclass(frozen=True)
class Event:
    """One event within the time that was asked for: when, what it is called, whom it invites."""

    from_at: dt.datetime
    until_at: dt.datetime
    summary: str
    emails: tuple[str, ...]


def events(body: str, start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> list[Event]:
    """The events between two moments, those that recur written out. A day or a time without a zone is of ``zone``.

    Raises NotRead for what is no calendar, or has too much in it.
    """
    try:
        calendar = icalendar.Calendar.from_ical(body)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
        raise NotRead(f"It is no iCal file: {str(problem)[:120]}.") from None
    _refuse_too_much(calendar)
    try:
        found = recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end)
    except Exception as problem:  # noqa: BLE001  a file of another system can be wrong in any way
        raise NotRead(f"Its events cannot be written out: {type(problem).__name__}.") from None
    if len(found) > MOST_EVENTS:
        raise NotRead(f"It has {len(found):,} events in the next weeks; a schedule has at most {MOST_EVENTS:,}.")
    return [event for each in found if (event := _event(each, zone))]


def _refuse_too_much(calendar: Any) -> None:
    listed = calendar.walk("VEVENT")
    if len(listed) > 10 * MOST_EVENTS:
        raise NotRead(f"It has {len(listed):,} events. Ask for a calendar of the schedule alone.")
    for each in listed:
        rules = each.get("RRULE") or []
        for rule in rules if isinstance(rules, list) else [rules]:
            if _TOO_OFTEN & {str(often).upper() for often in rule.get("FREQ", [])}:
                raise NotRead(
                    f"“{str(each.get('SUMMARY', ''))[:60]}” recurs every minute or second, which no shift does."
                )


def _event(each: Any, zone: ZoneInfo) -> Event | None:
    begins, ends = _moment(each.start, zone), _moment(each.end, zone)
    if str(each.get("STATUS", "")).upper() == "CANCELLED" or ends <= begins:
        return None
    attendees = each.get("ATTENDEE") or []
    attendees = attendees if isinstance(attendees, list) else [attendees]
    emails = [str(one).partition(":")[2].lower() for one in attendees if str(one).lower().startswith("mailto:")]
    return Event(begins, ends, " ".join(str(each.get("SUMMARY", "")).split())[:200], tuple(emails))


def _moment(value: dt.date, zone: ZoneInfo) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time(), zone)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(dt.UTC)


@dataclass(frozen=True)
class People:
    """Who can be meant: reference ids by e-mail, and by name in lower case. A name that two have means neither."""

    by_email: Mapping[str, int]
    by_name: Mapping[str, int]

    def of(self, event: Event) -> list[int]:
        """Everybody an event means, each once."""
        summary = event.summary.lower()
        emails = [*event.emails, *_EMAIL.findall(summary)]
        found = [self.by_email[each] for each in emails if each in self.by_email]
        found = found or [who for name, who in self.by_name.items() if _has_word(summary, name)]
        return list(dict.fromkeys(found))


def _has_word(text: str, name: str) -> bool:
    return name in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def people() -> People:
    """Everybody who works here."""
    by_email: dict[str, int] = {}
    by_name: dict[str, list[int]] = {}
    rows = Person.objects.filter(is_active=True).values_list("reference", "name", "title", "email", "user__email")
    for who, name, title, *emails in rows:
        by_email.update({each.lower(): who for each in emails if each})
        for each in {name.lower(), title.lower()}:
            if len(each) >= 3:
                by_name.setdefault(each, []).append(who)
    return People(by_email, {name: found[0] for name, found in by_name.items() if len(set(found)) == 1})


def spans(found: Iterable[Event], known: People) -> list[Span]:
    """Who is on call when, of the events of a calendar: several at once where it names several."""
    made: list[Span] = []
    for event in found:
        meant = known.of(event)
        made += [Span(event.from_at, event.until_at, person=each) for each in meant]
        if not meant:
            made.append(Span(event.from_at, event.until_at, name=_name_in(event)))
    return joined(made)


def _name_in(event: Event) -> str:
    bare = _AROUND.sub("", _AROUND.sub("", event.summary)).strip(" -:–|")
    return bare or event.summary or (event.emails[0] if event.emails else "somebody the calendar does not name")
