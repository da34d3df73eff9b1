"""The timeline as a file: SVG, or PNG that is set from it."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape
from django.views.decorators.http import require_safe

from portal.query import BadQuery
from roadmap.views.reading import Asked, ask
from roadmap.views.timeline import Bar, Timeline, timeline_of
from roadmap.views.views import TIMELINE
from services.health.saying import day_in_words

WIDTH, LABELS, ROW, HEAD, GROUP = 1600, 420, 40, 70, 32
# A file has no style sheet: the colours of the light theme, line and ground of each state.
COLOURS = {
    "ok": ("#1e8a52", "#e4f5ec"), "warn": ("#b26a00", "#fdf1dc"), "bad": ("#cc3b3b", "#fdeaea"),
    "info": ("#3c63d6", "#e9effd"), "plan": ("#7a4fc4", "#f2ebfc"), "idle": ("#7b818c", "#eef0f2"),
}  # fmt: skip
INK, MUTED, LINE, TODAY = "#16181d", "#5c626d", "#e3e5e9", "#cc3b3b"
FONT = "Inter, Noto Sans, DejaVu Sans, sans-serif"
# Letters of a title that have room.
LONGEST = 52
# Bars of a PNG: each takes typst eight milliseconds, and somebody waits. SVG has all that the page has.
MOST_OF_PNG = 120


@require_safe
def svg(request: HttpRequest) -> HttpResponse:
    """The timeline of the query string as SVG."""
    try:
        text = drawn(ask(request, TIMELINE))
    except BadQuery as problem:
        return _refused(problem)
    return _file(text.encode(), "image/svg+xml", "timeline.svg")


@require_safe
def png(request: HttpRequest) -> HttpResponse:
    """The same as PNG, of fewer."""
    try:
        text = drawn(ask(request, replace(TIMELINE, most=MOST_OF_PNG)))
    except BadQuery as problem:
        return _refused(problem)
    return _file(as_png(text), "image/png", "timeline.png")


def _refused(problem: BadQuery) -> HttpResponse:
    return HttpResponse(str(problem), status=400, content_type="text/plain; charset=utf-8")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def as_png(text: str) -> bytes:
    """The picture, twice as large as it is on a page, so that it is sharp on paper."""
    import typst  # only files need the compiler

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "timeline.svg").write_text(text, encoding="utf-8")
        page = '#set page(width: auto, height: auto, margin: 0pt)\n#image("timeline.svg", width: 1200pt)\n'
        source = Path(folder, "timeline.typ")
        source.write_text(page, encoding="utf-8")
        made: bytes = typst.compile(str(source), root=folder, format="png", ppi=96)
        return made


def drawn(asked: Asked) -> str:
    """The timeline as one SVG that stands by itself."""
    shown = timeline_of(asked)
    rows = len(shown.bars) * ROW + sum(GROUP for group in shown.groups if group.title)
    height = HEAD + rows + 40
    day = day_in_words(shown.today)
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" font-size="13">',
        f'<title>Roadmap, {day}</title><rect width="100%" height="100%" fill="#fff"/>',
        _text(16, 28, f"Roadmap, as of {day}", INK, weight=600, size=16),
        *_months(shown, height - 40), *_groups(shown), _foot(asked, height), "</svg>",
    ]  # fmt: skip
    return "\n".join(parts)


def _x(shown: Timeline, percent: float) -> float:
    return round(LABELS + (WIDTH - LABELS - 16) * percent / 100, 1)


def _text(x: float, y: float, text: str, fill: str, *, weight: int = 400, size: int = 13, anchor: str = "start") -> str:
    return (
        f'<text x="{x}" y="{y}" fill="{fill}" font-weight="{weight}" font-size="{size}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )


def _months(shown: Timeline, bottom: int) -> Iterator[str]:
    for month in shown.scale.months:
        x = _x(shown, month.at)
        yield f'<line x1="{x}" x2="{x}" y1="{HEAD}" y2="{bottom}" stroke="{LINE}"/>'
        yield _text(x + 4, HEAD - 10, month.label, MUTED, size=12)
    today = _x(shown, shown.scale.at(shown.today))
    yield f'<line x1="{today}" x2="{today}" y1="{HEAD - 6}" y2="{bottom}" stroke="{TODAY}" stroke-width="1.5"/>'


def _groups(shown: Timeline) -> Iterator[str]:
    y = HEAD
    for group in shown.groups:
        if group.title:
            yield f'<rect x="0" y="{y}" width="{WIDTH}" height="{GROUP}" fill="#f6f7f8" fill-opacity="0.7"/>'
            yield _text(16, y + 21, group.title, INK, weight=600)
            y += GROUP
        for bar in group.bars:
            yield from _row(shown, bar, y)
            y += ROW


def _row(shown: Timeline, bar: Bar, y: int) -> Iterator[str]:
    it = bar.initiative
    title = it.title if len(it.title) <= LONGEST else f"{it.title[: LONGEST - 1]}…"
    yield _text(16, y + 18, title, INK)
    yield _text(16, y + 33, ", ".join(filter(None, [it.name, bar.team])), MUTED, size=11)
    yield f'<line x1="0" x2="{WIDTH}" y1="{y + ROW}" y2="{y + ROW}" stroke="{LINE}"/>'
    if it.starts_on and it.ends_likely:
        yield from _bar(shown, bar, y)
    else:
        yield _text(LABELS + 4, y + 24, f"{bar.word}, not dated", MUTED, size=12)


def _bar(shown: Timeline, bar: Bar, y: int) -> Iterator[str]:
    it, scale = bar.initiative, shown.scale
    assert it.starts_on is not None  # noqa: S101  the caller has asked
    assert it.ends_likely is not None  # noqa: S101  the caller has asked
    line, ground = COLOURS[bar.state]
    start, end = _x(shown, scale.at(it.starts_on)), _x(shown, scale.at(it.ends_likely))
    late = _x(shown, scale.at(it.ends_latest)) if it.ends_latest else end
    width = max(end - start, 2)
    if late > end:
        yield (
            f'<rect x="{end}" y="{y + 12}" width="{late - end:.1f}" height="16" rx="3" fill="none" stroke="{line}" '
            'stroke-dasharray="4 3"/>'
        )
    yield f'<rect x="{start}" y="{y + 7}" width="{width}" height="26" rx="5" fill="{ground}" stroke="{line}"/>'
    if it.done_percent:
        done = f"{width * it.done_percent / 100:.1f}"
        yield f'<rect x="{start}" y="{y + 30}" width="{done}" height="3" rx="1.5" fill="{line}" fill-opacity="0.5"/>'
    if bar.limit is not None and bar.limit.state.q50_date:
        x = _x(shown, scale.at(bar.limit.state.q50_date))
        yield f'<circle cx="{x}" cy="{y + 20}" r="5" fill="{TODAY}"/>'
    fits = width > 8 * len(bar.word)
    yield _text(start + 8 if fits else late + 6, y + 24, bar.word, line, weight=500, size=12)


def _foot(asked: Asked, height: int) -> str:
    count = len(asked.initiatives)
    told = f"{count:,} initiative{'' if count == 1 else 's'}"
    if asked.left_out:
        told += f" of {asked.total:,}: the others do not fit on one picture"
    return _text(
        16, height - 14, f"{told}. Bar: to the likely end. Dashed: to the end in 9 of 10 cases.", MUTED, size=12
    )
