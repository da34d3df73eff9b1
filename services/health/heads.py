"""The health of an entity in the head of its page: the word, the reason, and the way to more."""

from django.http import HttpRequest

from portal.collections import collection_of
from portal.heads import Pill, pill
from services.health.models import EntityHealth
from services.models import Entity

WATCHED = ("component", "api", "resource")
UNWATCHED = "No checks"


@pill(on=Entity)
def health_pill(request: HttpRequest, entity: Entity) -> Pill | None:
    """Its health with the reason; of a healthy one the word is enough."""
    collection = collection_of(entity)
    if entity.kind not in WATCHED or collection is None:
        return None
    url, health = f"{collection.url_of(entity)}health/", getattr(entity, "health", None)
    if health is None:
        return Pill("none", UNWATCHED, url=url)
    is_well = health.status == EntityHealth.HEALTHY
    return Pill(
        health.status,
        health.get_status_display(),
        text="" if is_well else health.reason,
        since=None if is_well else health.since,
        url=url,
    )
