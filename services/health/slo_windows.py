"""The windows by which SLOs are judged, as they were measured and as what they stand for."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from services.health import budget
from services.health.budget import Events
from services.health.models import Slo

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Windows:
    """The events of SLOs in windows of so many minutes up to ``now``. ``begins`` says when an SLO began to be measured,
    where that is known."""

    now: dt.datetime
    found: Mapping[int, Mapping[int, Events]]
    begins: Mapping[int, dt.datetime]

    def __call__(self, slo: Slo, minutes: int) -> Events:
        """What was measured."""
        return self.found[minutes][slo.pk]

    def judged(self, slo: Slo, minutes: int) -> Events:
        """What alerts are judged by: of an SLO that is younger than the window, what the whole window stands for
        (services.health.budget.as_whole)."""
        age, measured = self.age(slo, minutes), self(slo, minutes)
        return measured if age is None else budget.as_whole(measured, minutes, age / MINUTE)

    def age(self, slo: Slo, minutes: int) -> dt.timedelta | None:
        """How long an SLO has been measured that is younger than the window."""
        begin = self.begins.get(slo.pk)
        age = self.now - begin if begin else None
        return age if age is not None and age < minutes * MINUTE else None
