"""``manage.py openslo``: ``import FILE…`` takes OpenSLO v1 documents in, ``export`` writes SLOs as such."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from services.health.models import Slo
from services.health.openslo import exporting, importing


class Command(BaseCommand):
    help = "Take SLOs from OpenSLO v1 files, or write them as such. docs/openslo.md says what can be expressed."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="import|export")
        take = verbs.add_parser(
            "import", help="make and change the SLOs that files describe; a file whole or not at all"
        )
        take.add_argument("paths", nargs="+", metavar="FILE", help="a YAML file; - reads standard input")
        take.add_argument("--dry-run", action="store_true", help="say what it would do, and write nothing")
        take.add_argument("--json", action="store_true", help="one JSON object for each file on standard output")
        write = verbs.add_parser("export", help="write SLOs as YAML to standard output")
        write.add_argument("names", nargs="*", metavar="NAME", help="short names of SLOs; without any, all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "export":
            self._export(options["names"])
        else:
            refused = sum(not self._take(path, options) for path in options["paths"])
            if refused:
                raise CommandError(f"{refused} of {len(options['paths'])} files were refused and left out.")

    def _export(self, names: list[str]) -> None:
        found = exporting.related(Slo.objects.order_by("name"))
        if names:
            found = found.filter(name__in=names)
            if missing := sorted(set(names) - set(found.values_list("name", flat=True))):
                raise CommandError(f"There is no SLO “{missing[0]}”.")
        self.stdout.write(exporting.export(found), ending="")

    def _take(self, path: str, options: dict[str, Any]) -> bool:
        found = importing.take(None, _read(path), write=not options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(_line(path, found), ensure_ascii=False))
            return not found.problems
        for text in (*found.notes, *found.problems):
            self.stderr.write(f"{path}: {text}")
        for each in found.taken if not found.problems else ():
            self.stdout.write(f"{each.word}: {each.document}" + (f" ({each.told})" if each.told else ""))
        return not found.problems


def _read(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as problem:
        raise CommandError(f"{path} cannot be read: {problem.strerror}.") from None


def _line(path: str, found: importing.Import) -> dict[str, Any]:
    return {
        "file": path,
        "problems": list(found.problems),
        "notes": found.notes,
        "documents": [
            {"kind": each.document.kind, "name": each.document.name, "result": each.word, "changes": each.told}
            for each in (found.taken if not found.problems else ())
        ],
    }
