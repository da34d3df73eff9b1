"""What acts on a record by a form of their own share: doing it, and saying what is wrong or who was first."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from incidents.pages import tell
from portal.actions import Conflict, Deleted
from portal.history.events import last_change_of

Made = TypeVar("Made")


def attempt(request: HttpRequest, form: Any, act: Callable[[], Made]) -> Made | None:
    """What the act gives; None where the form says why not. What the reader wrote stays in the form. After a conflict
    the form has ``conflict``, and its page carries the version that stands now."""
    try:
        return act()
    except ValidationError as problem:
        tell(form, problem)
    except Conflict as conflict:
        last = last_change_of(conflict.current, request.user)
        who = last.who if last else "Somebody"
        told = f"{who} changed it in the meantime: {_now(conflict)}."
        form.add_error(None, f"{told} What you wrote is still below. Send it again if it holds.")
        form.conflict = conflict.current
    except Deleted as gone:
        form.add_error(None, str(gone))
    return None


def _now(conflict: Conflict) -> str:
    """What stands now, of what this act would change."""
    current: Any = conflict.current
    said = []
    for name in conflict.values:
        show = getattr(current, f"get_{name}_display", None)
        value = show() if show else getattr(current, name, None)
        label = str(current._meta.get_field(name).verbose_name)
        said.append(f"{label} is {value or 'not said'}")
    return ", ".join(said) or "look at it again"


def form_page(request: HttpRequest, form: Any, context: Mapping[str, Any], *, version: Any = None) -> HttpResponse:
    """The page of one act. ``version`` is the one that the form was made for."""
    conflict = getattr(form, "conflict", None)
    status = 409 if conflict is not None else 422 if form.errors else 200
    shown = {"form": form, "version": conflict.version if conflict is not None else version, **context}
    return render(request, "roadmap/worth_act.html", shown, status=status)
