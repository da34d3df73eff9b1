"""Sign-in by e-mail and password (checked by allauth), loading a user together with the person it belongs to."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from portal.people.models import User


class PersonBackend(AuthenticationBackend):  # type: ignore[misc]
    def get_user(self, user_id: Any) -> User | None:
        return User.objects.select_related("person__reference").filter(pk=user_id, is_active=True).first()
