"""Pictures: what is taken for one, and the copies of it that pages show.

A copy is drawn anew from the pixels, so that whatever else a file carries (a script behind a picture, where a photo was
taken) is in none. Only what Pillow reads as one of four formats is a picture; every other file is none, whatever its
name says.
"""

import io
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
# A picture of few bytes may have endless pixels; a phone's best has 50 million.
MOST_PIXELS = 51_000_000
SHOWN_PX, SMALL_PX = 2560, 480
# Modes that can be made smaller as they are; the others would look torn.
_SMOOTH = frozenset({"L", "LA", "RGB", "RGBA"})
# What cannot be read is told in many ways by the decoders.
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError)


@dataclass(frozen=True)
class Picture:
    """The copies of a picture, both of ``media_type``, and the size in pixels that the file says it has."""

    width: int
    height: int
    media_type: str
    shown: bytes
    small: bytes


def picture_of(name: str, file: Any) -> Picture | None:
    """The picture that a file is; None where it is none or is cut off. Of one that moves it is the first.

    Raises ValidationError for one with so many pixels that drawing it would take the memory of everybody else.
    """
    try:
        file.seek(0)
        with Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise ValidationError(_too_many_pixels(name, width, height))
            return _drawn(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(_too_many_pixels(name, 0, 0)) from None
    except ValidationError:
        raise
    except _UNREADABLE:
        return None
    finally:
        file.seek(0)


def _drawn(image: Image.Image) -> Picture:
    width, height = image.size
    kept = image.format if image.format in {"JPEG", "WEBP"} else "PNG"
    full = image if image.mode in _SMOOTH else image.convert(_mode_of(image))
    full.thumbnail((SHOWN_PX, SHOWN_PX), reducing_gap=2.0)  # of a large JPEG only as much is read as that needs
    plain = ImageOps.exif_transpose(full).convert("RGB" if kept == "JPEG" else _mode_of(full))
    shown = _written(plain, kept)
    plain.thumbnail((SMALL_PX, SMALL_PX), reducing_gap=2.0)
    return Picture(width, height, f"image/{kept.lower()}", shown, _written(plain, kept))


def _mode_of(image: Image.Image) -> str:
    return "RGBA" if image.has_transparency_data else "RGB"


def _written(image: Image.Image, kept: str) -> bytes:
    """A copy without what the file said beside its pixels."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = io.BytesIO()
    bare.save(out, kept, quality=88)
    return out.getvalue()


def _too_many_pixels(name: str, width: int, height: int) -> str:
    found = f"{width:,} × {height:,} pixels" if width else "too many pixels"
    most = MOST_PIXELS // 1_000_000
    return f"{name} has {found}, and a picture of at most {most} million is taken. Make it smaller, or cut it."
