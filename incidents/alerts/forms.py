"""Forms of the acts on alerts."""

from typing import Any

from django import forms

from incidents.models import AlertGroup, Incident, Severity


class DeclareForm(forms.Form):
    """An incident from an alert; what the alert knows is filled in."""

    title = forms.CharField(max_length=200)
    severity = forms.ModelChoiceField(Severity.objects.none(), required=False, empty_label="Not said yet")
    is_private = forms.BooleanField(
        label="Private", required=False,
        help_text="Seen by you and those whom you let in. The alert is then seen by them alone, too.",
    )  # fmt: skip

    def __init__(self, group: AlertGroup, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        severity: Any = self.fields["severity"]
        severity.queryset = Severity.objects.filter(is_active=True).order_by("rank")
        severity.initial = group.source.severity_id
        self.fields["title"].initial = group.title[:200]


class BelongsForm(forms.Form):
    """Which incident an alert belongs to, by its number."""

    incident = forms.CharField(
        max_length=80, help_text="Its number, such as INC-12.",
        widget=forms.TextInput({"autocomplete": "off", "data-references": "incident", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean_incident(self) -> Incident:
        """The incident, where the reader may see it; others are as if they were not there."""
        text = self.cleaned_data["incident"].strip()
        name = text.rpartition("/")[2].rpartition(":")[2]
        found = Incident.objects.visible(self.reader).filter(name__iexact=name).first()
        if found is None:
            raise forms.ValidationError(f"There is no incident “{text}”. Give its number, such as INC-12.")
        return found


class SecretForm(forms.Form):
    secret = forms.CharField(required=False, max_length=200, strip=True)
