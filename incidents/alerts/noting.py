"""Alerts in the timelines of incidents: when each began to fire, and when it was over.

An alert stands in the incident that its group belongs to, and in every open incident that names its service; one of a
private incident stands there alone. What is noted follows from the alerts as they are known, so that messages may come
again and in any order.
"""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.db.models import CharField, Exists, Max, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from incidents import timeline
from incidents.models import (
    OPEN,
    Alert,
    AlertGroup,
    Category,
    EventKind,
    Incident,
    Point,
    TimelineEvent,
)
from incidents.timeline import Told
from portal.collections import collection_of

# What was over so long before an incident began does not belong to it.
JUST_BEFORE = dt.timedelta(minutes=15)
# Of a group with more alerts its page has the others.
MOST_NOTED = 50
# Labels that say no more than the title does.
_TOLD_ALREADY = frozenset({"alertname", "severity", "service", "summary"})
MOST_LABELS = 3


def note_alerts(group: AlertGroup, *, also_in: Incident | None = None) -> None:
    """Bring the timelines up to date with what is known of a group's alerts; ``also_in`` an incident that is over."""
    found = list(incidents_of(group))
    if also_in is not None and also_in not in found:
        found.append(also_in)
    for incident in found:
        alerts = list(_belonging(group, incident))
        timeline.note_each_once([incident], [told for each in alerts for told in _told(group, each)])
        _correct_ends(incident, group, alerts)


def incidents_of(group: AlertGroup) -> QuerySet[Incident]:
    """The open incidents that the alerts of a group stand in."""
    standing = standing_for(group.incident) if group.incident else None
    own = Q(pk=standing.pk) if standing else Q(pk__in=[])
    is_open_to_all = standing is None or not standing.is_private
    named = Q(impacts__subject=group.subject_id) if group.subject_id and is_open_to_all else Q(pk__in=[])
    return Incident.objects.open().filter(named | own).distinct().order_by("pk")


def standing_for(incident: Incident) -> Incident:
    """The incident itself, or the one that goes on in its place after they were merged."""
    while incident.merged_into is not None:
        incident = incident.merged_into
    return incident


def began_at(incident: Incident) -> dt.datetime:
    """When it started, as far as that is known."""
    said = [each.at for each in incident.times.all() if each.point in (Point.STARTED, Point.DETECTED)]
    return min((incident.declared_at, *said))


def over_since(incident: Incident) -> dt.datetime | None:
    """Since when nobody works on it any more; None while somebody does."""
    if incident.status.category in OPEN:
        return None
    said = TimelineEvent.objects.filter(incident=incident, kind=EventKind.STATUS)
    latest: dt.datetime | None = said.aggregate(latest=Max("recorded_at"))["latest"]
    return latest or incident.declared_at


def _belonging(group: AlertGroup, incident: Incident) -> QuerySet[Alert]:
    during = Q(ends_at=None) | Q(ends_at__gte=began_at(incident) - JUST_BEFORE)
    over = over_since(incident)
    if over is not None:
        during &= Q(starts_at__lte=over)
    # What stands there as firing is told to be over too, even if that was before the incident began.
    key = Concat(Value("alert:"), Cast(OuterRef("pk"), CharField()), Value(":from"))
    stands_there = Exists(TimelineEvent.objects.filter(incident=incident, source_key=key))
    return group.alerts.filter(during | stands_there).order_by("starts_at", "fingerprint")[:MOST_NOTED]


def _told(group: AlertGroup, alert: Alert) -> Iterator[Told]:
    title, url, source = title_of(alert, group), url_of(group), str(group.source)
    yield Told(EventKind.ALERT, f"{title} fires.", alert.starts_at, source, _key_of_begin(alert), group.subject, url)
    if alert.ends_at:
        yield Told(EventKind.ALERT, f"{title} is over.", alert.ends_at, source, _key_of_end(alert), group.subject, url)


def title_of(alert: Alert, group: AlertGroup) -> str:
    """What fires, and where: the title with the labels that say more than it does."""
    title = alert.annotations.get("summary") or alert.labels.get("alertname") or group.title
    left_out = {*_TOLD_ALREADY, *(each.strip() for each in group.source.service_labels.split(","))}
    more = sorted((name, value) for name, value in alert.labels.items() if name not in left_out and value)
    where = ", ".join(f"{name} {value}" for name, value in more[:MOST_LABELS])
    return f"{title} ({where})" if where else str(title)


def url_of(group: AlertGroup) -> str:
    collection = collection_of(group)
    return collection.url_of(group) if collection else ""


def _key_of_begin(alert: Alert) -> str:
    return f"alert:{alert.pk}:from"


def _key_of_end(alert: Alert) -> str:
    return f"alert:{alert.pk}:until"


def _correct_ends(incident: Incident, group: AlertGroup, alerts: Iterable[Alert]) -> None:
    """Correct ends that were noted before an earlier one was told, where nobody has corrected them already."""
    ends = {_key_of_end(each): each.ends_at for each in alerts if each.ends_at}
    noted = TimelineEvent.objects.filter(incident=incident, source_key__in=ends, superseded_by=None)
    for event in noted:
        if event.happened_at > (ends[event.source_key] or event.happened_at):
            timeline.correct(by=group.source, event=event, happened_at=ends[event.source_key])


def is_open(incident: Incident) -> bool:
    return Category(incident.status.category) in OPEN
