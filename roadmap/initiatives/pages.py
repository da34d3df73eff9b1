"""What the pages of acts on an initiative share: loading it with permission, the form, its refusals, its conflicts."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from portal.actions import Conflict, Deleted
from portal.crumbs import crumbs_of
from portal.saving import changed_meanwhile, version_of
from roadmap.collections import INITIATIVES
from roadmap.models import Initiative


def load_initiative(request: HttpRequest, key: str, act: str = "change") -> Initiative:
    """The initiative, where the reader may see it, and may change it: 404 and 403 otherwise."""
    user: Any = request.user
    rows = INITIATIVES.visible(user).select_related("team", "owner", "sponsor", "reference", "state")
    found = rows.filter(INITIATIVES.key_condition(key)).first()
    if found is None:
        raise Http404(f"There is no initiative “{key}”.")
    if act == "change" and not user.has_perm("roadmap.change_initiative", found):
        raise PermissionDenied(f"You may not change {found.name}. Its team, its owner and product managers may.")
    return found


def attempt(form: Any, act: Callable[[], Any]) -> tuple[bool, Conflict | None]:
    """Do it, or say beside the fields of the form what was refused; whether it was done, and who was first."""
    try:
        act()
    except ValidationError as problem:
        said = problem.message_dict if hasattr(problem, "error_dict") else {"__all__": problem.messages}
        for name, texts in said.items():
            form.add_error(name if name in form.fields else None, texts)
    except Deleted as gone:
        form.add_error(None, f"{gone} Nothing was written.")
    except Conflict as conflict:
        return False, conflict
    return not form.errors, None


def act_page(
    request: HttpRequest, initiative: Initiative, form: Any, title: str, *, label: str = "", record: Any = None,
    conflict: Conflict | None = None, status: int = 0, template: str = "roadmap/initiative_act.html", **more: Any,
) -> HttpResponse:  # fmt: skip
    """One act as a form of its own. After a conflict it shows what stands now beside what was typed, and sent once
    more it is written."""
    address = INITIATIVES.url_of(initiative)
    context = {
        "initiative": initiative, "form": form, "title": title, "label": label or title, "cancel_url": address,
        "version": version_of(request, record or initiative), "meanwhile": None,
        "crumbs": crumbs_of(INITIATIVES, (initiative.name, address), (title, request.path)), **more,
    }  # fmt: skip
    if conflict is not None:
        context |= {"meanwhile": changed_meanwhile(conflict, request.user), "differs": _differs(form, conflict)}
        context["version"] = context["meanwhile"]["version"]
    answer = 409 if conflict else 422 if form.errors else 200
    return render(request, template, context, status=status or answer)


def _differs(form: Any, conflict: Conflict) -> list[dict[str, str]]:
    """Field by field what is saved now and what was typed, where the two differ."""
    found = []
    for name, field in form.fields.items():
        theirs, yours = getattr(conflict.current, name, None), form.cleaned_data.get(name)
        if hasattr(conflict.current, name) and theirs != yours:
            found.append({"label": str(field.label or name), "theirs": _said(theirs), "yours": _said(yours)})
    return found


def _said(value: Any) -> str:
    return "" if value is None else str(value)
