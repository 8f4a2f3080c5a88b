"""One line of the table, and how its two sides are measured: in turns, for machines are noisy."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured: ours, the bare work beside it, their ratio and what is aimed at."""

    what: str
    ours: str
    bare: str = ""
    ratio: str = ""
    aim: str = ""


class Took(NamedTuple):
    """Seconds of a work: by the clock on the wall, and of this process on a processor."""

    wall: float
    user: float

    def shown(self, unit: str) -> str:
        """Say both, in seconds or milliseconds: a busy machine makes the first one long."""
        scale = {"s": 1, "ms": 1000}[unit]
        wall, user = (f"{x * scale:.1f} {unit}" for x in self)
        return f"{wall} ({user} of processor)"


Tell = Callable[[str], None]
"""Says what is being measured now."""


def seconds(work: Callable[[], object]) -> float:
    """Measure one run; what others left lying about is cleared away before."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def took(work: Callable[[], object]) -> Took:
    """Measure one run by both clocks."""
    gc.collect()
    begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    work()
    wall = time.perf_counter() - begun
    return Took(wall, resource.getrusage(resource.RUSAGE_SELF).ru_utime - used)


def medians(rounds: int, *works: Callable[[], object]) -> list[Took]:
    """Run the works in turns and return the medians of each by both clocks."""
    runs = [[took(work) for work in works] for _ in range(rounds)]
    return [
        Took(median(t.wall for t in own), median(t.user for t in own))
        for own in zip(*runs, strict=True)
    ]


def in_turns(rounds: int, **works: Callable[[], object]) -> Mapping[str, float]:
    """Run the works in turns and return the median seconds of each."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(seconds(work))
    return {name: median(times) for name, times in found.items()}
