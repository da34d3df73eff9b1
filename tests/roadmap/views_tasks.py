"""Slack is kept by a task."""

import datetime as dt
from typing import Any

from roadmap.models import InitiativeState
from tests.roadmap.core_makers import make_initiative
from tests.roadmap.views_makers import make_dependency


def _tied() -> None:
    dates = {"starts_on": dt.date(2026, 12, 1), "ends_likely": dt.date(2026, 12, 11)}
    make_dependency(make_initiative("First", **dates), make_initiative("Second", **dates))


def _has_slack() -> bool:
    return list(InitiativeState.objects.values_list("slack_days", flat=True)) == [0, 0]


WORK: dict[str, Any] = {"roadmap.tasks.refresh_slack": (_tied, _has_slack)}
