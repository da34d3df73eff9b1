"""The hints at words that blame, judged by sentences of real reports that were read and labelled by hand.

The labels are places and verdicts; the reports stay where they are. ``rule`` is the rule a label is for, the engine's
or the one that should apply, and ``verdict`` is blame where a hint would help and fine where it would be in the way.
"""

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from incidents.blameless.engine import Level, hints
from incidents.blameless.text import paragraphs, sentence_around

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "incidents"
LABELS = Path(__file__).with_name("blameless_labels.csv")
REPORTS = {".md", ".erb", ".txt"}
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="The corpus of real reports is not on this machine.")


class Place(NamedTuple):
    file: str
    line: int
    rule: str


@cache
def labels() -> dict[Place, str]:
    with LABELS.open(encoding="utf-8", newline="") as file:
        return {Place(row["file"], int(row["line"]), row["rule"]): row["verdict"] for row in csv.DictReader(file)}


@cache
def hits() -> dict[Place, Level]:
    """Every hint at any report, at the line where its sentence begins."""
    reports = {path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*") if path.suffix in REPORTS}
    found = {}
    for name in sorted(reports | {place.file for place in labels()}):
        text = (CORPUS / name).read_text(encoding="utf-8", errors="replace")
        parts = list(paragraphs(text))
        for hint in hints(text):
            paragraph = [each for each in parts if each.line <= hint.line][-1]
            before, _, _ = sentence_around(paragraph.text, hint.start - paragraph.offset, hint.end - paragraph.offset)
            begins = paragraph.line_at(hint.start - paragraph.offset - len(before.lstrip()))
            found[Place(name, begins, hint.rule)] = hint.level
    return found


def precision(level: Level) -> float:
    verdicts = [labels()[place] for place, of_hit in hits().items() if of_hit == level and place in labels()]
    return verdicts.count("blame") / len(verdicts)


def test_at_least_150_sentences_are_labelled_and_each_as_blame_or_fine():
    assert len({(place.file, place.line) for place in labels()}) >= 150
    assert set(labels().values()) == {"blame", "fine"}


def test_every_strong_hint_of_the_corpus_is_labelled_so_that_none_is_left_out_of_the_precision():
    assert [place for place, level in hits().items() if level == Level.STRONG and place not in labels()] == []


def test_four_of_five_strong_hints_are_right():
    assert precision(Level.STRONG) >= 0.8


def test_two_of_three_hints_that_warn_are_right():
    assert precision(Level.WARN) >= 0.66


def test_at_least_sixty_sentences_that_only_look_like_blame_are_left_alone():
    assert sum(verdict == "fine" and place not in hits() for place, verdict in labels().items()) >= 60
