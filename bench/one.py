"""``python -m bench.one <figure>``: measure one figure in this process; JSON on standard output."""

import importlib
import json
import os
import sys

os.environ.setdefault("LOG_LEVEL", "ERROR")


def main(name: str) -> None:
    import django

    django.setup()
    figures = [each.as_json() for each in importlib.import_module(f"bench.{name}").measure()]
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
