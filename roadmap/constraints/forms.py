"""Forms of the acts on freezes."""

from typing import Any

from django import forms

from portal.fields import ReferencesField
from portal.forms import RecordForm, make_form
from roadmap.constraints.actions import SCOPES
from roadmap.constraints.collections import FREEZES


def scope_field() -> ReferencesField:
    return ReferencesField(
        kinds=SCOPES, label="Halts", required=False,
        help_text="Teams, services and systems with commas between them, such as checkout, payments-gateway. "
                  "A team brings those below it. Empty: the whole company.",
    )  # fmt: skip


def new_freeze_form(data: Any = None) -> RecordForm:
    """The form of a new freeze, with what it halts."""
    form = make_form(FREEZES, data=data)
    form.fields["halts"] = scope_field()
    form.order_fields(["title", "halts"])
    return form


class ScopeForm(forms.Form):
    scope = scope_field()


class LiftForm(forms.Form):
    reason = forms.CharField(
        label="What is true now", max_length=500, widget=forms.Textarea({"rows": 3}),
        help_text="It stays with the freeze: whoever asks why features go on reads it.",
    )  # fmt: skip
