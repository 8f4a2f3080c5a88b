"""Wake-ups: ``schedule`` rings, the cycle decides. What is due follows from state and ``now``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from schedule import Scheduler


class Bells:
    """Calls back every so often; a ring that was slept through is rung once."""

    def __init__(self) -> None:
        self._scheduler = Scheduler()

    def every(self, pause: timedelta, ring: Callable[[], None]) -> None:
        """Ring again and again."""
        self._scheduler.every(max(1, int(pause.total_seconds()))).seconds.do(ring)

    def ring(self) -> None:
        """Ring what is due."""
        self._scheduler.run_pending()
