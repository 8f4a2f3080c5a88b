"""Phrases as a playbook lists them, found in what people write. Pure.

A phrase is words in their order; ``*`` at the end of a word stands for any ending, ``?`` for one
letter or none (so that «выполнен?» is no «выполнение»). Case, «ё» and what stands between the words
do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from mcur.playbooks.calendar import Calendar
from mcur.playbooks.dues import dues_in

_NEAR = 60
"""How many characters after its words a date may stand."""
_TELLING = 3
"""A shorter number of an appeal may stand in a letter by chance."""
_BETWEEN = r"[\W_]+"
_PREFIX = re.compile(
    r"^\s*(?:(?:re|fw|fwd|ha|отв|на|пересл)\s*(?:\[\d+\])?:\s*)+|^[\W_]+", re.IGNORECASE
)
"""«Re:», «Fw:», «Отв:» before a subject."""


def first_of(phrases: Iterable[str], text: str) -> str | None:
    """Return the words of the text that one of the phrases matches, the first phrase first."""
    folded, known = _fold(text), tuple(phrases)
    if _any(known).search(folded) is None:
        return None
    hits = (_pattern(phrase).search(folded) for phrase in known)
    return next((text[hit.start() : hit.end()] for hit in hits if hit), None)


def begins(phrases: Iterable[str], text: str) -> bool:
    """Whether a text begins with one of the phrases; what mail programs put before it does not count."""
    return _any(tuple(phrases)).match(_fold(unprefixed(text))) is not None


def unprefixed(subject: str) -> str:
    """Return a subject without what mail programs put before it."""
    return _PREFIX.sub("", subject)


def opens(phrases: Iterable[str], text: str) -> bool:
    """Whether a text begins with one of the phrases, letter by letter."""
    return _any(tuple(phrases)).match(_fold(text)) is not None


def date_after(
    phrases: Iterable[str], text: str, told_at: datetime, later: datetime, calendar: Calendar
) -> datetime | None:
    """Read the date that a text asks for: what stands after the phrases, else its latest date.

    Only a date after ``later`` is one, and its bare day is ``later`` itself once more; the phrases
    are tried in their order.
    """

    def is_new(due: datetime) -> bool:
        again = calendar.local(due).date() == calendar.local(later).date() and due.second
        return due > later and not again

    folded = _fold(text)
    for phrase in phrases:
        for hit in _pattern(phrase).finditer(folded):
            near = dues_in(text[hit.end() : hit.end() + _NEAR], told_at, calendar)
            wanted = next(filter(is_new, near), None)
            if wanted is not None:
                return wanted
    return max(filter(is_new, dues_in(text, told_at, calendar)), default=None)


def names(text: str, *, ident: str | None, number: str | None) -> bool:
    """Whether a text names a task by its number in the tracker, or by that of its appeal."""
    if ident and re.search(
        rf"(?:№|#|\bN|\bномер|\bзадач\w*)\s*№?\s*{re.escape(ident)}(?!\w)", text
    ):
        return True
    telling = number and len(number) >= _TELLING and any(sign.isdigit() for sign in number)
    return bool(telling and re.search(rf"(?<!\w){re.escape(number or '')}(?!\w)", text))


def bears(name: str, *, ident: str | None, number: str | None) -> bool:
    """Whether the name of a file bears the number of a task, or of its appeal."""
    told = (n for n in (ident, number) if n and len(n) >= _TELLING)
    numbers = [n for n in told if any(sign.isdigit() for sign in n)]
    return any(re.search(rf"(?<![^\W_]){re.escape(n)}(?![^\W_])", name) for n in numbers)


def _fold(text: str) -> str:
    """Fold what does not count, letter by letter, so that places stay the same."""
    return text.lower().replace("ё", "е") if len(text.lower()) == len(text) else text


@lru_cache(maxsize=512)
def _any(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Find any of some phrases: most texts hold none, and are asked for many."""
    found = "|".join(_pattern(phrase).pattern for phrase in phrases)
    return re.compile(found or r"(?!)", re.IGNORECASE)


@lru_cache(maxsize=2048)
def _pattern(phrase: str) -> re.Pattern[str]:
    escaped = map(re.escape, _fold(phrase).split())
    words = (word.replace(r"\*", r"\w*").replace(r"\?", r"\w?") for word in escaped)
    return re.compile(rf"(?<!\w){_BETWEEN.join(words)}(?!\w)", re.IGNORECASE)
