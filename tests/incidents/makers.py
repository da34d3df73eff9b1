"""Number n of several records of each model of incidents, for the walk over every collection: odd ones have a value in
every column, even ones few."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from incidents.declaring import declare
from incidents.followups import actions as followups
from incidents.insights.facts import refresh
from incidents.models import (
    AlertGroup,
    AlertSource,
    Category,
    Confidence,
    Effect,
    Facet,
    FollowUp,
    Impact,
    Incident,
    IncidentKind,
    IncidentRole,
    IncidentState,
    IncidentTime,
    Mode,
    Node,
    Point,
    Postmortem,
    PostmortemTemplate,
    PublicImpact,
    PublicName,
    PublicStatus,
    SecretKind,
    SecretWord,
    Severity,
    Status,
    StatusFeed,
    StatusText,
    Tag,
)
from incidents.postmortems import writing
from incidents.postmortems.template import default_sections
from incidents.status_texts.posting import post
from incidents.taxonomy import tagging
from portal.search import index
from tests import factories

START = dt.datetime(2026, 11, 1, 9, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def _incident(n: int) -> Incident:
    if n % 2 == 0:
        return declare(by=None, values={"title": f"Something fails {n:03}"})
    team = factories.make_team(f"responders-{n:03}")
    statuses = list(Status.objects.order_by("place", "pk"))
    values = {
        "title": f"Something fails {n:03}", "summary": f"Seen in zone {n}", "kind": list(IncidentKind)[n % 4],
        "severity": Severity.objects.get(rank=1 + n % 4), "owner": team.reference,
        "status": statuses[n % len(statuses)],
        "reason": f"Because of {n}",
    }  # fmt: skip
    made = declare(by=None, values=values)
    for at, point in enumerate(Point):
        IncidentTime.objects.create(incident=made, point=point, at=START + (n + at) * HOUR)
    Incident.objects.filter(pk=made.pk).update(declared_at=START + n * HOUR)
    Impact.objects.create(incident=made, subject=factories.make_entity(f"broken-{n:03}").reference)
    for facet in Facet:
        nodes = Node.objects.filter(facet=facet).order_by("place", "pk")
        mode = "manual" if facet == Facet.MITIGATION else ""
        Tag.objects.create(incident=made, node=nodes[n % len(nodes)], mode=mode)
    refresh([made.pk])
    if n % 4 == 3:
        IncidentState.objects.filter(incident=made).update(problems=["order"])
    return made


def _source(n: int) -> AlertSource:
    return AlertSource.objects.create(
        name=f"Sender {n:03}", kind=("alertmanager", "pagerduty")[n % 2], is_active=bool(n % 3),
        promotes=f"severity=p{n}" if n % 2 else "",
    )  # fmt: skip


def _alert(n: int) -> AlertGroup:
    source = AlertSource.objects.filter(name="All senders").first() or AlertSource.objects.create(name="All senders")
    full: dict[str, Any] = {}
    if n % 2:
        subject = factories.make_entity(f"alerting-{n:03}").reference
        full = {"subject": subject, "incident": _incident(2 * n), "url": f"https://am.example/{n}", "left_out": n}
    at = START + n * HOUR
    return AlertGroup.objects.create(
        source=source, key=f"group-{n:03}", title=f"Latency {n:03}", first_at=at, last_at=at + HOUR,
        is_firing=n % 3 > 0, **full,
    )  # fmt: skip


def _severity(n: int) -> Severity:
    return Severity.objects.create(
        slug=f"level-{n:03}", name=f"Level {n:03}", rank=100 + n, description=f"As bad as {n}" if n % 2 else "",
        postmortem_days=n if n % 2 else None, is_active=n % 3 > 0,
    )  # fmt: skip


def _status(n: int) -> Status:
    return Status.objects.create(
        slug=f"state-{n:03}", name=f"State {n:03}", category=list(Category)[n % 8], place=100 + n, is_active=n % 3 > 0
    )


def _role(n: int) -> IncidentRole:
    return IncidentRole.objects.create(
        slug=f"role-{n:03}", name=f"Role {n:03}", description=f"Does {n}" if n % 2 else "", place=100 + n,
        is_active=n % 3 > 0,
    )  # fmt: skip


def _node(n: int) -> Node:
    parent = Node.objects.filter(slug="change").first() if n % 2 else None
    return Node.objects.create(
        facet=list(Facet)[n % 3], slug=f"node-{n:03}", name=f"Node {n:03}", parent=parent, place=1000 + n,
        definition=f"Means {n}" if n % 2 else "", is_active=n % 3 > 0,
    )  # fmt: skip


def _tag(n: int) -> Tag:
    """Odd ones are mitigations with an event that shows them."""
    facet = "mitigation" if n % 2 else "detection"
    node = Node.objects.filter(facet=facet, is_unknown=False).order_by("place", "pk")[n % 7]
    incident = _incident(4 * n)
    if n % 2 == 0:
        return tagging.tag(by=None, incident=incident, node=node, is_primary=n % 4 == 0)
    return tagging.tag(
        by=None, incident=incident, node=node, confidence=list(Confidence)[n % 3], mode=list(Mode)[n % 3],
        effect=list(Effect)[n % 4], note=f"Seen by {n}", evidence=incident.timeline.all(),
    )  # fmt: skip


def picture_file(name: str, size: tuple[int, int] = (60, 40)) -> SimpleUploadedFile:
    """A PNG as a browser sends it."""
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, "PNG")
    return SimpleUploadedFile(name, out.getvalue(), "image/png")


def _follow_up(n: int) -> FollowUp:
    """Odd ones have been committed to for a year, or have come to an end; each has a factor that another incident
    has too."""
    incident = _incident(1 + 2 * n) if n % 2 else declare(by=None, values={"title": f"Something stops {n:03}"})
    made = followups.suggest(by=None, incident=incident, values={"title": f"Do better {n:03}"})
    if n % 2 == 0:
        return made
    for each in (declare(by=None, values={"title": f"It stops again {n:03}"}),):
        Tag.objects.create(incident=each, node=Node.objects.get(slug="cf-no-alert"))
    entity = factories.make_entity(f"following-{n:03}", owner=factories.make_team(f"followers-{n:03}"))
    Impact.objects.create(incident=incident, subject=entity.reference)
    at = START - dt.timedelta(days=300 + n)
    ended: dict[str, Any] = {"state": "declined", "reason": f"Because of {n}", "ended_at": at, "done_at": at}
    values = {
        "owner": entity.owner, "due_on": at.date(), "text": f"So that {n}", "ticket": f"https://tickets.example/{n}",
        "factor": Node.objects.get(slug="cf-no-alert"), "committed_at": at, "evidence": f"Drill {n}",
        "action_type": Node.objects.filter(facet="action_type").first(),
        **(ended if n % 4 == 1 else {"state": "committed"}),
    }  # fmt: skip
    FollowUp.objects.filter(pk=made.pk).update(**values)
    index.refresh(FollowUp, [made.pk])
    made.refresh_from_db()
    return made


def _update(n: int) -> StatusText:
    made = declare(by=None, values={"title": f"Told {n:03}"})
    if n % 2 == 0:
        return post(by=None, incident=made, internal_text=f"Still looking {n:03}")
    text = post(
        by=None, incident=made, internal_text=f"Rolled back {n:03}", public_text=f"Better by {n:03}",
        public_title=f"Slow {n:03}", public_status=PublicStatus.values[n % 4], public_impact=PublicImpact.values[n % 4],
        happened_at=START + n * HOUR,
    )  # fmt: skip
    StatusText.objects.filter(pk=text.pk).update(posted_at=START + n * HOUR)
    text.refresh_from_db()
    return text


def _feed(n: int) -> StatusFeed:
    return StatusFeed.objects.create(
        name=f"Feed {n:03}", page_name=f"Status {n:03}", page_url=f"https://s{n}.example" if n % 2 else "",
        is_active=n % 3 > 0,
    )  # fmt: skip


def _public_name(n: int) -> PublicName:
    return PublicName.objects.create(subject=factories.make_entity(f"named-{n:03}").reference, name=f"Named {n:03}")


def _secret_word(n: int) -> SecretWord:
    return SecretWord.objects.create(
        word=f"Globex {n:03}", kind=list(SecretKind)[n % 3], replacement=f"a venue {n}" if n % 2 else "",
        is_active=n % 3 > 0,
    )  # fmt: skip


def make_postmortem(incident: Incident, text: str = "", *, by: Any = None) -> Postmortem:
    """The postmortem of an incident, with a text in each of its sections."""
    made = writing.begin(by=by, incident=incident)
    for section in made.sections.all() if text else ():
        writing.save_section(by=by, section=section, text=f"{text} ({section.key})", version=None)
    return made


def _postmortem(n: int) -> Postmortem:
    made = make_postmortem(_incident(n + 2000), f"What {n:03} taught" if n % 2 else "")
    if n % 2:
        due_on = START.date() + dt.timedelta(days=n)
        Postmortem.objects.filter(pk=made.pk).update(due_on=due_on)
        writing.publish(by=None, postmortem=made, note=f"Note {n}")
        made.refresh_from_db()
        if n % 4 == 1:
            return writing.move(by=None, postmortem=made, state="draft")
    return made


def _template(n: int) -> PostmortemTemplate:
    return PostmortemTemplate.objects.create(name=f"Template {n:03}", sections=default_sections(), is_active=n % 3 > 0)


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    FollowUp: lambda collection, n: _follow_up(n),
    Incident: lambda collection, n: _incident(n),
    AlertSource: lambda collection, n: _source(n),
    AlertGroup: lambda collection, n: _alert(n),
    Severity: lambda collection, n: _severity(n),
    Status: lambda collection, n: _status(n),
    IncidentRole: lambda collection, n: _role(n),
    Node: lambda collection, n: _node(n),
    Tag: lambda collection, n: _tag(n),
    PublicName: lambda collection, n: _public_name(n),
    SecretWord: lambda collection, n: _secret_word(n),
    StatusFeed: lambda collection, n: _feed(n),
    StatusText: lambda collection, n: _update(n),
    Postmortem: lambda collection, n: _postmortem(n),
    PostmortemTemplate: lambda collection, n: _template(n),
}
