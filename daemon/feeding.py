"""A folder of exports as a source: each file is read once, stored, and moved out of the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mcur.connectors.ports import AppealFeed, Rejected, Unavailable
from mcur.daemon import administrator
from mcur.playbooks.facts import Export
from mcur.playbooks.intents import Cite
from mcur.playbooks.owning import reader_of
from mcur.playbooks.playbook import Playbook
from mcur.state.opening import is_unusable
from mcur.state.store import State

log = structlog.get_logger()


@dataclass(slots=True)
class Found:
    """A file of a feed: its mark when it was looked at, and what it held.

    ``Rejected`` is no export; ``None`` was read at an earlier look and could not be moved away.
    """

    path: Path
    mark: list[int]
    export: Export | Rejected | None


@dataclass(slots=True, kw_only=True)
class FeedSource:
    """A folder of exports. The cursor holds the marks of the files that the last look found."""

    name: str
    every: timedelta
    feed: AppealFeed
    scope: str | None
    playbooks: Sequence[Playbook]
    live_from: Callable[[], datetime]
    administrator: str = ""

    def look(self, cursor: str | None, now: datetime) -> list[Found]:  # noqa: ARG002  (files tell no time)
        """Read every export that waits; one that is none is kept aside with its reason.

        One that cannot be read now holds up no other, but is said where it is the only one.
        """
        known = json.loads(cursor) if cursor else {}
        found: list[Found] = []
        silent: Unavailable | None = None
        for path in self.feed.waiting():
            try:
                mark = _mark(path)
                was_read = bool(mark) and known.get(path.name) == mark
                found.append(Found(path, mark, None if was_read else self._read(path)))
            except Unavailable as exc:
                silent = exc
                log.warning("not read", feed=self.feed.name, file=path.name, why=str(exc))
        if silent is not None and not found:
            raise silent
        return found

    def _read(self, path: Path) -> Export | Rejected:
        try:
            return self.feed.read(path)
        except Rejected as exc:
            return exc
        except Unavailable:
            raise
        except Exception as exc:  # noqa: BLE001  (a fault of ours in one file stops no other)
            return self._fault(path, exc)

    def _fault(self, path: Path, cause: Exception) -> Rejected:
        log.error("fault", feed=self.feed.name, file=path.name, exc_info=cause)
        return Rejected(f"a fault of mcur itself, {type(cause).__name__}: {cause}")

    def keep(self, found: list[Found], state: State, now: datetime) -> bool:
        """Store the exports; a file that is no export goes to quarantine whole."""
        for one in found:
            if isinstance(one.export, Export):
                one.export = self._store(one.path, one.export, state, now)
            if isinstance(one.export, Rejected):
                why = str(one.export)
                with state.atomic():
                    state.quarantine_file(self.feed.name, one.path.name, why, now)
                    self._tell("export", one.path.name, why, state, now)
                log.error("not an export", feed=self.feed.name, file=one.path.name, why=why)
            elif one.export is None:
                with state.atomic():
                    self._tell("stuck", one.path.name, "", state, now)
        marks = json.dumps({one.path.name: one.mark for one in found})
        if marks != (state.cursor(self.name) or "{}"):
            with state.atomic():
                state.advance(self.name, marks, now)
        return False

    def _store(self, path: Path, export: Export, state: State, now: datetime) -> Export | Rejected:
        try:
            done = state.take_export(
                export, scope=self.scope, live_from=self.live_from(), now=now, cite=self.cite()
            )
        except (
            Exception
        ) as exc:  # a fault of ours in this one file; a broken state stops the daemon
            if is_unusable(exc):
                raise
            return self._fault(path, exc)
        log.info(
            "export read", feed=self.feed.name, file=path.name, rows=done.rows, new=done.new,
            changed=done.changed, vanished=done.vanished, quarantined=done.quarantined,
        )  # fmt: skip
        return export

    def settle(self, found: list[Found]) -> None:
        """Move stored files to ``done/``, the others to ``failed/``; one that stays stops no other."""
        stuck: Unavailable | None = None
        for one in found:
            try:
                self.feed.settle(one.path, failed=isinstance(one.export, Rejected))
            except Unavailable as exc:
                stuck = exc
        if stuck is not None:
            raise stuck

    def _tell(self, what: str, file: str, why: str, state: State, now: datetime) -> None:
        """Write to the administrator of a file that needs him: once a day, feed and kind of trouble."""
        if not self.administrator:
            return
        told = administrator.letter(
            self.administrator, self._reader(), self.cite(), what, self.feed.name, now,
            feed=self.feed.name, file=file, why=why,
        )  # fmt: skip
        state.outbox.put(told, "courier", now)

    def cite(self) -> Cite:
        """Name the rule that reads this feed."""
        playbook = self._reader()
        why = playbook.texts.say("feed.why", zone=playbook.calendar.zone, feed=self.feed.name)
        return reader_of(self.playbooks).model_copy(update={"why": why})

    def _reader(self) -> Playbook:
        name = reader_of(self.playbooks).playbook
        return next(playbook for playbook in self.playbooks if playbook.id == name)


def _mark(path: Path) -> list[int]:
    """Tell a file from another one of its name; a new drop is another file even where all else is alike."""
    try:
        now = path.stat()
    except OSError:
        return []  # somebody took it away; reading it will say so
    return [now.st_ino, now.st_size, now.st_mtime_ns]
