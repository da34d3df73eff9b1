"""What happens in health, for the apps above it; each in the transaction in which it is written."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from portal.events import Event
from services.health.models import Deployment, SloAlert


@dataclass(frozen=True)
class DeploymentRecorded(Event):
    """A deployment was reported for the first time; one with ``rollback_of`` takes another one back."""

    deployment: Deployment


@dataclass(frozen=True)
class DeploymentDeleted(Event):
    """A deployment that was reported wrongly is about to be gone."""

    deployment: Deployment


@dataclass(frozen=True)
class HealthChange:
    """That the health of an entity is another one than before. ``before`` is empty where it had none."""

    entity_id: int
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class HealthChanged(Event):
    """The health of some entities changed at one moment."""

    changes: Sequence[HealthChange]
    at: dt.datetime


@dataclass(frozen=True)
class SloAlertsOpened(Event):
    """Budgets began to burn too fast; ``alerts`` are as they were written, without their ids."""

    alerts: Sequence[SloAlert]


@dataclass(frozen=True)
class SloAlertsEnded(Event):
    """Alerts of budgets are over, at ``at``: they no longer burn too fast, or nobody asks any more."""

    alerts: Sequence[SloAlert]
    at: dt.datetime
