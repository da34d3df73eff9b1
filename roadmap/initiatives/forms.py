"""Forms of making an initiative and of the acts on it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse_lazy

from portal.fields import LabelledField, ReferenceField, ReferencesField
from portal.forms import RecordForm, form_class
from roadmap.initiatives import actions, finding
from roadmap.models import LET_IN, Course, Initiative, Status, Way
from services.health.models import Metric


def _area(label: str, most: int, rows: int = 3, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea({"rows": rows}), **options)


def _day(label: str, help_text: str) -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, help_text=help_text, widget=widget)


def new_form(*args: Any, **kwargs: Any) -> RecordForm:
    """The form of the collection, with what is said only once."""
    form = form_class("initiatives")(*args, **kwargs)
    form.fields["is_private"] = forms.BooleanField(
        label="Private", required=False,
        help_text="Nobody else finds it anywhere. It stays private for ever, and has a number of its own kind.",
    )  # fmt: skip
    form.fields["let_in"] = ReferencesField(
        kinds=LET_IN, label="Let in", required=False,
        help_text="Of a private one: people and teams who see it, besides you, its team, owner and sponsor.",
    )  # fmt: skip
    return form


class StatusForm(forms.Form):
    """Where an initiative can go from where it is."""

    status = forms.ChoiceField()
    reason = _area("Why", 500, 2, required=False, help_text="Needed to pause and to drop. It stands beside the status.")
    started_on = _day("Work began", "Empty: the day that it goes to In progress.")
    delivered_on = _day("Delivered", "Of what is delivered alone. Empty: today.")

    def __init__(self, initiative: Initiative, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("started_on", initiative.started_on)
        field: Any = self.fields["status"]
        field.choices = [(each.value, each.label) for each in actions.WAYS[Status(initiative.status)]]


class LinkForm(forms.Form):
    """One thing that the initiative is about, of whatever kind."""

    kind = forms.ChoiceField(label="Kind", choices=[(name, label) for name, (label, _) in finding.KINDS.items()])
    thing = forms.CharField(
        label="Which", max_length=300,
        help_text="Its name or number: checkout-api, INC-12, INC-12-1, CC6.1, or the name of a limit or factor.",
        widget=forms.TextInput({
            "data-suggestions": reverse_lazy("initiative-things"), "data-filters": "kind={kind}",
            "autocomplete": "off", "spellcheck": "false",
        }),
    )  # fmt: skip
    note = forms.CharField(label="Why", required=False, max_length=300, help_text="What it has to do with it.")

    def __init__(self, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("kind") and said.get("thing"):
            said["thing"] = finding.find_thing(self.reader, said["kind"], said["thing"])
        return said


class ToInitiativeForm(forms.Form):
    """An initiative that is there already, among those that the reader may see."""

    initiative = forms.CharField(
        label="Initiative", max_length=200, help_text="Its number, such as RM-12.",
        widget=forms.TextInput({"data-references": "initiative", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    note = forms.CharField(label="Why", required=False, max_length=300, help_text="What it has to do with it.")

    def __init__(self, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean_initiative(self) -> Initiative:
        found = finding.find_initiative(self.reader, self.cleaned_data["initiative"])
        if not self.reader.has_perm("roadmap.change_initiative", found):
            raise ValidationError(
                f"You may not change {found.name}. Its team, its owner and product managers may: ask them."
            )
        return found


class CriterionForm(forms.Form):
    title = forms.CharField(label="Criterion", max_length=200, help_text="Such as “Checkout answers in 200 ms”.")
    metric = LabelledField(
        model=Metric, required=False, label="Metric",
        help_text="Such as checkout-api: lead-time. Empty where nothing is measured yet.",
    )  # fmt: skip
    way = forms.ChoiceField(label="Kind", choices=Way.choices, initial=Way.DECREASE)
    baseline = forms.FloatField(label="From", required=False, help_text="Where it stood when work began.")
    target = forms.FloatField(label="To", required=False, help_text="In the unit of the metric; a share as 0.999.")


class ObjectionForm(forms.Form):
    text = forms.CharField(label="Objection", max_length=500, help_text="What speaks against it: cost, time, risk.")
    answer = _area("Answer", 2000, required=False, help_text="Empty while it stands unanswered.")


class UpdateForm(forms.Form):
    course = forms.ChoiceField(label="How it goes", choices=Course.choices)
    text = _area("What happened, what comes next", 5000, 4)


class PersonForm(forms.Form):
    person = ReferenceField(kinds=("user",), label="Person", help_text="Works on this and on nothing else.")


class LetInForm(forms.Form):
    who = ReferencesField(kinds=LET_IN, label="Let in", help_text="People and teams, with commas between them.")
