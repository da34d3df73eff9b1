"""The form that says what an initiative waits for."""

from typing import Any

from django import forms

from roadmap.models import DependencyKind, Initiative

_EXPLAINS = "Finish before start is the usual one: this begins once the other one is done."


class DependencyForm(forms.Form):
    """``before`` is looked for among what the reader sees, and nowhere else: a refusal tells of nothing hidden."""

    before = forms.CharField(
        label="Waits for", max_length=60,
        widget=forms.TextInput(
            {"data-references": "initiative", "autocomplete": "off", "spellcheck": "false", "placeholder": "RM-12"}
        ),
        help_text="The number of the other initiative.",
    )  # fmt: skip
    kind = forms.ChoiceField(choices=DependencyKind.choices, initial=DependencyKind.FINISH_START, help_text=_EXPLAINS)
    lag_days = forms.IntegerField(
        label="Lag, days", initial=0, min_value=-3650, max_value=3650, required=False,
        help_text="So many days longer; less than nothing is a lead.",
    )  # fmt: skip

    def __init__(self, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean_before(self) -> Initiative:
        return find(self.reader, self.cleaned_data["before"])

    def clean_lag_days(self) -> int:
        return self.cleaned_data["lag_days"] or 0


def find(reader: Any, text: str) -> Initiative:
    """The initiative of this number, as far as the reader sees it. Raises ValidationError naming what was typed."""
    name = text.strip().rpartition("/")[2].rpartition(":")[2]
    found = Initiative.objects.visible(reader).filter(name__iexact=name).first()
    if found is None:
        raise forms.ValidationError(f"There is no initiative “{name[:40]}”. Give its number, such as RM-12.")
    return found
