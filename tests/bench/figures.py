"""One line of the table, and how its two sides are measured: in turns, for machines are noisy."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """What was measured: ours, the bare work beside it, their ratio and what is aimed at."""

    what: str
    ours: str
    bare: str = ""
    ratio: str = ""
    aim: str = ""


Tell = Callable[[str], None]
"""Says what is being measured now."""


def seconds(work: Callable[[], object]) -> float:
    """Measure one run; what others left lying about is cleared away before."""
    gc.collect()
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def in_turns(rounds: int, **works: Callable[[], object]) -> Mapping[str, float]:
    """Run the works in turns and return the median seconds of each."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(seconds(work))
    return {name: median(times) for name, times in found.items()}
