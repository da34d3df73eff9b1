"""Deployments for tests."""

import datetime as dt
from typing import Any

from services.health.models import Deployment
from services.models import Entity


def deploy(entity: Entity, at: dt.datetime, version: str = "2.14.0", **values: Any) -> Deployment:
    """A version that came to production ``at`` this moment; one version is one deployment of its service."""
    return Deployment.objects.create(
        subject=entity.reference, version=version, key=f"{entity}-{version}", finished_at=at, **values
    )
