"""Wake-ups: ``schedule`` rings, the cycle decides. What is due follows from state and ``now``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from queue import Empty, SimpleQueue

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


class Alarm:
    """Ends the loop's sleep: from any thread, and from a signal handler.

    ``SimpleQueue.put`` may interrupt itself; an ``Event`` that is set in a signal handler waits for
    ever where the same thread was just about to wait for it.
    """

    def __init__(self) -> None:
        self._rings: SimpleQueue[str] = SimpleQueue()

    def ring(self, name: str = "") -> None:
        """Wake the loop; a source that is named shall be looked at."""
        self._rings.put(name)

    def sleep(self, seconds: float) -> set[str]:
        """Sleep so long, or until it rings; return the names of the sources that rang."""
        names: set[str] = set()
        try:
            names.add(self._rings.get(timeout=seconds))
            while True:
                names.add(self._rings.get_nowait())
        except Empty:
            return names - {""}
