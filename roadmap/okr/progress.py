"""How far a key result has come, and how that stands beside the time that is over. Success criteria of initiatives and
the plans go by the same formula; docs/okrs.md has it with examples worked out by hand."""

from roadmap.models import GUARDRAILS, Standing, Way

# Points of a hundred behind the share of the cycle that is over.
ON_TRACK_UNTIL, BEHIND_UNTIL = 0.05, 0.25
# Shares of days inside of a guardrail.
KEPT_FROM, SLIPPING_FROM = 0.95, 0.80
# So little is an artefact of arithmetic: 0.1 + 0.2 is no more than 0.3.
_DUST = 1e-9


def progress(way: str, baseline: float | None, target: float, current: float | None) -> float | None:
    """The share of the way from ``baseline`` to ``target``, not clamped: below nothing it goes the wrong way, above one
    it went further. None where there is no way, as of a guardrail, or no value."""
    if way in GUARDRAILS or current is None or baseline is None or baseline == target:
        return None
    return (current - baseline) / (target - baseline)


def is_inside(way: str, target: float, value: float) -> bool:
    """Whether a value keeps a guardrail; the bound itself does."""
    return value >= target if way == Way.STAY_ABOVE else value <= target


def bounds_of(way: str, target: float) -> tuple[float, float]:
    """From where to where a value is inside."""
    return (target, float("inf")) if way == Way.STAY_ABOVE else (float("-inf"), target)


def standing(way: str, reached: float | None, passed: float, *, inside_now: bool = True) -> Standing:
    """How ``reached`` stands when the share ``passed`` of the cycle is over. Of a guardrail ``reached`` is the share of
    days inside, and ``inside_now`` whether the latest value is."""
    if reached is None:
        return Standing.UNKNOWN
    if way in GUARDRAILS:
        return _guarded(reached, passed, inside_now)
    if reached >= 1 - _DUST:
        return Standing.REACHED
    behind = passed - reached
    # When the cycle is over nothing is on track any more: it is reached, or it is not.
    if passed < 1 and behind <= ON_TRACK_UNTIL + _DUST:
        return Standing.AHEAD
    return Standing.BEHIND if behind <= BEHIND_UNTIL + _DUST else Standing.AWAY


def _guarded(share: float, passed: float, inside_now: bool) -> Standing:
    if share < SLIPPING_FROM - _DUST:
        return Standing.AWAY
    if share < KEPT_FROM - _DUST or not inside_now:
        return Standing.BEHIND
    return Standing.REACHED if passed >= 1 else Standing.AHEAD


def target_of(baseline: float, relative: float) -> float:
    """The target that a promise in percent means: 1,330 and −40 give 798."""
    return baseline * (1 + relative / 100)
