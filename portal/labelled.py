"""Records without a reference, told from others of their kind by a label: ``orders-api: Health``.

Their model declares it as ``choice_label``, an expression. Of several that have the same label, each is told by its
number besides: ``orders-api: Health #12``.
"""

import difflib
from collections import Counter
from functools import reduce
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

MOST = 10
_MOST_COMPARED = 20_000


def is_labelled(model: Any) -> bool:
    return hasattr(model, "choice_label")


def label_of(record: Any) -> str:
    """What stands in a form for this record."""
    rows = _labelled(type(record)._default_manager.all())
    said = rows.values_list("said", flat=True).get(pk=record.pk)
    return f"{said} #{record.pk}" if rows.filter(said=said)[1:2].exists() else str(said)


def suggestions(rows: models.QuerySet[Any], text: str) -> list[str]:
    """Up to ten labels with every word of the text, in their order."""
    found = reduce(lambda found, word: found.filter(said__icontains=word), text.split(), _labelled(rows))
    pairs = list(found.order_by("said", "pk").values_list("said", "pk")[: MOST + 1])
    return _told_apart(pairs)[:MOST]


def find_labelled(model: type[models.Model], text: str) -> Any:
    """The record of this label, with its number or without, or of this number alone. Raises ValidationError naming what
    is near, or the several that are called so."""
    text = text.replace("\x00", "")
    rows = _labelled(model._default_manager.all())
    found = _called(rows, text) or _numbered(rows, text)
    if not found and "/" in text:
        # As live blocks name it: ``orders-api/lead-time``.
        text = text.replace("/", ": ", 1)
        found = _called(rows, text)
    if len(found) == 1:
        return found[0]
    what = model._meta.verbose_name
    if found:
        several = ", ".join(f"“{each}”" for each in suggestions(rows.filter(said__iexact=text), ""))
        raise ValidationError(f"“{text[:120]}” is more than one {what}. Write which: {several}.", code="several")
    near = (suggestions(rows, text) or _alike(rows, text))[:3]
    hint = f" Did you mean {' or '.join(f'“{each}”' for each in near)}?" if near else ""
    raise ValidationError(f"There is no {what} “{text[:120]}”.{hint}", code="unknown")


def _labelled(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    model: Any = rows.model
    labelled: models.QuerySet[Any] = rows.annotate(said=model.choice_label)
    return labelled


def _told_apart(pairs: list[tuple[str, int]]) -> list[str]:
    times = Counter(said for said, _ in pairs)
    return [f"{said} #{pk}" if times[said] > 1 else said for said, pk in pairs]


def _alike(rows: models.QuerySet[Any], text: str) -> list[str]:
    """What is called nearly so, the nearest first, each as it is found again."""
    labels = dict.fromkeys(rows.values_list("said", flat=True)[:_MOST_COMPARED])
    close = difflib.get_close_matches(text, labels, 3, 0.6)
    pairs = rows.filter(said__in=close).order_by("pk").values_list("said", "pk")
    return _told_apart(sorted(pairs, key=lambda pair: close.index(pair[0])))


def _called(rows: models.QuerySet[Any], text: str) -> list[Any]:
    return list(rows.filter(said__iexact=text)[:2])


def _numbered(rows: models.QuerySet[Any], text: str) -> list[Any]:
    said, _, number = text.rpartition("#")
    if not number.isdecimal() or not number.isascii() or len(number) > 18:
        return []
    found = rows.filter(pk=int(number))
    return list(found.filter(said__iexact=said.strip()) if said.strip() else found)
