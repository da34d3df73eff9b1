"""Forms of the acts on evidence."""

from typing import Any

from django import forms

from roadmap.compliance.actions import PUBLIC_ALONE
from roadmap.initiatives.finding import initiative_among
from roadmap.models import Evidence, Initiative


class ReviewForm(forms.Form):
    text = forms.CharField(
        label="What shows it", required=False, max_length=5000, widget=forms.Textarea({"rows": 4}),
        help_text="Change it where something else shows it today.",
    )  # fmt: skip

    def __init__(self, evidence: Evidence, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].initial = evidence.text


class InitiativeForm(forms.Form):
    initiative = forms.CharField(
        label="Initiative", required=False, max_length=200,
        help_text="Its number, such as RM-12, or its title. Empty: none closes it.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, evidence: Evidence, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["initiative"].initial = evidence.initiative.name if evidence.initiative else ""

    def clean_initiative(self) -> Initiative | None:
        text = self.cleaned_data["initiative"].strip()
        return initiative_among(Initiative.objects.filter(is_private=False), text, PUBLIC_ALONE) if text else None
