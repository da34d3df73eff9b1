"""Moving everything that is stored in time, history included: it looks as if it had been written then.

Dates within texts and JSON stay as they read, but for the evidence and the forecasts that figures are taken from.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pgtrigger
from django.apps import apps
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import connection, models

# Thirteen weeks, so that days of the week stay what they are.
QUARTER = dt.timedelta(days=91)
# So far that no moment meets another one on the way.
_AWAY = dt.timedelta(days=200_000)
_IN_TIME = (models.DateField, DateTimeRangeField)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# PostgreSQL has years that Python cannot read. A day is left at both ends, so that no zone leads out of them either.
_FIRST, _LAST = "0001-01-02", "9999-12-30"


def shift(by: dt.timedelta) -> None:
    """Move every date and moment of the project's own tables by so many days. No trigger of ours fires."""
    there = set(connection.introspection.table_names())
    for model in _own_models():
        fields = [field for field in model._meta.local_fields if isinstance(field, _IN_TIME)]
        if not fields or model._meta.db_table not in there:
            continue
        if _is_unique_in_time(model, {str(field.column) for field in fields}):
            # What is on the way is read by nobody, wherever in time it lies.
            _move(model, fields, -_AWAY, kept=str)
            _move(model, fields, _AWAY + by)
        else:
            _move(model, fields, by)


def _own_models() -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs():
        if "site-packages" not in config.path:
            yield from config.get_models()


def _is_unique_in_time(model: type[models.Model], columns: set[str]) -> bool:
    """Whether a moment may stand there once, so that rows would collide with those that have not moved yet."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table).values()
    return any(each["unique"] and columns.intersection(each["columns"]) for each in found)


def _readable(moment: str) -> str:
    """The same moment in SQL, or the end of the calendar that it would lie beyond."""
    return f"CASE WHEN {moment} < '{_FIRST}' THEN '{_FIRST}' WHEN {moment} > '{_LAST}' THEN '{_LAST}' ELSE {moment} END"


def _move(
    model: type[models.Model], fields: Sequence[Any], by: dt.timedelta, kept: Callable[[str], str] = _readable
) -> None:
    changes = ", ".join(_moved(field, f"interval '{by.days} days'", kept) for field in fields)
    with connection.cursor() as cursor, pgtrigger.ignore():
        cursor.execute(f"UPDATE {model._meta.db_table} SET {changes}")  # noqa: S608  names and a number of ours


def _moved(field: Any, by: str, kept: Callable[[str], str]) -> str:
    """The assignment of one column; a moment without an end has none afterwards."""
    name = field.column
    if isinstance(field, DateTimeRangeField):
        ends = ", ".join(kept(f"{end}({name}) + {by}") for end in ("lower", "upper"))
        return f"{name} = CASE WHEN isempty({name}) THEN {name} ELSE tstzrange({ends}) END"
    return f"{name} = {kept(f'{name} + {by}')}"


def shift_days_in(value: Any, by: dt.timedelta) -> Any:
    """The same JSON with every ISO date in it moved."""
    if isinstance(value, dict):
        return {name: shift_days_in(each, by) for name, each in value.items()}
    if isinstance(value, list):
        return [shift_days_in(each, by) for each in value]
    return _DAY.sub(lambda found: _later(found[0], by), value) if isinstance(value, str) else value


def _later(day: str, by: dt.timedelta) -> str:
    """The day that lies so much later; what is no day, or would be none, stays."""
    try:
        return (dt.date.fromisoformat(day) + by).isoformat()
    except (ValueError, OverflowError):
        return day
