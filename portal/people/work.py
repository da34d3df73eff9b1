"""What waits for the administrator of a portal that nobody else uses yet: teams, and logins of others."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from portal.home import Waiting, register_waiting
from portal.people.models import Team, User


@register_waiting
def first_steps(reader: Any) -> Iterable[Waiting]:
    if not reader.is_administrator:
        return
    if not Team.objects.exists():
        note = "Everything here is owned by a team; files may also name them"
        yield Waiting("Make the first team", note, reverse("record-new", args=["teams"]), "New team", "users")
    if User.objects.count() == 1:
        note = "Nobody but you can sign in yet"
        yield Waiting("Give others a login", note, reverse("record-new", args=["users"]), "New login", "user")
