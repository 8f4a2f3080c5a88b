"""A list with more rows than a letter can carry: topics and houses, counted; the rest is a workbook."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from mcur.playbooks.rules.base import Case

Row = TypeVar("Row")
_FLAT = re.compile(r",?\s*\b(?:кв|квартира|пом|помещение|комн|комната)\b\.?.*$", re.IGNORECASE)


def by_place(
    case: Case,
    rows: Sequence[Row],
    place: Callable[[Row], tuple[str | None, str | None]],
    most: int,
) -> list[tuple[str, list[Row]]]:
    """Group rows by topic and house, the largest groups first; beyond ``most`` they are one group."""
    found: dict[tuple[str | None, str | None], list[Row]] = {}
    for row in rows:
        found.setdefault(place(row), []).append(row)
    ordered = sorted(found.items(), key=lambda g: (-len(g[1]), *(_counted(p or "") for p in g[0])))
    if len(ordered) > most:
        ordered, rest = ordered[: most - 1], ordered[most - 1 :]
    else:
        rest = []
    named = [
        (case.say("crowded.place", topic=topic, address=address, count=len(inside)), inside)
        for (topic, address), inside in ordered
    ]
    if rest:
        left = [row for _, inside in rest for row in inside]
        named.append((case.say("crowded.rest", places=len(rest), count=len(left)), left))
    return named


def without_flat(address: str) -> str:
    """Return an address as far as its house."""
    return _FLAT.sub("", address).rstrip(" ,")


def _counted(text: str) -> list[tuple[int, str]]:
    """Order house 2 before house 10: figures by their value."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", text)]
