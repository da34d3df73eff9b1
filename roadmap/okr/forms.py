"""Forms of the acts on key results and cycles."""

from typing import Any

from django import forms

from roadmap.models import KeyResult


class CheckInForm(forms.Form):
    confidence = forms.IntegerField(
        label="Confidence, percent", min_value=0, max_value=100,
        help_text="The probability that the target is reached when the cycle ends. 50 is a coin.",
    )  # fmt: skip
    text = forms.CharField(
        label="What happened, and what comes next", max_length=2000, widget=forms.Textarea({"rows": 3}),
        help_text="It stays as you write it. The next check-in corrects it.",
    )  # fmt: skip

    @property
    def share(self) -> float:
        return float(self.cleaned_data["confidence"]) / 100


class CorrectForm(forms.Form):
    value = forms.FloatField(label="Value on the last day")
    share_inside = forms.FloatField(
        label="Days inside, percent", required=False, min_value=0, max_value=100,
        help_text="Empty: as it was when the cycle was closed.",
    )  # fmt: skip
    note = forms.CharField(
        label="Why it was another value", max_length=500, widget=forms.Textarea({"rows": 2}),
        help_text="What was kept when the cycle was closed stays beside it.",
    )  # fmt: skip

    def __init__(self, key_result: KeyResult, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        metric = key_result.metric
        unit = "As a share, such as 0.99 for 99 %." if metric.kind == "ratio" else f"In {metric.unit or 'its unit'}."
        self.fields["value"].help_text = unit
        if not key_result.is_guardrail:
            del self.fields["share_inside"]


class CloseForm(forms.Form):
    """Nothing to say: the button is the act."""
