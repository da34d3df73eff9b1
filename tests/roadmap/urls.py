"""What the addresses of the roadmap answer to each reader. Each area has ``URLS``, and in ``world(people)`` the records
that they need, in ``<area>_urls.py``. The editor is in the team that owns RM-1 and the private RMP-1, which nobody else
sees."""

from typing import Any

from tests.roadmap.areas import modules
from tests.roadmap.core_makers import make_cycle, make_initiative
from tests.roadmap.makers import MAKERS
from tests.url_rows import Row

ROADMAP_URLS: dict[str, Row] = {name: row for module in modules("urls") for name, row in module.URLS.items()}

# Those of them that are a form too: they show it, and take it.
ROADMAP_FORMS = frozenset(name for module in modules("urls") for name in getattr(module, "FORMS", ()))


def make_roadmap_world(people: Any) -> dict[str, Any]:
    """What the arguments of the table stand for."""
    make_cycle()
    make_initiative("Shard the orders database", by=people.editor, team=people.team.reference)
    editor = people.editor.person.reference
    make_initiative("Leave the supplier", by=people.editor, owner=editor, is_private=True)
    world = {name: value for module in modules("urls") for name, value in module.world(people).items()}
    for model, make in MAKERS.items():
        if not model._default_manager.exists():
            make(None, 1)
    return world
