"""Panels of health that many of its records have; those of what is watched are in entity_panels, others in pages."""

from django.db.models import Model
from django.http import HttpRequest

from portal.collections import collection_of
from portal.facts import fact_rows
from portal.panels import Context, panel
from services.health import entity_panels, expectations, pages  # noqa: F401  register their panels
from services.health.models import Check, Deployment, Limit, MaintenanceWindow, Metric, Slo
from services.health.strip import strips


@panel(on=Check, slot="main", order=3, title="Now", template="health/_check.html", live=True)
def now(request: HttpRequest, check: Check) -> Context:
    """What it says, why, since when, and how the last 90 days were."""
    return {"state": getattr(check, "state", None), "strip": strips([check])[check.pk]}


def _facts(model: type[Model]) -> None:
    """The columns of a record of ``model`` in the rail; those of a check change while one looks at them. A unit stands
    with its values."""

    @panel(on=model, slot="rail", order=10, title="Facts", template="portal/_facts.html", live=model is Check)
    def facts(request: HttpRequest, record: Model) -> Context | None:
        collection = collection_of(record)
        return {"rows": fact_rows(request, collection, record, without=("unit",))} if collection else None


for _model in (Check, Slo, Limit, Metric, MaintenanceWindow, Deployment):
    _facts(_model)
