"""Forms of the acts on trade-offs."""

from typing import Any

from django import forms

from incidents.models import Incident
from portal.fields import RecordField
from portal.tenure import organisation_today
from roadmap.models import Cycle, TradeOff


class PayForm(forms.Form):
    def __init__(self, trade_off: TradeOff, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class RenegotiateForm(PayForm):
    to_cycle = forms.ModelChoiceField(Cycle.objects.none(), label="Due in", empty_label=None)
    reason = forms.CharField(
        label="Why", max_length=500, widget=forms.Textarea({"rows": 3}),
        help_text="It stays with the trade-off, however often it is put off.",
    )  # fmt: skip

    def __init__(self, trade_off: TradeOff, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(trade_off, reader, *args, **kwargs)
        later = Cycle.objects.filter(ends_on__gt=trade_off.due_cycle.ends_on, ends_on__gte=organisation_today())
        field: Any = self.fields["to_cycle"]
        field.queryset = later.order_by("starts_on")
        if not later.exists():
            field.help_text = "There is no later cycle yet. Make one first, under Cycles."


class WriteOffForm(PayForm):
    reason = forms.CharField(
        label="Why it is never done", max_length=500, widget=forms.Textarea({"rows": 3}),
        help_text="Whoever lives with it will ask.",
    )  # fmt: skip


class InterestForm(PayForm):
    note = forms.CharField(
        label="Why it came of it", max_length=300, required=False, help_text="Such as: the queue that was put off."
    )

    def __init__(self, trade_off: TradeOff, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(trade_off, reader, *args, **kwargs)
        field = RecordField(model=Incident, label="Incident", help_text="Such as INC-12.")
        field.reader = reader
        self.fields = {"incident": field, **self.fields}
