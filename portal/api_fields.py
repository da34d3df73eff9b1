"""Fields of the API for what forms have fields of their own for (portal.fields)."""

import re
from typing import Any

from django.core.exceptions import ValidationError as InvalidValue
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.fields import kinds_of
from portal.references.finding import find_reference
from portal.references.models import Reference, Referenced

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
        is_number = not isinstance(data, bool) and _NUMBER.fullmatch(str(data)) is not None
        asked = {"pk": int(data)} if is_number else {"reference": super().to_internal_value(data)}
        found = self.model._default_manager.filter(**asked).first()
        if found is None:
            told = f"There is none of the number {data}." if is_number else "It is pointed at, but nobody described it."
            raise serializers.ValidationError(told)
        return found
