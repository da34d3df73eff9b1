"""The doomsday clock kept true: every active limit is forecast each day, and its earlier forecasts are scored."""

import datetime as dt
import logging
import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal.collections import first_collection_of, reference_url
from portal.delivery.actions import notify
from portal.people.models import Role, User
from portal.proposals.actions import propose, withdraw
from portal.proposals.models import Proposal
from portal.references.models import Reference
from services.health import samples
from services.health.models import Forecast, Limit, LimitState, MetricKind, Urgency
from services.health.moments import counted
from services.health.saying import day_in_words, percent, with_unit
from services.models import Entity

if TYPE_CHECKING:
    from services.health.forecast.clock import Forecast as Outlook

logger = logging.getLogger(__name__)
# A year to forecast from, and the year that forecasts of a year ago spoke of.
READ_DAYS = 730
SCORED_DAYS = 90
# Limits whose values are held in memory at once.
BATCH = 100
# By its name, because the tasks of health import this.
_FORECAST_ONE = "services.health.tasks.forecast_limit"
URGENT = {Urgency.START_NOW: 1.0, Urgency.TOO_LATE: 2.0}
Days = Mapping[dt.date, float]


def refresh() -> int:
    """Forecast every active limit whose data or settings changed since its forecast of today; returns how many.

    A limit that cannot be forecast is logged and does not keep the others from it.
    """
    today = samples.organisation_day()
    limits = list(Limit.objects.filter(is_active=True).select_related("metric__subject"))
    return sum(_refresh_batch(limits[start : start + BATCH], today) for start in range(0, len(limits), BATCH))


def forecast_soon(limit: Limit) -> None:
    """Ask a worker to forecast this limit once it is written. Robust: without Redis the hourly run does it."""
    transaction.on_commit(
        # Not asked again and again, so that nobody who saves waits for Redis.
        lambda: current_app.send_task(_FORECAST_ONE, [limit.pk], expires=3600, retry=False, ignore_result=True),
        robust=True,
    )


def refresh_one(limit_id: int) -> bool:
    """Forecast one limit as ``refresh`` does; whether anything was new."""
    found = list(Limit.objects.filter(pk=limit_id, is_active=True).select_related("metric__subject"))
    return bool(_refresh_batch(found, samples.organisation_day()))


def _refresh_batch(limits: Sequence[Limit], today: dt.date) -> int:
    values = samples.daily({each.metric_id for each in limits}, today - dt.timedelta(days=READ_DAYS), today)
    return sum(_refresh_one(each, dict(values[each.metric_id]), today) for each in limits)


def _refresh_one(limit: Limit, actual: dict[dt.date, float], today: dt.date) -> bool:
    if limit.metric.kind == MetricKind.FLOW:
        actual.pop(today, None)  # the sum of a day that is not over
    settings = _settings(limit, actual)
    known = Forecast.objects.filter(of=limit, made_on=today).values_list("settings", flat=True).first()
    if known == settings:
        return False
    try:
        outlook = _foretell(limit, actual, today)
        with transaction.atomic():
            if not _hold(limit):
                return False
            if known is None:
                score_earlier(limit, actual, today)
            _keep(limit, outlook, settings, today)
            _ask_for_work(limit, outlook)
    except Exception:
        # One limit must not hold up the others. It keeps the forecast it has, with its date, and is tried again with
        # the next run.
        logger.exception("limit_forecast_failed", extra={"limit": limit.pk})
        return False
    return True


def _settings(limit: Limit, actual: Days) -> dict[str, Any]:
    """What a forecast was made for and from; equal settings give an equal forecast.

    The version stands for what its proposal says besides, and for a limit that was switched off and on again.
    """
    data = zlib.crc32(repr(sorted(actual.items())).encode())
    names = ("ceiling", "lead_days", "lead_p90_days", "margin_days", "metric_id", "version")
    return {**{name: getattr(limit, name) for name in names}, "data": data}


def _hold(limit: Limit) -> bool:
    """Keep others from changing the limit until the transaction ends. False where somebody has changed, switched off or
    deleted it since it was read: then what was worked out is no answer any more, and whoever did so asked for another.
    """
    return Limit.objects.select_for_update().filter(pk=limit.pk, version=limit.version, is_active=True).exists()


def _foretell(limit: Limit, actual: Days, today: dt.date) -> "Outlook":
    # Numbers and models are loaded by the worker that forecasts, not by the processes that serve pages.
    from services.health.forecast import forecast

    return forecast(
        list(actual), list(actual.values()), ceiling=limit.ceiling, lead_days=limit.lead_days,
        lead_p90_days=limit.lead_p90_days, margin_days=limit.margin_days, kind=limit.metric.kind, today=today,
    )  # fmt: skip


def _keep(limit: Limit, outlook: "Outlook", settings: dict[str, Any], today: dt.date) -> None:
    """Write the forecast of today, and beside the limit what lists show of it."""
    dates = {name: getattr(outlook, name) for name in ("q10_date", "q50_date")}
    band = [{"date": day.date.isoformat(), "q10": day.q10, "q50": day.q50, "q90": day.q90} for day in outlook.band]
    made, _ = Forecast.objects.update_or_create(
        of=limit,
        made_on=today,
        defaults={
            **dates, "q90_date": outlook.q90_date, "points": outlook.points, "urgency": outlook.state, "band": band,
            "value": outlook.value, "chances": {str(days): chance for days, chance in outlook.chances.items()},
            "note": outlook.note[:300], "settings": settings,
        },
    )  # fmt: skip
    known = {
        **dates, "urgency": outlook.state, "value": outlook.value, "chance_90d": outlook.chances.get(90),
        "start_by": outlook.start_by, "forecast": made, "refreshed_at": timezone.now(),
        "used": outlook.value / limit.ceiling if outlook.value is not None else None,
    }  # fmt: skip
    LimitState.objects.update_or_create(limit=limit, defaults=known)


# What came of it


def score_earlier(limit: Limit, actual: Days, today: dt.date) -> None:
    """Score the forecasts of the last 90 days by the days that are over, and note where the ceiling was reached."""
    from services.health.forecast.scoring import mean_daily_change

    over = {day: value for day, value in actual.items() if day < today}
    change = mean_daily_change(over)
    open_ones = Forecast.objects.filter(of=limit, made_on__lt=today, scored_days__lt=SCORED_DAYS)
    scored = [each for each in open_ones.exclude(band=[]) if _score(each, over, change, today)]
    Forecast.objects.bulk_update(scored, ["scored_on", "scored_days", "pinball", "covered"])
    _note_crossings(limit, over, today)


def _score(made: Forecast, actual: Days, change: float, today: dt.date) -> bool:
    from services.health.forecast.scoring import score

    band = [(dt.date.fromisoformat(row["date"]), row["q10"], row["q50"], row["q90"]) for row in made.band]
    found = score(band, actual, change)
    if found is None or found.days == made.scored_days:
        return False
    made.scored_on, made.scored_days = today, found.days
    made.covered, made.pinball = found.covered, found.pinball
    return True


def _note_crossings(limit: Limit, actual: Days, today: dt.date) -> None:
    """Write into the forecasts of the last year the first day after them on which their ceiling was reached."""
    from services.health.forecast.scoring import reached_on

    year = Forecast.objects.filter(of=limit, crossed_on=None, made_on__range=(today - dt.timedelta(days=365), today))
    highest = max(actual.values(), default=float("-inf"))
    waiting = [each for each in year.defer("band") if each.settings.get("ceiling", highest + 1) <= highest]
    for each in waiting:
        each.crossed_on = reached_on(actual, each.settings["ceiling"], after=each.made_on)
    Forecast.objects.bulk_update([each for each in waiting if each.crossed_on], ["crossed_on"])


# Who is told


def _ask_for_work(limit: Limit, outlook: "Outlook") -> None:
    """One proposal for the ceiling, written anew while it is open; the owner is told once for each word of the clock.

    A ceiling that has been moved is a new question. A limit that is calm again asks for nothing any more; between the
    two, while there is time to plan, what was asked stays as it is.
    """
    question = _question(limit)
    withdraw(_asked(limit).exclude(source_key=question), reason="The ceiling was moved.")
    if outlook.state == Urgency.CALM:
        withdraw(_asked(limit), reason="The forecast is calm again: there is more time than the work takes.")
    if outlook.state not in URGENT:
        return
    title, text, url = _title(limit, outlook), _text(limit, outlook), _url(limit)
    price: dict[str, Any] = {"lead time (days)": limit.lead_days, "lead time at most (days)": limit.lead_p90_days}
    if limit.cost_per_month is not None:
        price["cost per month"] = f"{limit.cost_per_month:,.0f} {settings.CURRENCY}"
    propose(
        source_key=question,
        kind="limit",
        title=title,
        text=text,
        evidence=_evidence(limit, outlook),
        price=price,
        url=url,
    )
    to, why = _who(limit)
    about = f"limit:{limit.pk}#{outlook.state}-{limit.ceiling:.12g}"
    notify(to=to, kind="limit", title=title, text=text, url=url, about=about, why=why)


def _question(limit: Limit) -> str:
    return f"limit:{limit.pk}@{limit.ceiling:.12g}"


def _asked(limit: Limit) -> QuerySet[Proposal]:
    """What was proposed for a limit, whatever its ceiling was."""
    return Proposal.objects.filter(source_key__startswith=f"limit:{limit.pk}@")


def no_longer_asked(limit: Limit, reason: str) -> None:
    """Withdraw what is proposed for a limit that nobody watches any more."""
    withdraw(_asked(limit), reason=reason)


def _who(limit: Limit) -> tuple[Reference | QuerySet[User], str]:
    """Who is told, and why: the owner, or who decides about proposals where there is none."""
    subject = limit.metric.subject
    owner = _owner(subject)
    if owner is None:
        whose = f"Nobody owns {subject}" if subject else "It is a limit of the organisation"
        deciders = User.objects.filter(role__in=(Role.ADMINISTRATOR, Role.PRODUCT_MANAGER))
        return deciders, f"{whose}, and you decide about proposals."
    if owner.kind == "group":
        return owner, f"You are in {owner}, which owns {subject}."
    return User.objects.filter(person__reference=owner), "You own it."


def _title(limit: Limit, outlook: "Outlook") -> str:
    if outlook.q10_date and outlook.today and outlook.q10_date <= outlook.today:
        return f"{limit} is at its ceiling"
    word = "It is too late to finish in time" if outlook.state == Urgency.TOO_LATE else "Start now"
    return f"{limit}: {word}, the ceiling could be reached as early as {_day(outlook.q10_date)}"


def _text(limit: Limit, outlook: "Outlook") -> str:
    early, last = _day(outlook.q10_date), _last_day(outlook)
    likely = f"likely on {_day(outlook.q50_date)}" if outlook.q50_date else "more likely not within the horizon"
    now, ceiling = (with_unit(limit.metric, value) for value in (outlook.value or 0, limit.ceiling))
    return (
        f"{limit.metric} is at {now} of {ceiling}. The ceiling could be reached as early as {early}, {likely}. "
        f"The work takes {counted(limit.lead_days, 'day')}, at most {counted(limit.lead_p90_days, 'day')} in nine of "
        f"ten cases, plus {counted(limit.margin_days, 'day')} of margin: the last day to begin {last}."
        f"\n\n{limit.description}"
    ).strip()


def _last_day(outlook: "Outlook") -> str:
    """``is 16 Oct 2026``; of one that is over, what beginning still brings."""
    if outlook.start_by is None or outlook.today is None or outlook.start_by >= outlook.today:
        return f"is {_day(outlook.start_by)}"
    return f"was {_day(outlook.start_by)}. The later the work begins, the longer it is over its ceiling"


def _day(day: dt.date | None) -> str:
    return day_in_words(day) if day else "no date"


def _evidence(limit: Limit, outlook: "Outlook") -> dict[str, Any]:
    dates = {"as early as": outlook.q10_date, "likely": outlook.q50_date, "last start": outlook.start_by}
    return {
        "severity": URGENT[Urgency(outlook.state)], "metric": str(limit.metric), "now": outlook.value,
        "ceiling": limit.ceiling, "within 90 days": percent(outlook.chances[90]),
        **{name: day.isoformat() if day else None for name, day in dates.items()},
    }  # fmt: skip


def _url(limit: Limit) -> str:
    """The page of the limit; without one, that of what it is about."""
    collection = first_collection_of(Limit)
    if collection:
        return collection.url_of(limit)
    subject = limit.metric.subject
    return reference_url(subject.canonical, subject.attached) if subject else "/"


def _owner(subject: Reference | None) -> Reference | None:
    """Who looks after the subject of a metric: a team or person themselves, or who owns the entity."""
    if subject is None or subject.kind in {"group", "user"}:
        return subject
    entity = Entity.objects.filter(reference=subject).select_related("owner").first()
    return entity.owner if entity else None
