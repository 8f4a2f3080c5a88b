"""Counts of days and how they compare, exactly: integers and decimals, never floats (C3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from mcur.playbooks.directory import fold

Op = Literal["gt", "gte"]
Scope = Literal["total", "block", "category", "subcategory", "address"]
Takes = Callable[[str | None, str | None, str | None], bool]
"""Whether appeals of a municipality, a block and a category are asked for."""


class Tally(NamedTuple):
    """How many appeals share municipality, topic, house, source and origin; further ones may share them, too."""

    municipality: str | None
    block: str | None
    category: str | None
    subcategory: str | None
    house: str | None
    source: str
    origin: str | None
    n: int


@lru_cache(maxsize=4096)
def is_about(block: str | None, category: str | None, topics: frozenset[str]) -> bool:
    """Whether a row is about one of the topics, or does not say what it is about."""
    said = {fold(t) for t in (block, category) if t}
    return not said or not said.isdisjoint(fold(t) for t in topics)


def over(current: int, op: Op, limit: int) -> bool:
    """Whether a count is over (or has reached) a limit: «более 10» is 11."""
    return current > limit if op == "gt" else current >= limit


def grown(current: int, before: int, op: Op, percent: int) -> bool:
    """Whether ``current`` is ``percent`` more than ``before``; 40 to 52 is exactly 30 %."""
    return over(current * 100, op, before * (100 + percent))


def index_over(index: Decimal, op: Op, limit: Decimal, decimals: int) -> bool:
    """Whether an index is over its limit, rounded half up first; ``-1`` compares it unrounded."""
    if decimals >= 0:
        index = rounded(index, decimals)
    return index > limit if op == "gt" else index >= limit


def rounded(index: Decimal, decimals: int) -> Decimal:
    """Round half up: 3.005 is 3.01."""
    return index.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def by_object(tallies: Iterable[Tally], scope: Scope) -> Counter[str]:
    """Sum tallies by the object of a rule, by name; what has no such object takes no part."""
    found: Counter[str] = Counter()
    for tally in tallies:
        name = object_of(tally, scope)
        if name is not None:
            found[name] += tally.n
    return Counter(dict(sorted(found.items())))


def object_of(tally: Tally, scope: Scope) -> str | None:
    """Name the object that a tally belongs to; a total is one a municipality."""
    match scope:
        case "total":
            return tally.municipality or ""
        case "address":
            return tally.house
        case _:
            value: str | None = getattr(tally, scope)
            return value


def shares(
    tallies: Iterable[Tally], field: Literal["source", "subcategory"]
) -> list[tuple[str, int]]:
    """Return the shares of sources or topics, the largest first («757 из 935: ОНФ»)."""
    found: Counter[str] = Counter()
    for tally in tallies:
        found[getattr(tally, field) or ""] += tally.n
    return sorted(found.items(), key=lambda share: (-share[1], share[0]))
