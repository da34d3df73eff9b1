"""Reading what the API is sent: a serializer for each collection's ``form`` fields, made once."""

from functools import cache
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from django.db import models
from rest_framework import serializers

from portal.api_fields import FIELDS, field_of_relation
from portal.collections import get_collection
from portal.fields import LinksField
from portal.named_values import NamedValues
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
    serializer_field_mapping = FIELDS

    def build_field(self, field_name: str, info: Any, model_class: type[models.Model], nested_depth: int) -> Any:
        field = model_class._meta.get_field(field_name)
        if isinstance(field, models.ForeignKey) and (found := field_of_relation(field)):
            return found
        if isinstance(field, NamedValues):
            return serializers.DictField, {"child": serializers.CharField(allow_blank=True), "required": False}
        if isinstance(field, models.JSONField):
            return LinkSerializer, {"many": True, "required": False}
        return super().build_field(field_name, info, model_class, nested_depth)


@cache
def serializer_class(slug: str, *, is_new: bool = False) -> type[RecordSerializer]:
    """The serializer that reads what may be written to a collection, and of a new record what is said only once."""
    collection = get_collection(slug)
    assert collection is not None  # noqa: S101  the slug comes from a registered collection
    more = {name: make() for name, make in collection.said_once.items()} if is_new else {}
    name = f"{collection.title_one.title().replace(' ', '')}{'New' if more else 'Write'}"
    # What must be unique is the action's to check: it knows the whole record, also where only a part of it is sent.
    meta = type("Meta", (), {"model": collection.model, "fields": (*collection.form, *more), "validators": ()})
    return type(name, (RecordSerializer,), {"Meta": meta, **more})
