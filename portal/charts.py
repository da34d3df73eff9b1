"""Charts: what is drawn, what its table says and what its file holds come from one declaration.

A page shows a figure with a summary in words and a table of the same numbers; the drawing is added in the browser,
where there is one (assets/js/charts). ``@chart(on=Check, name="latency")`` registers a function of
``(request, record, span)``, so that the same numbers have an address as CSV and JSON: ``…/charts/latency/?range=7d``.
What shows a time of its own, whichever is asked for, has ``default=None`` and is a function of ``(request, record)``.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.exports import guarded

Moment = dt.datetime | dt.date | str
Numbers = Sequence[float | None]
NOTHING = SafeString('<span class="gw-muted">no data</span>')


@dataclass(frozen=True)
class Series:
    """One line or set of bars. ``look`` is line, dashed, dotted, bar or dots; ``colour`` a token without its ``--gw-``,
    c1 to c6, or that of a state where the series is one. ``digits`` are decimals in the table."""

    name: str
    values: Numbers
    look: str = "line"
    colour: str = "c1"
    digits: int = 1
    stack: str = ""

    @property
    def columns(self) -> list[tuple[str, Numbers]]:
        return [(self.name, self.values)]


@dataclass(frozen=True)
class Band:
    """The space between two values of each moment."""

    name: str
    low: Numbers
    high: Numbers
    colour: str = "c1"
    digits: int = 1

    @property
    def columns(self) -> list[tuple[str, Numbers]]:
        return [(f"{self.name} from", self.low), (f"{self.name} to", self.high)]


@dataclass(frozen=True)
class Column:
    """Numbers that stand in the table and the file, and are not drawn."""

    name: str
    values: Numbers
    digits: int = 0

    @property
    def columns(self) -> list[tuple[str, Numbers]]:
        return [(self.name, self.values)]


@dataclass(frozen=True)
class Level:
    """A value to compare with, such as a ceiling. One that is ``always_seen`` makes the axis reach it."""

    value: float
    label: str
    state: str = "idle"
    always_seen: bool = True


@dataclass(frozen=True)
class Mark:
    """Something at a moment, or from one to another. ``kind`` is line (with its label), event (a small mark on the
    axis), area, or range: a bar at the height of ``value``, with a dot at ``middle``."""

    at: dt.datetime | dt.date
    label: str
    state: str = "idle"
    kind: str = "line"
    until: dt.datetime | dt.date | None = None
    value: float | None = None
    middle: dt.datetime | dt.date | None = None


@dataclass(frozen=True)
class Chart:
    """Numbers over ``at``: moments, days, or words in their order. ``summary`` says in a sentence what the picture
    shows, ``caption`` explains its marks. ``notes`` are a last column of words, headed ``noted``. A ``percent`` chart
    has fractions. ``newest_first`` turns the table round, as lists of what happened are. Lines are ``named`` where
    they end, unless the caption tells them apart."""

    name: str
    title: str
    summary: str
    at: Sequence[Moment]
    parts: Sequence[Series | Band | Column]
    head: str = "When"
    unit: str = ""
    caption: str = ""
    levels: Sequence[Level] = ()
    marks: Sequence[Mark] = ()
    notes: Sequence[str] = ()
    noted: str = "Deployed"
    percent: bool = False
    log: bool = False
    bottom: float | None = 0
    top: float | None = None
    newest_first: bool = True
    named: bool = True
    small: bool = False
    empty: str = "Nothing is known of this time."
    file_url: str = ""

    @property
    def id(self) -> str:
        return f"chart-{self.name}"

    @property
    def zone(self) -> str:
        """In which zone its times are said; empty for one of days or words."""
        return timezone.get_current_timezone_name() if self.at and isinstance(self.at[0], dt.datetime) else ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        drawn = (values for part in self.parts if not isinstance(part, Column) for _, values in part.columns)
        return not any(value is not None for values in drawn for value in values)

    @property
    def _columns(self) -> list[tuple[str, Numbers, int]]:
        return [(name, values, part.digits) for part in self.parts for name, values in part.columns]

    @property
    def headings(self) -> list[str]:
        """Of the columns of numbers, after that of the moments."""
        unit = "" if self.percent or not self.unit else f", {self.unit}"
        return [
            name if isinstance(part, Column) else f"{name}{unit}" for part in self.parts for name, _ in part.columns
        ]

    @property
    def has_notes(self) -> bool:
        return any(self.notes)

    @property
    def _order(self) -> list[int]:
        places = list(range(len(self.at)))
        return places[::-1] if self.newest_first else places

    @property
    def rows_html(self) -> SafeString:
        """The rows of the table. In Python, because a year has hundreds of them."""
        columns = self._columns
        return SafeString("".join(self._row(place, columns) for place in self._order))

    def _row(self, place: int, columns: list[tuple[str, Numbers, int]]) -> str:
        cells = format_html_join(
            "", '<td class="n">{}</td>', ((self._said(values[place], digits),) for _, values, digits in columns)
        )
        note = format_html('<td class="full">{}</td>', self.notes[place]) if self.has_notes else ""
        return format_html('<tr><th scope="row">{}</th>{}{}</tr>', moment_cell(self.at[place]), cells, note)

    def _said(self, value: float | None, digits: int) -> SafeString | str:
        if value is None:
            return NOTHING
        return f"{100 * value:,.{digits}f}\u00a0%" if self.percent and digits else f"{value:,.{digits}f}"

    @property
    def data(self) -> dict[str, Any]:
        """What the browser draws. Moments are milliseconds of the reader's wall clock, drawn as if they were UTC."""
        return {
            "at": [wall_clock(each) for each in self.at],
            "parts": [_part(each) for each in self.parts if not isinstance(each, Column)],
            "levels": [vars(each) for each in self.levels],
            "marks": [_mark(each) for each in self.marks],
            "unit": self.unit,
            "percent": self.percent,
            "log": self.log,
            "bottom": self.bottom,
            "top": self.top,
            "newestFirst": self.newest_first,
            "named": self.named,
        }

    def csv(self) -> str:
        """The table as a file: oldest first, moments in ISO 8601, numbers as they are."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.file_names)
        writer.writerows([guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in self.file_rows())
        return text.getvalue()

    @property
    def file_names(self) -> list[str]:
        """The headers of its file, each another one; that of a number says in which unit it is."""
        unit = "share" if self.percent else self.unit
        in_units = [(part, "" if isinstance(part, Column) else unit) for part in self.parts]
        names = [_file_name(name, said) for part, said in in_units for name, _ in part.columns]
        return _numbered([_file_name(self.head), *names, *([_file_name(self.noted)] if self.has_notes else [])])

    def file_rows(self) -> Iterator[list[Any]]:
        for place, moment in enumerate(self.at):
            numbers = [
                None if values[place] is None else float(f"{values[place]:.8g}") for _, values, _ in self._columns
            ]
            notes = [self.notes[place]] if self.has_notes else []
            yield [moment if isinstance(moment, str) else moment.isoformat(), *numbers, *notes]


def _file_name(*words: str) -> str:
    """``Good``, ``share`` → ``good_share``: letters and digits of any script, in small letters."""
    return re.sub(r"\W+", "_", " ".join(words).lower().replace("%", "percent")).strip("_") or "value"


def _numbered(names: Sequence[str]) -> list[str]:
    """A name that is there already is told from it by a number: ``eu``, ``eu_2``."""
    found: list[str] = []
    for name in names:
        alike = (f"{name}_{number}" if number > 1 else name for number in range(1, len(names) + 1))
        found.append(next(each for each in alike if each not in found))
    return found


def _part(part: Series | Band) -> dict[str, Any]:
    if isinstance(part, Band):
        return {"name": part.name, "look": "band", "colour": part.colour, "low": part.low, "high": part.high}
    return {
        "name": part.name,
        "look": part.look,
        "colour": part.colour,
        "values": part.values,
        "stack": part.stack,
    }


def _mark(mark: Mark) -> dict[str, Any]:
    moments = {name: getattr(mark, name) for name in ("at", "until", "middle")}
    return {**vars(mark), **{name: moment and wall_clock(moment) for name, moment in moments.items()}}


def wall_clock(moment: Moment) -> int | str:
    """Milliseconds that a clock of the reader's shows, counted as if it stood in UTC; words stay."""
    if isinstance(moment, str):
        return moment
    if isinstance(moment, dt.datetime):
        local = timezone.localtime(moment).replace(tzinfo=dt.UTC)
    else:
        local = dt.datetime.combine(moment, dt.time(), tzinfo=dt.UTC)
    return int(local.timestamp() * 1000)


def moment_cell(moment: Moment) -> SafeString | str:
    """``19 Nov 2026, 14:00`` in the reader's zone, a day without the time, or the word itself."""
    if isinstance(moment, str):
        return moment
    if not isinstance(moment, dt.datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), f"{moment.day} {moment:%b %Y}")
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), f"{local.day} {local:%b %Y, %H:%M}")


# The registry

# Of a request, a record, and the span that is asked for, if the chart takes one.
Fill = Callable[..., Chart | None]


@dataclass(frozen=True)
class Registered:
    on: type[models.Model]
    name: str
    default: str | None
    fill: Fill


_charts: list[Registered] = []


def chart(*, on: type[models.Model], name: str, default: str | None = "7d") -> Callable[[Fill], Fill]:
    """Register the decorated function as the chart ``name`` of ``on``, over ``default`` unless a span is asked for;
    with None the chart has a time of its own."""

    def decorate(fill: Fill) -> Fill:
        _charts.append(Registered(on, name, default, fill))
        return fill

    return decorate


def chart_of(record: models.Model, name: str) -> Registered | None:
    return next((each for each in _charts if isinstance(record, each.on) and each.name == name), None)
