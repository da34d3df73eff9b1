"""``manage.py incidents import --format FORMAT PATH``: take in incidents of other systems."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from incidents.imports import dfds, moj, statuspage
from incidents.imports.draft import Draft
from incidents.imports.taking import Taken, take
from incidents.models import Severity

# What each format reads, and whether that is a folder.
FORMATS: dict[str, tuple[Callable[[Path], Iterable[Draft]], bool]] = {
    "moj": (moj.read_folder, True),
    "dfds": (dfds.read_folder, True),
    "statuspage-jsonl": (statuspage.read_file, False),
}


class Command(BaseCommand):
    help = "Take in incidents of other systems. Taking the same again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        importing = acts.add_parser("import", help="read incidents and write them")
        importing.add_argument("path", type=Path, help="a folder, or for statuspage-jsonl a file")
        importing.add_argument("--format", choices=sorted(FORMATS), required=True, dest="format_name")
        importing.add_argument(
            "--severity", action="append", default=[], dest="words", metavar="WORD=SEVERITY",
            help="what a word of the source means here, such as major=sev-2; may be given several times",
        )  # fmt: skip
        importing.add_argument("--json", action="store_true", help="one JSON object for each incident")

    def handle(self, *args: Any, path: Path, format_name: str, words: list[str], **options: Any) -> None:
        read, is_folder = FORMATS[format_name]
        if is_folder and not path.is_dir():
            raise CommandError(f"{path} is no folder. The format {format_name} reads a folder of reports.")
        if not is_folder and not path.is_file():
            raise CommandError(f"{path} is no file. The format {format_name} reads a file of JSON lines.")
        counts: Counter[str] = Counter()
        lost: dict[str, list[str]] = defaultdict(list)
        contradicting = 0
        for taken in take(read(path), format_name=format_name, severities=_severities(words)):
            counts[taken.word] += 1
            contradicting += bool(taken.wrong_times)
            self._tell(taken, as_json=options["json"])
            for text in taken.lost:
                lost[text].append(taken.incident or taken.key)
        if not counts:
            raise CommandError(f"{path} has nothing of the format {format_name}.")
        if not options["json"]:
            self._tell_lost(lost)
        told = ", ".join(f"{word} {counts[word]:,}" for word in ("created", "same", "changed", "refused"))
        self.stderr.write(f"{told}; with times that contradict each other: {contradicting:,}")

    def _tell(self, taken: Taken, *, as_json: bool) -> None:
        if as_json:
            told = {"key": taken.key, "result": taken.word, "incident": taken.incident}
            self.stdout.write(json.dumps({**told, "wrong_times": taken.wrong_times, "lost": taken.lost}))
            return
        for text in taken.wrong_times:
            self.stdout.write(f"{taken.incident or taken.key}: {text}")

    def _tell_lost(self, lost: Mapping[str, list[str]]) -> None:
        """What was lost, the most frequent first: the same of several incidents is one line."""
        for text, names in sorted(lost.items(), key=lambda each: -len(each[1])):
            self.stdout.write(f"{names[0] if len(names) == 1 else f'{len(names):,} incidents'}: {text}")


def _severities(words: list[str]) -> dict[str, Severity]:
    """What each word means, as the options say. Raises CommandError for a severity that there is not."""
    known = {each.slug: each for each in Severity.objects.all()}
    found = {}
    for each in words:
        word, _, slug = each.partition("=")
        if slug not in known:
            raise CommandError(f"“{each}” names no severity. There are: {', '.join(sorted(known))}.")
        found[word] = known[slug]
    return found
