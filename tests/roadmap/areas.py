"""Finds what each area of the roadmap gives to the walks: one module an area and a purpose."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType


def modules(ending: str) -> Iterator[ModuleType]:
    """The modules ``tests/roadmap/<area>_<ending>.py``, by name."""
    for file in sorted(Path(__file__).parent.glob(f"*_{ending}.py")):
        yield import_module(f"tests.roadmap.{file.stem}")
