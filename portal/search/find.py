"""Finding records of every collection by what was typed; each result line answers who owns it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from html import unescape
from itertools import islice
from typing import Any

from django.apps import apps
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Left
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString

from portal.cells import as_text, cell
from portal.collections import Collection, collection_of_kind, collections, first_collection_of, unknown_to
from portal.columns import Field
from portal.query import unnamed
from portal.search import words
from portal.search.models import SearchEntry

# Candidates that are ranked; of more than these the rest is behind "Search everything".
CANDIDATES = 400
# The first names that begin with what was typed: as many as a page shows, and one that says there are more.
BEGINNINGS = 51
MOST_SUGGESTIONS = 5
# Of these the suggestions are taken: not all of them are of the list that an address names.
MOST_LOOKED_AT = 50
DESCRIPTION_SHOWN = 300


@dataclass(frozen=True)
class Result:
    """One line: what was found, its answer in words (owner, tier …), and the same facts for the preview."""

    collection: Collection
    key: str
    name: str
    title: str
    description: str
    meta: str
    facts: tuple[tuple[str, SafeString], ...]

    @property
    def url(self) -> str:
        return self.collection.record_url(self.key)


@dataclass(frozen=True)
class Found:
    results: tuple[Result, ...]
    more: bool


def find(reader: Any, text: str, limit: int = 20) -> Found:
    """The best matches for ``text`` among what the reader may see: whole names, beginnings, then the rest."""
    text = text.replace("\x00", "")
    asked = words.query(text)
    if not asked:
        return Found((), False)
    entries = list(_ranked(reader, text, asked)[: limit + 1])
    by_place = {entry: at for at, entry in enumerate(entries)}
    results = sorted(
        (
            result
            for model in dict.fromkeys(model for model, _ in entries)
            for result in _results(reader, model, entries)
        ),
        key=lambda placed: by_place[placed[0]],
    )
    return Found(tuple(result for _, result in results[:limit]), len(entries) > limit)


def _ranked(reader: Any, text: str, asked: str) -> QuerySet[Any]:
    typed = text.strip().lower()
    begins = " ".join(words.words(text))
    entries = SearchEntry.objects.filter(_visible(reader))
    # Taking a bounded number first keeps a query that matches a third of everything as quick as any other.
    near = entries.filter(name__startswith=typed).order_by("name").values("pk")[:BEGINNINGS]
    some = entries.filter(document__words=asked).order_by().values("pk")[:CANDIDATES]
    rank = Case(
        When(name=typed, then=Value(0)),
        When(name__startswith=typed, then=Value(1)),
        When(name__contains=begins.replace(" ", "-"), then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return (
        SearchEntry.objects.filter(pk__in=near.union(some))
        .annotate(rank=rank)
        .order_by("rank", F("name"), "pk")
        .values_list("model", "object_id")
    )


def _visible(reader: Any) -> Q:
    """Entries of collections without a row or page rule, and of the others those the reader may see."""
    condition = Q()
    for model in {each.model for each in collections()}:
        speaker = first_collection_of(model)
        assert speaker is not None  # noqa: S101  the model came from a collection
        label = model._meta.label_lower
        if not speaker.may(reader, "view"):
            condition &= ~Q(model=label)
        elif speaker.has_row_rule:
            condition &= ~Q(model=label) | Q(object_id__in=speaker.visible(reader).values("pk"))
    return condition


def _results(reader: Any, label: str, entries: list[tuple[str, int]]) -> Iterable[tuple[tuple[str, int], Result]]:
    """The lines for the found records of one model: one query."""
    model = apps.get_model(label)
    speaker = first_collection_of(model)
    if speaker is None:
        return
    pks = [pk for entry_label, pk in entries if entry_label == label]
    fields = speaker.fields_for(reader)
    asked = [
        field
        for name, field in fields.items()
        if field.cell == "link" or name in {*speaker.line, *speaker.preview, "title", "description"}
    ]
    rows = speaker.visible(reader).filter(pk__in=pks)
    annotations = {path: expr for field in asked for path, expr in field.annotation(reader).items()}
    if described := fields.get("description"):
        # Cut where it lies: a text from a file may be long, and a line shows how it begins.
        annotations["description_begins"] = Left(described.path, DESCRIPTION_SHOWN)
    begun = {described.path: "description_begins"} if described else {}
    paths = ["pk", *speaker.key_paths, *(begun.get(path, path) for field in asked for path in field.paths)]
    hidden = frozenset(unknown_to(reader).values())
    for row in rows.annotate(**annotations).values_list(*paths):
        yield (label, row[0]), _result(speaker, asked, row, hidden)


def _result(speaker: Collection, asked: list[Field], row: tuple[Any, ...], hidden: frozenset[str]) -> Result:
    at = 1 + len(speaker.key_paths)
    parts = row[1:at]
    home = _home(speaker, parts)
    values: dict[str, tuple[Field, tuple[Any, ...]]] = {}
    for field in asked:
        width = len(field.paths)
        values[field.name] = (field, unnamed([field], [row[at : at + width]], hidden)[0])
        at += width
    line = {name: values[name] for name in speaker.line if name in values}
    told = {**line, **{name: values[name] for name in speaker.preview if name in values}}
    linked = next((pair for pair in values.values() if pair[0].cell == "link"), None)
    return Result(
        collection=home,
        key=home.key(*parts),
        name=_said(linked),
        title=_said(values.get("title") or linked),
        description=_said(values.get("description")),
        meta=", ".join(said for pair in line.values() if (said := _meta(pair))),
        facts=tuple((field.label, cell(field, value)) for field, value in told.values()),
    )


def _home(speaker: Collection, parts: tuple[Any, ...]) -> Collection:
    return (collection_of_kind(parts[0]) if len(parts) == 3 else None) or speaker


def _said(pair: tuple[Field, tuple[Any, ...]] | None) -> str:
    return as_text(*pair) if pair else ""


def _meta(pair: tuple[Field, tuple[Any, ...]]) -> str:
    field, values = pair
    if values[0] in (None, ""):
        return "no owner" if field.name == "owner" else ""
    if field.column.beside:
        return f"{field.label.lower()} {unescape(strip_tags(cell(field, values)))}"
    return f"{field.label.lower()} {values[0]}" if field.kind.numeric else as_text(field, values)


def marked(name: str, text: str) -> SafeString:
    """The name with what was typed marked."""
    typed = text.strip().lower()
    at = name.lower().find(typed) if typed else -1
    if at < 0:
        return format_html("{}", name)
    end = at + len(typed)
    return format_html("{}<mark>{}</mark>{}", name[:at], name[at:end], name[end:])


def suggestions(reader: Any, word: str, among: Collection | None = None) -> list[dict[str, str]]:
    """Pages near a word that led nowhere, for the page that says so: found as a search would, spelled nearly so, or
    having one of its parts; of the kind of record that ``among`` has, where the address names a list."""
    parts = sorted(words.words(word), key=len, reverse=True)
    for results in (_named(reader, word), _nearly(reader, word), *(_named(reader, part) for part in parts)):
        alike = (each for each in results if among is None or each.collection.model is among.model)
        found = list(islice(alike, MOST_SUGGESTIONS))
        if found:
            return [{"label": each.name, "url": each.url, "note": each.meta} for each in found]
    return []


def _named(reader: Any, text: str) -> Iterable[Result]:
    """Searched only when it is asked for."""
    yield from find(reader, text, MOST_LOOKED_AT).results


def _nearly(reader: Any, word: str) -> Iterable[Result]:
    """Records whose name is spelled nearly as ``word``, the nearest first."""
    asked = words.parts_query(word)
    if not asked:
        return
    alike = SearchEntry.objects.filter(_visible(reader), document__words=asked).order_by()[:CANDIDATES]
    found = {name: (model, pk) for model, pk, name in alike.values_list("model", "object_id", "name")}
    entries = [found[name] for name in get_close_matches(word.lower(), found, MOST_SUGGESTIONS)]
    results = dict(pair for model in {model for model, _ in entries} for pair in _results(reader, model, entries))
    yield from (results[entry] for entry in entries if entry in results)
