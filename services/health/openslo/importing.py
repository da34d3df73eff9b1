"""OpenSLO v1 documents taken in: all of a file, or nothing where something is wrong; taking it again changes nothing.

What a document says beyond our terms (labels, annotations, alert policies) is kept with the SLO and written again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from portal.actions import create_record
from services.health import actions
from services.health.models import Check, Metric, MetricKind, Origin, PrometheusServer, Slo, SloKind
from services.health.openslo.documents import Document, Problems, read
from services.health.openslo.exporting import document_of
from services.health.openslo.meaning import (
    CheckSource,
    MetricSource,
    QuerySource,
    Wanted,
    server_name,
    wanted_of,
)
from services.health.uploads import Preview, text_of
from services.models import Entity

Companions = Mapping[tuple[str, str], Document]
_SERVICE_KINDS = ("component", "api", "resource", "system")


@dataclass
class Taken:
    """What became of one document: ``word`` is created, changed, same or used; ``told`` says what changed."""

    document: Document
    word: str
    told: str = ""


@dataclass
class Import:
    taken: list[Taken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: Problems = field(default_factory=Problems)

    def count(self, word: str) -> int:
        return sum(each.word == word and each.document.kind == "SLO" for each in self.taken)


@transaction.atomic
def take(by: Any, body: bytes, *, write: bool) -> Import:
    """Read a file and, with ``write``, do what it says. ``by`` must be able to edit the services; None may do all."""
    found = Import()
    try:
        documents = read(text_of(body), found.problems)
    except ValueError as problem:
        found.problems.append(str(problem))
        documents = []
    _Importer(by, documents, found).run()
    if found.problems or not write:
        transaction.set_rollback(True)
    return found


def preview(by: Any, body: bytes) -> Preview:
    found = take(by, body, write=False)
    shown = Preview(problems=list(found.problems), notes=found.notes)
    if not found.problems:
        shown.counts = [("created", found.count("created")), ("changed", found.count("changed")),
                        ("as they are", found.count("same"))]  # fmt: skip
        shown.headings = ("Document", "Kind", "", "What changes")
        shown.rows = [(each.document.name, each.document.kind, _WORDS[each.word], each.told) for each in found.taken]
    return shown


_WORDS = {"created": "Created", "changed": "Changed", "same": "As it is", "used": "Used"}


class _Importer:
    """One import, in the transaction of its caller."""

    def __init__(self, by: Any, documents: Sequence[Document], found: Import) -> None:
        self.by, self.documents, self.found, self.problems = by, documents, found, found.problems
        self.companions: Companions = {(each.kind, each.name): each for each in documents if each.kind != "SLO"}
        self.servers = {server_name(each.name): each for each in PrometheusServer.objects.all()}
        self.used: set[tuple[str, str]] = set()

    def run(self) -> None:
        for document in self.documents:
            if document.kind == "DataSource":
                self._data_source(document)
        for document in self.documents:
            if document.kind == "SLO" and (wanted := wanted_of(document, self.companions, self.problems)):
                self._slo(document, wanted)
        self._tell_unused()

    def _tell_unused(self) -> None:
        for key, document in self.companions.items():
            if document.kind == "DataSource":
                continue
            if key in self.used:
                self.found.taken.append(Taken(document, "used"))
            elif document.kind == "Service" and self._entity(document.name) is not None:
                self.found.notes.append(f"{document} is in the catalog already; its document is not kept.")
            else:
                self.found.notes.append(f"No SLO of the file refers to {document}; it is not kept.")

    # Data sources

    def _data_source(self, document: Document) -> None:
        spec = document.value["spec"]
        if str(spec.get("type", "")).lower() != "prometheus":
            self.found.notes.append(f"{document} is of the type {spec.get('type')}, which cannot be asked here.")
            return
        details = spec.get("connectionDetails")
        url = details.get("url") if isinstance(details, dict) else None
        if isinstance(details, dict) and details.keys() - {"url"}:
            self.found.notes.append(f"Of {document} the address alone is taken; tokens live in the environment.")
        known = self.servers.get(document.name)
        if url is not None and not isinstance(url, str):
            self.problems.add(
                document, "spec.connectionDetails.url", "is a text, such as https://prometheus.example.com."
            )
        elif known is None:
            self._make_server(document, url)
        elif url and url.rstrip("/") != known.url.rstrip("/"):
            told = f"the server “{known}” of the portal has the address {known.url}. Change one of the two."
            self.problems.add(document, "spec.connectionDetails.url", told)
        else:
            self.found.taken.append(Taken(document, "same"))

    def _make_server(self, document: Document, url: str | None) -> None:
        if self.by is not None and not self.by.has_perm("health.add_prometheusserver"):
            told = "is not known here, and only administrators make Prometheus servers. Ask one, or leave it out."
            self.problems.add(document, "metadata.name", told)
            return
        title = document.value["metadata"].get("displayName")
        values = {"name": title if server_name(str(title or "")) == document.name else document.name, "url": url or ""}
        made = self._try(document, "spec.connectionDetails.url", lambda: _create(self.by, PrometheusServer, values))
        if made is not None:
            self.servers[document.name] = made
            self.found.taken.append(Taken(document, "created", f"a Prometheus server at {url}"))

    def _try(self, document: Document, path: str, act: Any) -> Any:
        """What ``act`` gives; where it refuses, its words stand with the document."""
        try:
            with transaction.atomic():
                return act()
        except ValidationError as problem:
            self.problems.add(document, path, " ".join(problem.messages))
            return None

    # SLOs

    def _slo(self, document: Document, wanted: Wanted) -> None:
        entity = self._entity(wanted.service)
        if entity is None:
            told = f"the catalog has no “{wanted.service}”. Name a service that it has."
            self.problems.add(document, "spec.service", told)
            return
        if self.by is not None and not self.by.has_perm("services.change_entity", entity):
            self.problems.add(document, "spec.service", f"{entity} belongs to another team.")
            return
        before = Slo.objects.filter(name=wanted.name).select_related("metric", "source_check", "entity").first()
        if before is not None and self.by is not None and not self.by.has_perm("health.change_slo", before):
            self.problems.add(document, "metadata.name", "there is an SLO of that name, and it is another team's.")
            return
        source = self._source(document, wanted, entity, before)
        if source is not None:
            companions = self._companions_of(document)
            values = _values(document, wanted, entity, source, companions)
            self._write(document, before, values)

    def _entity(self, service: str) -> Entity | None:
        entities = Entity.objects.select_related("reference", "owner")
        if ":" in service:
            return entities.filter(reference__canonical=service.lower()).first()
        named = {
            each.reference.kind: each
            for each in entities.filter(
                reference__name=service.lower(), reference__namespace="default", reference__kind__in=_SERVICE_KINDS
            )
        }
        return next((named[kind] for kind in _SERVICE_KINDS if kind in named), None)

    def _companions_of(self, document: Document) -> list[dict[str, Any]]:
        """The documents of the file that this one refers to, directly or not, but for data sources."""
        keys = _referred(document, self.companions)
        self.used.update(keys)
        return [self.companions[key].value for key in keys if key[0] != "DataSource"]

    def _write(self, document: Document, before: Slo | None, values: Mapping[str, Any]) -> None:
        def act() -> Taken:
            if before is None:
                actions.create_slo(by=self.by, values=values)
                return Taken(document, "created", f"an SLO of {values['entity']}")
            changes = _changes(before, values)
            if changes or _says_more(before, values["extra"]):
                actions.update_slo(by=self.by, record=before, values=values)
                return Taken(document, "changed", "; ".join(changes) or "what the document says besides")
            return Taken(document, "same")

        if (taken := self._try(document, "spec", act)) is not None:
            self.found.taken.append(taken)
            if document.value["spec"].get("alertPolicies"):
                note = (
                    f"{document} has alert policies. They are kept and written again, but the portal alerts by its own."
                )
                self.found.notes.append(note)

    # What an SLO is judged by

    def _source(self, document: Document, wanted: Wanted, entity: Entity, before: Slo | None) -> Check | Metric | None:
        if isinstance(wanted.source, CheckSource):
            return self._check(document, wanted.source, entity)
        if isinstance(wanted.source, MetricSource):
            return self._metric(document, wanted.source, entity)
        return self._queried(document, wanted, wanted.source, entity, before)

    def _check(self, document: Document, source: CheckSource, entity: Entity) -> Check | None:
        checks = {check.name: check for check in Check.objects.filter(entity=entity)}
        if source.check not in checks:
            there = ", ".join(sorted(checks)) or "none"
            told = f"{entity} has no check “{source.check}”. There are: {there}."
            self.problems.add(document, "spec.indicator", told)
        return checks.get(source.check)

    def _metric(self, document: Document, source: MetricSource, entity: Entity) -> Metric | None:
        subject = source.subject.lower() or entity.reference.canonical
        found = Metric.objects.filter(
            name=source.metric, subject__canonical=subject, environment=source.environment, labels=dict(source.labels)
        ).first()
        if found is None or found.kind != MetricKind.RATIO:
            what = "is not good of total" if found else "is not there; describe or push it first"
            told = f"the metric {source.metric} of {subject} {what}."
            self.problems.add(document, "spec.indicator", told)
            return None
        return found

    def _queried(
        self, document: Document, wanted: Wanted, source: QuerySource, entity: Entity, before: Slo | None
    ) -> Metric | None:
        server = self._server(document, source)
        if server is None:
            return None
        asked = {
            "server": server, "query": source.query, "total_query": source.total_query, "labels": dict(source.labels),
            "every_s": source.every_s,
        }  # fmt: skip
        held = before.metric if before is not None else None
        if held is not None and all(getattr(held, name) == value for name, value in asked.items()):
            return held
        return self._try(document, "spec.indicator", lambda: self._asked_metric(wanted, entity, asked))

    def _asked_metric(self, wanted: Wanted, entity: Entity, asked: Mapping[str, Any]) -> Metric:
        """The metric of the name of the SLO, which asks these queries from now on."""
        known = Metric.objects.filter(
            subject=entity.reference_id, name=wanted.name, environment="", labels=asked["labels"]
        ).first()
        values = {**asked, "kind": MetricKind.RATIO}
        if known is None:
            named = {"subject": entity.reference, "name": wanted.name, "title": wanted.title, "higher_is_better": True}
            return actions.create_metric(by=self.by, values={**named, **values})
        if known.origin != Origin.PROMETHEUS:
            raise ValidationError(f"There is a metric {wanted.name} of {entity} that is not asked of Prometheus.")
        return actions.update_metric(by=self.by, record=known, values=values)

    def _server(self, document: Document, source: QuerySource) -> PrometheusServer | None:
        if source.server:
            if source.server not in self.servers:
                there = ", ".join(sorted(self.servers)) or "none"
                told = f"there is no Prometheus server “{source.server}”. There are: {there}."
                self.problems.add(document, "spec.indicator", told)
            return self.servers.get(source.server)
        if len(self.servers) != 1:
            told = "name the server as metricSourceRef: the portal knows " + (
                f"several: {', '.join(sorted(self.servers))}." if self.servers else "none yet."
            )
            self.problems.add(document, "spec.indicator", told)
            return None
        return next(iter(self.servers.values()))


def _create(by: Any, model: Any, values: Mapping[str, Any]) -> Any:
    return create_record(by=by, model=model, values=values)


def _values(
    document: Document, wanted: Wanted, entity: Entity, source: Check | Metric, companions: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    is_check = isinstance(source, Check)
    extra: dict[str, Any] = {"document": document.value, "entity": entity.pk}
    return {
        "entity": entity,
        "name": wanted.name,
        "title": wanted.title,
        "description": wanted.description,
        "kind": wanted.kind,
        "source_check": source if is_check else None,
        "metric": None if is_check else source,
        "threshold_ms": wanted.threshold_ms if wanted.kind == SloKind.LATENCY else None,
        "target": wanted.target,
        "window_days": wanted.window_days,
        "extra": {**extra, "companions": list(companions)} if companions else extra,
    }


_TOLD = {
    "entity": "service", "title": "display name", "description": "description", "kind": "kind", "source_check": "check",
    "metric": "metric", "threshold_ms": "fast up to", "target": "target", "window_days": "window",
}  # fmt: skip


def _says_more(before: Slo, extra: Mapping[str, Any]) -> bool:
    """Whether a document holds anything that the SLO would not be written with as it is."""
    if before.extra == extra:
        return False
    companions = before.extra.get("companions", [])
    return document_of(before) != extra["document"] or companions != extra.get("companions", [])


def _changes(before: Slo, values: Mapping[str, Any]) -> list[str]:
    """Each value that changes, with what it was."""
    return [
        f"{label}: {_said(getattr(before, name))} → {_said(values[name])}"
        for name, label in _TOLD.items()
        if getattr(before, name) != values[name]
    ]


def _said(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "nothing" if value in (None, "") else str(value)[:80]


def _referred(document: Document, companions: Companions, seen: dict[tuple[str, str], None] | None = None) -> Any:
    """What a document refers to, directly or not, each once and before what refers to it."""
    seen = {} if seen is None else seen
    for key in _references(document.value):
        if key in companions and key not in seen and companions[key] is not document:
            seen[key] = None
            _referred(companions[key], companions, seen)
            # Moved behind what it refers to itself.
            seen[key] = seen.pop(key)
    return list(seen)


_REFERENCES = {
    "indicatorRef": "SLI", "metricSourceRef": "DataSource", "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition", "targetRef": "AlertNotificationTarget", "service": "Service",
}  # fmt: skip


def _references(value: Any) -> Iterable[tuple[str, str]]:
    """Every reference within a value, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in _REFERENCES and isinstance(inner, str):
                yield _REFERENCES[name], inner
            elif name == "alertPolicies" and isinstance(inner, list):
                yield from (("AlertPolicy", each) for each in inner if isinstance(each, str))
                yield from _references(inner)
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
