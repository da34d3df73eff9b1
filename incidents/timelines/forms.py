"""Forms of the timeline: writing an event down, and correcting one."""

from typing import Any

from django import forms

from incidents.account import active_roles, held_in
from incidents.models import BY_PEOPLE, EventKind, Incident, TimelineEvent, Upload
from incidents.zones import MomentField, ZonedForm


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class FilesField(forms.FileField):
    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        # What is empty or too large is said of all at once, where they are kept.
        return [each for each in data or [] if each]


class NoteForm(ZonedForm):
    """One event that somebody writes down; without a time it happened now."""

    text = forms.CharField(label="What happened", max_length=10_000, widget=forms.Textarea({"rows": 2}))
    kind = forms.ChoiceField(
        choices=[each for each in EventKind.choices if each[0] in BY_PEOPLE], initial=EventKind.NOTE, required=False
    )
    actor_role = forms.ChoiceField(label="Acting as", required=False)
    happened_at = MomentField(label="Happened", required=False, help_text="Empty: now.")
    ended_at = MomentField(label="Until", required=False, help_text="Where it lasted.")
    link = forms.URLField(
        required=False, max_length=2000, assume_scheme="https", help_text="A chart, a log, a change, a message."
    )
    quote = forms.CharField(
        label="Quoted log", required=False, max_length=20_000, strip=False,
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}), help_text="Shown as it is, line by line.",
        error_messages={"max_length": "At most 20,000 letters here. Keep what matters; add the whole as a file."},
    )  # fmt: skip
    new_files = FilesField(
        label="Files", required=False, help_text="Pictures and others, up to 25 MB each. Paste or drop them too."
    )
    field_order: tuple[str, ...] = (
        "text", "kind", "actor_role", "happened_at", "ended_at", "zone", "link", "quote", "new_files",
    )  # fmt: skip

    def __init__(self, incident: Incident, reader: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        roles = [role.name for role in active_roles(incident)]
        field: Any = self.fields["actor_role"]
        field.choices = [("", "no role"), *((name, name) for name in roles)]
        field.initial = _role_of(incident, reader)

    def values(self) -> dict[str, Any]:
        """What the action takes."""
        data = super().values()
        return {**data, "kind": data["kind"] or EventKind.NOTE}


class CorrectForm(NoteForm):
    """An event as it should have been written. What the portal noted keeps its kind."""

    kept_files = forms.ModelMultipleChoiceField(
        Upload.objects.none(), label="Files it keeps", required=False, widget=forms.CheckboxSelectMultiple
    )
    field_order = (
        "text", "kind", "actor_role", "happened_at", "ended_at", "zone", "link", "quote", "kept_files", "new_files",
    )  # fmt: skip

    def __init__(self, event: TimelineEvent, reader: Any, *args: Any, **options: Any) -> None:
        names = ("text", "kind", "actor_role", "happened_at", "ended_at", "link", "quote")
        kept = list(event.files.all())
        initial = {**{name: getattr(event, name) for name in names}, "kept_files": kept}
        super().__init__(event.incident, reader, *args, initial=initial, **options)
        self.fields["happened_at"].required = True
        self.fields["happened_at"].help_text = ""
        self.fields["text"].widget.attrs["rows"] = 4
        roles: Any = self.fields["actor_role"]
        roles.initial = event.actor_role
        if event.actor_role and event.actor_role not in dict(roles.choices):
            roles.choices = [*roles.choices, (event.actor_role, event.actor_role)]
        files: Any = self.fields["kept_files"]
        files.queryset = event.files.all()
        if not kept:
            del self.fields["kept_files"]
        if event.kind not in BY_PEOPLE:
            del self.fields["kind"]

    def values(self) -> dict[str, Any]:
        data = ZonedForm.values(self)
        kept = data.pop("kept_files", [])
        return {**data, "files": kept}


def _role_of(incident: Incident, reader: Any) -> str:
    """The role that the reader has in it, the first where there are several."""
    person = getattr(reader, "person", None)
    if person is None:
        return ""
    return next((each.role.name for each in held_in(incident) if each.person_id == person.reference_id), "")
