"""Panels of health on the page of what is watched; those of its own records are in services.health.pages."""

from django.db.models import Model
from django.http import HttpRequest

from portal.collections import collection_of
from portal.facts import fact_rows
from portal.panels import Context, panel
from services.health import pages  # noqa: F401  registers their panels
from services.health.collections import CHECKS, SLOS
from services.health.models import Check, Deployment, HealthState, Limit, MaintenanceWindow, Metric, Slo
from services.models import Entity


@panel(
    on=Entity, slot="main", order=10, title="Health", template="health/_entity.html", lazy=True,
    kinds=("component", "api", "resource"),
)  # fmt: skip
def entity_health(request: HttpRequest, entity: Entity) -> Context:
    """Its status with the reason, its checks and its SLOs. It loads by itself, so that the page does not wait."""
    checks = list(Check.objects.filter(entity=entity).select_related("state").order_by("name"))
    slos = list(Slo.objects.filter(entity=entity).select_related("state").order_by("name"))
    may = request.user.has_perm("services.change_entity", entity)
    return {
        "health": HealthState.objects.filter(entity=entity).first(),
        "checks": [(CHECKS.url_of(each), each, getattr(each, "state", None)) for each in checks],
        "slos": [(SLOS.url_of(each), each, getattr(each, "state", None)) for each in slos],
        "add_url": f"{CHECKS.url}-/new/" if may else "",
        "fact": f"{len(checks)} check{'s' if len(checks) != 1 else ''}" if checks else "",
    }


def _facts(model: type[Model]) -> None:
    """The columns of a record of ``model`` in the rail."""

    @panel(on=model, slot="rail", order=10, title="Facts", template="portal/_facts.html")
    def facts(request: HttpRequest, record: Model) -> Context | None:
        collection = collection_of(record)
        return {"rows": fact_rows(request, collection, record)} if collection else None


for _model in (Check, Slo, Limit, Metric, MaintenanceWindow, Deployment):
    _facts(_model)
