"""Wake-ups: ``schedule`` rings, the cycle decides. What is due follows from state and ``now``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from schedule import Scheduler


class Bells:
    """Calls back every so often; a ring that was slept through is rung once."""

    def __init__(self) -> None:
        self._scheduler = Scheduler()
        self._bells: list[tuple[int, Callable[[], None]]] = []

    def every(self, pause: timedelta, ring: Callable[[], None]) -> None:
        """Ring again and again."""
        self._bells.append((max(1, int(pause.total_seconds())), ring))
        self._hang(*self._bells[-1])

    def ring(self) -> None:
        """Ring what is due; after the machine's clock was set back, everything.

        The scheduler counts in local wall time: it would sleep through the hour that comes twice.
        """
        self._scheduler.run_pending()
        idle = self._scheduler.idle_seconds
        if idle is None or idle <= min(pause for pause, _ in self._bells) + 1:
            return
        self._scheduler.clear()
        for bell in self._bells:
            self._hang(*bell)
            bell[1]()

    def _hang(self, pause: int, ring: Callable[[], None]) -> None:
        self._scheduler.every(pause).seconds.do(ring)
