"""What a postmortem says: which sections are written, and the whole report as Markdown."""

import datetime as dt
import re
from collections.abc import Iterable

from django.utils import timezone

from incidents import account
from incidents.models import (
    FollowUp,
    Impact,
    Incident,
    IncidentTime,
    Point,
    Postmortem,
    PostmortemSection,
    Precision,
    Tag,
    TimelineEvent,
)
from portal.references.models import Reference
from services.health.moments import duration

_MARKS = re.compile(r"^[\s>#*+\-|.:]*$")


def written(section: PostmortemSection) -> str:
    """The text of a section without the questions of its template, which nobody answers by leaving them there."""
    questions = {_bare(each) for each in re.split(r"(?<=[?.!])\s+|\n", section.questions) if each.strip()}
    lines = (line for line in section.text.split("\n") if not _only_asks(line, questions))
    return "\n".join(lines).strip()


def is_written(section: PostmortemSection) -> bool:
    return any(not _MARKS.match(line) for line in written(section).split("\n"))


def _only_asks(line: str, questions: set[str]) -> bool:
    asked = [_bare(each) for each in re.split(r"(?<=[?.!])\s+", line) if each.strip()]
    return bool(asked) and all(each in questions for each in asked)


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def unwritten(postmortem: Postmortem) -> list[PostmortemSection]:
    """The sections that still wait, in their order."""
    return [each for each in postmortem.sections.order_by("place", "pk") if not is_written(each)]


def as_markdown(postmortem: Postmortem) -> str:
    """What people wrote: each section that says something under its title."""
    return as_text(str(postmortem.incident), postmortem.sections.order_by("place", "pk"))


def as_text(title: str, sections: Iterable[PostmortemSection]) -> str:
    """A report of these sections, in their order."""
    told = (f"## {each.title}\n\n{written(each)}" for each in sections if is_written(each))
    return "\n\n".join([f"# {title}", *told])


def whole(postmortem: Postmortem) -> str:
    """What people wrote, and below it what the incident's record says: times, impact, classification, key events and
    follow-ups, in the organisation's time zone."""
    return "\n\n".join([as_markdown(postmortem), *of_the_record(postmortem.incident)])


def of_the_record(incident: Incident) -> list[str]:
    """What stands below the text of people: each part that has something to say."""
    parts = [_times(incident), _impact(incident), _classification(incident), _events(incident), _follow_ups(incident)]
    return [each for each in parts if each]


def key_events(incident: Incident) -> list[TimelineEvent]:
    """The events that were chosen for the postmortem, oldest first."""
    return [each for each in account.current_events(incident) if each.is_key and not each.withdrawn]


def events_table(events: Iterable[TimelineEvent]) -> str:
    """Events as a table of Markdown."""
    rows = ((clock(each.happened_at), each.text) for each in events)
    return table(("When", "What happened"), rows)


def clock(moment: dt.datetime) -> str:
    """A moment on the clocks of the organisation."""
    local = timezone.localtime(moment, timezone.get_default_timezone())
    return f"{local.day} {local:%b %Y, %H:%M}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table of Markdown; what would end a cell is written so that it does not."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")


def _times(incident: Incident) -> str:
    known = account.times_of(incident)
    rows, before = [], None
    for point in Point:
        found = known.get(point)
        rows.append((Point(point).label, *_time(found, before)))
        before = found or before
    zone = timezone.get_default_timezone_name()
    return f"## Five times\n\n{table(('Point', f'When ({zone})', 'After the one before'), rows)}"


def _time(found: IncidentTime | None, before: IncidentTime | None) -> tuple[str, str]:
    if found is None:
        return "not known", ""
    said = clock(found.at)
    if found.precision == Precision.ABOUT:
        said += f", give or take {duration(found.give_or_take_s or 0)}"
    elif found.until:
        said += f", or as late as {clock(found.until)}"
    return said, duration((found.at - before.at).total_seconds()) if before and found.at >= before.at else ""


def _impact(incident: Incident) -> str:
    rows = [_impact_row(each) for each in incident.impacts.select_related("subject").order_by("started_at", "pk")]
    return f"## What was hit\n\n{table(('Service', 'Level', 'From', 'Until', 'Customers'), rows)}" if rows else ""


def _impact_row(each: Impact) -> tuple[str, ...]:
    start, end = (clock(at) if at else "not said" for at in (each.started_at, each.ended_at))
    customers = "not said" if each.customers is None else f"{each.customers:,}"
    return each.subject.label, each.get_level_display(), start, end, customers


def _classification(incident: Incident) -> str:
    tags = Tag.objects.filter(incident=incident).select_related("node").order_by("node__facet", "node__place", "pk")
    by_facet: dict[str, list[str]] = {}
    for tag in tags:
        by_facet.setdefault(tag.node.get_facet_display(), []).append(str(tag.node))
    rows = [(facet, ", ".join(names)) for facet, names in by_facet.items()]
    return f"## Classification\n\n{table(('Question', 'Answer'), rows)}" if rows else ""


def _events(incident: Incident) -> str:
    events = key_events(incident)
    return f"## Key events\n\n{events_table(events)}" if events else ""


def _follow_ups(incident: Incident) -> str:
    found = FollowUp.objects.filter(incident=incident).select_related("owner", "incident").order_by("number")
    rows = [_follow_up(each) for each in found]
    return f"## Follow-ups\n\n{table(('Follow-up', 'State', 'Owner', 'Due'), rows)}" if rows else ""


def _follow_up(each: FollowUp) -> tuple[str, ...]:
    due = f"{each.due_on.day} {each.due_on:%b %Y}" if each.due_on else ""
    return str(each), each.get_state_display(), _label(each.owner), due


def _label(reference: Reference | None) -> str:
    return reference.label if reference else "nobody yet"
