"""Documents that only look like descriptors: skeletons of templates, workflows, settings. They are set aside, said
so, and not counted as mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_TEMPLATE_MARK = re.compile(r"\$\{\{|\{\{|\{%")
# What a person wrote at length may speak of templates without being one.
_PROSE = frozenset({"description", "definition"})
_COMMENT_LINE = re.compile(r"^\s*#.*$", re.MULTILINE)

_SETTINGS = frozenset(
    {
        "app",
        "backend",
        "catalog",
        "integrations",
        "proxy",
        "techdocs",
        "auth",
        "scaffolder",
        "organization",
    }
)

SKELETON = "This is the skeleton of a template: its values are filled in when somebody uses the template."
WORKFLOW = "This is a GitHub workflow, not a descriptor: it has jobs, and no apiVersion and kind."
SETTINGS = "These are settings (app-config), not a descriptor: there is no apiVersion and kind."
API_DEFINITION = (
    "This is the definition of an API, not a descriptor. An API entity names it with definition: {$text: …}."
)


def reason_to_set_aside(value: Any, text: str) -> str:
    """Why an invalid document is no descriptor at all; empty when it is one with mistakes. ``value`` may be None."""
    if isinstance(value, dict):
        return _known_file(value) or (SKELETON if _is_skeleton(value) else "")
    return SKELETON if value is None and _TEMPLATE_MARK.search(_COMMENT_LINE.sub("", text)) else ""


def _known_file(value: dict[str, Any]) -> str:
    if "kind" in value or "apiVersion" in value:
        return ""
    if "jobs" in value and "on" in value:
        return WORKFLOW
    if any(key in value for key in ("openapi", "swagger", "asyncapi")):
        return API_DEFINITION
    return SETTINGS if len(_SETTINGS & value.keys()) >= 2 else ""


def _is_skeleton(value: dict[str, Any]) -> bool:
    if value.get("kind") == "Template":
        return False  # its steps are full of marks and right so
    return any(_TEMPLATE_MARK.search(text) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    """The short texts of a document. An unquoted {{ x }} has become a mapping with the key “{ x }”."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield f"{{{key}" if key.startswith("{") else key
            if key not in _PROSE or isinstance(item, dict):
                yield from _texts(item)
