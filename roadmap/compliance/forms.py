"""Forms of the acts on evidence."""

from typing import Any

from django import forms

from roadmap.compliance.actions import PUBLIC_ALONE
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
        label="Initiative", required=False, max_length=40,
        help_text="Its number, such as RM-12. Empty: none closes it.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, evidence: Evidence, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["initiative"].initial = evidence.initiative.name if evidence.initiative else ""

    def clean_initiative(self) -> Initiative | None:
        number = self.cleaned_data["initiative"].strip()
        if not number:
            return None
        found = Initiative.objects.filter(name__iexact=number, is_private=False).first()
        if found is None:
            raise forms.ValidationError(PUBLIC_ALONE.format(number[:40]))
        return found
