"""Forms of the strategy."""

from typing import Any

from django import forms

from portal.fields import ReferenceField
from roadmap.models import ClarifyingAnswer, Objective, SectionDependency, StrategyEdition, StrategySection
from roadmap.strategy.actions import PRODUCTS

LONGEST_ANSWER = 10_000


def _longest(model: type[Any], name: str) -> Any:
    return model._meta.get_field(name).max_length


class TiesForm(forms.Form):
    """What a section is tied to."""

    goal = forms.CharField(
        label="Business goal", required=False, max_length=_longest(StrategySection, "goal"),
        help_text="In one sentence: what the business gets when this section comes true.",
    )  # fmt: skip
    objective = forms.ModelChoiceField(
        Objective.objects.none(), required=False, empty_label="none",
        help_text="The objective that says whether it came true.",
    )  # fmt: skip

    def __init__(self, section: StrategySection, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["goal"].initial, self.fields["objective"].initial = section.goal, section.objective_id
        field: Any = self.fields["objective"]
        field.queryset = Objective.objects.select_related("cycle").order_by("-cycle__starts_on", "title")
        field.label_from_instance = lambda each: f"{each.title} ({each.cycle})"


class ConcernForm(forms.Form):
    """A product that a section concerns."""

    product = ReferenceField(
        kinds=PRODUCTS, label="Product", help_text="A system, service or team that builds on the platform."
    )
    note = forms.CharField(
        label="How", required=False, max_length=_longest(SectionDependency, "note"),
        help_text="What the product needs of it, or has to do for it.",
    )  # fmt: skip


class PublishForm(forms.Form):
    title = forms.CharField(max_length=_longest(StrategyEdition, "title"), help_text="Such as Platform strategy 2027.")
    note = forms.CharField(
        label="What changed", required=False, max_length=_longest(StrategyEdition, "note"),
        widget=forms.Textarea({"rows": 3}), help_text="Since the edition before, in a sentence or two.",
    )  # fmt: skip
    acknowledged = forms.BooleanField(
        label="Publish it as it is, with what is missing", required=False, help_text="Only where that is meant so."
    )
    again = forms.BooleanField(
        label="Publish the same text once more", required=False,
        help_text="Nothing is written anew since the last edition: only its figures would be newer.",
    )  # fmt: skip
    # The number of the edition that was the last when the form was opened; 0 where there was none.
    after = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, problems: list[str], *args: Any, is_unchanged: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not problems:
            del self.fields["acknowledged"]
        if not is_unchanged:
            del self.fields["again"]


class AnswersForm(forms.Form):
    """The clarifying form: a text a question, each with the version that was read."""

    def __init__(self, questions: Any, answers: dict[str, ClarifyingAnswer], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in questions:
            self.fields[each.key] = forms.CharField(
                label=each.title, required=False, max_length=LONGEST_ANSWER, initial=answers[each.key].text,
                widget=forms.Textarea({"rows": 4}), help_text=each.help_text,
            )  # fmt: skip
