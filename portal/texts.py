"""What any text of a record must be, whoever writes it: not endless, and without what turns the page around it."""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

LONGEST_TEXT = 20_000
MOST_ITEMS = 50
# Control characters, but for tab and line ends, and those that reverse the writing direction of what follows them.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def text_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """Field → what is wrong with its text or its list, and how to mend it."""
    found = {name: _problem(value) for name, value in values.items()}
    return {name: problem for name, problem in found.items() if problem}


def check_texts(values: Mapping[str, Any]) -> None:
    """Refuse what ``text_problems`` finds."""
    if problems := text_problems(values):
        raise ValidationError({**problems})


def _problem(value: Any) -> str:
    if isinstance(value, str):
        return _problem_of_text(value)
    if not isinstance(value, list):
        return ""
    if len(value) > MOST_ITEMS:
        return f"There are {len(value):,}, and at most {MOST_ITEMS} are kept. Take some out."
    parts = [part for each in value for part in (each.values() if isinstance(each, dict) else [each])]
    return next((problem for part in parts if isinstance(part, str) and (problem := _problem_of_text(part))), "")


def _problem_of_text(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        return f"This has {len(text):,} characters, and at most {LONGEST_TEXT:,} are kept. Shorten it."
    if found := _INVISIBLE.search(text):
        return (
            f"Character {found.start() + 1} is invisible (U+{ord(found[0]):04X}) and turns or breaks text. Remove it."
        )
    return ""
