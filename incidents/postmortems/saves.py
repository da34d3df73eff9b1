"""Who saved which section last, and who has written a document, from the history of its sections."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models

from incidents.models import Postmortem, PostmortemSection
from portal.history.events import event_model
from portal.people.models import User


@dataclass(frozen=True)
class Save:
    """That somebody saved a section; ``by`` is their login."""

    by: int | None
    who: str
    when: dt.datetime


def last_saves(postmortem: Postmortem) -> dict[int, Save]:
    """Section → its last save, of those that somebody wrote."""
    return last_saves_of(PostmortemSection, postmortem=postmortem.pk)


def last_saves_of(model: type[models.Model], **which: Any) -> dict[int, Save]:
    """The same for the sections of any document: rows of ``model``, those that ``which`` names."""
    rows = _saves(model, which).order_by("pgh_obj", "-pgh_id").distinct("pgh_obj")
    found = list(rows.values_list("pgh_obj", "pgh_context", "pgh_created_at"))
    names = _names(context for _, context, _ in found)
    return {pk: _save(context or {}, names, when) for pk, context, when in found}


def _save(context: dict[str, Any], names: dict[Any, str], when: dt.datetime) -> Save:
    user = context.get("user")
    return Save(user, names.get(user, "The portal"), when)


def writers(postmortem: Postmortem) -> list[str]:
    """The names of those who wrote it, by the alphabet: that says whom to ask, and nothing else."""
    contexts = _saves(PostmortemSection, {"postmortem": postmortem.pk})
    return sorted(_names(contexts.order_by().values_list("pgh_context", flat=True).distinct()).values())


def _saves(model: type[models.Model], which: dict[str, Any]) -> Any:
    table: Any = event_model(model)
    return table.objects.filter(**which, pgh_label="update")


def _names(contexts: Any) -> dict[Any, str]:
    users: set[Any] = {(context or {}).get("user") for context in contexts} - {None}
    found = User.objects.filter(pk__in=users).select_related("person") if users else ()
    return {user.pk: str(user) for user in found}
