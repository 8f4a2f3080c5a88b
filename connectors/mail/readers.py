"""A full mailbox is read by several processes side by side, the letter of a quiet hour by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from mcur.connectors.mail.apart import Reader
from mcur.connectors.ports import RawLetter
from mcur.playbooks.facts import Letter

MANY = 20
"""So many letters are worth another process."""
_LETTER = 50_000
"""What a letter costs beside its bytes, in bytes."""


class Readers:
    """Readers of one mailbox; ``make`` makes one of them. Not for two threads at once."""

    def __init__(self, make: Callable[[], Reader], *, most: int | None = None) -> None:
        self._make = make
        self._most = most or len(os.sched_getaffinity(0))
        self._hands: list[Reader] = []

    def __call__(self, raws: Sequence[RawLetter]) -> Iterator[Letter | Exception]:
        """Read letters in their order; what went wrong with one stands in its place."""
        wanted = max(1, min(self._most, len(raws) // MANY))
        while len(self._hands) > wanted:
            self._hands.pop().close()
        while raws and len(self._hands) < wanted:
            self._hands.append(self._make())
        for hand in self._hands:
            hand.begin()
        turns = _turns(raws, wanted)
        shares = [
            [raw for raw, turn in zip(raws, turns, strict=True) if turn == n] for n in range(wanted)
        ]
        readings = [hand(share) for hand, share in zip(self._hands, shares, strict=False)]
        try:
            for turn in turns:
                yield next(readings[turn])
            for reading in readings:
                next(reading, None)  # at its end: whoever is closed before it ends its process
        finally:
            for reading in readings:
                reading.close()

    def close(self) -> None:
        """End the processes, whatever they do."""
        for hand in self._hands:
            hand.close()
        self._hands.clear()


def _turns(raws: Sequence[RawLetter], hands: int) -> list[int]:
    """Say who reads each letter: whoever has the least to do until then."""
    loads = [0] * hands
    turns = []
    for raw in raws:
        turn = loads.index(min(loads))
        loads[turn] += _LETTER + raw.size
        turns.append(turn)
    return turns
