"""manage.py demotarget: the server that the checks of the demo company ask."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.environment import port_number


class Command(BaseCommand):
    help = "Answer for the services of the demo company, and ping for their jobs. make run starts it (with DEMO=1)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("port", help="where to answer, on 127.0.0.1; the port after it is kept silent")
        parser.add_argument("portal_port", help="where the portal takes pings")

    def handle(self, *args: Any, **options: Any) -> None:
        from services.demo.health.target import serve

        if not settings.DEMO:
            raise CommandError("This server belongs to the demo. Start it with DEMO=1.")
        port, portal_port = port_number(options["port"]), port_number(options["portal_port"])
        try:
            serve(port, portal_port)
        except OSError as problem:
            raise CommandError(
                f"Port {port} or {port + 1} of 127.0.0.1 is taken ({problem.strerror}). "
                "Choose another: DEMO_TARGET_PORT=8190 make run"
            ) from None
        except KeyboardInterrupt:
            pass
