"""What forms and serializers refuse of single values before the action does, so that everything is said at once."""

import copy
from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

from portal.actions import check_name
from portal.api_errors import Unprocessable
from portal.references.models import Referenced
from portal.texts import text_problems


def problems_of(model: type[models.Model], values: Mapping[str, Any]) -> dict[str, str]:
    """Field → what the action would say of its value, whatever the other values are."""
    return {**text_problems(values), **_problem_of_name(model, values.get("name"))}


def rest_of(record: models.Model, values: Mapping[str, Any], refused: Collection[str]) -> dict[str, list[str]]:
    """Field → what the record as a whole would refuse with these values, beside the fields that are ``refused``
    already: they keep what they had. ``__all__`` stands for what is of no single field."""
    trial = copy.copy(record)
    for name, value in values.items():
        setattr(trial, name, value)
    try:
        trial.full_clean(exclude={*refused, "reference"})
    except ValidationError as problem:
        return {name: texts for name, texts in problem.message_dict.items() if name not in refused}
    return {}


def read(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """What was sent, checked. A name that may not be written is refused, not dropped."""
    sent = serializer.initial_data
    if not isinstance(sent, Mapping):
        raise Unprocessable({"body": ["Send a JSON object."]})
    written = [name for name, field in serializer.fields.items() if not field.read_only]
    for name in sent:
        if name not in written:
            raise Unprocessable({name: [f"cannot be written here. These can: {', '.join(written)}."]})
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _problem_of_name(model: type[models.Model], name: Any) -> dict[str, str]:
    if not name or not isinstance(name, str) or not issubclass(model, Referenced):
        return {}
    try:
        check_name(name)
    except ValidationError as problem:
        return {"name": problem.messages[0]}
    return {}


class SaidAtOnce(serializers.ModelSerializer[Any]):
    """Tells what the fields refuse together with what the action would refuse."""

    def to_internal_value(self, data: Any) -> Any:
        problems: dict[str, Any] = {**problems_of(self.Meta.model, data)}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as refused:
            problems.update(refused.detail)  # type: ignore[arg-type]
        if problems:
            raise serializers.ValidationError(problems)
        return values
