"""What waits for what, as a reader sees it, and what the portal keeps of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from roadmap.models import OVER, Dependency, Initiative, InitiativeState, Status
from roadmap.views.schedule import Schedule, Task, Tie, broken, schedule
from roadmap.views.waiting import network_of

READ = ("pk", "name", "title", "status", "starts_on", "ends_likely")


@dataclass(frozen=True)
class Known:
    """The ties that a reader sees, and what is tied, by id. ``tasks`` are those of them that are planned: neither over
    nor without dates."""

    ties: list[Tie]
    tied: dict[int, dict[str, Any]]
    tasks: dict[int, Task]

    def problem(self, tie: Tie) -> str:
        """Why the plan does not keep this tie; empty where it does."""
        before, after = self.tied[tie.before], self.tied[tie.after]
        if after["status"] in OVER or before["status"] == Status.DONE:
            return ""
        if before["status"] == Status.DROPPED:
            return f"{after['name']} waits for {before['name']}, which was dropped"
        for each in (before, after):
            if each["pk"] not in self.tasks:
                return f"{each['name']} has no start or no likely end, so nobody knows whether this fits"
        return broken(tie, self.tasks[tie.before], self.tasks[tie.after])

    def schedule(self) -> Schedule:
        return schedule(self.tasks, self.ties)


def known_to(reader: Any) -> Known:
    """Everything tied that the reader sees; two queries."""
    return _known(Dependency.objects.visible(reader), Initiative.objects.visible(reader))


def known_around(reader: Any, pk: int) -> Known:
    """The same, of what hangs together with one initiative."""
    return _known(Dependency.objects.visible(reader), Initiative.objects.visible(reader), [pk])


def _known(dependencies: QuerySet[Any], initiatives: QuerySet[Any], around: Iterable[int] | None = None) -> Known:
    ties = [
        Tie(before, after, kind, lag, pk)
        for pk, before, after, kind, lag in dependencies.order_by("pk").values_list(
            "pk", "before", "after", "kind", "lag_days"
        )
    ]
    if around is not None:
        near = network_of(((each.before, each.after) for each in ties), around)
        ties = [each for each in ties if each.before in near]
    tied = {each["pk"]: each for each in initiatives.filter(_is_tied(dependencies, ties, around)).values(*READ)}
    ties = [each for each in ties if each.before in tied and each.after in tied]
    return Known(ties, tied, {pk: task for pk, each in tied.items() if (task := _task(each))})


def _is_tied(dependencies: QuerySet[Any], ties: Iterable[Tie], around: Iterable[int] | None) -> Q:
    """Of a part its ids; of all there is what the database finds by itself: thousands of ids take long to be sent."""
    if around is not None:
        return Q(pk__in={pk for tie in ties for pk in (tie.before, tie.after)})
    return Q(pk__in=dependencies.order_by().values("before")) | Q(pk__in=dependencies.order_by().values("after"))


def _task(it: dict[str, Any]) -> Task | None:
    if it["status"] in OVER or not it["starts_on"] or not it["ends_likely"]:
        return None
    return Task(it["pk"], it["name"], it["starts_on"], it["ends_likely"])


def refresh_slack(around: Iterable[int] | None = None) -> int:
    """Write the slack of everything public that hangs together with ``around``, or of all that is tied; only where it
    changed. Of private initiatives none is kept: it would tell of them by what it does to the others. Returns how many
    were written."""
    public = Initiative.objects.filter(is_private=False)
    among = Dependency.objects.filter(before__is_private=False, after__is_private=False)
    asked = None if around is None else set(around)
    slots = _known(among, public, asked).schedule().slots
    kept = InitiativeState.objects.all()
    if asked is None:
        kept = kept.filter(slack_days__isnull=False) | kept.filter(initiative__in=slots)
    else:
        kept = kept.filter(initiative__in={*slots, *asked})
    changed = []
    for state in kept.only("pk", "slack_days").order_by("pk"):
        slack = slots[state.pk].slack if state.pk in slots else None
        if state.slack_days != slack:
            state.slack_days, state.refreshed_at = slack, timezone.now()
            changed.append(state)
    InitiativeState.objects.bulk_update(changed, ["slack_days", "refreshed_at"], batch_size=500)
    return len(changed)
