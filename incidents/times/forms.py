"""The form of one of the five times: exactly, about, between two moments, or not known."""

import datetime as dt
from typing import Any

from django import forms

from incidents.models import IncidentTime, Precision
from incidents.times.saying import Said
from incidents.zones import MomentField, ZonedForm

NOT_KNOWN = "unknown"
_HOW = [
    (Precision.EXACT, "Exactly"),
    (Precision.ABOUT, "About, give or take"),
    (Precision.INTERVAL, "Between two moments"),
    (NOT_KNOWN, "Not known: leave it open"),
]
_MOST_MINUTES = 7 * 24 * 60


class TimeForm(ZonedForm):
    """When something was, how well that is known, and who or what says so."""

    at = MomentField(label="When", required=False, help_text="Of an interval: no earlier than this.")
    how = forms.ChoiceField(label="How well is it known", choices=_HOW, widget=forms.RadioSelect)
    give_or_take = forms.IntegerField(
        label="Give or take, minutes", required=False, min_value=1, max_value=_MOST_MINUTES,
        help_text="For about: how much earlier or later it may have been.",
    )  # fmt: skip
    until = MomentField(label="No later than", required=False, help_text="For between two moments: the later one.")
    source = forms.CharField(
        label="Who or what says so", required=False, max_length=200,
        help_text="Such as the alert, the pipeline, a customer. Empty: you do.",
    )  # fmt: skip
    field_order = ("at", "zone", "how", "give_or_take", "until", "source")

    def __init__(self, time: IncidentTime | None, *args: Any, **options: Any) -> None:
        super().__init__(*args, initial=_initial(time), **options)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        how = data.get("how", "")
        if how in set(Precision) and not data.get("at") and "at" not in self.errors:
            self.add_error("at", f"Say when on the clocks of {self.zone_name}, or choose that it is not known.")
        if how == Precision.ABOUT and not data.get("give_or_take") and "give_or_take" not in self.errors:
            self.add_error("give_or_take", "Say how many minutes earlier or later it may have been.")
        if how == Precision.INTERVAL and not data.get("until") and "until" not in self.errors:
            self.add_error("until", "Say the latest moment that it can have been.")
        return data

    def said(self) -> Said | None:
        """What the action takes; None where the time is not known."""
        data, how = self.cleaned_data, self.cleaned_data["how"]
        if how == NOT_KNOWN:
            return None
        return Said(
            data["at"],
            until=data["until"] if how == Precision.INTERVAL else None,
            give_or_take_s=60 * data["give_or_take"] if how == Precision.ABOUT else None,
            source=data["source"],
        )


def _initial(time: IncidentTime | None) -> dict[str, Any]:
    if time is None:
        return {"how": Precision.EXACT}
    take = dt.timedelta(seconds=time.give_or_take_s or 0)
    return {
        "at": time.at, "how": time.precision, "until": time.until, "source": time.source,
        "give_or_take": max(1, round(take.total_seconds() / 60)) if take else None,
    }  # fmt: skip
