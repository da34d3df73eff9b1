"""What every act on one initiative begins with."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from roadmap.collections import INITIATIVES
from roadmap.models import Initiative


def load_initiative(request: HttpRequest, key: str, *, to_change: bool = True) -> Initiative:
    """The initiative with this number, as far as the reader sees it, and may change it where they are about to."""
    user: Any = request.user
    found = (
        INITIATIVES.visible(user)
        .select_related("reference", "team", "owner", "objective", "state")
        .filter(INITIATIVES.key_condition(key))
        .first()
    )
    if found is None:
        raise Http404(f"There is no initiative {key[:40]}.")
    if to_change and not user.has_perm("roadmap.change_initiative", found):
        raise PermissionDenied(f"You may not change {found.name}. Its team and owner may, and product managers.")
    return found
