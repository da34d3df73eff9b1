"""One initiative as a feature specification, many as a roadmap summary: Markdown of what the asking reader may see."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Sum

from portal.query import Query
from portal.tenure import organisation_date, organisation_today
from roadmap.initiatives import beside, finding, reach
from roadmap.initiatives.panels import links_of
from roadmap.initiatives.success import progress_of
from roadmap.models import OVER, Criterion, Horizon, Initiative, Objection, Status, Update
from roadmap.models.initiative import InitiativeQuerySet
from roadmap.strategy.markdown import unbroken
from services.health.saying import day_in_words

MOST_REACHED, MOST_IN_SUMMARY = 20, 500
UPDATES_TOLD = 3
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|])")


def plain(text: object) -> str:
    """A short text as Markdown says it: no mark in it is obeyed, and it stays on its line."""
    return _MARKS.sub(r"\\\1", _SPACE.sub(" ", str(text).strip()))


def specification(initiative: Initiative, reader: Any) -> str:
    """The whole of one initiative."""
    parts = [f"# {plain(initiative)}", _facts(initiative), *_texts(initiative)]
    parts += _section("Success criteria", _criteria(initiative))
    for title, lines in beside.sections(initiative, reader):
        parts += _section(title, lines)
    parts += _section("Evidence and links", _links(initiative, reader))
    parts += _section("Downstream impact", _downstream(initiative, reader))
    parts += _section("Objections and answers", _objections(initiative))
    parts += _section("How it goes", _updates(initiative))
    return "\n\n".join(filter(None, parts)) + "\n"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    said = list(lines)
    return [f"## {title}", "\n".join(said) if said else "Nothing is said yet."]


def _facts(initiative: Initiative) -> str:
    rows = [
        ("Status", _with_reason(initiative)), ("How it goes", initiative.state.get_course_display()),
        ("Team", initiative.team), ("Owner", initiative.owner), ("Sponsor", initiative.sponsor),
        ("Category", initiative.get_category_display()), ("Horizon", initiative.get_horizon_display()),
        ("Cycle", initiative.cycle), ("Objective", initiative.objective), ("Planned", _planned(initiative)),
        ("Delivered", day_in_words(initiative.delivered_on) if initiative.delivered_on else ""),
        ("Done", f"{initiative.done_percent}\u00a0% of the work"), ("Effort", _effort(initiative)),
        ("Cost besides", f"{initiative.cost:,.0f} {settings.CURRENCY}" if initiative.cost is not None else ""),
        ("Dedicated people", _dedicated(initiative)),
    ]  # fmt: skip
    return _table(("What", "Value"), [(f"**{name}**", plain(value)) for name, value in rows if value])


def _with_reason(initiative: Initiative) -> str:
    reason = f": {initiative.status_reason}" if initiative.status_reason else ""
    return f"{initiative.get_status_display()}{reason}"


def _planned(initiative: Initiative) -> str:
    ends = [
        ("earliest", initiative.ends_earliest),
        ("likely", initiative.ends_likely),
        ("latest", initiative.ends_latest),
    ]
    said = [f"{word} {day_in_words(day)}" for word, day in ends if day]
    start = f"from {day_in_words(initiative.starts_on)}" if initiative.starts_on else ""
    return ", ".join(filter(None, (start, f"until {', '.join(said)}" if said else "")))


def _effort(initiative: Initiative) -> str:
    return f"{initiative.effort_days:,g} days of people" if initiative.effort_days is not None else ""


def _dedicated(initiative: Initiative) -> str:
    if not initiative.is_hundredfold:
        return ""
    names = [str(each.person) for each in initiative.dedicated.select_related("person").order_by("person__label", "pk")]
    return ", ".join(names) or "100×, nobody named yet"


def _texts(initiative: Initiative) -> Iterator[str]:
    """What people wrote, under a heading each; headings of their own stand below it."""
    for title, text in (
        ("Problem", initiative.problem), ("In scope", initiative.scope_in), ("Out of scope", initiative.scope_out),
        ("Business goal", initiative.goal), ("For executives", initiative.for_executives),
    ):  # fmt: skip
        if text.strip():
            yield f"## {title}"
            yield re.sub(r"(?m)^(#{1,4}) ", r"##\1 ", text.strip().replace("\r\n", "\n"))
    if initiative.translation:
        yield f"It means: {initiative.get_translation_display().lower()}."


def _criteria(initiative: Initiative) -> Iterator[str]:
    rows = Criterion.objects.filter(initiative=initiative).select_related("metric__state", "metric__subject")
    for each in rows.order_by("pk"):
        found = progress_of(each)
        if found is None:
            yield f"- {plain(each.title)} (not measured yet)"
            continue
        now = f", now {found.now}, {found.percent} of the way" if found.now else f". {found.problem}"
        yield f"- {plain(each.title)}: {plain(each.metric)} {found.wanted}{plain(now)}"


def _links(initiative: Initiative, reader: Any) -> Iterator[str]:
    for group in finding.by_kind(links_of(initiative, reader)):
        yield f"- **{group['heading']}**"
        for row in group["rows"]:
            note = f": {plain(row['link'].note)}" if row["link"].note else ""
            yield f"  - {plain(row['thing'])}{note}"


def _downstream(initiative: Initiative, reader: Any) -> list[str]:
    found = reach.downstream(initiative, reader)
    rows = [
        (
            plain(each.entity),
            plain(each.entity.owner or "nobody"),
            str(each.depth),
            plain(each.entity.tier if each.entity.tier is not None else "none"),
        )
        for each in found[:MOST_REACHED]
    ]
    more = [f"\nAnd {len(found) - MOST_REACHED:,} more."] if len(found) > MOST_REACHED else []
    return [_table(("Depends on it", "Owner", "Steps away", "Tier"), rows), *more] if rows else []


def _objections(initiative: Initiative) -> Iterator[str]:
    for each in Objection.objects.filter(initiative=initiative).order_by("pk"):
        yield f"**{plain(each.text)}**\n\n{each.answer.strip() or 'Unanswered.'}\n"


def _updates(initiative: Initiative) -> Iterator[str]:
    rows = Update.objects.filter(initiative=initiative).select_related("by__person").order_by("-at", "-pk")
    for each in rows[:UPDATES_TOLD]:
        yield f"**{day_in_words(organisation_date(each.at))}, {each.get_course_display()}**\n\n{each.text.strip()}\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


# Of many


def summary(query: Query) -> str:
    """The initiatives that a query string asks for, by horizon. More than MOST_IN_SUMMARY are counted and left out."""
    rows: Any = query.matching()
    found = list(rows.select_related("team", "state", "objective").order_by("starts_on", "pk")[:MOST_IN_SUMMARY])
    parts = [f"# Roadmap summary, {day_in_words(organisation_today())}", _counted(rows, len(found))]
    going = [each for each in found if each.status not in OVER]
    for horizon in Horizon:
        parts += _group(horizon.label, [each for each in going if each.horizon == horizon])
    parts += _group("Delivered or dropped", [each for each in found if each.status in OVER], "Delivered")
    return "\n\n".join(parts) + "\n"


def _counted(rows: InitiativeQuerySet, shown: int) -> str:
    """How many there are, and what they take: of all of them, also where only the first ones stand here."""
    total, days = rows.count(), rows.going_on().aggregate(days=Sum("effort_days"))["days"]
    word = "initiative" if total == 1 else "initiatives"
    effort = f" Those that are not over take {days:,g} days of people." if days else ""
    cut = f" The first {shown:,} stand here: narrow the list." if total > shown else ""
    return f"{total:,} {word}.{effort}{cut}" if total else "No initiative fits what was asked for."


def _group(title: str, rows: Sequence[Initiative], ends: str = "Likely end") -> list[str]:
    if not rows:
        return []
    told = [
        (plain(each.name), plain(each.title), plain(_stands(each)), plain(each.team or "nobody"), plain(_until(each)))
        for each in rows
    ]
    means = [f"- **{plain(each.title)}**: {plain(each.for_executives)}" for each in rows if each.for_executives]
    return [
        f"## {title}",
        _table(("Number", "Initiative", "Status", "Team", ends), told),
        *(["\n".join(means)] if means else []),
    ]


def _stands(initiative: Initiative) -> str:
    course = initiative.state.get_course_display() if initiative.status not in OVER else ""
    return ", ".join(filter(None, (initiative.get_status_display(), course.lower())))


def _until(initiative: Initiative) -> str:
    if initiative.status == Status.DROPPED:
        return "never"
    day = initiative.delivered_on or initiative.ends_likely
    return unbroken(day_in_words(day)) if day else "not said"
