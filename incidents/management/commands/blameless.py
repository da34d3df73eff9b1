"""``manage.py blameless FILE``: the hints of the portal for a text in a file, for editors and pipelines."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.blameless.engine import Hint, hints

LARGEST = 5_000_000


class Command(BaseCommand):
    help = "Print hints at words that blame in a Markdown or text file, or in what comes on standard input for “-”."
    requires_system_checks: list[Any] = []  # it needs no database

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file, or - for standard input")
        parser.add_argument("--json", action="store_true", help="rule, line, excerpt, suggestion as JSON lines")
        parser.add_argument("--person", action="append", default=[], help="somebody who was in it; may be given often")

    def handle(self, *args: Any, file: str, person: list[str], **options: Any) -> None:
        for each in hints(_text_of(file), people=person):
            self.stdout.write(_as_json(each) if options["json"] else _as_text(file, each))


def _text_of(file: str) -> str:
    try:
        data = sys.stdin.buffer.read(LARGEST + 1) if file == "-" else Path(file).read_bytes()
    except OSError as problem:
        raise CommandError(f"{file} cannot be read: {problem.strerror}.") from None
    if len(data) > LARGEST:
        raise CommandError(f"{file} has more than {LARGEST:,} bytes. Give a report, not an archive.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise CommandError(f"{file} is no UTF-8 text (byte {problem.start + 1:,}). Convert it first.") from None


def _as_json(hint: Hint) -> str:
    told = {"rule": hint.rule, "line": hint.line, "excerpt": hint.excerpt, "suggestion": hint.suggestion}
    return json.dumps({**told, "level": hint.level.name.lower(), "why": hint.why}, ensure_ascii=False)


def _as_text(file: str, hint: Hint) -> str:
    place = f"{file}:{hint.line}: {hint.level.name.lower()} {hint.rule}"
    return f"{place}: {hint.excerpt}\n    {hint.why} {hint.suggestion}"
