"""A quarter later at Larkspur: cycles go on, what was promised is begun, delivered, and takes effect; what was put off
costs more."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import pghistory
from django.utils import timezone

from incidents.demo.history import Past
from incidents.models import Incident
from portal.history.events import event_model
from portal.search import index
from portal.tenure import organisation_date, organisation_today
from roadmap.demo import checking_in, effects, refreshing
from roadmap.demo.objectives import NAME, named, quarter
from roadmap.demo.plan import chargeable
from roadmap.models import Allocation, Bucket, Course, Cycle, Initiative, Interest, Link, LoanState, Status, TradeOff
from services.catalog.bulk import skip_no_trigger
from services.demo.health.effects import share
from services.demo.load import SOURCE
from services.health import limits, providers, samples
from services.health.models import Limit, Metric, Sample, Urgency

# So many incidents of a quarter are charged to a loan at most.
MOST_CHARGED = 2


def go_on(began: dt.datetime) -> None:
    """Write the quarter that began then, after everything was moved back by it."""
    skip_no_trigger()
    past = Past()
    with pghistory.context(origin=SOURCE):
        _turn_cycles()
        _take_effect(_deliver(past))
        _charge(past, began)
        _spend()
    past.date()
    providers.refresh()
    limits.refresh()
    _ask_no_more_for_what_was_moved()
    checking_in.check_in(organisation_date(began))
    refreshing.refresh()


def _turn_cycles() -> None:
    """Cycles that are named by quarters lie on those that they were moved to, and the one after today's is begun."""
    for cycle in Cycle.objects.order_by("starts_on"):
        if NAME.fullmatch(cycle.name):
            cycle.starts_on, cycle.ends_on = quarter(cycle.starts_on + (cycle.ends_on - cycle.starts_on) / 2)
            Cycle.objects.filter(pk=cycle.pk).update(
                name=named(cycle.starts_on), starts_on=cycle.starts_on, ends_on=cycle.ends_on
            )
    first, last = quarter(organisation_today(), 1)
    Cycle.objects.get_or_create(name=named(first), defaults={"starts_on": first, "ends_on": last})
    index.refresh(Cycle)


def _spend() -> None:
    """Of the running cycle teams have spent as much of their plans as it is over."""
    for each in Allocation.objects.filter(cycle__in=Cycle.objects.current()).select_related("cycle"):
        begun, ends = each.cycle.starts_on, each.cycle.ends_on
        over = (organisation_today() - begun) / (ends - begun)
        for bucket in Bucket.values:
            setattr(each, f"{bucket}_actual", round(over * (getattr(each, f"{bucket}_planned") or 0)))
        each.save(update_fields=[f"{bucket}_actual" for bucket in Bucket.values])


def _deliver(past: Past) -> list[Initiative]:
    """What was to start by now has, and what goes well is delivered on the day it likely would be. Returns that."""
    today = organisation_today()
    planned = Initiative.objects.filter(status__in=[Status.IDEA, Status.PLANNED], starts_on__lte=today)
    begun = [_begin(each) for each in planned.exclude(status=Status.IDEA, ends_likely=None)]
    _write(past, begun, "started_on")
    running = Initiative.objects.filter(status=Status.IN_PROGRESS, ends_likely__lt=today)
    done = [_finish(each) for each in running.exclude(state__course=Course.OFF_TRACK)]
    _write(past, done, "delivered_on")
    index.refresh(Initiative)
    return done


def _begin(each: Initiative) -> Initiative:
    each.status, each.started_on = Status.IN_PROGRESS, each.starts_on
    return each


def _finish(each: Initiative) -> Initiative:
    each.status, each.delivered_on, each.done_percent = Status.DONE, each.ends_likely, 100
    return each


def _write(past: Past, moved: Iterable[Initiative], on: str) -> None:
    for each in moved:
        known = past.versions[Initiative][each.pk] or _moments_of(each)
        each.save(update_fields=["status", "done_percent", "started_on", "delivered_on"])
        day = dt.datetime.combine(getattr(each, on), dt.time(11), timezone.get_default_timezone())
        past.versions[Initiative][each.pk] = [*known, max(day, *known)]


def _moments_of(each: Initiative) -> list[dt.datetime]:
    """When its versions came about so far."""
    versions: Any = event_model(Initiative)
    return list(versions.objects.filter(pgh_obj=each.pk).order_by("pgh_id").values_list("pgh_created_at", flat=True))


def _take_effect(delivered: Iterable[Initiative]) -> None:
    """Bring down what was measured since, in the quarter that was written before anybody knew of it. What is measured
    from now on knows."""
    for each in delivered:
        for metric in effects.lowered_by(each):
            samples.write(_lowered(metric, each.delivered_on))


def _ask_no_more_for_what_was_moved() -> None:
    """What the limits asked for before the effect was written, nobody would have asked for."""
    for limit in Limit.objects.filter(state__urgency__in=[Urgency.CALM, Urgency.PLAN]):
        limits.no_longer_asked(limit, "What was delivered moved it: there is time again.")


def _lowered(metric: Metric, since: dt.date | None) -> list[samples.SampleRow]:
    rows = list(Sample.objects.filter(metric_id=metric.pk, at__date__gte=since).values_list("at", "value"))
    left = share([since] if since else [], np.array([int(at.timestamp()) for at, _ in rows], dtype=np.int64))
    return [
        samples.SampleRow(metric.pk, at, value * part)
        for (at, value), part in zip(rows, left.tolist(), strict=True)
    ]  # fmt: skip


def _charge(past: Past, began: dt.datetime) -> None:
    """Charge open loans with incidents of the quarter that hit what the put-off work is about."""
    lately = chargeable().filter(declared_at__gte=began)
    for loan in TradeOff.objects.filter(state=LoanState.OPEN, initiative__isnull=False):
        links = Link.objects.filter(initiative=loan.initiative)
        hit = lately.filter(impacts__subject__in=links.values("service"))
        alike = lately.filter(tags__node__in=links.values("factor"))
        found = Incident.objects.filter(pk__in=hit.values("pk").union(alike.values("pk"))).order_by(
            "-state__hurt_s", "pk"
        )
        rows = [
            Interest(trade_off=loan, incident=each, note="It hit what was put off.") for each in found[:MOST_CHARGED]
        ]
        past.insert(Interest, [(row, row.incident.declared_at) for row in rows])
