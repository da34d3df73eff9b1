"""The collections that every area of the roadmap reads: cycles and initiatives."""

from rest_framework.fields import BooleanField, ListField

from portal.api_fields import ReferenceField
from portal.collections import Collection, Tool, register
from portal.columns import Column
from portal.looks import looks
from roadmap import cycles, making
from roadmap.models import LET_IN, Course, Cycle, Horizon, Initiative, Status

looks({
    Status.IDEA: ("idle", "bulb"), Status.PLANNED: "plan", Status.IN_PROGRESS: ("info", "progress"),
    Status.PAUSED: ("warn", "player-pause"), Status.DONE: ("ok", "circle-check"), Status.DROPPED: "idle",
})  # fmt: skip
looks({Course.ON_TRACK: "ok", Course.AT_RISK: "warn", Course.OFF_TRACK: "bad"})
looks({Horizon.NOW: "info", Horizon.NEXT: "plan", Horizon.LATER: "idle"})

INITIATIVES = register(
    Collection(
        model=Initiative,
        slug="initiatives",
        kinds=("initiative",),
        place=10,
        rows=Initiative.objects.all,
        order="starts_on",
        label_one="initiative",
        description="What is promised to change, for whom, until when, and what says so.",
        icon="rocket",
        group="Roadmap",
        columns=(
            Column("title", cell="link", search="A"),
            Column("name", label="Number", search="A"),
            Column("status", cell="status"),
            Column("course", source="state__course", cell="status", label="How it goes"),
            Column("team", search="C"),
            Column("horizon", cell="status"),
            Column("starts_on", label="Start"),
            Column("ends_likely", label="Likely end"),
            Column("done_percent", label="Done, %"),
            Column("category", shown=False),
            Column("owner", search="C", shown=False),
            Column("sponsor", shown=False),
            Column("cycle", source="cycle__name", shown=False),
            Column("objective", source="objective__title", shown=False),
            Column("problem", search="B", shown=False),
            Column("scope_in", label="In scope", search="D", shown=False),
            Column("scope_out", label="Out of scope", shown=False),
            Column("goal", label="Business goal", search="D", shown=False),
            Column("translation", label="Means to the business", shown=False),
            Column("for_executives", label="For executives", shown=False),
            Column("ends_earliest", label="Earliest end", shown=False),
            Column("ends_latest", label="Latest end", shown=False),
            Column("started_on", label="Started", shown=False),
            Column("delivered_on", label="Delivered", shown=False),
            Column("effort_days", label="Effort, days", shown=False),
            Column("cost", shown=False),
            Column("is_hundredfold", label="100×", shown=False),
            Column("is_private", label="Private", shown=False),
            Column("status_reason", label="Reason", shown=False),
            Column("last_update", source="state__updated_at", label="Last update", shown=False),
            Column("created_at", label="Made", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=(
            "title", "problem", "scope_in", "scope_out", "category", "horizon", "team", "owner", "sponsor", "cycle",
            "objective", "starts_on", "ends_earliest", "ends_likely", "ends_latest", "done_percent", "effort_days",
            "cost", "goal", "translation", "for_executives", "is_hundredfold",
        ),
        line=("title", "status", "team"),
        preview=("owner", "starts_on", "ends_likely"),
        shapes=(
            Tool("Timeline", "initiatives-timeline", "timeline"),
            Tool("Board", "initiatives-board", "layout-kanban"),
            Tool("Now, next, later", "initiatives-horizons", "stairs"),
            Tool("By objective", "initiatives-objectives", "target"),
            Tool("Priorities", "priorities", "arrows-sort"),
            Tool("Dependencies", "initiatives-dependencies", "route"),
            Tool("Infrastructure", "initiatives-infrastructure", "server"),
            Tool("Developer experience", "initiatives-developers", "hammer"),
        ),
        tools=(
            Tool("Import", "initiatives-import", "table-import", act="import"),
            Tool("SVG, the timeline", "initiatives-timeline-svg", "photo"),
            Tool("PNG, the timeline", "initiatives-timeline-png", "photo"),
            Tool("Summary, Markdown", "initiatives-summary-file", "file-text"),
            Tool("Summary, to read and as PDF", "initiatives-summary", "file-text", is_page=True),
        ),
        empty="Nothing is promised yet. Take on a proposal, or write down an idea.",
        keeps="An initiative stays. Drop it, and say why: that is an outcome, and no failure.",
        create=making.make_told,
        said_once={
            "is_private": lambda: BooleanField(required=False, help_text="Seen by whoever is let in alone, for ever."),
            "let_in": lambda: ListField(
                child=ReferenceField(kinds=LET_IN), required=False,
                help_text="Of a private one: people and teams who see it besides whoever makes it.",
            ),
        },
        update=making.edit,
        delete=None,
    )
)  # fmt: skip

CYCLES = register(
    Collection(
        model=Cycle,
        slug="cycles",
        place=80,
        rows=Cycle.objects.all,
        order="-starts_on",
        description="The spans of time in which objectives are set and capacity is shared out.",
        icon="calendar-repeat",
        group="Roadmap",
        columns=(
            Column("name", cell="link", search="A"),
            Column("starts_on", label="First day"),
            Column("ends_on", label="Last day"),
            Column("closed_at", label="Closed"),
        ),
        form=("name", "starts_on", "ends_on"),
        empty="Make the cycle that today lies in, such as 2026 Q4: objectives and capacity are of a cycle.",
        update=cycles.update_cycle,
    )
)
