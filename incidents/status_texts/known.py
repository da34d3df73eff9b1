"""The names that the portal knows and the public does not: those of them that a text could mean, in few queries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Lower

from incidents.models import PublicName, SecretKind, SecretWord
from portal.people.models import Person, Team
from services.models import Entity

# First names that are words too: they count where the whole name stands.
_WORDS_TOO = frozenset({
    "april", "art", "august", "bill", "chip", "dawn", "drew", "faith", "frank", "gene", "grace", "heath", "hope",
    "jack", "jean", "joy", "june", "lance", "mark", "may", "miles", "nick", "page", "pat", "penny", "ray", "reed",
    "rich", "rob", "robin", "rose", "rusty", "sandy", "skip", "sky", "sue", "summer", "victor", "will", "win",
})  # fmt: skip
_LONGEST_NAME = 5
_KINDS_OF_SERVICE = ("service", "api", "database", "cluster", "server", "component", "queue")


@dataclass(frozen=True)
class Name:
    """A name to look for: ``as_written`` with its capitals, ``beside`` only next to one of these words."""

    text: str
    why: str
    offer: str
    as_written: bool = False
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What a text is compared with."""

    names: tuple[Name, ...] = ()
    domains: tuple[str, ...] = ()


def known_in(text: str) -> Known:
    """The names that could stand in a text: whatever is made of words that are in it."""
    phrases, words = _phrases(text)
    listed = SecretWord.objects.filter(is_active=True).values_list("word", "kind", "replacement")
    domains = tuple(word.lower() for word, kind, _ in listed if kind == SecretKind.DOMAIN)
    secret = [Name(word, *_secret(kind, offer)) for word, kind, offer in listed if kind != SecretKind.DOMAIN]
    names = [*secret, *_people(phrases, words), *_teams(phrases), *_services(phrases)]
    return Known(tuple(names), domains)


def _secret(kind: str, offer: str) -> tuple[str, str]:
    if kind == SecretKind.CUSTOMER:
        return "the name of a customer", offer or "one of our customers"
    return "a word that stays inside", offer or "one of our systems"


def _phrases(text: str) -> tuple[set[str], set[str]]:
    """Up to five words of a text that follow each other, in lower case; and its single words as they are written."""
    words = re.findall(r"[\w.-]*\w", text)
    apart = {word.replace("’", "'") for word in re.findall(r"\w+['’]\w+", text)}
    lower = [word.lower() for word in words]
    runs = (lower[at : at + size] for size in range(1, _LONGEST_NAME + 1) for at in range(len(lower)))
    phrases = {" ".join(run) for run in runs}
    # A name with a hyphen may be written with its parts apart in the text, or the other way round.
    return phrases | {part for word in lower for part in word.split("-")}, {*words, *apart}


def _people(phrases: set[str], words: set[str]) -> Iterator[Name]:
    why, offer = "the name of a colleague", "our engineers"
    rows = Person.objects.annotate(whole=Lower("title"), short=Lower("name"), first=_word(1), last=_word(-1))
    rows = rows.filter(Q(whole__in=phrases) | Q(short__in=phrases) | Q(first__in=words) | Q(last__in=words))
    for name, title, first_name, last_name in rows.values_list("name", "title", "first", "last"):
        yield Name(title or name, why, offer)
        if re.search(r"[._\d-]", name):
            yield Name(name, why, offer)
        for part in {first_name, last_name}:
            if len(part) >= 3 and part[0].isupper() and part.lower() not in _WORDS_TOO:
                yield Name(part, why, offer, as_written=True)


def _word(number: int) -> Func:
    """One word of a display name, counted from its end where the number is negative."""
    return Func("title", Value(" "), Value(number), function="split_part", output_field=CharField())


def _teams(phrases: set[str]) -> Iterator[Name]:
    rows = Team.objects.annotate(whole=Lower("title"), short=Lower("name"), chatted=Lower("chat"))
    rows = rows.filter(Q(whole__in=phrases) | Q(short__in=phrases) | ~Q(chat=""))
    for name, title, chat in rows.values_list("name", "title", "chat"):
        for each in {name, title} - {""}:
            beside = () if _is_coined(each) else ("team", "squad", "group", "on-call", "engineers")
            yield Name(each, "the name of a team", "our team", beside=beside)
        if chat.startswith("#"):
            yield Name(chat, "an internal chat", "our team")


def _services(phrases: set[str]) -> Iterator[Name]:
    """Names of services, and what they are called outside where they are called something."""
    rows = Entity.objects.annotate(whole=Lower("title"), short=Lower("name"))
    meant = rows.filter(Q(whole__in=phrases) | Q(short__in=phrases))
    found = list(meant.values_list("name", "title", "reference"))
    outside = dict(PublicName.objects.filter(subject__in=[each for *_, each in found]).values_list("subject", "name"))
    said = {name.lower() for name in outside.values()}
    for name, title, reference in found:
        offer = outside.get(reference, "one of our systems")
        for each in {name, title} - {""}:
            if each.lower() in said:
                continue
            beside = () if _is_coined(each) else _KINDS_OF_SERVICE
            yield Name(each, "the internal name of a service", offer, beside=beside)


def _is_coined(name: str) -> bool:
    """Whether a name is no ordinary word: it has a sign or a digit in it, a capital in its middle, or two words."""
    return bool(re.search(r"[-_.\d ]|[a-z][A-Z]", name))
