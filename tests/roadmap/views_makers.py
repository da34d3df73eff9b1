"""Dependencies."""

from collections.abc import Callable
from typing import Any

from roadmap.models import Dependency, DependencyKind
from tests.roadmap.core_makers import START, make_initiative


def make_dependency(before: Any, after: Any, **values: Any) -> Dependency:
    return Dependency.objects.create(before=before, after=after, **values)


def _dependency(n: int) -> Dependency:
    if n % 2 == 0:
        return make_dependency(make_initiative(f"First {n:03}"), make_initiative(f"Second {n:03}"))
    dates = {"starts_on": START, "ends_likely": START.replace(day=1 + n % 28)}
    before, after = make_initiative(f"First {n:03}", **dates), make_initiative(f"Second {n:03}", **dates)
    return make_dependency(before, after, kind=list(DependencyKind)[n % 4], lag_days=n)


MAKERS: dict[type, Callable[[Any, int], Any]] = {Dependency: lambda collection, n: _dependency(n)}
