"""Values by name, such as the headers of a request: people write them as lines, ``Name: value``.

Values whose names sound secret, and those that look like credentials, are shown as MASK wherever they are shown, in the
form of the record too; a mask that comes back stands for the value that is kept (``restored``).
"""

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

MASK = "\u2022" * 8
_SECRET = re.compile(
    r"access|auth|bearer|cookie|credential|jwt|key|pass|secret|session|signature|token"
    # Too short to be looked for within words.
    r"|(?<![a-z])(?:otp|sid|sig)(?![a-z])",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r"\s*(?:basic|bearer)\s", re.IGNORECASE)
_PARAMETER = re.compile(r"""([?&]([^=&#\s"]+)=)[^&#\s"]+""")


class NamedValues(models.JSONField):
    """Texts by name. With ``secrets`` those of secret-sounding names are masked in forms."""

    def __init__(self, *args: Any, secrets: bool = False, **options: Any) -> None:
        self.secrets = secrets
        super().__init__(*args, **{"default": dict, "blank": True, **options})

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, **({"secrets": True} if self.secrets else {})}


def is_secret(name: str, value: str = "") -> bool:
    return bool(_SECRET.search(name) or _CREDENTIALS.match(value))


def masked(values: Mapping[str, str]) -> dict[str, str]:
    """The values as they may be shown."""
    return {name: MASK if is_secret(name, value) else value for name, value in values.items()}


def without_secrets(text: str) -> str:
    """A text in which the addresses have no values of secret-sounding parameters, as it may be shown."""
    return _PARAMETER.sub(lambda found: found[1] + MASK if is_secret(found[2]) else found[0], text)


def restored(values: Any, kept: Mapping[str, str], field: str) -> Any:
    """The values with what is kept in the place of each mask. What is no mapping is left to whoever validates it.

    Raises ValidationError, by ``field``, for a mask that stands for nothing.
    """
    if not isinstance(values, Mapping):
        return values
    lost = next((name for name, value in values.items() if value == MASK and name not in kept), None)
    if lost is not None:
        raise ValidationError({field: f"The value of {lost} is hidden, and nothing is kept under that name. Type it."})
    return {name: kept[name] if value == MASK else value for name, value in values.items()}
