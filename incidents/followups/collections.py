"""The collection of follow-ups."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, ExpressionWrapper, F, Func, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce, Now

from incidents.followups import actions
from incidents.models import NO_INCIDENT, FollowUp, FollowUpState, Impact, Incident, IncidentKind, Tag
from incidents.taxonomy import looks as _nodes  # noqa: F401  how nodes look
from portal.collections import Collection, Tool, register
from portal.columns import Column
from portal.looks import looks
from portal.tenure import organisation_today

looks({
    FollowUpState.IDEA: ("idle", "bulb"), FollowUpState.COMMITTED: "plan", FollowUpState.DONE: "info",
    FollowUpState.VERIFIED: ("ok", "shield-check"), "late": ("bad", "clock-exclamation"),
})  # fmt: skip

# How long it has been waiting: until it came to its end, or until now.
_AGE = ExpressionWrapper(
    Func(
        Coalesce(F("ended_at"), F("done_at"), Now()), F("created_at"), arg_joiner=" - ",
        template="floor(extract(epoch from (%(expressions)s)) / 86400)::int", function="",
    ),
    output_field=IntegerField(),
)  # fmt: skip


def _days_late(reader: Any) -> Case:
    """Of what is committed to and whose day is over; nothing for all else. Days of the organisation."""
    today = organisation_today()
    late = Func(Value(today), F("due_on"), template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())
    return Case(When(state=FollowUpState.COMMITTED, due_on__lt=today, then=late), output_field=IntegerField())


def _alike(reader: Any) -> Subquery:
    """How many other incidents that the reader may see had what it works against; see actions.would_have_helped."""
    seen = Incident.objects.all() if reader is None else Incident.objects.visible(reader)
    alike = seen.exclude(kind=IncidentKind.DRILL).exclude(status__category__in=NO_INCIDENT)
    tags = Tag.objects.filter(node=OuterRef("factor"), incident__in=alike)
    others = tags.exclude(incident=OuterRef("incident")).order_by().values("node")
    return Subquery(others.annotate(number=Count("pk")).values("number"), output_field=IntegerField())


_SERVICES = ArraySubquery(
    Impact.objects.filter(incident=OuterRef("incident")).order_by("subject__name").values("subject__name").distinct()
)

FOLLOW_UPS = register(
    Collection(
        model=FollowUp,
        slug="follow-ups",
        place=30,
        rows=FollowUp.objects.all,
        order="due_on",
        label="Follow-ups",
        label_one="follow-up",
        description="What incidents taught to do: whose it is, by when, and whether it helped.",
        icon="checklist",
        group="Incidents",
        columns=(
            Column("title", cell="link", search="A"),
            Column("state", cell="status"),
            Column("owner", search="C"),
            Column("due_on", label="Due"),
            Column("days_late", expr=_days_late, label="Days late"),
            Column("age_days", expr=_AGE, label="Age, days", help="Until it came to an end, or until now."),
            Column("incident", source="incident__reference"),
            Column("factor", source="factor__slug", cell="node", label="Works against", beside=("factor__name",)),
            Column("alike", expr=_alike, label="Would have helped in", help="Other incidents with the same factor."),
            Column("number", source="incident__name", label="Incident number", search="B", shown=False),
            Column("severity", source="incident__severity__name", shown=False),
            Column("incident_kind", source="incident__kind", label="Kind of incident", shown=False),
            Column("incident_state", source="incident__status__category", label="State of the incident", shown=False),
            Column("incident_declared", source="incident__declared_at", label="Incident declared", shown=False),
            Column("incident_owner", source="incident__owner", label="Owner of the incident", shown=False),
            Column("service", expr=_SERVICES, label="Services", shown=False),
            Column("action_type", source="action_type__slug", cell="node", label="Kind",
                   beside=("action_type__name",), shown=False),
            Column("text", label="What and why", search="D", shown=False),
            Column("ticket", cell="address", shown=False),
            Column("evidence", label="What shows it", search="D", shown=False),
            Column("reason", label="Why not", search="D", shown=False),
            Column("created_at", label="Suggested", shown=False),
            Column("committed_at", label="Committed", shown=False),
            Column("done_at", label="Done", shown=False),
            Column("ended_at", label="Verified or declined", shown=False),
        ),
        form=("title", "text", "action_type", "factor", "owner", "due_on", "ticket"),
        defaults={"state": ("committed", "idea", "done")},
        line=("state", "owner", "due_on"),
        tools=(Tool("By team", "follow-ups-ageing", "users-group", act="view"),),
        empty="Nothing is to be done. Write an idea on the page of an incident: one line is enough.",
        keeps="A follow-up stays. Decline it, and say why: that is an outcome, and no failure.",
        create=None,
        update=actions.edit,
        delete=None,
    )
)  # fmt: skip
