"""The blameless hints of a report of 5,000 words, as they are shown beside it while somebody writes.

Floor: splitting the same text into words.
"""

import re
from collections.abc import Iterator
from itertools import cycle

from bench.clock import medians_ms
from bench.figures import Figure, at_most
from incidents.blameless.engine import hints

WORDS = 5000
PEOPLE = ("Amara Diallo", "Tomasz Wrona", "Mei Lindqvist", "Sofia Marchetti")
# What reports are made of: mostly nothing to hint at, and in each round of sentences a few that there is.
SENTENCES = (
    "The pool of the new build held forty connections, and the old one had held eighty.",
    "At 14:19 the wait for a connection followed the new build only, and hosts on the old build stayed as they were.",
    "Nobody was told, because the alert looks at the mean over all hosts, which moved by a third.",
    "Amara Diallo should have checked the pool before the rollout.",
    "The limit of the database is shared by six services, which is written down in none of their runbooks.",
    "We rolled back by one click, and payments recovered within three minutes.",
    "The engineer carelessly skipped the canary.",
    "What helped was the chart of the wait by build, which had been made after an earlier incident.",
)


def report(words: int) -> str:
    """A Markdown text of so many words, with a heading for every eight sentences."""
    parts, count = list[str](), 0
    for at, sentence in enumerate(cycle(SENTENCES)):
        if count >= words:
            return "\n\n".join(parts)
        if at % len(SENTENCES) == 0:
            parts.append(f"## Part {at // len(SENTENCES) + 1}")
        parts.append(sentence)
        count += len(sentence.split())
    return ""


def measure() -> Iterator[Figure]:
    text = report(WORDS)
    found = len(hints(text, people=PEOPLE))
    if not found:
        raise RuntimeError("Nothing was hinted at: the text has sentences that it should be.")
    taken, floor = medians_ms(lambda: hints(text, people=PEOPLE), lambda: re.findall(r"\w+", text), rounds=30)
    yield at_most(f"blameless hints, {len(text.split()):,} words, {found} hints", taken, 50, "ms", floor)
