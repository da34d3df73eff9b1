"""Forms of health that are not those of a record."""

from typing import Any

from django import forms

from portal.fields import NamedValuesField
from services.health.models import Check, CheckKind


class QuestionForm(forms.ModelForm):
    """What a check would ask, without being one: for trying it while it is written. What is left out is as in a new
    check."""

    headers = NamedValuesField(required=False)

    class Meta:
        model = Check
        fields = (
            "kind", "address", "method", "headers", "expected_status", "expected_text", "max_latency_ms",
            "certificate_days", "interval_s", "timeout_ms",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.required = False

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"] or CheckKind.HTTP
        if kind == CheckKind.HEARTBEAT:
            raise forms.ValidationError("A heartbeat asks nothing; it waits for pings. Send one to its address.")
        return kind
