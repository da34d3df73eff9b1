"""The documents for readers: Markdown from docs/ as pages of the portal.

The text is ours; still, HTML in it is shown and not obeyed. What leads to another document leads to its page here, and
what leads to a file that has no page here is left as its words.
"""

import html
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from portal.prose import add_table_and_code, anchor_of, plain

# Name of the file in docs/ → what it is about, in the order of the page Help.
DOCUMENTS = {
    "for-engineers": "For engineers: find an owner, the palette, edit, tokens and the API",
    "for-sres": "For SREs: blast radius, contacts, the health of the portal",
    "for-product-managers": "For product managers: the roadmap, deprecations, ownership, facts, exports",
    "health": "Health: checks, SLOs, metrics and deployments",
    "doomsday-clock": "The doomsday clock: what runs out when, and how that is foretold",
    "incidents": "Incidents: timelines, evidence, the five times, classification, on call",
    "initiatives": "Initiatives: evidence, proposals, updates, files",
    "roadmap-views": "Views of the roadmap: timeline, boards, dependencies and the critical path",
    "okrs": "OKRs, non-negotiables and freezes: progress by hand, standing, closing a cycle",
    "worth": "Priorities, returns, trade-offs and allocation: what is worth it, what is owed, who has days",
    "strategy": "The strategy document: sections, live blocks, editions, the executive summary",
    "compliance": "Risk and compliance: frameworks, controls, evidence, gaps",
    "roadmap-import": "Importing initiatives: YAML and CSV, and what their fields mean here",
    "openslo": "SLOs as OpenSLO documents: taking them in, and writing them",
    "query-grammar": "The query string: every question, for page, file and API",
    "for-administrators": "For administrators: logins, roles, teams, leaving, settings, backups",
    "catalog-import": "Importing catalog files",
    "adding-a-provider": "Adding a provider of derived metrics",
    "deploy": "Deploying: programs, servers of your own, behind a proxy, sizes",
}
_LINK = re.compile(r"(?P<name>[a-z-]+)\.md(?P<anchor>#[a-z0-9-]+)?")


@dataclass(frozen=True)
class Document:
    """A document as a page: its title, its HTML, and the headings one may jump to as (anchor, text)."""

    title: str
    body: SafeString
    headings: Sequence[tuple[str, str]]


def read_document(name: str) -> Document:
    """The document of this name. Raises KeyError when it is none for readers."""
    if name not in DOCUMENTS:
        raise KeyError(name)
    text = (settings.BASE_DIR / "docs" / f"{name}.md").read_text()
    title, _, rest = text.removeprefix("# ").partition("\n")
    markdown = _markdown()
    tokens = markdown.parse(rest)
    headings = list(_headings(tokens))
    body = markdown.renderer.render(tokens, markdown.options, {})
    return Document(title, mark_safe(body), headings)  # noqa: S308  the renderer escapes every text


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Give each heading the anchor that a link to it has, and tell those of the second level."""
    for opening, inline in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            anchor = anchor_of(inline.content)
            opening.attrSet("id", anchor)
            if opening.tag == "h2":
                yield anchor, plain(inline)


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name, rule in {
        "link_open": _open_link,
        "link_close": _close_link,
    }.items():
        markdown.add_render_rule(name, rule)
    add_table_and_code(markdown)
    return markdown


def _open_link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    target = _target(str(tokens[at].attrGet("href") or ""))
    env.setdefault("closings", []).append("</a>" if target else "")
    return f'<a href="{html.escape(target)}">' if target else ""


def _close_link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: dict[str, Any]) -> str:
    return str(env["closings"].pop())


def _target(href: str) -> str:
    """Where a link of a document leads in the portal; nowhere when the file has no page."""
    if href.startswith(("https://", "#")):
        return href
    found = _LINK.fullmatch(href)
    if not found or found["name"] not in DOCUMENTS:
        return ""
    return reverse("help-document", args=[found["name"]]) + (found["anchor"] or "")
