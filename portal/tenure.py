"""Rows that hold for a time: from ``effective_from`` to, but not including, ``effective_to``."""

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone


def organisation_today() -> dt.date:
    """The day it is in the organisation's time zone. What holds, and so who may edit, must not follow the zone that a
    reader has chosen for times to be shown in."""
    return timezone.localdate(timezone=timezone.get_default_timezone())


def organisation_date(moment: dt.datetime) -> dt.date:
    """The day that a moment was on in the organisation's time zone."""
    return timezone.localdate(moment, timezone.get_default_timezone())


class Tenure(models.QuerySet[Any]):
    def current(self) -> "Tenure":
        """The rows that hold today, in the organisation's time zone."""
        today = organisation_today()
        return self.filter(effective_from__lte=today).filter(Q(effective_to=None) | Q(effective_to__gt=today))
