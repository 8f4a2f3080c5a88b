"""Stamps as text: UTC, one width, so that text compares as time does."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache


@lru_cache(maxsize=4096)
def text_of(moment: datetime) -> str:
    """Write an aware moment as text; a cycle writes the same few again and again."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def text_or_none(moment: datetime | None) -> str | None:
    """Write a moment that may be absent."""
    return None if moment is None else text_of(moment)


def moment_of(text: str) -> datetime:
    """Read a moment back, in UTC."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """Read a moment that may be absent."""
    return None if text is None else datetime.fromisoformat(text)


def hour_of(text: str) -> str:
    """Return the hour bucket of a stamp."""
    return text[:13]
