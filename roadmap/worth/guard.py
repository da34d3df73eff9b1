"""The guard of an allocation: what goes to platform, debt and 100× work is to lie within the agreed share.

``share = (platform + debt + 100×) / (all days)``, of what is planned or of what was spent. A team with half or more of
its days on 100× work does that instead of features, and is exempt. Page, list and notification read it from here.
"""

import math
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, ExpressionWrapper, F, FloatField, TextChoices, Value, When
from django.db.models.functions import NullIf
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan

from roadmap.models import DUST, Allocation, Bucket, total

INVESTED = (Bucket.PLATFORM, Bucket.DEBT, Bucket.HUNDREDFOLD)


class Guard(TextChoices):
    IN = "in_guard", "In the guard"
    BELOW = "below_guard", "Below the guard"
    OVER = "over_guard", "Over the guard"
    EXEMPT = "hundredfold_team", "100× team"
    NONE = "unplanned", "No days yet"


@dataclass(frozen=True)
class Verdict:
    """What the guard says of an allocation, ``planned`` or ``actual``. ``share`` is None without days."""

    allocation: Allocation
    ending: str
    days: float
    invested: float
    state: Guard

    @property
    def share(self) -> float | None:
        return self.invested / self.days if self.days else None

    @property
    def percent(self) -> int:
        return round(100 * (self.share or 0))

    @property
    def objects(self) -> bool:
        return self.state in {Guard.BELOW, Guard.OVER}

    @property
    def words(self) -> str:
        """The status, with the border that was passed."""
        of = self.allocation
        passed = {Guard.BELOW: f"Below {of.target_low}\u00a0%", Guard.OVER: f"Over {of.target_high}\u00a0%"}
        return passed.get(self.state, self.state.label)

    @property
    def missing_days(self) -> float:
        """Days that must move to platform, debt or 100× work, or away from it, to come back to the border."""
        of = self.allocation
        border = of.target_low if self.state == Guard.BELOW else of.target_high
        return round(abs(border * self.days / 100 - self.invested), 2) if self.objects else 0.0


def verdict(allocation: Allocation, ending: str = "planned") -> Verdict:
    days = {bucket: float(getattr(allocation, f"{bucket}_{ending}") or 0) for bucket in Bucket.values}
    everything, invested = math.fsum(days.values()), math.fsum(days[bucket] for bucket in INVESTED)
    state = _state(allocation, everything, invested, days[Bucket.HUNDREDFOLD])
    return Verdict(allocation, ending, everything, invested, state)


def _state(of: Allocation, everything: float, invested: float, hundredfold: float) -> Guard:
    if not everything:
        return Guard.NONE
    if 2 * hundredfold >= everything:
        return Guard.EXEMPT
    if 100 * invested < of.target_low * everything - DUST:
        return Guard.BELOW
    return Guard.OVER if 100 * invested > of.target_high * everything + DUST else Guard.IN


# The same for the database


def invested_days(ending: str) -> Any:
    return F(f"platform_{ending}") + F(f"debt_{ending}") + F(f"hundredfold_{ending}")


def sum_column(ending: str) -> Any:
    return ExpressionWrapper(total(ending), output_field=FloatField())


def share_column(ending: str) -> Any:
    return ExpressionWrapper(
        invested_days(ending) / NullIf(total(ending), Value(0.0), output_field=FloatField()), output_field=FloatField()
    )


def state_column(ending: str) -> Case:
    everything = sum_column(ending)
    invested = ExpressionWrapper(100 * invested_days(ending), output_field=FloatField())
    return Case(
        When(_compare(Exact, everything, Value(0.0)), then=Value(Guard.NONE)),
        When(_compare(GreaterThanOrEqual, 2 * F(f"hundredfold_{ending}"), everything), then=Value(Guard.EXEMPT)),
        When(_compare(LessThan, invested, F("target_low") * everything - Value(DUST)), then=Value(Guard.BELOW)),
        When(_compare(GreaterThan, invested, F("target_high") * everything + Value(DUST)), then=Value(Guard.OVER)),
        default=Value(Guard.IN),
        output_field=CharField(max_length=20, choices=Guard.choices),
    )


def _compare(how: Any, left: Any, right: Any) -> Any:
    return how(*(ExpressionWrapper(each, output_field=FloatField()) for each in (left, right)))
