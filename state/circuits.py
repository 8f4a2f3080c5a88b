"""Destinations that do not answer: each is left alone for a while, so that one dead server holds no other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mcur.state.database import StateDatabase
from mcur.state.stamps import moment_of, text_of

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A destination that does not answer, and when it is tried again."""

    destination: str
    failures: int
    open_until: datetime
    since: datetime
    why: str


class Circuits:
    """The silent destinations of a site. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def open(
        self, destination: str, why: str, now: datetime, retry_after: timedelta | None
    ) -> Circuit:
        """Leave a silent destination alone for a while: longer each time, never longer than five minutes.

        Several hands that come back from one silence count as one.
        """
        known = next((c for c in self.listing() if c.destination == destination), None)
        if known is not None and known.open_until > now:
            return known
        # Rows that flew together fail together: that is one failure.
        failures = known.failures + (known.open_until <= now) if known else 1
        pause = min(FIRST_WAIT * 2 ** min(failures - 1, 8), LONGEST_WAIT)
        # The jitter is made of the destination's name: a scenario stays the same each time.
        pause *= 1 + (sum(destination.encode()) + failures) % 7 / 50
        circuit = Circuit(
            destination=destination,
            failures=failures,
            open_until=now + max(pause, retry_after or timedelta()),
            since=known.since if known else now,
            why=why,
        )
        self._db.execute(
            "INSERT OR REPLACE INTO circuits VALUES (?,?,?,?,?)",
            (destination, failures, text_of(circuit.open_until), text_of(circuit.since), why),
        )
        return circuit

    def close(self, destination: str) -> bool:
        """The destination answers again; return whether it had been silent."""
        cursor = self._db.execute("DELETE FROM circuits WHERE destination = ?", (destination,))
        return bool(cursor.rowcount)

    def listing(self) -> list[Circuit]:
        """Return the destinations that do not answer."""
        return [
            Circuit(
                destination=r["destination"],
                failures=r["failures"],
                open_until=moment_of(r["open_until"]),
                since=moment_of(r["since"]),
                why=r["why"],
            )
            for r in self._db.query("SELECT * FROM circuits ORDER BY destination")
        ]
