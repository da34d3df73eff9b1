"""The collections of alerts and of who sends them."""

from django.db.models import Case, CharField, Value, When

from incidents.alerts import sources
from incidents.models import AlertGroup, AlertSource
from portal.collections import Collection, register
from portal.columns import Column

_STATE = Case(
    When(is_firing=True, then=Value("fires")),
    default=Value("ended"),
    output_field=CharField(choices=[("fires", "Fires"), ("ended", "Over")]),
)

ALERTS = register(
    Collection(
        model=AlertGroup,
        slug="alerts",
        place=20,
        rows=AlertGroup.objects.all,
        order="-last_at",
        label="Alerts",
        label_one="alert",
        description="What monitoring has told, by group, and which incident it led to.",
        icon="bell-ringing",
        group="Incidents",
        columns=(
            Column("title", cell="link", search="A"),
            Column("state", expr=_STATE, cell="status"),
            Column("service", source="subject", search="B"),
            Column("incident", source="incident__reference"),
            Column("last_at", label="Last told"),
            Column("first_at", label="Since", shown=False),
            Column("source", source="source__name", shown=False),
            Column("group_key", source="key", label="Key", search="D", shown=False),
        ),
        line=("service",),
        empty="No alert has come. Give Alertmanager, Grafana or PagerDuty an address under Alert sources.",
        keeps="What was sent stays.",
        create=None,
        update=None,
        delete=None,
    )
)

ALERT_SOURCES = register(
    Collection(
        model=AlertSource,
        slug="alert-sources",
        place=60,
        rows=AlertSource.objects.all,
        order="name",
        label="Alert sources",
        label_one="alert source",
        description="Who sends alerts, and how a service is found in them.",
        icon="plug-connected",
        group="Administration",
        columns=(
            Column("name", cell="link", search="A"),
            Column("kind"),
            Column("service_labels"),
            Column("promotes", shown=False),
            Column("is_active", label="Active"),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("name", "kind", "service_labels", "promotes", "severity", "is_active"),
        create=sources.create_source,
        update=sources.update_source,
        empty="Nobody sends alerts yet.",
        goes=("its alerts, and every message as it came",),
    )
)
