"""Alerts of error budgets: opened when a rule fires, closed when it no longer does, told to who owns the service."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.utils import timezone

from portal.collections import collection_of, reference_url
from portal.delivery.actions import notify
from portal.events import emit
from portal.people.models import User
from services.health import budget
from services.health.budget import Rule
from services.health.events import SloAlertsEnded, SloAlertsOpened
from services.health.models import Severity, Slo, SloAlert, SloState
from services.health.moments import counted, duration
from services.health.saying import moment_in_words, percent
from services.health.slo_windows import Windows

Judged = tuple[Slo, SloState]


def note_alerts(judged: Sequence[Judged], windows: Windows, now: dt.datetime) -> None:
    """Open and close alerts, and write into each state the worst one that is open."""
    open_alerts: dict[int, dict[int, SloAlert]] = defaultdict(dict)
    for alert in SloAlert.objects.filter(slo__in=[slo for slo, _ in judged], ended_at=None):
        open_alerts[alert.slo_id][alert.long_minutes] = alert
    opened: list[SloAlert] = []
    ended: list[SloAlert] = []
    for slo, state in judged:
        before = open_alerts[slo.pk]
        after = _alerts(slo, before, windows)
        opened += [alert for minutes, alert in after.items() if minutes not in before]
        ended += [alert for minutes, alert in before.items() if minutes not in after]
        _say_worst(state, list(after.values()), slo, now)
    SloAlert.objects.bulk_create(opened, ignore_conflicts=True)
    SloAlert.objects.filter(pk__in=[alert.pk for alert in ended], ended_at=None).update(ended_at=now)
    if opened:
        emit(SloAlertsOpened(opened))
    if ended:
        emit(SloAlertsEnded(ended, now))
    for slo, state in judged:
        _tell(slo, state, windows)


def end(slo: Slo) -> None:
    """What burns of an SLO ends now, because nobody asks for it any more; who owns it did that, and is not told."""
    now = timezone.now()
    ended = list(SloAlert.objects.filter(slo=slo, ended_at=None))
    SloAlert.objects.filter(pk__in=[alert.pk for alert in ended]).update(ended_at=now)
    if ended:
        emit(SloAlertsEnded(ended, now))
    SloState.objects.filter(slo=slo).update(severity="", alert_text="", since=None)


def _alerts(slo: Slo, before: Mapping[int, SloAlert], windows: Windows) -> dict[int, SloAlert]:
    """The alerts of an SLO now by their long window: those that go on, and those that its rules ask for."""
    target, alerts = float(slo.target) / 100, {}
    for rule in budget.rules(target, slo.window_days):
        long, short = windows.judged(slo, rule.long_minutes), windows(slo, rule.short_minutes)
        goes_on = before.get(rule.long_minutes)
        if goes_on and not budget.is_over(rule, long, short, target):
            alerts[rule.long_minutes] = goes_on
        elif not goes_on and budget.fires(rule, long, short, target):
            alerts[rule.long_minutes] = _new_alert(slo, rule, budget.burn_rate(long, target) or 0.0, windows)
    return alerts


def _new_alert(slo: Slo, rule: Rule, burn: float, windows: Windows) -> SloAlert:
    target = float(slo.target) / 100
    left = budget.remaining(windows.judged(slo, slo.window_days * 1440), target)
    empty_at = budget.empty_at(windows.now, left, budget.burn_rate(windows.judged(slo, 60), target), slo.window_days)
    return SloAlert(
        slo=slo,
        severity=rule.severity,
        text=alert_text(slo, rule, burn, left, empty_at) + _reckoned(slo, windows),
        long_minutes=rule.long_minutes,
        factor=rule.factor,
        burn=burn,
        started_at=windows.now,
    )


def alert_text(slo: Slo, rule: Rule, burn: float, left: float | None, empty_at: dt.datetime | None) -> str:
    """What burns, how fast, in which window, and until when what is ``left`` of the budget lasts if it goes on."""
    spent = burn * rule.long_minutes / (slo.window_days * 1440)
    window, went = counted(slo.window_days, "day"), duration(60 * rule.long_minutes)
    text = f"{percent(spent)} of the error budget of {window} went in {went}"
    if left is not None and left <= 0:
        return f"{text}; nothing is left"
    return f"{text}; empty by {moment_in_words(empty_at)} if it goes on" if empty_at else text


def _reckoned(slo: Slo, windows: Windows) -> str:
    """That the figures of an alert are not those of its page, which are of what has been measured so far."""
    age = windows.age(slo, slo.window_days * 1440)
    if age is None:
        return ""
    return f" (reckoned for all {counted(slo.window_days, 'day')}; measured for {duration(age.total_seconds())} so far)"


def _tell(slo: Slo, state: SloState, windows: Windows) -> None:
    """Tell the owners when the worst alert of an SLO is another one than before: it began, became worse, or ended."""
    before: SloState | None = getattr(slo, "state", None)
    owner = slo.entity.owner
    if owner is None or state.severity == (before.severity if before else ""):
        return
    word = f"burns ({state.get_severity_display().lower()})" if state.severity else _how_it_ended(slo, before, windows)
    is_team = owner.kind == "group"
    notify(
        to=owner if is_team else User.objects.filter(person__reference=owner),
        kind="slo-alert",
        title=f"{slo.entity}: the error budget of {slo} {word}",
        text=state.alert_text,
        url=_address_of(slo),
        about=f"slo:{slo.pk}#{state.severity or 'calm'}-{state.evaluated_at:%Y-%m-%dT%H:%MZ}",
        why=f"You are in {owner}, which owns {slo.entity}." if is_team else f"You own {slo.entity}.",
    )


def _how_it_ended(slo: Slo, before: SloState | None, windows: Windows) -> str:
    rules = budget.rules(float(slo.target) / 100, slo.window_days)
    looked = [windows(slo, rule.long_minutes) for rule in rules if before and rule.severity == before.severity]
    return "no longer burns too fast" if any(each.total for each in looked) else "is not measured any more"


def _address_of(slo: Slo) -> str:
    collection = collection_of(slo)
    return collection.url_of(slo) if collection else reference_url(slo.entity.reference.canonical)


def _say_worst(state: SloState, firing: Sequence[SloAlert], slo: Slo, now: dt.datetime) -> None:
    worst = min(firing, key=lambda alert: (alert.severity != Severity.PAGE, alert.long_minutes), default=None)
    before: SloState | None = getattr(slo, "state", None)
    state.severity, state.alert_text = (worst.severity, worst.text) if worst else ("", "")
    state.since = before.since if before and before.severity == state.severity else (now if worst else None)
