"""Live blocks in Markdown: ``{{metric: checkout-api/lead-time}}`` becomes the value that the metric has now.

What the blocks of all texts name is read together, a few queries a kind and one for all lists, however many there are.
Every block is computed for one reader; what is unknown, or hidden from that reader, becomes a note that says how to
mend it, and never silence. Blocks in code are left as they are.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from roadmap.strategy.markdown import lines_in_code, words

# More of one document would be no text any more.
MOST = 100
LONGEST_ARGUMENT = 500
_FOUND = re.compile(r"(?P<code>`+)(?:.*?)(?P=code)|(?P<block>\{\{(?P<inside>[^{}\n]*)\}\})")
_INSIDE = re.compile(r"\s*([A-Za-z]+)\s*:\s*(\S.*?)\s*")


@dataclass(frozen=True)
class Figure:
    """One value of a block. ``number`` in ``unit`` is what two editions are compared by, where it is a number; ``at``
    the moment it is of, in ISO 8601."""

    label: str
    value: str
    at: str = ""
    number: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Answer:
    """What stands in the place of a block: ``whole`` where it has a line for itself, ``inline`` within a sentence.
    ``problem`` says why there is nothing, and what to do."""

    whole: str = ""
    inline: str = ""
    figures: tuple[Figure, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Asked:
    """For whom blocks are computed; ``frozen`` for an edition, which counts whole lists."""

    reader: Any
    frozen: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of block. ``answer`` takes all arguments of one document at once."""

    name: str
    example: str
    explains: str
    answer: Callable[[Collection[str], Asked], Mapping[str, Answer]]


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    _kinds[kind.name] = kind
    return kind


def kinds() -> tuple[Kind, ...]:
    return tuple(_kinds.values())


@dataclass
class Rendered:
    """A text with its blocks computed, their figures as (block, figure), and the blocks that show nothing."""

    markdown: str = ""
    figures: list[tuple[str, Figure]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)


def render(texts: Mapping[str, str], asked: Asked) -> dict[str, Rendered]:
    """The texts by name with the blocks of all of them computed."""
    answers = _answers(texts, asked)
    return {name: _rendered(text, answers) for name, text in texts.items()}


def blocks_of(text: str) -> Iterator[str]:
    """What stands between the braces of each block, in order."""
    for line, is_code in lines_in_code(text):
        if not is_code:
            yield from (found["inside"] for found in _FOUND.finditer(line) if found["block"])


def _answers(texts: Mapping[str, str], asked: Asked) -> dict[str, Answer]:
    """What stands between the braces → what is shown for it."""
    written = dict.fromkeys(inside for text in texts.values() for inside in blocks_of(text))
    read = {inside: _read(inside) for inside in list(written)[:MOST]}
    wanted: dict[str, set[str]] = {}
    for found in read.values():
        if isinstance(found, tuple):
            wanted.setdefault(found[0], set()).add(found[1])
    known = {name: _kinds[name].answer(sorted(arguments), asked) for name, arguments in wanted.items()}
    answers = {
        inside: known[found[0]][found[1]] if isinstance(found, tuple) else Answer(problem=found)
        for inside, found in read.items()
    }
    too_many = Answer(problem=f"A document has {MOST} different blocks at most. Take some out.")
    return {inside: answers.get(inside, too_many) for inside in written}


def _read(inside: str) -> tuple[str, str] | str:
    """(kind, argument), or what is wrong."""
    found = _INSIDE.fullmatch(inside)
    if found is None:
        example = next(iter(_kinds.values())).example
        return f"A block has a kind and says of what, such as {example}."
    name, argument = found[1].lower(), found[2]
    if name not in _kinds:
        near = difflib.get_close_matches(name, _kinds, 1)
        hint = f" Did you mean “{near[0]}”?" if near else ""
        return f"There is no block “{name[:40]}”.{hint} There are: {', '.join(_kinds)}."
    if len(argument) > LONGEST_ARGUMENT or "\x00" in argument:
        return f"What it names is longer than {LONGEST_ARGUMENT} letters, or is no text."
    return name, argument


def _rendered(text: str, answers: Mapping[str, Answer]) -> Rendered:
    made = Rendered()
    lines = [
        line if is_code else _line(line, answers, made)
        for line, is_code in lines_in_code(text)
    ]  # fmt: skip
    made.markdown = "\n".join(lines)
    return made


def _line(line: str, answers: Mapping[str, Answer], made: Rendered) -> str:
    alone = _FOUND.fullmatch(line.strip())

    def put(found: re.Match[str]) -> str:
        if not found["block"]:
            return found[0]
        answer = answers[found["inside"]]
        made.figures += [(found["block"], each) for each in answer.figures]
        if answer.problem:
            made.problems.append((found["block"], answer.problem))
        if alone:
            return _problem_alone(found["block"], answer) if answer.problem else f"\n{answer.whole}\n"
        return _problem_inline(found["block"], answer) if answer.problem else answer.inline

    return _FOUND.sub(put, line.strip() if alone else line)


def _problem_alone(block: str, answer: Answer) -> str:
    return f"\n> **Nothing to show for {words(block)}.** {words(answer.problem)}\n"


def _problem_inline(block: str, answer: Answer) -> str:
    return f"**(nothing to show for {words(block)}: {words(answer.problem)})**"
