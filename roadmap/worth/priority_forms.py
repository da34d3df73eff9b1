"""The forms of what speaks for an initiative: the inputs of its scores, and its claims."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from roadmap.models import Basis, Factor, Initiative, PriorityInput
from roadmap.worth import scores
from roadmap.worth.evidence import Found

HELP = {
    Factor.REACH: "How many parts of the catalog, or customers, it reaches.",
    Factor.IMPACT: "For each of them: 0.25 hardly any, 0.5 low, 1 medium, 2 high, 3 huge.",
    Factor.CONFIDENCE: "How sure you are of both: 0.8 well founded, 0.5 a guess.",
    Factor.EFFORT: "Days of people.",
    Factor.VALUE: "For the business, from 1 to 10.",
    Factor.URGENCY: "What waiting costs, from 1 to 10.",
    Factor.RISK: "What it makes less risky, from 1 to 10.",
    Factor.SIZE: "Beside the others, from 1.",
}


class InputsForm(forms.Form):
    """A value for each input, and a box that takes what the evidence says. ``version_reach`` is the version of what was
    read."""

    def __init__(self, initiative: Initiative, found: Mapping[str, Found], data: Any = None) -> None:
        super().__init__(data)
        self.found = found
        self.held: dict[str, PriorityInput] = {each.factor: each for each in initiative.inputs.all()}
        for factor in Factor:
            held = self.held.get(factor)
            self.fields[f"value_{factor}"] = forms.FloatField(
                label=factor.label, required=False, help_text=HELP[factor], initial=held.value if held else None,
                widget=forms.NumberInput({"step": "any"}),
            )  # fmt: skip
            if factor in found:
                self.fields[f"take_{factor}"] = forms.BooleanField(label="Take it", required=False)
            self.fields[f"version_{factor}"] = forms.IntegerField(
                required=False, widget=forms.HiddenInput, initial=held.version if held else None
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for factor in Factor:
            try:
                scores.check(factor, cleaned.get(f"value_{factor}"))
            except ValidationError as problem:
                self.add_error(f"value_{factor}", problem.messages)
        return cleaned

    @property
    def said(self) -> dict[str, tuple[float | None, str, str]]:
        """Factor → value, basis and source, as they are to be from now on."""
        return {factor: self._said(factor) for factor in Factor.values}

    def _said(self, factor: str) -> tuple[float | None, str, str]:
        value, found, held = self.cleaned_data[f"value_{factor}"], self.found.get(factor), self.held.get(factor)
        if found and (self.cleaned_data.get(f"take_{factor}") or value == found.value):
            return found.value, Basis.MEASURED, found.source
        if held and held.value == value:
            return value, held.basis, held.source
        return value, Basis.GUESSED, ""

    @property
    def versions(self) -> dict[str, int | None]:
        asked = {factor: self.cleaned_data.get(f"version_{factor}") for factor in Factor.values}
        return {factor: version for factor, version in asked.items() if version is not None}

    def rows(self, factors: tuple[Factor, ...]) -> list[dict[str, Any]]:
        return [
            {"field": self[f"value_{each}"], "found": self.found.get(each), "held": self.held.get(each),
             "take": self[f"take_{each}"] if each in self.found else None}
            for each in factors
        ]  # fmt: skip

    def follow(self, current: PriorityInput) -> None:
        """After a conflict: what is sent again is meant for what stands now."""
        self.data = {**self.data.dict(), f"version_{current.factor}": str(current.version)}  # type: ignore[attr-defined]
