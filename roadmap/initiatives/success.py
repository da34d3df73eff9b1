"""How far a success criterion is: the live value of its metric on the way from baseline to target."""

from dataclasses import dataclass

from roadmap.models import GUARDRAILS, Criterion, Way
from roadmap.okr.progress import is_inside, progress
from services.health.saying import with_unit


@dataclass(frozen=True)
class Progress:
    """``share`` is of the way, and goes below 0 and beyond 1; of a guardrail it is 1 inside and 0 outside. ``now`` is
    the value in words, ``problem`` says why there is none."""

    share: float | None
    now: str
    wanted: str
    look: str
    problem: str = ""

    @property
    def percent(self) -> str:
        return "" if self.share is None else f"{self.share * 100:,.0f}\u00a0%"

    @property
    def width(self) -> str:
        """As wide as the bar is, which ends where words go on."""
        return f"{min(max(self.share or 0.0, 0.0), 1.0) * 100:.1f}%"


def progress_of(criterion: Criterion) -> Progress | None:
    """None of a criterion in words alone. Its metric and the state of that are read before."""
    metric = criterion.metric
    if metric is None or criterion.target is None:
        return None
    state = getattr(metric, "state", None)
    wanted = wanted_of(criterion)
    if state is None or state.value is None:
        told = (state.problem if state else "") or "No value has come yet"
        return Progress(None, "", wanted, "idle", told)
    share = share_of(criterion.way, criterion.baseline, criterion.target, state.value)
    look = "ok" if share >= 1 else "bad" if share < 0 or criterion.way in GUARDRAILS else "info"
    return Progress(share, with_unit(metric, state.value), wanted, look)


def share_of(way: str, baseline: float | None, target: float, value: float) -> float:
    """The share of the way, not clamped; of a guardrail whether the value is inside."""
    if way in GUARDRAILS:
        return float(is_inside(way, target, value))
    reached = progress(way, baseline, target, value)
    assert reached is not None  # noqa: S101  the database asks for a way to go
    return reached


def wanted_of(criterion: Criterion) -> str:
    """From where to where, in words."""
    metric, target = criterion.metric, criterion.target
    if metric is None or target is None:
        return ""
    if criterion.way in GUARDRAILS:
        return f"{Way(criterion.way).label.lower()} {with_unit(metric, target)}"
    return f"from {with_unit(metric, criterion.baseline or 0.0)} to {with_unit(metric, target)}"
