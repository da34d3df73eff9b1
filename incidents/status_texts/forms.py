"""The form of a status update."""

from typing import Any

from django import forms

from incidents.models import Incident, PublicImpact, PublicIncident, PublicStatus, StatusText
from incidents.status_texts.posting import first_public_status, why_not_public


class StatusTextForm(forms.Form):
    """A text for colleagues and one for the public, side by side; of what nobody outside is told, the first alone."""

    internal_text = forms.CharField(
        label="For colleagues", required=False, max_length=5_000, widget=forms.Textarea({"rows": 7}),
        help_text="What we know, what we do, when we tell more. Names, hosts and tickets are welcome here.",
    )  # fmt: skip
    public_text = forms.CharField(
        label="For the public", required=False, max_length=5_000, widget=forms.Textarea({"rows": 7}),
        help_text="What users notice, what they can do, when we tell more. It is checked for what is internal.",
    )  # fmt: skip
    public_title = forms.CharField(
        label="What it is called outside", required=False, max_length=200,
        help_text="The title that the public reads, such as Card payments are slow.",
    )  # fmt: skip
    public_status = forms.ChoiceField(label="How it stands", required=False, choices=PublicStatus.choices)
    public_impact = forms.ChoiceField(
        label="How bad it is for users", required=False, choices=PublicImpact.choices, initial=PublicImpact.MINOR
    )
    happened_at = forms.DateTimeField(
        label="As of", required=False, help_text="The time it tells of, on the clocks of your time zone. Empty: now.",
        widget=forms.DateTimeInput({"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip

    def __init__(self, incident: Incident, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.closed = why_not_public(incident)
        if self.closed:
            for name in ("public_text", "public_title", "public_status", "public_impact"):
                del self.fields[name]
            return
        known = PublicIncident.objects.filter(incident=incident).first()
        last = StatusText.objects.filter(incident=incident).exclude(public_text="").order_by("-happened_at").first()
        self.fields["public_title"].initial = known.title if known else ""
        self.fields["public_status"].initial = first_public_status(incident)
        if last:
            self.fields["public_impact"].initial = last.public_impact
