"""A reader who is let into nothing: what an edition says is computed for them, as everybody will read it."""

from typing import Any

from portal.people.models import Reader


class Nobody(Reader):
    """In no team and without a right, so that only public rows exist."""

    pk = None
    person = None
    is_authenticated = False
    is_anonymous = True

    @property
    def team_ids(self) -> frozenset[int]:
        return frozenset()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False
