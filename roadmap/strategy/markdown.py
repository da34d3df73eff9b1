"""Writing Markdown by machine: values that are only ever words in it, tables, and headings further down."""

import re
from collections.abc import Iterable, Iterator

_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&])")
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"( {0,3})(#{1,6})(?=\s|$)")
DEEPEST = 6


def words(text: object) -> str:
    """A text in one line, nothing in it obeyed as a mark. Spaces at which no line breaks stay."""
    return _MARKS.sub(r"\\\1", _SPACE.sub(" ", str(text).strip()))


def unbroken(text: str) -> str:
    """A text that stays on one line, such as a day in a narrow column."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def link(text: object, url: str) -> str:
    """A link to a page of the portal."""
    safe = url.replace("(", "%28").replace(")", "%29").replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
    return f"[{words(text)}]({safe})"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are Markdown already."""
    heads = [*head]
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def lines_in_code(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to a block of code between fences."""
    fence = ""
    for line in text.split("\n"):
        found = _FENCE.match(line)
        if fence:
            yield line, True
            if found and found[1][0] == fence[0] and len(found[1]) >= len(fence) and not line.strip(" `~"):
                fence = ""
        elif found:
            fence = found[1]
            yield line, True
        else:
            yield line, False


def lowered(text: str, top: int) -> str:
    """The text with its headings moved down together, so that the highest of them is of the level ``top``."""
    lines = list(lines_in_code(text))
    levels = [len(found[2]) for line, is_code in lines if not is_code and (found := _HEADING.match(line))]
    by = max(top - min(levels, default=top), 0)
    return "\n".join(line if is_code else _lower(line, by) for line, is_code in lines)


def _lower(line: str, by: int) -> str:
    return _HEADING.sub(lambda found: f"{found[1]}{'#' * min(len(found[2]) + by, DEEPEST)}", line, count=1)
