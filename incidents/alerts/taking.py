"""Taking alerts in: messages become groups and alerts, whatever order they come in and however often.

A message is stored and committed before it is answered. A worker takes it later, each in a transaction of its own, so
that one that is killed loses none, and none is taken twice: whoever takes a message holds its row.
"""

import datetime as dt
import json
import time
from collections.abc import Iterable

import structlog
from celery import current_app
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from incidents.alerts import promotion, reading
from incidents.alerts.reading import ReadAlert, ReadGroup, Unreadable
from incidents.models import Alert, AlertGroup, AlertMessage, AlertSource, MessageState, SourceKind
from portal.references.models import Reference
from portal.search import index

log = structlog.get_logger(__name__)
BATCH = 500
# A run that takes longer leaves the rest to the next tick.
LONGEST_RUN_S = 45
# Messages are kept so long: time enough to find out why one was not understood, and to try it again.
KEEP_DAYS = 30
# By its name, because the tasks of incidents import this.
_TAKE = "incidents.tasks.take_alerts"
# One process asks for a worker at most so often, and rarely while Redis is away: a tick takes what is left.
_ASK_EVERY_S, _ASK_AGAIN_S = 0.5, 10.0
_ask_after = 0.0


def store(source: AlertSource, raw: bytes) -> AlertMessage:
    """Keep a message as it came. Whatever is wrong with it is said later, beside it."""
    return AlertMessage.objects.create(source=source, body=raw)


def store_refused(source: AlertSource, raw: bytes, problem: str) -> AlertMessage:
    """Keep a message whose sender was told at once what is wrong with it, for whoever looks at the source."""
    return AlertMessage.objects.create(source=source, body=raw, state=MessageState.REFUSED, problem=problem[:500])


def take_soon() -> None:
    """Ask a worker to take what waits, once it is written. Robust: without Redis, and where somebody has just asked,
    the tick does it."""
    transaction.on_commit(_ask, robust=True)


def _ask() -> None:
    global _ask_after  # noqa: PLW0603  one for the process
    now = time.monotonic()
    if now < _ask_after:
        return
    _ask_after = now + _ASK_AGAIN_S
    # Not asked again and again, so that no sender waits for Redis.
    current_app.send_task(_TAKE, expires=30, retry=False, ignore_result=True)
    _ask_after = now + _ASK_EVERY_S


def take_again(message: AlertMessage) -> bool:
    """Let a refused message be understood anew, such as after the source was mended; whether there was one."""
    refused = AlertMessage.objects.filter(pk=message.pk, state=MessageState.REFUSED).exclude(body=b"")
    return bool(refused.update(state=MessageState.WAITING, problem=""))


def forget_old_messages() -> int:
    """Delete the messages whose time is over, but none that waits; returns how many."""
    oldest = timezone.now() - dt.timedelta(days=KEEP_DAYS)
    old = AlertMessage.objects.filter(received_at__lt=oldest).exclude(state=MessageState.WAITING)
    return old.delete()[0]


def take_waiting() -> int:
    """Understand what waits, oldest first; returns how many. Two workers take different ones."""
    done, last, until = 0, 0, time.monotonic() + LONGEST_RUN_S
    while ids := _waiting_after(last):
        for pk in ids:
            done += _take_one(pk)
            if time.monotonic() > until:
                return done
        last = ids[-1]
    return done


def _waiting_after(last: int) -> list[int]:
    waiting = AlertMessage.objects.filter(state=MessageState.WAITING, pk__gt=last)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _take_one(pk: int) -> bool:
    """Take one message, unless somebody else does or has done so."""
    held = AlertMessage.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    message = held.filter(pk=pk, state=MessageState.WAITING).select_related("source__severity").first()
    if message is None:
        return False
    message.state, message.problem = _take(message)
    message.save(update_fields=["state", "problem"])
    return True


def _take(message: AlertMessage) -> tuple[str, str]:
    try:
        read = _read(message)
        if read is None:
            return MessageState.TAKEN, ""
        with transaction.atomic():
            group, has_news = apply(message.source, read, message.received_at)
    except (Unreadable, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as problem:
        return MessageState.REFUSED, str(problem)[:500] or "It is nested too deeply."
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        # A fault of ours in one message keeps nobody from the next ones.
        log.exception("An alert could not be taken.", message=message.pk, source=message.source_id)
        return MessageState.REFUSED, f"A fault of the portal: {type(problem).__name__}. The log says more."
    return MessageState.TAKEN, _follow(group, has_news)


def _follow(group: AlertGroup, has_news: bool) -> str:
    """What follows for incidents. Where it cannot be done, the alert is taken all the same; returns what is wrong."""
    try:
        with transaction.atomic():
            promotion.follow(group, has_news=has_news)
    except (OperationalError, InterfaceError):
        raise
    except Exception as problem:
        log.exception("No incident could follow from an alert.", group=group.pk)
        said = " ".join(problem.messages) if isinstance(problem, ValidationError) else type(problem).__name__
        return f"The alert was taken, but what follows from it failed: {said}"[:500]
    return ""


def _read(message: AlertMessage) -> ReadGroup | None:
    body = json.loads(bytes(message.body).decode("utf-8"))
    if message.source.kind == SourceKind.PAGERDUTY:
        return reading.pagerduty(body).group
    return reading.alertmanager(body)


@transaction.atomic
def apply(source: AlertSource, read: ReadGroup, received_at: dt.datetime) -> tuple[AlertGroup, bool]:
    """Write what a message says; returns its group, held, and whether it said something new. Saying it again, or after
    what came later, changes nothing: an alert is known by its fingerprint and its start, and its end is the first that
    was told."""
    group = _group(source, read, received_at)
    known = {(each.fingerprint, each.starts_at): each for each in _known(group, read)}
    told = _distinct(read.alerts)
    Alert.objects.bulk_create(
        Alert(
            group=group, fingerprint=each.fingerprint, starts_at=each.starts_at, ends_at=each.ends_at,
            labels=dict(each.labels), annotations=dict(each.annotations), url=each.url, told_at=received_at,
        )
        for key, each in told.items() if key not in known
    )  # fmt: skip
    ended = [row for key, each in told.items() if (row := known.get(key)) and _ends_sooner(row, each.ends_at)]
    ended += [row for row in known.values() if any(_ends_again(row, each) for each in told.values())]
    Alert.objects.bulk_update(ended, ["ends_at"])
    _settle(group)
    return group, bool(_find_service(group, read) or ended or told.keys() - known.keys())


def _distinct(alerts: Iterable[ReadAlert]) -> dict[tuple[str, dt.datetime], ReadAlert]:
    """The alerts of a message by what they are known by; of one that it tells twice, that with the first end."""
    found: dict[tuple[str, dt.datetime], ReadAlert] = {}
    for each in sorted(alerts, key=lambda one: (one.ends_at is None, one.ends_at)):
        found.setdefault((each.fingerprint, each.starts_at), each)
    return found


def _ends_sooner(row: Alert, ends_at: dt.datetime | None) -> bool:
    """Give the alert this end where it had none, or a later one."""
    if ends_at is None or (row.ends_at is not None and row.ends_at <= ends_at):
        return False
    row.ends_at = ends_at
    return True


def _ends_again(row: Alert, told: ReadAlert) -> bool:
    """Give an end to what fired anew, where it is told by the first start: PagerDuty names no other."""
    if row.fingerprint != told.fingerprint or row.ends_at is not None or told.ends_at is None:
        return False
    return told.starts_at < row.starts_at <= told.ends_at and _ends_sooner(row, told.ends_at)


def _group(source: AlertSource, read: ReadGroup, at: dt.datetime) -> AlertGroup:
    """The group that the message is of, held until the transaction ends."""
    values = {
        "title": read.title[:300], "labels": dict(read.labels), "url": read.url, "left_out": max(0, read.left_out),
        "subject": service_of(source, read), "first_at": at, "last_at": at,
    }  # fmt: skip
    held = AlertGroup.objects.select_for_update(of=("self",), no_key=True)
    group, is_new = held.get_or_create(source=source, key=read.key, defaults=values)
    if is_new:
        index.refresh(AlertGroup, [group.pk])
    else:
        AlertGroup.objects.filter(pk=group.pk).update(first_at=min(group.first_at, at), last_at=max(group.last_at, at))
    group.source = source
    return group


def _find_service(group: AlertGroup, read: ReadGroup) -> bool:
    """Whether the labels name a service now that named none before: it is there since, or its source looks at other
    labels."""
    if group.subject_id is not None:
        return False
    group.subject = service_of(group.source, read)
    if group.subject is None:
        return False
    AlertGroup.objects.filter(pk=group.pk).update(subject=group.subject)
    index.refresh(AlertGroup, [group.pk])
    return True


def _known(group: AlertGroup, read: ReadGroup) -> Iterable[Alert]:
    return group.alerts.filter(fingerprint__in={each.fingerprint for each in read.alerts})


def _settle(group: AlertGroup) -> None:
    """A group fires while any alert of it does: one without an end."""
    firing = Exists(Alert.objects.filter(group=OuterRef("pk"), ends_at=None))
    AlertGroup.objects.filter(pk=group.pk).update(is_firing=firing)
    group.is_firing = AlertGroup.objects.values_list("is_firing", flat=True).get(pk=group.pk)


def service_of(source: AlertSource, read: ReadGroup) -> Reference | None:
    """The service that the labels name, by the first label of the source that names one: by its short name, or as
    ``component:default/checkout``."""
    for label in (each.strip() for each in source.service_labels.split(",")):
        name = read.labels.get(label, "").lower()
        found = Reference.objects.filter(kind__in=("component", "api", "resource", "system"), attached=True)
        found = found.filter(canonical=name) if ":" in name else found.filter(name=name, namespace="default")
        if name and (subject := found.order_by("kind").first()):
            return subject
    return None
