"""The palette's search at 100,000 entities: 1 to 12 letters, beginnings, insides, whole names, two words.

Floor: one query of the index alone, for the words of whole names.
"""

import random
from collections.abc import Callable, Iterator

from django.db import connection

from bench import site
from bench.clock import percentile, times_ms
from bench.figures import Figure, at_most
from bench.places import LARGE
from services.models import Entity

QUERIES = 120
ROUNDS = 3


def measure() -> Iterator[Figure]:
    portal = site.portal()
    with site.entities(LARGE):
        headers = site.sign_in()
        texts = _texts()
        works = [
            lambda text=text: site.read(portal, f"/search/palette/?q={text.replace(' ', '%20')}", **headers)
            for text in texts
        ]
        slowest: list[float] = [min(times) for times in times_ms(*works, rounds=ROUNDS)]
        every = [time for times in times_ms(*works, rounds=ROUNDS) for time in times]
        floor = percentile([min(times) for times in times_ms(*map(_bare, texts[-20:]), rounds=ROUNDS)], 0.95)
        yield at_most("search, 100,000: p95", percentile(every, 0.95), 60, "ms", floor)
        yield Figure("search, 100,000: median", percentile(every, 0.5), "ms")
        worst = max(range(len(texts)), key=slowest.__getitem__)
        yield Figure(f"search, 100,000: slowest text (“{texts[worst]}”)", slowest[worst], "ms")


def _texts() -> list[str]:
    """The same mix in every run; whole names last."""
    chance = random.Random(7)
    names = list(Entity.objects.order_by("pk").values_list("name", flat=True)[:: LARGE // QUERIES][:QUERIES])
    beginnings = [name[: chance.randint(2, 12)] for name in names[:30]]
    insides = [name[at : at + chance.randint(3, 8)] for name in names[30:60] if (at := chance.randrange(1, 5))]
    two_words = [f"{name.split('-')[0]} {name.split('-')[-1][:4]}" for name in names[60:90]]
    texts = [*"paceimstro", *beginnings, *insides, *two_words]
    return [text for text in texts if text.strip("- ")] + names[90:]


def _bare(name: str) -> Callable[[], None]:
    words = " & ".join(f"'{word}'" for word in name.split("-"))

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT model, object_id FROM search_searchentry WHERE document @@ %s::tsquery LIMIT 13", [words]
            )
            cursor.fetchall()

    return work
