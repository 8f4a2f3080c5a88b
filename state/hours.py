"""Entries by the hour: what was asked of an hour is remembered until one of its entries changes.

A rule asks in each cycle for the day so far; but for the hour that lasts, the answer is known.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import TypeVar

from mcur.state.database import StateDatabase
from mcur.state.stamps import hour_of, text_of

HOUR = timedelta(hours=1)
Answer = TypeVar("Answer")
Joined = TypeVar("Joined")


def over_hours(
    db: StateDatabase,
    what: str,
    first: datetime,
    last: datetime,
    question: Hashable,
    ask: Callable[[str, str], Answer],
    join: Callable[[Sequence[Answer]], Joined],
) -> Joined:
    """Ask of [first, last) hour by hour; ``ask`` takes the stamps between which entries lie.

    ``what`` is the group whose entries, and appeals behind them, are all that an answer rests on.
    What ``join`` makes of the hours is remembered, too.
    """
    hours, whole = _hours(what, first, last)

    def joined() -> Joined:
        return join(
            [
                db.remembered_of(parts, (question, what, begin, end), partial(ask, begin, end))
                for begin, end, parts in hours
            ]
        )

    return db.remembered_of(whole, (question, what, first, last), joined)


def part_of(what: str, hour: str) -> str:
    """Name the entries into a group in an hour; who writes them, or their appeals, notes it."""
    return f"entries:{what}:{hour}"


@lru_cache(maxsize=512)
def _hours(
    what: str, first: datetime, last: datetime
) -> tuple[tuple[tuple[str, str, frozenset[str]], ...], frozenset[str]]:
    """Part [first, last) at each full hour; the third of each names its entries, the second of all theirs."""
    found = []
    begin, last = first.astimezone(UTC), last.astimezone(UTC)
    while begin < last:
        hour = begin.replace(minute=0, second=0, microsecond=0)
        end = min(hour + HOUR, last)
        parts = frozenset({part_of(what, hour_of(text_of(hour)))})
        found.append((text_of(begin), text_of(end), parts))
        begin = end
    return tuple(found), frozenset().union(*(parts for _, _, parts in found))
