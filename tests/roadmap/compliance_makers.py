"""Frameworks, controls and evidence."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from roadmap.models import Control, Evidence, Framework, Fulfilment
from tests import factories
from tests.roadmap.core_makers import make_initiative

DAY = dt.date(2026, 10, 1)


def make_framework(slug: str = "pci", *, is_active: bool = True, **values: Any) -> Framework:
    return Framework.objects.create(slug=slug, name=values.pop("name", slug.upper()), is_active=is_active, **values)


def make_control(framework: Framework | None = None, identifier: str = "1.1", **values: Any) -> Control:
    framework = framework or Framework.objects.filter(slug="pci").first() or make_framework()
    title = values.pop("title", f"Asks for {identifier}")
    return Control.objects.create(framework=framework, identifier=identifier, title=title, **values)


def make_evidence(control: Control | None = None, **values: Any) -> Evidence:
    """A piece of evidence; what is met is shown by something."""
    if values.get("fulfilment") in (Fulfilment.MET, Fulfilment.PARTLY):
        values.setdefault("text", "The report of the auditor")
    return Evidence.objects.create(control=control or make_control(), **values)


def _framework(n: int) -> Framework:
    return make_framework(f"framework-{n:03}", is_active=n % 4 != 3, description=f"Asked by {n}" if n % 2 else "")


def _control(n: int) -> Control:
    more = {"description": f"In full {n}", "review_days": n + 1} if n % 2 else {}
    control = make_control(make_framework(f"asking-{n:03}"), f"C{n:03}", title=f"Control {n:03}", **more)
    if n % 2:
        make_evidence(control, fulfilment=list(Fulfilment)[n % 4])
    return control


def _evidence(n: int) -> Evidence:
    control = make_control(make_framework(f"shown-{n:03}", name=f"Shown {n:03}"), f"E{n:03}")
    if n % 2 == 0:
        return make_evidence(control)
    place = {"privacy_class": "personal" if n % 4 == 1 else "internal", "residency": f"Place {n}"}
    return make_evidence(
        control, service=factories.make_entity(f"shown-{n:03}", **place), fulfilment=list(Fulfilment)[n // 2 % 4],
        text=f"Seen {n}", url=f"https://proof.example/{n}", owner=factories.make_team(f"provers-{n:03}").reference,
        initiative=make_initiative(f"Closes {n:03}"), reviewed_on=DAY + dt.timedelta(days=n),
        review_by=DAY + dt.timedelta(days=n * 20),
    )  # fmt: skip


MAKERS: dict[type, Callable[[Any, int], Any]] = {
    Framework: lambda collection, n: _framework(n),
    Control: lambda collection, n: _control(n),
    Evidence: lambda collection, n: _evidence(n),
}
