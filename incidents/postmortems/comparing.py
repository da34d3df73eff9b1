"""Two texts beside each other: by paragraphs, and within those that changed by words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# So many paragraphs that are the same on both sides are shown around a change; the others are only counted.
AROUND = 1
# Two paragraphs that have less than this in common are not told word by word.
LEAST_ALIKE = 0.4
# What is longer is compared by its rarer words and lines alone: with all of them it would take minutes.
MOST_PAIRS = 250_000
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A part of a paragraph: ``same``, ``added`` or ``removed``."""

    kind: str
    text: str


@dataclass(frozen=True)
class Block:
    """A paragraph in pieces, or ``skipped`` paragraphs that are the same."""

    pieces: Sequence[Piece] = ()
    skipped: int = 0

    @property
    def is_changed(self) -> bool:
        return any(each.kind != "same" for each in self.pieces)


def compare(before: str, after: str) -> Iterator[Block]:
    """The paragraphs of both texts in order, what changed in them, and how many in between did not."""
    old, new = _paragraphs(before), _paragraphs(after)
    changes = _matcher(old, new).get_opcodes()
    for at, (kind, a, b, c, d) in enumerate(changes):
        if kind == "equal":
            yield from _unchanged(old[a:b], first=at == 0, last=at == len(changes) - 1)
        else:
            yield from _changed(old[a:b], new[c:d])


def _matcher(old: list[str], new: list[str]) -> "SequenceMatcher[str]":
    return SequenceMatcher(None, old, new, autojunk=len(old) * len(new) > MOST_PAIRS)


def _paragraphs(text: str) -> list[str]:
    """Paragraphs and, where they stand line by line, the lines of lists and tables."""
    return [line for line in text.replace("\r\n", "\n").split("\n") if line.strip()]


def _unchanged(texts: list[str], first: bool, last: bool) -> Iterator[Block]:
    head, tail = (0 if first else AROUND), (0 if last else AROUND)
    if len(texts) <= head + tail + 1:
        yield from (Block((Piece("same", each),)) for each in texts)
        return
    yield from (Block((Piece("same", each),)) for each in texts[:head])
    yield Block(skipped=len(texts) - head - tail)
    yield from (Block((Piece("same", each),)) for each in texts[len(texts) - tail :])


def _changed(old: list[str], new: list[str]) -> Iterator[Block]:
    """Paragraphs that follow each other on both sides are told word by word where they are alike."""
    for before, after in zip(old, new, strict=False):
        yield from _one(before, after)
    yield from (Block((Piece("removed", each),)) for each in old[len(new) :])
    yield from (Block((Piece("added", each),)) for each in new[len(old) :])


def _one(before: str, after: str) -> Iterator[Block]:
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if not _are_alike(old, new):
        yield Block((Piece("removed", before),))
        yield Block((Piece("added", after),))
        return
    yield Block(tuple(_pieces(_matcher(old, new), old, new)))


def _are_alike(old: list[str], new: list[str]) -> bool:
    """By their words: the spaces between them are alike in any two texts."""
    matcher = _matcher(*([each for each in side if not each.isspace()] for side in (old, new)))
    return matcher.quick_ratio() >= LEAST_ALIKE and matcher.ratio() >= LEAST_ALIKE


def _pieces(matcher: "SequenceMatcher[str]", old: list[str], new: list[str]) -> Iterator[Piece]:
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[a:b]))
            continue
        if a < b:
            yield Piece("removed", "".join(old[a:b]))
        if c < d:
            yield Piece("added", "".join(new[c:d]))
