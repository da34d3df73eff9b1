"""One act on one record, as a form of its own: doing it, saying what was refused, and showing who was first."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.actions import Conflict, Deleted
from portal.collections import Collection
from portal.crumbs import crumbs_of
from portal.saving import changed_meanwhile, version_of

Made = TypeVar("Made")


@dataclass(frozen=True)
class Done(Generic[Made]):
    """An act that was done, with what it gave."""

    made: Made


def tell(form: Any, problem: ValidationError) -> None:
    """Say each reason at the field of a form that it is about, or of the whole form where it has no such field."""
    said = problem.message_dict if hasattr(problem, "error_dict") else {"": problem.messages}
    for name, texts in said.items():
        form.add_error(name if name in form.fields else None, texts)


def attempt(form: Any, act: Callable[[], Made]) -> Done[Made] | None:
    """Do it. None where it was not done: the form says what was refused, or has the ``conflict`` that stood in the
    way, which the page of the act shows."""
    try:
        return Done(act())
    except ValidationError as problem:
        tell(form, problem)
    except Deleted as gone:
        form.add_error(None, f"{gone} Nothing was written.")
    except Conflict as conflict:
        form.conflict = conflict
    return None


def act_page(
    request: HttpRequest, form: Any, title: str, *, collection: Collection, record: models.Model,
    versioned: models.Model | None = None, template: str = "portal/act.html", **more: Any,
) -> HttpResponse:  # fmt: skip
    """The page of an act on a record of a collection. ``versioned`` is what must not have been changed meanwhile. After
    a conflict the page shows what stands now beside what was to be written, and sent once more it is written."""
    address = collection.url_of(record)
    context = {
        "form": form, "title": title, "label": title, "subject": record, "cancel_url": address,
        "version": version_of(request, versioned) if versioned else None,
        "crumbs": crumbs_of(collection, (getattr(record, "name", "") or str(record), address), (title, request.path)),
        **more, **who_was_first(form, request.user),
    }  # fmt: skip
    return render(request, template, context, status=status_of(form))


def who_was_first(form: Any, reader: Any) -> dict[str, Any]:
    """After a conflict, what portal/_meanwhile.html shows, and the version that stands now; else nothing."""
    conflict = getattr(form, "conflict", None)
    if conflict is None:
        return {}
    meanwhile = changed_meanwhile(conflict, reader)
    return {"meanwhile": meanwhile, "version": meanwhile["version"], "differs": _differences(conflict)}


def status_of(form: Any) -> int:
    """The status that the page of a form answers with."""
    return 409 if getattr(form, "conflict", None) else 422 if form.errors else 200


def _differences(conflict: Conflict) -> list[dict[str, str]]:
    """Field by field what stands now and what was to be written, where the two differ."""
    found = []
    for name, yours in conflict.values.items():
        field, theirs = _field_of(conflict.current, name), getattr(conflict.current, name, None)
        if field is not None and theirs != yours:
            label = str(field.verbose_name).capitalize()
            found.append({"label": label, "theirs": _said(field, theirs), "yours": _said(field, yours)})
    return found


def _field_of(record: models.Model, name: str) -> Any:
    try:
        field: Any = record._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return field if field.concrete and not field.many_to_many else None


def _said(field: Any, value: Any) -> str:
    """The value in words: the label of a choice, “nothing” where there is none."""
    if value in (None, ""):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return value.strftime("%-d %b %Y")
    return str(dict(field.flatchoices).get(value, value))
