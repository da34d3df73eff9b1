"""Moments that people type: on the clocks of a zone that is named, and honest about hours that such a clock shows twice
or never."""

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.lint import CLOCK_SKEW

_SHAPE = "%Y-%m-%dT%H:%M"
# Nobody writes down what is further away: its year is mistyped.
_FAR_AWAY = dt.timedelta(days=20 * 365)


def zone_choices() -> list[tuple[str, str]]:
    """The zones that somebody may read a clock in: their own, that of the organisation, UTC."""
    own = timezone.get_current_timezone_name()
    named = {own: f"{own} (yours)", settings.TIME_ZONE: f"{settings.TIME_ZONE} (the organisation's)", "UTC": "UTC"}
    named[own] = f"{own} (yours)" if len(named) > 1 else own
    return list(named.items())


def moment_of(text: str, zone: zoneinfo.ZoneInfo, which: str = "") -> dt.datetime:
    """What a clock of ``zone`` showed, as a moment. A text with an offset of its own (``Z``, ``+01:00``) means that.

    ``which`` is ``first`` or ``second``, where the clock showed it twice. Raises ValidationError for what is no time,
    for an hour that was left out, and with the code ``twice`` where it is not said which of the two is meant.
    """
    try:
        said = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValidationError("This is no date with a time. Write it such as 2026-11-19 14:07.") from None
    if said.tzinfo is not None:
        return _in_utc(said)
    first, second = said.replace(tzinfo=zone), said.replace(tzinfo=zone, fold=1)
    shift = _offset(second) - _offset(first)
    if shift > dt.timedelta():
        raise ValidationError(_left_out(said, zone, shift))
    if shift and which not in {"first", "second"}:
        raise ValidationError(
            f"{_said(said)} came twice in {zone.key}, because clocks were put back. Say which of the two it was.",
            code="twice",
        )
    return _in_utc(second if which == "second" else first)


def _in_utc(said: dt.datetime) -> dt.datetime:
    try:
        return said.astimezone(dt.UTC)
    except OverflowError:  # at the very ends of the calendar
        raise ValidationError(_of_a_strange_year(said)) from None


def which_choices(text: str, zone: zoneinfo.ZoneInfo) -> list[tuple[str, str]]:
    """The two moments that a clock of ``zone`` means by ``text``; nothing where it means one."""
    try:
        said = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return []
    first, second = said.replace(tzinfo=zone), said.replace(tzinfo=zone, fold=1)
    if said.tzinfo is not None or _offset(second) >= _offset(first):
        return []
    return [
        (name, f"the {name} time, {each.astimezone(dt.UTC):%H:%M} UTC ({each:%Z})")
        for name, each in (("first", first), ("second", second))
    ]


def refuse_impossible(moments: Mapping[str, dt.datetime | None]) -> None:
    """Raise ValidationError, by the names of the moments, for those at which nothing can have happened."""
    now = timezone.now()
    for name, at in moments.items():
        if at is not None and abs(at - now) > _FAR_AWAY:
            raise ValidationError({name: _of_a_strange_year(at)})
        if at is not None and at > now + CLOCK_SKEW:
            raise ValidationError({name: _yet_to_come(at)})


def _of_a_strange_year(at: dt.datetime) -> str:
    return f"This is in the year {at.year}. Look at the year again."


def _yet_to_come(at: dt.datetime) -> str:
    """Why a moment is not taken that has not come, and what was probably meant."""
    now = timezone.localtime()
    zone = timezone.get_current_timezone_name()
    return (
        f"This is yet to come: {_said(timezone.localtime(at))} in {zone}, where it is {now:%H:%M} now. Write down what "
        "happened when it has; and if the clock you read shows another zone, say which."
    )


class Typed(str):
    """What was typed, and which of two hours is meant by it."""

    __slots__ = ("which",)
    which: str

    def __new__(cls, text: str, which: str = "") -> "Typed":
        made = super().__new__(cls, text)
        made.which = which
        return made


class MomentInput(forms.DateTimeInput):
    """A field for a moment. Where the clock shows what was typed twice, it asks which."""

    zone: zoneinfo.ZoneInfo = zoneinfo.ZoneInfo("UTC")

    def __init__(self, attrs: Any = None) -> None:
        super().__init__({"type": "datetime-local", "step": "60", **(attrs or {})}, format=_SHAPE)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        text = super().value_from_datadict(data, files, name)
        return text if text is None else Typed(text, data.get(f"{name}_which", ""))

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        base = super().render(name, value, attrs, renderer)
        choices = which_choices(value, self.zone) if isinstance(value, str) else []
        if not choices:
            return base
        chosen = getattr(value, "which", "")
        select = forms.Select({"class": "gw-field", "aria-label": "Which of the two"}, [("", "which?"), *choices])
        return format_html("{} {}", base, select.render(f"{name}_which", chosen))


class MomentField(forms.Field):
    """A moment on the clocks of the zone that the form is in."""

    widget = MomentInput
    zone: zoneinfo.ZoneInfo = zoneinfo.ZoneInfo("UTC")

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dt.datetime):
            return value
        local = value.astimezone(self.zone)
        return Typed(f"{local:{_SHAPE}}", "second" if local.fold else "first")

    def has_changed(self, initial: Any, data: Any) -> bool:
        shown = self.prepare_value(initial)
        if not shown or not data:
            return bool(shown or data)
        is_twice = bool(which_choices(data, self.zone))
        return bool(shown != data or (is_twice and shown.which != data.which))

    def to_python(self, value: Any) -> dt.datetime | None:
        return moment_of(value, self.zone, getattr(value, "which", "")) if value else None


class ZonedForm(forms.Form):
    """A form whose moments are on the clocks of a zone that can be chosen, the reader's unless another one is."""

    zone = forms.ChoiceField(label="Clocks of", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = zone_choices()
        field: Any = self.fields["zone"]
        field.choices = choices
        self.zone_name = self._asked(choices)
        field.initial = self.zone_name
        if not self.has_zones:
            field.widget = forms.HiddenInput()
        for each in self.moments():
            each.zone = each.widget.zone = zoneinfo.ZoneInfo(self.zone_name)

    def moments(self) -> Sequence[Any]:
        return [each for each in self.fields.values() if isinstance(each, MomentField)]

    def clean(self) -> dict[str, Any]:
        """A moment that was not touched is what it was, to the second: the field shows minutes."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, MomentField) and name in data and name not in self.changed_data:
                data[name] = self.get_initial_for_field(field, name)
        return data

    def values(self) -> dict[str, Any]:
        """What was said, apart from whose clocks it was said on."""
        return {name: value for name, value in self.cleaned_data.items() if name != "zone"}

    @property
    def has_zones(self) -> bool:
        """Whether there is anything to choose."""
        return len(zone_choices()) > 1

    def _asked(self, choices: list[tuple[str, str]]) -> str:
        asked = self.data.get(self.add_prefix("zone"), "")
        return asked if asked in dict(choices) else choices[0][0]


def _offset(at: dt.datetime) -> dt.timedelta:
    return at.utcoffset() or dt.timedelta()


def _left_out(said: dt.datetime, zone: zoneinfo.ZoneInfo, shift: dt.timedelta) -> str:
    before, after = f"{said - shift:%H:%M}", f"{said + shift:%H:%M}"
    return (
        f"No clock in {zone.key} showed {_said(said)}: they were put forward over it. Write {before} or {after}, or "
        "choose UTC as the zone."
    )


def _said(at: dt.datetime) -> str:
    return f"{at:%H:%M} on {at.day} {at:%b %Y}"
