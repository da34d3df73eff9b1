"""Number n of several records of each model of the roadmap, for the walk over every collection: odd ones have a value
in every column, even ones few. Each area has its own in ``<area>_makers.py``."""

from collections.abc import Callable
from typing import Any

from tests.roadmap.areas import modules

MAKERS: dict[type, Callable[[Any, int], Any]] = {
    model: maker for module in modules("makers") for model, maker in module.MAKERS.items()
}
