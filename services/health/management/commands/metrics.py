"""``manage.py metrics import FILE…``: values of metrics from CSV files, each whole or not at all."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from services.health import metric_import


class Command(BaseCommand):
    help = "Take values of metrics from CSV files. docs/health.md has the columns. Importing again changes nothing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="import")
        take = verbs.add_parser("import", help="write the values of CSV files; a file whole or not at all")
        take.add_argument("paths", nargs="+", metavar="FILE", help="a CSV file; - reads standard input")
        take.add_argument("--dry-run", action="store_true", help="say what it would do, and write nothing")
        take.add_argument("--json", action="store_true", help="one JSON object for each file on standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        refused = 0
        for path in options["paths"]:
            found = metric_import.take(None, _read(path), write=not options["dry_run"])
            refused += bool(found.problems)
            self._report(path, found, as_json=options["json"])
        if refused:
            raise CommandError(f"{refused} of {len(options['paths'])} files were refused and left out.")

    def _report(self, path: str, found: metric_import.Imported, *, as_json: bool) -> None:
        counts = {"new": found.new, "changed": found.changed, "same": found.same, "metrics": len(found.new_metrics)}
        if as_json:
            self.stdout.write(json.dumps({"file": path, "problems": found.problems, **counts}, ensure_ascii=False))
            return
        for problem in found.problems:
            self.stderr.write(f"{path}: {problem}")
        if not found.problems:
            new, changed, same, metrics = counts.values()
            self.stdout.write(
                f"{path}: {new:,} new values, {changed:,} changed, {same:,} as they were; {metrics} new metrics"
            )


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as problem:
        raise CommandError(f"{path} cannot be read: {problem.strerror}.") from None
