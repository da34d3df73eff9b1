"""``manage.py forecast FILE.csv:CEILING…``: when series from outside reach their ceilings. Needs no database."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand

from services.health.forecast import Forecast, forecast
from services.health.forecast.series_file import (
    LEAD_DAYS,
    MARGIN_DAYS,
    BadSeriesError,
    Task,
    left_out,
    parse_task,
    read_series,
)

HEADS = ("file", "points", "state", "as early as", "likely", "90 %", "30 d", "90 d", "180 d", "365 d")


class Command(BaseCommand):
    help = "Forecast when series reach their ceilings. docs/doomsday-clock.md explains the words."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "tasks",
            nargs="+",
            metavar="FILE.csv:CEILING[:LEAD_DAYS[:MARGIN_DAYS]]",
            help="a file with the columns date,value; the ceiling; the days the work takes in nine of ten cases "
            f"(without them {LEAD_DAYS}); days of margin (without them {MARGIN_DAYS}). Today is the file's last date.",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line for each file")

    def handle(self, *args: Any, **options: Any) -> None:
        done, failed = [], False
        for text in options["tasks"]:
            try:
                task = parse_task(text)
                found = _forecast(task)
            except BadSeriesError as error:
                self.stderr.write(str(error))
                failed = True
                continue
            if options["json"]:
                self.stdout.write(json.dumps(_as_json(task, found), ensure_ascii=False, allow_nan=False))
            else:
                done.append(_cells(task, found))
        if done:
            self.stdout.write(_table([HEADS, *done]))
        if failed:
            sys.exit(2)


def _forecast(task: Task) -> Forecast:
    dates, values = read_series(task.path)
    found = forecast(
        dates, values, ceiling=task.ceiling, lead_p90_days=task.lead_days, margin_days=task.margin_days,
        today=max(dates).date(),
    )  # fmt: skip
    return replace(found, note=" ".join(filter(None, [found.note, left_out(dates, values)])))


def _as_json(task: Task, found: Forecast) -> dict[str, Any]:
    dates = {name: getattr(found, name) for name in ("q10_date", "q50_date", "q90_date")}
    return {
        "file": task.path,
        "points": found.points,
        "state": found.state,
        **{name: day.isoformat() if day else None for name, day in dates.items()},
        **{f"prob_{days}d": found.chances.get(days) for days in (30, 90, 180, 365)},
        "band": [{"date": day.date.isoformat(), "q10": day.q10, "q50": day.q50, "q90": day.q90} for day in found.band],
        "note": found.note,
    }


def _cells(task: Task, found: Forecast) -> tuple[str, ...]:
    dates = (found.q10_date, found.q50_date, found.q90_date)
    chances = (found.chances.get(days) for days in (30, 90, 180, 365))
    return (
        task.path,
        str(found.points),
        found.note if found.state == "unknown" else found.state.replace("_", " "),
        *(day.isoformat() if day else "no date" for day in dates),
        *("–" if chance is None else f"{chance:.0%}" for chance in chances),
    )


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
