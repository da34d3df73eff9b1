"""The collection of what incidents are told apart by."""

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from incidents.models import FollowUp, Incident, Node, Tag
from portal.collections import Collection, register
from portal.columns import Column


def _uses(reader: Any) -> Any:
    """To how many incidents that the reader may see it applies."""
    seen = Incident.objects.all() if reader is None else Incident.objects.visible(reader)
    told = Tag.objects.filter(node=OuterRef("pk"), incident__in=seen).order_by().values("node")
    return Coalesce(Subquery(told.annotate(number=Count("pk")).values("number"), output_field=IntegerField()), 0)


def _follow_ups(reader: Any) -> Any:
    """How many that the reader may see are of this kind, or work against it."""
    seen = FollowUp.objects.all() if reader is None else FollowUp.objects.visible(reader)
    its_own = Q(action_type=OuterRef("pk")) | Q(factor=OuterRef("pk"))
    told = seen.filter(its_own).order_by().values(together=Value(1))
    return Coalesce(Subquery(told.annotate(number=Count("pk")).values("number"), output_field=IntegerField()), 0)


TAXONOMY = register(
    Collection(
        model=Node,
        slug="taxonomy",
        place=40,
        rows=Node.objects.all,
        order="facet",
        label="Taxonomy",
        label_one="taxonomy node",
        description="What incidents are told apart by: six questions with their answers.",
        icon="category",
        group="Incidents",
        columns=(
            Column("name", cell="link", search="A"),
            Column("facet"),
            Column("parent", source="parent__name", label="Part of"),
            Column("uses", expr=_uses, label="Incidents", help="To how many it applies."),
            Column("follow_ups", expr=_follow_ups, label="Follow-ups", help="Of this kind, or against it."),
            Column("definition", search="B"),
            Column("slug", search="C", shown=False),
            Column("place", shown=False),
            Column("is_active", label="Active", shown=False),
        ),
        form=("name", "definition", "is_active"),
        keeps="Incidents name it, and figures count on it. Switch it off, and nobody chooses it any more.",
        create=None,
        delete=None,
    )
)
