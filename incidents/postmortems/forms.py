"""Forms of the acts on postmortems."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from incidents.models import Incident, Postmortem, PostmortemSection, PostmortemTemplate
from portal.references.finding import find_reference
from portal.references.models import Reference

READERS = ("user", "group")


class BeginForm(forms.Form):
    """Which template it begins with."""

    template = forms.ModelChoiceField(
        PostmortemTemplate.objects.none(), empty_label=None, widget=forms.RadioSelect,
        help_text="Its sections can be written in any order, by several people at once.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["template"]
        field.queryset = PostmortemTemplate.objects.filter(is_active=True).order_by("-is_default", "name")
        field.label_from_instance = _with_sections
        field.initial = field.queryset.first()


def _with_sections(template: PostmortemTemplate) -> str:
    titles = [each["title"] for each in template.sections]
    return f"{template}: {', '.join(titles)}"


class ReviewForm(forms.Form):
    """Who is asked to read it."""

    readers = forms.CharField(
        label="Who reads it",
        help_text="People and teams, with commas between them. Each is told, and finds it under My work.",
        widget=forms.TextInput({"data-references": "user,group", "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, postmortem: Postmortem, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["readers"].initial = _first_readers(postmortem.incident)

    def clean_readers(self) -> list[Reference]:
        names = [each.strip() for each in self.cleaned_data["readers"].split(",")]
        return [_found(each) for each in names if each]


def _first_readers(incident: Incident) -> str:
    owner = incident.owner
    return owner.canonical if owner and owner.kind == "group" else ""


def _found(name: str) -> Reference:
    found = find_reference(name, READERS)
    if not found.attached:
        raise ValidationError(f"{found.canonical} is pointed at, but nobody has described it.")
    return found


class PublishForm(forms.Form):
    note = forms.CharField(
        label="What changed", required=False, max_length=500,
        help_text="One sentence for those who read the edition before. It stands beside the edition.",
    )  # fmt: skip


class LinesField(forms.CharField):
    """A text whose lines end as they are kept: browsers send two letters for an end that they count as one."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text


class CommentForm(forms.Form):
    section = forms.ModelChoiceField(PostmortemSection.objects.none(), to_field_name="key", empty_label=None)
    quote = forms.CharField(label="About these words", required=False, max_length=500)
    text = LinesField(
        label="What do you want to know or add?", max_length=5000, widget=forms.Textarea({"rows": 5}),
        error_messages={"required": "Say what you want to know or add."},
    )  # fmt: skip

    def __init__(self, postmortem: Postmortem, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["section"]
        field.queryset = postmortem.sections.order_by("place", "pk")


class TemplateSectionForm(forms.Form):
    """One section of a template. One without a title is taken out."""

    key = forms.SlugField(required=False, max_length=40, widget=forms.HiddenInput)
    title = forms.CharField(required=False, max_length=120)
    questions = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea({"rows": 3}),
        help_text="What the section answers. It is shown while nothing is written.",
    )  # fmt: skip
    place = forms.IntegerField(required=False, min_value=1, max_value=999)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("questions") and not data.get("title"):
            self.add_error("title", "Give the section a title, or take its questions out too.")
        return data


TemplateSections = forms.formset_factory(TemplateSectionForm, extra=3, max_num=40)
