"""The collections of non-negotiables and freezes."""

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Case, CharField, F, OuterRef, Subquery, TextField, Value, When
from rest_framework.fields import ListField

from portal.api_fields import ReferenceField
from portal.collections import Collection, register
from portal.columns import Column
from portal.looks import looks
from portal.tenure import organisation_today
from roadmap.constraints import actions
from roadmap.models import Bound, Freeze, FreezeScope, Keeping

looks({Keeping.KEPT: ("ok", "shield-check"), Keeping.BROKEN: ("bad", "shield-x"), Keeping.UNKNOWN: "idle"})
looks({
    "frozen": ("info", "snowflake"), "frozen_late": ("warn", "clock-exclamation"), "frozen_soon": "plan",
    "lifted": "idle",
})  # fmt: skip
FREEZE_STATES = [
    ("frozen", "In force"), ("frozen_late", "Past its last day"), ("frozen_soon", "To come"), ("lifted", "Lifted"),
]  # fmt: skip
_UNIT = ("metric__unit", "metric__kind")


def _state(reader: object) -> Case:
    """Where a freeze stands today; one whose last day is over holds until somebody lifts it."""
    today = organisation_today()
    return Case(
        When(lifted_on__isnull=False, then=Value("lifted")),
        When(starts_on__gt=today, then=Value("frozen_soon")),
        When(ends_on__lt=today, then=Value("frozen_late")),
        default=Value("frozen"),
        output_field=CharField(choices=FREEZE_STATES),
    )


_SCOPE = Subquery(
    FreezeScope.objects.filter(freeze=OuterRef("pk"))
    .values("freeze")
    .annotate(names=StringAgg(F("what__name"), Value(", "), order_by=F("what__name")))
    .values("names"),
    output_field=TextField(),
)

BOUNDS = register(
    Collection(
        model=Bound,
        slug="non-negotiables",
        place=60,
        rows=Bound.objects.all,
        order="name",
        label="Non-negotiables",
        label_one="non-negotiable",
        description="What holds whatever is planned, checked every few minutes.",
        icon="shield-check",
        group="Roadmap",
        along=("metric__subject", "state", "owner"),
        columns=(
            Column("name", cell="link", search="A"),
            Column("keeping", source="state__keeping", cell="status", label="State"),
            Column("since", source="state__since", label="Since"),
            Column("value_now", source="state__value", cell="in_unit", beside=_UNIT, label="Now"),
            Column("side", label="Kind"),
            Column("value", cell="in_unit", beside=_UNIT, label="Bound"),
            Column("owner", label="Team", search="C"),
            Column("metric", source="metric__name", search="B", shown=False),
            Column("measured_at", source="state__at", label="Measured", shown=False),
            Column("subject", source="metric__subject", label="Metric of", shown=False),
            Column("statistic", shown=False),
            Column("window_days", label="Over days", shown=False),
            Column("problem", source="state__problem", label="Problem", shown=False),
            Column("why", search="D", shown=False),
            Column("is_active", label="Active", shown=False),
        ),
        form=("name", "why", "metric", "side", "value", "statistic", "window_days", "owner", "is_active"),
        line=("keeping", "value_now", "owner"),
        empty="Nothing is agreed yet that holds whatever is planned, such as p95 of checkout below 200 ms.",
        create=actions.create_bound,
        update=actions.update_bound,
        stays=("the metric, with its values", "freezes that were decided because of it"),
    )
)  # fmt: skip

FREEZES = register(
    Collection(
        model=Freeze,
        slug="freezes",
        place=62,
        rows=Freeze.objects.all,
        order="-starts_on",
        description="Decisions to halt feature work until something is mended.",
        icon="snowflake",
        group="Roadmap",
        columns=(
            Column("title", cell="link", search="A"),
            Column("state", expr=_state, cell="status"),
            Column("halts", expr=_SCOPE, label="Halts", help="Empty: the whole company."),
            Column("starts_on", label="First day"),
            Column("ends_on", label="Last day"),
            Column("exit_condition", label="Ends when", search="C"),
            Column("bound", source="bound__name", label="Non-negotiable", shown=False),
            Column("decided_by", label="Decided by", shown=False),
            Column("why", search="D", shown=False),
            Column("lifted_on", label="Lifted", shown=False),
            Column("lifted_reason", label="Why lifted", shown=False),
        ),
        form=("title", "why", "starts_on", "ends_on", "exit_condition", "bound", "decided_by"),
        line=("state", "ends_on"),
        preview=("exit_condition",),
        empty="Nothing is halted. A freeze says what stops, why, until when, and what must be true before it goes on.",
        keeps="A freeze stays as a record of the decision. Lift it, and say what is true now.",
        create=actions.create_freeze,
        said_once={
            "scope": lambda: ListField(
                child=ReferenceField(kinds=actions.SCOPES), required=False,
                help_text="Teams, services and systems that it halts. Empty: the whole company.",
            ),
        },
        update=actions.update_freeze,
        delete=None,
    )
)  # fmt: skip
