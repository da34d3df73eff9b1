"""Named reads of the catalog."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from services.models import Entity


class EntityQuerySet(models.QuerySet["Entity"]):
    def of_kind(self, kind: str) -> "EntityQuerySet":
        return self.filter(kind=kind)

    def owned_by(self, reference_ids: Any) -> "EntityQuerySet":
        return self.filter(owner__in=reference_ids)
