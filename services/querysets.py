"""Named reads of the catalog."""

from typing import Any

from django.db import models


class EntityQuerySet(models.QuerySet[Any]):
    def of_kind(self, kind: str) -> "EntityQuerySet":
        return self.filter(kind=kind)

    def owned_by(self, reference_ids: Any) -> "EntityQuerySet":
        return self.filter(owner__in=reference_ids)
