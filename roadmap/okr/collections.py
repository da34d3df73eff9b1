"""The collections of objectives and key results."""

from portal.collections import Collection, Tool, register
from portal.columns import Column
from portal.looks import looks
from roadmap.models import KeyResult, Objective, Standing
from roadmap.okr import actions
from roadmap.okr.standings import WORST

looks({
    Standing.REACHED: ("ok", "target-arrow"), Standing.AHEAD: "ok", Standing.BEHIND: "warn", Standing.AWAY: "bad",
    Standing.UNKNOWN: "idle",
})  # fmt: skip
# What it takes to say a value of a metric in its unit.
_UNIT = ("metric__unit", "metric__kind")

OBJECTIVES = register(
    Collection(
        model=Objective,
        slug="objectives",
        place=20,
        rows=Objective.objects.all,
        order="-cycle_ends",
        label="Objectives (OKR)",
        label_one="objective",
        description="What teams and the company want to be true at the end of a cycle, and how far that is.",
        icon="target",
        group="Roadmap",
        along=("cycle", "owner", "parent", "state"),
        columns=(
            Column("title", cell="link", search="A"),
            Column("cycle", source="cycle__name"),
            Column("owner", label="Team", search="C"),
            Column("standing", expr=WORST, cell="status", label="Stands", help="As its worst key result does."),
            Column("mean", source="state__mean", cell="share", label="Mean"),
            Column("weakest", source="state__weakest", cell="share", label="Weakest"),
            Column("confidence", source="state__confidence", cell="share", label="Least confidence", shown=False),
            Column("serves", source="parent__title", label="Serves"),
            Column("measured", source="state__measured", label="Key results measured", shown=False),
            Column("unmeasured", source="state__unmeasured", label="Key results without data", shown=False),
            Column("why", search="D", shown=False),
            Column("cycle_ends", source="cycle__ends_on", label="Cycle ends", shown=False),
            Column("closed", source="cycle__closed_at", label="Closed", shown=False),
        ),
        form=("cycle", "title", "why", "owner", "parent"),
        line=("cycle", "owner", "weakest"),
        preview=("mean", "confidence"),
        tools=(Tool("Board", "objectives-board", "sitemap", act="view"),),
        empty="No objective is set. Say what shall be true at the end of the cycle, then which metric shows it.",
        create=actions.create_objective,
        update=actions.update_objective,
        goes=("its key results, with their check-ins",),
        stays=("objectives that serve it, and initiatives, which then serve nothing",),
    )
)  # fmt: skip

KEY_RESULTS = register(
    Collection(
        model=KeyResult,
        slug="key-results",
        place=21,
        listed=False,
        rows=KeyResult.objects.all,
        order="-cycle_ends",
        label="Key results",
        label_one="key result",
        description="Which metric is to go where: each is read by itself, from baseline to target.",
        icon="target-arrow",
        group="Roadmap",
        along=("objective__cycle", "objective__owner", "metric__subject", "metric__state", "state"),
        columns=(
            Column("title", cell="link", search="A"),
            Column("standing", source="state__standing", cell="status"),
            Column("progress", source="state__progress", cell="share"),
            Column("value", source="state__value", cell="in_unit", beside=_UNIT, label="Now"),
            Column("baseline", cell="in_unit", beside=_UNIT, label="From"),
            Column("target", cell="in_unit", beside=_UNIT, label="To"),
            Column("confidence", source="state__confidence", cell="share", shown=False),
            Column("cycle", source="objective__cycle__name", label="Cycle"),
            Column("owner", source="objective__owner", label="Team", search="C"),
            Column("objective", source="objective__title", search="B", shown=False),
            Column("metric", source="metric__name", label="Metric", search="C", shown=False),
            Column("measured_at", source="state__at", label="Measured", shown=False),
            Column("way", label="Kind", shown=False),
            Column("cycle_ends", source="objective__cycle__ends_on", label="Cycle ends", shown=False),
            Column("subject", source="metric__subject", label="Metric of", shown=False),
            Column("relative", label="Change, %", shown=False),
            Column("statistic", shown=False),
            Column("window_days", label="Over days", shown=False),
            Column("baseline_note", label="From, measured", shown=False),
            Column("problem", source="state__problem", label="Problem", shown=False),
        ),
        form=(
            "objective", "title", "metric", "way", "baseline", "baseline_note", "target", "relative", "statistic",
            "window_days",
        ),
        line=("standing", "progress", "objective"),
        preview=("value", "target"),
        empty="No key result yet. Begin with an objective, and choose the metric that shows it.",
        create=actions.create_key_result,
        update=actions.update_key_result,
        goes=("its check-ins", "links of initiatives to it"),
        stays=("the metric, with its values",),
    )
)  # fmt: skip
