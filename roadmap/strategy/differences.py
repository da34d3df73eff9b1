"""What changed between two editions, or from one to what is written now: texts by section, figures side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from incidents.postmortems.comparing import Block, Piece, compare
from roadmap.strategy.lines import KINDS, signed
from services.health.saying import number

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """A line in pieces and what it is now (roadmap.strategy.lines), or ``skipped`` lines that are the same."""

    kind: str = "text"
    pieces: Sequence[Piece] = ()
    skipped: int = 0

    @property
    def is_changed(self) -> bool:
        return any(each.kind != "same" for each in self.pieces)


@dataclass(frozen=True)
class Text:
    """A section of both: ``kind`` is same, changed, added or removed."""

    title: str
    kind: str
    lines: Sequence[Line] = ()

    @property
    def is_marked_anew(self) -> bool:
        """Whether nothing but marks changed, such as what is bold."""
        return self.kind == "changed" and not any(each.is_changed for each in self.lines)


@dataclass(frozen=True)
class Difference:
    """A figure of both, and in words what became of it."""

    label: str
    before: str
    after: str
    words: str


def texts(before: Iterable[Row], after: Iterable[Row]) -> Iterator[Text]:
    """The sections of both, in the order of the newer one; those that are gone follow."""
    old = {each["key"]: each for each in before}
    new = {each["key"]: each for each in after}
    for key in [*new, *(key for key in old if key not in new)]:
        then, now = old.get(key), new.get(key)
        yield _text((now or then or {})["title"], then["markdown"] if then else None, now["markdown"] if now else None)


def _text(title: str, before: str | None, after: str | None) -> Text:
    if before is None or after is None:
        return Text(title, "added" if before is None else "removed", _lines(before or "", after or ""))
    if before == after:
        return Text(title, "same")
    return Text(title, "changed", _lines(before, after))


def _lines(before: str, after: str) -> tuple[Line, ...]:
    return tuple(_line(each) for each in compare(signed(before), signed(after)))


def _line(block: Block) -> Line:
    """Without the signs. A line that became another kind of line is of the newer kind."""
    if block.skipped:
        return Line(skipped=block.skipped)
    signs = [sign for piece in block.pieces for sign in piece.text if sign in KINDS]
    pieces = [Piece(each.kind, each.text.translate({ord(sign): None for sign in KINDS})) for each in block.pieces]
    return Line(KINDS[signs[-1]] if signs else "text", [each for each in pieces if each.text])


def figures(before: Iterable[Row], after: Iterable[Row]) -> list[Difference]:
    """The figures of both, those that are in both first; of several of one label in a section, in their order."""
    old, new = _numbered(before), _numbered(after)
    both = [key for key in new if key in old]
    keys = [*both, *(key for key in new if key not in old), *(key for key in old if key not in new)]
    return [_difference(key[-2], old.get(key), new.get(key)) for key in keys]


def _numbered(rows: Iterable[Row]) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for each in rows:
        at = 0
        while (key := (each["section"], each["block"], each["label"], at)) in found:
            at += 1
        found[key] = each
    return found


def _difference(label: str, before: Row | None, after: Row | None) -> Difference:
    if before is None or after is None:
        said = "is new" if before is None else "is no longer there"
        return Difference(label, before["value"] if before else "", after["value"] if after else "", said)
    return Difference(label, before["value"], after["value"], _change(before, after))


def _change(before: Row, after: Row) -> str:
    start, end = before.get("number"), after.get("number")
    if start is None or end is None or before.get("unit") != after.get("unit"):
        return "the same" if before["value"] == after["value"] else "cannot be compared as numbers"
    by = end - start
    if not by:
        return "the same"
    unit = "points" if after.get("unit") == "%" else after.get("unit") or ""
    share = f" ({abs(by / start):.0%})" if start and unit != "points" else ""
    return f"{number(abs(by))} {unit}".strip() + f" {'more' if by > 0 else 'less'}{share}"
