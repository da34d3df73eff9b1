"""The form that says what an initiative waits for."""

from typing import Any

from django import forms

from roadmap.initiatives.finding import find_initiative
from roadmap.models import LONGEST_LAG, DependencyKind, Initiative

_EXPLAINS = "Finish before start is the usual one: this begins once the other one is done."


class DependencyForm(forms.Form):
    """``before`` is looked for among what the reader sees, and nowhere else: a refusal tells of nothing hidden."""

    before = forms.CharField(
        label="Waits for", max_length=200,
        widget=forms.TextInput(
            {"data-references": "initiative", "autocomplete": "off", "spellcheck": "false", "placeholder": "RM-12"}
        ),
        help_text="The number of the other initiative, or its title.",
    )  # fmt: skip
    kind = forms.ChoiceField(choices=DependencyKind.choices, initial=DependencyKind.FINISH_START, help_text=_EXPLAINS)
    lag_days = forms.IntegerField(
        label="Lag, days", initial=0, min_value=-LONGEST_LAG, max_value=LONGEST_LAG, required=False,
        help_text="So many days longer; less than nothing is a lead.",
    )  # fmt: skip

    def __init__(self, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean_before(self) -> Initiative:
        return find_initiative(self.reader, self.cleaned_data["before"])

    def clean_lag_days(self) -> int:
        return self.cleaned_data["lag_days"] or 0
