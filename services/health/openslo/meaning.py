"""What an OpenSLO document asks for in our terms, and what an SLO of ours asks for; the two can be compared.

Ours are availability and latency of a check and good of total of a metric, over a rolling window of whole days. A
source of type ``groundwork`` is a check or a metric of the portal; type ``Prometheus`` is a query. What cannot be
expressed is refused in words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.text import slugify

from services.health.models import Metric, Origin, Slo, SloKind
from services.health.openslo.documents import LONGEST_DESCRIPTION, Document, Problems, Reader

OWN_TYPE, PROMETHEUS_TYPE = "groundwork", "prometheus"
# The annotation that names what an SLO is about where the name of its service is not enough.
SERVICE_ANNOTATION = "groundwork/service"
DEFAULT_EVERY_S = 300


@dataclass(frozen=True)
class CheckSource:
    """Answers of a check of the service, by its name."""

    check: str


@dataclass(frozen=True)
class MetricSource:
    """A metric of the portal. Without a subject it is about the service."""

    metric: str
    subject: str = ""
    environment: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class QuerySource:
    """Queries of good and all events. ``server`` is the name of a data source; empty for the only one there is."""

    server: str
    query: str
    total_query: str
    labels: Mapping[str, str] = field(default_factory=dict)
    every_s: int = DEFAULT_EVERY_S


Source = CheckSource | MetricSource | QuerySource


@dataclass(frozen=True)
class Wanted:
    """An SLO, as a document or the portal says it. ``target`` is in percent."""

    name: str
    service: str
    kind: str
    target: Decimal
    window_days: int
    source: Source
    title: str = ""
    description: str = ""
    threshold_ms: int | None = None


# From the portal


def wanted_of_slo(slo: Slo) -> Wanted:
    return Wanted(
        name=slo.name, service=slo.entity.reference.canonical, kind=slo.kind, target=slo.target,
        window_days=slo.window_days, source=_source_of_slo(slo), title=slo.title, description=slo.description,
        threshold_ms=slo.threshold_ms if slo.kind == SloKind.LATENCY else None,
    )  # fmt: skip


def _source_of_slo(slo: Slo) -> Source:
    if slo.kind == SloKind.RATIO and slo.metric is not None:
        return source_of_metric(slo.metric, slo.entity.reference_id)
    return CheckSource(slo.source_check.name if slo.source_check else "")


def source_of_metric(metric: Metric, subject_id: int) -> MetricSource | QuerySource:
    if metric.origin == Origin.PROMETHEUS and metric.server:
        server = server_name(metric.server.name)
        return QuerySource(server, metric.query, metric.total_query, metric.labels, metric.every_s)
    return named_source(metric, subject_id)


def named_source(metric: Metric, subject_id: int) -> MetricSource:
    """A metric by what it is called, wherever its values come from."""
    subject = metric.subject.canonical if metric.subject and metric.subject_id != subject_id else ""
    return MetricSource(metric.name, subject, metric.environment, metric.labels)


def server_name(name: str) -> str:
    """The name of a Prometheus server as a document may write it."""
    return slugify(name)[:63].strip("-") or "prometheus"


# From a document


def wanted_of(document: Document, companions: Mapping[tuple[str, str], Document], problems: Problems) -> Wanted | None:
    """What an SLO document asks for; None where something is wrong with it, which is in ``problems``."""
    before = len(problems)
    metadata = Reader(document, "metadata", document.value["metadata"], problems)
    metadata.only("name", "displayName", "labels", "annotations")
    spec = Reader(document, "spec", document.value["spec"], problems)
    spec.only(
        "description", "service", "indicator", "indicatorRef", "timeWindow", "budgetingMethod", "objectives",
        "alertPolicies",
    )  # fmt: skip
    _check_method(spec)
    objective = _objective(spec)
    kind, source = _indicator(spec, companions)
    wanted = Wanted(
        name=document.name,
        service=_service(metadata, spec),
        kind=kind,
        target=_target(objective) if objective else Decimal(0),
        window_days=_window(spec),
        source=source,
        title=metadata.text("displayName", longest=200),
        description=spec.text("description", longest=LONGEST_DESCRIPTION),
        threshold_ms=_threshold(objective, kind) if objective else None,
    )
    return wanted if len(problems) == before else None


def _service(metadata: Reader, spec: Reader) -> str:
    annotations = metadata.value.get("annotations")
    named = annotations.get(SERVICE_ANNOTATION) if isinstance(annotations, dict) else None
    return str(named) if named else spec.text("service", needed=True)


def _check_method(spec: Reader) -> None:
    method = spec.text("budgetingMethod", needed=True)
    if method and method != "Occurrences":
        spec.wrong("budgetingMethod", f"{method} is not done here: SLOs count events. Write Occurrences.")


def _window(spec: Reader) -> int:
    windows = spec.items("timeWindow")
    if len(windows) != 1:
        spec.wrong("timeWindow", "exactly one window is needed, such as {duration: 28d, isRolling: true}.")
        return 0
    [window] = windows
    window.only("duration", "isRolling", "calendar")
    if window.has("calendar") or window.value.get("isRolling") is False:
        window.wrong("calendar" if window.has("calendar") else "isRolling", "windows roll here, with no calendar.")
        return 0
    days = days_of(window.text("duration", needed=True))
    if days is None or not 1 <= days <= 366:
        told = "is not so many whole days from 1 to 366, such as 28d or 4w (months, quarters and years vary in length)."
        window.wrong("duration", f"“{window.value.get('duration', '')}” {told}")
    return days or 0


def days_of(duration: str) -> int | None:
    """Whole days of a duration; None for what has none: hours that make no day, months, garbage."""
    found = re.fullmatch(r"([1-9][0-9]{0,6})([mhdwMQY])", duration)
    minutes = {"m": 1, "h": 60, "d": 1440, "w": 10_080}.get(found[2]) if found else None
    if found is None or minutes is None:
        return None
    days, rest = divmod(int(found[1]) * minutes, 1440)
    return None if rest else days


def _objective(spec: Reader) -> Reader | None:
    objectives = spec.items("objectives")
    if len(objectives) != 1:
        if spec.has("objectives"):
            told = "an SLO has one objective here. Write an SLO for each."
            spec.wrong("objectives", told if objectives else "an objective is needed, such as - target: 0.999.")
        return None
    objectives[0].only("displayName", "op", "value", "target", "targetPercent")
    return objectives[0]


def _target(objective: Reader) -> Decimal:
    """The target in percent."""
    names = [name for name in ("target", "targetPercent") if objective.has(name)]
    if len(names) != 1:
        objective.wrong("target", "one of target (from 0 to 1) and targetPercent is needed.")
        return Decimal(0)
    number, percent = objective.value[names[0]], None
    if not isinstance(number, bool) and isinstance(number, int | float):
        try:
            percent = Decimal(repr(number)) * (100 if names[0] == "target" else 1)
        except InvalidOperation:
            percent = None
    if percent is None or not 1 <= percent <= Decimal("99.9999") or percent != round(percent, 4):
        told = "is no target from 1 to 99.9999 percent (0.01 to 0.999999) with four places of the percentage."
        objective.wrong(names[0], f"“{str(number)[:40]}” {told}")
        return Decimal(0)
    return round(percent, 4)


def _threshold(objective: Reader, kind: str) -> int | None:
    """The limit of a latency in milliseconds."""
    if kind != SloKind.LATENCY:
        for name in ("op", "value"):
            if objective.has(name):
                objective.wrong(name, "only a threshold metric is compared with a value.")
        return None
    if objective.value.get("op") != "lte":
        objective.wrong("op", "an answer is fast up to the value here: write lte.")
    value = objective.value.get("value")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**31:
        objective.wrong("value", "whole milliseconds are needed, such as 300.")
        return None
    return value


# Indicators

_NONE: tuple[str, Source] = ("", CheckSource(""))


def _indicator(spec: Reader, companions: Mapping[tuple[str, str], Document]) -> tuple[str, Source]:
    if spec.has("indicator") == spec.has("indicatorRef"):
        spec.wrong("indicator", "one of indicator and indicatorRef is needed.")
        return _NONE
    if spec.has("indicator"):
        inline = spec.mapping("indicator")
        inline.only("metadata", "spec")
        return _metric_of(inline.mapping("spec"), companions)
    name = spec.text("indicatorRef")
    found = companions.get(("SLI", name))
    if found is None:
        spec.wrong("indicatorRef", f"there is no SLI “{name}” in the file.")
        return _NONE
    return _metric_of(Reader(found, "spec", found.value["spec"], spec.problems), companions)


def _metric_of(sli: Reader, companions: Mapping[tuple[str, str], Document]) -> tuple[str, Source]:
    sli.only("description", "thresholdMetric", "ratioMetric")
    if sli.has("thresholdMetric") == sli.has("ratioMetric"):
        sli.wrong("", "one of thresholdMetric and ratioMetric is needed.")
        return _NONE
    if sli.has("ratioMetric"):
        return _ratio(sli.mapping("ratioMetric"), companions)
    metric = sli.mapping("thresholdMetric")
    metric.only("metricSource")
    kind, fields = _source(metric.mapping("metricSource"), companions)
    if kind != OWN_TYPE or set(fields.value) != {"check", "measure"} or fields.value.get("measure") != "latency_ms":
        told = "a threshold is that of the answers of a check: type groundwork, spec {check: …, measure: latency_ms}."
        metric.wrong("metricSource", f"{told} For other figures write a ratio of good and total.")
        return _NONE
    return SloKind.LATENCY, CheckSource(fields.text("check"))


def _ratio(ratio: Reader, companions: Mapping[tuple[str, str], Document]) -> tuple[str, Source]:
    ratio.only("counter", "good", "bad", "total", "raw", "rawType")
    if ratio.has("raw"):
        ratio.wrong("raw", "a ratio without its counts cannot be added up over a window. Give good and total.")
        return _NONE
    if ratio.has("good") == ratio.has("bad") or not ratio.has("total"):
        ratio.wrong("", "total and one of good and bad are needed.")
        return _NONE
    part = "good" if ratio.has("good") else "bad"
    sources = [_part(ratio.mapping(name), companions) for name in (part, "total")]
    kinds = {kind for kind, _fields, _server in sources}
    if not all(kinds):
        return _NONE
    if len(kinds) > 1:
        ratio.wrong("", f"{part} and total come from different places. Both are of one type.")
        return _NONE
    if kinds == {OWN_TYPE}:
        return _own(ratio, part, sources[0][1], sources[1][1])
    return _queried(ratio, part, sources)


def _part(part: Reader, companions: Mapping[tuple[str, str], Document]) -> tuple[str, Reader, str]:
    part.only("metricSource")
    source = part.mapping("metricSource")
    kind, fields = _source(source, companions)
    return kind, fields, source.text("metricSourceRef")


def _source(source: Reader, companions: Mapping[tuple[str, str], Document]) -> tuple[str, Reader]:
    """The type of a source, in small letters, and its own fields; an empty type where it is none of ours."""
    source.only("metricSourceRef", "type", "spec")
    reference = source.text("metricSourceRef")
    known = companions.get(("DataSource", reference))
    described = known.value["spec"].get("type") if known else None
    kind = str(source.value.get("type") or described or (PROMETHEUS_TYPE if reference else "")).lower()
    if kind not in {OWN_TYPE, PROMETHEUS_TYPE}:
        told = f"“{kind}” cannot be asked here" if kind else "a type is needed"
        key = "type" if source.has("type") or not reference else "metricSourceRef"
        source.wrong(key, f"{told}: write Prometheus, or groundwork for checks and metrics of the portal.")
        kind = ""
    return kind, source.mapping("spec")


def _own(ratio: Reader, part: str, first: Reader, total: Reader) -> tuple[str, Source]:
    """A check (all of its answers), or a metric that has good and total itself."""
    parts = {each: (reader.value.get("answers") or reader.value.get("part")) for each, reader in _pair(first, total)}
    same = _without(first, "answers", "part") == _without(total, "answers", "part")
    if part == "bad" or not same or parts != {"first": "good", "total": "total"}:
        told = "is the same check or metric in good and total, with answers (or part) good and total."
        ratio.wrong(part, told)
        return _NONE
    if first.has("check"):
        first.only("check", "answers")
        return SloKind.AVAILABILITY, CheckSource(first.text("check"))
    first.only("metric", "subject", "environment", "labels", "part")
    labels = _labels(first)
    return SloKind.RATIO, MetricSource(
        first.text("metric", needed=True), first.text("subject"), first.text("environment"), labels
    )


def _pair(first: Reader, total: Reader) -> tuple[tuple[str, Reader], tuple[str, Reader]]:
    return ("first", first), ("total", total)


def _without(reader: Reader, *names: str) -> dict[str, Any]:
    return {key: value for key, value in reader.value.items() if key not in names}


def _labels(reader: Reader) -> dict[str, str]:
    if not reader.has("labels"):
        return {}
    found = reader.mapping("labels").value
    if not all(isinstance(value, str) for value in found.values()):
        reader.wrong("labels", "are texts by name.")
        return {}
    return dict(found)


# Queries


def _queried(ratio: Reader, part: str, sources: list[tuple[str, Reader, str]]) -> tuple[str, Source]:
    (_kind, first, server), (_other, total, total_server) = sources
    if server != total_server:
        ratio.wrong("", f"{part} and total are asked of two servers. One is needed.")
        return _NONE
    for reader in (first, total):
        reader.only("query", "labels", "every_s")
    every = first.value.get("every_s", DEFAULT_EVERY_S)
    if isinstance(every, bool) or not isinstance(every, int) or not 15 <= every <= 86_400:
        first.wrong("every_s", "is whole seconds from 15 to 86400.")
        return _NONE
    counter = ratio.value.get("counter")
    if not isinstance(counter, bool):
        ratio.wrong("counter", "is needed: true where the queries count up for ever, false where they do not.")
        return _NONE
    queries = [_query(reader, every if counter else 0) for reader in (first, total)]
    labels = _labels(first)
    good = queries[0] if part == "good" else _good_of_bad(queries[0], queries[1], labels)
    return SloKind.RATIO, QuerySource(server, good, queries[1], labels, every)


def _good_of_bad(bad: str, total: str, labels: Mapping[str, str]) -> str:
    """What is left of the total. A counter of bad events has no series before the first of them, so none counts as 0;
    one whose labels do not fit those of the total is no such case, and stays without an answer."""
    return f"({total}) - (({bad}) or on({', '.join(sorted(labels))}) 0 * ({total}))"


_SELECTOR = r"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{[^{}]*\})?"


def _query(reader: Reader, every_s: int) -> str:
    """The query as it is asked. One that counts up for ever (``every_s`` set) is asked for its increase between two
    samples, so that these add up to the events of a window."""
    query = reader.text("query", needed=True).strip()
    if not every_s or not query:
        return query
    if re.search(r"\b(rate|irate|increase|delta)\s*\(", query):
        reader.wrong("query", "has a rate or an increase already, so it does not count up: write counter: false.")
        return ""
    if re.fullmatch(_SELECTOR, query):
        return f"increase({query}[{every_s}s])"
    summed = re.fullmatch(rf"sum\s*\(\s*({_SELECTOR})\s*\)", query)
    return f"sum(increase({summed[1]}[{every_s}s]))" if summed else f"increase(({query})[{every_s}s:])"
