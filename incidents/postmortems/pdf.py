"""A report as PDF: the tokens of its Markdown, written as a typst document. Every text is a string of typst, so that
nothing in it is ever obeyed; pictures and files of the machine are out of reach, as the compiler is given none.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

# The compiler gives up on quotes in quotes beyond some depth; these are set without its rules.
DEEPEST_QUOTE = 8
# Letters in a cell of the head of a table that is set again on each page.
LONGEST_HEAD = 60
SAFE_SCHEMES = frozenset({"http", "https", "mailto"})
_PAGE = """
#set document(title: {title})
#set page(paper: "a4", margin: (x: 22mm, top: 20mm, bottom: 20mm),
  footer: context [#set text(8pt, fill: luma(90)); #{foot} #h(1fr) #counter(page).display("1 / 1", both: true)])
#set text(10pt, lang: "en")
#set par(leading: 0.65em, spacing: 1em, justify: false)
#show heading: set block(above: 1.5em, below: 0.7em)
#show link: set text(fill: rgb("#1d4ed8"))
#show raw.where(block: true): set block(fill: luma(245), inset: 8pt, radius: 3pt, width: 100%)
#show raw: set text(8.5pt)
#text(18pt, weight: "semibold")[#{title}]
#v(0.3em)
#text(9pt, fill: luma(90))[#{under}]
"""


@dataclass(frozen=True)
class Report:
    """What a PDF is made of: its title, the line under it, what stands at the foot of each page, and Markdown."""

    title: str
    under: str
    foot: str
    text: str


def pdf(report: Report) -> bytes:
    """The report as PDF. Needs a second or so: call it from a worker."""
    import typst  # only the worker needs the compiler

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "report.typ")
        source.write_text(as_typst(report), encoding="utf-8")
        made: bytes = typst.compile(str(source), root=folder, format="pdf")
        return made


def as_typst(report: Report) -> str:
    """The source of the document."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough").parse(report.text)
    parts = {name: _string(getattr(report, name)) for name in ("title", "under", "foot")}
    return _PAGE.format(**parts) + "".join(_blocks(tokens))


def _string(text: str) -> str:
    """A text as typst's own string: nothing in it is markup."""
    kept = "".join(each for each in text if each in "\n\t\N{NO-BREAK SPACE}" or each.isprintable())
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    for at, token in enumerate(tokens):
        if token.type == "blockquote_open":
            yield "\n#quote(block: true)[" if token.level < DEEPEST_QUOTE else "\n#block(inset: (left: 2pt))["
        elif write := _WRITTEN.get(token.type):
            yield write(token)
        elif token.type == "inline":
            yield "".join(_inlines(token.children or ()))
        elif token.type in {"fence", "code_block"}:
            yield f"#raw(block: true, {_string(token.content.rstrip(chr(10)))})\n"
        elif token.type == "html_block":
            yield f"#{_string(token.content)}\n\n"
        elif token.type == "table_open":
            yield f"#table(columns: {_width(tokens[at:])}, stroke: 0.5pt + luma(200), inset: 5pt,\n"
        elif token.type == "thead_open":
            yield f"table.header(repeat: {str(_is_short(tokens[at:])).lower()}, "


def _width(tokens: Sequence[Token]) -> int:
    """How many columns the table has that begins here."""
    row = 0
    for token in tokens:
        row += token.type == "th_open"
        if token.type == "tr_close":
            break
    return max(row, 1)


def _is_short(head: Sequence[Token]) -> bool:
    """Whether the head that begins here may stand on each page: one as tall as a page would leave no room for rows."""
    for token in head:
        if token.type == "thead_close":
            break
        if token.type == "inline" and len(token.content) > LONGEST_HEAD:
            return False
    return True


Written = Callable[[Token], str]


def _always(text: str) -> Written:
    return lambda token: text


_WRITTEN: dict[str, Written] = {
    "heading_open": lambda token: f"\n#heading(level: {min(int(token.tag[1]), 5)})[",
    "heading_close": _always("]\n"),
    "paragraph_open": lambda token: "" if token.hidden else "\n#par[",
    "paragraph_close": lambda token: "" if token.hidden else "]\n",
    "bullet_list_open": _always("\n#list("),
    "bullet_list_close": _always(")\n"),
    "ordered_list_open": lambda token: f"\n#enum(start: {token.attrGet('start') or 1}, ",
    "ordered_list_close": _always(")\n"),
    "list_item_open": _always("["),
    "list_item_close": _always("],"),
    "blockquote_close": _always("]\n"),
    "hr": _always("\n#line(length: 100%, stroke: 0.5pt + luma(200))\n"),
    "table_close": _always(")\n"),
    "thead_close": _always("),"),
    "th_open": _always("[#strong["),
    "th_close": _always("]],"),
    "td_open": _always("["),
    "td_close": _always("],"),
}


def _inlines(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "text" or token.type == "html_inline":
            yield f"#{_string(token.content)};"
        elif token.type == "code_inline":
            yield f"#raw({_string(token.content)});"
        elif token.type == "softbreak":
            yield " "
        elif token.type == "hardbreak":
            yield "#linebreak();"
        elif token.type == "link_open":
            yield _link(str(token.attrGet("href") or ""))
        elif token.type == "image":
            yield f"#emph[#{_string(token.content or 'picture')};];"
        else:
            yield _MARKS.get(token.type, "")


def _link(address: str) -> str:
    """A link where it leads to the web or a mailbox, else its words alone."""
    try:
        is_safe = urlsplit(address).scheme in SAFE_SCHEMES
    except ValueError:
        is_safe = False
    return f"#link({_string(address)})[" if is_safe else "#text()["


_MARKS = {
    "strong_open": "#strong[", "strong_close": "];",
    "em_open": "#emph[", "em_close": "];",
    "s_open": "#strike[", "s_close": "];",
    "link_close": "];",
}  # fmt: skip
