"""Values of metrics from a CSV file, whole or not at all; importing it again changes nothing.

The first line names the columns: ``metric`` and ``at``, then ``value``, or ``good`` and ``total`` for a ratio.
``subject`` is a reference such as group:default/checkout (empty: the organisation); ``environment``, ``unit``,
``title``, ``kind`` (gauge or flow, for a metric that is new) and ``label.<name>`` may stand beside. ``at`` is a moment
with a zone, or a day, which means its noon where the organisation is. Commas or semicolons stand between, and a point
in numbers.
"""

import csv
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import transaction

from portal.search import index
from services.health import samples
from services.health.models import Metric, MetricDay, MetricKind, Origin, Sample
from services.health.partitions import SAMPLES
from services.health.plausible import DONE_AHEAD, moment_problem, number_problem, read_moment
from services.health.push import Identity, NamedMetrics, Problems
from services.health.samples import SampleRow
from services.health.uploads import Preview, text_of

MOST_LINES = 100_000
_NEEDED = ("metric", "at")
_KNOWN = (*_NEEDED, "subject", "value", "good", "total", "environment", "unit", "title", "kind")
_LABEL = "label."
_DAY_OR_MOMENT = "day such as 2026-11-21, nor a moment with a zone such as 2026-11-21T12:00:00Z"
Read = tuple[int, Identity, dt.datetime, dict[str, Any]]


@dataclass
class Imported:
    """What a file says: its samples, the metrics they are of, how many there were before with another or the same
    value, and what is wrong; with a problem nothing was written."""

    rows: list[SampleRow]
    metrics: dict[int, Metric]
    new_metrics: set[int]
    changed: int
    same: int
    problems: list[str]

    @property
    def new(self) -> int:
        return len(self.rows) - self.changed - self.same


@transaction.atomic
def take(by: Any, body: bytes, *, write: bool) -> Imported:
    """Read a file and, with ``write``, write it: all of it, or nothing where something is wrong. ``by`` must speak for
    the subjects; None may write all."""
    problems = Problems("Line", columns=True)
    imported = Imported([], {}, set(), 0, 0, problems.texts)
    try:
        read = list(_read(text_of(body), problems))
        _resolve(by, read, problems, imported)
    except Problems:
        pass
    except ValueError as problem:
        problems.texts.append(str(problem))
    if write and not problems.texts:
        _write(imported)
    else:
        # The metrics that it would make were only made to be checked.
        transaction.set_rollback(True)
    return imported


def preview(by: Any, body: bytes) -> Preview:
    """What a file would do, by metric."""
    found = take(by, body, write=False)
    shown = Preview(problems=found.problems)
    if found.problems:
        return shown
    shown.counts = [
        ("new values", found.new), ("values that change", found.changed), ("values that are there already", found.same),
        ("new metrics", len(found.new_metrics)),
    ]  # fmt: skip
    shown.headings = ("Metric", "Of", "", "Values", "From", "To")
    by_metric: dict[int, list[SampleRow]] = defaultdict(list)
    for row in found.rows:
        by_metric[row.metric_id].append(row)
    for metric_id, rows in by_metric.items():
        metric, moments = found.metrics[metric_id], sorted(row.at for row in rows)
        word = "New" if metric_id in found.new_metrics else "There already"
        of = str(metric.subject or "the organisation")
        shown.rows.append((str(metric), of, word, f"{len(rows):,}", moments[0], moments[-1]))
    oldest = samples.kept_from()
    old = sum(row.at < oldest for row in found.rows)
    if old:
        shown.notes.append(
            f"{_counted(old)} from more than {SAMPLES.keep_days} days ago: of such days one value is kept, not each "
            "moment, and what the file says of a day replaces what was known of it."
        )
    return shown


def _counted(count: int) -> str:
    return "1 value is" if count == 1 else f"{count:,} values are"


# Reading


def _read(text: str, problems: Problems) -> Iterator[Read]:
    """Each line's number, identity, moment and values, as far as they can be read by themselves."""
    lines = text.splitlines(keepends=True)
    first = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    number = 1
    try:
        columns = _columns(next(reader, []))
        for cells in reader:
            number, begun = reader.line_num, number + 1
            if number > MOST_LINES:
                raise ValueError(f"The file has more than {MOST_LINES:,} lines. Split it.")
            if any(cell.strip() for cell in cells):
                yield from _line(begun, columns, cells, problems)
    except csv.Error as problem:
        raise ValueError(f"Line {reader.line_num}: this is no CSV: {problem}.") from None
    if number == 1:
        raise ValueError("The file has no values. Below the line of columns each line is one value.")


def _columns(cells: Sequence[str]) -> list[str]:
    columns = [cell.strip().lower() for cell in cells]
    missing = [f"“{name}”" for name in _NEEDED if name not in columns]
    if "value" not in columns and not {"good", "total"} <= set(columns):
        missing.append("“value”, or “good” and “total”,")
    if missing:
        raise ValueError(f"Line 1: the column {' and '.join(missing)} is missing. The first line names the columns.")
    for name in columns:
        if columns.count(name) > 1:
            raise ValueError(f"Line 1: the column “{name}” stands twice. Keep one of the two.")
        if name not in _KNOWN and not (name.startswith(_LABEL) and len(name) > len(_LABEL)):
            raise ValueError(f"Line 1: the column “{name}” is not known. There are: {', '.join(_KNOWN)}, label.<name>.")
    return columns


def _line(number: int, columns: Sequence[str], cells: Sequence[str], problems: Problems) -> Iterator[Read]:
    if len(cells) != len(columns):
        problems.add(number, f"{len(cells)} values for {len(columns)} columns.")
        return
    texts = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    before = len(problems.texts)
    at = _moment(number, texts["at"], problems)
    one: dict[str, Any] = {name: texts.get(name, "") for name in ("title", "unit", "kind")}
    if one["kind"] not in {"", MetricKind.GAUGE, MetricKind.FLOW, MetricKind.RATIO}:
        problems.add(number, f"“{one['kind'][:40]}” is no kind. There are: gauge, flow.", "kind")
    for name in _values(texts):
        one[name] = _number(number, texts[name], name, problems)
    if not texts["metric"]:
        problems.add(number, "name the metric.", "metric")
    if len(problems.texts) == before and at is not None and _fits(number, one, problems):
        labels = {name.removeprefix(_LABEL): text for name, text in texts.items() if name.startswith(_LABEL) and text}
        packed = orjson.dumps(labels, option=orjson.OPT_SORT_KEYS).decode()
        identity = (texts.get("subject", "").lower(), texts["metric"], texts.get("environment", ""), packed)
        yield number, identity, at, one


def _values(texts: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that hold this line's numbers: one file may have levels and ratios."""
    return ("good", "total") if texts.get("good") or texts.get("total") or "value" not in texts else ("value",)


def _fits(number: int, one: Mapping[str, Any], problems: Problems) -> bool:
    if "total" in one and not 0 <= one["good"] <= one["total"]:
        problems.add(number, "“good” is from 0 up to “total”.", "good")
        return False
    return True


def _moment(number: int, text: str, problems: Problems) -> dt.datetime | None:
    try:
        return _noon(text) if len(text) == len("2026-11-21") else read_moment(text, _DAY_OR_MOMENT)
    except ValueError as problem:
        problems.add(number, str(problem), "at")
        return None


def _noon(text: str) -> dt.datetime:
    """The noon of a day, today's at any hour. Raises ValueError, in words for people."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is no {_DAY_OR_MOMENT}.") from None
    noon = dt.datetime.combine(day, dt.time(12), samples.organisation_zone())
    is_today = day == samples.organisation_day()
    if not is_today and (problem := moment_problem(noon, DONE_AHEAD)):
        raise ValueError(problem)
    return noon


def _number(number: int, text: str, column: str, problems: Problems) -> float:
    words = f"“{text[:40]}” is no number. Write it with a point and without thousands, such as 1234.5."
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value) and "_" not in text:
        if not (problem := number_problem(value)):
            return value
        words = problem
    problems.add(number, words if text else "a number is missing.", column)
    return math.nan


# Metrics and what they have already


def _resolve(by: Any, read: Sequence[Read], problems: Problems, imported: Imported) -> None:
    there = set(Metric.objects.values_list("pk", flat=True))
    named = NamedMetrics(by, [each[1:] for each in read], problems, Origin.IMPORTED)
    seen: dict[tuple[int, dt.datetime], tuple[int, SampleRow]] = {}
    for number, identity, at, one in read:
        for row in named.row(number, identity, at, one):
            first, other = seen.setdefault((row.metric_id, row.at), (number, row))
            if other != row:
                problems.add(number, f"line {first} has another value of the same moment. Keep one of the two.", "at")
    imported.rows = [row for _number, row in seen.values()]
    imported.metrics = {metric.pk: metric for metric in named.metrics.values() if metric is not None}
    imported.new_metrics = imported.metrics.keys() - there
    oldest = samples.kept_from()
    _compare(imported, [row for row in imported.rows if row.at >= oldest])
    _compare_days(imported, _days(row for row in imported.rows if row.at < oldest))


def _compare(imported: Imported, rows: Sequence[SampleRow]) -> None:
    """Count the values that are there already, and those that change."""
    known = _known(rows)
    for row in rows:
        before = known.get((row.metric_id, row.at))
        imported.same += before == (row.value, row.good, row.total)
        imported.changed += before not in (None, (row.value, row.good, row.total))


def _compare_days(imported: Imported, days: Sequence[MetricDay]) -> None:
    """The same of days whose samples are not kept: all values of one are as its sums are."""
    held = MetricDay.objects.filter(
        metric_id__in={each.metric_id for each in days}, day__in={each.day for each in days}
    )
    known = {(each.metric_id, each.day): _sums(each) for each in held}
    for each in days:
        before = known.get((each.metric_id, each.day))
        imported.same += each.count * (before == _sums(each))
        imported.changed += each.count * (before not in (None, _sums(each)))


def _sums(day: MetricDay) -> tuple[Any, ...]:
    return tuple(getattr(day, name) for name in _SUMS)


def _known(rows: Iterable[SampleRow]) -> dict[tuple[int, dt.datetime], tuple[float, float | None, float | None]]:
    """(metric, moment) → value, good and total, of the moments that there may be samples of."""
    rows = list(rows)
    if not rows:
        return {}
    moments = [row.at for row in rows]
    held = Sample.objects.filter(
        metric_id__in={row.metric_id for row in rows}, at__gte=min(moments), at__lte=max(moments)
    )
    found = held.values_list("metric_id", "at", "value", "good", "total")
    return {(metric_id, at): (value, good, total) for metric_id, at, value, good, total in found.iterator()}


# Writing


def _write(imported: Imported) -> None:
    oldest = samples.kept_from()
    MetricDay.objects.bulk_create(
        _days(row for row in imported.rows if row.at < oldest),
        update_conflicts=True, unique_fields=["metric", "day"], update_fields=_SUMS, batch_size=1000,
    )  # fmt: skip
    samples.write([row for row in imported.rows if row.at >= oldest])
    index.refresh(Metric, imported.new_metrics)


_SUMS = ("count", "sum", "min", "max", "last", "good", "total")


def _days(rows: Iterable[SampleRow]) -> list[MetricDay]:
    """Days whose samples are not kept any more: the sums of what the file says of them."""
    zone, by_day = samples.organisation_zone(), defaultdict(list)
    for row in sorted(rows, key=lambda each: each.at):
        by_day[row.metric_id, row.at.astimezone(zone).date()].append(row)
    # In the order in which whoever writes days takes them (services.health.samples).
    in_order = sorted(by_day.items(), key=lambda each: (each[0][1], each[0][0]))
    return [_day(metric_id, day, of_day) for (metric_id, day), of_day in in_order]


def _day(metric_id: int, day: dt.date, rows: Sequence[SampleRow]) -> MetricDay:
    values = [row.value for row in rows]
    is_ratio = rows[0].total is not None
    return MetricDay(
        metric_id=metric_id, day=day, count=len(values), sum=sum(values), min=min(values), max=max(values),
        last=values[-1], good=sum(row.good or 0.0 for row in rows) if is_ratio else None,
        total=sum(row.total or 0.0 for row in rows) if is_ratio else None,
    )  # fmt: skip
