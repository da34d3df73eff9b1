"""What was said of key results in a quarter that passed, beside what was measured on those days."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.utils import timezone

from portal.people.models import User
from roadmap.demo.cast import MORNING, story
from roadmap.models import CheckIn, KeyResult, KeyResultState, Standing
from roadmap.okr.refresh import Found, find
from services.health.saying import with_unit

# So many days into the quarter they sit together, and not in the first week of a cycle.
DAYS, FIRST_DAYS = (26, 54, 82), 7
# How likely people hold what stands so; each of them a little more or less.
CONFIDENCE = {Standing.REACHED: 0.95, Standing.AHEAD: 0.75, Standing.BEHIND: 0.45, Standing.AWAY: 0.15}
DOUBTS = (0.0, -0.05, 0.05)


def check_in(began: dt.date) -> None:
    """Write what was said in the quarter that began on this day."""
    speakers = _speakers()
    rows = [row for days in DAYS for row in _said(began + dt.timedelta(days=days), speakers)]
    CheckIn.objects.bulk_create(rows)
    for pk, said in groupby(sorted(rows, key=lambda row: row.key_result_id), key=lambda row: row.key_result_id):
        KeyResultState.objects.filter(key_result=pk).update(confidence=[*said][-1].confidence)


def _speakers() -> dict[int | None, User]:
    """The login of each team that has one; of all others, and of the company, the planner's."""
    planner = User.objects.filter(role="product_manager").order_by("pk")[0]
    users = [planner, *User.objects.filter(person__isnull=False).exclude(pk=planner.pk).order_by("pk")]
    return {None: planner} | {team: user for user in users for team in user.team_ids}


def _said(day: dt.date, speakers: dict[int | None, User]) -> Iterator[CheckIn]:
    asked = _running_on(day)
    found = find(asked, day)
    for number, each in enumerate(asked):
        now = found[each.pk]
        if now.value is None:
            continue
        by = speakers.get(each.objective.owner_id, speakers[None])
        at = dt.datetime.combine(day, MORNING, timezone.get_default_timezone())
        sure = min(CONFIDENCE[now.standing] + DOUBTS[number % len(DOUBTS)], 1.0)
        yield CheckIn(
            key_result=each, by=by, at=at, confidence=round(sure, 2), text=_words(each, now, number + day.month),
            value=now.value, progress=now.progress,
        )  # fmt: skip


def _running_on(day: dt.date) -> list[KeyResult]:
    rows: Any = KeyResult.objects.filter(
        objective__cycle__closed_at=None, objective__cycle__ends_on__gte=day,
        objective__cycle__starts_on__lte=day - dt.timedelta(days=FIRST_DAYS),
    )  # fmt: skip
    return list(rows.select_related("objective__cycle", "metric").order_by("pk"))


def _words(key_result: KeyResult, now: Found, number: int) -> str:
    texts: Sequence[str] = story("check_ins")[str(now.standing)]
    metric = key_result.metric
    return texts[number % len(texts)].format(
        now=with_unit(metric, now.value or 0.0), target=with_unit(metric, key_result.target)
    )
