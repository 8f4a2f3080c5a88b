"""Words of a decision as they are written on a phone: signed in the same line, and with slips. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from mcur.playbooks import phrases
from mcur.playbooks.directory import fold

_LONG = 6
"""A shorter word that misses another by a letter is a word of its own."""
_ENDS = re.compile(r"[\s.,!;]+")
_NEGATES = re.compile(r"не", re.IGNORECASE)


def signed(line: str, closings: Iterable[str], author: str) -> str:
    """Return a line without the closing, or the author's name, that stands behind its words."""
    known = tuple(closings)
    cuts = (gap.start() for gap in _ENDS.finditer(line) if gap.start())
    cut = next((at for at in cuts if phrases.begins(known, line[at:])), len(line))
    names = {fold(name) for name in re.split(r"[\s.]+", author) if name}
    words = line[:cut].split()
    while len(words) > 1 and _is_name(words[-1], names):
        words.pop()
    return " ".join(words)


def begun(words: Iterable[str], line: str) -> str | None:
    """Return what of a line one of some phrases takes up at its beginning."""
    known = tuple(words)
    if phrases.first_of(known, line) is None:
        return None
    found = (phrases.first_of((one,), line) for one in known)
    return next((said for said in found if said and line.startswith(said)), None)


def missed(groups: Sequence[tuple[str, ...]], line: str) -> list[int]:
    """Return the places of those groups of phrases that have one that a line is but for a letter.

    One letter may be too few, too many, wrong, or swapped with its neighbour. What is denied on one
    side only is never the same.
    """
    said = fold(line)
    known = _by_length(tuple(groups))
    near = (hit for n in (-1, 0, 1) for hit in known.get(len(said) + n, ()) if len(said) >= _LONG)
    return sorted(
        {
            place
            for wanted, place in near
            if _is_denied(wanted) == _is_denied(said) and _is_slip(wanted, said)
        }
    )


@lru_cache(maxsize=16)
def _by_length(groups: tuple[tuple[str, ...], ...]) -> Mapping[int, list[tuple[str, int]]]:
    """Fold phrases that are long enough: they are asked for with each letter."""
    known: dict[int, list[tuple[str, int]]] = {}
    for place, words in enumerate(groups):
        for wanted in map(fold, words):
            if len(wanted) >= _LONG:
                known.setdefault(len(wanted), []).append((wanted, place))
    return known


def _is_name(word: str, names: set[str]) -> bool:
    parts = [fold(part) for part in re.split(r"[.,!]+", word) if part]
    initials = {name[0] for name in names}
    return bool(parts) and all(p in names or (len(p) == 1 and p in initials) for p in parts)


def _is_denied(text: str) -> bool:
    return _NEGATES.match(text) is not None


def _is_slip(wanted: str, said: str) -> bool:
    """Whether one edit makes a word of another."""
    if wanted == said or abs(len(wanted) - len(said)) > 1:
        return False
    same = next((n for n, (a, b) in enumerate(zip(wanted, said, strict=False)) if a != b), None)
    at = min(len(wanted), len(said)) if same is None else same
    rest, other = wanted[at:], said[at:]
    swapped = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
    return rest[1:] == other or rest == other[1:] or rest[1:] == other[1:] or swapped
