"""Series from outside: files with a date and a value on each line, and what is asked of them."""

import csv
import datetime as dt
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Of a limit that says nothing else.
LEAD_DAYS = 120
MARGIN_DAYS = 0
MOST_DAYS = 3650
DATE_NAMES = ("date", "day", "timestamp", "time")
# What stands where nothing was measured; infinite is no measurement either.
MISSING = {"", "na", "n/a", "nan", "null", "none", "-", "inf", "+inf", "-inf", "infinity", "-infinity"}
_DAYS = re.compile(r"\d{1,4}")


class BadSeriesError(Exception):
    """What is wrong with a file or with what was asked, where, and how to mend it."""


@dataclass(frozen=True)
class Task:
    """A file, the ceiling of its series, and the days that moving the ceiling takes."""

    path: str
    ceiling: float
    lead_days: int
    margin_days: int


def parse_task(text: str) -> Task:
    """Read ``FILE.csv:CEILING[:LEAD_DAYS[:MARGIN_DAYS]]``; the file's name may have colons. Raises BadSeriesError."""
    path, numbers = _split(text)
    if not path or not numbers:
        raise BadSeriesError(f"{text}: say the ceiling after the file, as in disk.csv:500 or disk.csv:500:60:14.")
    ceiling = _number(numbers[0])
    if ceiling is None or not math.isfinite(ceiling):
        raise BadSeriesError(f"{path}: “{numbers[0]}” is no ceiling. Give a number, as in {path}:500.")
    lead, margin = [*numbers[1:], *(str(LEAD_DAYS), str(MARGIN_DAYS))[len(numbers) - 1 :]]
    return Task(path, ceiling, _days(path, "lead time", lead), _days(path, "margin", margin))


def _split(text: str) -> tuple[str, list[str]]:
    """The file that there is, with the fewest parts; where there is none, everything before the numbers."""
    splits = []
    for count in (3, 2, 1):
        path, *numbers = text.rsplit(":", count)
        if len(numbers) == count:
            splits.append((path, numbers))
    existing = next((each for each in splits if Path(each[0]).is_file()), None)
    numeric = next((each for each in splits if all(_number(part) is not None for part in each[1])), None)
    return existing or numeric or (splits[-1] if splits else (text, []))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _days(path: str, name: str, text: str) -> int:
    if not _DAYS.fullmatch(text) or int(text) > MOST_DAYS:
        raise BadSeriesError(f"{path}: “{text}” is no {name}. Give whole days from 0 to {MOST_DAYS}.")
    return int(text)


def read_series(path: str) -> tuple[list[dt.datetime], list[float | None]]:
    """The moments and values of a CSV file with the columns date and value. Raises BadSeriesError with the line."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return _read(path, csv.reader(file))
    except OSError as error:
        raise BadSeriesError(f"{path}: cannot be read ({error.strerror}). Check the name.") from None
    except UnicodeDecodeError:
        raise BadSeriesError(f"{path}: is no text in UTF-8. Save it as CSV in UTF-8.") from None
    except csv.Error as error:
        raise BadSeriesError(f"{path}: is no CSV ({error}).") from None


def left_out(dates: Sequence[dt.datetime], values: Sequence[float | None]) -> str:
    """What of a file says nothing of its days, and how much of it; nothing where all of it does."""
    missing = sum(value is None for value in values)
    by_moment = defaultdict(set)
    for moment, value in zip(dates, values, strict=True):
        if value is not None:
            by_moment[moment].add(value)
    twice = sum(len(those) > 1 for those in by_moment.values())
    notes = [f"{missing:,} {'row has' if missing == 1 else 'rows have'} no value that is a number." if missing else ""]
    if twice:
        said = "date has" if twice == 1 else "dates have"
        notes.append(f"{twice:,} {said} several values: the last one counts.")
    return " ".join(filter(None, notes))


def _read(path: str, rows) -> tuple[list[dt.datetime], list[float | None]]:
    heads = [head.strip().lower() for head in next(rows, [])]
    date_at = next((heads.index(name) for name in DATE_NAMES if name in heads), None)
    if date_at is None or "value" not in heads:
        found = f"has the columns {', '.join(heads)}" if any(heads) else "is empty"
        raise BadSeriesError(f"{path}, line 1: {found}; the columns date and value are needed.")
    value_at, dates, values = heads.index("value"), [], []
    for row in rows:
        if any(cell.strip() for cell in row):
            where = f"{path}, line {rows.line_num}"
            if len(row) <= max(date_at, value_at):
                raise BadSeriesError(f"{where}: has {len(row)} of {len(heads)} cells. Write date and value.")
            dates.append(_moment(where, row[date_at].strip()))
            values.append(_value(where, row[value_at].strip()))
    if not dates:
        raise BadSeriesError(f"{path}, line 2: has no row. Write at least one date with its value.")
    return dates, values


def _moment(where: str, text: str) -> dt.datetime:
    """A date, or a moment whose own day counts, whatever its zone."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise BadSeriesError(f"{where}: “{text[:40]}” is no date. Write it as 2026-11-21.") from None


def _value(where: str, text: str) -> float | None:
    if text.lower() in MISSING:
        return None
    number = _number(text)
    if number is None:
        raise BadSeriesError(f"{where}: “{text[:40]}” is no number. Write it as 1234.5, or nothing if it is missing.")
    return number if math.isfinite(number) else None
