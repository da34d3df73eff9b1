"""Saving what somebody edited while somebody else saved: both texts side by side, nothing lost."""

import json
from typing import Any

from django.db import models
from django.http import HttpRequest

from portal.actions import Conflict
from portal.collections import Collection
from portal.crumbs import crumbs_of
from portal.forms import RecordForm, make_form
from portal.history.events import last_change_of
from portal.models import Versioned


def version_of(request: HttpRequest, record: models.Model) -> int | None:
    """The version that the writer read, as their form says; without a form, the one that stands now."""
    text = request.POST.get("version", "")
    if request.method == "POST":
        return int(text) if text.isdecimal() and len(text) < 10 else 0
    return record.version if isinstance(record, Versioned) else None


def base_of(request: HttpRequest, form: RecordForm) -> str:
    """What the form showed before anything was typed, as JSON. It comes back with the form, so that a conflict can
    tell what the writer changed from what they only left as it was."""
    return request.POST.get("base", "") if request.method == "POST" else _as_base(form)


def _as_base(form: RecordForm) -> str:
    return json.dumps({name: _shown(form[name].value()) for name in form.fields if name != "version"})


def _read_base(request: HttpRequest) -> dict[str, str]:
    """Field → what the writer began with; empty where the form did not say, so that every difference is asked about."""
    try:
        found = json.loads(request.POST.get("base", ""))
    except (ValueError, RecursionError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def conflict_context(
    request: HttpRequest, collection: Collection, form: RecordForm, conflict: Conflict
) -> dict[str, Any]:
    """What the 409 page shows: fields that both changed, fields that only one of them changed, and who was first."""
    current = make_form(collection, conflict.current)
    address = collection.url_of(conflict.current)
    return {
        **_sorted_fields(form, current, _read_base(request)),
        **changed_meanwhile(conflict, request.user),
        "base": _as_base(current),
        "title": str(conflict.current),
        "save_url": f"{address}edit/",
        "cancel_url": address,
        "crumbs": crumbs_of(collection, (str(conflict.current), address)),
    }


def changed_meanwhile(conflict: Conflict, reader: Any) -> dict[str, Any]:
    """Who was first and when, and the version they left: sent with it, the same act succeeds."""
    last = last_change_of(conflict.current, reader)
    return {
        "by": last.who if last else "Somebody",
        "when": last.when if last else None,
        "version": getattr(conflict.current, "version", ""),
    }


def _sorted_fields(form: RecordForm, current: RecordForm, base: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {"fields": [], "merged": [], "same": []}
    for name, field in form.fields.items():
        if name != "version":
            theirs, yours = _shown(current[name].value()), _shown(form[name].value())
            row = {"name": name, "label": field.label, "theirs": theirs, "yours": yours}
            found[_settle(row, base.get(name))].append(row)
    return found


def _settle(row: dict[str, Any], base: str | None) -> str:
    """Whether the two are the same, only one of them changed it (``kept`` is what they wrote), or both did."""
    row["kept"] = row["theirs"] if row["yours"] == base else row["yours"]
    if row["theirs"] == row["yours"]:
        return "same"
    return "merged" if base in {row["theirs"], row["yours"]} else "fields"


def _shown(value: Any) -> str:
    """The value as a form shows it. Browsers send line ends of their own."""
    return "" if value is None else str(value).replace("\r\n", "\n")
