"""Reading what the API is sent: a serializer for each collection's ``form`` fields, made once."""

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db import models
from rest_framework import serializers

from portal.api_fields import RecordField, ReferenceField
from portal.collections import get_collection
from portal.fields import LinksField
from portal.forms import reference_kinds
from portal.named_values import NamedValues
from portal.references.models import Reference, Referenced
from portal.refusing import SaidAtOnce


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
