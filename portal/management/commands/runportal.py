"""`manage.py runportal`: the whole portal on this machine, as `make run` starts it."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.urls import reverse

from portal.demo import data
from portal.embedded import leave_servers, revive_keeper
from portal.embedded.supervisor import HOST, Program, answers, portal_programs, require_free_port, supervise
from portal.environment import port_number
from portal.people.setup import new_key

SECONDS_FOR_THE_SERVERS = 10


class Command(BaseCommand):
    help = "Migrate, load the demo company (with DEMO=1), and run web server, worker and beat until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            default=os.environ.get("PORT") or "8000",
            help="the port on 127.0.0.1 (default: PORT, or 8000)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        port = port_number(options["port"])
        require_free_port(port)
        if sys.stdout.isatty():
            # The programs write into the supervisor's pipes, and cannot see that a person reads.
            os.environ.setdefault("READABLE_LOGS", "1")
        # Asked before anything else: the worker would only try again, and the portal call itself ready.
        cache.get("ready")
        self._say("Bringing the database up to date …")
        call_command("migrate", interactive=False, verbosity=0)
        beside: list[Program] = []
        if settings.DEMO:
            call_command("demo", once=True)
            beside = data.programs(port)
        ready = self._invitation(f"http://{HOST}:{port}")
        connections.close_all()
        self._say("Starting web server, worker and beat …")
        wanted = supervise(
            [*portal_programs(port, settings.DATA_DIR), *beside],
            settings.DATA_DIR,
            once_ready=(lambda: answers(port), ready),
            look_after=_keep_servers,
        )
        leave_servers(settings.DATA_DIR, wait=SECONDS_FOR_THE_SERVERS)
        if not wanted:
            raise CommandError("The portal could not be started; the lines above say why.")
        self._say("Stopped. The data stay in " + str(settings.DATA_DIR))

    def _invitation(self, address: str) -> str:
        """What to open: the portal, or while nobody can sign in the page that makes the first administrator."""
        key = new_key()
        if key is None:
            return f"Ready: {address} (Ctrl-C stops it)"
        link = reverse("first-administrator", args=[key])
        return f"Ready. Nobody can sign in yet; this link makes the first administrator, once: {address}{link}"

    def _say(self, text: str) -> None:
        self.stderr.write(text, lambda line: line)


def _keep_servers() -> str:
    """Bring back the keeper of the embedded servers, should somebody have killed it; what to tell about it."""
    return "[the keeper of the servers has ended; starting it again]" if revive_keeper(settings.DATA_DIR) else ""
