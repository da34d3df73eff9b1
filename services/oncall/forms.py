"""Forms of the acts on who is on call."""

from typing import Any

from django import forms

from portal.fields import ReferenceField


class TurnForm(forms.Form):
    person = ReferenceField(kinds=("user",), label="Person")


def _moment(label: str, help_text: str = "") -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label, help_text=help_text,
        widget=forms.DateTimeInput({"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip


class StandInForm(forms.Form):
    """Who takes over from when until when, on the clocks of whoever writes it."""

    person = ReferenceField(kinds=("user",), label="Who stands in")
    from_at = _moment("From")
    until_at = _moment("Until", "On the clocks of your time zone: your browser’s, unless your profile names one.")
    note = forms.CharField(label="Why", max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "stand_in_%s", **kwargs})
