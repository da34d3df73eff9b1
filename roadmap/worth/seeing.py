"""What may be named by whom: a private initiative or incident is unknown to whoever may not see it."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from incidents.models import Incident
from roadmap.models import Initiative


def refuse_hidden(by: Any, field: str, named: Initiative | Incident | None) -> None:
    """Raise ValidationError for a private record that ``by`` may not see. Machines (None) see all. Forms and the API do
    not find it in the first place, so that what they say of it is what they say of any text."""
    if named is None or by is None or not named.is_private:
        return
    model: Any = type(named)
    if not model.objects.visible(by).filter(pk=named.pk).exists():
        raise ValidationError({field: f"There is no {model._meta.verbose_name} that you may see."})


def refuse_foreign(by: Any, perm: str, trial: models.Model, field: str, told: str) -> None:
    """Raise ValidationError where ``by`` may not have such a record: it would be another team's."""
    if by is not None and not by.has_perm(perm, trial):
        raise ValidationError({field: told})


def changed_in(record: Any, values: Mapping[str, Any], name: str) -> bool:
    return name in values and values[name] != getattr(record, name)
