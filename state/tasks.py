"""Tasks: what we decided, what the tracker shows, what people wrote on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from mcur.playbooks import notes
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Act, LastLook, Note, Task, TaskKind, TaskSeen, TaskStatus
from mcur.playbooks.intents import Cite, CreateTask, UpdateTask, digest_of
from mcur.state.database import StateDatabase
from mcur.state.lost import give_up_number
from mcur.state.notes import Notes
from mcur.state.rows import dump, last_look_of, look_of, plain_value
from mcur.state.stamps import moment_or_none, text_of

_NAMES = tuple(f.name for f in fields(Task))
_STAMPS = tuple(f.name for f in fields(Task) if "datetime" in str(f.type))
_FLAGS = ("announce", "history")
_COLUMNS = ", ".join(_NAMES)
_SHOWN = ("status", "assignee", "due_at")
_TOLD = ("measures", "causes", "prevention")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """What a look at the tracker showed: people's acts, and the tasks that people changed."""

    acts: tuple[Act, ...]
    changed: tuple[tuple[Task, TaskSeen], ...]
    corrections: tuple[tuple[Task, Note], ...] = ()
    history: int = 0


class Tasks:
    """The tasks of a site. All writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db
        self.notes = Notes(db)

    def get(self, key: str) -> Task | None:
        """Return a task by its key."""
        return self._one("key = ?", [key])

    def by_ident(self, tracker: str, ident: str) -> Task | None:
        """Return a task by its number in a tracker."""
        return self._one("tracker = ? AND ident = ?", [tracker, ident])

    def numbered(self, ident: str) -> list[Task]:
        """Return the tasks with a number, in whichever tracker."""
        return self._many("ident = ? ORDER BY rowid", [ident])

    def find(
        self, playbook: str, kinds: Collection[TaskKind], since: datetime | None
    ) -> list[Task]:
        """Return open tasks of these kinds and, with ``since``, those changed since."""
        ours = f"playbook = ? AND kind IN ({', '.join('?' * len(kinds))})"
        wanted, values = f"{ours} AND is_open = 1", [playbook, *kinds]
        if since is not None:
            # Each part by its own index: with OR SQLite would read every task of the playbook.
            of = "SELECT rowid FROM tasks WHERE"
            wanted = f"rowid IN ({of} {wanted} UNION {of} {ours} AND changed_at >= ?)"
            values = [*values, *values, text_of(since)]
        return self._many(f"{wanted} AND gone_at IS NULL ORDER BY decided_at, rowid", values)

    def fresh(self, playbook: str) -> list[Task]:
        """Return tasks that were made or changed since the last decision."""
        return self._many("fresh = 1 AND playbook = ? ORDER BY rowid", [playbook])

    def to_announce(self, playbook: str) -> list[Task]:
        """Return tasks whose executor was not told yet; what the fuse holds waits."""
        return self._many(
            "playbook = ? AND announce = 1 AND is_open = 1 AND NOT EXISTS"
            " (SELECT 1 FROM outbox o WHERE o.key = tasks.key AND o.state = 'held')"
            " ORDER BY rowid",
            [playbook],
        )

    def listing(self, *, open_only: bool) -> list[Task]:
        """Return the tasks for a person to look at."""
        return self._many(
            "history = 0" + (" AND is_open = 1" if open_only else "") + " ORDER BY rowid", []
        )

    def keys_like(self, glob: str) -> list[str]:
        """Return the keys of tasks that match a glob; only ``*`` and ``?`` are special."""
        pattern = glob.replace("[", "[[]")
        rows = self._db.query("SELECT key FROM tasks WHERE key GLOB ? ORDER BY rowid", [pattern])
        return [row["key"] for row in rows]

    def decide(self, effect: CreateTask, tracker: str, now: datetime) -> None:
        """Keep a task from the moment it was decided."""
        source, number = effect.appeal or (None, None)
        self._insert(
            Task(
                key=effect.key,
                playbook=effect.cite.playbook,
                kind=effect.kind,
                rule=effect.cite.rule,
                clause=effect.cite.clause,
                project=effect.project,
                subject=effect.subject,
                status=TaskStatus.NEW,
                assignee=effect.assignee,
                executor=_executor(effect.assignee),
                tracker=tracker,
                due_at=effect.due_at,
                decided_at=now,
                changed_at=now,
                source=source,
                number=number,
                letter=effect.letter,
                address=effect.fields.get("address"),
                topic=effect.topic,
                parent=effect.parent,
                announce=effect.announce,
            )
        )

    def change(self, effect: UpdateTask, now: datetime) -> None:
        """Keep a decided change at once, so that the rules after this one see it."""
        task = self.get(effect.task)
        if task is None:
            return
        news: dict[str, Any] = {k: v for k, v in effect.fields.items() if k in _TOLD}
        if effect.assignee is not None:
            news["assignee"] = effect.assignee
            executor = _executor(effect.assignee)
            news["announce"] = executor is not None and (task.announce or executor != task.executor)
            news["executor"] = executor or task.executor
        if effect.subject is not None:
            news["subject"] = effect.subject
        if effect.due_at is not None:
            news["due_at"] = effect.due_at
        news |= _moved(task, effect.status or effect.moved, effect.at or now)
        if effect.proof is not None and news.get("status", task.status) is TaskStatus.DONE:
            known = news.get("done_at") or task.done_at
            news["done_at"] = (known or effect.at or now) if effect.proof else None
        if news:
            self._update(task.key, news | {"changed_at": now})

    def made(self, key: str, seen: TaskSeen) -> None:
        """Note that the tracker has the task now."""
        give_up_number(self._db, key, seen.tracker, seen.ident)
        self._update(
            key,
            {
                "tracker": seen.tracker,
                "ident": seen.ident,
                "url": seen.url,
                "created_at": seen.created_at,
                "author": seen.author,
            },
        )
        self.remember(key, seen)

    def remember(self, key: str, seen: TaskSeen) -> None:
        """Keep how the tracker shows the task, so that our own writing is no news later."""
        self._db.execute("UPDATE tasks SET seen = ? WHERE key = ?", (look_of(seen), key))

    def wrote(self, effect: UpdateTask, seen: TaskSeen) -> None:
        """Keep what a change of ours wrote; whatever else differs is a person's, and the next look's news."""
        before = self._seen(effect.task)
        named = {name for name in _SHOWN if getattr(effect, name) is not None}
        ours = {*named, *effect.fields} - seen.edited
        now: dict[str, Any] = json.loads(look_of(seen))
        look = {name: now[name] if name in ours else before.get(name, now[name]) for name in now}
        self._db.execute("UPDATE tasks SET seen = ? WHERE key = ?", (dump(look), effect.task))

    def last_look(self, key: str) -> LastLook | None:
        """Return what people may have changed of a task since, as its tracker showed it."""
        shown = self._seen(key)
        return last_look_of(shown) if shown else None

    def _seen(self, key: str) -> dict[str, Any]:
        """Return how the tracker showed a task at the last look."""
        row = self._db.execute("SELECT seen FROM tasks WHERE key = ?", (key,)).fetchone()
        return json.loads(row[0]) if row and row[0] else {}

    def notice(
        self,
        seen_tasks: Iterable[TaskSeen],
        owner: Callable[[TaskSeen], Cite],
        directory: Directory,
        live_from: datetime,
    ) -> Noticed:
        """Take what the tracker shows: people's notes and changes become acts and facts."""
        found: list[Act] = []
        changed: list[tuple[Task, TaskSeen]] = []
        corrections: list[tuple[Task, Note]] = []
        history = 0
        for seen in seen_tasks:
            task = self._known(seen)
            if task is None:
                history += self._adopt(seen, owner(seen), directory, live_from)
                continue
            fresh = self.notes.take(task, seen)
            corrections += [(task, note) for note in fresh if notes.corrections_in(note)]
            said = [a for n in fresh for a in notes.from_note(task.key, seen.tracker, n, directory)]
            found += (self.notes.with_files(self._of_key(act, seen.tracker)) for act in said)
            judged = {name for act in said for name in act.fields}
            if self._sync(task, seen, directory, judged) and not said:
                changed.append((self.get(task.key) or task, seen))
        return Noticed(
            acts=tuple(found),
            changed=tuple(changed),
            corrections=tuple(corrections),
            history=history,
        )

    def _of_key(self, act: Act, tracker: str) -> Act:
        """Name the task that another one repeats by its key; people name it by its number."""
        if act.do != "duplicate":
            return act
        other = self.by_ident(tracker, act.fields["of"])
        return replace(act, fields={"of": other.key if other else ""})

    def correct(self, key: str, fields_: dict[str, str]) -> None:
        """Take a person's correction of the appeal over to its task."""
        topic = fields_.get("subcategory") or fields_.get("category")
        news = {"address": fields_.get("address"), "topic": topic}
        news = {name: value for name, value in news.items() if value}
        if news:
            self._update(key, news)

    def announced(self, keys: Iterable[str], playbook: str, executor: str, now: datetime) -> None:
        """Note that an executor was told of these tasks."""
        self._db.conn.executemany(
            "UPDATE tasks SET announce = 0 WHERE key = ?", [(k,) for k in keys]
        )
        self._db.execute(
            "INSERT OR REPLACE INTO announcements VALUES (?,?,?)",
            (playbook, executor, text_of(now)),
        )

    def last_letter(self, playbook: str, executor: str) -> datetime | None:
        """Return when the executor last got a letter about new tasks."""
        row = self._db.execute(
            "SELECT at FROM announcements WHERE playbook = ? AND executor = ?", (playbook, executor)
        ).fetchone()
        return moment_or_none(row[0]) if row else None

    def settle(self) -> None:
        """End a decision: nothing is fresh any more."""
        self._db.execute("UPDATE tasks SET fresh = 0 WHERE fresh = 1")

    def _known(self, seen: TaskSeen) -> Task | None:
        by_number = self.by_ident(seen.tracker, seen.ident)
        known = self.get(seen.key) if seen.key else None
        if known is None or (by_number is not None and known.ident is not None):
            return by_number
        # A copy that a person made carries our key too; it is a task of its own.
        return known if known.ident is None else None

    def _adopt(
        self, seen: TaskSeen, owner: Cite, directory: Directory, live_from: datetime
    ) -> bool:
        """Keep a task that somebody made by hand; what stood there before is history."""
        history = seen.created_at < live_from
        role = notes.actor(seen.assignee, directory)[0] if seen.assignee else None
        self._insert(
            Task(
                key=f"task:{owner.playbook}:issue:{seen.tracker}:{seen.ident}",
                playbook=owner.playbook,
                kind=seen.kind or TaskKind.ASSIGNMENT,
                rule=owner.rule,
                clause=owner.clause,
                project=seen.project,
                subject=seen.subject,
                status=seen.status,
                assignee=role,
                author=seen.author,
                tracker=seen.tracker,
                ident=seen.ident,
                url=seen.url,
                due_at=seen.due_at,
                decided_at=seen.created_at,
                created_at=seen.created_at,
                closed_at=seen.closed_at,
                changed_at=seen.updated_at,
                measures=seen.measures,
                causes=seen.causes,
                prevention=seen.prevention,
                history=history,
            )
        )
        self.remember(f"task:{owner.playbook}:issue:{seen.tracker}:{seen.ident}", seen)
        return history

    def _sync(
        self, task: Task, seen: TaskSeen, directory: Directory, judged: Collection[str]
    ) -> bool:
        """Take over what people changed in the tracker; say whether there was anything.

        What an act brings counts once that is ``judged``.
        """
        before, now = self._seen(task.key), json.loads(look_of(seen))
        if now == before:
            return False
        differs = {name for name in now if now[name] != before.get(name)} - set(judged)
        news: dict[str, Any] = {}
        if "status" in differs:
            news |= _moved(task, seen.status, seen.closed_at or seen.updated_at)
        if "due_at" in differs and seen.due_at is not None:
            news["due_at"] = seen.due_at
        if "assignee" in differs and seen.assignee and before:
            news["assignee"] = notes.actor(seen.assignee, directory)[0]
        news |= {n: getattr(seen, n) for n in differs & set(_TOLD) if getattr(seen, n)}
        news = {k: v for k, v in news.items() if getattr(task, k) != v}
        if task.ident is None:
            give_up_number(self._db, task.key, seen.tracker, seen.ident)
            news |= {"ident": seen.ident, "created_at": seen.created_at, "url": seen.url}
        if news:
            self._update(task.key, news | {"changed_at": seen.updated_at})
        self.remember(task.key, seen)
        return bool(news)

    def _insert(self, task: Task) -> None:
        values = {name: plain_value(getattr(task, name)) for name in _NAMES}
        values |= {"is_open": task.status.is_open, "fresh": not task.history}
        columns = ", ".join(values)
        marks = ", ".join(f":{name}" for name in values)
        self._db.conn.execute(f"INSERT OR IGNORE INTO tasks ({columns}) VALUES ({marks})", values)

    def _update(self, key: str, news: dict[str, Any]) -> None:
        values = {name: plain_value(value) for name, value in news.items()}
        if "status" in news:
            values["is_open"] = TaskStatus(news["status"]).is_open
        values["fresh"] = 1
        sets = ", ".join(f"{name} = :{name}" for name in values)
        self._db.conn.execute(
            f"UPDATE tasks SET {sets} WHERE key = :_key",
            values | {"_key": key},
        )

    def _one(self, where: str, values: list[Any]) -> Task | None:
        return next(iter(self._many(where, values)), None)

    def _many(self, where: str, values: list[Any]) -> list[Task]:
        query = f"SELECT {_COLUMNS} FROM tasks WHERE {where}"
        return self._db.remembered(
            (query, *values), lambda: [_task(row) for row in self._db.execute(query, values)]
        )


def _executor(assignee: str | None) -> str | None:
    prefix = "executor:"
    return assignee.removeprefix(prefix) if assignee and assignee.startswith(prefix) else None


def token_of(key: str) -> str:
    """Return the short name under which a key travels in Message-IDs."""
    return digest_of(key)


@lru_cache(maxsize=20_000)
def _task(row: tuple[Any, ...]) -> Task:
    """Read a task; most of what a cycle reads has not changed since the one before."""
    values = dict(zip(_NAMES, row, strict=True))
    for name in _STAMPS:
        values[name] = moment_or_none(values[name])
    for name in _FLAGS:
        values[name] = bool(values[name])
    values["kind"] = TaskKind(values["kind"])
    values["status"] = TaskStatus(values["status"])
    return Task(**values)


def _moved(task: Task, status: TaskStatus | None, at: datetime) -> dict[str, Any]:
    """Say which stamps a new status sets."""
    if status is None or status is task.status:
        return {}
    news: dict[str, Any] = {"status": status}
    if task.accepted_at is None and status in {TaskStatus.IN_WORK, TaskStatus.ON_CONTROL}:
        news["accepted_at"] = at
    if status is TaskStatus.DONE:
        news["done_at"] = at
    if not status.is_open:
        news["closed_at"] = at
    elif not task.status.is_open:
        news |= {"closed_at": None, "done_at": None, "reopen_count": task.reopen_count + 1}
    elif status is TaskStatus.RETURNED:
        news["done_at"] = None
    return news
