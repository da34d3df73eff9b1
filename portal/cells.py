"""How a value looks in a table: one function per kind, and a few looks that a column may choose instead.

They are functions rather than templates because a page holds hundreds of cells (docs/adr). Each takes the field and
the tuple of values that the field's paths gave, and returns safe HTML. Files write ``as_text``, the API ``as_json``.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal.collections import reference_url
from portal.columns import Field
from portal.looks import look_of, status
from portal.moments import moment_html

Values = tuple[Any, ...]
Look = Callable[[Field, Values], SafeString]
ZERO = mark_safe('<span class="gw-muted">0</span>')
NOT_SET = mark_safe('<span class="gw-muted">not set</span>')


def cell(field: Field, values: Values) -> SafeString:
    """The value as safe HTML; absent ones say so in words."""
    if values[0] is None or values[0] == "" or values[0] == []:
        return NOT_SET
    return _CELLS[field.cell](field, values)


def known_cells() -> frozenset[str]:
    return frozenset(_CELLS)


def look(name: str) -> Callable[[Look], Look]:
    """Register a look of an app's own, for its columns to choose as their ``cell``."""

    def register(make: Look) -> Look:
        _CELLS[name] = make
        return make

    return register


# The longest text on the one line of a row, and the most tags; what is longer is whole on the record's own page.
LONGEST, MOST_TAGS = 60, 8


def cut(text: str) -> SafeString:
    """As much of a text as one line takes, the rest behind it."""
    if len(text) <= LONGEST:
        return escape(text)
    return format_html('<span title="{}">{}…</span>', text[:500], text[: LONGEST - 3].rstrip())


def _text(field: Field, values: Values) -> SafeString:
    return cut(str(values[0]))


def _prose(field: Field, values: Values) -> SafeString:
    """Text that is the point of its list: whole, on as many lines as it takes."""
    text = str(values[0])
    return format_html('<span class="gw-prose-cell">{}{}</span>', text[:1000], "…" if len(text) > 1000 else "")


def _address(field: Field, values: Values) -> SafeString:
    """A link where the browser may follow it, else its text."""
    text = str(values[0])
    if not text.lower().startswith(("https://", "http://")):
        return cut(text)
    return format_html('<a href="{}" rel="noopener">{}</a>', text, cut(text.partition("://")[2]))


def _choice(field: Field, values: Values) -> SafeString:
    return cut(str(field.labels.get(values[0], values[0])))


def _badge(field: Field, values: Values) -> SafeString:
    return format_html('<span class="gw-tag">{}</span>', cut(str(field.labels.get(values[0], values[0]))))


def _status(field: Field, values: Values) -> SafeString:
    state, name = look_of(values[0])
    return status(state, field.labels.get(values[0], values[0]), name)


def _share(field: Field, values: Values) -> SafeString:
    return share_html(values[0])


def share_html(share: float) -> SafeString:
    """A fraction as percent, as ``share_text`` has it."""
    return escape(share_text(share))


def share_text(share: float) -> str:
    """A fraction as percent; hundredths only where it is near the whole."""
    percent = 100 * share
    figure = f"{percent:.2f}".removesuffix(".00") if 95 <= percent < 100 else f"{percent:.0f}"
    return f"{figure}\u00a0%".replace("-0\u00a0", "0\u00a0").replace("-", "\N{MINUS SIGN}")


def _boolean(field: Field, values: Values) -> SafeString:
    return escape("Yes" if values[0] else "No")


def _number(field: Field, values: Values) -> SafeString:
    number = values[0]
    return ZERO if number == 0 else escape(number_text(number))


def number_text(number: Decimal | float) -> str:
    """A number as people read it: thousands by comma, of a measured one as many places as tell something."""
    if isinstance(number, int):
        return f"{number:,}"
    if isinstance(number, Decimal):
        return f"{number.normalize():,f}"
    places = 2 if abs(number) >= 1 else 4
    return f"{number:,.{places}f}".rstrip("0").rstrip(".")


def _tier(field: Field, values: Values) -> SafeString:
    return escape(values[0])


def _date(field: Field, values: Values) -> SafeString:
    day: dt.date = values[0]
    return format_html('<time datetime="{}">{}</time>', day.isoformat(), f"{day.day} {day:%b %Y}")


def _datetime(field: Field, values: Values) -> SafeString:
    return moment_html(values[0])


def _tags(field: Field, values: Values) -> SafeString:
    shown = format_html_join(" ", '<span class="gw-tag">{}</span>', ((cut(tag),) for tag in values[0][:MOST_TAGS]))
    more = len(values[0]) - MOST_TAGS
    return format_html('{} <span class="gw-sub">and {} more</span>', shown, more) if more > 0 else shown


def _reference(field: Field, values: Values) -> SafeString:
    label, canonical, attached = values
    kind = canonical.partition(":")[0]
    url = reference_url(canonical, attached)
    if kind in {"group", "user"}:
        return owner_html(label, url, kind, attached)
    return format_html('<a href="{}">{}</a>{}', url, cut(label), "" if attached else _UNKNOWN)


_UNKNOWN = mark_safe(' <span class="gw-sub">not described</span>')
_WHO = '<a class="gw-who" href="{}"><span class="gw-av"{} aria-hidden="true">{}</span><span>{}</span></a>{}'
_TEAM = mark_safe(' data-t="team"')


def owner_html(label: str, url: str, kind: str, attached: bool = True) -> SafeString:
    """A team or a person: initials, name, link; said to be unknown where no record stands behind the reference."""
    note = "" if attached else _UNKNOWN
    return format_html(_WHO, url, _TEAM if kind == "group" else "", initials(label), cut(label), note)


def initials(label: str) -> str:
    """At most two letters that stand for a name: of its first and last word, or the first two of a single one."""
    parts = [part for part in label.replace("-", " ").replace("_", " ").replace(".", " ").split() if part[:1].isalnum()]
    letters = parts[0][0] + parts[-1][0] if len(parts) > 1 else (parts[0][:2] if parts else label[:2])
    return letters.upper()


def _json(field: Field, values: Values) -> SafeString:
    return escape(f"{len(values[0]):,}" if values[0] else "")


_CELLS: dict[str, Look] = {
    "text": _text,
    "prose": _prose,
    "address": _address,
    "link": _text,
    "choice": _choice,
    "badge": _badge,
    "status": _status,
    "share": _share,
    "boolean": _boolean,
    "integer": _number,
    "decimal": _number,
    "tier": _tier,
    "date": _date,
    "datetime": _datetime,
    "tags": _tags,
    "reference": _reference,
    "json": _json,
}


def as_text(field: Field, values: Values) -> str:
    """The value in a file: labels and names as people read them, dates and times in ISO 8601, lists by comma."""
    value = values[0]
    if value is None:
        return ""
    if isinstance(value, str):
        return field.labels.get(value, value) if field.labels else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    return str(value)


def as_json(field: Field, values: Values) -> Any:
    """The value in the API: raw choices, references as ``{"ref", "name"}``, moments in UTC."""
    if field.kind.name == "reference":
        return None if values[1] is None else {"ref": values[1], "name": values[0]}
    return values[0]
