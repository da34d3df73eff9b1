"""Collections: a kind of record, declared once. List, filter, file, API, form and search follow from its columns.

A higher app adds a column to a lower app's collection with ``extend``; nothing else about a collection is pluggable.
Where a declaration is not enough, write an ordinary view, form or template.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import get_script_prefix, reverse

from portal import actions
from portal.columns import Column, Field, bind
from portal.references.models import Reference, Referenced

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Tool:
    """A link of a list to a page of another kind, the URL ``name``. One with ``act`` is for those who may, beside the
    title; one without is in the menu of exports, of what the query string asks for: a file, or a page that leads to
    one."""

    label: str
    name: str
    icon: str
    act: str = ""
    is_page: bool = False


@dataclass(frozen=True)
class Collection:
    """One kind of record.

    ``rows`` returns the queryset of all of them; where that queryset has a method ``visible(reader)``, it is the row
    rule. ``order`` is a column name, with ``-`` for descending. ``form`` names the model fields that people may write,
    ``choices`` the rows that the form offers for some of them, besides the one a record has already;
    ``offers`` the filters of what is suggested for some of them: in ``service={entity}`` stands what is in ``entity``.
    ``kinds`` are the reference kinds whose page this is. ``defaults`` are filters that hold until the reader asks for
    something else of the same column (``type=*`` for anything). ``group`` and ``place`` say where navigation shows it,
    unless it is not ``listed``. ``line`` names the columns that answer for a record in search results, and ``preview``
    those that its preview answers besides. ``perm`` is needed to see any of it. ``keeps`` says why nothing of it is
    deleted, and what to do instead. ``create``, ``update`` and ``delete`` are the actions that pages and API call.
    ``said_once`` are fields that the API takes of a new record besides those of its form: name → what makes the field.
    ``along`` are relations of relations that the page of a record shows, and that are read with it.
    ``tools`` are links of the list to other pages and files, ``shapes`` those to its other shapes: pages that show the
    same rows of the same query string in another way. ``begin`` is what the button says that leads to a new
    one, where “New” is not the word. ``trial`` is the name of the URL that tries the values of
    a form without saving them. ``goes`` and ``stays`` say what a deletion takes and leaves besides the record and its
    history, where it is none of the catalog.
    """

    model: type[models.Model]
    slug: str
    columns: tuple[Column, ...]
    order: str
    rows: Callable[[], models.QuerySet[Any]]
    label: str = ""
    label_one: str = ""
    description: str = ""
    icon: str = "list"
    group: str = "Catalog"
    place: int = 50
    form: tuple[str, ...] = ()
    offers: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Callable[[], models.QuerySet[Any]]] = field(default_factory=dict)
    kinds: tuple[str, ...] = ()
    defaults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    line: tuple[str, ...] = ()
    preview: tuple[str, ...] = ()
    empty: str = ""
    perm: str = ""
    keeps: str = ""
    listed: bool = True
    said_once: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    along: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    shapes: tuple[Tool, ...] = ()
    begin: str = ""
    trial: str = ""
    goes: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    create: Callable[..., Any] | None = actions.create_record
    update: Callable[..., Any] | None = actions.update_record
    delete: Callable[..., Any] | None = actions.delete_record

    @property
    def title(self) -> str:
        return self.label or str(self.model._meta.verbose_name_plural).capitalize()

    @property
    def title_one(self) -> str:
        return self.label_one or str(self.model._meta.verbose_name)

    @property
    def referenced(self) -> bool:
        return issubclass(self.model, Referenced)

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Every column by name, bound to the model; own ones first, then those of higher apps."""
        return {column.name: bind(column, self.model) for column in (*self.columns, *_extensions.get(self.slug, ()))}

    @property
    def is_sound(self) -> bool:
        """Whether every column leads somewhere."""
        try:
            return bool(self.fields)
        except (FieldDoesNotExist, AttributeError):
            return False

    @cached_property
    def is_searched(self) -> bool:
        """Whether the search index has its records; elsewhere the text box of the list looks through every text."""
        speaker = first_collection_of(self.model) or self
        return any(field.column.search for field in speaker.fields.values())

    def fields_for(self, reader: Any) -> dict[str, Field]:
        """The columns that exist for this reader."""
        return {
            name: bound
            for name, bound in self.fields.items()
            if not bound.column.perm or reader.has_perm(bound.column.perm)
        }

    def visible(self, reader: Any) -> models.QuerySet[Any]:
        """The rows that exist for this reader."""
        rows = self.rows()
        rows = rows.visible(reader) if hasattr(rows, "visible") else rows
        return known_to(reader, rows) if self.model is Reference else rows

    @cached_property
    def has_row_rule(self) -> bool:
        """Whether some rows may not exist for some reader. A reference is as hidden as the record behind it."""
        return hasattr(self.rows(), "visible") or (self.model is Reference and bool(guarded_collections()))

    def may(self, reader: Any, act: str, record: models.Model | None = None) -> bool:
        """Whether the reader may ``view``, ``add``, ``change``, ``delete``, or use a tool, in general or this one."""
        if act == "view":
            return not self.perm or reader.has_perm(self.perm)
        if not {"add": self.create, "change": self.update, "delete": self.delete}.get(act, True):
            return False
        if act != "delete" and not self.form:
            return False
        meta = self.model._meta
        return bool(reader.has_perm(f"{meta.app_label}.{act}_{meta.model_name}", record))

    def as_listed(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a new record, with what its list asks for by default where nothing was said: without, it would
        be missing from the list it was made in."""
        return {**self.first_values, **{name: value for name, value in values.items() if value not in (None, "")}}

    @property
    def first_values(self) -> dict[str, Any]:
        """What the form of a new record begins with; yes and no are left to the model."""
        return {name: texts[0] for name, texts in self.defaults.items() if name in self.form and texts[0] != "true"}

    # Addresses

    @cached_property
    def key_paths(self) -> tuple[str, ...]:
        if self.referenced:
            return ("reference__kind", "reference__namespace", "reference__name")
        return ("kind", "namespace", "name") if self.model is Reference else ("pk",)

    def key(self, *parts: Any) -> str:
        """The last part of a record's address from the values of ``key_paths``."""
        if len(parts) == 1:
            return str(parts[0])
        kind, namespace, name = parts
        if len(self.kinds) != 1:
            return f"{kind}:{namespace}:{name}"
        return name if namespace == "default" else f"{namespace}:{name}"

    def key_of(self, record: models.Model) -> str:
        if len(self.key_paths) == 1:
            return self.key(record.pk)
        reference: Any = getattr(record, "reference", record)
        return self.key(reference.kind, reference.namespace, reference.name)

    def key_condition(self, key: str) -> models.Q:
        """The condition that finds the record with this key, canonical reference or uid."""
        if len(self.key_paths) == 1:
            return models.Q(pk=int(key)) if key.isdecimal() and len(key) < 19 else models.Q(pk=None)
        prefix = self.key_paths[0].removesuffix("kind")
        return reference_condition(key, prefix, self.kinds)

    @property
    def url(self) -> str:
        return reverse("collection", args=[self.slug])

    @property
    def api_url(self) -> str:
        return reverse(f"api-{self.slug}")

    def record_url(self, key: str, act: str = "record") -> str:
        before, after = _address_around(act, self.slug, get_script_prefix())
        return f"{before}{quote(key, safe=_UNQUOTED)}{after}"

    def url_of(self, record: models.Model) -> str:
        return self.record_url(self.key_of(record))


# What Django leaves as it is in the addresses it makes.
_UNQUOTED = "!$&'()*+,;=/~:@"


@lru_cache(maxsize=512)
def _address_around(act: str, slug: str, prefix: str) -> tuple[str, str]:
    """What stands before and after the key: a page has hundreds of addresses, and resolving each takes its time."""
    before, _, after = reverse(act, args=[slug, "KEY"]).rpartition("KEY")
    return before, after


_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


def reference_condition(key: str, prefix: str, kinds: tuple[str, ...]) -> models.Q:
    """Find by ``name``, ``namespace:name``, ``kind:namespace:name``, a canonical reference, or a uid."""
    # Only the dashed form: 32 digits without dashes are a name that somebody may give.
    if _UID.fullmatch(key):
        return models.Q(**{f"{prefix}uid": UUID(key)})
    parts = key.lower().replace("/", ":").split(":")
    if len(parts) > 3 or not all(parts) or "\x00" in key:
        return models.Q(pk=None)
    name, namespace, kind = (*reversed(parts), *("default", "")[len(parts) - 1 :])
    found = models.Q(**{f"{prefix}namespace": namespace, f"{prefix}name": name})
    if kind:
        return found & models.Q(**{f"{prefix}kind": kind})
    return found & models.Q(**{f"{prefix}kind__in": kinds}) if kinds else found


_registry: dict[str, Collection] = {}
_extensions: dict[str, list[Column]] = {}
_by_kind: dict[str, Collection] = {}


def register(collection: Collection) -> Collection:
    """Make the collection known. The first one registered for a reference kind is that kind's page."""
    if collection.slug in _registry:
        raise ValueError(f"Two collections are called “{collection.slug}”.")
    _registry[collection.slug] = collection
    for kind in collection.kinds:
        _by_kind.setdefault(kind, collection)
    return collection


def extend(collection: Collection, *columns: Column) -> None:
    """Add columns of a higher app to a collection of a lower one."""
    _extensions.setdefault(collection.slug, []).extend(columns)
    for name in ("fields", "is_searched"):
        collection.__dict__.pop(name, None)


def collections() -> Iterable[Collection]:
    return _registry.values()


def get_collection(slug: str) -> Collection | None:
    return _registry.get(slug)


def collection_of(record: models.Model) -> Collection | None:
    """The collection whose page shows this record."""
    if isinstance(record, Referenced):
        return _by_kind.get(record.reference.kind) or first_collection_of(type(record))
    return first_collection_of(type(record))


def first_collection_of(model: type[models.Model]) -> Collection | None:
    """The collection that speaks for all records of a model: the first one registered."""
    return next((each for each in _registry.values() if each.model is model), None)


def collection_of_kind(kind: str) -> Collection | None:
    return _by_kind.get(kind)


# References of records that a reader may not see


def guarded_collections() -> list[Collection]:
    """The collections, one for each model with references, that hide rows or everything from some readers."""
    speakers = (first_collection_of(model) for model in {each.model for each in _registry.values() if each.referenced})
    return [each for each in speakers if each is not None and (each.perm or each.has_row_rule)]


def known_to(reader: Any, rows: models.QuerySet[Any], path: str = "pk") -> models.QuerySet[Any]:
    """The rows whose reference, at ``path``, the reader may know of: a loose end, or one of a record they may see."""
    for each in guarded_collections():
        seen = _seen(reader, each)
        behind = each.model._default_manager.values("reference")
        is_known = ~models.Q(**{f"{path}__in": behind}) | models.Q(**{f"{path}__in": seen.values("reference")})
        rows = rows.filter(is_known)
    return rows


def unknown_to(reader: Any, reference_ids: Iterable[int | None] | None = None) -> dict[int, str]:
    """Those of the references, or of all there are, that stand for records the reader may not see: id → canonical.

    They are few, and asked for once in the life of the ``reader``, which is that of a request: panel after panel of a
    page wants to know."""
    if not hasattr(reader, "hidden_references"):
        reader.hidden_references = _hidden_from(reader)
    hidden: dict[int, str] = reader.hidden_references
    return hidden if reference_ids is None else {pk: hidden[pk] for pk in reference_ids if pk in hidden}


def _hidden_from(reader: Any) -> dict[int, str]:
    """Read from the records, table by table: looked for among all references, the few would take as long as all."""
    hidden = [
        _unseen(reader, each)
        .filter(reference__attached=True)
        .order_by()
        .values_list("reference", "reference__canonical")
        for each in guarded_collections()
    ]
    return dict(hidden[0].union(*hidden[1:], all=True)) if hidden else {}


def _unseen(reader: Any, collection: Collection) -> models.QuerySet[Any]:
    """The records of a guarded collection that the reader may not see. A queryset that can name them by itself, as
    ``hidden_from``, is spared from reading all that they may."""
    every: Any = collection.model._default_manager.all()
    if collection.may(reader, "view") and hasattr(every, "hidden_from"):
        found: models.QuerySet[Any] = every.hidden_from(reader)
    else:
        found = every.filter(~models.Exists(_seen(reader, collection).filter(pk=models.OuterRef("pk"))))
    return found


def _seen(reader: Any, collection: Collection) -> models.QuerySet[Any]:
    return collection.visible(reader) if collection.may(reader, "view") else collection.rows().none()


def reference_url(canonical: str, attached: bool = True) -> str:
    """The page of whatever ``canonical`` names: its record's, or the reference's own where nothing is described."""
    kind, _, rest = canonical.partition(":")
    namespace, _, name = rest.partition("/")
    collection = (_by_kind.get(kind) if attached else None) or _registry["references"]
    return collection.record_url(collection.key(kind, namespace, name))
