"""What every act on one initiative begins with."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from roadmap.collections import INITIATIVES
from roadmap.models import Initiative


def load_initiative(request: HttpRequest, key: str, act: str = "change") -> Initiative:
    """The initiative, where the reader may see it, and may change it: 404 and 403 otherwise."""
    user: Any = request.user
    rows = INITIATIVES.visible(user).select_related("team", "owner", "sponsor", "reference", "state", "objective")
    found = rows.filter(INITIATIVES.key_condition(key)).first()
    if found is None:
        raise Http404(f"There is no initiative “{key[:40]}”.")
    if act == "change" and not user.has_perm("roadmap.change_initiative", found):
        raise PermissionDenied(f"You may not change {found.name}. Its team, its owner and product managers may.")
    return found
