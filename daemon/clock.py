"""The only place that knows what time it is."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

WRITTEN = datetime(2025, 1, 1, tzinfo=UTC)
"""Before the first line of this program: a clock that shows an earlier moment is wrong.

A flat battery sets clocks back by years, and no file can be asked when it came here: copies of the
program carry the stamps of another machine, or of the wrong clock.
"""


class ClockWrong(Exception):
    """The machine's clock cannot be right; the message says what to do."""


class Clock(Protocol):
    """Tells the time of the program, and what a stamp of this machine means in it."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def translate(self, stamp: datetime) -> datetime:
        """Show a stamp of this machine's clock in the program's time."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def translate(self, stamp: datetime) -> datetime:
        """Return the stamp: it is ours."""
        return stamp


class ShiftedClock:
    """A clock that begins at a given moment and then runs on (``once --at``)."""

    def __init__(self, start: datetime) -> None:
        self._shift = start - datetime.now(UTC)
        self._start = start
        self._begun = time.monotonic()

    def now(self) -> datetime:
        """Return the given start and what has passed since."""
        return self._start + timedelta(seconds=time.monotonic() - self._begun)

    def translate(self, stamp: datetime) -> datetime:
        """Move a stamp of the machine by the same shift."""
        return stamp + self._shift


class VirtualClock:
    """A clock turned by hand, for scenarios."""

    def __init__(self, start: datetime) -> None:
        self.moment = start

    def now(self) -> datetime:
        """Return where the hand stands."""
        return self.moment

    def translate(self, stamp: datetime) -> datetime:
        """Return the stamp: a scenario's files carry its own time."""
        return stamp


def must_be_plausible(clock: Clock) -> None:
    """Refuse a machine's clock that is older than the program; a moment that was asked for is not ours."""
    now = clock.now()
    if isinstance(clock, SystemClock) and now < WRITTEN:
        msg = (
            f"the clock of this machine says {now:%Y-%m-%d %H:%M} UTC, which is before this program"
            " was written: set it right before the site goes live, for what is older than its first"
            " start makes no task and no report"
        )
        raise ClockWrong(msg)


def stopwatch() -> float:
    """Return seconds on a clock that only runs forward, for measuring how long something took."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Wait; the only sleep of the program."""
    time.sleep(seconds)
