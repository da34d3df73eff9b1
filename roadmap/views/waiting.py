"""Ways through what waits for what."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

Edge = tuple[int, int]


def circle_of(edges: Iterable[Edge], before: int, after: int) -> list[int]:
    """The circle that ``after`` waiting for ``before`` would close, from ``before`` back to it; empty where there is
    none. ``edges`` are (before, after), as they are. Of several, the shortest."""
    follows = followers(edges)
    came_from: dict[int, int] = {after: before}
    waiting = deque([after])
    while waiting:
        here = waiting.popleft()
        if here == before:
            return _back(came_from, before)
        for there in follows.get(here, ()):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    return []


def _back(came_from: Mapping[int, int], start: int) -> list[int]:
    way = [start]
    here = came_from[start]
    while here != start:
        way.append(here)
        here = came_from[here]
    return [start, *reversed(way[1:]), start]


def followers(edges: Iterable[Edge]) -> dict[int, list[int]]:
    """Each that is waited for → those that wait."""
    found: dict[int, list[int]] = defaultdict(list)
    for before, after in edges:
        found[before].append(after)
    return dict(found)


def network_of(edges: Iterable[Edge], start: Iterable[int]) -> set[int]:
    """Everything that hangs together with ``start``, whichever way, itself included."""
    beside: dict[int, set[int]] = defaultdict(set)
    for before, after in edges:
        beside[before].add(after)
        beside[after].add(before)
    found, open_ = set(start), list(start)
    while open_:
        for each in beside.get(open_.pop(), ()):
            if each not in found:
                found.add(each)
                open_.append(each)
    return found
