"""Form fields that Django has none of: references, records with a reference, tags and links."""

from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.db import models

from portal.collections import Collection, collections, first_collection_of
from portal.labelled import find_labelled, label_of
from portal.named_values import masked
from portal.references.finding import find_reference
from portal.references.models import Reference, Referenced

LINK_SCHEMES = ["http", "https", "mailto", "slack", "msteams"]


def chosen_from(rows: models.QuerySet[Any], held: Any) -> models.QuerySet[Any]:
    """Of these rows what may be chosen: what is switched on, and the one (a key) that a record has already."""
    return rows.filter(models.Q(is_active=True) | models.Q(pk=held)) if hasattr(rows.model, "is_active") else rows


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
        return find_reference(text, self.kinds, self.among()) if text else None

    def among(self) -> models.QuerySet[Reference] | None:
        """Where it is looked for; None for everywhere."""
        return None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(self.prepare_value(data) or "").strip()


class ReferencesField(ReferenceField):
    """Several records with commas between them, each typed as ``ReferenceField`` takes one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.attrs["data-several"] = ""

    def prepare_value(self, value: Any) -> Any:
        several = value if isinstance(value, list | tuple) else [value]
        return ", ".join(str(super(ReferencesField, self).prepare_value(each)) for each in several if each)

    def clean(self, value: Any) -> Any:
        texts = [part.strip() for part in str(value or "").split(",") if part.strip()]
        forms.Field.clean(self, texts)
        found, problems = [], []
        for text in dict.fromkeys(texts):
            try:
                found.append(find_reference(text, self.kinds))
            except forms.ValidationError as problem:
                problems += problem.messages
        if problems:
            raise forms.ValidationError(problems)
        return list(dict.fromkeys(found))


def kinds_of(model: type[models.Model]) -> tuple[str, ...]:
    """The kinds of reference that stand for records of a model."""
    return tuple(kind for each in collections() if each.model is model for kind in each.kinds)


def references_of(model: type[models.Model], reader: Any) -> models.QuerySet[Reference] | None:
    """The references of the records of a model that the reader may see, so that another one is as unknown as one that
    is not there; None where everybody sees all."""
    home = first_collection_of(model)
    if home is None or not home.has_row_rule:
        return None
    return Reference.objects.filter(pk__in=home.visible(reader).values("reference"))


class RecordField(ReferenceField):
    """A record itself, typed and suggested by its reference, of those that ``reader`` may see: nobody signed in unless
    the form says who it is for."""

    reader: Any = None

    def __init__(self, *, model: type[Referenced], **options: Any) -> None:
        self.model = model
        super().__init__(kinds=kinds_of(model), **options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = self.model._default_manager.filter(pk=value).first()
        return super().prepare_value(value.reference if isinstance(value, self.model) else value)

    def among(self) -> models.QuerySet[Reference] | None:
        return references_of(self.model, self.reader)

    def clean(self, value: Any) -> Any:
        if isinstance(value, self.model):
            return value
        reference = super().clean(value)
        found = self.model._default_manager.filter(reference=reference).first() if reference else None
        if reference and found is None:
            raise forms.ValidationError(f"{reference.canonical} is pointed at, but nobody has described it.")
        return found


def fit(form: Any, collection: Collection, record: models.Model | None, reader: Any) -> None:
    """Make the fields of a form say what its record has, offer what may be chosen, and find what its reader may see."""
    for name, bound in form.fields.items():
        if isinstance(bound, RecordField):
            bound.reader = reader
        if isinstance(bound, ReferenceField) and record is not None:
            form.initial[name] = bound.prepare_value(getattr(record, name))
        if isinstance(bound, forms.ModelChoiceField) and bound.queryset is not None:
            held = getattr(record, f"{name}_id", None)
            bound.queryset = _offered(bound.queryset, collection.choices.get(name), held)


def _offered(rows: models.QuerySet[Any], choices: Any, held: Any) -> models.QuerySet[Any]:
    """What may be chosen of these rows, or what the ``choices`` of the collection give, and the one that is held."""
    return chosen_from(rows, held) if choices is None else choices() | rows.model._default_manager.filter(pk=held)


class LabelledField(forms.Field):
    """A record without a reference, typed and suggested by its label (portal.labelled)."""

    def __init__(self, *, model: type[models.Model], **options: Any) -> None:
        self.model = model
        super().__init__(**options)
        slug = next(each.slug for each in collections() if each.model is model)
        self.widget.attrs |= {"autocomplete": "off", "data-labels": slug, "spellcheck": "false"}

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            value = self.model._default_manager.filter(pk=value).first()
        return label_of(value) if isinstance(value, self.model) else value

    def clean(self, value: Any) -> Any:
        if isinstance(value, self.model):
            return value
        text = str(value or "").strip()
        super().clean(text)
        return find_labelled(self.model, text) if text else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(self.prepare_value(data) or "").strip()


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
        return list(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))

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


class NamedValuesField(forms.CharField):
    """Values by name, one a line, ``Name: value``. With ``secrets`` values of secret-sounding names are masked."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def __init__(self, *, secrets: bool = False, **options: Any) -> None:
        self.secrets = secrets
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        shown = masked(value) if self.secrets else value
        return "\n".join(f"{name}: {text}" for name, text in shown.items())

    def clean(self, value: Any) -> dict[str, str]:
        if isinstance(value, dict):
            return value
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, super().clean(value).splitlines())):
            name, colon, text = (part.strip() for part in line.partition(":"))
            if not colon or not name:
                raise forms.ValidationError(f"“{line[:80]}” has no name and value. Write it as Name: value.")
            if name.lower() in map(str.lower, found):
                raise forms.ValidationError(f"“{name}” stands here twice. Keep one of the two.")
            found[name] = text
        return found

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "") != str(self.prepare_value(data) or "").strip()
