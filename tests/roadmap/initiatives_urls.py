"""What the addresses of initiatives answer to each reader, and the records that they need. The editor is in the team of
RM-1 and is let into RMP-1."""

from typing import Any

from roadmap.initiatives import actions
from roadmap.models import Initiative, Report, ReportKind
from tests import factories
from tests.url_rows import Row, page, post

RM = {"key": "rm-1"}
URLS: dict[str, Row] = {
    # Whoever is in a team writes an idea down
    "initiative-new": Row("302 403 200 200 200 200 302"),
    "initiative-link-to": Row("302 400 400 400 400 400 302"),
    "initiative-things": Row("302 400 400 400 400 400 302"),
    "initiatives-summary": page(),
    "initiatives-summary-file": page(),
    "initiative-specification": page(**RM),
    "initiative-specification-file": page(**RM),
    # Its team, its owner and product managers change it
    "initiative-status": Row("302 403 403 200 200 200 302", RM),
    "initiative-link": Row("302 403 403 200 200 200 302", RM),
    "initiative-unlink": post("302 403 403 302 302 302 302", {}, "/initiatives/rm-1/", **RM, pk="initiative_link"),
    "initiative-update": Row("302 403 403 200 200 200 302", RM),
    "initiative-dedicated": Row("302 403 403 200 200 200 302", RM),
    "initiative-release": post("302 403 403 302 302 302 302", {"who": "1"}, "/initiatives/rm-1/", **RM),
    "initiative-part-new": Row("302 403 403 200 200 200 302", {**RM, "part": "criteria"}),
    "initiative-part-edit": Row("302 403 403 200 200 200 302", {**RM, "part": "criteria", "pk": "criterion"}),
    "initiative-part-remove": post(
        "302 403 403 302 302 302 302", {"version": "1"}, "/initiatives/rm-1/", **RM, part="criteria", pk="criterion"
    ),
    # A private one is there for the editor alone
    "initiative-access": Row("302 404 404 200 404 404 302", {"key": "rmp-1"}),
    "initiative-take-out": post("302 403 403 404 404 404 302", {}, "/initiatives/", **RM),
    # What machines do by the API, in JSON: 415 for a form
    "api-initiative-status": post("401 403 403 415 415 415 415", **RM),
    "api-initiative-updates": Row("401 200 200 200 200 200 200", RM),
    "api-initiative-links": Row("401 200 200 200 200 200 200", RM),
    "api-initiative-unlink": Row("401 405 405 405 405 405 405", {**RM, "pk": "initiative_link"}),
    "api-initiative-criteria": Row("401 200 200 200 200 200 200", RM),
    "api-initiative-criterion": Row("401 405 405 405 405 405 405", {**RM, "pk": "criterion"}),
    "api-initiative-objections": Row("401 200 200 200 200 200 200", RM),
    "api-initiative-objection": Row("401 405 405 405 405 405 405", {**RM, "pk": "objection"}),
    # Product managers and administrators decide
    "proposal-take": post("302 403 403 403 302 302 302", {"version": "1"}, "/initiatives/", pk="proposal"),
    "proposal-take-into": Row("302 403 403 403 200 200 302", {"pk": "proposal"}),
    # Of a report only whoever asked for it knows
    "roadmap-report": Row("302 404 404 200 404 404 302", {"pk": "report"}),
    "roadmap-report-pdf": Row("302 404 404 404 404 404 302", {"pk": "report"}),
    "roadmap-report-markdown": Row("302 404 404 200 404 404 302", {"pk": "report"}),
    "roadmap-report-again": post("302 404 404 302 404 404 302", {}, "/roadmap-reports/", pk="report"),
}


# Those that are a form too.
FORMS = (
    "initiative-new", "initiative-link-to", "initiatives-summary", "initiative-specification", "initiative-status",
    "initiative-link", "initiative-update", "initiative-dedicated", "initiative-part-new", "initiative-part-edit",
    "initiative-access", "proposal-take-into",
)  # fmt: skip


def world(people: Any) -> dict[str, Any]:
    asked = Report.objects.create(
        kind=ReportKind.ROADMAP, title="Roadmap", markdown="# Roadmap\n\nNothing yet.", asked_by=people.editor,
        state="failed", problem="It could not be made.",
    )  # fmt: skip
    first = Initiative.objects.get(name="RM-1")
    service = factories.make_entity("ledger", owner=people.team)
    linked = actions.link(by=people.editor, initiative=first, kind="service", thing=service.reference)
    criterion = actions.add_part(by=people.editor, initiative=first, part="criteria", values={"title": "It holds"})
    objection = actions.add_part(by=people.editor, initiative=first, part="objections", values={"text": "It is dear"})
    return {
        "report": asked.pk, "initiative_link": linked.pk, "criterion": criterion.pk, "objection": objection.pk,
    }  # fmt: skip
