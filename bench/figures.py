"""What a measurement says, and how it is printed."""

import dataclasses
import sys
from collections.abc import Iterable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the table. ``goal`` is in words; ``ok`` says whether it is met (None where there is none)."""

    name: str
    value: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    goal: str = ""
    ok: bool | None = None

    def as_json(self) -> dict[str, Any]:
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in vars(self).items()}


def at_most(name: str, value: float, limit: float, unit: str, floor: float | None = None) -> Figure:
    ratio = value / floor if floor else None
    return Figure(name, value, unit, floor, ratio, f"≤ {limit:g} {unit}".rstrip(), value <= limit)


def at_least(name: str, value: float, limit: float, unit: str, floor: float | None = None) -> Figure:
    """For rates: the floor is what bare code reaches, so the ratio is how many times slower this is."""
    ratio = floor / value if floor else None
    return Figure(name, value, unit, floor, ratio, f"≥ {limit:g} {unit}".rstrip(), value >= limit)


def times_floor(name: str, value: float, floor: float, limit: float, unit: str = "ms") -> Figure:
    ratio = value / floor
    return Figure(name, value, unit, floor, ratio, f"≤ {limit:g} × floor", ratio <= limit)


def table(figures: Iterable[Figure]) -> str:
    heads = ("figure", "value", "floor", "ratio", "goal", "")
    rows = [heads, *(_cells(each) for each in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(heads))]
    return "\n".join(_line(row, widths) for row in rows)


def _cells(each: Figure) -> tuple[str, ...]:
    verdict = {None: "", True: "met", False: "MISSED"}[each.ok]
    floor = "" if each.floor is None else _number(each.floor)
    ratio = "" if each.ratio is None else f"{each.ratio:.2f}"
    return each.name, f"{_number(each.value)} {each.unit}".rstrip(), floor, ratio, each.goal, verdict


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first, *middle, last = row
    cells = (cell.rjust(width) for cell, width in zip(middle, widths[1:-1], strict=True))
    return "  ".join([first.ljust(widths[0]), *cells, last]).rstrip()


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def say(text: str) -> None:
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)
