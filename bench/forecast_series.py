"""The real series that forecasts are tried on: beds, files and commits by day, and cloud metrics of a few days."""

import csv
import datetime as dt
import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

CORPUS = Path(
    os.environ.get("TIMESERIES_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus" / "timeseries")
)


@dataclass(frozen=True)
class Series:
    """``values``: one a day from ``first_day``, NaN where there is none. ``ceilings``: day → the real ceiling then."""

    name: str
    kind: str
    first_day: dt.date
    values: np.ndarray
    ceilings: dict[dt.date, float] = field(default_factory=dict)

    @property
    def is_held_out(self) -> bool:
        """Half of the states and repositories were never looked at while the forecast was made."""
        return hashlib.md5(self.name.partition("/")[2].encode()).digest()[-1] % 2 == 1


def daily_series() -> list[Series]:
    """All series that are long enough for a backtest."""
    return [*_beds(), *_repositories()]


def _beds() -> Iterator[Series]:
    """Occupied intensive-care beds of each state; occupied and free together are the real ceiling of a day."""
    occupied: dict[str, dict[dt.date, float]] = defaultdict(dict)
    ceilings: dict[str, dict[dt.date, float]] = defaultdict(dict)
    for row in _rows(CORPUS / "rki-icu" / "states.csv"):
        state, day = row["bundesland_name"], dt.date.fromisoformat(row["datum"])
        if row["intensivbetten_belegt"].isdigit() and row["intensivbetten_frei"].isdigit():
            occupied[state][day] = float(row["intensivbetten_belegt"])
            ceilings[state][day] = occupied[state][day] + float(row["intensivbetten_frei"])
    for state, by_day in occupied.items():
        yield _series(f"beds/{state}", "gauge", by_day, ceilings[state])


def _repositories() -> Iterator[Series]:
    for path in sorted((CORPUS / "git-growth").glob("*.csv")):
        rows = [(dt.date.fromisoformat(row["date"]), row) for row in _rows(path)]
        for column, name, kind in (("tracked_files", "files", "gauge"), ("commits", "commits", "flow")):
            yield _series(f"{name}/{path.stem}", kind, {day: float(row[column]) for day, row in rows if row[column]})


def _series(name: str, kind: str, by_day: dict[dt.date, float], ceilings: dict[dt.date, float] | None = None) -> Series:
    first = min(by_day)
    values = np.full((max(by_day) - first).days + 1, np.nan)
    for day, value in by_day.items():
        values[(day - first).days] = value
    return Series(name, kind, first, values, ceilings or {})


def short_series() -> Iterator[tuple[str, list[dt.datetime], list[float]]]:
    """The cloud metrics: name, moments, values."""
    for path in sorted((CORPUS / "nab-aws").glob("*.csv")):
        rows = list(_rows(path))
        yield (
            path.stem,
            [dt.datetime.fromisoformat(row["timestamp"]) for row in rows],
            [float(row["value"]) for row in rows],
        )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="") as file:
        yield from csv.DictReader(file)
