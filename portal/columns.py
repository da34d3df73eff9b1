"""What a column is.

A column is one named value of a record that the database can compute: a field path (``owner``, ``state__dependants``)
or an ORM expression. Its name is its identity in address, API, file header, saved view and permission, and never
changes. Everything else about it (filter, cell, API field, file cell) follows from its *kind*, which is inferred from
the model field or from the expression's ``output_field``. A value that SQL cannot give is not a column; it is a panel.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.fields.related import ForeignObjectRel

from portal.kinds import (
    BOOLEAN,
    CHOICE,
    DATE,
    DATETIME,
    DECIMAL,
    INTEGER,
    JSON,
    REFERENCE,
    TAGS,
    TEXT,
    Kind,
)
from portal.references.models import Reference

Expression = BaseExpression | Combinable


@dataclass(frozen=True)
class Column:
    """The declaration of one column.

    ``source`` is a field path, by default the name itself; ``expr`` an expression, or a function of the reader that
    returns one (an expression counting other records must count only what the reader may see). ``search`` is a
    full-text weight from A to D. ``shown=False`` leaves the column out until it is chosen. ``perm`` names a permission
    without which the column does not exist for the reader: not in list, file, API, filter or sort. ``cell`` picks
    another look than the kind's own (portal.cells), and ``beside`` names field paths whose values that look needs, such
    as a unit; files and the API do without them.
    """

    name: str
    source: str = ""
    expr: Expression | Callable[[Any], Expression] | None = None
    label: str = ""
    cell: str = ""
    search: str = ""
    shown: bool = True
    perm: str = ""
    help: str = ""
    beside: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return self.source or self.name


@dataclass(frozen=True)
class Field:
    """A column bound to its model: what the declaration left to be inferred."""

    column: Column
    kind: Kind
    label: str
    path: str
    nullable: bool
    choices: tuple[tuple[Any, str], ...] = ()
    labels: dict[Any, str] = field(default_factory=dict, hash=False, compare=False)
    kinds: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def cell(self) -> str:
        return self.column.cell or self.kind.name

    @property
    def paths(self) -> tuple[str, ...]:
        """What ``values_list`` must read for this column; cells and files get these values as one tuple."""
        return (*(self.path + suffix for suffix in self.kind.reads), *self.column.beside)

    @property
    def is_text(self) -> bool:
        """Whether the text box of a list that the search index does not have looks through it."""
        return self.kind in (TEXT, REFERENCE)

    @property
    def sort_path(self) -> str:
        return self.path + self.kind.reads[0]

    def annotation(self, reader: Any) -> dict[str, Expression]:
        if self.column.expr is None:
            return {}
        expr = self.column.expr
        return {self.path: expr if isinstance(expr, BaseExpression | Combinable) else expr(reader)}


def bind(column: Column, model: type[models.Model]) -> Field:
    """Infer the kind of ``column`` from ``model``. Raises FieldDoesNotExist when the path leads nowhere."""
    if column.expr is not None:
        return _bind_expression(column)
    source = resolve(model, column.path)
    kind = kind_of(source)
    choices = tuple((value, str(label)) for value, label in (source.choices or ()))
    return Field(
        column,
        kind,
        column.label or _sentence(_label_of(column, source)),
        column.path,
        nullable=_may_be_null(model, column.path),
        choices=choices,
        labels=dict(choices),
        kinds=_reference_kinds(source),
    )


def _reference_kinds(source: Any) -> tuple[str, ...]:
    """Which kinds of record a foreign key to Reference may name, for suggestions."""
    limit: Any = source.get_limit_choices_to() if isinstance(source, models.ForeignKey) else {}
    return tuple(limit.get("kind__in", ()))


def _bind_expression(column: Column) -> Field:
    expr: Any = column.expr
    output = (expr if isinstance(expr, BaseExpression) else expr(None)).output_field
    choices = tuple((value, str(label)) for value, label in (output.choices or ()))
    return Field(
        column,
        kind_of(output),
        column.label or _sentence(column.name.replace("_", " ")),
        f"x_{column.name}",
        True,
        choices=choices,
        labels=dict(choices),
    )


def _label_of(column: Column, source: Any) -> str:
    """A path through relations says more by the column's own name than by the last field's."""
    return column.name.replace("_", " ") if "__" in column.path else str(source.verbose_name)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def resolve(model: type[models.Model], path: str) -> Any:
    """Return the model field at the end of ``path``, such as ``state__dependants``."""
    *through, last = path.split("__")
    for step in through:
        related = model._meta.get_field(step).related_model
        if not isinstance(related, type):
            raise FieldDoesNotExist(f"{model.__name__}.{step} leads to no other record.")
        model = related
    found = model._meta.get_field(last)
    if isinstance(found, ForeignObjectRel):
        raise FieldDoesNotExist(f"{model.__name__}.{last} is many records, not one value; count them in an expr.")
    return found


def _may_be_null(model: type[models.Model], path: str) -> bool:
    nullable = False
    for step in path.split("__"):
        source = model._meta.get_field(step)
        nullable = nullable or bool(getattr(source, "null", True)) or isinstance(source, ForeignObjectRel)
        model = source.related_model  # type: ignore[assignment]
    return nullable


_KIND_OF_FIELD: tuple[tuple[type, Kind], ...] = (
    (models.BooleanField, BOOLEAN),
    (models.DateTimeField, DATETIME),
    (models.DateField, DATE),
    (models.DecimalField, DECIMAL),
    (models.FloatField, DECIMAL),
    (models.IntegerField, INTEGER),
    (ArrayField, TAGS),
    (models.JSONField, JSON),
    (models.CharField, TEXT),
    (models.TextField, TEXT),
    (models.UUIDField, TEXT),
)


def kind_of(source: Any) -> Kind:
    """The inference table: which kind of column a model field makes."""
    if isinstance(source, models.ForeignKey):
        if source.related_model is not Reference:
            raise FieldDoesNotExist(f"{source.name} leads to a record, not a value; name a field of that record.")
        return REFERENCE
    if getattr(source, "choices", None):
        return CHOICE
    for field_type, kind in _KIND_OF_FIELD:
        if isinstance(source, field_type):
            return kind
    raise FieldDoesNotExist(f"There is no kind of column for {type(source).__name__}.")
