"""What the people of the demo were told in the last weeks: their inbox, read up to yesterday."""

import datetime as dt
from collections.abc import Iterable, Iterator

from portal.collections import collection_of, reference_url
from portal.delivery.models import Notification
from portal.people.demo import DEMO_PEOPLE
from portal.people.models import Membership, User
from services.health.hysteresis import Change
from services.health.models import Check, Severity, SloAlert

DAYS, UNREAD_DAYS = 21, 1


def tell(changes: Iterable[Change], alerts: Iterable[SloAlert], now: dt.datetime) -> None:
    """Put into the inboxes of those who sign in with one click what their teams would have been told."""
    begin = now - dt.timedelta(days=DAYS)
    by_team = _readers()
    rows = [*_of_checks([each for each in changes if each.alarm and each.at > begin], by_team)]
    rows += _of_slos([each for each in alerts if each.started_at > begin], by_team)
    for row in rows:
        if row.created_at < now - dt.timedelta(days=UNREAD_DAYS):
            row.read_at = row.created_at + dt.timedelta(hours=2)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def _readers() -> dict[int, list[User]]:
    """Team → the people of the demo who are in it."""
    found: dict[int, list[User]] = {}
    users = {
        user.person.reference_id: user
        for user in User.objects.filter(email__in=[each.email for each in DEMO_PEOPLE]).select_related("person")
        if user.person
    }
    for membership in Membership.objects.current().filter(person__in=users):
        found.setdefault(membership.team_id, []).append(users[membership.person_id])
    return found


def _of_checks(changes: list[Change], by_team: dict[int, list[User]]) -> Iterator[Notification]:
    checks = Check.objects.select_related("entity__owner", "entity__reference").in_bulk(
        {each.check_id for each in changes}
    )
    for change in changes:
        check = checks[change.check_id]
        for user in by_team.get(check.entity.owner_id or 0, ()):
            yield Notification(
                user=user, key=f"demo-{check.pk}-{change.at:%Y%m%d%H%M%S}", about=f"check:{check.pk}", kind="check",
                title=f"{check.entity}: {check} {change.alarm.says()}",
                text=f"{check.entity}: {check}: {change.reason}", created_at=change.at,
                url=reference_url(check.entity.reference.canonical),
                why=f"You are in {check.entity.owner}, which owns {check.entity}.",
            )  # fmt: skip


def _of_slos(alerts: list[SloAlert], by_team: dict[int, list[User]]) -> Iterator[Notification]:
    for alert in alerts:
        slo, entity = alert.slo, alert.slo.entity
        collection = collection_of(slo)
        for user in by_team.get(entity.owner_id or 0, ()):
            yield Notification(
                user=user, key=f"demo-{slo.pk}-{alert.long_minutes}-{alert.started_at:%Y%m%d%H%M}",
                about=f"slo:{slo.pk}", kind="slo-alert", text=alert.text, created_at=alert.started_at,
                title=f"{entity}: the error budget of {slo} burns ({Severity(alert.severity).label.lower()})",
                url=collection.url_of(slo) if collection else reference_url(entity.reference.canonical),
                why=f"You are in {entity.owner}, which owns {entity}.",
            )  # fmt: skip
