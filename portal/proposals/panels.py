"""Panels of a proposal: what speaks for it, what it costs, what was decided."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from portal.panels import Context, panel
from portal.proposals.models import Proposal, State

Rows = list[tuple[str, str]]


@panel(on=Proposal, slot="main", order=10, title="What and why", template="proposals/_text.html")
def what(request: HttpRequest, proposal: Proposal) -> Context:
    return {"link": {"label": "Where it comes from", "url": proposal.url}}


@panel(on=Proposal, slot="main", order=20, title="Evidence", template="portal/_facts.html")
def evidence(request: HttpRequest, proposal: Proposal) -> Context | None:
    shown = {name: value for name, value in proposal.evidence.items() if name != "severity"}
    return {"rows": rows_of(shown)} if shown else None


@panel(on=Proposal, slot="main", order=30, title="Price", template="portal/_facts.html")
def price(request: HttpRequest, proposal: Proposal) -> Context | None:
    return {"rows": rows_of(proposal.price)} if proposal.price else None


@panel(on=Proposal, slot="rail", order=10, title="Decision", template="proposals/_decision.html")
def decision(request: HttpRequest, proposal: Proposal) -> Context:
    return {"is_open": proposal.state == State.OPEN}


def rows_of(values: Mapping[str, Any]) -> Rows:
    """Names and values as people read them: ``q10_date`` is “Q10 date”, ``2026-11-21`` is “21 Nov 2026”."""
    return [(_sentence(name), as_words(value)) for name, value in values.items()]


def _sentence(name: str) -> str:
    return name.replace("_", " ")[:1].upper() + name.replace("_", " ")[1:]


def as_words(value: Any) -> str:
    """One value of evidence; lists and maps by comma."""
    if value is None or value == "":
        return "not known"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return f"{value:,.4g}" if isinstance(value, float) and abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list):
        return ", ".join(map(as_words, value))
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')}: {as_words(each)}" for name, each in value.items())
    return _day(str(value))


def _day(text: str) -> str:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day:%b %Y}"
