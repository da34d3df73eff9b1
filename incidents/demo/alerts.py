"""Who sends alerts at Larkspur, and what was sent: what led to incidents, and as much that did not."""

import datetime as dt
import random
from collections.abc import Sequence

from incidents.demo.course import Course, moment
from incidents.demo.rows import Writer, has_alert
from incidents.demo.stories import tell
from incidents.demo.telling import ALERTMANAGER, alert_title
from incidents.models import Alert, AlertGroup, AlertSource, SourceKind
from services.catalog import bulk
from services.demo.health.world import MINUTE, number_of

WITHOUT_INCIDENT = 34
OTHERS = (
    "Disk of {service} fills within <two|three> days", "<Queue|Pool> of {service} above 80 %",
    "{service} restarted <three|four> times in an hour", "Certificate of {service} ends in <13|12> days",
)  # fmt: skip


def write(writer: Writer, told: Sequence[Course], now: dt.datetime) -> None:
    """Sources, groups and alerts."""
    sender = AlertSource.objects.create(name=ALERTMANAGER, kind=SourceKind.ALERTMANAGER, promotes="severity=critical",
                                        severity=writer.severities[2])  # fmt: skip
    AlertSource.objects.create(name="PagerDuty of Payments", kind=SourceKind.PAGERDUTY, service_labels="service")
    groups = [_of_incident(writer, sender, course, now) for course in told if has_alert(course)]
    groups += _others(writer, sender, now)
    bulk.insert(AlertGroup, groups)
    bulk.insert(Alert, [alert for group in groups for alert in _alerts(group)])


def _of_incident(writer: Writer, sender: AlertSource, course: Course, now: dt.datetime) -> AlertGroup:
    scene = course.scene
    is_firing = scene.ending == "active"
    end = now if is_firing else moment(max(course.mended, course.detected) + 4 * MINUTE)
    return _group(
        sender, alert_title(course), scene.part.name, subject=scene.part.entity.reference, is_firing=is_firing,
        first_at=moment(course.detected), last_at=end, incident=writer.incidents[scene.key],
    )  # fmt: skip


def _group(sender: AlertSource, title: str, service: str, *, first_at: dt.datetime, **values: object) -> AlertGroup:
    labels = {"alertname": f"{title.split(' ', maxsplit=1)[0]}High", "service": service, "severity": "critical"}
    key = f'{{}}/{{severity="critical"}}:{{service="{service}", began="{first_at:%Y%m%d%H%M%S}"}}'
    return AlertGroup(
        source=sender, key=key, title=title[:300], labels=labels, url="https://alerts.larkspur.example/",
        first_at=first_at, **values,
    )  # fmt: skip


def _others(writer: Writer, sender: AlertSource, now: dt.datetime) -> list[AlertGroup]:
    """What somebody looked at, and was none."""
    parts = sorted(each for each, part in writer.company.parts.items() if part.entity.type == "service")
    found = []
    for number in range(WITHOUT_INCIDENT):
        draw = random.Random(number_of(f"alert {number}"))  # noqa: S311
        name = draw.choice(parts)
        begun = now - dt.timedelta(days=draw.uniform(0.3, 45))
        title = tell(draw.choice(OTHERS), {"service": name}, draw)
        is_firing = number < 2
        end = now if is_firing else begun + dt.timedelta(minutes=draw.randint(6, 240))
        subject = writer.company.parts[name].entity.reference
        found.append(_group(sender, title, name, subject=subject, first_at=begun, last_at=end, is_firing=is_firing))
    return found


def _alerts(group: AlertGroup) -> list[Alert]:
    """One to three that are told together."""
    draw = random.Random(number_of(group.key))  # noqa: S311
    return [
        Alert(
            group=group, fingerprint=f"{number_of(group.key + pod):08x}{place:08x}",
            starts_at=group.first_at + dt.timedelta(seconds=40 * place), url=group.url,
            ends_at=None if group.is_firing else group.last_at, labels={**group.labels, "pod": pod},
            annotations={"summary": group.title},
        )
        for place, pod in enumerate(f"{group.labels['service']}-{each}" for each in range(draw.choice((1, 1, 2, 3))))
    ]  # fmt: skip
