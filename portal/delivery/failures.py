"""How sending can fail, and what follows from it."""

from dataclasses import dataclass


@dataclass
class NotSentError(Exception):
    """A message was not sent, or perhaps it was.

    ``reason`` is a sentence for administrators, without secrets. ``final``: trying again would not help.
    ``unreachable``: the server did not answer at all, so nothing else needs to try it for a while. ``uncertain``: it
    may have arrived, so that the next attempt may be a repeat. ``wait_s``: the server asked to be left alone so long.
    """

    reason: str
    final: bool = False
    unreachable: bool = False
    uncertain: bool = False
    wait_s: float = 0

    def __str__(self) -> str:
        return self.reason
