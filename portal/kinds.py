"""The kinds of value a column can have: how each is asked for, read from text, and written to files and the API."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

Values = list[Any]
# Before or after the point. PostgreSQL's own limits are far beyond; so is every number that somebody means.
MOST_DIGITS = 300


@dataclass(frozen=True)
class Operator:
    """One question a filter can ask: ``tier.not=3`` asks ``not``. ``build`` makes the condition from parsed values."""

    name: str
    label: str
    build: Callable[[str, Values], Q]
    # Reads the text of this operator where that differs from the kind's own reading.
    parse: Callable[[str], Any] | None = None
    many: bool = False


class BadValue(ValueError):  # noqa: N818  it names what is bad
    """A value that cannot be read; the message says what is expected."""


@dataclass(frozen=True)
class Kind:
    """A kind of value. ``reads`` are the suffixes of the paths that make up one value, the first one sorts."""

    name: str
    parse: Callable[[str], Any]
    operators: tuple[Operator, ...]
    schema: dict[str, Any]
    input_type: str = "text"
    numeric: bool = False
    reads: tuple[str, ...] = ("",)
    sortable: bool = True
    by_name: dict[str, Operator] = field(default_factory=dict, hash=False, compare=False)

    def __post_init__(self) -> None:
        self.by_name.update({operator.name: operator for operator in self.operators})

    def operator(self, name: str) -> Operator | None:
        return self.by_name.get(name)


def _truth(text: str) -> bool:
    if text.lower() in {"true", "yes", "1", "on"}:
        return True
    if text.lower() in {"false", "no", "0", "off"}:
        return False
    raise BadValue("expected true or false")


def _integer(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise BadValue("expected a whole number, such as 2") from None
    if abs(number) >= 2**63:
        raise BadValue("that number is too large")
    return number


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadValue("expected a number, such as 12.5") from None
    if not number.is_finite():
        raise BadValue("expected a number, such as 12.5")
    if abs(number.adjusted()) > MOST_DIGITS:
        raise BadValue("that number is too large, or too close to nothing")
    return number


def _date(text: str) -> dt.date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise BadValue("expected a date, such as 2026-11-21")
    return day


def _moment(text: str) -> dt.datetime:
    """A moment, or the beginning of a day, in the reader's time zone unless it names one."""
    try:
        moment = parse_datetime(text)
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if day is not None:
        moment = dt.datetime.combine(day, dt.time())
    if moment is None:
        raise BadValue("expected a date or a moment, such as 2026-11-21 or 2026-11-21T14:30")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def _span(text: str) -> dt.timedelta:
    match = re.fullmatch(r"(\d{1,5})([hdw])", text)
    if not match:
        raise BadValue("expected a span of hours, days or weeks, such as 12h, 30d or 4w")
    return dt.timedelta(**{_UNITS[match[2]]: int(match[1])})


def _text(text: str) -> str:
    if "\x00" in text:
        raise BadValue("text cannot hold a null character")
    return text


def _any_of(path: str, values: Values) -> Q:
    return Q(**{f"{path}__in": values}) if len(values) > 1 else Q(**{path: values[0]})


def _none_of(path: str, values: Values) -> Q:
    """Rows without a value are none of them too, which SQL's NOT IN alone would drop."""
    return ~Q(**{f"{path}__in": values}) | Q(**{f"{path}__isnull": True})


def _lookup(name: str) -> Callable[[str, Values], Q]:
    return lambda path, values: Q(**{f"{path}__{name}": values[0]})


def _is_set(path: str, values: Values) -> Q:
    return Q(**{f"{path}__isnull": not values[0]})


def _text_is_set(path: str, values: Values) -> Q:
    unset = Q(**{f"{path}__isnull": True}) | Q(**{path: ""})
    return ~unset if values[0] else unset


def _within(path: str, values: Values) -> Q:
    now = timezone.now()
    return Q(**{f"{path}__gte": now - values[0], f"{path}__lte": now})


def _within_days(path: str, values: Values) -> Q:
    today = timezone.localdate()
    return Q(**{f"{path}__gte": today - values[0], f"{path}__lte": today})


def _tagged(path: str, values: Values) -> Q:
    return Q(**{f"{path}__overlap": values})


def _tags_set(path: str, values: Values) -> Q:
    empty = Q(**{f"{path}__len": 0}) | Q(**{f"{path}__isnull": True})
    return ~empty if values[0] else empty


def _pointing_at(path: str, values: Values) -> Q:
    """Match references by the name they have or had: a slug, ``namespace/name`` or ``group:default/checkout``."""
    from portal.references.models import Reference  # models are loaded after the kinds of their columns

    # Looked up first: the database must know how few they are, or it walks all rows in their order.
    return Q(**{f"{path}__in": list(Reference.objects.ids_called(values))})


def _not_pointing_at(path: str, values: Values) -> Q:
    return Q(**{f"{path}__isnull": True}) | ~_pointing_at(path, values)


IS = Operator("", "is any of", _any_of, many=True)
NOT = Operator("not", "is none of", _none_of, many=True)
SET = Operator("set", "is set", _is_set, parse=_truth)
MIN = Operator("min", "from", _lookup("gte"))
MAX = Operator("max", "to", _lookup("lte"))
BEFORE = Operator("before", "before", _lookup("lt"))
AFTER = Operator("after", "after", _lookup("gte"))

TEXT = Kind(
    "text",
    _text,
    (
        Operator("contains", "contains", _lookup("icontains")),
        Operator("starts", "starts with", _lookup("istartswith")),
        IS,
        NOT,
        Operator("set", "is set", _text_is_set, parse=_truth),
    ),
    {"type": "string"},
)
CHOICE = Kind(
    "choice",
    _text,
    (IS, NOT, Operator("set", "is set", _text_is_set, parse=_truth)),
    {"type": "string"},
)
BOOLEAN = Kind("boolean", _truth, (Operator("", "is", _any_of),), {"type": "boolean"})
INTEGER = Kind(
    "integer",
    _integer,
    (IS, NOT, MIN, MAX, SET),
    {"type": "integer"},
    "number",
    numeric=True,
)
DECIMAL = Kind(
    "decimal",
    _decimal,
    (IS, NOT, MIN, MAX, SET),
    {"type": "number"},
    "number",
    numeric=True,
)
DATE = Kind(
    "date",
    _date,
    (AFTER, BEFORE, Operator("within", "in the last", _within_days, parse=_span), SET),
    {"type": "string", "format": "date"},
    "date",
)
DATETIME = Kind(
    "datetime",
    _moment,
    (AFTER, BEFORE, Operator("within", "in the last", _within, parse=_span), SET),
    {"type": "string", "format": "date-time"},
    "date",
)
TAGS = Kind(
    "tags",
    _text,
    (
        Operator("", "has any of", _tagged, many=True),
        Operator("not", "has none of", lambda path, values: ~_tagged(path, values), many=True),
        Operator("set", "is set", _tags_set, parse=_truth),
    ),
    {"type": "array", "items": {"type": "string"}},
    sortable=False,
)
REFERENCE = Kind(
    "reference",
    _text,
    (
        Operator("", "is any of", _pointing_at, many=True),
        Operator("not", "is none of", _not_pointing_at, many=True),
        SET,
    ),
    {
        "type": "object",
        "properties": {"ref": {"type": "string"}, "name": {"type": "string"}},
        "required": ["ref", "name"],
    },
    reads=("__label", "__canonical", "__attached"),
)
JSON = Kind("json", _text, (SET,), {}, sortable=False)
