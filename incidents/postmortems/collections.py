"""The collections of postmortems and of what they begin with."""

from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import BooleanField, Case, Q, Value, When

from incidents.models import Postmortem, PostmortemState, PostmortemTemplate
from incidents.postmortems import templates
from portal.collections import Collection, register
from portal.columns import Column
from portal.looks import looks
from portal.tenure import organisation_today

looks({PostmortemState.DRAFT: "plan", PostmortemState.IN_REVIEW: "info", PostmortemState.PUBLISHED: "ok"})


class OfIncidents(Collection):
    """Records of which an incident has one, addressed by its number: numbers of their own would have gaps, and a gap
    tells of something private."""

    @cached_property
    def key_paths(self) -> tuple[str, ...]:
        return ("incident__name",)

    def key(self, *parts: Any) -> str:
        return str(parts[0]).lower()

    def key_of(self, record: Any) -> str:
        return self.key(record.incident.name)

    def key_condition(self, key: str) -> models.Q:
        return Q(incident__name=key.upper()) if "\x00" not in key else Q(pk=None)


def _is_late(reader: Any) -> Case:
    late = When(latest=None, due_on__lt=organisation_today(), then=Value(True))
    return Case(late, default=Value(False), output_field=BooleanField())


POSTMORTEMS = register(
    OfIncidents(
        model=Postmortem,
        slug="postmortems",
        place=20,
        rows=Postmortem.objects.all,
        order="-due_on",
        description="What incidents taught, and what is being written about them.",
        icon="file-text",
        group="Incidents",
        columns=(
            Column("name", source="incident__name", cell="link", label="Number", search="A"),
            Column("title", source="incident__title", search="A"),
            Column("state", cell="status"),
            Column("due_on", label="Due"),
            Column("late", expr=_is_late),
            Column("owner", source="incident__owner", search="C"),
            Column("published_at", source="latest__published_at", label="Published"),
            Column("severity", source="incident__severity__name", shown=False),
            Column("edition", source="latest__number", shown=False),
            Column("report", source="latest__markdown", search="D", shown=False, help="The text of the last edition."),
            Column("updated_at", label="Changed", shown=False),
        ),
        form=("due_on",),
        line=("title", "state"),
        preview=("due_on", "owner"),
        empty="Nobody has begun a postmortem. The page of an incident has the button that begins one.",
        keeps="A postmortem stays, and so do its editions. What is wrong in one is mended in the next.",
        create=None,
        delete=None,
    )
)  # fmt: skip

TEMPLATES = register(
    Collection(
        model=PostmortemTemplate,
        slug="postmortem-templates",
        place=73,
        rows=PostmortemTemplate.objects.all,
        order="name",
        label="Postmortem templates",
        label_one="postmortem template",
        description="The sections that postmortems begin with, and what each of them asks.",
        icon="template",
        group="Administration",
        columns=(
            Column("name", cell="link", search="A"),
            Column("is_default", label="Used unless another is chosen"),
            Column("is_active", label="Active"),
        ),
        form=("name", "is_default", "is_active"),
        keeps="Postmortems name it. Switch it off, and nobody begins with it any more.",
        create=templates.create_template,
        delete=None,
    )
)
