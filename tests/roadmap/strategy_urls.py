"""What the addresses of the strategy answer to each reader: everybody reads, who plans writes and publishes."""

from typing import Any

from roadmap.models import SectionDependency, StrategySection
from tests.roadmap.strategy_makers import make_edition
from tests.url_rows import Row, page, post

_KEY = "current-state"
_WRITE = "302 403 403 403 200 200 302"
_DONE = "302 403 403 403 302 302 302"
_TEXT = {"text": "Written", "version": "1"}

URLS: dict[str, Row] = {
    "strategy": page(),
    "strategy-begin": page(),
    "strategy-begin-write": post(_DONE, {}, "/strategy/-/begin/"),
    "strategy-publish": Row(_WRITE),
    "strategy-write": Row(_WRITE),
    "strategy-outline": Row(_WRITE),
    "strategy-texts": Row(_WRITE),
    "strategy-preview": post(_WRITE, {"texts": "{}"}),
    "strategy-save": post(_DONE, _TEXT, "/strategy/-/write/", section=_KEY),
    "strategy-ties": Row(_WRITE, {"section": _KEY}),
    "strategy-concern": post(_DONE, {"product": "checkout"}, f"/strategy/-/sections/{_KEY}/ties/", section=_KEY),
    "strategy-unconcern": post(_DONE, {}, f"/strategy/-/sections/{_KEY}/ties/", section=_KEY, pk="section_dependency"),
    "strategy-compare": page(),
    "strategy-summary": page(),
    "strategy-markdown": page(kind="strategy"),
    "strategy-pdf": post("302 302 302 302 302 302 302", {}, "/roadmap-reports/", kind="summary"),
    "strategy-editions": page(),
    "strategy-edition": page(number=1),
    "strategy-edition-summary": page(number=1),
    "strategy-edition-markdown": page(number=1, kind="strategy"),
    "strategy-edition-pdf": post("302 302 302 302 302 302 302", {}, "/roadmap-reports/", number=1, kind="strategy"),
}

FORMS = ("strategy-begin", "strategy-publish", "strategy-ties")


def world(people: Any) -> dict[str, Any]:
    """An edition, and a section that concerns a team."""
    make_edition(1, summary="In short")
    section = StrategySection.objects.get(key=_KEY)
    concerns = SectionDependency.objects.create(section=section, product=people.other.reference)
    return {"section_dependency": concerns.pk}
