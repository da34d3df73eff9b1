"""SLOs written as OpenSLO v1 documents. What came from a document is written as it was, but for what changed since."""

import copy
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import yaml

from services.catalog.yaml12 import resolve
from services.health.models import Metric, PrometheusServer, Slo, SloKind
from services.health.openslo.documents import API_VERSION, Document, Problems
from services.health.openslo.meaning import (
    DEFAULT_EVERY_S,
    SERVICE_ANNOTATION,
    CheckSource,
    MetricSource,
    QuerySource,
    Source,
    Wanted,
    named_source,
    server_name,
    source_of_metric,
    wanted_of,
    wanted_of_slo,
)

_RELATED = ("entity__reference", "source_check", "metric__server", "metric__subject")


def export(slos: Iterable[Slo]) -> str:
    """The YAML of these SLOs, with what they refer to before them; each of that once."""
    documents: dict[tuple[str, str], dict[str, Any]] = {}
    written: list[dict[str, Any]] = []
    for slo in slos:
        for each in [*_servers(slo.metric), *slo.extra.get("companions", [])]:
            documents.setdefault((each["kind"], each["metadata"]["name"]), each)
        written.append(document_of(slo))
    return "".join(f"---\n{_dump(each)}" for each in [*documents.values(), *written])


def related(slos: Any) -> Any:
    """The SLOs of a queryset with what their documents need, in a constant number of queries."""
    return slos.select_related(*_RELATED)


def document_of(slo: Slo) -> dict[str, Any]:
    """The document of one SLO."""
    wanted = wanted_of_slo(slo)
    held = slo.extra.get("document")
    if held is None:
        return _fresh(slo, wanted)
    document = copy.deepcopy(held)
    said = _said(slo, document)
    return _renewed(document, said, wanted, slo) if said else _fresh(slo, wanted)


def _said(slo: Slo, document: dict[str, Any]) -> Wanted | None:
    """What the document said when it was taken in."""
    companions = {
        (each["kind"], each["metadata"]["name"]): Document(0, 0, each) for each in slo.extra.get("companions", [])
    }
    return wanted_of(Document(0, 0, document), companions, Problems())


def _renewed(document: dict[str, Any], said: Wanted, wanted: Wanted, slo: Slo) -> dict[str, Any]:
    """The document with what changed in the portal since."""
    metadata, spec, fresh = document["metadata"], document["spec"], _fresh(slo, wanted)
    if said.name != wanted.name:
        metadata["name"] = wanted.name
    _set(metadata, "displayName", said.title, wanted.title)
    _set(spec, "description", said.description, wanted.description)
    if slo.extra.get("entity") != slo.entity_id:
        spec["service"] = fresh["spec"]["service"]
        annotations = {**metadata.get("annotations", {}), **fresh["metadata"].get("annotations", {})}
        if SERVICE_ANNOTATION not in fresh["metadata"].get("annotations", {}):
            annotations.pop(SERVICE_ANNOTATION, None)
        metadata["annotations"] = annotations
    if said.window_days != wanted.window_days:
        spec["timeWindow"][0]["duration"] = f"{wanted.window_days}d"
    if (said.kind, said.threshold_ms) != (wanted.kind, wanted.threshold_ms) or not _is_same(said.source, slo):
        spec.pop("indicatorRef", None)
        spec["indicator"], spec["objectives"] = fresh["spec"]["indicator"], fresh["spec"]["objectives"]
    elif said.target != wanted.target:
        _set_target(spec["objectives"][0], wanted)
    return document


def _set(mapping: dict[str, Any], key: str, before: str, now: str) -> None:
    if before != now:
        mapping[key] = now
        if not now:
            del mapping[key]


def _set_target(objective: dict[str, Any], wanted: Wanted) -> None:
    if "targetPercent" in objective:
        objective["targetPercent"] = _number(wanted.target)
    else:
        objective["target"] = _number(wanted.target / 100)


def _is_same(said: Source, slo: Slo) -> bool:
    """Whether a document's source is that of the SLO; one without a server meant the only one there was."""
    if isinstance(said, CheckSource):
        return slo.kind != SloKind.RATIO and slo.source_check is not None and said.check == slo.source_check.name
    if slo.kind != SloKind.RATIO or slo.metric is None:
        return False
    if isinstance(said, MetricSource):
        subject = "" if said.subject == slo.entity.reference.canonical else said.subject
        return replace(said, subject=subject) == named_source(slo.metric, slo.entity.reference_id)
    asked = source_of_metric(slo.metric, slo.entity.reference_id)
    return isinstance(asked, QuerySource) and replace(said, server=said.server or asked.server) == asked


def _number(value: Any) -> int | float:
    number = float(value)
    return int(number) if number.is_integer() else number


# A document for an SLO that none brought


def _fresh(slo: Slo, wanted: Wanted) -> dict[str, Any]:
    reference = slo.entity.reference
    plain = reference.kind == "component" and reference.namespace == "default"
    metadata: dict[str, Any] = {"name": wanted.name}
    if wanted.title:
        metadata["displayName"] = wanted.title
    if not plain:
        metadata["annotations"] = {SERVICE_ANNOTATION: reference.canonical}
    spec: dict[str, Any] = {"description": wanted.description} if wanted.description else {}
    objective: dict[str, Any] = {"target": _number(wanted.target / 100)}
    if wanted.kind == SloKind.LATENCY:
        objective = {"op": "lte", "value": wanted.threshold_ms, **objective}
    spec |= {
        "service": reference.name,
        "indicator": {"metadata": {"name": wanted.name}, "spec": _sli(wanted)},
        "timeWindow": [{"duration": f"{wanted.window_days}d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [objective],
    }
    return {"apiVersion": API_VERSION, "kind": "SLO", "metadata": metadata, "spec": spec}


def _sli(wanted: Wanted) -> dict[str, Any]:
    source = wanted.source
    if isinstance(source, CheckSource):
        if wanted.kind == SloKind.LATENCY:
            return {"thresholdMetric": _own({"check": source.check, "measure": "latency_ms"})}
        return _ratio(*(_own({"check": source.check, "answers": part}) for part in ("good", "total")))
    if isinstance(source, QuerySource):
        return _ratio(*(_query(source, query) for query in (source.query, source.total_query)))
    fields = {"metric": source.metric, "subject": source.subject, "environment": source.environment}
    named: dict[str, Any] = {key: value for key, value in fields.items() if value}
    named |= {"labels": dict(source.labels)} if source.labels else {}
    return _ratio(*(_own({**named, "part": part}) for part in ("good", "total")))


def _ratio(good: dict[str, Any], total: dict[str, Any]) -> dict[str, Any]:
    return {"ratioMetric": {"counter": False, "good": good, "total": total}}


def _own(spec: dict[str, Any]) -> dict[str, Any]:
    return {"metricSource": {"type": "groundwork", "spec": spec}}


def _query(source: QuerySource, query: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"query": query}
    if source.labels:
        spec["labels"] = dict(source.labels)
    if source.every_s != DEFAULT_EVERY_S:
        spec["every_s"] = source.every_s
    return {"metricSource": {"metricSourceRef": source.server, "type": "Prometheus", "spec": spec}}


def _servers(metric: Metric | None) -> list[dict[str, Any]]:
    """The data source that a metric is asked of, without its token."""
    server: PrometheusServer | None = metric.server if metric else None
    if server is None:
        return []
    name = server_name(server.name)
    metadata = {"name": name} if name == server.name else {"name": name, "displayName": server.name}
    spec = {"type": "Prometheus", "connectionDetails": {"url": server.url}}
    return [{"apiVersion": API_VERSION, "kind": "DataSource", "metadata": metadata, "spec": spec}]


# YAML


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would read as something else than the text it is, and indents lists."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text.strip("\n") else None
    if not text or not isinstance(resolve(text), str):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dump(document: dict[str, Any]) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text
