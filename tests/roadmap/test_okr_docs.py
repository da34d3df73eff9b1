"""docs/okrs.md is worked out by hand; here by the code."""

import re
from pathlib import Path

import pytest

from roadmap.models import Standing, Way
from roadmap.okr.progress import progress, standing, target_of
from roadmap.okr.showing import share_in_words

_TEXT = (Path(__file__).parents[2] / "docs" / "okrs.md").read_text()
_WAYS = {way.label: way for way in Way}


def rows(head: str) -> list[list[str]]:
    """The rows of the table whose first line is this."""
    table = _TEXT[_TEXT.index(head) :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n")[2:]]


def number(text: str) -> float:
    return float(re.sub("[ %,]", "", text).replace("−", "-"))


@pytest.mark.parametrize("row", rows("| kind | from | to | now | progress |"), ids=" ".join)
def test_progress(row):
    kind, start, end, now, said = row
    found = progress(_WAYS[kind], number(start), number(end), number(now))
    assert share_in_words(found).replace("\u00a0", " ") == said


@pytest.mark.parametrize("row", rows("| kind | progress | over | stands |"), ids=" ".join)
def test_standing(row):
    kind, reached, over, said = row
    found = standing(_WAYS[kind], number(reached) / 100, number(over) / 100)
    assert Standing(found).label == said


def test_sums_in_the_text():
    assert progress(Way.DECREASE, 1330, 800, 912) == pytest.approx(0.789, abs=5e-4)
    assert target_of(1330, -40) == pytest.approx(798)
    assert share_in_words(51 / 53) == "96\u00a0%"
    assert share_in_words(52 / 92) == "57\u00a0%"
    assert progress(Way.INCREASE, 5, 5, 7) is None
    assert progress(Way.INCREASE, None, 5, 7) is None
