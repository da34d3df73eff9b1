"""What the addresses of objectives, key results and freezes answer to each reader. The editor is in the team that owns
the key result; freezes and cycles are of product managers."""

import datetime as dt
from typing import Any

from roadmap.models import Cycle
from tests.roadmap.core_makers import make_cycle
from tests.roadmap.okr_makers import make_freeze, make_key_result, make_objective
from tests.url_rows import Row, page, post

URLS: dict[str, Row] = {
    "objectives-board": page(),
    "key-result-check-in": Row("302 403 403 200 200 200 302", {"key": "key_result"}),
    "key-result-correct": Row("302 403 403 403 200 200 302", {"key": "key_result"}),
    "cycle-close": Row("302 403 403 403 200 200 302", {"key": "cycle_to_close"}),
    "freeze-new": Row("302 403 403 403 200 200 302"),
    "freeze-lift": Row("302 403 403 403 200 200 302", {"key": "freeze"}),
    "freeze-scope": Row("302 403 403 403 200 200 302", {"key": "freeze"}),
    # What machines do by the API, in JSON: 415 for a form
    "api-key-result-check-ins": Row("401 200 200 200 200 200 200", {"key": "key_result"}),
    "api-key-result-correction": post("401 403 403 403 415 415 403", key="key_result"),
    "api-cycle-close": post("401 403 403 403 415 415 403", key="cycle_to_close"),
    "api-freeze-lift": post("401 403 403 403 415 415 403", key="freeze"),
    "api-freeze-scope": post("401 403 403 403 415 415 403", key="freeze"),
}


def world(people: Any) -> dict[str, Any]:
    cycle = Cycle.objects.filter(name="Far cycle").first() or make_cycle("Far cycle", dt.date(2031, 1, 1))
    objective = make_objective("Buying never stops", cycle=cycle, owner=people.team.reference)
    return {
        "key_result": make_key_result("Less waiting", objective=objective).pk,
        "cycle_to_close": cycle.pk,
        "freeze": make_freeze("Mend the pool").pk,
    }


FORMS = ("key-result-check-in", "key-result-correct", "cycle-close", "freeze-new", "freeze-lift", "freeze-scope")
