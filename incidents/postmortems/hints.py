"""The hints at a postmortem: those of its sections, one after the other, without what was dismissed.

Nobody is named and nothing is counted: neither who wrote a sentence nor who dismissed a hint is kept.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from incidents.blameless.engine import ONCE, Hint, hints
from incidents.models import Assignment, DismissedHint, Postmortem, PostmortemSection
from incidents.postmortems.content import written


@dataclass(frozen=True)
class Placed:
    """A hint with its number in the report, its section, and where it is in the ``text`` of that section."""

    number: int
    section: PostmortemSection
    hint: Hint
    start: int
    end: int
    sentence: tuple[int, int]
    text: str

    def in_script(self, place: int) -> int:
        """A place of the text as JavaScript counts: many a picture letter is two there."""
        return len(self.text[:place].encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Written:
    """A section with its text as it is being written, which may differ from what is saved."""

    section: PostmortemSection
    text: str


def hints_of(postmortem: Postmortem, texts: Sequence[Written]) -> list[Placed]:
    """The hints that nobody dismissed, in the order of the report."""
    dismissed = set(DismissedHint.objects.filter(postmortem=postmortem).values_list("key", flat=True))
    return place(texts, _people(postmortem), dismissed)


def saved(sections: Iterable[PostmortemSection]) -> list[Written]:
    return [Written(each, each.text) for each in sections]


def place(texts: Sequence[Written], people: Sequence[str], dismissed: set[str]) -> list[Placed]:
    found: list[Placed] = []
    once: set[str] = set()
    for each in texts:
        heading = f"## {each.section.title}\n\n"
        for hint in hints(heading + _without_questions(each), people=people):
            if hint.start < len(heading) or hint.key in dismissed or hint.rule in once:
                continue
            once |= {hint.rule} & ONCE
            start, end = hint.start - len(heading), hint.end - len(heading)
            sentence = (hint.sentence[0] - len(heading), hint.sentence[1] - len(heading))
            found.append(Placed(len(found) + 1, each.section, hint, start, end, sentence, each.text))
    return found


def _without_questions(each: Written) -> str:
    """The text with the questions of its template as blanks: nobody who writes is meant by them."""
    answers = written(PostmortemSection(text=each.text, questions=each.section.questions)).split("\n")
    # Its ends are trimmed, so that a text may begin with blanks where the answers do not.
    kept = {line.strip() for line in answers}
    return "\n".join(line if line.strip() in kept else re.sub(r".", " ", line) for line in each.text.split("\n"))


def _people(postmortem: Postmortem) -> list[str]:
    """The names of those who had a role in the incident."""
    held = Assignment.objects.filter(incident=postmortem.incident_id).values_list("person__label", flat=True)
    return list(held.distinct())
