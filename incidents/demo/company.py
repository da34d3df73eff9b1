"""Who is there at Larkspur: services with their owners and neighbours, teams with their people, logins."""

from dataclasses import dataclass
from functools import cached_property

from portal.people.models import Membership, User
from portal.references.models import Reference
from services.models import Entity, Relation

# Who looks after what nobody owns.
LAST_RESORT = "group:default/core-platform"
STORES = ("database", "cache", "search-index")
UNWANTED = ("library", "mobile-app")


@dataclass(frozen=True)
class Part:
    """A service or resource of the company, as an incident knows it."""

    entity: Entity
    team: Reference
    peers: tuple[str, ...]
    stores: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.entity.name

    @property
    def tier(self) -> int:
        return 3 if self.entity.tier is None else self.entity.tier


class Company:
    """Everything is read once."""

    def __init__(self) -> None:
        rows = Entity.objects.filter(kind__in=("component", "resource"), source__name__isnull=False)
        entities = list(rows.select_related("owner", "reference", "source").order_by("name"))
        self.references = {each.reference_id: each for each in entities}
        teams = {each.pk: each for each in Reference.objects.filter(kind="group")}
        self.teams = list(teams.values())
        fallback = next(each for each in teams.values() if each.canonical == LAST_RESORT)
        self.parts = {
            each.name: Part(
                each, teams.get(each.owner_id or 0, fallback), self._neighbours(each), self._stores(each)
            )
            for each in entities
        }  # fmt: skip

    @cached_property
    def _relations(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """What each needs, and by what each is needed, by reference."""
        needs: dict[int, list[int]] = {}
        needed: dict[int, list[int]] = {}
        rows = Relation.objects.filter(type="dependsOn").order_by("pk")
        for subject, needed_one in rows.values_list("subject", "object"):
            needs.setdefault(subject, []).append(needed_one)
            needed.setdefault(needed_one, []).append(subject)
        return needs, needed

    def _neighbours(self, entity: Entity) -> tuple[str, ...]:
        needs, needed = self._relations
        around = [*needed.get(entity.reference_id, ()), *needs.get(entity.reference_id, ())]
        found = [self.references[each] for each in around if each in self.references]
        return tuple(each.name for each in found if each.kind == "component" and each.type not in UNWANTED)

    def _stores(self, entity: Entity) -> tuple[str, ...]:
        found = [self.references.get(each) for each in self._relations[0].get(entity.reference_id, ())]
        return tuple(each.name for each in found if each and each.kind == "resource" and each.type in STORES)

    @cached_property
    def people(self) -> dict[int, list[Reference]]:
        """Team → its people, those with a login first."""
        found: dict[int, list[Reference]] = {}
        rows = Membership.objects.current().select_related("person").order_by("person__name")
        for membership in rows:
            found.setdefault(membership.team_id, []).append(membership.person)
        return {team: sorted(each, key=lambda who: who.pk not in self.users) for team, each in found.items()}

    @cached_property
    def users(self) -> dict[int, User]:
        """Reference of a person → their login."""
        rows = User.objects.filter(person__isnull=False).select_related("person__reference").order_by("pk")
        return {each.person.reference_id: each for each in rows if each.person}

    @cached_property
    def everybody(self) -> list[Reference]:
        """Whoever can be asked when a team has nobody."""
        return [each for people in self.people.values() for each in people]
