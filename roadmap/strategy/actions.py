"""Writing the strategy: its sections, what they are tied to, the answers of the clarifying form, and editions."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from portal.actions import Conflict, create_record, delete_record, lock, update_record
from portal.references.models import Reference
from portal.search import index
from portal.texts import check_texts
from roadmap.models import ClarifyingAnswer, SectionDependency, StrategyEdition, StrategySection
from roadmap.strategy import content, freezing
from roadmap.strategy.telling import tell_published
from services.health.saying import moment_in_words

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
def publish(
    *, by: Any, title: str, note: str = "", acknowledged: bool = False, again: bool = False, after: int | None = None
) -> StrategyEdition:
    """Freeze text and figures as the next edition, as somebody reads them who is let into nothing. Raises
    ValidationError naming the sections that are empty and the blocks that show nothing, unless ``acknowledged``; where
    nothing has changed since the last edition, unless it is to be published ``again``; and where the last edition is no
    longer the one with the number ``after``."""
    # Held, so that nobody saves a section while it is frozen, and two editions do not take one number.
    list(StrategySection.objects.select_for_update().order_by("pk").values_list("pk"))
    last = StrategyEdition.objects.select_related("published_by").order_by("-number").first()
    _refuse_published_meanwhile(last, after)
    check_texts({"title": title, "note": note})
    frozen = freezing.freeze(title.strip())
    if frozen.problems and not acknowledged:
        raise ValidationError([ValidationError(each, code="acknowledge") for each in frozen.problems])
    if not any(map(content.is_written, frozen.written)):
        raise ValidationError("Nothing is written yet. An edition stays for good: write a section first.")
    if last is not None and not again and freezing.says_the_same(last, frozen.sections):
        told = f"Nothing has changed since {last}: it would be the same text once more, for good."
        raise ValidationError(f"{told} Change a section first, or say below that it is meant so.")
    values = {
        "number": last.number + 1 if last else 1, "title": title.strip(), "note": note.strip(),
        "markdown": frozen.markdown, "sections": frozen.sections, "figures": frozen.figures,
        "summary": freezing.summary_now(), "published_by": by if getattr(by, "is_authenticated", False) else None,
    }  # fmt: skip
    edition = StrategyEdition(**values)
    # What people typed; all else is made here, and may be empty.
    edition.clean_fields(exclude=[each.name for each in edition._meta.fields if each.name not in ("title", "note")])
    edition.save(force_insert=True)
    index.refresh(StrategyEdition, [edition.pk])
    tell_published(edition, by=by)
    return edition


def _refuse_published_meanwhile(last: StrategyEdition | None, after: int | None) -> None:
    """A form that was sent twice, or from two tabs, makes one edition: none can ever be taken back."""
    if last is None or after is None or last.number == after:
        return
    words = (
        '<a href="{}">{}</a> was published meanwhile, by {} on {}. Read it. If another one is still wanted, '
        '<a href="{}">begin anew</a>.'
    )
    who, at = last.published_by or "somebody who has left", moment_in_words(timezone.localtime(last.published_at))
    edition_url = reverse("strategy-edition", args=[last.number])
    raise ValidationError(format_html(words, edition_url, last, who, at, reverse("strategy-publish")))
