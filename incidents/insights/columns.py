"""Columns of the list of incidents that figures are made of: each figure has a list of exactly its incidents."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import ExpressionWrapper, F, FloatField, OuterRef

from incidents.collections import INCIDENTS
from incidents.models import STAGES, Facet, Impact, Tag
from incidents.taxonomy import looks  # noqa: F401  how nodes look
from portal.collections import extend
from portal.columns import Column

# Facet → the column of the list that has its nodes.
COLUMNS = {
    Facet.TRIGGER: "trigger",
    Facet.CONTRIBUTING_FACTOR: "factor",
    Facet.FAILURE_MODE: "failure_mode",
    Facet.DETECTION: "detection",
    Facet.DETECTION_GAP: "detection_gap",
    Facet.MITIGATION: "mitigation",
    Facet.HINDRANCE: "hindrance",
    Facet.IMPACT_TYPE: "impact_type",
}


def _nodes(facet: str) -> ArraySubquery:
    """The slugs of the nodes of a facet, with those they are part of: who asks for a change finds a rollout too."""
    tags = Tag.objects.filter(incident=OuterRef("pk"), node__facet=facet).order_by()
    own, above = tags.values("node__slug"), tags.exclude(node__parent=None).values("node__parent__slug")
    return ArraySubquery(own.union(above))


def _distinct(rows: type, path: str) -> ArraySubquery:
    found = rows._default_manager.filter(incident=OuterRef("pk")).exclude(**{path: ""})  # type: ignore[attr-defined]
    return ArraySubquery(found.order_by(path).values(path).distinct())


extend(
    INCIDENTS,
    Column("service", expr=_distinct(Impact, "subject__name"), label="Services", shown=False),
    *(
        Column(name, expr=_nodes(facet), label=Facet(facet).label, cell="nodes", shown=False)
        for facet, name in COLUMNS.items()
    ),
    Column("mode", expr=_distinct(Tag, "mode"), label="Mode of mitigation", shown=False),
    *(
        Column(
            stage.column, label=f"{stage.label}, minutes", shown=False, help="Where no times contradict each other.",
            expr=ExpressionWrapper(F(f"state__{stage.field}") / 60.0, output_field=FloatField()),
        )
        for stage in STAGES
    ),
    Column("problems", source="state__problems", label="What its times contradict", shown=False),
)  # fmt: skip
