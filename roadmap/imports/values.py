"""What the values of a source mean here, field by field, in words where they mean nothing."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from portal.forms import reference_kinds
from portal.references.finding import find_reference
from portal.references.models import Reference
from portal.tenure import organisation_today
from roadmap.imports.mapping import Rule
from roadmap.models import Cycle, Initiative, Objective

ISO = "%Y-%m-%d"
_YES = {"true": True, "yes": True, "1": True, "x": True, "false": False, "no": False, "0": False}
_WORDS = re.compile(r"[^0-9a-z×]+")
_SHOWN = 80


def _objective(title: str) -> Objective | None:
    """The objective with this title: of several, that of the newest cycle which has begun."""
    found = Objective.objects.filter(title__iexact=title).order_by("-cycle__starts_on", "pk").select_related("cycle")
    begun = (each for each in found if each.cycle.starts_on <= organisation_today())
    return next(begun, None) or found.last()


_NAMED: Mapping[Any, Callable[[str], Any]] = {
    Cycle: lambda text: Cycle.objects.filter(name__iexact=text).first(),
    Objective: _objective,
}
_OR_LEFT_OUT = " Or leave it out: “unknown: leave out” in the mapping."
_OR_LEFT_OUT_ON_THE_PAGE = " Or have it left out: the page of the columns asks about it."


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field of a row, and how to mend it."""

    field: str
    reason: str
    mend: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason} {self.mend}".strip()


class Unfit(Exception):  # noqa: N818  it names what it is
    """A value that means nothing here. ``on_the_page`` is how to mend it without a mapping file, where that differs."""

    def __init__(self, reason: str, mend: str, on_the_page: str = "") -> None:
        super().__init__(reason)
        self.reason, self.mend, self.on_the_page = reason, mend, on_the_page or mend

    def problem(self, rule: Rule) -> Problem:
        mend = self.on_the_page if rule.chosen else self.mend
        or_left_out = _OR_LEFT_OUT_ON_THE_PAGE if rule.chosen else _OR_LEFT_OUT
        return Problem(rule.name, self.reason, mend if rule.leaves_out else mend + or_left_out)


@dataclass
class Meant:
    """The values of one row by field, what of it was left out, and what keeps it out. ``by_status`` names the values
    that the row does not say itself, and that follow from its status."""

    values: dict[str, Any] = field(default_factory=dict)
    by_status: set[str] = field(default_factory=set)
    left_out: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Meaning:
    """Understands values; what was looked up once is remembered for the next rows."""

    def __init__(self) -> None:
        self.references: dict[tuple[str, tuple[str, ...]], Reference | Unfit] = {}
        self.named: dict[tuple[type, str], Any] = {}

    def of(self, rules: tuple[Rule, ...], row: Mapping[str, Any]) -> Meant:
        """What a row says of every field that has a rule."""
        meant = Meant()
        for rule in rules:
            model_field: Any = Initiative._meta.get_field(rule.name)
            try:
                meant.values[rule.name] = self._value(rule, model_field, row)
            except Unfit as unfit:
                if rule.leaves_out:
                    meant.left_out.append(unfit.problem(rule))
                    meant.values[rule.name] = empty(model_field)
                else:
                    meant.problems.append(unfit.problem(rule))
        return meant

    def _value(self, rule: Rule, model_field: Any, row: Mapping[str, Any]) -> Any:
        raw = translated(rule, rule.raw(row))
        if raw in (None, "", [], {}):
            raw = rule.default
        return empty(model_field) if raw in (None, "") else self.read(rule, model_field, raw)

    def read(self, rule: Rule, model_field: Any, raw: Any) -> Any:
        """The value of the model's field. Raises Unfit."""
        if isinstance(model_field, models.ForeignKey):
            return self._record(model_field, _single(raw))
        if model_field.choices:
            return _choice(model_field, _single(raw), rule.usual_words or {})
        if isinstance(model_field, models.DateField):
            return _date(_single(raw), rule.dates or (ISO,))
        if isinstance(model_field, models.BooleanField):
            return _yes_or_no(_single(raw))
        if isinstance(model_field, models.DecimalField):
            return _decimal(_single(raw))
        if isinstance(model_field, models.IntegerField | models.FloatField):
            return _number(_single(raw), whole=isinstance(model_field, models.IntegerField))
        return _text(raw)

    def _record(self, model_field: Any, text: str) -> Any:
        if model_field.related_model is Reference:
            return self._reference(text, reference_kinds(model_field))
        key = (model_field.related_model, text.casefold())
        if key not in self.named:
            self.named[key] = _NAMED[model_field.related_model](text)
        if self.named[key] is None:
            what = model_field.related_model._meta.verbose_name
            raise Unfit(f"There is no {what} “{text[:_SHOWN]}”.", f"Make the {what} first, or correct the name.")
        return self.named[key]

    def _reference(self, text: str, kinds: tuple[str, ...]) -> Reference:
        key = (text.casefold(), kinds)
        if key not in self.references:
            try:
                self.references[key] = find_reference(text, kinds)
            except ValidationError as problem:
                self.references[key] = Unfit(
                    problem.messages[0], "Correct the name, or describe it in the catalog first."
                )
        found = self.references[key]
        if isinstance(found, Unfit):
            raise Unfit(found.reason, found.mend)
        return found


def translated(rule: Rule, raw: Any) -> Any:
    """The word of the source in a word of ours, where the rule has a table. Raises Unfit for one that it lacks."""
    if rule.table is None or raw in (None, "", [], {}):
        return raw
    word = _single(raw).strip()
    if word.casefold() not in rule.table:
        there = ", ".join(list(rule.table)[:12])
        raise Unfit(
            f"The mapping does not say what “{word[:_SHOWN]}” means.",
            f"Add it to the table of {rule.name} in the mapping, or correct the source. There are: {there}.",
        )
    return rule.table[word.casefold()]


def empty(model_field: Any) -> Any:
    """What stands where nothing is said."""
    if model_field.has_default():
        return model_field.get_default()
    return None if model_field.null else ""


def as_kept(model_field: Any, value: Any) -> Any:
    """The value in a form that JSON has, in which two are compared."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return float(value) if isinstance(model_field, models.FloatField) and value is not None else value


def _single(raw: Any) -> str:
    """One value as text. Raises Unfit for several, of which none is more right than the others."""
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    if isinstance(raw, list | dict):
        shape = f"{len(raw)} values stand here" if isinstance(raw, list) else "Here stand fields with values"
        by_path = "Name one of them by its path in the mapping, such as authors.0."
        raise Unfit(f"{shape}; one is needed.", by_path, "Choose another column, or give it one value in the file.")
    return _text(raw)


def _text(raw: Any) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, list):
        return ", ".join(_text(each) for each in raw)
    if isinstance(raw, dict):
        return "\n".join(f"- {name}: {_text(each)}" for name, each in raw.items())
    return "" if raw is None else str(raw).strip()


def _plain(word: str) -> str:
    return _WORDS.sub(" ", word.casefold()).strip()


def _choice(model_field: Any, text: str, usual_words: Mapping[str, Any]) -> Any:
    """By the value or the label of a choice, whatever stands between its words; else by a usual word for it."""
    for value, label in (*model_field.choices, *((value, word) for word, value in usual_words.items())):
        if _plain(text) in (_plain(str(value)), _plain(str(label))):
            return value
    there = f"There are: {', '.join(str(value) for value, _ in model_field.choices)}."
    raise Unfit(
        f"“{text[:_SHOWN]}” is no {model_field.verbose_name}.", f"{there} Say in the mapping what it means.",
        f"{there} Write one of them in the file.",
    )  # fmt: skip


def _date(text: str, formats: tuple[str, ...]) -> dt.date:
    for each in formats:
        try:
            return dt.datetime.strptime(text.strip(), each).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    try:
        return dt.datetime.fromisoformat(text.strip()).date()
    except ValueError:
        example = dt.date(2026, 11, 22).strftime(formats[0])
        raise Unfit(
            f"“{text[:_SHOWN]}” is no day that there is, written such as {example}.",
            "Correct it in the source, or say in the mapping how dates are written (dates).",
            "Correct it in the file, or say on the page of the columns how days are written.",
        ) from None


def _yes_or_no(text: str) -> bool:
    if text.strip().casefold() not in _YES:
        raise Unfit(
            f"“{text[:_SHOWN]}” is neither yes nor no.", "Write yes or no, or say in the mapping what it means.",
            "Write yes or no in the file.",
        )  # fmt: skip
    return _YES[text.strip().casefold()]


def _number(text: str, *, whole: bool) -> float:
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in text or abs(value) > 1e12 or (whole and not value.is_integer()):
        what = "whole number" if whole else "number"
        raise Unfit(f"“{text[:_SHOWN]}” is no {what}.", "Write it with a point and without thousands, such as 1234.5.")
    return int(value) if whole else value


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(str(_number(text, whole=False))).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise Unfit(f"“{text[:_SHOWN]}” is too large.", "Write it with at most twelve digits.") from None
