"""Deciding about a proposal."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.people.models import User
from portal.proposals import actions
from portal.proposals.models import Proposal, State

_DECISIONS = [
    ("accept", "Accept: the work is to be done"),
    ("decline", "Decline, with a reason"),
    ("merge", "Merge: another proposal covers it"),
]


class DecisionForm(forms.Form):
    """What is decided, why, and for a merge which proposal covers it."""

    decision = forms.ChoiceField(choices=_DECISIONS, widget=forms.RadioSelect)
    reason = forms.CharField(
        required=False, widget=forms.Textarea({"rows": 3}), help_text="Needed to decline. It stays with the proposal."
    )
    into = forms.ModelChoiceField(
        Proposal.objects.none(), required=False, label="Covered by", help_text="Needed to merge.", empty_label="none"
    )

    def __init__(self, proposal: Proposal, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proposal = proposal
        # What the work has become, where it was accepted.
        self.made: Any = None
        others: Any = self.fields["into"]
        others.queryset = Proposal.objects.filter(state=State.OPEN).exclude(pk=proposal.pk).order_by("title")
        if not others.queryset.exists():
            del self.fields["into"]
            decisions: Any = self.fields["decision"]
            decisions.choices = _DECISIONS[:2]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("decision") == "merge" and not found.get("into"):
            raise ValidationError({"into": "Choose the proposal that covers it."})
        return found

    def save(self, *, by: User, version: int | None) -> Proposal:
        """Write the decision. Raises ValidationError, or Conflict when the proposal has moved on."""
        decision, reason = self.cleaned_data["decision"], self.cleaned_data["reason"]
        common: dict[str, Any] = {"by": by, "proposal": self.proposal, "reason": reason, "version": version}
        if decision == "merge":
            return actions.merge(into=self.cleaned_data["into"], **common)
        if decision == "accept":
            accepted, self.made = actions.accept(**common)
            return accepted
        return actions.decline(**common)
