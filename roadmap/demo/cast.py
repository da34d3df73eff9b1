"""What the files of the roadmap speak of, found by name: teams, people, services, metrics, limits, factors, cycles."""

import datetime as dt
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone

from incidents.demo.history import Past
from incidents.models import Node
from portal.people.models import User
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.models import Cycle, Initiative
from services.health.models import Limit, Metric

HERE = Path(__file__).parent
# At what hour of the day things are written at Larkspur.
MORNING = dt.time(9, 40)


@cache
def story(name: str) -> Any:
    """What a file says."""
    return yaml.load((HERE / f"{name}.yaml").read_text(), Loader=yaml.CSafeLoader)


class Cast:
    """Everything is read once. ``cycles`` and ``initiatives`` are filled by whoever writes them."""

    def __init__(self, past: Past) -> None:
        self.past, self.today, self.now = past, organisation_today(), timezone.now()
        self.cycles: dict[int, Cycle] = {}
        self.initiatives: dict[str, Initiative] = {}

    def day(self, days: int) -> dt.date:
        """So many days from today."""
        return self.today + dt.timedelta(days=days)

    def moment(self, days: int) -> dt.datetime:
        """In the morning of that day, and not yet to come."""
        at = dt.datetime.combine(self.day(days), MORNING, timezone.get_default_timezone())
        return min(at, self.now - dt.timedelta(minutes=5))

    @cached_property
    def _references(self) -> dict[str, Reference]:
        return {each.canonical: each for each in Reference.objects.filter(attached=True)}

    def team(self, name: str) -> Reference:
        return self._references[f"group:default/{name}"]

    def person(self, name: str) -> Reference:
        return self._references[f"user:default/{name}"]

    def thing(self, name: str) -> Reference:
        """A service or resource, else the team of that name."""
        kinds = ("component", "resource", "group")
        return next(found for kind in kinds if (found := self._references.get(f"{kind}:default/{name}")))

    @cached_property
    def _users(self) -> dict[int, User]:
        rows = User.objects.filter(person__isnull=False).select_related("person").order_by("pk")
        return {each.person.reference_id: each for each in rows if each.person}

    @cached_property
    def planner(self) -> User:
        """The product manager of the platform."""
        return User.objects.filter(role="product_manager").order_by("pk")[0]

    def login(self, person: Reference | None) -> User:
        """The login of a person; of whom has none, that of the product manager who wrote it down for them."""
        return self._users.get(person.pk if person else 0, self.planner)

    @cached_property
    def _metrics(self) -> dict[str, Metric]:
        rows = Metric.objects.filter(environment="").select_related("subject").order_by("pk")
        return {f"{each.subject.name if each.subject else '-'}/{each.name}": each for each in reversed(rows)}

    def metric(self, name: str) -> Metric:
        """The metric ``SUBJECT/NAME``; "-" is the company."""
        return self._metrics[name]

    def measures(self, name: str) -> bool:
        """Whether there is such a metric: of a past of a few days only, the portal computes few."""
        return name in self._metrics

    @cached_property
    def limits(self) -> dict[int | None, Limit]:
        """Limits by the reference of what they are about."""
        return {each.metric.subject_id: each for each in Limit.objects.select_related("metric")}

    @cached_property
    def factors(self) -> dict[str, Node]:
        return {each.slug: each for each in Node.objects.all()}
