"""The plan of one kind of work: its initiatives, and beside each the figures that say whether it helps."""

from dataclasses import dataclass

from portal.collections import unknown_to
from roadmap.models import GUARDRAILS, Criterion, Initiative, KeyResult, Way
from roadmap.okr.progress import is_inside, progress
from roadmap.views.boards import Card, card_of
from roadmap.views.rail import Progress, progress_of
from roadmap.views.reading import Asked
from services.health.models import Metric
from services.health.saying import with_unit

# Figures beside one initiative.
MOST_FIGURES = 4


@dataclass(frozen=True)
class Planned:
    """One initiative with its figures: success criteria first, then key results that it is linked to or serves."""

    card: Card
    figures: list[Progress]
    left_out: int


def planned(asked: Asked) -> list[Planned]:
    pks = [each.pk for each in asked.initiatives]
    hidden = unknown_to(asked.reader, {each.team_id for each in asked.initiatives})
    figures: dict[int, list[Progress]] = {pk: [] for pk in pks}
    criteria = Criterion.objects.filter(initiative__in=pks).select_related("metric__state").order_by("pk")
    for criterion in criteria:
        figures[criterion.initiative_id].append(_criterion(criterion))
    for initiative_id, result in _key_results(asked.initiatives):
        figures[initiative_id].append(progress_of(result))
    return [_planned(each, asked, hidden, figures[each.pk]) for each in asked.initiatives]


def _planned(it: Initiative, asked: Asked, hidden: dict[int, str], figures: list[Progress]) -> Planned:
    shown = figures[:MOST_FIGURES]
    return Planned(card_of(it, asked.may, hidden), shown, len(figures) - len(shown))


def _key_results(initiatives: list[Initiative]) -> list[tuple[int, KeyResult]]:
    """The key results that each is linked to, else those of the objective that it serves."""
    linked = KeyResult.objects.filter(initiative_links__initiative__in=initiatives)
    rows = linked.values_list("initiative_links__initiative", "pk").order_by("pk").distinct()
    of_links: dict[int, list[int]] = {}
    for initiative_id, pk in rows:
        of_links.setdefault(initiative_id, []).append(pk)
    served = {each.objective_id for each in initiatives if each.objective_id and each.pk not in of_links}
    wanted = {pk for pks in of_links.values() for pk in pks}
    found = KeyResult.objects.filter(objective__in=served) | KeyResult.objects.filter(pk__in=wanted)
    results = list(found.select_related("metric", "state", "objective__cycle").order_by("pk"))
    pairs: list[tuple[int, KeyResult]] = []
    for it in initiatives:
        mine = set(of_links.get(it.pk, ()))
        pairs += [
            (it.pk, each) for each in results
            if (each.pk in mine if mine else it.objective_id is not None and each.objective_id == it.objective_id)
        ]  # fmt: skip
    return pairs


def _criterion(criterion: Criterion) -> Progress:
    """A criterion as a key result is shown. One without a metric is words."""
    metric = criterion.metric
    if metric is None or criterion.target is None:
        return Progress(criterion.title, "nothing is measured yet", None, "no data", "idle", "", "Not measured", None)
    now = getattr(getattr(metric, "state", None), "value", None)
    share = progress(criterion.way, criterion.baseline, criterion.target, now)
    state, word = _standing(criterion, now, share)
    return Progress(
        criterion.title, _way(criterion, metric, now), None if share is None else min(max(100 * share, 0.0), 100.0),
        "no data" if now is None else "" if share is None else f"{100 * share:,.0f}\u00a0%", state, "", word, None,
    )  # fmt: skip


def _standing(criterion: Criterion, now: float | None, share: float | None) -> tuple[str, str]:
    if now is None or criterion.target is None:
        return "idle", "No data"
    if criterion.way in GUARDRAILS:
        return ("ok", "Kept") if is_inside(criterion.way, criterion.target, now) else ("bad", "Broken")
    if share is None:
        return "idle", "No data"
    return ("ok", "Reached") if share >= 1 else ("info", "Under way") if share > 0 else ("warn", "Not nearer yet")


def _way(criterion: Criterion, metric: Metric, now: float | None) -> str:
    at = "no value yet" if now is None else f"now {with_unit(metric, now)}"
    target = with_unit(metric, criterion.target or 0.0)
    if criterion.way in GUARDRAILS or criterion.baseline is None:
        return f"{Way(criterion.way).label.lower()} {target}, {at}"
    return f"{with_unit(metric, criterion.baseline)} to {target}, {at}"
