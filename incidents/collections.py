"""The collections of incidents."""

from typing import Any

from django.db.models import OuterRef, Subquery
from rest_framework.fields import BooleanField, ListField

from incidents import declaring, editing
from incidents.models import (
    HIT,
    LET_IN,
    Category,
    Incident,
    IncidentKind,
    IncidentRole,
    IncidentTime,
    Point,
    Severity,
    Status,
)
from portal.api_fields import ReferenceField
from portal.collections import Collection, register
from portal.columns import Column
from portal.looks import looks

looks({
    Category.TRIAGE: ("info", "bell-ringing"), Category.ACTIVE: "bad", Category.MITIGATED: "warn",
    Category.RESOLVED: "ok", Category.CLOSED: "ok",
})  # fmt: skip
looks(dict.fromkeys((Category.DECLINED, Category.MERGED, Category.CANCELLED), "idle"))
looks({IncidentKind.REAL: "idle", IncidentKind.DRILL: "plan", IncidentKind.NEAR_MISS: "info"})


def _time(point: str) -> Any:
    return Subquery(IncidentTime.objects.filter(incident=OuterRef("pk"), point=point).values("at")[:1])


INCIDENTS = register(
    Collection(
        model=Incident,
        slug="incidents",
        along=("declared_by__person",),
        kinds=("incident",),
        place=10,
        rows=Incident.objects.for_pages,
        order="-declared_at",
        label="Incidents",
        label_one="incident",
        begin="Declare incident",
        description="What went wrong, what nearly did, and what was practised.",
        icon="urgent",
        group="Incidents",
        columns=(
            Column("title", cell="link", search="A"),
            Column("name", label="Number", search="A"),
            Column("category", source="status__category", cell="status", label="State"),
            Column("severity", source="severity__name"),
            Column("owner", search="C"),
            Column("declared_at", label="Declared"),
            Column("status", source="status__name", shown=False),
            Column("kind"),
            Column("summary", search="B", shown=False),
            *(Column(f"{point}_at", expr=_time(point), label=Point(point).label, shown=False) for point in Point),
            Column("reason", search="D", shown=False),
            Column("is_private", label="Private", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("title", "kind", "severity", "owner", "summary"),
        line=("title", "category", "severity"),
        empty="Nothing has gone wrong, or nobody has said so. One field is enough to declare an incident.",
        keeps="An incident stays. Decline it, cancel it or merge it into another one.",
        create=declaring.declare_told,
        said_once={
            "services": lambda: ListField(
                child=ReferenceField(kinds=HIT), required=False, help_text="What is hit, by name or reference."
            ),
            "is_private": lambda: BooleanField(required=False, help_text="Seen by whoever is let in alone, for ever."),
            "let_in": lambda: ListField(
                child=ReferenceField(kinds=LET_IN),
                required=False,
                help_text="Of a private one: people and teams who see it besides whoever declares it.",
            ),
        },
        update=editing.update_incident,
        delete=None,
    )
)

SEVERITIES = register(
    Collection(
        model=Severity,
        slug="severities",
        place=70,
        rows=Severity.objects.all,
        order="rank",
        description="How bad an incident is, and when its postmortem and its follow-ups are due.",
        icon="flame",
        group="Administration",
        columns=(
            Column("name", cell="link", search="A"),
            Column("rank"),
            Column("description"),
            Column("postmortem_days", label="Postmortem due after, days"),
            Column("follow_up_days", label="Follow-ups due after, days"),
            Column("slug", shown=False),
            Column("is_active", label="Active", shown=False),
        ),
        form=("name", "slug", "rank", "description", "postmortem_days", "follow_up_days", "is_active"),
        keeps="Incidents name it. Switch it off, and nobody chooses it any more.",
        update=editing.update_word,
        delete=None,
    )
)

STATUSES = register(
    Collection(
        model=Status,
        slug="incident-statuses",
        place=71,
        rows=Status.objects.all,
        order="place",
        label="Incident statuses",
        label_one="incident status",
        description="The words of the organisation for what each fixed category means.",
        icon="list-check",
        group="Administration",
        columns=(
            Column("name", cell="link", search="A"),
            Column("category", cell="status"),
            Column("place"),
            Column("slug", shown=False),
            Column("is_active", label="Active", shown=False),
        ),
        form=("name", "slug", "category", "place", "is_active"),
        keeps="Incidents name it. Switch it off, and nobody chooses it any more.",
        update=editing.update_status,
        delete=None,
    )
)

ROLES = register(
    Collection(
        model=IncidentRole,
        slug="incident-roles",
        place=72,
        rows=IncidentRole.objects.all,
        order="place",
        label="Incident roles",
        label_one="incident role",
        description="Who does what while it lasts.",
        icon="user-star",
        group="Administration",
        columns=(
            Column("name", cell="link", search="A"),
            Column("description"),
            Column("place"),
            Column("slug", shown=False),
            Column("is_active", label="Active", shown=False),
        ),
        form=("name", "slug", "description", "place", "is_active"),
        keeps="Incidents name it. Switch it off, and nobody takes it any more.",
        update=editing.update_word,
        delete=None,
    )
)
