"""Domain events: what happened, told by the app in which it happened to the apps above it.

An event is a frozen dataclass that derives from ``Event``, in the module ``events`` of the app that emits it. A higher
app registers a function for it::

    @handles(DeploymentRecorded)
    def note_deployment(event: DeploymentRecorded) -> None: ...

``emit(DeploymentRecorded(deployment))`` calls the handlers at once, in the transaction of what happened, in the order
in which they were registered: what they write is there together with it, or not at all. Each runs in a savepoint. One
that fails takes back what it wrote, is logged, and keeps nobody from what they were doing: a deployment is recorded
whether or not an incident can tell of it. What takes long, or calls others, a handler leaves to a task or the outbox.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.db import transaction

log = structlog.get_logger(__name__)


class Event:
    """Something that happened, in the words of the app in which it did."""


Happened = TypeVar("Happened", bound=Event)
Handler = Callable[[Happened], None]

_handlers: dict[type[Event], list[Callable[[Any], None]]] = defaultdict(list)


def handles(*kinds: type[Event]) -> Callable[[Handler[Happened]], Handler[Happened]]:
    """Register a function for events of these types, not for those that derive from them."""

    def register(handler: Handler[Happened]) -> Handler[Happened]:
        for kind in kinds:
            if not issubclass(kind, Event):
                raise TypeError(f"{kind.__name__} is no event: it does not derive from portal.events.Event.")
            _handlers[kind].append(handler)
        return handler

    return register


def emit(event: Event) -> None:
    """Tell everybody who asked for events of this type."""
    for handler in _handlers[type(event)]:
        try:
            with transaction.atomic():
                handler(event)
        except Exception:
            log.exception(
                "A handler of an event failed; what happened stands.", event_type=type(event).__name__,
                handler=f"{handler.__module__}.{handler.__qualname__}",
            )  # fmt: skip
