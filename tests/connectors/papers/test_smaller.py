"""Smaller copies of pictures: each smaller than the one before, upright, and nothing of what is none."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image

from mcur.connectors.papers.smaller import smaller_copies


def a_photo(kind: str, size: tuple[int, int] = (3000, 2000), orientation: int = 1) -> bytes:
    """Take a noisy photo, as of grass."""
    noise = random.Random(1).randbytes(size[0] // 4 * (size[1] // 4) * 3)
    picture = Image.frombytes("RGB", (size[0] // 4, size[1] // 4), noise).resize(size)
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    picture.save(out, kind, exif=exif)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_copy_is_smaller_and_a_jpeg(kind: str) -> None:
    """Down to what any tracker takes."""
    photo = a_photo(kind)

    sizes = [len(copy) for copy in smaller_copies(photo)]
    widths = [Image.open(io.BytesIO(copy)).size for copy in smaller_copies(photo)]

    assert sizes == sorted(sizes, reverse=True)
    assert all(size < len(photo) for size in sizes)
    assert widths[-1] == (1024, 683)


def test_a_picture_stands_upright() -> None:
    """A telephone says in EXIF how it was held, and a copy has no EXIF."""
    *_, last = smaller_copies(a_photo("JPEG", orientation=6))

    assert Image.open(io.BytesIO(last)).size == (683, 1024)


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n" + b"x" * 100, a_photo("JPEG", (400, 300))[:500]],
)
def test_what_is_no_picture_has_no_copy(content: bytes) -> None:
    """Nor one that is broken off."""
    assert list(smaller_copies(content)) == []
