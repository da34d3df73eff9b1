"""What is said of incidents, as a list: for files, the API, and whoever counts."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from rest_framework import serializers

from incidents.collections import INCIDENTS
from incidents.models import Tag
from incidents.taxonomy import looks as _nodes  # noqa: F401  how nodes look
from incidents.taxonomy import tagging
from portal.collections import Collection, register
from portal.columns import Column


def add(*, by: Any, values: Mapping[str, Any], model: type[Tag] = Tag, kind: str = "") -> Tag:
    """Say of an incident, named by its number, that a node, named by its slug, applies.

    An incident that the writer may not see is as if there were none.
    """
    said = dict(values)
    number, slug = said.pop("incident", ""), said.pop("node", "")
    incident = INCIDENTS.visible(by).filter(name__iexact=str(number).strip()).first()
    if incident is None:
        raise ValidationError({"incident": f"There is no incident “{str(number)[:40]}”."})
    if not by.has_perm("incidents.change_incident", incident):
        raise PermissionDenied(f"You may not change {incident.name}.")
    try:
        node = tagging.node_named(str(slug))
    except ValidationError as problem:
        raise ValidationError({"node": problem.messages}) from None
    return tagging.tag(by=by, incident=incident, node=node, **said)


TAGS = register(
    Collection(
        model=Tag,
        slug="incident-tags",
        place=41,
        rows=Tag.objects.all,
        order="-declared_at",
        label="Classification",
        label_one="classification",
        description="What each incident was like, one row for each answer.",
        icon="tag",
        group="Incidents",
        listed=False,
        columns=(
            Column("node_name", source="node__name", cell="link", label="What applies", search="A"),
            Column("node", source="node__slug", label="Slug", shown=False),
            Column("facet", source="node__facet"),
            Column("incident", source="incident__reference"),
            Column("number", source="incident__name", label="Number", shown=False),
            Column("confidence"),
            Column("mode"),
            Column("effect", shown=False),
            Column("is_primary", label="First", shown=False),
            Column("event_count", expr=Count("evidence"), label="Events that show it"),
            Column("note", search="D", shown=False),
            Column("declared_at", source="incident__declared_at", label="Declared"),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("confidence", "mode", "effect", "is_primary", "note"),
        said_once={
            "incident": lambda: serializers.CharField(max_length=40, help_text="Its number, such as INC-12."),
            "node": lambda: serializers.CharField(max_length=120, help_text="Its slug, or its name."),
        },
        empty="Nobody has classified an incident yet. Choose Classify on the page of one.",
        create=add,
        update=tagging.retag,
        delete=tagging.untag,
    )
)
