"""Reading what the API is sent: a serializer for each collection's ``form`` fields, made once."""

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db import models
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.collections import get_collection
from portal.fields import LinksField, kinds_of
from portal.forms import reference_kinds
from portal.named_values import NamedValues
from portal.references.finding import find_reference
from portal.references.models import Reference, Referenced
from portal.refusing import SaidAtOnce


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
            return find_reference(text.strip(), self.kinds)
        except InvalidValue as problem:
            raise serializers.ValidationError(problem.messages) from None

    def to_representation(self, value: Any) -> str:
        return str(value.canonical)


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "integer"}]})
class RecordField(ReferenceField):
    """A record itself, by its reference or by its number."""

    def __init__(self, *, model: type[Referenced], **options: Any) -> None:
        self.model = model
        super().__init__(kinds=kinds_of(model), **options)

    def to_internal_value(self, data: Any) -> Any:
        is_number = (isinstance(data, int) and not isinstance(data, bool)) or str(data).isdecimal()
        asked = {"pk": int(data)} if is_number else {"reference": super().to_internal_value(data)}
        found = self.model._default_manager.filter(**asked).first()
        if found is None:
            told = f"There is none of the number {data}." if is_number else "It is pointed at, but nobody described it."
            raise serializers.ValidationError(told)
        return found


class LinkSerializer(serializers.Serializer[Any]):
    """One link; the address must have a scheme that a link may have."""

    url = serializers.CharField(max_length=2000)
    title = serializers.CharField(required=False, allow_blank=True, max_length=200)

    def validate_url(self, value: str) -> str:
        try:
            LinksField(required=False).clean(value)
        except InvalidValue as problem:
            raise serializers.ValidationError(problem.messages) from None
        return value


class RecordSerializer(SaidAtOnce):
    def build_field(self, field_name: str, info: Any, model_class: type[models.Model], nested_depth: int) -> Any:
        field = model_class._meta.get_field(field_name)
        if isinstance(field, models.ForeignKey) and field.related_model is Reference:
            kinds = reference_kinds(field)
            return ReferenceField, {"kinds": kinds, "required": not field.blank, "allow_null": field.null}
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, Referenced):
            return RecordField, {"model": field.related_model, "required": not field.blank, "allow_null": field.null}
        if isinstance(field, NamedValues):
            return serializers.DictField, {"child": serializers.CharField(allow_blank=True), "required": False}
        if isinstance(field, models.JSONField):
            return LinkSerializer, {"many": True, "required": False}
        return super().build_field(field_name, info, model_class, nested_depth)


@cache
def serializer_class(slug: str) -> type[RecordSerializer]:
    """The serializer that reads what may be written to a collection."""
    collection = get_collection(slug)
    assert collection is not None  # noqa: S101  the slug comes from a registered collection
    name = f"{collection.title_one.title().replace(' ', '')}Write"
    # What must be unique is the action's to check: it knows the whole record, also where only a part of it is sent.
    meta = type("Meta", (), {"model": collection.model, "fields": collection.form, "validators": ()})
    return type(name, (RecordSerializer,), {"Meta": meta})
