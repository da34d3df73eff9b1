"""Forms of declaring an incident and of the acts on it."""

from typing import Any

from django import forms
from django.utils import timezone

from incidents import lifecycle
from incidents.collections import INCIDENTS
from incidents.models import HIT, LET_IN, Category, Impact, ImpactLevel, Incident, IncidentKind, Severity, Status
from incidents.zones import MomentField, ZonedForm
from portal.fields import ReferenceField, ReferencesField, chosen_from


class DeclareForm(forms.Form):
    """A title is enough; everything else can follow."""

    title = forms.CharField(
        label="What is wrong", max_length=200,
        widget=forms.TextInput({"autofocus": True, "placeholder": "Card payments fail", "autocomplete": "off"}),
    )  # fmt: skip
    services = ReferencesField(
        kinds=HIT, label="Affected services", required=False,
        help_text="Names with commas between them. They suggest the owner, and show what is known of them.",
    )  # fmt: skip
    severity = forms.ModelChoiceField(Severity.objects.none(), required=False, empty_label="not known yet")
    summary = forms.CharField(
        label="What is known so far", required=False, max_length=20_000, widget=forms.Textarea({"rows": 3})
    )
    kind = forms.ChoiceField(choices=IncidentKind.choices, required=False)
    owner = ReferenceField(
        kinds=("group",), required=False, help_text="The team that answers for it. Empty: who owns the first service."
    )
    is_private = forms.BooleanField(
        label="Private", required=False,
        help_text="Nobody else finds it anywhere. It stays private for ever, and has a number of its own kind.",
    )  # fmt: skip
    let_in = ReferencesField(
        kinds=LET_IN, label="Let in", required=False,
        help_text="People and teams who see a private one, besides you.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        severity: Any = self.fields["severity"]
        severity.queryset = Severity.objects.filter(is_active=True).order_by("rank")
        if (self.data.get("kind") or self.initial.get("kind")) == IncidentKind.NEAR_MISS:
            self._ask_two_lines()

    def _ask_two_lines(self) -> None:
        """Of a near miss nothing is urgent, and who reports one wants to be done with it."""
        self.fields["title"].label = "What nearly happened"
        self.fields["title"].widget.attrs["placeholder"] = "The wrong database was nearly dropped"
        self.fields["summary"].label = "What kept it from happening"
        del self.fields["severity"]

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or IncidentKind.REAL

    @property
    def is_near_miss(self) -> bool:
        return "severity" not in self.fields

    @property
    def asks_more(self) -> bool:
        """Whether what is folded away holds something to look at."""
        folded = ("kind", "owner", "is_private", "let_in", *(() if self.is_near_miss else ("summary",)))
        given = [self[name].value() for name in folded if not (name == "kind" and self[name].value() == "real")]
        return any(given) or any(name in self.errors for name in folded)


def _reason(needed: bool, help_text: str = "") -> forms.CharField:
    widget = forms.Textarea({"rows": 2})
    return forms.CharField(label="Why", required=needed, max_length=500, widget=widget, help_text=help_text)


class StatusForm(forms.Form):
    """Where an incident can go from where it is, or, with ``to``, to this category alone."""

    status = forms.ModelChoiceField(Status.objects.none(), empty_label=None)
    reason = _reason(False)

    def __init__(self, incident: Incident, *args: Any, to: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reachable = {to} if to else {incident.status.category, *lifecycle.ways(incident)} - {Category.MERGED}
        choices = Status.objects.filter(is_active=True, category__in=reachable).order_by("place", "pk")
        field: Any = self.fields["status"]
        field.queryset = choices
        if not to:
            field.initial = incident.status_id
            self.fields["reason"].help_text = "Needed to decline, to cancel and to open again."
        elif len(choices) == 1:
            field.widget, field.initial = forms.HiddenInput(), choices[0].pk
        self.fields["reason"].required = bool(to) and lifecycle.needs_reason(incident, to)


class SeverityForm(forms.Form):
    severity = forms.ModelChoiceField(Severity.objects.none(), required=False, empty_label="not known yet")
    reason = _reason(False, "Stands in the timeline beside the change.")

    def __init__(self, incident: Incident, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["severity"]
        active = chosen_from(Severity.objects.order_by("rank"), incident.severity_id)
        field.queryset, field.initial = active, incident.severity_id
        field.help_text = " ".join(f"{each}: {each.description}" for each in field.queryset if each.description)


class RoleForm(forms.Form):
    person = ReferenceField(kinds=("user",), label="Who takes it", help_text="Whoever has it now hands it over.")


class MergeForm(forms.Form):
    """The other incident is looked for among those that the reader may see: a guess tells nothing of others."""

    into = forms.CharField(
        label="Into which incident", max_length=200, help_text="Its number, such as INC-412. That one goes on.",
        widget=forms.TextInput({"data-references": "incident", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    reason = _reason(False, "How one sees that they are the same. Stands in the timeline.")

    def __init__(self, reader: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reader = reader

    def clean_into(self) -> Incident:
        text = self.cleaned_data["into"].strip().replace("\x00", "")
        rows = INCIDENTS.visible(self.reader).select_related("reference", "status")
        found: Incident | None = rows.filter(INCIDENTS.key_condition(text)).first()
        if found is None:
            raise forms.ValidationError(f"There is no incident “{text[:80]}”. Write its number, such as INC-412.")
        return found


class LetInForm(forms.Form):
    who = ReferencesField(kinds=LET_IN, label="Let in", help_text="People and teams, with commas between them.")


class ImpactForm(ZonedForm):
    """One window of impact on a service."""

    level = forms.ChoiceField(choices=ImpactLevel.choices, initial=ImpactLevel.DEGRADED)
    started_at = MomentField(label="From", required=False, help_text="As well as it is known.")
    ended_at = MomentField(label="Until", required=False, help_text="Empty while it goes on.")
    customers = forms.IntegerField(label="Customers hit", required=False, min_value=0, max_value=2_000_000_000)
    note = forms.CharField(required=False, max_length=500, help_text="What users noticed.")
    field_order: tuple[str, ...] = ("level", "started_at", "ended_at", "zone", "customers", "note")


class NewImpactForm(ImpactForm):
    subject = ReferenceField(kinds=HIT, label="Service")
    field_order = ("subject", *ImpactForm.field_order)


class LevelForm(ZonedForm):
    level = forms.ChoiceField(choices=ImpactLevel.choices)
    at = MomentField(label="From", required=False, help_text="Empty: from now on.")

    def values(self) -> dict[str, Any]:
        said = super().values()
        return {**said, "at": said["at"] or timezone.now()}


def impact_values(impact: Impact) -> dict[str, Any]:
    """What the form of a window begins with."""
    return {name: getattr(impact, name) for name in ImpactForm.base_fields if name != "zone"}
