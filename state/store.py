"""The state of a site: one database, one owner, everything a transaction away from a crash."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import cast

from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Act, Export, Health, Letter, Note, Task, TaskSeen
from mcur.playbooks.intents import Cite
from mcur.playbooks.notes import corrections_in
from mcur.state import ahead, journal, systems
from mcur.state.answers import Answers
from mcur.state.appeals import Appeals, Correctable
from mcur.state.blobs import BlobStore
from mcur.state.decisions import Decision, Route
from mcur.state.drafts import Drafts
from mcur.state.extensions import Extensions
from mcur.state.imports import Read
from mcur.state.incidents import Incidents
from mcur.state.joined import Joined
from mcur.state.journal import Event
from mcur.state.letters import Letters
from mcur.state.lookup import Lookup
from mcur.state.mirrors import Mirrors
from mcur.state.opening import BUSY, StateLocked, StateMissing, locked, opened, put_down
from mcur.state.outbox import Outbox, Row
from mcur.state.rows import dump
from mcur.state.stamps import moment_or_none, text_of
from mcur.state.tasks import Noticed, Tasks


class State(Lookup):
    """Facts, cursors, outbox and journal of one site. Belongs to the thread that opened it.

    ``writing`` takes the lock that keeps a second mcur out; reading needs none (WAL). A state that is
    not ``lasting`` lives in memory and is written when it is closed: a simulation's, for its restarts.
    """

    def __init__(self, path: Path, *, writing: bool = True, lasting: bool = True) -> None:
        if not writing and not path.exists():
            msg = f"there is no state at {path} yet: run mcur once first"
            raise StateMissing(msg)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = locked(path) if writing else None
        self.db = opened(path, lasting=lasting)
        self._lasting = lasting
        self.path = path
        self.blobs = BlobStore(path.parent / "blobs")
        self.appeals = Appeals(self.db)
        self.letters = Letters(self.db)
        self.tasks = Tasks(self.db)
        self.outbox = Outbox(self.db)
        self.incidents = Incidents(self.db)
        self.extensions = Extensions(self.db)
        self.drafts = Drafts(self.db)
        self.mirrors = Mirrors(self.db)
        self.joined = Joined(self.db, self.tasks)
        self.listeners: list[Callable[[Event], None]] = []
        self._told: list[Event] = []
        self._version = self.db.execute("PRAGMA data_version").fetchone()[0]

    def close(self) -> None:
        """Close the database and let others in."""
        if not self._lasting:
            put_down(self.db, self.path)
        self.db.close()
        if self._lock is not None:
            os.close(self._lock)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Hold one transaction; what was told inside it is heard only when it stands."""
        outermost = not self.db.conn.in_transaction
        try:
            if outermost:
                # IMMEDIATE: a command line may write beside the daemon; who reads first and
                # writes later would otherwise be thrown out by the other's commit.
                self._begin()
            with nullcontext() if outermost else self.db.nested():
                yield
            if outermost:
                self.db.conn.execute("COMMIT")
        except BaseException:
            self.db.forget()
            if outermost:
                self.db.conn.rollback()
                self._told.clear()
            raise
        if outermost:
            told, self._told = self._told, []
            for event in told:
                for listener in self.listeners:
                    listener(event)

    def _begin(self) -> None:
        try:
            self.db.begin()
        except sqlite3.OperationalError as exc:
            msg = (
                f"the state {self.path} is being written for more than {BUSY:g} s ({exc}):"
                " the daemon reads a big export, perhaps; try again in a minute"
            )
            raise StateLocked(msg) from exc

    def tell(self, event: Event, *, by: str = "", evidence: str = "") -> None:
        """Write an event into the journal and let the listeners hear it after the commit."""
        journal.append(self.db, event, by=by, evidence=evidence)
        self._told.append(event)

    # --- observing ------------------------------------------------------------------------------------

    def take_export(
        self, export: Export, *, scope: str | None, live_from: datetime, now: datetime, cite: Cite
    ) -> Read:
        """Take an export and tell of it; an export without a row of data overwrites nothing."""
        with self.atomic():
            if export.form in ("outages", "inspections"):
                done = self.mirrors.record(export, scope=scope, now=now)
            else:
                done = self.appeals.record(export, scope=scope, live_from=live_from, now=now)
            data = {
                "new": done.new,
                "changed": done.changed,
                "repeated": done.repeated,
                "vanished": done.vanished,
                "quarantined": done.quarantined,
                "feed": export.feed,
                "history": done.history,
            }
            key = f"export:{export.feed}:{export.digest[:16]}"
            self.tell(Event(at=now, event="appeals.read", cite=cite, key=key, data=data))
        return done

    def quarantine_file(self, feed: str, file: str, reason: str, now: datetime) -> None:
        """Keep the name and the fault of a file that is no export."""
        self.db.execute(
            "INSERT OR IGNORE INTO quarantine (at, kind, feed, file, line, reason, raw)"
            " VALUES (?, 'file', ?, ?, 0, ?, '')",
            (text_of(now), feed, file, reason),
        )

    def take_letters(
        self, letters: Iterable[Letter], cursor: tuple[str, str] | None, now: datetime
    ) -> int:
        """Keep letters with the cursor they came under; return how many were new."""
        with self.atomic():
            added = sum(self.letters.add(letter) for letter in letters)
            if cursor:
                self.advance(*cursor, now)
        return added

    def take_tasks(
        self,
        seen: Iterable[TaskSeen],
        cursor: tuple[str, str],
        *,
        owner: Callable[[TaskSeen], Cite],
        directory: Directory,
        live_from: datetime,
        now: datetime,
    ) -> Noticed:
        """Take what a tracker shows, with its cursor: acts of people, facts of tasks.

        ``owner`` names the rule under which a task that somebody made by hand is ours.
        """
        with self.atomic():
            noticed = self.tasks.notice(seen, owner, directory, live_from)
            for act in noticed.acts:
                self.add_act(act)
            for task, note in noticed.corrections:
                self._correct(task, note, now)
            self.advance(*cursor, now)
            self._count_history("issues", noticed.history)
        return noticed

    def _correct(self, task: Task, note: Note, now: datetime) -> None:
        """What a person corrected on a task wins over later imports of its appeal."""
        if not task.source or not task.number:
            return
        fields = corrections_in(note)
        for field, value in fields.items():
            self.appeals.correct(
                task.source, task.number, cast("Correctable", field), value, by=note.author, now=now
            )
        self.tasks.correct(task.key, fields)

    def add_act(self, act: Act) -> bool:
        """Keep an act once, by its ident."""
        cursor = self.db.conn.execute(
            "INSERT OR IGNORE INTO acts (ident, at, by, person, do, key, text, origin, fields, state,"
            " why, seq) VALUES (?,?,?,?,?,?,?,?,?,'new','',"
            " (SELECT coalesce(max(seq), 0) + 1 FROM acts))",
            (
                act.ident, text_of(act.at), act.by, act.person, act.do, act.key, act.text,
                act.origin, dump(act.fields),
            ),
        )  # fmt: skip
        return bool(cursor.rowcount)

    # --- deciding -------------------------------------------------------------------------------------

    @contextmanager
    def looking(self, directory: Directory, live_from: datetime) -> Iterator[Answers]:
        """Hold one view of the facts, to read only."""
        self.db.begin(writing=False)
        try:
            yield Answers(self, directory, live_from)
        finally:
            self.db.conn.execute("ROLLBACK")

    @contextmanager
    def deciding(
        self, directory: Directory, live_from: datetime, route: Route, now: datetime
    ) -> Iterator[tuple[Answers, Decision]]:
        """Open one decision: facts to read, and the hand that keeps intents, in one transaction."""
        with self.atomic():
            self.db.turn()
            last = self.stamp("last_cycle")
            if last is not None and last > now:
                ahead.forget_missed(self.db, now)
            self.appeals.settle_due(now)
            for row in self.outbox.lost_reports(now):
                self.report_missed(row, now)
            for row in self.outbox.expired(now):
                self.expire(row, "its day is over", now)
            decision = Decision(self, route, now)
            yield Answers(self, directory, live_from), decision
            decision.finish()
            if self.meta("first_cycle") is None:
                self.set_meta("first_cycle", text_of(now))
            self.set_meta("last_cycle", text_of(now))

    def report_left(self, key: str) -> None:
        """Note that a report has left the house."""
        self.db.execute("UPDATE reports SET state = 'sent' WHERE key = ?", (key,))

    def report_gated(self, key: str) -> None:
        """Note that a report would have left, were its channel open."""
        self.db.execute(
            "UPDATE reports SET state = 'gated' WHERE key = ? AND state = 'decided'", (key,)
        )

    def expire(self, row: Row, why: str, now: datetime) -> None:
        """Give up what is worth nothing any more; a report, or one of a cycle, is told as missed."""
        self.outbox.end(row, "expired", why, now)
        self.report_missed(row, now)
        if _is_of_cycle(row):
            cite, to = row.effect.cite, getattr(row.effect, "to", None)
            self.db.execute(
                "INSERT OR IGNORE INTO keys VALUES (?, 'mark', ?)",
                (f"missed:{row.key}", text_of(now)),
            )
            self.tell(Event(at=now, event="slot.missed", cite=cite, key=row.key, to=to))

    def report_missed(self, row: Row, now: datetime) -> None:
        """Note that a report could not leave on its day."""
        found = self.db.execute(
            "UPDATE reports SET state = 'missed' WHERE key = ? AND state = 'decided' RETURNING day",
            (row.key,),
        ).fetchall()
        to = getattr(row.effect, "to", None)
        for (day,) in found:
            cite, data = row.effect.cite, {"day": day}
            self.tell(
                Event(at=now, event="report.missed", cite=cite, key=row.key, to=to, data=data)
            )

    # --- small things ---------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        """Return a value that the program keeps about itself."""
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, name: str, value: str) -> None:
        """Keep a value about the program itself."""
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def cursor(self, name: str) -> str | None:
        """Return how far an observer has read."""
        row = self.db.execute("SELECT value FROM cursors WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def advance(self, name: str, value: str, now: datetime) -> None:
        """Move an observer's cursor."""
        self.db.execute(
            "INSERT OR REPLACE INTO cursors VALUES (?,?,?)", (name, value, text_of(now))
        )

    def live_from(self, configured: datetime | None) -> datetime | None:
        """Return the moment the site went live; ``None`` before its first start."""
        return configured or self.stamp("live_from")

    def stamp(self, name: str) -> datetime | None:
        """Return a moment that the program keeps about itself."""
        return moment_or_none(self.meta(name))

    def note_health(self, system: str, now: datetime, why: str | None) -> bool:
        """Note that a system answered (``why`` is ``None``) or not; return whether that is news."""
        with self.atomic():
            return systems.note(self.db, system, now, why)

    def health(self) -> list[Health]:
        """Return how each outside system does."""
        return systems.known(self.db)

    def systems(self) -> list[Health]:
        """Return how each system does as a whole."""
        return systems.as_wholes(self.health(), self.outbox.waits_for)

    def changed_elsewhere(self) -> bool:
        """Whether another process has written since the last call (an act, a retry)."""
        version = self.db.execute("PRAGMA data_version").fetchone()[0]
        seen, self._version = self._version, version
        return bool(seen != version)

    def go_live(self, now: datetime) -> datetime:
        """Return the moment the site went live; the first start sets it.

        Mail servers and trackers stamp what they have in whole seconds: what comes right after the
        first start must not look as if it had been there before.
        """
        known = self.stamp("live_from")
        if known is None:
            known = now.replace(microsecond=0)
            with self.atomic():
                self.set_meta("live_from", text_of(known))
        return known

    def _count_history(self, what: str, count: int) -> None:
        if count:
            known = int(self.meta(f"history_{what}") or 0)
            self.set_meta(f"history_{what}", str(known + count))


def _is_of_cycle(row: Row) -> bool:
    """Whether a row is a report that leaves every so often while an incident lasts."""
    return row.key.startswith("report:") and ":incident:" in row.key
