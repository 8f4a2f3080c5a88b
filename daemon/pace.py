"""How fast letters may leave: so many a minute to one mail domain, so that no storm is taken for spam.

What a server takes from a stranger in a minute nobody knows, and after an outage a whole day waits.
Known only to this process: a restart may begin a new minute early.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class Pace:
    """Says of letters when they may leave. ``most`` is the number a minute and domain; 0 is no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._left: defaultdict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=most))
        self._put_off: defaultdict[str, Counter[datetime]] = defaultdict(Counter)

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self._most > 0

    def leaves_at(self, domains: Collection[str], now: datetime) -> datetime:
        """Let a letter leave ``now``, or return when it had better ask again.

        Those that wait are spread over the minutes to come, so that few of them ask in vain.
        """
        full = [self._left[one][0] for one in domains if len(self._left[one]) == self._most]
        at = max([now, *(first + MINUTE for first in full)])
        if at == now:
            self.take(domains, now)
            return now
        while any(self._put_off[one][_minute(at)] >= self._most for one in domains):
            at += MINUTE
        for one in domains:
            self._put_off[one][_minute(at)] += 1
        return at

    def take(self, domains: Collection[str], now: datetime) -> None:
        """Count a letter that leaves."""
        for one in domains:
            self._left[one].append(now)
            for past in [minute for minute in self._put_off[one] if minute < _minute(now)]:
                del self._put_off[one][past]

    def forget(self) -> None:
        """Begin anew: the clock was set, or a person wants all to be tried."""
        self._left.clear()
        self._put_off.clear()


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
