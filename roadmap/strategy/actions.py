"""Writing the strategy: its sections, what they are tied to, the answers of the clarifying form, and editions."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from portal.actions import Conflict, create_record, delete_record, lock, update_record
from portal.references.models import Reference
from portal.search import index
from portal.texts import check_texts
from roadmap.models import ClarifyingAnswer, SectionDependency, StrategyEdition, StrategySection
from roadmap.strategy import content, freezing
from roadmap.strategy.telling import tell_published

# What a section may concern: what builds on the platform.
PRODUCTS = ("system", "component", "group", "api", "domain", "resource")


def _lines(text: str) -> str:
    """Browsers end lines in a way of their own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def edit(*, by: Any, record: StrategySection, values: Mapping[str, Any], version: int | None = None) -> StrategySection:
    """Change the text of a section, its business goal or its objective. Raises Conflict, with the section as it is now,
    where somebody else saved it first."""
    kept = {name: _lines(value) if name == "text" else value for name, value in values.items()}
    return update_record(by=by, record=record, values=kept, version=version)


@transaction.atomic
def concern(*, by: Any, section: StrategySection, product: Reference, note: str = "") -> SectionDependency:
    """Say that a section concerns a product. Said again, the note is the newer one."""
    if product.kind not in PRODUCTS:
        raise ValidationError({"product": f"“{product}” is no product. Name a system, service or team."})
    lock(section, None, {})
    found = SectionDependency.objects.filter(section=section, product=product).first()
    if found is not None:
        return update_record(by=by, record=found, values={"note": note.strip()})
    values = {"section": section, "product": product, "note": note.strip()}
    return create_record(by=by, model=SectionDependency, values=values)


def unconcern(*, by: Any, dependency: SectionDependency) -> None:
    """Take back that a section concerns a product."""
    delete_record(by=by, record=dependency)


@transaction.atomic
def answer(*, by: Any, texts: Mapping[str, str], versions: Mapping[str, int | None]) -> list[ClarifyingAnswer]:
    """Save answers of the clarifying form by key: all of them, or none. What somebody did not change is left alone,
    whatever its version is. Raises Conflict with the first answer that somebody else changed meanwhile."""
    rows = {each.key: each for each in ClarifyingAnswer.objects.select_for_update().order_by("pk")}
    if unknown := sorted(set(texts) - set(rows)):
        raise ValidationError(f"There is no question “{unknown[0][:40]}”. Load the page anew.")
    changed = {key: _lines(text).strip() for key, text in texts.items() if _lines(text).strip() != rows[key].text}
    for key, text in changed.items():
        version = versions.get(key)
        if version is not None and version != rows[key].version:
            raise Conflict(rows[key], {"text": text})
    return [update_record(by=by, record=rows[key], values={"text": text}) for key, text in changed.items()]


@transaction.atomic
def publish(*, by: Any, title: str, note: str = "", acknowledged: bool = False) -> StrategyEdition:
    """Freeze text and figures as the next edition, as somebody reads them who is let into nothing. Raises
    ValidationError naming the sections that are empty and the blocks that show nothing, unless ``acknowledged``."""
    # Held, so that nobody saves a section while it is frozen, and two editions do not take one number.
    list(StrategySection.objects.select_for_update().order_by("pk").values_list("pk"))
    check_texts({"title": title, "note": note})
    frozen = freezing.freeze(title.strip())
    if frozen.problems and not acknowledged:
        raise ValidationError([ValidationError(each, code="acknowledge") for each in frozen.problems])
    if not any(map(content.is_written, frozen.written)):
        raise ValidationError("Nothing is written yet. An edition stays for good: write a section first.")
    last = StrategyEdition.objects.aggregate(last=Max("number"))["last"] or 0
    values = {
        "number": last + 1, "title": title.strip(), "note": note.strip(), "markdown": frozen.markdown,
        "sections": frozen.sections, "figures": frozen.figures, "summary": freezing.summary_now(),
        "published_by": by if getattr(by, "is_authenticated", False) else None,
    }  # fmt: skip
    edition = StrategyEdition(**values)
    # What people typed; all else is made here, and may be empty.
    edition.clean_fields(exclude=[each.name for each in edition._meta.fields if each.name not in ("title", "note")])
    edition.save(force_insert=True)
    index.refresh(StrategyEdition, [edition.pk])
    tell_published(edition, by=by)
    return edition
