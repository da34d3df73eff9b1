"""What a database holds beside the demo. A reset of the demo would delete it, so a reset refuses to."""

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from portal.demo import DEMO_DOMAIN
from portal.history.events import event_model
from portal.people.models import Person, ServiceAccount, Team, User
from services.demo.load import KIND
from services.health.models import Check, Limit, MaintenanceWindow, Metric, Origin, PrometheusServer, Slo
from services.models import Entity, Source


def real_data() -> str:
    """Sources and records that neither the demo brought nor its people tried out, in words; empty when there are none.

    History says who made a record. Logins of the demo are told by their address, those of others are refused before.
    """
    sources = list(Source.objects.exclude(kind=KIND).order_by("name").values_list("name", flat=True)[:3])
    found = [f"catalog source(s) {', '.join(sources)}"] if sources else []
    return "; ".join([*found, *_named(Entity, Team, Person, ServiceAccount)])


def real_health() -> str:
    """What is watched or promised here that neither the demo brought nor its people tried out."""
    return not_of_the_demo(Check, MaintenanceWindow, Slo, PrometheusServer, Metric, Limit)


def not_of_the_demo(*records: type[models.Model] | models.QuerySet[Any]) -> str:
    """How many records of these models, or among these, neither the demo brought nor its people tried out, in words."""
    return "; ".join(_named(*records))


def _named(*records: type[models.Model] | models.QuerySet[Any]) -> Iterator[str]:
    for each in records:
        rows = each if isinstance(each, models.QuerySet) else each._default_manager.all()
        strangers = _strangers(rows)
        if count := strangers.count():
            yield f"{count} {rows.model._meta.verbose_name_plural}, such as {strangers.order_by('pk')[0]}"


def _strangers(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Those that the demo did not make, and those that can be reached at a real address, whoever made them."""
    model = rows.model
    versions: Any = event_model(model)
    made = versions.objects.filter(_by_the_demo(), pgh_label="insert", pgh_obj=OuterRef("pk"))
    stranger = ~Q(Exists(made))
    if any(field.name == "email" for field in model._meta.fields):
        stranger |= ~Q(email="") & ~Q(email__iendswith=DEMO_DOMAIN)
    if model is Metric:
        # What the portal computes by itself is nobody's.
        stranger &= ~Q(origin=Origin.DERIVED)
    return rows.filter(stranger)


def _by_the_demo() -> Q:
    """Versions that the loading of the demo wrote, or a login or machine of the demo."""
    return (
        Q(pgh_context__origin__in=list(Source.objects.filter(kind=KIND).values_list("name", flat=True)))
        | Q(pgh_context__user__in=list(_logins()))
        | Q(pgh_context__service_account__in=list(ServiceAccount.objects.values_list("pk", flat=True)))
    )


def _logins() -> models.QuerySet[Any]:
    return User.objects.filter(email__iendswith=DEMO_DOMAIN).values_list("pk", flat=True)
