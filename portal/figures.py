"""Figures of the portal itself: how much waits, how late things are. ``/metrics`` and ``/readyz`` show them.

An app registers functions in a module ``figures.py``, which is found by itself. One that fails takes only its own
figures with it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Figure:
    """One number now. ``name`` follows Prometheus: snake case, the unit last (``_seconds``, ``_rows``)."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name and label values, as ``/readyz`` writes them: ``queue_length default``."""
        return " ".join((self.name, *self.labels.values()))


Read = Callable[[], Iterable[Figure]]
_sources: dict[str, tuple[Read, bool]] = {}


def figures(*, readiness: bool = False) -> Callable[[Read], Read]:
    """Register a function that reads figures; with ``readiness`` they are cheap, and ``/readyz`` shows them too."""

    def decorate(read: Read) -> Read:
        _sources[f"{read.__module__}.{read.__qualname__}"] = (read, readiness)
        return read

    return decorate


def read_figures(*, only_readiness: bool = False) -> Iterator[Figure]:
    """All figures; then for each source whether it failed, and how long it took."""
    for name, (read, readiness) in _sources.items():
        if readiness or not only_readiness:
            yield from _read(name, read)


def _read(name: str, read: Read) -> Iterator[Figure]:
    started, found = time.perf_counter(), []
    try:
        found = list(read())
    except Exception as problem:  # whatever it is, the other figures are needed all the more
        log.error("figures_failed", source=name, exc_info=problem)
        yield Figure("figures_failed", "1 when a source of figures could not be read.", 1, {"source": name})
        return
    yield from found
    yield Figure("figures_failed", "1 when a source of figures could not be read.", 0, {"source": name})
    seconds = time.perf_counter() - started
    yield Figure("figures_read_seconds", "How long it took to read a source of figures.", seconds, {"source": name})
