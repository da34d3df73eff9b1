#!/usr/bin/env python3
"""Django's command line. Works by itself: without DATABASE_URL the portal starts servers of its own."""

import os
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent


def explain_missing_packages(missing):
    """One line for whoever starts this with a Python that has not got the packages."""
    python = BASE_DIR / ".venv" / "bin" / "python"
    if not python.exists():
        return "The packages are not installed yet. Run: make setup (without make: apt install make)"
    if Path(sys.prefix) != python.parent.parent:
        return "This Python has not got the packages. Run: .venv/bin/python manage.py {}".format(" ".join(sys.argv[1:]))
    return f"The package {missing} is missing in .venv. Run: make setup"


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import InterfaceError, OperationalError
        from redis.exceptions import ConnectionError as RedisConnectionError

        from portal.embedded import EmbeddedError
    except ModuleNotFoundError as error:
        sys.exit(explain_missing_packages(error.name))
    try:
        execute_from_command_line(sys.argv)
    except (EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(str(error))
    except (OperationalError, InterfaceError, RedisConnectionError) as error:
        from portal.environment import explain_unreachable

        # What a server that answers refused is a fault, and wants its traceback.
        if getattr(error.__cause__, "sqlstate", None):
            raise
        sys.exit(explain_unreachable(error))
    except KeyboardInterrupt:
        sys.exit("Stopped.")


if __name__ == "__main__":
    main()
