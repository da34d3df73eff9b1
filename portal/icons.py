"""What the build of the front end made: bundles with the hash of their content, and one sprite of icons."""

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

DIST = Path(__file__).resolve().parent / "static" / "dist"


def bundle(name: str) -> str:
    """The address of a built file, such as ``portal.css``: its name with the hash of its content."""
    if settings.DEBUG:
        _address.cache_clear()
    return _address(DIST, name)


@cache
def _address(dist: Path, name: str) -> str:
    """Kept for as long as the process lives: WhiteNoise, too, looks once at what has been built."""
    manifest = dist / "manifest.json"
    try:
        names: dict[str, str] = json.loads(manifest.read_text("utf-8"))
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"The front end is not built: {manifest} is missing. Build it with: npm ci && node assets/build.mjs"
        ) from None
    if name not in names:
        raise ImproperlyConfigured(f"The front end has no file “{name}”. It has: {', '.join(sorted(names))}.")
    return static(f"dist/{names[name]}")


def icon(name: str) -> SafeString:
    """An icon from the sprite, hidden from screen readers: a word always stands beside it or in an aria-label."""
    return _icon(name, bundle("icons.svg"))


@cache
def _icon(name: str, sprite: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#i-{}"/></svg>', sprite, name)
