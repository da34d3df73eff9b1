"""Taking a source out of the catalog again, with what only it described."""

from dataclasses import dataclass, field
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import QuerySet

from services.actions import delete_entity
from services.catalog import bulk, organisation
from services.catalog.documents import TAKEN
from services.catalog.organisation import GROUP, USER
from services.models import Document, Entity, Source


@dataclass
class Removal:
    """What goes with a source, and what stays."""

    source: Source
    goes: list[Entity] = field(default_factory=list)
    stays: list[Entity] = field(default_factory=list)
    organisation: int = 0
    documents: int = 0
    memberships: int = 0


def plan_removal(source: Source) -> Removal:
    """What removing the source would do. What another source describes as well stays, and is that one's at its next
    reading; teams and people stay, because nobody is deleted."""
    described = Entity.objects.filter(source=source).select_related("reference").order_by("kind", "name")
    elsewhere = set(_elsewhere(source, described).values_list("reference", flat=True))
    plan = Removal(source)
    for entity in described:
        (plan.stays if entity.reference_id in elsewhere else plan.goes).append(entity)
    mine = Document.objects.filter(source=source)
    plan.documents = mine.count()
    plan.organisation = mine.filter(reference__kind__in=(GROUP, USER), reference__attached=True).count()
    plan.memberships = organisation.said_only_by(source).count()
    return plan


@transaction.atomic
def remove_source(*, by: Any, source: Source) -> Removal:
    """Delete the source, its documents and what only it described, and end the memberships that only it declared."""
    bulk.wait_for_turn()
    source = Source.objects.select_for_update().get(pk=source.pk)
    plan = plan_removal(source)
    with pghistory.context(origin=f"removal of the source {source.name}", **({"user": by.pk} if by else {})):
        for entity in plan.goes:
            delete_entity(by=by, record=entity)
        organisation.withdraw(source)
        source.delete()
    return plan


def _elsewhere(source: Source, entities: QuerySet[Entity]) -> QuerySet[Document]:
    """The documents of other sources that describe the same."""
    others = Document.objects.filter(status__in=TAKEN).exclude(source=source)
    return others.filter(reference__in=entities.order_by().values("reference"))
