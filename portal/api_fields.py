"""Fields of the API for what forms have fields of their own for (portal.fields)."""

import re
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db import models
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.fields import chosen_from, kinds_of, references_of
from portal.forms import reference_kinds
from portal.references.finding import find_reference
from portal.references.models import Reference, Referenced

MOST_NAMED = 10
_NUMBER = re.compile(r"[0-9]{1,18}")


@extend_schema_field(OpenApiTypes.STR)
class ReferenceField(serializers.Field):  # type: ignore[type-arg]
    """A record by short name or canonical reference; null for none."""

    def __init__(self, *, kinds: tuple[str, ...], **options: Any) -> None:
        self.kinds = kinds
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Reference:
        text = data.get("ref") if isinstance(data, dict) else data
        if not isinstance(text, str) or not text.strip():
            raise serializers.ValidationError("Expected a name such as “checkout”, or a reference.")
        try:
            return find_reference(text.strip(), self.kinds, self.among())
        except InvalidValue as problem:
            raise serializers.ValidationError(problem.messages) from None

    def among(self) -> models.QuerySet[Reference] | None:
        """Where it is looked for; None for everywhere."""
        return None

    def to_representation(self, value: Any) -> str:
        return str(value.canonical)


class NumberField(serializers.FloatField):
    """A number. What is true or false is none, though Python counts with it: it would be kept as 1 or 0."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


# What a serializer of a model reads its fields with.
FIELDS: dict[Any, Any] = {
    **serializers.ModelSerializer.serializer_field_mapping,
    models.FloatField: NumberField,
}


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class RecordField(ReferenceField):
    """A record itself, by its reference or by its number, of those that the ``reader`` of the context may see."""

    def __init__(self, *, model: type[Referenced], **options: Any) -> None:
        self.model = model
        super().__init__(kinds=kinds_of(model), **options)

    def to_internal_value(self, data: Any) -> Any:
        is_number = not isinstance(data, bool) and _NUMBER.fullmatch(str(data)) is not None
        asked = {"pk": int(data)} if is_number else {"reference": super().to_internal_value(data)}
        rows, seen = self.model._default_manager.filter(**asked), self.among()
        found = (rows if seen is None else rows.filter(reference__in=seen)).first()
        if found is None:
            told = f"There is none of the number {data}." if is_number else "It is pointed at, but nobody described it."
            raise serializers.ValidationError(told)
        return found

    def among(self) -> models.QuerySet[Reference] | None:
        return references_of(self.model, self.context.get("reader"))


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class SluggedField(serializers.Field):  # type: ignore[type-arg]
    """A record that has a slug and a name, such as a severity: by either, or by its number; of those that ``limit``
    leaves. One that is switched off is there no more, but for the record that has it."""

    def __init__(self, *, model: type[models.Model], limit: Any = None, **options: Any) -> None:
        self.model, self.limit = model, limit or {}
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, str | int):
            raise serializers.ValidationError("Send a name, a slug or a number.")
        text = str(data).strip()
        found = self._found(text, is_number=isinstance(data, int)) if "\x00" not in text else []
        if len(found) > 1:
            slugs = ", ".join(each.slug for each in found)
            raise serializers.ValidationError(f"Several are called “{text[:80]}”. Send the slug of one: {slugs}.")
        if not found:
            raise serializers.ValidationError(
                f"There is no {self.model._meta.verbose_name} “{text[:80]}”. {self._these()}"
            )
        return found[0]

    def to_representation(self, value: Any) -> str:
        return str(value.slug)

    def _found(self, text: str, *, is_number: bool) -> list[Any]:
        """What is meant: by a text the slug before the name before the number, because one may be called “1”."""
        by_number = models.Q(pk=int(text)) if _NUMBER.fullmatch(text) else models.Q(pk=None)
        ways = [models.Q(slug__iexact=text), models.Q(name__iexact=text), by_number]
        for way in reversed(ways) if is_number else ways:
            if found := list(self._rows().filter(way)):
                return found
        return []

    def _rows(self) -> models.QuerySet[Any]:
        instance = getattr(self.parent, "instance", None)
        rows = self.model._default_manager.complex_filter(self.limit).order_by("pk")
        return chosen_from(rows, getattr(instance, f"{self.source}_id", None))

    def _these(self) -> str:
        names = list(self._rows().values_list("name", flat=True)[: MOST_NAMED + 1])
        return f"There are: {', '.join(names[:MOST_NAMED])}{' and others' if len(names) > MOST_NAMED else ''}."


def field_of_relation(field: Any) -> tuple[type[serializers.Field[Any, Any, Any, Any]], dict[str, Any]] | None:
    """The field that reads what a foreign key points at, with its options; None where a number is all there is."""
    model, options = field.related_model, {"required": not field.blank, "allow_null": field.null}
    if model is Reference:
        return ReferenceField, {"kinds": reference_kinds(field), **options}
    if issubclass(model, Referenced):
        return RecordField, {"model": model, **options}
    limit = field.get_limit_choices_to()
    return (SluggedField, {"model": model, "limit": limit, **options}) if hasattr(model, "slug") else None
