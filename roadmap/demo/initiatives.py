"""Initiatives with their evidence, what was said of them week by week, and what waits for what."""

from typing import Any

from portal.search import index
from roadmap.demo.cast import Cast, story
from roadmap.demo.priorities import write_priorities
from roadmap.making import make
from roadmap.models import (
    Claim,
    Criterion,
    DedicatedPerson,
    Dependency,
    Initiative,
    InitiativeAccess,
    InitiativeState,
    Link,
    Objection,
    Objective,
    Status,
    Update,
)
from services.health.models import Limit

# How long before its start an initiative was written down.
AHEAD_DAYS = 40
ENDS = ("starts_on", "ends_earliest", "ends_likely", "ends_latest")
MOVED = ("status", "status_reason", "started_on", "delivered_on", "done_percent")


def write_initiatives(cast: Cast) -> None:
    told = story("initiatives")
    for each in told:
        cast.initiatives[each["key"]] = _write(cast, each)
    _write_links(cast, told)
    _write_dependencies(cast, told)
    Objection.objects.bulk_create(
        Objection(initiative=cast.initiatives[each["key"]], text=text, answer=answer)
        for each in told
        for text, answer in each.get("objections", ())
    )
    _write_updates(cast, told)
    _write_claims(cast, told)
    write_priorities(cast)
    index.refresh(Initiative)


def _write(cast: Cast, told: dict[str, Any]) -> Initiative:
    days = told.get("days", ())
    made = make(by=cast.planner, values=_values(cast, told), is_private="private" in told, let_in=())
    for who in told.get("private", ()):
        InitiativeAccess.objects.get_or_create(initiative=made, who=cast.person(who))
    begun = cast.moment(min((days[0] if days else 0) - AHEAD_DAYS, -12))
    cast.past.versions[Initiative][made.pk].append(begun)
    _move(cast, made, told)
    DedicatedPerson.objects.bulk_create(
        DedicatedPerson(initiative=made, person=cast.person(who)) for who in told.get("hundredfold", ())
    )
    return made


def _values(cast: Cast, told: dict[str, Any]) -> dict[str, Any]:
    dates = {name: cast.day(days) for name, days in zip(ENDS, told.get("days", ()), strict=False)}
    served = Objective.objects.filter(title=told.get("objective", "")).order_by("-cycle__starts_on").first()
    return {
        "title": told["title"], "problem": told.get("problem", ""), "scope_in": told.get("in", ""),
        "scope_out": told.get("out", ""), "category": told["category"], "horizon": told["horizon"],
        "team": cast.team(told["team"]), "owner": cast.person(told["owner"]),
        "sponsor": cast.person(told["sponsor"]) if "sponsor" in told else None,
        "objective": served, "cycle": served.cycle if served else None, "effort_days": told.get("effort"),
        "cost": told.get("cost"), "goal": told.get("goal", ""), "translation": told.get("translation", ""),
        "for_executives": told.get("words", ""), "is_hundredfold": "hundredfold" in told, **dates,
    }  # fmt: skip


def _move(cast: Cast, made: Initiative, told: dict[str, Any]) -> None:
    """From an idea to where it stands, a step at a time."""
    days = told.get("days", ())
    steps: list[tuple[str, int]] = []
    if told["status"] != Status.IDEA:
        steps.append((Status.PLANNED, min(days[0] - 14, -6)))
    if told["status"] not in (Status.IDEA, Status.PLANNED):
        steps.append((Status.IN_PROGRESS, days[0]))
    if told["status"] in (Status.DONE, Status.PAUSED, Status.DROPPED):
        steps.append((told["status"], told.get("delivered", -9)))
    for status, day in steps:
        made.status, made.done_percent = status, told.get("done", 0)
        if status == Status.IN_PROGRESS:
            made.started_on = cast.day(day)
        if status == Status.DONE:
            made.delivered_on = cast.day(day)
        made.status_reason = told.get("reason", "") if status == told["status"] else ""
        cast.past.change(Initiative, MOVED, [(made, cast.moment(day))])


def _write_links(cast: Cast, told: list[dict[str, Any]]) -> None:
    rows = [row for each in told for row in _links(cast, each)]
    cast.past.insert(Link, [(row, cast.past.versions[Initiative][row.initiative_id][0]) for row in rows])


def _links(cast: Cast, told: dict[str, Any]) -> list[Link]:
    initiative = cast.initiatives[told["key"]]
    services = [cast.thing(name) for name in told.get("services", ())]
    resources = [cast.thing(name) for name in told.get("resources", ())]
    limits: list[Limit] = [cast.limits[each.pk] for each in resources if each.pk in cast.limits]
    return [
        *(Link(initiative=initiative, service=each) for each in [*services, *resources]),
        *(Link(initiative=initiative, limit=each, note="It moves the ceiling.") for each in limits),
        *(Link(initiative=initiative, factor=cast.factors[slug]) for slug in told.get("factors", ())),
    ]


def _write_dependencies(cast: Cast, told: list[dict[str, Any]]) -> None:
    rows = [
        Dependency(
            before=cast.initiatives[key], after=cast.initiatives[each["key"]], kind=kind, lag_days=lag
        )
        for each in told
        for key, kind, lag in each.get("waits", ())
    ]  # fmt: skip
    cast.past.insert(Dependency, [(row, cast.moment(-30)) for row in rows])


def _write_updates(cast: Cast, told: list[dict[str, Any]]) -> None:
    for each in told:
        initiative = cast.initiatives[each["key"]]
        rows = [
            Update(
                initiative=initiative, course=course, text=text, by=cast.login(initiative.owner), at=cast.moment(-days)
            )
            for days, course, text in each.get("updates", ())
        ]
        Update.objects.bulk_create(rows)
        if rows:
            state = {"course": rows[-1].course, "updated_at": rows[-1].at}
            InitiativeState.objects.filter(initiative=initiative).update(**state)


def _write_claims(cast: Cast, told: list[dict[str, Any]]) -> None:
    rows = [
        Claim(
            initiative=cast.initiatives[each["key"]], kind=claim["kind"], per_month=claim["per_month"],
            metric=cast.metric(claim["metric"]) if cast.measures(claim.get("metric", "")) else None, note=claim["note"],
        )
        for each in told
        for claim in each.get("claims", ())
    ]  # fmt: skip
    cast.past.insert(Claim, [(row, cast.past.versions[Initiative][row.initiative_id][0]) for row in rows])
    _write_criteria(cast, rows)


def _write_criteria(cast: Cast, claims: list[Claim]) -> None:
    """Whoever claims an effect on a metric says at which value it counts as a success."""
    rows = []
    for claim in claims:
        state = getattr(claim.metric, "state", None)
        if claim.metric is None or state is None or not state.value:
            continue
        rows.append(
            Criterion(
                initiative=claim.initiative, title=f"{claim.metric} falls by a fifth", metric=claim.metric,
                way="decrease", baseline=round(state.value * 1.15, 3), target=round(state.value * 0.92, 3),
            )
        )  # fmt: skip
    cast.past.insert(Criterion, [(row, cast.past.versions[Initiative][row.initiative_id][0]) for row in rows])
