"""``manage.py roadmap import PATH --mapping M.yaml``: take in initiatives of other systems."""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from roadmap.imports.mapping import FieldMapping, MappingError, read_mapping
from roadmap.imports.reading import UnreadableSource, read_path
from roadmap.imports.writing import RESULTS, Importing, Outcome
from services.health.uploads import text_of

# How often it says how far it is.
EVERY = 100


class Command(BaseCommand):
    help = "Take in initiatives of other systems. Taking the same again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        importing = acts.add_parser("import", help="read initiatives and write them")
        importing.add_argument("path", type=Path, help="a folder of YAML files, or one YAML or CSV file")
        importing.add_argument(
            "--mapping", type=Path, required=True, dest="mapping_path", metavar="M.yaml",
            help="which field comes from where; docs/roadmap-import.md describes it",
        )  # fmt: skip
        importing.add_argument("--dry-run", action="store_true", help="say what it would do, and write nothing")
        importing.add_argument("--json", action="store_true", help="one JSON object for each row")

    def handle(self, *args: Any, path: Path, mapping_path: Path, dry_run: bool, **options: Any) -> None:
        mapping = _mapping(mapping_path)
        counts: Counter[str] = Counter()
        try:
            rows = read_path(path, files=mapping.files, rows=mapping.rows)
            for outcome in Importing(mapping, write=not dry_run).run(rows):
                counts[outcome.result] += 1
                self._tell(outcome, as_json=options["json"])
                if counts.total() % EVERY == 0:
                    self.stderr.write(f"{counts.total():,} rows")
        except UnreadableSource as problem:
            raise CommandError(str(problem)) from None
        if not counts:
            narrowed = f" that fits “{mapping.files}”" if mapping.files else ""
            raise CommandError(f"{path} has no row{narrowed}. Files end in .yaml, .yml or .csv.")
        told = ", ".join(f"{word} {counts[word]:,}" for word in RESULTS)
        self.stderr.write(f"{told}{'; nothing was written' if dry_run else ''}")

    def _tell(self, outcome: Outcome, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(dataclasses.asdict(outcome)))
            return
        where = f"{outcome.file} row {outcome.row}"
        for problem in outcome.problems:
            self.stdout.write(f"{where}: refused: {problem}")
        for problem in outcome.left_out:
            self.stdout.write(f"{outcome.initiative or where}: left out: {problem}")
        if outcome.kept:
            told = f"{', '.join(outcome.kept)}: changed by people since, so kept as it is here"
            self.stdout.write(f"{outcome.initiative}: {told}")


def _mapping(path: Path) -> FieldMapping:
    """What the file says. Raises CommandError naming all that is wrong with it."""
    try:
        return read_mapping(text_of(path.read_bytes()))
    except OSError:
        raise CommandError(
            f"{path} is no file that can be read. A mapping says which field comes from where."
        ) from None
    except ValueError as problem:
        raise CommandError(f"{path}: {problem}") from None
    except MappingError as problem:
        raise CommandError(f"{path}:\n" + "\n".join(f"  {each}" for each in problem.problems)) from None
