"""Limits for tests, and the daily values they are forecast from."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from portal.actions import create_record
from services.health.models import Limit, Metric, MetricDay
from services.models import Entity
from tests import factories

TODAY = dt.date(2026, 11, 21)


def make_limit(values: Sequence[float], *, ceiling: float, last_day: dt.date = TODAY, **others: Any) -> Limit:
    """A limit of “orders-db” with one daily value after another, the newest on ``last_day``."""
    entity = others.pop("entity", None) or factories.make_entity("orders-db", kind="resource", type="database")
    metric = make_metric(entity, kind=others.pop("kind", "gauge"))
    keep_days(metric, values, last_day)
    named = {"name": "Connections of orders-db", "lead_days": 30, "lead_p90_days": 60, "margin_days": 14}
    return create_record(by=None, model=Limit, values={**named, "metric": metric, "ceiling": ceiling, **others})


def make_metric(entity: Entity, name: str = "connections", **values: Any) -> Metric:
    return create_record(by=None, model=Metric, values={"subject": entity.reference, "name": name, **values})


def keep_days(metric: Metric, values: Sequence[float], last_day: dt.date = TODAY) -> None:
    first = last_day - dt.timedelta(days=len(values) - 1)
    MetricDay.objects.bulk_create(
        MetricDay(
            metric=metric, day=first + dt.timedelta(days=at), count=1, sum=value, min=value, max=value, last=value
        )
        for at, value in enumerate(values)
    )
