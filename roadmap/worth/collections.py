"""The collections of allocations and trade-offs, and of the inputs and claims that are read beside an initiative."""

from typing import Any

from django.db.models import Case, CharField, Count, F, Func, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

from portal.collections import Collection, Tool, extend, register
from portal.columns import Column
from portal.looks import looks
from portal.tenure import organisation_today
from roadmap.collections import INITIATIVES
from roadmap.models import Allocation, Basis, Claim, Cycle, LoanState, PriorityInput, Renegotiation, TradeOff
from roadmap.models.tradeoff import PRIVATE_FROM
from roadmap.worth import allocating, loans, returns, scores
from roadmap.worth.guard import Guard, share_column, state_column, sum_column

looks({
    Guard.IN: "ok", Guard.BELOW: "bad", Guard.OVER: "warn", Guard.EXEMPT: ("plan", "shield"), Guard.NONE: "idle",
    LoanState.OPEN: ("info", "hourglass"), LoanState.PAID: "ok", LoanState.WRITTEN_OFF: ("idle", "ban"),
    "overdue": ("bad", "clock-exclamation"), Basis.MEASURED: ("info", "chart-line"), Basis.GUESSED: ("idle", "help"),
})  # fmt: skip

ALLOCATIONS = register(
    Collection(
        model=Allocation,
        slug="allocations",
        place=30,
        rows=Allocation.objects.all,
        order="-cycle_starts",
        description="How teams share out their days: features, platform, debt, the lights, and 100× work.",
        icon="chart-pie",
        group="Roadmap",
        columns=(
            Column("cycle", source="cycle__name", cell="link", search="B"),
            Column("team", search="A"),
            Column("capacity_days", label="Capacity, days"),
            Column("planned_days", expr=sum_column("planned"), label="Planned, days"),
            Column("planned_share", expr=share_column("planned"), cell="share", label="Platform, debt and 100×"),
            Column("planned_guard", expr=state_column("planned"), cell="status", label="Guard"),
            Column("actual_days", expr=sum_column("actual"), label="Spent, days"),
            Column("actual_share", expr=share_column("actual"), cell="share", label="Spent on them"),
            Column("actual_guard", expr=state_column("actual"), cell="status", label="Guard of what was spent"),
            *(
                Column(f"{bucket}_{ending}", shown=False)
                for ending in ("planned", "actual")
                for bucket in ("feature", "platform", "debt", "lights", "hundredfold")
            ),
            Column("target_low", label="Target from, %", shown=False),
            Column("target_high", label="Target to, %", shown=False),
            Column("note", search="D", shown=False),
            Column("cycle_starts", source="cycle__starts_on", label="Cycle starts", shown=False),
            Column("cycle_ends", source="cycle__ends_on", label="Cycle ends", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=(
            "cycle", "team", "capacity_days", "feature_planned", "platform_planned", "debt_planned", "lights_planned",
            "hundredfold_planned", "feature_actual", "platform_actual", "debt_actual", "lights_actual",
            "hundredfold_actual", "target_low", "target_high", "note",
        ),
        line=("cycle", "planned_guard"),
        preview=("capacity_days", "planned_days", "actual_days"),
        tools=(Tool("Plan and actual", "allocation-plan", "chart-bar", act="view"),),
        empty="Nothing is shared out yet. Begin with the cycle that goes on and one team.",
        create=allocating.plan,
        update=allocating.replan,
    )
)  # fmt: skip


def _days_late(reader: Any) -> Case:
    """Of what is open and whose cycle is over; nothing for all else. Days of the organisation."""
    today = organisation_today()
    late = Func(
        Value(today), F("due_cycle__ends_on"), template="(%(expressions)s)", arg_joiner=" - ",
        output_field=IntegerField(),
    )  # fmt: skip
    return Case(When(state=LoanState.OPEN, due_cycle__ends_on__lt=today, then=late), output_field=IntegerField())


_TIMES = Renegotiation.objects.filter(trade_off=OuterRef("pk")).order_by().values("trade_off")
_RENEGOTIATED = Coalesce(Subquery(_TIMES.annotate(number=Count("pk")).values("number"), IntegerField()), 0)

_PRIVATE = Concat(Value("TRP-"), Cast(F("pk") - PRIVATE_FROM, CharField()), output_field=CharField())
_PUBLIC = Concat(Value("TR-"), Cast("pk", CharField()), output_field=CharField())
_NUMBER = Case(When(pk__gt=PRIVATE_FROM, then=_PRIVATE), default=_PUBLIC)

TRADE_OFFS = register(
    Collection(
        model=TradeOff,
        slug="trade-offs",
        place=40,
        rows=TradeOff.objects.all,
        order="due_on",
        label="Trade-offs",
        label_one="trade-off",
        description="What was put off for something else: who owes it, until when, and what it has cost since.",
        icon="scale",
        group="Roadmap",
        columns=(
            Column("deferred", cell="link", search="A", label="Put off"),
            Column("number", expr=_NUMBER),
            Column("state", cell="status"),
            Column("team", search="C"),
            Column("due", source="due_cycle__name", label="Due in"),
            Column("days_late", expr=_days_late, label="Days overdue"),
            Column("principal_days", label="Principal, days"),
            Column("interest_days", source="owed__interest_days", label="Interest, days",
                   help="Minutes of its public incidents times their people, in working days."),
            Column("incidents", source="owed__incidents", label="Incidents of it"),
            Column("shipped", search="B", shown=False),
            Column("why", search="D", shown=False),
            Column("due_on", source="due_cycle__ends_on", label="Due by", shown=False),
            Column("first_due", source="due_first__name", label="First due in", shown=False),
            Column("renegotiated", expr=_RENEGOTIATED, label="Times renegotiated", shown=False),
            Column("interest_minutes", source="owed__interest_minutes", label="Interest, minutes", shown=False),
            Column("decided_by", shown=False),
            Column("decided_on", shown=False),
            Column("initiative", source="initiative__reference", label="Paid back by", shown=False),
            Column("reason", label="Why written off", search="D", shown=False),
            Column("ended_on", label="Paid or written off", shown=False),
            Column("created_at", label="Recorded", shown=False),
        ),
        form=(
            "deferred", "shipped", "why", "team", "decided_by", "decided_on", "principal_days", "due_cycle",
            "initiative",
        ),
        # The next one to end first: nothing is put off to a cycle that is over.
        choices={"due_cycle": lambda: Cycle.objects.filter(ends_on__gte=organisation_today()).order_by("starts_on")},
        defaults={"state": ("open",)},
        line=("state", "team", "due"),
        preview=("principal_days", "interest_days", "shipped"),
        begin="Record a trade-off",
        empty="Nothing is owed. Whenever work is put off for something else, write it down: it is a loan.",
        keeps="A trade-off stays. Pay it, renegotiate it, or write it off and say why.",
        create=loans.record,
        update=loans.edit,
        delete=None,
    )
)  # fmt: skip

extend(
    INITIATIVES,
    Column("rice", source="state__rice", label="RICE", shown=False, help="Reach × impact × confidence / effort."),
    Column("wsjf", source="state__wsjf", label="WSJF", shown=False, help="(Value + urgency + risk) / size."),
)

PRIORITY_INPUTS = register(
    Collection(
        model=PriorityInput,
        slug="priority-inputs",
        rows=PriorityInput.objects.all,
        order="initiative",
        label="Inputs of scores",
        label_one="input of a score",
        description="What RICE and WSJF of initiatives are made of, measured or guessed.",
        icon="percentage",
        group="Roadmap",
        listed=False,
        columns=(
            Column("factor", cell="link"),
            Column("initiative", source="initiative__reference"),
            Column("value"),
            Column("basis", cell="status"),
            Column("source", search="D"),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("initiative", "factor", "value", "basis", "source"),
        empty="Nobody has said what speaks for an initiative yet. Its page asks for it.",
        create=scores.say,
        update=scores.correct,
        delete=scores.take_out,
    )
)

CLAIMS = register(
    Collection(
        model=Claim,
        slug="claims",
        rows=Claim.objects.all,
        order="initiative",
        label_one="claim",
        description="What initiatives claim to remove each month, and what was found after delivery.",
        icon="receipt-2",
        group="Roadmap",
        listed=False,
        columns=(
            Column("kind", cell="link"),
            Column("initiative", source="initiative__reference"),
            Column("per_month", label="Claimed a month"),
            Column("found", source="finding__per_month", label="Found a month"),
            Column("low", source="finding__low", label="Found, at least", help="In four of five cases."),
            Column("high", source="finding__high", label="Found, at most", help="In four of five cases."),
            Column("problem", source="finding__problem", label="Why nothing is found"),
            Column("metric", source="metric__name", label="Metric"),
            Column("expected", source="finding__expected", label="Untouched a month", shown=False),
            Column("measured", source="finding__measured", label="Measured a month", shown=False),
            Column("days_before", source="finding__days_before", shown=False),
            Column("days_after", source="finding__days_after", shown=False),
            Column("found_at", source="finding__found_at", label="Found", shown=False),
            Column("note", search="D", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("initiative", "kind", "per_month", "metric", "note"),
        empty="No initiative claims anything yet. Say on its page what it removes each month.",
        create=returns.claim,
        update=returns.correct,
    )
)
