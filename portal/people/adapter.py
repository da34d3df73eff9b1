"""How allauth behaves here: nobody signs themselves up; accounts are made by an administrator."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This login is closed. Ask an administrator to open it.",
        "email_password_mismatch": "No login has this e-mail and this password.",
        "enter_current_password": "This is not your present password.",
        "incorrect_password": "This is not your password.",
        # allauth: five failures of one login, or ten from one address, within five minutes
        "too_many_login_attempts": "Too many attempts to sign in failed. Try again in five minutes.",
        "rate_limited": "Too many requests of this kind. Try again in five minutes.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        raise PermissionError("Accounts are made by an administrator.")
