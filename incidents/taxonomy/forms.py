"""Forms of classifying an incident."""

from typing import Any

from django import forms

from incidents.models import Confidence, Effect, Facet, Incident, Mode, Tag, TimelineEvent


class EventsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.happened_at:%H:%M} {obj}"


class NewTagForm(forms.Form):
    """Which incident, and what applies to it; the rest follows on the next page."""

    incident = forms.CharField(
        max_length=40, widget=forms.TextInput({"data-references": "incident", "autocomplete": "off"}),
        help_text="Its number, such as INC-12.",
    )  # fmt: skip
    node = forms.CharField(label="What applies", max_length=120, help_text="A name or a slug of the taxonomy.")


class TagForm(forms.Form):
    """How sure it is that a node applies, and what shows it. Only mitigations have a mode and an effect."""

    confidence = forms.ChoiceField(choices=Confidence.choices, initial=Confidence.SUPPORTED, widget=forms.RadioSelect)
    mode = forms.ChoiceField(label="How it came about", choices=[("", "not said"), *Mode.choices], required=False)
    effect = forms.ChoiceField(label="What it did", choices=[("", "not said"), *Effect.choices], required=False)
    is_primary = forms.BooleanField(label="It was the first that told", required=False)
    note = forms.CharField(
        label="What shows it", required=False, max_length=500, widget=forms.Textarea({"rows": 2}),
        help_text="A sentence or a link.",
    )  # fmt: skip
    evidence = EventsField(
        TimelineEvent.objects.none(), label="Events that show it", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, tag: Tag, data: Any = None) -> None:
        names = ("confidence", "mode", "effect", "is_primary", "note")
        initial = {**{name: getattr(tag, name) for name in names}, "evidence": list(tag.evidence.all())}
        super().__init__(data, initial=initial)
        if tag.node.facet != Facet.MITIGATION:
            del self.fields["mode"], self.fields["effect"]
        if tag.node.facet != Facet.DETECTION:
            del self.fields["is_primary"]
        field: Any = self.fields["evidence"]
        field.queryset = _events(tag.incident)

    def values(self) -> dict[str, Any]:
        """The values of the tag, without its evidence."""
        return {name: value for name, value in self.cleaned_data.items() if name != "evidence"}


def _events(incident: Incident) -> Any:
    """What may be evidence: what was noted of systems and by people, the key events first."""
    current = incident.timeline.filter(superseded_by=None, withdrawn=False)
    return current.exclude(kind__in=["status", "severity", "role"]).order_by("-is_key", "happened_at", "pk")
