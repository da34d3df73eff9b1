"""The picture of what waits for what: boxes in layers from left to right, drawn on the server. Each box is a link."""

from collections.abc import Iterable
from dataclasses import dataclass

from portal.looks import look_of
from roadmap.collections import INITIATIVES
from roadmap.models import Status
from roadmap.views.networks import Known
from roadmap.views.schedule import Schedule, Tie

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, EDGE = 210, 46, 56, 18, 12
LONGEST = 29


@dataclass(frozen=True)
class Box:
    """One initiative, at ``x`` and ``y`` in pixels."""

    name: str
    title: str
    short: str
    url: str
    state: str
    word: str
    is_critical: bool
    x: int
    y: int


@dataclass(frozen=True)
class Line:
    """One tie, as the path of a curve."""

    path: str
    is_critical: bool
    is_broken: bool


@dataclass(frozen=True)
class Picture:
    boxes: list[Box]
    lines: list[Line]
    width: int
    height: int


def picture_of(known: Known, plan: Schedule, ties: Iterable[Tie]) -> Picture | None:
    """The boxes that these ties are between, each to the right of all that it waits for; None where there are none."""
    ties = list(ties)
    if not ties:
        return None
    layers = _layers(ties)
    at = {pk: (layer, place) for layer, pks in enumerate(_in_order(layers, ties)) for place, pk in enumerate(pks)}
    boxes = [_box(known, plan, pk, *at[pk]) for pk in sorted(at, key=lambda pk: at[pk])]
    lines = [_line(known, plan, tie, at) for tie in ties]
    return Picture(
        boxes, lines, max(box.x for box in boxes) + BOX_WIDTH + EDGE, max(box.y for box in boxes) + BOX_HEIGHT + EDGE
    )


def _layers(ties: list[Tie]) -> dict[int, int]:
    """The layer of each: one more than that of what it waits for. Circles end after so many rounds."""
    layers = {pk: 0 for tie in ties for pk in (tie.before, tie.after)}
    for _ in range(len(layers)):
        moved = False
        for tie in ties:
            if layers[tie.after] <= layers[tie.before] < len(layers):
                layers[tie.after] = layers[tie.before] + 1
                moved = True
        if not moved:
            break
    return layers


def _in_order(layers: dict[int, int], ties: list[Tie]) -> list[list[int]]:
    """The boxes of each layer from top to bottom, near to what they wait for."""
    columns: dict[int, list[int]] = {}
    for pk, layer in sorted(layers.items()):
        columns.setdefault(layer, []).append(pk)
    before: dict[int, list[int]] = {}
    for tie in ties:
        before.setdefault(tie.after, []).append(tie.before)
    height: dict[int, float] = {}
    ordered = []
    for layer in sorted(columns):
        pks = columns[layer]
        wish = {pk: _mean([height[each] for each in before.get(pk, ()) if each in height]) for pk in pks}
        pks.sort(key=lambda pk: (wish[pk], pk))
        height |= {pk: float(place) for place, pk in enumerate(pks)}
        ordered.append(pks)
    return ordered


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _box(known: Known, plan: Schedule, pk: int, layer: int, place: int) -> Box:
    found = known.tied[pk]
    title = found["title"]
    state, word = look_of(found["status"])[0], str(Status(found["status"]).label)
    critical = pk in plan.slots and plan.slots[pk].slack == 0
    url = INITIATIVES.record_url(INITIATIVES.key("initiative", "default", found["name"].lower()))
    short = title if len(title) <= LONGEST else f"{title[: LONGEST - 1].rstrip()}…"
    x, y = EDGE + layer * (BOX_WIDTH + GAP_X), EDGE + place * (BOX_HEIGHT + GAP_Y)
    return Box(found["name"], title, short, url, state, word, critical, x, y)


def _line(known: Known, plan: Schedule, tie: Tie, at: dict[int, tuple[int, int]]) -> Line:
    (from_layer, from_place), (to_layer, to_place) = at[tie.before], at[tie.after]
    x1 = EDGE + from_layer * (BOX_WIDTH + GAP_X) + BOX_WIDTH
    x2 = EDGE + to_layer * (BOX_WIDTH + GAP_X)
    y1, y2 = (EDGE + place * (BOX_HEIGHT + GAP_Y) + BOX_HEIGHT // 2 for place in (from_place, to_place))
    bend = max((x2 - x1) // 2, 20)
    critical = all(pk in plan.slots and plan.slots[pk].slack == 0 for pk in (tie.before, tie.after))
    path = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 5} {y2}"
    return Line(path, critical, bool(known.problem(tie)))
