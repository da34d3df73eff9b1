"""What somebody else does in the middle of a run, for tests of runs that must not overwrite it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def just_before(sql: str, act: Callable[[], Any]) -> Iterator[None]:
    """Within, ``act`` is done once: before the first query that has ``sql`` in it, which then sees what it did."""
    waiting = [act]

    def intervene(execute: Any, query: str, params: Any, many: bool, context: Any) -> Any:
        if waiting and sql in query:
            waiting.pop()()
        return execute(query, params, many, context)

    with connection.execute_wrapper(intervene):
        yield
    assert not waiting, f"No query had “{sql}” in it, so that nothing was done meanwhile."
