"""Hints at words that blame, as questions beside a text. They are never a gate, and nobody counts whose they were."""

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import yaml

from incidents.blameless.text import Paragraph, Section, paragraphs, sentence_around

RULES = Path(__file__).with_name("rules.yaml")
LONGEST_EXCERPT = 160
# Said once in a whole document: half of all reports use the words, and nothing is won by saying so in each paragraph.
ONCE = frozenset({"cause-root"})
# What makes a line an item or a row, and is no part of its sentence.
_MARKER = re.compile(r"\s*(?:(?:[-*+•]|\d+[.)]|\|)\s+)?")
_WE = re.compile(r"\b(?:we|our|us)\b", re.IGNORECASE)
_DIRECTORY = "DIRECTORY"


class Level(IntEnum):
    """How sure a rule is that the words stand in the way of learning."""

    OFF = 0
    INFO = 1
    WARN = 2
    STRONG = 3


@dataclass(frozen=True)
class Rule:
    id: str
    level: Level
    sections: frozenset[Section]
    words: tuple[str, ...]
    pattern: re.Pattern[str] | None
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    sentence: re.Pattern[str] | None
    why: str
    rewrite: str
    example: str
    ask: str
    instead: str
    replaces_words: bool


@dataclass(frozen=True)
class Hint:
    """One place of a text. ``start`` and ``end`` are places in the text; ``sentence`` is where the sentence around them
    begins and ends. ``ask`` is its question, and ``instead`` what could stand in place of the sentence, or of the words
    alone where it ``replaces_words``. ``key`` recognises the sentence, wherever it is moved to, so that a dismissal is
    remembered."""

    rule: str
    level: Level
    line: int
    start: int
    end: int
    sentence: tuple[int, int]
    excerpt: str
    why: str
    suggestion: str
    ask: str
    instead: str
    replaces_words: bool
    key: str


def hints(text: str, *, people: Iterable[str] = (), least: Level = Level.INFO) -> list[Hint]:
    """What could be said in a way that teaches more, in the order of the text. ``people`` are the names and handles of
    those who were in the incident. At most one hint per rule and paragraph."""
    rules, named = _rules(), _names(people)
    seen: set[str] = set()
    found = []
    for paragraph in paragraphs(text):
        small = paragraph.text.lower()
        possible = {rule_id for word, ids in _ids_by_word() if word in small for rule_id in ids} - seen
        for rule in rules:
            hint = _first(rule, paragraph, named) if rule.id in possible else None
            if hint is not None and hint.level >= least:
                found.append(hint)
                seen |= {rule.id} & ONCE
    return sorted(found, key=lambda hint: (hint.line, hint.start, -hint.level))


def _first(rule: Rule, paragraph: Paragraph, named: re.Pattern[str] | None) -> Hint | None:
    if rule.sections and paragraph.section not in rule.sections:
        return None
    pattern = rule.pattern or named
    for match in pattern.finditer(paragraph.text) if pattern else ():
        before, words, after = sentence_around(paragraph.text, match.start(), match.end())
        if not _is_excused(rule, before, words, after):
            return _hint(rule, paragraph, match, before, after)
    return None


def _is_excused(rule: Rule, before: str, words: str, after: str) -> bool:
    return bool(
        (rule.before and rule.before.search(before))
        or (rule.after and rule.after.match(after))
        or (rule.sentence and rule.sentence.search(before + words + after))
    )


def _hint(rule: Rule, paragraph: Paragraph, match: re.Match[str], before: str, after: str) -> Hint:
    sentence = before + match[0] + after
    plain = " ".join(sentence.split())
    start, end = paragraph.offset + match.start(), paragraph.offset + match.end()
    marker = _MARKER.match(sentence)
    begins = start - len(before) + (marker.end() if marker else 0)
    # Teams may speak of themselves more freely than of others.
    level = Level(max(Level.INFO, rule.level - 1)) if _WE.match(match[0].lstrip()) else rule.level
    return Hint(
        rule=rule.id,
        level=level,
        line=paragraph.line_at(match.start()),
        start=start,
        end=end,
        sentence=(begins, end + len(after.rstrip())),
        excerpt=_excerpt(plain, match[0]),
        why=rule.why,
        suggestion=rule.rewrite,
        ask=rule.ask,
        instead=rule.instead,
        replaces_words=rule.replaces_words,
        key=hashlib.sha256(f"{rule.id}\n{plain}".encode()).hexdigest()[:32],
    )


def _excerpt(sentence: str, words: str) -> str:
    if len(sentence) <= LONGEST_EXCERPT:
        return sentence
    at = max(0, sentence.find(" ".join(words.split())) - LONGEST_EXCERPT // 3)
    return f"{'…' if at else ''}{sentence[at : at + LONGEST_EXCERPT]}…"


def _names(people: Iterable[str]) -> re.Pattern[str] | None:
    """Whole names, first names and handles of the people of the incident."""
    words = {word for each in people for word in (each, *each.split()) if len(word) > 2}
    if not words:
        return None
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"(?<![\w@/.]){re.escape(each)}(?!\w)" for each in longest_first))


@functools.cache
def _rules() -> tuple[Rule, ...]:
    data = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    made = (_rule(each, data["person"]) for each in data["rules"])
    return tuple(rule for rule in made if rule.level > Level.OFF)


@functools.cache
def _ids_by_word() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The rules of which each word is a sign; a look for the words first spares most searches for patterns."""
    rules = _rules()
    words = sorted({word for rule in rules for word in rule.words})
    return tuple((word, tuple(rule.id for rule in rules if word in rule.words)) for word in words)


def _rule(data: Mapping[str, Any], person: str) -> Rule:
    excuses = {name: _compiled(text, person) for name, text in data.get("unless", {}).items()}
    return Rule(
        id=data["id"],
        level=Level[data["severity"].upper()],
        sections=_SCOPES[data["sections"]],
        words=tuple(data.get("words", ("",))),  # the empty word is in any text
        pattern=None if data["pattern"] == _DIRECTORY else _compiled(data["pattern"], person),
        before=excuses.get("before"),
        after=excuses.get("after"),
        sentence=excuses.get("sentence"),
        why=data["why"],
        rewrite=data["rewrite"],
        example=data["example"],
        ask=data["ask"],
        instead=data["instead"],
        replaces_words=data.get("replaces") == "words",
    )


def _compiled(pattern: str, person: str) -> re.Pattern[str]:
    flags = re.IGNORECASE | re.MULTILINE
    if pattern.startswith("(?m)^\\W*") and "[A-Z]" in pattern:
        # A name begins with a capital; without case any word would be one.
        flags = re.MULTILINE
    return re.compile(pattern.replace("{person}", person), flags)


_ANALYSIS = frozenset({Section.ANALYSIS})
# What a rule's scope means; "all" has no restriction.
_SCOPES: dict[str, frozenset[Section]] = {
    "all": frozenset(),
    "analysis": _ANALYSIS,
    "timeline": frozenset({Section.TIMELINE}),
    "actions": frozenset({Section.ACTIONS}),
    "headings": frozenset(),
    "title": frozenset({Section.TITLE}),
}
