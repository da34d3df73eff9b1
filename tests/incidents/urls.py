"""What the addresses of incidents answer to each reader, and the records that the walk over every address needs there.

The editor declared INC-1 and the private PRIV-1, and is in the team that owns both.
"""

from typing import Any

from django.utils import timezone

from incidents.declaring import declare
from incidents.followups.actions import suggest
from incidents.models import AlertGroup, AlertMessage, AlertSource, Incident, StatusFeed
from incidents.postmortems import reviewing, writing
from incidents.taxonomy.tagging import node_named, tag
from incidents.uploads.keeping import keep as keep_evidence
from tests import factories
from tests.incidents.makers import MAKERS, make_postmortem, picture_file
from tests.url_rows import Row, page, post

_SAVED = {"text": "It was Sunday", "version": "2"}
INCIDENT_URLS: dict[str, Row] = {
    # Alerts are sent with a token, to an address that is a secret, or signed
    "hook-alerts": post("401 401 401 401 401 401 401"),
    "hook-alerts-address": post("404 404 404 404 404 404 404", token="guessed"),
    "hook-alerts-bare": post("404 404 404 404 404 404 404", token="guessed"),
    "hook-pagerduty": post("404 404 404 404 404 404 404", token="guessed"),
    "hook-pagerduty-bare": post("404 404 404 404 404 404 404", token="guessed"),
    # What machines do by the API, in JSON: 415 for a form
    "api-incident-status": post("401 403 403 415 403 415 415", key="inc-1"),
    "api-incident-role": post("401 415 415 415 415 415 415", key="inc-1"),
    "api-incident-time": post("401 403 403 415 403 415 415", key="inc-1"),
    "api-incident-timeline": Row("401 200 200 200 200 200 200", {"key": "inc-1"}),
    # Anybody declares one
    "incident-new": page(),
    "incident-known": page(),
    # Whoever runs an incident tells of it; feeds open to whoever has the address
    "incident-update": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "status-feed-renew": post("302 404 404 404 404 302 302", {}, "/status-feeds/", key="status_feed"),
    **{
        f"status-feed-{form}": Row("404 404 404 404 404 404 404", {"token": "guessed"})
        for form in ("json", "unresolved", "atom")
    },
    # Anybody notes what they see and takes a role; who declared an incident, owns it or has a role moves it on
    "incident-note": post("302 302 302 302 302 302 302", {"text": "Seen"}, "/incidents/inc-1/", key="inc-1"),
    "incident-role": post("302 302 302 302 302 302 302", {}, "/incidents/inc-1/", key="inc-1", slug="lead"),
    "incident-status": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "incident-follow-up": post(
        "302 302 302 302 302 302 302", {"title": "Alert on it"}, "/incidents/inc-1/", key="inc-1"
    ),
    # The team that owns it, and who runs the incident that taught it
    "insights": page(),
    "follow-ups-ageing": page(),
    "follow-up-act": Row("302 403 403 200 403 200 302", {"key": "follow_up", "act": "commit"}),
    "incident-severity": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "incident-merge": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "incident-role-give": Row("302 403 403 200 403 200 302", {"key": "inc-1", "slug": "lead"}),
    "incident-role-lay-down": post("302 302 302 302 302 302 302", {}, "/incidents/inc-1/", key="inc-1", slug="lead"),
    "incident-impact": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "incident-impact-end": post("302 403 403 404 403 404 302", {}, "/incidents/inc-1/-/impact/", key="inc-1"),
    "incident-impact-correct": Row("302 403 403 200 403 200 302", {"key": "inc-1", "pk": "impact"}),
    "incident-impact-level": post(
        "302 403 403 302 403 302 302", {"level": "down"}, "/incidents/inc-1/-/impact/", key="inc-1", pk="impact"
    ),
    "incident-impact-take-out": post(
        "302 403 403 302 403 302 302", {}, "/incidents/inc-1/-/impact/", key="inc-1", pk="impact"
    ),
    # A private one is there for the editor alone, who declared it
    "incident-access": Row("302 404 404 200 404 404 302", {"key": "priv-1"}),
    "incident-take-out": post("302 403 403 404 403 404 302", {}, "/incidents/inc-1/-/access/", key="inc-1"),
    "incident-mend": post("302 403 403 302 403 302 302", {}, "/incidents/inc-1/", key="inc-1"),
    "events-key": post("302 403 403 404 403 404 302", {"event": "0:on"}, "/incidents/inc-1/", key="inc-1"),
    "event-correct": Row("302 403 403 200 403 200 302", {"key": "inc-1", "pk": "event"}),
    "event-withdraw": post("302 403 403 302 403 302 302", {}, "/incidents/inc-1/", key="inc-1", pk="event"),
    "incident-time": Row("302 403 403 200 403 200 302", {"key": "inc-1", "point": "detected"}),
    # What it was like: who runs it says so
    "classification": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "tag-new": page(),
    "tag-add": post(
        "302 403 403 302 403 302 302", {"node": "fm-stale"}, "/incidents/INC-1/-/classification/",
        key="INC-1", facet="failure_mode",
    ),
    "tag-edit": Row("302 403 403 200 403 200 302", {"key": "inc-1", "slug": "det-slo"}),
    "tag-remove": post("302 403 403 302 403 302 302", {}, "/incidents/INC-1/", key="INC-1", slug="det-slo"),
    # Files of an incident: whoever sees it sees them, and who added one withdraws it
    "upload-new": post("302 302 302 302 302 302 302", {}, "/incidents/inc-1/", key="inc-1"),
    "upload": page(uid="upload"),
    "upload-small": page(uid="upload"),
    "upload-original": page(uid="upload"),
    "upload-about": page(uid="upload"),
    "upload-withdraw": post("302 403 403 302 403 302 302", {}, "/uploads/", uid="upload"),
    # Anybody declares an incident from an alert, and puts one to an incident they see; administrators set up who sends
    "alert-declare": page(key="alert"),
    "alert-belongs": page(key="alert"),
    "alert-belongs-not": post("302 302 302 302 302 302 302", {}, "/alerts/", key="alert"),
    "incident-mitigated": post("302 403 403 302 403 302 302", {"key": "alerts"}, "/incidents/inc-1/", key="inc-1"),
    "alert-source-renew": post("302 403 403 403 403 302 302", {}, "/alert-sources/", key="alert_source"),
    "alert-source-secret": post("302 403 403 403 403 302 302", {"secret": "s"}, "/alert-sources/", key="pagerduty"),
    "alert-message-again": post(
        "302 403 403 403 403 302 302", {}, "/alert-sources/", key="alert_source", pk="alert_message"
    ),
    # Who runs an incident and whose service it hit write its postmortem; whoever sees it reads and comments
    "postmortem-begin": Row("302 403 403 302 403 302 302", {"key": "inc-1"}),
    "postmortem-write": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "postmortem-outline": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "postmortem-texts": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "postmortem-hints": page(key="inc-1"),
    "postmortem-compare": page(key="inc-1"),
    "postmortem-draft-markdown": page(key="inc-1"),
    "postmortem-edition": page(key="inc-1", number=1),
    "postmortem-markdown": page(key="inc-1", number=1),
    "postmortem-pdf": Row("302 404 404 404 404 404 302", {"key": "inc-1", "number": 1}),
    "postmortem-review": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "postmortem-publish": Row("302 403 403 200 403 200 302", {"key": "inc-1"}),
    "postmortem-save": post("302 403 403 302 403 302 302", _SAVED, "/postmortems/inc-1/", key="inc-1", section="luck"),
    "postmortem-preview": post("302 403 403 200 403 200 302", {}, key="inc-1"),
    "postmortem-check": post("302 403 403 200 403 200 302", {}, key="inc-1"),
    "postmortem-dismiss": post("302 403 403 302 403 302 302", {}, "/postmortems/inc-1/", key="inc-1"),
    "postmortem-hints-show": post("302 403 403 302 403 302 302", {}, "/postmortems/inc-1/", key="inc-1"),
    "postmortem-read": post("302 403 403 302 403 403 302", {}, "/postmortems/inc-1/", key="inc-1"),
    "postmortem-draft": post("302 403 403 302 403 302 302", {"version": "4"}, "/postmortems/inc-1/", key="inc-1"),
    "postmortem-comment": post("302 302 302 302 302 302 302", {}, "/postmortems/inc-1/", key="inc-1"),
    "postmortem-settle": post("302 403 403 302 403 302 302", {}, "/postmortems/inc-1/", key="inc-1", pk="comment"),
    "postmortem-make-pdf": post("302 302 302 302 302 302 302", {}, "/postmortems/inc-1/", key="inc-1", number=1),
    "postmortem-template": Row("302 403 403 403 403 200 302", {"key": "template"}),
}  # fmt: skip


def make_incident_world(people: Any) -> dict[str, Any]:
    """What the arguments of the rows stand for."""
    return {
        "status_feed": StatusFeed.objects.create(name="Page", page_name="Status").pk,
        **_incident(people),
        **_postmortem(people),
        "incidents": [make(None, 1) for make in MAKERS.values()],
        **_alerts(),
    }


def _incident(people: Any) -> dict[str, Any]:
    """An incident of the editor's team, with a picture and an idea."""
    hit = [factories.make_entity("hit-by-it").reference]
    incident = declare(by=people.editor, values={"title": "Down", "owner": people.team.reference}, services=hit)
    declare(by=people.editor, values={"title": "Keys leaked"}, is_private=True)
    (upload,) = keep_evidence(by=people.editor, incident=incident, files=[picture_file("shot.png")])
    idea = suggest(by=None, incident=incident, values={"title": "Alert"})
    tag(by=None, incident=incident, node=node_named("det-slo"))
    event, impact = incident.timeline.order_by("pk")[0], incident.impacts.get()
    return {
        "incident": incident.pk, "impact": impact.pk, "upload": upload.uid, "event": event.pk, "follow_up": idea.pk,
    }  # fmt: skip


def _alerts() -> dict[str, Any]:
    """An alert that belongs to no incident, who sent it, and a message of theirs that was not understood."""
    source = AlertSource.objects.create(name="Of the walk")
    now = timezone.now()
    group = AlertGroup.objects.create(source=source, key="k", title="Latency", first_at=now, last_at=now)
    return {
        "alert": group.pk,
        "alert_source": source.pk,
        "alert_message": AlertMessage.objects.create(source=source, body=b"[]", state="refused").pk,
        "pagerduty": AlertSource.objects.create(name="Signed", kind="pagerduty").pk,
    }


def _postmortem(people: Any) -> dict[str, Any]:
    """The postmortem of the first incident, in review after its first edition, with a comment of the editor."""
    report = make_postmortem(Incident.objects.get(name="INC-1"), "It was cold.", by=people.editor)
    writing.publish(by=people.editor, postmortem=report)
    report = writing.move(by=people.editor, postmortem=report, state="draft")
    reviewing.ask(by=people.editor, postmortem=report, readers=[people.team.reference])
    comment = writing.comment(by=people.editor, section=report.sections.get(key="luck"), text="Was it?")
    return {"comment": comment.pk, "template": report.template_id}
