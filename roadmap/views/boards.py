"""Boards: the same rows as cards, in columns that they can be put into."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Sum
from django.http import QueryDict

from portal.collections import unknown_to
from portal.listing import with_params
from roadmap.initiatives.actions import WAYS
from roadmap.models import OVER, Category, Horizon, Initiative, Objective, Status
from roadmap.views.reading import Asked
from roadmap.views.timeline import state_of, word_of

# Of one column; the rest is a link to the list.
MOST_CARDS = 40


@dataclass(frozen=True)
class Card:
    """One initiative. ``state`` and ``word`` are its one status, ``ways`` the statuses that it can be taken to."""

    initiative: Initiative
    team: str
    state: str
    word: str
    may: bool

    @property
    def ways(self) -> tuple[str, ...]:
        return WAYS[self.initiative.status]


@dataclass(frozen=True)
class Column:
    """``key`` is what an initiative has that stands here; ``count`` are all of them, ``effort`` is the sum of what they
    say, ``unsaid`` how many say nothing; ``url`` is the list of them."""

    key: str
    title: str
    cards: list[Card]
    count: int
    effort: float
    unsaid: int
    url: str

    @property
    def left_out(self) -> int:
        return self.count - len(self.cards)


def columns_of(asked: Asked, params: QueryDict, field: str, choices: Sequence[tuple[str, str]]) -> list[Column]:
    """A column for each value of ``field``, in their order. The numbers are of all that the reader asked for in
    ``params`` and may see, also where a board shows only the first ones."""
    hidden = unknown_to(asked.reader, {each.team_id for each in asked.initiatives})
    found: dict[str, list[Initiative]] = {key: [] for key, _ in choices}
    # What is over stands last: the column says what comes now.
    for each in sorted(asked.initiatives, key=lambda each: each.status in OVER):
        found[getattr(each, field)].append(each)
    sums = _sums(asked, field)
    return [
        Column(key, label, [card_of(each, asked.may, hidden) for each in found[key][:MOST_CARDS]],
               *sums.get(key, (0, 0, 0)), url=asked.query.collection.url + with_params(params, **{field: key}))
        for key, label in choices
    ]  # fmt: skip


def _sums(asked: Asked, field: str) -> dict[str, tuple[int, float, int]]:
    """Value of ``field`` → how many have it, the days that they say they take, and how many say none."""
    numbers = {"count": Count("pk"), "days": Sum("effort_days"), "said": Count("effort_days")}
    rows = asked.query.matching().order_by().values(field).annotate(**numbers)
    return {row[field]: (row["count"], row["days"] or 0, row["count"] - row["said"]) for row in rows}


def card_of(it: Initiative, may: Callable[[Initiative], bool], hidden: dict[int, str]) -> Card:
    team = it.team.label or it.team.name if it.team and it.team_id not in hidden else ""
    return Card(it, team, state_of(it), word_of(it), may(it))


STATUSES = [(each.value, str(each.label)) for each in Status]
HORIZONS = [(each.value, str(each.label)) for each in Horizon]
PLANS: dict[str, tuple[Category, ...]] = {
    "infrastructure": (Category.INFRASTRUCTURE, Category.SCALING),
    "developer-experience": (Category.DEVELOPER_EXPERIENCE,),
}


@dataclass(frozen=True)
class Served:
    """The cards of one objective; of none where ``objective`` is None."""

    objective: Objective | None
    title: str
    cards: list[Card]
    effort: float


def by_objective(asked: Asked) -> list[Served]:
    """The cards under what they serve, in the order in which they come; what serves nothing is last."""
    hidden = unknown_to(asked.reader, {each.team_id for each in asked.initiatives})
    found: dict[int | None, list[Initiative]] = {}
    for each in asked.initiatives:
        found.setdefault(each.objective_id, []).append(each)
    last = {None: found.pop(None)} if None in found else {}
    return [_served(rows, asked, hidden) for rows in (*found.values(), *last.values())]


def _served(rows: list[Initiative], asked: Asked, hidden: dict[int, str]) -> Served:
    objective: Any = rows[0].objective
    cards = [card_of(each, asked.may, hidden) for each in rows]
    title = str(objective) if objective else "Serves no objective"
    return Served(objective, title, cards, sum(each.effort_days or 0 for each in rows))
