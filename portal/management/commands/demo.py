"""manage.py demo: load the demo company, or set it back to its beginning."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.demo import data

LARGE = 100_000


def _entities(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if not 1_000 <= number <= 5_000_000:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 1000 to 5000000.")
    return number


class Command(BaseCommand):
    help = "Load the demo company Larkspur, or set it back to its beginning. Refuses where there are real data."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Only add what is new where it is loaded.")
        parser.add_argument(
            "--later",
            action="store_true",
            help="Move it a quarter (91 days) back, and write what came after.",
        )
        parser.add_argument("--size", choices=("company", "large"), default="company", help="large adds a big catalog.")
        parser.add_argument("--entities", type=_entities, default=LARGE, help=f"How big is large (default {LARGE}).")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"] and data.is_loaded():
            data.top_up()
            return
        if options["once"] and data.real_data():
            return
        if options["later"] and not data.is_loaded():
            raise CommandError("The demo company is not loaded. Load it first: manage.py demo")
        try:
            if options["later"]:
                self.stderr.write("A quarter passes at Larkspur. It takes some minutes, and pages of the portal wait.")
                data.a_quarter_later()
                self.stderr.write("At Larkspur a quarter has passed.")
                return
            data.reset(large=options["entities"] if options["size"] == "large" else None)
        except data.RealDataFoundError as refusal:
            raise CommandError(str(refusal)) from None
        self.stderr.write("The demo company Larkspur is loaded.")
