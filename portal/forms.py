"""Forms of records, made from their collection's ``form`` fields."""

from functools import cache
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models

from portal.collections import Collection, collections, get_collection
from portal.fields import (
    LabelledField,
    LinksField,
    NamedValuesField,
    RecordField,
    ReferenceField,
    TagsField,
    fit,
)
from portal.labelled import is_labelled
from portal.named_values import NamedValues
from portal.references.models import Reference, Referenced
from portal.refusing import problems_of, rest_of


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """Validates one field at a time; the action validates the record as a whole and writes it."""

    def _post_clean(self) -> None:
        """Leave the instance alone: actions set values, so that a refused form changes nothing."""

    def clean(self) -> dict[str, Any]:
        """What the action would refuse of single values is said together with what the fields refuse."""
        for name, problem in problems_of(self._meta.model, self.cleaned_data).items():
            self.add_error(name, problem)
        for name, problems in rest_of(self.instance, self.values, self.errors).items() if self.errors else ():
            self.add_error(name if name in self.fields else None, problems)
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
    if isinstance(field, models.ForeignKey) and is_labelled(field.related_model):
        return LabelledField(model=field.related_model, **common)
    if isinstance(field, ArrayField):
        return TagsField(**{**common, "help_text": "Separated by commas."})
    if isinstance(field, NamedValues):
        return NamedValuesField(**common, secrets=field.secrets)
    if isinstance(field, models.JSONField):
        return LinksField(**{**common, "help_text": "One a line: the address, then what to call it."})
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    found: forms.Field | None = field.formfield(**options)
    if found and isinstance(field, models.TextField):
        found.widget.attrs["rows"] = 3
    if found and type(field) is models.DateField:
        found.widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return found


def reference_kinds(field: Any) -> tuple[str, ...]:
    """Which kinds of record a foreign key to Reference may name, from its ``limit_choices_to``; without one all that
    have a page and are seen by everybody, teams first: what is near to a name would tell of the others."""
    limit = field.get_limit_choices_to()
    return tuple(limit.get("kind__in", ())) or tuple(
        dict.fromkeys(kind for each in collections() if not each.has_row_rule for kind in each.kinds)
    )


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
    for name, filters in collection.offers.items():
        made.base_fields[name].widget.attrs["data-filters"] = filters
    found: type[RecordForm] = made
    return found


def make_form(
    collection: Collection, record: models.Model | None = None, data: Any = None, reader: Any = None
) -> RecordForm:
    """The form for a new record, or for this one; bound when ``data`` is given. It finds what ``reader`` may see."""
    form = form_class(collection.slug)(data, instance=record)
    if hasattr(record, "version"):
        form.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, initial=getattr(record, "version", 0))
        if "owner" in form.fields:
            form.fields["owner"].help_text = "Whoever is named here may change it from then on, others no longer."
    fit(form, collection, record, reader)
    return form
