"""Markdown that people wrote, as HTML that may stand in any page.

HTML in it is shown and not obeyed. A link leads to the web, to a mailbox or into the portal, anything else is its words
alone; a picture is one that was uploaded here, any other is a link to where it lies.
"""

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

PICTURES = "/uploads/"
_SAFE = re.compile(r"https?://|mailto:|#|/(?!/)", re.IGNORECASE)


@dataclass(frozen=True)
class Prose:
    """A text as HTML, and its headings of the second level as (anchor, words)."""

    body: SafeString
    headings: Sequence[tuple[str, str]]


def prose(text: str, *, below: int = 0, prefix: str = "") -> Prose:
    """The text as HTML. Its headings begin ``below`` so many levels of the page; anchors begin with ``prefix``."""
    markdown = _markdown()
    tokens = markdown.parse(text)
    headings = list(_mark_headings(tokens, below, prefix))
    body = markdown.renderer.render(tokens, markdown.options, {})
    return Prose(mark_safe(body), headings)  # noqa: S308  the renderer escapes every text


def parsed(text: str) -> list[Token]:
    """What the text consists of, for whoever shows it in another way."""
    return _markdown().parse(text)


def _mark_headings(tokens: Sequence[Token], below: int, prefix: str) -> Iterator[tuple[str, str]]:
    seen: dict[str, int] = {}
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + below, 6)}"
    for opening, inline in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            anchor = prefix + anchor_of(inline.content)
            seen[anchor] = seen.get(anchor, 0) + 1
            anchor = anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor]}"
            opening.attrSet("id", anchor)
            if opening.tag == "h2":
                yield anchor, plain(inline)


def anchor_of(heading: str) -> str:
    """What a link to a heading has after its #."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def plain(inline: Token) -> str:
    """The words of a token without their marks."""
    return "".join(each.content for each in inline.children or ())


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    for name, rule in {"link_open": _open_link, "link_close": _close_link, "image": _picture}.items():
        markdown.add_render_rule(name, rule)
    add_table_and_code(markdown)
    return markdown


def add_table_and_code(markdown: MarkdownIt) -> None:
    """Show tables and code as everywhere in the portal."""
    rules = {"table_open": _open_table, "table_close": _close_table, "fence": _code, "code_block": _code}
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)


def _open_link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    target = str(tokens[at].attrGet("href") or "")
    env.setdefault("closings", []).append("</a>" if _SAFE.match(target) else "")
    return _anchor(target) if _SAFE.match(target) else ""


def _anchor(target: str) -> str:
    return f'<a href="{html.escape(target)}" rel="nofollow noopener noreferrer">'


def _close_link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    return str(env["closings"].pop())


def _picture(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    source, words = str(tokens[at].attrGet("src") or ""), html.escape(plain(tokens[at]) or "picture")
    if source.startswith(PICTURES):
        return f'<img src="{html.escape(source)}" alt="{words}" loading="lazy">'
    # Within a link its words are part of that link.
    is_free = not any(env.get("closings", ())) and _SAFE.match(source)
    return f"{_anchor(source)}{words}</a>" if is_free else words


def _open_table(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    # A wide table is moved by itself, by keys too, and not the page with it.
    return '<div class="gw-tablewrap" tabindex="0" role="group" aria-label="Table"><table class="gw-table">\n'


def _close_table(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    return "</table></div>\n"


def _code(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    return f'<pre class="gw-code" tabindex="0">{html.escape(tokens[at].content.rstrip())}</pre>\n'
