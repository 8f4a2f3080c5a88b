"""How fast letters may leave: so many a minute to one mail domain, so that no storm is taken for spam.

What a server takes from a stranger in a minute nobody knows, and after an outage a whole day waits.
Known only to this process: a restart may begin a new minute early.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class Pace:
    """Gives letters their moments. ``most`` is the number a minute and domain; 0 is no limit.

    Asked only where there is one.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[str, list[datetime]] = {}
        self._promised: dict[int, datetime] = {}

    def leaves_at(self, row: int, domains: Collection[str], now: datetime) -> datetime:
        """Return when a row's letter may leave; a moment that was promised to it stays."""
        promised = self._promised.get(row)
        if promised is None:
            promised = max([now, *(self._free(domain) or now for domain in domains)])
            self.take(domains, promised)
        if promised > now:
            self._promised[row] = promised
            return promised
        self._promised.pop(row, None)
        return now

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self._most > 0

    def take(self, domains: Collection[str], moment: datetime) -> None:
        """Count a letter of a moment."""
        for domain in domains:
            taken = self._taken.setdefault(domain, [])
            insort(taken, moment)
            del taken[: -self._most]

    def forget(self) -> None:
        """Begin anew: the clock was set, or a person wants all to be tried."""
        self._taken.clear()
        self._promised.clear()

    def _free(self, domain: str) -> datetime | None:
        taken = self._taken.get(domain, [])
        return taken[0] + MINUTE if len(taken) == self._most else None
