"""The collections of health."""

from django.db.models import Case, CharField, Func, Value, When

from portal.collections import Collection, Tool, extend, register
from portal.columns import Column
from services.collections import ENTITIES, SERVICES
from services.health import (
    actions,
    looks,  # noqa: F401  how the words of health look
)
from services.health.deployments import delete_deployment
from services.health.dora import OUTCOME
from services.health.models import (
    Check,
    Deployment,
    Limit,
    MaintenanceWindow,
    Metric,
    PrometheusServer,
    Slo,
    SloAlert,
)

_SERVICE = Column("service", source="entity__reference", search="B")
_OWNER = Column("owner", source="entity__owner", search="C")
# What it takes to say a value of a metric in its unit.
_UNIT = ("unit", "kind")
_WHEN = ("weekday", "start_time", "minutes", "zone", "starts_at", "ends_at")
_WEEKLY_OR_ONCE = Case(
    When(weekday="", then=Value("once")),
    default=Value("weekly"),
    output_field=CharField(choices=[("once", "Once"), ("weekly", "Weekly")]),
)
_AT = Func("start_time", Value("HH24:MI"), function="to_char", output_field=CharField())
_UNIT_OF_METRIC = ("metric__unit", "metric__kind")

for _collection in (SERVICES, ENTITIES):
    extend(_collection, Column("health", source="health__status", label="Health", cell="status"))
    extend(_collection, Column("health_reason", source="health__reason", label="Why", shown=False))
    extend(_collection, Column("health_since", source="health__since", label="Since", shown=False))

CHECKS = register(
    Collection(
        model=Check,
        slug="checks",
        along=("entity__reference", "entity__owner__team", "entity__owner__person"),
        place=10,
        rows=Check.objects.all,
        order="name",
        label="Checks",
        description="What is asked of services every so often, and what they answer.",
        icon="heartbeat",
        group="Health",
        columns=(
            Column("name", cell="link", search="A"),
            _SERVICE,
            Column("status", source="state__status", cell="status"),
            Column("reason", source="state__reason", label="Why"),
            Column("since", source="state__since"),
            Column("latency_ms", source="state__latency_ms", label="Answers in, ms"),
            Column("kind"),
            Column("interval_s", label="Every, s"),
            _OWNER,
            Column("environment", shown=False),
            Column("is_active", label="Active", shown=False),
            Column("last_at", source="state__last_at", label="Last answer", shown=False),
            Column("lag_ms", source="state__lag_ms", label="Asked late by, ms", shown=False),
            Column(
                "certificate_ends", source="state__certificate_expires_at", label="Certificate ends", shown=False
            ),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=(
            "entity", "name", "kind", "address", "method", "headers", "expected_status", "expected_text",
            "max_latency_ms", "certificate_days", "interval_s", "timeout_ms", "grace_s", "failures_needed", "of_last",
            "environment", "is_active",
        ),
        line=("service", "status"),
        empty="Nothing is asked yet. Say what to ask of a service, and the portal asks it every minute.",
        trial="check-test",
        create=actions.create_check,
        update=actions.update_check,
        delete=actions.delete_check,
        goes=(
            "its timeline and its days", "its say in the health of its service", "its address, where it is a heartbeat"
        ),
        stays=("its answers, until their days are cleared away",),
    )
)  # fmt: skip

MAINTENANCE = register(
    Collection(
        model=MaintenanceWindow,
        slug="maintenance",
        place=60,
        rows=MaintenanceWindow.objects.all,
        order="reason",
        label="Maintenance",
        label_one="maintenance window",
        description="When no answer is expected of a service.",
        icon="clock-pause",
        group="Health",
        columns=(
            Column("reason", cell="link", search="A"),
            _SERVICE,
            Column("when", expr=_WEEKLY_OR_ONCE, cell="planned", beside=_WHEN),
            _OWNER,
            Column("starts_at", label="From", shown=False),
            Column("ends_at", label="To", shown=False),
            Column("weekday", label="Every", shown=False),
            Column("time", expr=_AT, label="At", shown=False),
            Column("minutes", shown=False),
            Column("zone", label="Time zone", shown=False),
        ),
        form=("entity", "reason", "starts_at", "ends_at", "weekday", "start_time", "minutes", "zone"),
        line=("service",),
        empty="No maintenance is planned. Within a window nothing counts against a service.",
        create=actions.create_window,
        update=actions.update_window,
        delete=actions.delete_window,
        goes=("its times to come: answers count then",),
        stays=("answers that came within it: they count as in maintenance",),
    )
)

SLOS = register(
    Collection(
        model=Slo,
        slug="slos",
        place=20,
        rows=Slo.objects.all,
        order="name",
        label="SLOs",
        label_one="SLO",
        description="What a service promises, and how much of its error budget is left.",
        icon="scale",
        group="Health",
        columns=(
            Column("name", cell="link", search="A"),
            _SERVICE,
            Column("target", cell="percent", help="Percent of good events."),
            Column("attainment", source="state__attainment", cell="share", label="Attained"),
            Column("remaining", source="state__remaining", cell="share", label="Budget left"),
            Column("burn", source="state__burn", label="Burn rate", help="Of the last hour; at 1 the budget lasts."),
            Column("severity", source="state__severity", cell="status", label="Alert"),
            Column("empty_at", source="state__empty_at", label="Empty by"),
            _OWNER,
            Column("kind", shown=False),
            Column("window_days", label="Window, days", shown=False),
            Column("measured", source="state__measured", cell="share", label="Measured", shown=False),
            Column("alert_text", source="state__alert_text", label="What burns", shown=False),
            Column("title", label="Display name", search="A", shown=False),
            Column("is_active", label="Active", shown=False),
            Column("evaluated_at", source="state__evaluated_at", label="Evaluated", shown=False),
        ),
        form=(
            "entity", "name", "title", "description", "kind", "source_check", "threshold_ms", "metric", "target",
            "window_days", "is_active",
        ),
        offers={"source_check": "service={entity}", "metric": "kind=ratio"},
        line=("service", "severity"),
        tools=(
            Tool("Import OpenSLO", "slos-import", "table-import", act="add"),
            Tool("OpenSLO, these SLOs", "slos-openslo", "file-code"),
        ),
        empty="No service promises anything yet. Give one with a check an SLO, and its error budget is kept.",
        create=actions.create_slo,
        update=actions.update_slo,
        delete=actions.delete_slo,
        goes=("its error budget and its alerts",),
        stays=("the check or the metric that it is measured by",),
    )
)  # fmt: skip

SLO_ALERTS = register(
    Collection(
        model=SloAlert,
        slug="slo-alerts",
        place=25,
        rows=SloAlert.objects.all,
        order="-started_at",
        label="Budget alerts",
        label_one="budget alert",
        description="When an error budget burned too fast, and for how long.",
        icon="bell-ringing",
        group="Health",
        listed=False,
        columns=(
            Column("text", cell="link"),
            Column("slo", source="slo__name", label="SLO"),
            Column("service", source="slo__entity__reference"),
            Column("severity", cell="status"),
            Column("started_at", label="From"),
            Column("ended_at", label="To"),
            Column("long_minutes", label="Window, minutes", shown=False),
            Column("burn", label="Burn rate", shown=False),
        ),
        empty="No budget has burned too fast.",
        create=None,
        update=None,
        delete=None,
    )
)

METRICS = register(
    Collection(
        model=Metric,
        slug="metrics",
        place=40,
        rows=Metric.objects.all,
        order="name",
        label="Metrics",
        description="Every number that is followed over time, wherever it comes from.",
        icon="chart-line",
        group="Health",
        columns=(
            Column("name", cell="link", search="A"),
            Column("subject", label="Of", search="B"),
            Column("value", source="state__value", label="Now", cell="in_unit", beside=_UNIT),
            Column("at", source="state__at", label="As of"),
            Column("kind"),
            Column("origin"),
            Column("baseline", cell="in_unit", beside=_UNIT),
            Column("regressed_since", source="state__regressed_since", label="Worse since"),
            Column("title", label="Display name", search="A", shown=False),
            Column("environment", shown=False),
            Column("unit", shown=False),
            Column("problem", source="state__problem", label="Problem", shown=False),
        ),
        form=(
            "name", "title", "subject", "unit", "kind", "environment", "labels", "server", "query", "total_query",
            "every_s", "higher_is_better", "baseline", "baseline_note", "tolerance",
        ),
        line=("subject", "value"),
        tools=(Tool("Import CSV", "metrics-import", "table-import", act="add"),),
        empty="Nothing is followed yet. Push samples to /hooks/metrics/, or describe a metric here.",
        create=actions.create_metric,
        update=actions.update_metric,
        goes=("its values, of every day",),
    )
)  # fmt: skip

PROMETHEUS_SERVERS = register(
    Collection(
        model=PrometheusServer,
        slug="prometheus-servers",
        place=60,
        rows=PrometheusServer.objects.all,
        order="name",
        label="Prometheus servers",
        label_one="Prometheus server",
        description="Where queries of metrics are sent.",
        icon="server",
        group="Administration",
        columns=(Column("name", cell="link"), Column("url", label="Address"), Column("token_variable", shown=False)),
        form=("name", "url", "token_variable"),
        empty="No Prometheus is known. Metrics can be pushed without one.",
    )
)

LIMITS = register(
    Collection(
        model=Limit,
        slug="limits",
        place=30,
        rows=Limit.objects.all,
        order="start_by",
        label="Doomsday clock",
        label_one="limit",
        description="What runs out, when, and whether there is time to do something.",
        icon="hourglass",
        group="Health",
        columns=(
            Column("name", cell="link", search="A"),
            Column("urgency", source="state__urgency", cell="status", label="State"),
            Column("q10_date", source="state__q10_date", label="As early as"),
            Column("q50_date", source="state__q50_date", label="Likely"),
            Column("chance_90d", source="state__chance_90d", cell="share", label="Within 90 days"),
            Column("used", source="state__used", cell="share"),
            Column("start_by", source="state__start_by", label="Last start"),
            Column("of", source="metric__subject", label="Of"),
            Column("ceiling", cell="in_unit", beside=_UNIT_OF_METRIC, shown=False),
            Column(
                "value", source="state__value", label="Now", cell="in_unit", beside=_UNIT_OF_METRIC, shown=False
            ),
            Column("lead_days", label="Lead time, days", shown=False),
            Column("lead_p90_days", label="Longest lead time, days", shown=False),
            Column("margin_days", label="Margin, days", shown=False),
            Column("is_active", label="Active", shown=False),
        ),
        form=(
            "metric", "name", "ceiling", "lead_days", "lead_p90_days", "margin_days", "driver", "description",
            "cost_per_month", "is_active",
        ),
        line=("urgency", "q10_date"),
        empty="No limit is watched. Say which metric must not reach what, and how long it takes to move that.",
        create=actions.create_limit,
        update=actions.update_limit,
        delete=actions.delete_limit,
        goes=("its forecasts, with how they did", "the work that it asked for, unless somebody decided on it"),
        stays=("the metric that it watches, with its values",),
    )
)  # fmt: skip

DEPLOYMENTS = register(
    Collection(
        model=Deployment,
        slug="deployments",
        place=50,
        rows=Deployment.objects.all,
        order="-finished_at",
        label="Deployments",
        description="What was put where, when, and how it ended.",
        icon="rocket",
        group="Health",
        columns=(
            Column("version", cell="link", search="B"),
            Column("service", source="subject", search="A"),
            Column("environment"),
            Column("outcome", expr=OUTCOME, cell="status", label="Result"),
            Column("finished_at", label="When"),
            Column("is_unplanned", label="Unplanned"),
            Column("result", label="Reported as", shown=False),
            Column("is_automatic", label="Automatic", shown=False),
            Column("recovered_at", label="Recovered", shown=False),
            Column("committed_at", label="Committed", shown=False),
            Column("reported_by", shown=False),
            Column("started_at", label="Started", shown=False),
            Column("url", label="Pipeline run", cell="address", shown=False),
            Column("note", shown=False),
        ),
        line=("service", "environment", "outcome"),
        empty="Nothing is reported yet. Let the pipeline tell /hooks/deployments/ what it deploys.",
        create=None,
        update=None,
        delete=delete_deployment,
    )
)
