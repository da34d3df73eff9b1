"""Saving what somebody edited while somebody else saved: both texts side by side, nothing lost."""

from typing import Any

from django.db import models
from django.http import HttpRequest

from portal.actions import Conflict
from portal.collections import Collection
from portal.crumbs import crumbs_of
from portal.forms import RecordForm, make_form
from portal.history.events import last_change_of


def version_of(request: HttpRequest, record: models.Model) -> int | None:
    """The version that the writer read, as their form says; without a form, the one that stands now."""
    text = request.POST.get("version", "")
    if request.method == "POST":
        return int(text) if text.isdecimal() and len(text) < 10 else 0
    return getattr(record, "version", None)


def conflict_context(
    request: HttpRequest, collection: Collection, form: RecordForm, conflict: Conflict
) -> dict[str, Any]:
    """What the 409 page shows: each field on which the two differ, theirs and yours, and who was first."""
    current = make_form(collection, conflict.current)
    differing: list[dict[str, Any]] = []
    same: list[dict[str, Any]] = []
    for name, field in form.fields.items():
        if name == "version":
            continue
        theirs, yours = _shown(current[name].value()), _shown(form[name].value())
        row = {"name": name, "label": field.label, "theirs": theirs, "yours": yours}
        (same if theirs == yours else differing).append(row)
    last = last_change_of(conflict.current)
    address = collection.url_of(conflict.current)
    return {
        "fields": differing,
        "same": same,
        "by": last.who if last else "Somebody",
        "when": last.when if last else None,
        "title": str(conflict.current),
        "version": getattr(conflict.current, "version", ""),
        "save_url": f"{address}edit/",
        "cancel_url": address,
        "crumbs": crumbs_of(collection, (str(conflict.current), address)),
    }


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
