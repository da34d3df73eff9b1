"""The critical path method, against the example that readers follow by hand, and what it makes of odd networks."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings

from roadmap.views.schedule import Task, Tie, broken, schedule, shortfall
from roadmap.views.waiting import circle_of, network_of

DAY = dt.date(2027, 1, 1)
NUMBERS = {name: number for number, name in enumerate("ABCD", 1)}


def _tables() -> list[list[list[str]]]:
    text = Path(settings.BASE_DIR, "docs", "roadmap-views.md").read_text()
    text = text.partition("## The critical path")[2]
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [[[cell.strip() for cell in row.strip("|").split("|")] for row in each.splitlines()[2:]] for each in tables]


def task(number: int, start: int, days: int) -> Task:
    first = DAY + dt.timedelta(days=start)
    return Task(number, f"RM-{number}", first, first + dt.timedelta(days=days))


def test_the_example_in_the_docs_comes_out_as_it_says():
    planned, slots = _tables()
    tasks = {
        NUMBERS[name]: Task(NUMBERS[name], name, dt.date.fromisoformat(start), dt.date.fromisoformat(end))
        for name, start, end, *_ in planned
    }
    assert [str(tasks[NUMBERS[row[0]]].days) for row in planned] == [row[3] for row in planned]
    ties = [Tie(1, 2), Tie(1, 3, lag=2), Tie(2, 4), Tie(3, 4)]
    found = schedule(tasks, ties)
    told = [
        [name, *(str(day) for day in (slot.earliest_start, slot.earliest_end, slot.latest_start, slot.latest_end)),
         str(slot.slack)]
        for name, slot in ((name, found.slots[number]) for name, number in NUMBERS.items())
    ]  # fmt: skip
    assert told == slots
    assert found.paths == [[1, 2, 4]]
    problems = [broken(tie, tasks[tie.before], tasks[tie.after]) for tie in ties]
    assert problems == [
        "", "C starts 2 days too early: it waits until 2 days after A ends", "D starts 6 days before B ends", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "earliest", "short"),
    [("fs", 10, 10), ("ss", 0, 0), ("ff", 5, 5), ("sf", 0, -5)],
)
def test_each_kind_ties_the_ends_that_it_names(kind, earliest, short):
    first, second = task(1, 0, 10), task(2, 0, 5)
    tie = Tie(1, 2, kind)
    found = schedule({1: first, 2: second}, [tie])
    assert (found.slots[2].earliest_start - DAY).days == earliest
    assert shortfall(tie, first, second) == short


def test_a_lead_lets_the_second_begin_before_the_first_ends():
    found = schedule({1: task(1, 0, 10), 2: task(2, 0, 5)}, [Tie(1, 2, lag=-3)])
    assert (found.slots[2].earliest_start - DAY).days == 7
    told = broken(Tie(1, 2, lag=-3), task(1, 0, 10), task(2, 6, 5))
    assert told == "RM-2 starts 1 day too early: it waits until 3 days before RM-1 ends"


def test_each_network_has_an_end_and_a_path_of_its_own():
    tasks = {1: task(1, 0, 10), 2: task(2, 20, 5), 3: task(3, 0, 1), 4: task(4, 2, 1)}
    found = schedule(tasks, [Tie(1, 2), Tie(3, 4)])
    assert found.slots[1].slack == 10
    assert found.slots[3].slack == 1
    assert found.paths == [[2], [4]]


def test_what_waits_for_each_other_is_named_and_has_no_slot():
    tasks = {number: task(number, 0, 5) for number in (1, 2, 3, 4, 5)}
    found = schedule(tasks, [Tie(1, 2), Tie(2, 1), Tie(2, 3), Tie(4, 5)])
    assert set(found.slots) == {4, 5}
    assert found.circles == [[1, 2, 1]] or found.circles == [[2, 1, 2]]


def test_a_tie_to_what_has_no_dates_is_left_out():
    assert schedule({1: task(1, 0, 5)}, [Tie(1, 2)]).slots == {}


def test_the_shortest_circle_is_found_and_nothing_where_there_is_none():
    edges = [(1, 2), (2, 3), (1, 3), (3, 4)]
    assert circle_of(edges, 4, 1) == [4, 1, 3, 4]
    assert circle_of(edges, 1, 4) == []


def test_what_hangs_together_is_found_whichever_way():
    assert network_of([(1, 2), (3, 2), (4, 5)], [1]) == {1, 2, 3}


def test_days_beyond_the_calendar_stop_at_its_end():
    far = Task(1, "RM-1", dt.date(9999, 1, 1), dt.date(9999, 12, 30))
    found = schedule({1: far, 2: Task(2, "RM-2", far.start, far.end)}, [Tie(1, 2, lag=30_000)])
    assert found.slots[2].earliest_end == dt.date.max
