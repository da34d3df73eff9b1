"""A Markdown text as the hints read it: paragraphs with their line and kind of section, what is quoted blanked out.

Quotes, code, links, logs and comments are somebody else's words or none; they become blanks of the same length, so that
places in the text stay what they are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate


class Section(StrEnum):
    """What a part of a report is for: a wish is right among actions and a reproach in the analysis."""

    TITLE = "title"
    TIMELINE = "timeline"
    ACTIONS = "actions"
    ANALYSIS = "analysis"


@dataclass(frozen=True)
class Paragraph:
    """Lines that belong together, as one. ``line`` counts from 1, ``offset`` is where its text begins in the whole,
    with one character for each end of a line; ``breaks`` are the places in ``text`` where a line ended; where something
    is not to be read are blanks."""

    line: int
    offset: int
    text: str
    section: Section
    breaks: tuple[int, ...] = ()

    def line_at(self, place: int) -> int:
        return self.line + sum(each < place for each in self.breaks)


_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_DEEPEST = 6
_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)])\s+")
_UNREAD = re.compile(
    r"`[^`\n]+`"  # code
    r"|<!--.*?-->"
    r"|<[a-zA-Z/][^>\n]*>"
    r"|https?://\S+"
    r"|(?<=\])\([^)\n]*\)"  # where a link leads
    r"|“[^”\n]{0,400}”|\"[^\"\n]{0,400}\"|«[^»\n]{0,400}»",
    re.DOTALL,
)
_SECTIONS = (
    (Section.TIMELINE, re.compile(r"\b(?:time\s?line|chronology|sequence of events|log of events)\b", re.IGNORECASE)),
    (
        Section.ACTIONS,
        re.compile(
            r"\b(?:actions?|follow-?\s?ups?|next steps?|to-?dos?|remediation|corrective|preventi\w+|improvements?|"
            r"recommendations?|actionables?|tasks?)\b",
            re.IGNORECASE,
        ),
    ),
)


def paragraphs(text: str) -> Iterator[Paragraph]:
    """The paragraphs of a report in order; an item of a list, a row of a table and a heading is one each."""
    section, depth, start, lines = Section.ANALYSIS, _DEEPEST, 0, list[str]()
    fence, offset, begins = "", 0, 0
    text = text.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    for number, (line, written) in enumerate(zip(_blanked(text).split("\n"), text.split("\n"), strict=True), start=1):
        is_fence = _FENCE.match(line)
        heading = None if fence else _HEADING.match(line)
        # By what is written: a link at the beginning of a line is blank by now and no indentation.
        is_quote = written.lstrip().startswith(">") or (written.startswith(("    ", "\t")) and not lines)
        ends = not line.strip() or heading or is_fence or fence or is_quote or _ITEM.match(line) or "|" in line[:2]
        if ends and lines:
            yield _joined(start, begins, lines, section)
            lines = []
        if is_fence:
            fence = "" if fence and is_fence[1].startswith(fence) else fence or is_fence[1]
        elif heading:
            level, said = len(heading[1]), section_of(heading[2])
            if said is not Section.ANALYSIS or level <= depth:
                # What stands under "Action items" is of them, whatever it calls itself; a title is over everything.
                section, depth = said, _DEEPEST if level == 1 else level
            yield Paragraph(number, offset + heading.start(2), heading[2], Section.TITLE if level == 1 else section)
        elif line.strip() and not fence and not is_quote:
            start, begins = (start, begins) if lines else (number, offset)
            lines.append(line)
        offset += len(line) + 1


def _joined(start: int, offset: int, lines: list[str], section: Section) -> Paragraph:
    ends = accumulate(len(line) + 1 for line in lines[:-1])
    return Paragraph(start, offset, " ".join(lines), section, tuple(end - 1 for end in ends))


def section_of(heading: str) -> Section:
    """What a heading says that follows it."""
    return next((section for section, words in _SECTIONS if words.search(heading)), Section.ANALYSIS)


def _blanked(text: str) -> str:
    return _UNREAD.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+")
# No sentence is longer; what looks like one, such as a pasted log, is read in part.
_LONGEST_HALF = 1000


def sentence_around(text: str, start: int, end: int) -> tuple[str, str, str]:
    """What stands before, within and after a place, in its sentence."""
    begins, stops = max(0, start - _LONGEST_HALF), min(len(text), end + _LONGEST_HALF)
    for each in _SENTENCE_END.finditer(text, begins, stops):
        if each.end() <= start:
            begins = each.end()
        elif each.start() >= end:
            stops = each.start()
            break
    return text[begins:start], text[start:end], text[end:stops]
