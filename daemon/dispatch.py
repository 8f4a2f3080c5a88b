"""The dispatcher takes outbox rows to the hands and brings receipts back.

The database belongs to the thread that calls ``step``; a small pool for each destination waits for
servers. A row that may have left already is looked for before it is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from datetime import datetime, timedelta
from typing import Any

from mcur.daemon import hands, telling
from mcur.daemon.hands import Delivered, Destination, Prepared
from mcur.daemon.pace import Pace
from mcur.daemon.receipts import SETTLE, SILENT, Receipts
from mcur.daemon.render import Desk
from mcur.daemon.settings_values import Gate, GateMode
from mcur.playbooks.intents import (
    Channel,
    CreateTask,
    FetchFile,
    FileDocument,
    KeepCopy,
    KeepPage,
    PassFile,
    SendLetter,
    UpdateTask,
)
from mcur.state.outbox import Row
from mcur.state.store import State

Gates = Callable[[Channel], Gate]


class Dispatcher:
    """Delivers what waits, the urgent first; one silent destination never holds the others."""

    def __init__(
        self,
        state: State,
        desk: Desk,
        destinations: Mapping[str, Destination],
        gates: Gates,
        clock: Callable[[], datetime],
        settle: timedelta = SETTLE,
        pace: int = 0,
    ) -> None:
        self._state = state
        self._desk = desk
        self._destinations = destinations
        self._gates = gates
        self._clock = clock
        self._pace = Pace(pace)
        self._receipts = Receipts(state, desk, destinations, clock, settle)

    @property
    def unreachable(self) -> Mapping[str, Exception]:
        """Why systems do not answer, by their names."""
        return self._receipts.unreachable

    def step(self, now: datetime) -> bool:
        """Take what came back, claim what is due and hand it out. Return whether anything moved."""
        with self._state.atomic():
            moved = self._expire(now)
            for destination in self._destinations.values():
                moved |= self._collect(destination)
            claimed = [(d, row) for d in self._destinations.values() for row in self._claim(d, now)]
        for destination, row in claimed:
            self._start(destination, row, now)
        return moved or bool(claimed)

    def busy(self) -> bool:
        """Whether a hand is still out."""
        return any(d.flying for d in self._destinations.values())

    def wait(self, seconds: float) -> None:
        """Wait until a hand comes back, at most so long."""
        flying = [f for d in self._destinations.values() for f in d.flying]
        if flying:
            wait(flying, timeout=seconds, return_when=FIRST_COMPLETED)

    def drain(self, *, patience: timedelta = 2 * SETTLE, pause: Callable[[float], None]) -> None:
        """Deliver until nothing is due; rows in doubt are waited for a little."""
        last = self._clock()
        while True:
            now = self._clock()
            moved = self.step(now)
            if moved or self.busy():
                last = now
                self.wait(1.0)
            else:
                due = self._state.outbox.next_at(now)
                if due is None or due - last > patience or self._is_silent(due, now):
                    return
                pause(min(0.2, max(0.0, (due - now).total_seconds())))

    def message_id(self, key: str) -> str:
        """Return the Message-ID under which a key travels."""
        return self._desk.message_id(key)

    def forget_backoff(self, now: datetime, destination: str | None = None) -> None:
        """Try whatever waits at once, as after an outage."""
        self._pace.forget()
        with self._state.atomic():
            self._state.outbox.try_now(now, destination)

    def _is_silent(self, due: datetime, now: datetime) -> bool:
        """What waits behind an open circuit is not worth waiting for."""
        return any(c.open_until >= due > now for c in self._state.outbox.circuits.listing())

    # --- out ------------------------------------------------------------------------------------------

    def _claim(self, destination: Destination, now: datetime) -> list[Row]:
        free = destination.free()
        if not free or not self._state.outbox.is_open(destination.name, now):
            return []
        return self._state.outbox.claim(destination.name, now, free)

    def _start(self, destination: Destination, row: Row, now: datetime) -> None:
        gate = self._gates(row.effect.channel)
        try:
            if self._is_early(row, gate, now):
                return
            prepared = self._prepare(row, gate, now)
        except Exception as exc:  # noqa: BLE001  (one row that cannot be prepared stops no other)
            self._receipts.bury(row, exc, now)
            return
        is_task = isinstance(row.effect, CreateTask | UpdateTask | KeepPage)
        redirected_task = gate.mode is GateMode.REDIRECT and is_task
        if not gate.lets_out or redirected_task:
            self._shadow(row, prepared, gate, now)
            return
        future = destination.executor.submit(hands.deliver, destination, row, prepared, now)
        destination.flying[future] = (row, prepared)

    def _is_early(self, row: Row, gate: Gate, now: datetime) -> bool:
        """Put back a letter that keeps to the send window while that is shut, or to the pace."""
        if not isinstance(row.effect, SendLetter):
            return False
        why, opens = "the send window opens", self._desk.may_leave_at(row.effect, now)
        if opens <= now and self._pace.is_set and gate.lets_out:
            why, opens = "its server may take more", self._paced(row.effect, gate, now)
        if opens > now:
            with self._state.atomic():
                self._state.outbox.put_off(row, opens, f"waits until {why}")
        return opens > now

    def _paced(self, letter: SendLetter, gate: Gate, now: datetime) -> datetime:
        """Return when the pace lets a letter leave: what is urgent counts and does not wait."""
        domains = self._desk.domains(letter, gate, now)
        if letter.urgent:
            self._pace.take(domains, now)
            return now
        return self._pace.leaves_at(domains, now)

    def _prepare(self, row: Row, gate: Gate, now: datetime) -> Prepared:
        match row.effect:
            case CreateTask():
                return self._desk.task(row.effect, now)
            case UpdateTask():
                return self._desk.change(row.effect, now)
            case SendLetter():
                return self._desk.letter(row.effect, gate, row.created_at, now)
            case FileDocument():
                return self._desk.file(row.effect, row.created_at, now)
            case PassFile() | FetchFile() | KeepCopy() | KeepPage():
                return self._desk.silent(row.effect)

    # --- back -----------------------------------------------------------------------------------------

    def _collect(self, destination: Destination) -> bool:
        done = [f for f in destination.flying if f.done()]
        for future in done:
            row, prepared = destination.flying.pop(future)
            self._receipts.settle(destination, row, prepared, future)
        return bool(done)

    def _shadow(self, row: Row, prepared: Any, gate: Gate, now: datetime) -> None:
        state = "off" if gate.mode is GateMode.OFF else "shadow"
        with self._state.atomic():
            self._state.outbox.end(row, state, f"channel {row.effect.channel} is {state}", now)
            self._state.report_gated(row.key)
            if state == "shadow" and not isinstance(row.effect, SILENT):
                self._tell_shadow(row, prepared, now)

    def _tell_shadow(self, row: Row, prepared: Any, now: datetime) -> None:
        event = self._receipts.event(row, prepared, Delivered(receipt=""), now)
        self._state.tell(telling.shadow_of(event, now))

    def _expire(self, now: datetime) -> bool:
        expired = self._state.outbox.expired(now)
        orphans = self._state.outbox.orphans()
        for row in expired:
            self._state.expire(row, "its day is over", now)
        for row, ended in orphans:
            self._state.outbox.end(row, ended, f"its task ended as {ended}", now)
            if ended == "shadow":
                self._tell_shadow(row, None, now)
        return bool(expired or orphans)
