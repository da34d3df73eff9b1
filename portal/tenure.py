"""Rows that hold for a time: from ``effective_from`` to, but not including, ``effective_to``."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone


class Tenure(models.QuerySet[Any]):
    def current(self) -> "Tenure":
        """The rows that hold today, in the organisation's time zone."""
        today = timezone.localdate()
        return self.filter(effective_from__lte=today).filter(Q(effective_to=None) | Q(effective_to__gt=today))
