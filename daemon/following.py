"""A tracker as a source: what people did there, and which tasks it shows no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from mcur.connectors.ports import ConnectorError, TaskLost, Tracker, TrackerChanges
from mcur.daemon import missed, telling
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Task, TaskSeen
from mcur.playbooks.intents import Cite
from mcur.playbooks.owning import taker_of
from mcur.playbooks.playbook import Playbook
from mcur.state import flags, lost
from mcur.state.journal import Event
from mcur.state.store import State

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What one look at a tracker brought; ``lost`` is ``None`` where the roll was not called."""

    changes: TrackerChanges
    lost: tuple[TaskLost, ...] | None = None


@dataclass(slots=True, kw_only=True)
class TrackerSource:
    """A tracker: what people did there since the last look.

    A tracker does not tell of tasks that were deleted, hidden or moved away. So every ``roll_call``,
    and at the start, it is asked for all that are known. They are named before the look, so that all
    of them were there, and asked for after its changes.
    """

    name: str
    every: timedelta
    roll_call: timedelta
    tracker: Tracker
    playbooks: Sequence[Playbook]
    directory: Directory
    live_from: Callable[[], datetime]
    _roll: list[str] | None = None
    _called: datetime | None = None
    _owes_more: bool = False

    def look(self, cursor: str | None, now: datetime) -> Followed:
        """Ask for what changed and, when it is time, for what is gone."""
        changes = self.tracker.changes(cursor, now)
        if self._roll is None or changes.more:
            return Followed(changes=changes)
        try:
            return Followed(changes=changes, lost=self.tracker.lost(self._roll, now))
        except ConnectorError as exc:  # the changes are kept; the next look calls the roll again
            log.warning("the roll is not called", source=self.name, why=str(exc))
            return Followed(changes=changes)

    def keep(self, found: Followed, state: State, now: datetime) -> bool:
        """Store tasks and acts; tell of what people changed, and of what is gone."""
        gone = found.lost or ()
        with state.atomic():
            lost.shown_again(state.db, self.tracker.name, (t.ident for t in found.changes.tasks))
            moved = [one.seen for one in gone if one.seen]
            self._take([*found.changes.tasks, *moved], found.changes.cursor, state, now)
            self._owes_more = self._tell_of_lost(gone, state, now)
        return found.changes.more or self._is_roll_due(found, state, now)

    def settle(self, found: Followed) -> None:
        """Nothing is owed to a tracker."""

    def _is_roll_due(self, found: Followed, state: State, now: datetime) -> bool:
        """Name what the next look asks for, where it is time to; it is called until none is gone."""
        if found.lost is not None:
            self._roll = None
        if self._roll is not None:
            return False
        called = self._called
        is_early = called is not None and called <= now < called + self.roll_call
        if is_early and not self._owes_more:
            return False
        if not self._owes_more:
            self._called = now
        self._roll = lost.followed(state.db, self.tracker.name)
        return True

    def _take(self, tasks: Iterable[TaskSeen], cursor: str, state: State, now: datetime) -> None:
        noticed = state.take_tasks(
            tasks,
            (self.name, cursor),
            owner=lambda issue: taker_of(issue, self.playbooks, self.directory),
            directory=self.directory,
            live_from=self.live_from(),
            now=now,
        )
        for task, seen in noticed.changed:
            if not task.history:
                state.tell(self._event(task, seen, now))

    def _tell_of_lost(self, gone: Iterable[TaskLost], state: State, now: datetime) -> bool:
        """Note what is gone, and tell of what was open and ours; return whether anything was news."""
        known = [(state.tasks.by_ident(self.tracker.name, one.ident), one) for one in gone]
        sure = [(task, one) for task, one in known if task and not _is_being_ended(task, one)]
        news = [(task, one) for task, one in sure if lost.note(state.db, task.key, now)]
        open_ = [(task, one) for task, one in news if task.status.is_open and not task.history]
        for flag in missed.told(open_, self.playbooks, self._called or now):
            flags.keep(state, flag, now)
        return bool(news)

    def _event(self, task: Task, seen: TaskSeen, now: datetime) -> Event:
        who = seen.notes[-1].author if seen.notes else ""
        owners = (playbook for playbook in self.playbooks if playbook.id == task.playbook)
        owner = next(owners, self.playbooks[0])  # its own may have been taken off the site
        why = owner.texts.say("tracker.changed", zone=owner.calendar.zone, who=who)
        clause = task.clause or next(iter(owner.clauses), "")
        cite = Cite(playbook=task.playbook, rule=task.rule, clause=clause, why=why)
        return telling.task_seen(task, seen, cite, now)


def _is_being_ended(task: Task, gone: TaskLost) -> bool:
    """Whether somebody ended a task that he moved away, and whether he may is decided first."""
    return task.status.is_open and gone.seen is not None and not gone.seen.status.is_open
