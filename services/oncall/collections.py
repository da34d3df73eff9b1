"""Who is on call as collections: how each team hands over, its shifts; columns of teams and what they own."""

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now, NullIf

from portal.collections import Collection, extend, register
from portal.columns import Column
from portal.people.collections import TEAMS
from services.collections import ENTITIES, SERVICES
from services.oncall import actions
from services.oncall.models import Schedule, Shift

_WHO = Coalesce("person__label", NullIf("name", Value("")), output_field=CharField())


def _now(**match: OuterRef) -> Subquery:
    """Everybody who is on call now, by comma; nothing where nobody is."""
    running: QuerySet[Shift] = Shift.objects.filter(from_at__lte=Now(), until_at__gt=Now(), **match)
    named = running.order_by().values("schedule").annotate(names=StringAgg(_WHO, Value(", "), order_by=_WHO))
    return Subquery(named.values("names"), output_field=CharField())


def _until(**match: OuterRef) -> Subquery:
    running = Shift.objects.filter(from_at__lte=Now(), until_at__gt=Now(), **match)
    return Subquery(running.order_by("until_at").values("until_at")[:1])


_HELP = "By the rotation or calendar that its team has here."
for _collection in (SERVICES, ENTITIES):
    extend(
        _collection,
        Column(
            "on_call_now", expr=_now(schedule__team=OuterRef("owner")), label="On call now", help=_HELP, shown=False
        ),
    )
extend(
    TEAMS,
    Column("on_call_now", expr=_now(schedule__team=OuterRef("reference")), label="On call now", help=_HELP),
    Column("on_call_until", expr=_until(schedule__team=OuterRef("reference")), label="On call until", shown=False),
)

SCHEDULES = register(
    Collection(
        model=Schedule,
        slug="on-call",
        place=65,
        rows=Schedule.objects.all,
        order="name",
        label="On call",
        label_one="on-call schedule",
        description="Who is called when something breaks, until when, and who is next.",
        icon="phone-call",
        columns=(
            Column("name", source="team__label", cell="link", label="Team", search="A"),
            Column("team", label="Team as it is named", shown=False),
            Column("on_call_now", expr=_now(schedule=OuterRef("pk")), label="On call now"),
            Column("until", expr=_until(schedule=OuterRef("pk")), label="Until"),
            Column("way", cell="badge"),
            Column("zone", label="Time zone", shown=False),
            Column("first_day", label="First shift", shown=False),
            Column("length_days", shown=False),
            Column("problem", source="calendar__problem", label="What is amiss", shown=False),
            Column("read_at", source="calendar__good_at", label="Last read", shown=False),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("team", "way", "first_day", "hand_over_at", "length_days", "zone", "feed_url"),
        line=("on_call_now",),
        empty="No team says here who is on call. Open the page of your team, and begin with who comes first.",
        create=actions.create_schedule,
        update=actions.update_schedule,
        delete=actions.delete_schedule,
        goes=("its shifts, past and to come", "its people in order and who stands in"),
        stays=("the team, with the on-call page that is linked there",),
    )
)

SHIFTS = register(
    Collection(
        model=Shift,
        slug="on-call-shifts",
        place=66,
        rows=Shift.objects.all,
        order="from_at",
        label="On-call shifts",
        label_one="on-call shift",
        description="Who was, is and will be on call.",
        icon="calendar-event",
        listed=False,
        columns=(
            Column("name", source="schedule__team__label", cell="link", label="Team"),
            Column("who", expr=_WHO),
            Column("person", shown=False),
            Column("team", source="schedule__team", label="Team as it is named", shown=False),
            Column("from_at", label="From"),
            Column("until_at", label="Until"),
            Column("stands_in", shown=False),
        ),
        empty="Nobody is on call. A team says on its page who comes first.",
        create=None,
        update=None,
        delete=None,
    )
)
