"""Words of the search: how text becomes a PostgreSQL ``tsvector``, and what was typed a ``tsquery``.

Prefixes are found everywhere. Inside a word only names are searched: every end of a word of the name is kept as a
lexeme of its own, marked so that it ranks below a word that begins with what was typed. This needs no extension of
PostgreSQL and answers from one GIN index.
"""

import re
import unicodedata
from collections.abc import Iterable

# Stands before the end of a word; no word can begin with it.
END = "~"
SHORTEST_END = 3
MOST_WORDS = 400
LONGEST_WORD = 60
# Words that one may ask for at once: each is another walk through the index.
MOST_ASKED = 12
LONGEST_ASKED = 400


def words(text: str) -> list[str]:
    """The words of ``text``, lower case and without accents: letters and digits, split at anything else."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return [word[:LONGEST_WORD] for word in re.findall(r"[^\W_]+", plain)[:MOST_WORDS]]


def vector(name: str, weighted: Iterable[tuple[str, str]]) -> str:
    """Write out the ``tsvector`` of a record: of its names (and titles), and (weight, text) of all search columns."""
    lexemes: dict[str, str] = {}
    for word in words(name):
        for start in range(1, len(word) - SHORTEST_END + 1):
            lexemes[END + word[start:]] = "D"
    for weight, text in weighted:
        for word in words(text):
            lexemes[word] = min(weight, lexemes.get(word, "D"))
    for word in words(name):
        lexemes[word] = "A"
    return " ".join(f"'{word}':1{weight}" for word, weight in lexemes.items())


def query(text: str) -> str:
    """Write out the ``tsquery`` for what was typed: every word must begin, or be inside, a word of the record."""
    return " & ".join(_term(word) for word in words(text)[:MOST_ASKED])


def too_much(text: str) -> str:
    """Why ``text`` is more than can be searched for at once; empty where it is not."""
    if len(text) > LONGEST_ASKED:
        return f"{len(text):,} characters are more than can be searched for at once. Shorten it to {LONGEST_ASKED}."
    count = max(len(words(text)), len(text.split()))
    if count > MOST_ASKED:
        return f"{count} words are more than can be searched for at once. Leave at most {MOST_ASKED}."
    return ""


def parts_query(text: str) -> str:
    """Write out the ``tsquery`` of records that share three letters in a row with ``text``: what a slip of the hand
    leaves whole."""
    joined = "".join(words(text))[:LONGEST_WORD]
    parts = {joined[at : at + SHORTEST_END] for at in range(len(joined) - SHORTEST_END + 1)}
    return " | ".join(_term(part) for part in sorted(parts))


def _term(word: str) -> str:
    return f"('{word}':* | '{END}{word}':*)" if len(word) >= SHORTEST_END else f"'{word}':*"
