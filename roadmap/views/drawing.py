"""The rows of a timeline as HTML. In Python, because hundreds of bars would be the slowest part of the page as
templates; the lists are made in the same way (portal.templatetags.lists).

Bars are SVG in percent of the width: they need no style attribute and no script. What may be dragged says with
``data-`` where it is saved; a script makes a slider of it, and without one the dates are a form of their own."""

import datetime as dt
from collections.abc import Iterator
from html import escape

from django.utils.safestring import SafeString, mark_safe

from roadmap.collections import INITIATIVES
from roadmap.models import Status
from roadmap.views.actions import DATES
from roadmap.views.scale import Scale
from roadmap.views.timeline import Bar, Group, Timeline
from services.health.saying import day_in_words

# What a word takes in percent of the width: of a letter, and before the first one. As on a laptop, where it is narrow.
LETTER, MARGIN = 1.25, 3.0
# Beyond this, a word would leave the picture: it stands to the left.
FAR = 84


def head(timeline: Timeline) -> SafeString:
    """The months over the bars."""
    months = "".join(
        f'<text class="bar-m" x="{month.at + 0.6:.2f}%" y="19">{month.label}</text>' for month in timeline.scale.months
    )
    today = _line("today", timeline.scale.at(timeline.today), 'y1="24" y2="30"')
    return mark_safe(f'<svg aria-hidden="true">{months}{today}</svg>')  # noqa: S308  numbers and names of months


def lines(timeline: Timeline) -> SafeString:
    """Where months begin, and today, once behind all rows: in each row they would be most of the page."""
    at, whole = timeline.scale.at(timeline.today), 'y1="0" y2="100%"'
    drawn = "".join(_line("vline", month.at, whole) for month in timeline.scale.months[1:])
    return mark_safe(  # noqa: S308  numbers
        f'<svg class="gw-views-lines" aria-hidden="true">{drawn}{_line("today", at, whole)}</svg>'
    )


def _line(name: str, at: float, more: str) -> str:
    return f'<line class="{name}" x1="{at}%" x2="{at}%" {more}/>'


def rows(group: Group, scale: Scale) -> SafeString:
    return mark_safe("\n".join(_row(bar, scale) for bar in group.bars))  # noqa: S308  each is escaped


def _row(bar: Bar, scale: Scale) -> str:
    it = bar.initiative
    url = INITIATIVES.url_of(it)
    tag = ' <span class="gw-tag">100×</span>' if it.is_hundredfold else ""
    return (
        f'<tr id="{it.name.lower()}"><th class="lab" scope="row"><div class="gw-views-lab">'
        f'<a class="gw-name gw-truncate" href="{escape(url)}" title="{escape(it.title)}">{escape(it.title)}</a>'
        f"{tag}{_dates_link(bar)}</div>"
        f'<div class="gw-sub gw-truncate">{escape(under(bar))}</div></th>'
        f'<td><div class="gw-views-strip">{picture(bar, scale)}</div></td></tr>'
    )


def under(bar: Bar) -> str:
    """The line under the title: number, team, where it stands, and whether all waits for it."""
    known = [bar.initiative.name, bar.team, bar.initiative.get_status_display().lower()]
    return ", ".join([*filter(None, known), *(["critical path"] if bar.is_critical else [])])


def _dates_link(bar: Bar) -> str:
    if not bar.may:
        return ""
    # Its icon is in the stylesheet: a browser copies one of the sprite into each of hundreds of rows.
    url = escape(dates_url(bar))
    return f'<a class="gw-views-dates" href="{url}" aria-label="Dates of {bar.initiative.name}" title="Dates"></a>'


def dates_url(bar: Bar) -> str:
    # Below its page: looked up by its name for each of hundreds, this would be the slowest part of a row.
    return f"{INITIATIVES.url_of(bar.initiative)}-/dates/"


def said(bar: Bar) -> str:
    """What the picture shows, in words."""
    it = bar.initiative
    parts = [f"{_day(it.starts_on)} to {_day(it.ends_likely)}"]
    if it.ends_latest and it.ends_latest != it.ends_likely:
        parts.append(f"in 9 of 10 cases by {_day(it.ends_latest)}")
    parts.append(bar.word)
    if bar.limit is not None:
        parts.append(f"{bar.limit} is reached about {_day(bar.limit.state.q50_date)}")
    return ", ".join(parts)


def _day(day: dt.date | None) -> str:
    return day_in_words(day) if day else "not set"


def picture(bar: Bar, scale: Scale) -> str:
    moves = f" {_moves(bar)}" if bar.may and bar.is_drawn and not bar.is_over else ""
    return (
        f'<svg role="img" aria-label="{escape(f"{bar.initiative.name}: {said(bar)}")}"{moves}>'
        f"{''.join(_shapes(bar, scale))}</svg>"
    )


def _moves(bar: Bar) -> str:
    it = bar.initiative
    said = {"moves": dates_url(bar), "version": it.version, "name": it.name}
    dates = {name.replace("_", "-"): getattr(it, name) or "" for name in DATES}
    return " ".join(f'data-{name}="{escape(str(value))}"' for name, value in {**said, **dates}.items())


def _shapes(bar: Bar, scale: Scale) -> Iterator[str]:
    yield _bar(bar, scale) if bar.is_drawn else _without_dates(bar, scale)
    if bar.limit is not None:
        yield _limit(bar, scale)


def _without_dates(bar: Bar, scale: Scale) -> str:
    it = bar.initiative
    known = it.starts_on or it.ends_likely or it.ends_latest
    missing = "no dates" if known is None else "no likely end" if it.starts_on else "no start"
    at = scale.at(known) if known else scale.at(scale.first)
    side = 'text-anchor="end"' if at > FAR else 'dx="6"'
    dot = f'<circle class="fill" data-s="idle" cx="{at}%" cy="22" r="3"/>' if known else ""
    return f'{dot}<text class="bar-t" data-s="idle" x="{at}%" y="26" {side}>{escape(bar.word)}, {missing}</text>'


def _bar(bar: Bar, scale: Scale) -> str:
    it = bar.initiative
    start, likely = scale.at(it.starts_on or scale.first), scale.at(it.ends_likely or scale.first)
    latest = scale.at(it.ends_latest) if it.ends_latest else likely
    width = max(likely - start, 0.2)
    dashed = ' stroke-dasharray="4 3"' if it.status == Status.IDEA else ""
    parts = [f'<g class="gw-views-bar{" gw-views-critical" if bar.is_critical else ""}" data-s="{bar.state}">']
    if latest > likely:
        parts.append(_rect("bar bar-dash", likely, latest - likely, 'y="14" height="16" rx="3"'))
    parts.append(_rect("bar", start, width, f'data-whole y="9" height="26" rx="5"{dashed}'))
    if it.done_percent:
        done = width * it.done_percent / 100
        parts.append(_rect("bar-done", start, done, 'y="32" height="3" rx="1.5"'))
    parts.append(_word(bar, start, max(likely, latest), width, _first_of_limit(bar, scale)))
    if bar.may and not bar.is_over:
        edge = 'y="7" width="12" height="30" transform="translate(-6 0)"'
        parts.append(f'<rect class="gw-views-edge" data-edge x="{likely}%" {edge}/>')
    return "".join([*parts, "</g>"])


def _rect(name: str, x: float, width: float, more: str) -> str:
    return f'<rect class="{name}" x="{x}%" width="{width:.2f}%" {more}/>'


def _word(bar: Bar, start: float, end: float, width: float, limit: float | None) -> str:
    """In the bar where there is room before its end and before a limit, else behind it, else before it."""
    needs = MARGIN + LETTER * len(bar.word)
    if width >= needs and (limit is None or not start < limit < start + needs):
        where = f'x="{start}%" dx="8"'
    elif end + needs < 100 and limit is None:
        where = f'x="{end}%" dx="6"'
    elif start > needs:
        where = f'x="{start}%" dx="-6" text-anchor="end"'
    else:
        where = f'x="{start}%" dx="8"'
    return f'<text class="bar-t" {where} y="26">{escape(bar.word)}</text>'


def _first_of_limit(bar: Bar, scale: Scale) -> float | None:
    """Where the whisker of its limit begins."""
    if bar.limit is None:
        return None
    return scale.at(bar.limit.state.q10_date or bar.limit.state.q50_date or scale.first)


def _limit(bar: Bar, scale: Scale) -> str:
    """When a limit is reached: a dot, with a whisker over 8 of 10 chances."""
    assert bar.limit is not None  # noqa: S101  the caller has asked
    state = bar.limit.state
    forecast = state.forecast
    likely: dt.date = state.q50_date or scale.first
    early = state.q10_date or likely
    late = (forecast.q90_date if forecast else None) or likely
    first, dot, last = scale.at(early), scale.at(likely), scale.at(late)
    label = f"limit, {likely.day} {likely:%b}"
    where = f'x="{last}%" dx="8"' if last < FAR else f'x="{first}%" dx="-8" text-anchor="end"'
    return (
        f'<line class="limline" data-s="bad" x1="{first}%" x2="{last}%" y1="22" y2="22"/>'
        f'<circle class="fill" data-s="bad" cx="{dot}%" cy="22" r="5"/>'
        f'<text class="bar-t gw-views-limit" data-s="bad" {where} y="26">{label}</text>'
    )
