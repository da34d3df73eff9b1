"""What the strategy says now: its sections, what each of them lacks, and the whole text as Markdown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from roadmap.models import StrategySection
from roadmap.strategy.live import Rendered
from roadmap.strategy.markdown import lowered, words

TITLE = "Platform strategy"
# The level of headings within a section, whose title is of the second.
TOP = 3
_MARKS = re.compile(r"^[\s>#*+\-|.:]*$")


def sections() -> list[StrategySection]:
    """All of them in their order, with goal, objective and the products they concern. Two queries."""
    rows = StrategySection.objects.select_related("objective").prefetch_related("dependencies__product")
    return list(rows.order_by("place", "pk"))


def is_written(section: StrategySection) -> bool:
    return any(not _MARKS.match(line) for line in section.text.split("\n"))


@dataclass(frozen=True)
class Missing:
    """What a section lacks, in words, and whether an edition needs it."""

    section: StrategySection
    text: str
    is_empty: bool = False


def missing(found: Iterable[StrategySection]) -> list[Missing]:
    """What is still to be said, section by section."""
    gaps: list[Missing] = []
    for each in found:
        if not is_written(each):
            gaps.append(Missing(each, "nothing is written", is_empty=True))
        if not each.goal:
            gaps.append(Missing(each, "no business goal"))
        if not each.dependencies.all():
            gaps.append(Missing(each, "no product that it concerns"))
    return gaps


def products_of(section: StrategySection) -> list[str]:
    """The names of the products that a section concerns."""
    return sorted(each.product.label or each.product.name for each in section.dependencies.all())


def whole(title: str, found: Sequence[StrategySection], rendered: Mapping[str, Rendered]) -> str:
    """The strategy as one text, with the blocks of its sections computed."""
    return "\n\n".join([f"# {words(title)}", *(section_text(each, rendered[each.key].markdown) for each in found)])


def section_text(section: StrategySection, markdown: str) -> str:
    """One section under its title: what it is tied to, then its text, whose headings lie below."""
    ties = []
    if section.goal:
        ties.append(f"*Business goal: {words(section.goal)}*")
    if section.objective:
        ties.append(f"*Objective: {words(section.objective.title)}*")
    if products := products_of(section):
        ties.append(f"*Concerns: {words(', '.join(products))}*")
    text = lowered(markdown, TOP).strip() if is_written(section) else "Nothing is written here yet."
    # A line each, in one paragraph.
    tied = ["\\\n".join(ties)] if ties else []
    return "\n\n".join([f"## {words(section.title)}", *tied, text])
