"""Which appeals share a task. Writing happens inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mcur.playbooks.joining import JoinTask, TellJoined
from mcur.state.database import StateDatabase

if TYPE_CHECKING:
    from mcur.playbooks.facts import Task
    from mcur.state.tasks import Tasks

NOBODY, TASK, EVERYBODY = 0, 1, 2
"""Who was told that an appeal joined its task; the executor comes last."""


class Joined:
    """Appeals by the task that they share, and tasks by the place that their appeals have in common."""

    def __init__(self, db: StateDatabase, tasks: Tasks) -> None:
        self._db = db
        self._tasks = tasks

    def keep(self, intent: JoinTask) -> None:
        """Put an appeal onto a task."""
        told = EVERYBODY if intent.told else NOBODY
        self._db.execute(
            "INSERT OR REPLACE INTO joined VALUES (?,?,?,?,?,?)",
            (intent.playbook, intent.source, intent.number, intent.task, intent.place, told),
        )

    def told(self, intent: TellJoined) -> None:
        """Note that the task tells of the appeal."""
        self._db.execute(
            "UPDATE joined SET told = ? WHERE playbook = ? AND source = ? AND number = ?",
            (
                TASK if intent.executor else EVERYBODY, intent.playbook, intent.source,
                intent.number,
            ),
        )  # fmt: skip

    def mailed(self, tasks: Iterable[str]) -> None:
        """Note that the executor was told what these tasks tell."""
        self._db.conn.executemany(
            "UPDATE joined SET told = ? WHERE task = ? AND told = ?",
            [(EVERYBODY, task, TASK) for task in tasks],
        )

    def untold(self, playbook: str) -> dict[str, list[tuple[str, str]]]:
        """Return by task the appeals that joined it and that it does not tell of yet."""
        return self._heard_by(playbook, NOBODY)

    def grown(self, playbook: str) -> dict[str, list[tuple[str, str]]]:
        """Return by task the appeals that it tells of and its executor has yet to be told of."""
        return self._heard_by(playbook, TASK)

    def _heard_by(self, playbook: str, told: int) -> dict[str, list[tuple[str, str]]]:
        rows = self._db.execute(
            "SELECT task, source, number FROM joined WHERE playbook = ? AND told = ? AND told < 2"
            " ORDER BY task, source, number",
            (playbook, told),
        )
        found: dict[str, list[tuple[str, str]]] = {}
        for task, source, number in rows:
            found.setdefault(task, []).append((source, number))
        return found

    def task_of(self, playbook: str, source: str, number: str) -> Task | None:
        """Return the task of an appeal: the one that it shares, else its own."""
        row = self._db.execute(
            "SELECT task FROM joined WHERE playbook = ? AND source = ? AND number = ?",
            (playbook, source, number),
        ).fetchone()
        return self._tasks.get(row[0] if row else f"task:{playbook}:{source}:{number}")

    def task_at(self, playbook: str, place: str) -> Task | None:
        """Return the open task that appeals of a place share."""
        rows = self._db.execute(
            "SELECT DISTINCT task FROM joined WHERE playbook = ? AND place = ?", (playbook, place)
        )
        known = (self._tasks.get(key) for (key,) in rows)
        return next((task for task in known if task and task.status.is_open), None)

    def appeals(self, task: str) -> list[tuple[str, str]]:
        """Return source and number of the appeals of a task."""
        rows = self._db.execute(
            "SELECT source, number FROM joined WHERE task = ? ORDER BY source, number", (task,)
        )
        return [(source, number) for source, number in rows]
