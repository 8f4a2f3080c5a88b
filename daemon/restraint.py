"""How many hands a destination bears: all of its pool, half as many after each sign of strain.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681, 3.1): a server that answers 5xx,
nothing, or so slowly that people at work there wait as well gets fewer requests at once, and gets
the others back one by one when it answers well.
"""

from __future__ import annotations

SLOW = 5.0
"""Seconds after which an answer is a sign of strain.

Measured on a Redmine of two processes: 0.1 s alone, 0.2 s with four writers, 4 s with sixty.
"""


class Restraint:
    """The present limit of one destination; ``most`` is the width of its pool."""

    def __init__(self) -> None:
        self._limit: int | None = None
        self._well = 0
        self._older = 0

    def allows(self, most: int) -> int:
        """Return how many hands may be out at once."""
        return most if self._limit is None else min(self._limit, most)

    def answered(self, seconds: float, most: int, out: int) -> None:
        """Take note of an answer: a limit that was borne by so many answers is one higher."""
        if self._is_older():
            return
        if seconds > SLOW:
            self._narrow(most, out)
        elif self._limit is not None:
            self._well += 1
            if self._well >= self._limit:
                self._well = 0
                self._limit = self._limit + 1 if self._limit + 1 < most else None

    def strained(self, most: int, out: int) -> None:
        """Take note that there was no good answer; ``out`` hands were out beside that one."""
        if not self._is_older():
            self._narrow(most, out)

    def _narrow(self, most: int, out: int) -> None:
        self._limit = max(1, self.allows(most) // 2)
        self._well = 0
        self._older = out

    def _is_older(self) -> bool:
        """Whether what came back had left before the limit fell: it says nothing new."""
        was = self._older
        self._older = max(0, was - 1)
        return was > 0
