"""Forms of sign-in and profile."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone

from portal.fields import ReferenceField
from portal.people.models import Density, MembershipRole, Scope, Theme, time_zones
from portal.tenure import organisation_today


class FirstAdministratorForm(forms.Form):
    email = forms.EmailField(label="Your e-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    password = forms.CharField(
        label="A password",
        strip=False,
        help_text="At least 8 characters, none of the common ones.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(choices=Theme.choices)
    density = forms.ChoiceField(choices=Density.choices, help_text="How tall the rows of tables are.")
    time_zone = forms.ChoiceField(
        required=False,
        choices=lambda: [("", "As my browser"), *((name, name.replace("_", " ")) for name in time_zones())],
        help_text="Times are shown in this zone.",
    )
    single_keys = forms.BooleanField(
        label="Single-key shortcuts", required=False, help_text="j, k, e, g s … outside of fields. Ctrl-K always works."
    )


_LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "a year")]


class TokenForm(forms.Form):
    """What a new token is for, what it may do and how long it lives."""

    name = forms.CharField(max_length=100, help_text="What it is for, such as “laptop” or “nightly export”.")
    scope = forms.ChoiceField(choices=[(Scope.READ, "Read"), (Scope.WRITE, "Read and write")], label="May")
    days = forms.TypedChoiceField(choices=_LIFETIMES, coerce=int, initial="90", label="Lives for")

    def values(self) -> dict[str, Any]:
        scope = self.cleaned_data["scope"]
        return {
            "name": self.cleaned_data["name"],
            "scopes": [Scope.READ] if scope == Scope.READ else [Scope.READ, Scope.WRITE],
            "expires_at": timezone.now() + dt.timedelta(days=self.cleaned_data["days"]),
        }


class MemberForm(forms.Form):
    person = ReferenceField(kinds=("user",), label="Person")
    role = forms.ChoiceField(choices=MembershipRole.choices)


class LeavingForm(forms.Form):
    left_at = forms.DateField(
        label="Last day", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), initial=organisation_today
    )
