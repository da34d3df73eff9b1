"""Forms of records, made from their collection's ``form`` fields, and the fields that ModelForm has none for."""

from functools import cache
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models

from portal.collections import Collection, collections, get_collection
from portal.references.finding import find_reference
from portal.references.models import Reference, Referenced
from portal.refusing import problems_of

LINK_SCHEMES = ["http", "https", "mailto", "slack", "msteams"]


class ReferenceField(forms.Field):
    """A record, typed as a short name (``checkout``) or a full reference (``group:default/checkout``).

    ``kinds`` are tried in order for a short name. Unknown ones are refused with the nearest names there are.
    """

    def __init__(self, *, kinds: tuple[str, ...], **options: Any) -> None:
        self.kinds = kinds
        super().__init__(**options)
        self.widget.attrs |= {
            "autocomplete": "off",
            "data-references": ",".join(kinds),
            "spellcheck": "false",
        }

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = Reference.objects.filter(pk=value).first()
        return _short(value, self.kinds) if isinstance(value, Reference) else value

    def clean(self, value: Any) -> Reference | None:
        if isinstance(value, Reference):
            return value
        text = str(value or "").strip()
        super().clean(text)
        return find_reference(text, self.kinds) if text else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(self.prepare_value(data) or "").strip()


class RecordField(ReferenceField):
    """A record itself, typed and suggested by its reference."""

    def __init__(self, *, model: type[Referenced], **options: Any) -> None:
        self.model = model
        kinds = tuple(kind for each in collections() if each.model is model for kind in each.kinds)
        super().__init__(kinds=kinds, **options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = self.model._default_manager.filter(pk=value).first()
        return super().prepare_value(value.reference if isinstance(value, self.model) else value)

    def clean(self, value: Any) -> Any:
        if isinstance(value, self.model):
            return value
        reference = super().clean(value)
        found = self.model._default_manager.filter(reference=reference).first() if reference else None
        if reference and found is None:
            raise forms.ValidationError(f"{reference.canonical} is pointed at, but nobody has described it.")
        return found


def _short(reference: Reference, kinds: tuple[str, ...]) -> str:
    if reference.namespace == "default" and reference.kind == kinds[0]:
        return reference.name
    return reference.canonical


class TagsField(forms.CharField):
    """Tags with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        if isinstance(value, list):
            return value
        text = super().clean(value)
        return list(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip().lower())))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.clean(data)


class LinksField(forms.CharField):
    """Links, one a line: the address, then what to call it. Kept as ``[{"url", "title"}]``."""

    widget = forms.Textarea(attrs={"rows": 3})
    _valid = URLValidator(schemes=["http", "https"])

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{link.get('url', '')} {link.get('title', '')}".strip() for link in value)

    def clean(self, value: Any) -> list[dict[str, str]]:
        if isinstance(value, list):
            return value
        return [self._link(line.strip()) for line in super().clean(value).splitlines() if line.strip()]

    def _link(self, line: str) -> dict[str, str]:
        url, _, title = line.partition(" ")
        scheme = url.partition(":")[0].lower()
        if scheme not in LINK_SCHEMES:
            known = ", ".join(f"{each}:" for each in LINK_SCHEMES)
            raise forms.ValidationError(f"“{url[:80]}” is no address a link may have. It begins with one of {known}")
        if scheme in {"http", "https"}:
            try:
                self._valid(url)
            except forms.ValidationError:
                raise forms.ValidationError(f"“{url[:80]}” is not a complete address.") from None
        return {"url": url, "title": title.strip()} if title.strip() else {"url": url}

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != self.clean(data)


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """Validates one field at a time; the action validates the record as a whole and writes it."""

    def _post_clean(self) -> None:
        """Leave the instance alone: actions set values, so that a refused form changes nothing."""

    def clean(self) -> dict[str, Any]:
        """What the action would refuse of single values is said together with what the fields refuse."""
        for name, problem in problems_of(self._meta.model, self.cleaned_data).items():
            self.add_error(name, problem)
        return self.cleaned_data

    @property
    def values(self) -> dict[str, Any]:
        """What was sent, by model field."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


def formfield(field: models.Field, **options: Any) -> forms.Field | None:  # type: ignore[type-arg]
    """The form field of a model field; like Django's, but for references, tags and links."""
    common: dict[str, Any] = {
        "label": options.get("label") or str(field.verbose_name).capitalize(),
        "help_text": field.help_text,
        "required": not field.blank,
    }
    if isinstance(field, models.ForeignKey) and field.related_model is Reference:
        return ReferenceField(kinds=reference_kinds(field), **common)
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, Referenced):
        return RecordField(model=field.related_model, **common)
    if isinstance(field, ArrayField):
        return TagsField(**{**common, "help_text": "Separated by commas."})
    if isinstance(field, models.JSONField):
        return LinksField(**{**common, "help_text": "One a line: the address, then what to call it."})
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    found: forms.Field | None = field.formfield(**options)
    if found and isinstance(field, models.TextField):
        found.widget.attrs["rows"] = 3
    return found


def reference_kinds(field: Any) -> tuple[str, ...]:
    """Which kinds of record a foreign key to Reference may name, from its ``limit_choices_to``."""
    limit = field.get_limit_choices_to()
    return tuple(limit.get("kind__in", ())) or ("group",)


@cache
def form_class(slug: str) -> type[RecordForm]:
    """The form of a collection, made once."""
    collection = get_collection(slug)
    assert collection is not None  # noqa: S101  the slug comes from a registered collection
    made: Any = forms.modelform_factory(
        collection.model,
        form=RecordForm,
        fields=collection.form,
        formfield_callback=formfield,
    )
    found: type[RecordForm] = made
    return found


def make_form(collection: Collection, record: models.Model | None = None, data: Any = None) -> RecordForm:
    """The form for a new record, or for this one; bound when ``data`` is given."""
    form = form_class(collection.slug)(data, instance=record)
    if hasattr(record, "version"):
        form.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, initial=getattr(record, "version", 0))
        if "owner" in form.fields:
            form.fields["owner"].help_text = "Whoever is named here may change it from then on, others no longer."
    for name, bound in form.fields.items():
        if isinstance(bound, ReferenceField) and record is not None:
            form.initial[name] = bound.prepare_value(getattr(record, name))
    return form
