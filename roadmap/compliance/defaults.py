"""The frameworks that a new portal begins with. The controls of one that is switched off are written when it is
switched on: until then nobody asks for them."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.apps import apps as current

from portal.search import index

DEFAULT = Path(__file__).parent / "frameworks.yaml"
REVIEW_DAYS = 365


@cache
def frameworks() -> list[Mapping[str, Any]]:
    """What the file says."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[Mapping[str, Any]] = yaml.load(DEFAULT.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    return found


def begin(apps: Any = None, **kwargs: Any) -> None:
    """Write the frameworks that are missing. A receiver of ``post_migrate``, which a flush sends without ``apps``."""
    registry = apps or current
    try:
        model = registry.get_model("roadmap", "Framework")
    except LookupError:  # migrated to before there was a roadmap
        return
    there = set(model.objects.values_list("slug", flat=True))
    wanted = [each for each in frameworks() if each["slug"] not in there]
    if not wanted:
        return
    made = model.objects.bulk_create(
        model(slug=each["slug"], name=each["name"], description=each["description"],
              is_active=each.get("active", False))
        for each in wanted
    )  # fmt: skip
    index.refresh(current.get_model("roadmap", "Framework"), [each.pk for each in made])
    for framework in made:
        if framework.is_active:
            write_controls(framework, registry)


def write_controls(framework: Any, registry: Any = current) -> None:
    """Write the controls of a framework that has none yet; of one of your own there are none to write."""
    model = registry.get_model("roadmap", "Control")
    if model.objects.filter(framework=framework.pk).exists():
        return
    made = model.objects.bulk_create(
        model(framework_id=framework.pk, identifier=identifier, title=title, review_days=days)
        for identifier, title, days in controls_of(framework.slug)
    )
    index.refresh(current.get_model("roadmap", "Control"), [each.pk for each in made])


def controls_of(slug: str) -> Iterator[tuple[str, str, int]]:
    """Identifier, title and days between reviews of each control."""
    for each in frameworks():
        if each["slug"] == slug:
            for identifier, said in each["controls"].items():
                title, days = said if isinstance(said, list) else (said, REVIEW_DAYS)
                yield identifier, title, days
