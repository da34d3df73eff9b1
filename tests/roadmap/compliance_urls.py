"""What the addresses of compliance answer to each reader. The editor is in the team that answers for the evidence."""

from typing import Any

from tests.roadmap.compliance_makers import make_control, make_evidence, make_framework
from tests.url_rows import Row, page

URLS: dict[str, Row] = {
    "compliance-gaps": page(),
    "compliance-matrix": page(),
    "control-evidence": Row("302 403 200 200 200 200 302", {"key": "control"}),
    "evidence-act": Row("302 403 403 200 200 200 302", {"key": "evidence", "act": "review"}),
}
FORMS = ("control-evidence", "evidence-act")


def world(people: Any) -> dict[str, Any]:
    control = make_control(make_framework("pci"))
    return {"control": control.pk, "evidence": make_evidence(control, owner=people.team.reference).pk}
