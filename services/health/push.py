"""``POST /hooks/metrics/``: samples of metrics in batches.

``{"samples": [{"metric": "nps", "subject": "group:default/checkout", "at": "2026-11-21T12:00:00Z", "value": 42}]}``;
a ratio has ``good`` and ``total`` instead of ``value``. ``environment``, ``labels`` and, for a metric that is not there
yet, ``unit``, ``title`` and ``kind`` (gauge or flow) may stand beside. Without ``subject`` it is about the
organisation, which only an administrator speaks for. A batch is taken whole or not at all.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from rest_framework.request import Request

from portal.actions import new_record
from portal.api_errors import Unprocessable
from portal.people.models import ServiceAccount
from portal.references.models import Reference
from portal.search import index
from services.health import samples
from services.health.hooks import Hook
from services.health.models import Metric, MetricKind, Origin
from services.health.partitions import SAMPLES
from services.health.plausible import number_problem, read_moment
from services.health.samples import SampleRow
from services.health.voices import speaks_for

MOST_SAMPLES = 50_000
MOST_PROBLEMS = 20
# The advisory lock of making metrics, any number that nobody else locks.
LOCK = 7_302_116
# A new metric is checked and written by itself; more of them than a web request has time for are sent in parts.
MOST_NEW = 500
_KNOWN = frozenset(
    {"metric", "subject", "environment", "labels", "at", "value", "good", "total", "unit", "title", "kind"}
)
_BESIDE = frozenset({"key", "samples"})
_BESIDE_HELP = f"There are: {', '.join(sorted(_BESIDE))}. What is said of samples stands in each of them."
_TOO_OLD = (
    f"each sample is kept for {SAMPLES.keep_days} days, and of earlier days one value. Send those as a CSV file, under "
    "Metrics, Import CSV."
)
_UNIT_HELP = "Send its own unit, or none; its unit is changed on its page."
Identity = tuple[str, str, str, str]


class Problems(Exception):  # noqa: N818  it names what it carries
    """What is wrong with samples, each with its place; of a file with its column too."""

    def __init__(self, place: str = "Sample", *, columns: bool = False) -> None:
        self.place, self.columns = place, columns
        self.texts: list[str] = []

    def add(self, place: int, text: str, column: str = "") -> None:
        where = f"{self.place} {place}" + (f", column {column}" if column and self.columns else "")
        self.texts.append(f"{where}: {text}")
        if len(self.texts) >= MOST_PROBLEMS:
            raise self


class MetricHook(Hook):
    name = "metrics"
    # A year of pushes each minute would be hundreds of gigabytes, and the samples themselves are kept.
    keeps_body = False

    def take(self, request: Request, data: Mapping[str, Any]) -> dict[str, Any]:
        if unknown := data.keys() - _BESIDE:
            raise Unprocessable({min(unknown): [f"is not known here. {_BESIDE_HELP}"]})
        given = data.get("samples")
        if not isinstance(given, list) or not given:
            raise Unprocessable({"samples": ["Send a list of at least one sample."]})
        if len(given) > MOST_SAMPLES:
            raise Unprocessable({"samples": [f"At most {MOST_SAMPLES:,} samples at a time; these are {len(given):,}."]})
        problems = Problems()
        try:
            read = list(_read(given, problems))
            metrics = NamedMetrics(request.user, read, problems)
            rows = list(_rows(metrics, read, problems))
        except Problems:
            pass
        if problems.texts:
            raise Unprocessable({"samples": problems.texts})
        metrics.make_findable()
        return {"written": samples.write(rows)}


def _rows(
    metrics: "NamedMetrics", read: Sequence[tuple[Identity, dt.datetime, Mapping[str, Any]]], problems: Problems
) -> Iterator[SampleRow]:
    """The samples to write. Of two values of one moment in the same batch nobody could say which is meant."""
    seen: dict[tuple[int, dt.datetime], tuple[int, SampleRow]] = {}
    for place, one in enumerate(read):
        for row in metrics.row(place, *one):
            first, other = seen.setdefault((row.metric_id, row.at), (place, row))
            if other != row:
                problems.add(place, f"sample {first} has another value of the same moment. Keep one of the two.", "at")
            yield row


def _read(given: Sequence[Any], problems: Problems) -> Iterator[tuple[Identity, dt.datetime, Mapping[str, Any]]]:
    """Each sample's identity, moment and values, as far as they can be read by themselves."""
    moments, oldest = dict[str, dt.datetime | str](), samples.kept_from()
    for place, one in enumerate(given):
        if not isinstance(one, dict):
            problems.add(place, "expected an object.")
        elif unknown := one.keys() - _KNOWN:
            problems.add(place, f"“{min(unknown)}” is not known. There are: {', '.join(sorted(_KNOWN))}.")
        elif not isinstance(one.get("metric"), str) or not isinstance(one.get("at"), str):
            problems.add(place, "“metric” and “at” are needed, both as text.")
        elif isinstance(at := _moment(one["at"], moments, oldest), str):
            problems.add(place, f"“at”: {at}")
        elif (wrong := _wrong_value(one)) is not None:
            problems.add(place, wrong)
        else:
            yield _identity(one), at, one


def _moment(text: str, known: dict[str, dt.datetime | str], oldest: dt.datetime) -> dt.datetime | str:
    """The moment, or what is wrong with it; a batch has many samples of one moment."""
    if text not in known:
        try:
            moment = read_moment(text)
        except ValueError as problem:
            known[text] = str(problem)
        else:
            known[text] = moment if moment >= oldest else f"{text[:40]} is too long ago: {_TOO_OLD}"
    return known[text]


def _wrong_value(one: Mapping[str, Any]) -> str | None:
    kinds = {MetricKind.RATIO} if "total" in one else {MetricKind.GAUGE, MetricKind.FLOW}
    if one.get("kind") and one["kind"] not in sorted(kinds):
        return f"“{str(one['kind'])[:40]}” is no kind for this. There are: {', '.join(sorted(kinds))}."
    names = ("good", "total") if "good" in one or "total" in one else ("value",)
    for name in names:
        number = one.get(name)
        if isinstance(number, bool) or not isinstance(number, int | float):
            return f"“{name}” is needed, as a number."
        if problem := number_problem(number):
            return f"“{name}”: {problem}"
    if names != ("value",) and not 0 <= one["good"] <= one["total"]:
        return "“good” is from 0 up to “total”."
    if names != ("value",) and one.get("value") is not None:
        return "“value” does not go with “good” and “total”. A ratio has these two, anything else has “value”."
    return None


def _identity(one: Mapping[str, Any]) -> Identity:
    labels = orjson.dumps(one.get("labels") or {}, option=orjson.OPT_SORT_KEYS).decode()
    return str(one.get("subject") or ""), one["metric"], str(one.get("environment") or ""), labels


class NamedMetrics:
    """The metrics that samples name: found in two queries, made with ``origin`` where there are none yet. ``sender``
    must speak for what they are about; None may speak for all."""

    def __init__(
        self,
        sender: Any,
        read: Sequence[tuple[Identity, dt.datetime, Any]],
        problems: Problems,
        origin: Origin = Origin.PUSHED,
    ) -> None:
        self.sender, self.problems, self.origin = sender, problems, origin
        asked = {identity for identity, *_ in read}
        wanted = {subject.lower() for subject, *_ in asked if subject}
        self.subjects = {each.canonical: each for each in Reference.objects.filter(canonical__in=wanted)}
        names = {name for _, name, *_ in asked}
        found = Metric.objects.filter(name__in=names).select_related("subject")
        self.metrics: dict[Identity, Metric | None] = {
            (each.subject.canonical if each.subject else "", each.name, each.environment, _labels(each)): each
            for each in found
        }
        self.may: dict[str, bool] = {}
        self.new = 0
        self.made: list[int] = []

    def row(self, place: int, identity: Identity, at: dt.datetime, one: Mapping[str, Any]) -> Iterator[SampleRow]:
        subject, *rest = identity
        identity = (subject.lower(), *rest)  # type: ignore[assignment]
        metric = self._metric(place, identity, one)
        if metric is None:
            return
        if (unit := one.get("unit")) and unit != metric.unit:
            told = f"is in {metric.unit}" if metric.unit else "is a plain number"
            self.problems.add(
                place, f"the metric {metric.name} {told}, not in “{str(unit)[:40]}”. {_UNIT_HELP}", "unit"
            )
        elif (metric.kind == MetricKind.RATIO) != ("total" in one):
            needed = "“good” and “total”" if metric.kind == MetricKind.RATIO else "“value”"
            self.problems.add(place, f"the metric {metric.name} takes {needed}.", "value")
        elif metric.kind == MetricKind.RATIO:
            total = float(one["total"])
            yield SampleRow(metric.pk, at, one["good"] / total if total else 0.0, float(one["good"]), total)
        else:
            yield SampleRow(metric.pk, at, float(one["value"]))

    def _metric(self, place: int, identity: Identity, one: Mapping[str, Any]) -> Metric | None:
        subject = identity[0]
        if subject and subject not in self.subjects:
            self.problems.add(place, f"there is no “{subject[:80]}” here. Name what the catalog knows.", "subject")
        elif not self._may_speak_for(subject):
            self.problems.add(place, self._not_allowed(subject), "subject")
        elif identity in self.metrics:
            return self._pushed(place, self.metrics[identity])
        else:
            self._count_new(place, identity[1])
            self.metrics[identity] = self._make(place, identity, one)
            return self._pushed(place, self.metrics[identity])
        return None

    def _count_new(self, place: int, name: str) -> None:
        if not self.new:
            _wait_for_turn()
        self.new += 1
        if self.new > MOST_NEW:
            told = f"with “{name[:80]}” there are more than {MOST_NEW} new metrics. Send the rest in another part."
            self.problems.add(place, told, "metric")
            raise self.problems

    def _pushed(self, place: int, metric: Metric | None) -> Metric | None:
        if metric is not None and metric.origin not in {Origin.PUSHED, Origin.IMPORTED}:
            told = f"the metric {metric.name} is {metric.get_origin_display().lower()}, not pushed."
            self.problems.add(place, told, "metric")
            return None
        return metric

    def _may_speak_for(self, subject: str) -> bool:
        """The subject's own team, or its owner's, or an administrator."""
        if subject not in self.may:
            self.may[subject] = self.sender is None or speaks_for(self.sender, self.subjects.get(subject))
        return self.may[subject]

    def _not_allowed(self, subject: str) -> str:
        who = "this token" if isinstance(self.sender, ServiceAccount) else "you"
        return f"{who} may not speak for {subject or 'the organisation'}."

    def _make(self, place: int, identity: Identity, one: Mapping[str, Any]) -> Metric | None:
        subject, name, environment, labels = identity
        values = {
            "subject": self.subjects.get(subject),
            "name": name,
            "environment": environment,
            "labels": orjson.loads(labels),
            "title": str(one.get("title") or ""),
            "unit": str(one.get("unit") or ""),
            "kind": MetricKind.RATIO if "total" in one else MetricKind(one.get("kind") or MetricKind.GAUGE),
            "origin": self.origin,
        }
        try:
            return self._insert(values)
        except ValidationError as problem:
            told = " ".join(f"{field}: {' '.join(t)}" for field, t in problem.message_dict.items())
            self.problems.add(place, told, "metric")
            return None

    def _insert(self, values: Mapping[str, Any]) -> Metric:
        """The new metric, or the one that somebody else has made meanwhile. Raises ValidationError."""
        try:
            with transaction.atomic():
                metric = new_record(model=Metric, values=values)
                metric.save(force_insert=True)
        except (ValidationError, IntegrityError):
            same = {name: values[name] for name in ("subject", "name", "environment", "labels")}
            if (found := Metric.objects.filter(**same).first()) is None:
                raise
            return found
        self.made.append(metric.pk)
        return metric

    def make_findable(self) -> None:
        """Let search find the metrics that were made: all at once, for they may be hundreds."""
        if self.made:
            index.refresh(Metric, self.made)


def _wait_for_turn() -> None:
    """Make new metrics one sender at a time, until the transaction ends: two who send the same ones in another order
    would wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _labels(metric: Metric) -> str:
    return orjson.dumps(metric.labels, option=orjson.OPT_SORT_KEYS).decode()


metric_hook = MetricHook.as_view()
