"""The collection of dependencies, the column of slack, and the shapes of the list of initiatives."""

from django.db.models import CharField, Value
from django.db.models.functions import Concat

from portal.collections import Collection, extend, register
from portal.columns import Column
from portal.looks import looks
from roadmap.collections import INITIATIVES
from roadmap.models import Dependency, DependencyKind
from roadmap.views import actions

looks(dict.fromkeys(DependencyKind.values, "idle"))
SLACK_HELP = "Days that it may slip before the end of what hangs together with it does; 0 is the critical path."

extend(INITIATIVES, Column("slack_days", source="state__slack_days", label="Slack, days", help=SLACK_HELP, shown=False))

_NAME = Concat("after__name", Value(" waits for "), "before__name", output_field=CharField())

DEPENDENCIES = register(
    Collection(
        model=Dependency,
        slug="dependencies",
        listed=False,
        group="Roadmap",
        icon="route",
        rows=Dependency.objects.all,
        order="after",
        label_one="dependency",
        description="Which initiative waits for which, and how.",
        columns=(
            Column("name", cell="link", expr=_NAME, label="Dependency"),
            Column("after", source="after__reference", label="Waits"),
            Column("before", source="before__reference", label="Waits for"),
            Column("kind"),
            Column("lag_days", label="Lag, days"),
            Column("before_ends", source="before__ends_likely", label="Likely end of the first", shown=False),
            Column("after_starts", source="after__starts_on", label="Start of the second", shown=False),
            Column("created_at", label="Made", shown=False),
        ),
        form=("kind", "lag_days"),
        line=("kind", "lag_days"),
        empty="Nothing waits for anything. Say so on the page of the initiative that waits.",
        create=None,
        update=actions.edit_dependency,
        delete=actions.remove_dependency,
        goes=("that the second waits for the first",),
        stays=("both initiatives",),
    )
)  # fmt: skip
