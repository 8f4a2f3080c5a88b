"""Smaller copies of a picture, for whoever does not take the picture itself."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
_SIDES = (2560, 1600, 1024)
"""The longest sides that are tried; a page of text is still read in the first, a house seen in the last."""
_QUALITY = 80
_MOST_PIXELS = 120_000_000
"""A larger picture is a bomb or a map; its bytes are small and its pixels fill the memory."""


def smaller_copies(content: bytes) -> Iterator[bytes]:
    """Yield the picture as JPEG, each time smaller; nothing where it is no picture, or one too large to open."""
    for side in _SIDES:
        copy = _copy(content, side)
        if copy is not None and len(copy) < len(content):
            yield copy


def _copy(content: bytes, side: int) -> bytes | None:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.draft("RGB", (side, side))  # a JPEG is read at the size that is needed
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((side, side))
            out = io.BytesIO()
            upright.convert("RGB").save(out, "JPEG", quality=_QUALITY, optimize=True)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        # Pillow tells of a picture that it cannot read in each of these ways.
        return None
    return out.getvalue()
