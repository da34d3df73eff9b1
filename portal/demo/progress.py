"""A progress bar for the terminal; plain lines where stderr is not one."""

import sys
import time
from typing import TextIO

WIDTH = 30


class Progress:
    """``with Progress("Loading", total) as bar: bar.advance(1000, "relations")``"""

    def __init__(self, title: str, total: int, out: TextIO | None = None) -> None:
        self.title, self.total, self.out = title, max(total, 1), out or sys.stderr
        self.done, self.step, self.started = 0, "", time.monotonic()
        self.is_terminal = self.out.isatty()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *failure: object) -> None:
        if self.is_terminal:
            self.out.write("\r\033[K")
        if not failure[0]:
            self.out.write(f"{self.title}: done in {time.monotonic() - self.started:.0f} s\n")

    def advance(self, amount: int, step: str) -> None:
        self.done = min(self.done + amount, self.total)
        if self.is_terminal:
            self._draw(step)
        elif step != self.step:
            self.out.write(f"{self.title}: {step} ({self.done * 100 // self.total} %)\n")
        self.step = step
        self.out.flush()

    def _draw(self, step: str) -> None:
        filled = self.done * WIDTH // self.total
        bar = "█" * filled + "░" * (WIDTH - filled)
        self.out.write(f"\r\033[K{self.title} {bar} {self.done * 100 // self.total:3} % {step}")
