"""What the shapes of the roadmap answer, and what is done in them: the editor is in the team that owns RM-1."""

from typing import Any

from roadmap.models import Initiative
from tests.roadmap.core_makers import make_initiative
from tests.roadmap.views_makers import make_dependency
from tests.url_rows import Row, page, post

_BACK = "/initiatives/rm-1/"
URLS: dict[str, Row] = {
    "initiatives-timeline": page(),
    "initiatives-timeline-svg": page(),
    "initiatives-timeline-png": page(),
    "initiatives-board": page(),
    "initiatives-horizons": page(),
    "initiatives-objectives": page(),
    "initiatives-dependencies": page(),
    "initiatives-infrastructure": page(),
    "initiatives-developers": page(),
    # Whoever changes an initiative moves it: its team, product managers, administrators
    "initiative-dates": Row("302 403 403 200 200 200 302", {"key": "rm-1"}),
    "initiative-place": post(
        "302 403 403 302 302 302 302", {"field": "horizon", "to": "now", "next": "/initiatives/-/horizons/"},
        "/initiatives/-/horizons/", key="rm-1",
    ),
    "api-initiative-dependencies": Row("401 200 200 200 200 200 200", {"key": "rm-1"}),
    "initiative-dependency": Row("302 403 403 200 200 200 302", {"key": "rm-1"}),
    "initiative-dependency-remove": post("302 403 403 302 302 302 302", {}, _BACK, key="rm-1", pk="waits_for"),
}  # fmt: skip


FORMS = ("initiative-dates", "initiative-dependency")


def world(people: Any) -> dict[str, Any]:
    """RM-1 waits for another one."""
    first = make_initiative("Comes first", by=people.editor)
    return {"waits_for": make_dependency(first, Initiative.objects.get(name="RM-1")).pk}
