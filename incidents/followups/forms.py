"""Forms of the acts on follow-ups."""

from typing import Any

from django import forms

from incidents.followups import actions
from incidents.models import FollowUp, Node
from portal.fields import ReferenceField


class IdeaForm(forms.Form):
    """One line; all else can be said later."""

    title = forms.CharField(label="What would have helped", max_length=200)
    factor = forms.ModelChoiceField(
        Node.objects.none(), label="Works against", required=False, empty_label="nothing said yet"
    )

    def __init__(self, factors: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["factor"]
        field.queryset = factors


class CommitForm(forms.Form):
    owner = ReferenceField(
        kinds=("group",), label="Owner", help_text="The team that does it, such as checkout. It is reminded in time."
    )
    due_on = forms.DateField(label="Due", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, follow_up: FollowUp, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        incident = follow_up.incident
        self.fields["owner"].initial = follow_up.owner or incident.owner
        self.fields["due_on"].initial = actions.due_day(incident)
        severity = incident.severity
        said = f"{severity} asks for {severity.follow_up_days} days" if severity else "Nobody has said how bad it was"
        instead = "" if severity else f": {actions.DAYS_UNSAID} days"
        self.fields["due_on"].help_text = f"{said}{instead}. Another day is as good, if you mean it."


class DoneForm(forms.Form):
    def __init__(self, follow_up: FollowUp, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class VerifyForm(DoneForm):
    evidence = forms.CharField(
        label="What shows that it works", max_length=2000, widget=forms.Textarea({"rows": 3}),
        help_text="A drill, a later incident, a figure, with where to see it.",
    )  # fmt: skip


class DeclineForm(DoneForm):
    reason = forms.CharField(
        label="Why not", max_length=500, widget=forms.Textarea({"rows": 3}),
        help_text="It stays with the follow-up: whoever has the same idea reads it.",
    )  # fmt: skip
