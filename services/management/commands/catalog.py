"""``manage.py catalog``: ``apply PATH…`` takes descriptor files in, ``remove NAME`` a source out again."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.actions import StillNeeded
from services.catalog.apply import Result, apply_paths
from services.catalog.files import MissingPathError
from services.catalog.removal import Removal, plan_removal, remove_source
from services.models import Source

MOST_NAMES = 10
HIGHEST_RANK = 1_000_000
STEP = 0.2  # seconds between two lines of progress
MEANINGS = {
    "accepted": "accepted",
    "foreign": "kept, of a kind without a page of its own",
    "rejected": "rejected",
    "aside": "set aside",
    "empty": "empty",
}


class Command(BaseCommand):
    help = (
        "Take descriptor files (catalog-info.yaml) in, or a source out again. docs/catalog-import.md has the details."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="apply|remove")
        apply = verbs.add_parser("apply", help="read files and bring the catalog in line with them")
        apply.add_argument("paths", nargs="+", metavar="PATH", help="a folder, or a file, of descriptors")
        apply.add_argument("--source", default="", help="name of the source; without it, each PATH is its own source")
        apply.add_argument(
            "--trusted",
            action=argparse.BooleanOptionalAction,
            default=None,
            help="whether the files may describe teams, people and memberships, which give rights; without it, a "
            "source that is known stays as it is, and a new one is trusted",
        )
        apply.add_argument("--untrusted", dest="trusted", action="store_false", help=argparse.SUPPRESS)
        apply.add_argument(
            "--precedence",
            type=_rank,
            metavar="N",
            help="of two sources that describe the same, the one with the lower number keeps it; 100 unless it is said",
        )
        apply.add_argument(
            "--format",
            choices=("text", "json"),
            default="text",
            help="json: one line for each document on standard output; progress and summary go to standard error",
        )

        remove = verbs.add_parser("remove", help="delete a source with what only it described")
        remove.add_argument("name", metavar="NAME", help="of the source, as the page Sources has it")
        remove.add_argument("--yes", action="store_true", help="do it; without, it only says what would go and stay")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "remove":
            self._remove(options["name"], really=options["yes"])
        else:
            self._apply(options)

    def _remove(self, name: str, *, really: bool) -> None:
        source = Source.objects.filter(name=name).first()
        if source is None:
            there = ", ".join(Source.objects.order_by("name").values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no source “{name}”. There are: {there}.")
        try:
            plan = remove_source(by=None, source=source) if really else plan_removal(source)
        except StillNeeded as needed:
            holders = ", ".join(str(each) for each in needed.holders[:MOST_NAMES])
            raise CommandError(
                f"Nothing was removed: {needed.record} or what is its own is needed by others ({holders}). "
                "Delete those first, or let them use something else."
            ) from None
        self.stdout.write(_told(plan, really=really))

    def _apply(self, options: dict[str, Any]) -> None:
        progress = Progress(self.stderr._out, quiet=options["verbosity"] == 0)
        started, said = time.monotonic(), list[str]()
        terms = {name: options[name] for name in ("source", "trusted", "precedence")}
        try:
            results = list(apply_paths(options["paths"], **terms, progress=progress.show, say=said.append))
        except MissingPathError as error:
            raise CommandError(str(error)) from None
        finally:
            progress.clear()
        self._report(results, options["format"])
        for text in said:
            self.stderr.write(text)
        if options["verbosity"]:
            self.stderr.write(_summary(results, time.monotonic() - started))

    def _report(self, results: Iterable[Result], form: str) -> None:
        for result in results:
            if form == "json":
                self.stdout.write(_line(result))
            elif result.status == "rejected" or result.conflict:
                self.stdout.write(_paragraph(result))


def _rank(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= HIGHEST_RANK):
        raise argparse.ArgumentTypeError(f"“{text[:40]}” is no rank. Write a whole number from 0 to {HIGHEST_RANK:,}.")
    return int(text)


class Progress:
    """One line on a terminal that is written over; on anything else, a line for each stage."""

    def __init__(self, out: Any, *, quiet: bool) -> None:
        self.out, self.quiet, self.stage, self.shown_at = out, quiet, "", 0.0
        self.is_terminal = bool(getattr(out, "isatty", bool)())

    def show(self, stage: str, done: int, total: int) -> None:
        now, is_new = time.monotonic(), stage != self.stage
        if self.quiet or not (is_new or (self.is_terminal and now - self.shown_at > STEP)):
            return
        self.stage, self.shown_at = stage, now
        count = f" {done:,} of {total:,}" if done else f" ({total:,})"
        self.out.write(f"\r\033[K{stage}{count}" if self.is_terminal else f"{stage} …\n")
        self.out.flush()

    def clear(self) -> None:
        if self.is_terminal and self.stage:
            self.out.write("\r\033[K")


def _told(plan: Removal, *, really: bool) -> str:
    """What went or would go, and what stays."""
    names = ", ".join(entity.name for entity in plan.goes[:MOST_NAMES])
    more = f" and {len(plan.goes) - MOST_NAMES:,} more" if len(plan.goes) > MOST_NAMES else ""
    goes = f"{plan.documents:,} documents, {len(plan.goes):,} things that only it described"
    stays = f"{len(plan.stays):,} that another source describes as well, {plan.organisation:,} teams and people"
    lines = [
        f"{'Gone' if really else 'Would go'}: the source {plan.source}, {goes}"
        + (f" ({names}{more})." if names else "."),
        f"{'Stay' if really else 'Would stay'}: {stays}, every history.",
        f"{'Ended' if really else 'Would end'}: {plan.memberships:,} memberships that only it declared.",
        "What points at something that is gone points at a loose end.",
    ]
    return "\n".join(lines if really else [*lines, "Nothing was done. Add --yes to do it."])


def _line(result: Result) -> str:
    return json.dumps(
        {
            "file": result.file,
            "doc": result.doc,
            "status": result.status,
            "ref": result.ref,
            "error": result.error,
            "conflict": result.conflict,
            "notes": list(result.notes),
            "change": result.change,
        },
        ensure_ascii=False,
    )


def _paragraph(result: Result) -> str:
    head = f"{result.file}, document {result.doc}" + (f" ({result.ref})" if result.ref else "")
    reason = (result.conflict or result.error or "").replace("\n", "\n    ")
    return f"{'conflict' if result.conflict else result.status}: {head}\n    {reason}"


def _summary(results: list[Result], seconds: float) -> str:
    statuses, changes = Counter(result.status for result in results), Counter(result.change for result in results)
    parts = [f"{statuses[status]:,} {meaning}" for status, meaning in MEANINGS.items() if statuses[status]]
    conflicts = sum(result.conflict is not None for result in results)
    parts += [f"{conflicts:,} in conflict"] if conflicts else []
    return (
        f"{len(results):,} documents in {seconds:.1f} s: {', '.join(parts) or 'nothing found'}. "
        f"{changes['created']:,} created, {changes['changed']:,} changed."
    )
