"""How a status looks: icon and word, in one of six states. An app says once how the values of its own look."""

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.icons import icon

STATUS_ICONS = {
    "ok": "circle-check",
    "warn": "alert-triangle",
    "bad": "circle-x",
    "info": "info-circle",
    "plan": "pencil",
    "idle": "circle-dashed",
}
_looks: dict[str, tuple[str, str]] = {}


def looks(states: Mapping[str, str | tuple[str, str]]) -> None:
    """Say in which state each value is shown, and with which icon where that is not the state's own."""
    for value, look in states.items():
        state, name = look if isinstance(look, tuple) else (look, "")
        _looks[value] = (state, name or STATUS_ICONS[state])


def look_of(value: str) -> tuple[str, str]:
    """State and icon of a value; one that nobody spoke for is shown as idle."""
    return _looks.get(value, ("idle", STATUS_ICONS["idle"]))


def status(state: str, label: object, name: str = "", pill: bool = False) -> SafeString:
    """A status: icon and word. ``state`` is ok, warn, bad, info, plan or idle; ``name`` another icon than its own."""
    if state not in STATUS_ICONS:
        raise ValueError(f"There is no status “{state}”. Use one of {', '.join(STATUS_ICONS)}.")
    return format_html(
        '<span class="{}" data-s="{}">{}{}</span>',
        "gw-st gw-pill" if pill else "gw-st",
        state,
        icon(name or STATUS_ICONS[state]),
        label,
    )
