"""The leak check: what in a public text tells of the inside. It asks, and never forbids.

Two kinds of findings: shapes that are internal wherever they stand (addresses, hosts, tickets, numbers of incidents),
and names that the portal knows (people, teams, services, customers). Names that are ordinary words too (Search, Grace)
count only where they are written as a name, or with a word beside them that says what they are: a check that cries
over every sentence is not read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from incidents.status_texts.known import Known, Name

# Letters and a number, and no ticket: standards, encodings, ciphers and the like.
_NO_TICKETS = frozenset({
    "AES", "COVID", "CVE", "CWE", "ECMA", "GMT", "GPT", "HTTP", "IP", "IPV", "ISO", "MD", "MP", "OAUTH", "PCI", "RFC",
    "RSA", "SHA", "SOC", "SSL", "TLS", "USB", "UTC", "UTF", "WPA",
})  # fmt: skip
_INSIDE = r"internal|intern|local|localdomain|lan|corp|intranet|private|home\.arpa|svc|consul|test|localhost"
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"


@dataclass(frozen=True)
class Leak:
    """One finding: where it stands, the word, why it should stay inside, and what could be said instead."""

    start: int
    end: int
    word: str
    why: str
    offer: str


@dataclass(frozen=True)
class _Shape:
    pattern: re.Pattern[str]
    why: str
    offer: str


def _shape(pattern: str, why: str, offer: str, flags: int = re.IGNORECASE) -> _Shape:
    return _Shape(re.compile(pattern, flags), why, offer)


_SHAPES = (
    _shape(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "an e-mail address", "our support"),
    _shape(r"\bPRIV-\d+\b", "the number of a private incident", "another incident"),
    _shape(r"\bINC-\d+\b", "an internal number of an incident", "this incident"),
    _shape(
        rf"\bhttps?://(?:{_HOST}(?:{_INSIDE})|localhost|[a-z0-9-]+)(?::\d+)?(?=[/\s?#)]|$)\S*", "an internal address",
        "our status page",
    ),
    _shape(rf"\b{_HOST}(?:{_INSIDE})\b(?::\d+)?", "the name of an internal host", "one of our servers"),
    _shape(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?(?![\w.]*\d)", "an IP address", "one of our servers"),
    _shape(
        r"(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}(?!\w)",
        "an IP address", "one of our servers",
    ),
    _shape(
        r"\b[a-z]{2,12}(?:-[a-z0-9]+)*-(?:prod|prd|stg|staging|dev|live)(?:-?[a-z0-9]+)*\b|\b(?:db|web|app|node|host|srv|vm)-?\d{1,4}\b"
        r"|\bip(?:-\d{1,3}){4}\b|(?<![\w.-])localhost\b(?::\d+)?",
        "the name of an internal host", "one of our servers",
    ),
    _shape(r"(?<![\w/-])[A-Z][A-Z0-9]{1,9}-\d{1,6}\b", "the number of a ticket", "an internal ticket", 0),
)  # fmt: skip


def find(text: str, known: Known) -> list[Leak]:
    """Everything in a text that tells of the inside, in order; of findings that overlap the first and longest."""
    found = [*_shaped(text), *_beneath(text, known.domains), *_named(text, known.names)]
    kept: list[Leak] = []
    for leak in sorted(found, key=lambda each: (each.start, -each.end)):
        if not kept or leak.start >= kept[-1].end:
            kept.append(leak)
    return kept


def _shaped(text: str) -> Iterator[Leak]:
    for shape in _SHAPES:
        for match in shape.pattern.finditer(text):
            if shape.why == "the number of a ticket" and match[0].partition("-")[0] in _NO_TICKETS:
                continue
            if shape.why == "an IP address" and not _is_address(match[0]):
                continue
            yield _leak(match, shape.why, shape.offer)


def _is_address(text: str) -> bool:
    """Whether it has the numbers of an address: a version such as 1.20.300.4 has not."""
    parts = text.partition(":")[0].split(".")
    return len(parts) != 4 or all(part.isdecimal() and int(part) < 256 for part in parts)


def _beneath(text: str, domains: Iterable[str]) -> Iterator[Leak]:
    """Hosts below the domains that an administrator listed, with the address they are part of."""
    for domain in domains:
        pattern = rf"(?:https?://)?(?<![\w-])(?:[\w-]+\.)*{re.escape(domain)}(?![\w-])(?:[:/]\S*)?"
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield _leak(match, "an internal address", "our status page")


def _named(text: str, names: Iterable[Name]) -> Iterator[Leak]:
    for name in names:
        flags = 0 if name.as_written else re.IGNORECASE
        for match in re.finditer(rf"(?<![\w@.-]){_pattern(name)}(?![\w-])", text, flags):
            yield _leak(match, name.why, name.offer)


def _pattern(name: Name) -> str:
    """The name itself; one that is an ordinary word too, together with a word that says what it is."""
    word = re.escape(name.text).replace("'", "['’]")
    if not name.beside:
        return word
    beside = "|".join(map(re.escape, name.beside))
    return rf"(?:{word}[ -](?i:{beside})s?\b|(?i:{beside}) {word})"


def _leak(match: re.Match[str], why: str, offer: str) -> Leak:
    word = match[0].rstrip(".,;:!?)")
    return Leak(match.start(), match.start() + len(word), word, why, offer)


def instead(text: str, leak: Leak) -> str:
    """The text with the offer in place of the finding, and its first letter as the place wants it."""
    before = text[: leak.start].rstrip()
    begins = not before or before[-1] in ".!?\n"
    offer = leak.offer[:1].upper() + leak.offer[1:] if begins else leak.offer
    start = leak.start
    # "the Checkout team" becomes "our team", not "the our team".
    if article := re.search(r"\b(?:the|an?) $", text[:start], re.IGNORECASE):
        start = article.start()
        offer = offer[:1].upper() + offer[1:] if article[0][0].isupper() else offer
    return text[:start] + offer + text[leak.end :]
