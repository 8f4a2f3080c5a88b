"""The file of the embedded tracker: its tables, its transactions, its rows as tasks."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from mcur.connectors.ports import Rejected, Unavailable
from mcur.playbooks.facts import Note, TaskKind, TaskSeen, TaskStatus

ROBOT = "mcur"
"""The daemon's own name here."""

BUSY = 10.0
"""Seconds that one process waits for another one's write."""

_SCHEMA = """
create table if not exists counter (version integer not null);
insert into counter select 0 where not exists (select 1 from counter);
create table if not exists tasks (
  id integer primary key autoincrement,
  version integer not null,
  key text,
  kind text,
  project text not null,
  subject text not null,
  text text not null,
  status text not null,
  author text not null,
  assignee text,
  start text,
  due_at text,
  urgent integer not null,
  parent integer references tasks (id),
  created_at text not null,
  updated_at text not null,
  closed_at text,
  fields text not null
);
create index if not exists tasks_by_key on tasks (key);
create index if not exists tasks_by_version on tasks (version);
create table if not exists notes (
  id integer primary key autoincrement,
  task integer not null references tasks (id),
  token text,
  at text not null,
  author text not null,
  text text not null,
  changes text not null
);
create index if not exists notes_by_task on notes (task);
create table if not exists files (
  task integer not null references tasks (id),
  name text not null,
  digest text
);
create index if not exists files_by_task on files (task);
"""

Value = str | int | None
Values = Mapping[str, Value]


class TaskFile:
    """Tasks, notes and names of files in SQLite; safe in several threads and processes.

    Rows are read and written only inside :meth:`reading` and :meth:`writing`.
    """

    def __init__(self, path: Path, tracker: str, *, lasting: bool = True) -> None:
        """Open the file, making it where there is none.

        A ``lasting`` one outlives the power; another one lives in memory and is written when it is closed.
        """
        self.path = path
        self._tracker = tracker
        self._owed = None if lasting else path
        self._lock = threading.RLock()
        with self._border(f"open the embedded tracker {path}"):
            self.db = sqlite3.connect(
                path if lasting else ":memory:",
                timeout=BUSY,
                isolation_level=None,
                check_same_thread=False,
            )
            self.db.row_factory = sqlite3.Row
            if lasting:
                self.db.execute("pragma journal_mode = wal")
                self.db.execute("pragma synchronous = full")
            elif path.exists():
                with closing(sqlite3.connect(path)) as file:
                    file.backup(self.db)
            self.db.execute("pragma foreign_keys = on")
            self.db.executescript(f"begin immediate;{_SCHEMA}commit;")

    def close(self) -> None:
        """Close the file; a second time does no harm."""
        owed, self._owed = self._owed, None
        with self._lock:
            if owed is not None:
                with self._border("write down"), closing(sqlite3.connect(owed)) as file:
                    self.db.backup(file)
            self.db.close()

    def insert(self, values: Values, at: datetime) -> int:
        """Write a new task and return its number."""
        whole = {
            **values,
            "version": self._next_version(),
            "created_at": stamp(at),
            "updated_at": stamp(at),
            "closed_at": None if TaskStatus(str(values["status"])).is_open else stamp(at),
        }
        names = ", ".join(whole)
        marks = ", ".join(f":{name}" for name in whole)
        # Names are this module's own; values are bound.
        made = self.db.execute(f"insert into tasks ({names}) values ({marks})", whole)
        return int(made.lastrowid or 0)

    def apply(self, row: sqlite3.Row, changed: Values, at: datetime) -> None:
        """Write changed values and what follows from them."""
        values: dict[str, Value] = {
            **changed,
            "version": self._next_version(),
            "updated_at": stamp(at),
        }
        if "status" in changed:
            is_open = TaskStatus(str(changed["status"])).is_open
            values["closed_at"] = None if is_open else row["closed_at"] or stamp(at)
        sets = ", ".join(f"{name} = :{name}" for name in values)
        self.db.execute(f"update tasks set {sets} where id = :id", {**values, "id": row["id"]})

    def add_note(
        self,
        ident: int,
        at: datetime,
        author: str,
        text: str,
        changes: Mapping[str, Value],
        token: str | None,
    ) -> None:
        """Write an entry of a task's history."""
        self.db.execute(
            "insert into notes (task, token, at, author, text, changes) values (?, ?, ?, ?, ?, ?)",
            [ident, token, stamp(at), author, text, to_json(changes)],
        )

    def add_files(self, ident: int, files: Iterable[tuple[str, str | None]]) -> None:
        """Write the names of files that came with a task or a note."""
        rows = [(ident, name, digest) for name, digest in files]
        self.db.executemany("insert into files (task, name, digest) values (?, ?, ?)", rows)

    def _next_version(self) -> int:
        question = "update counter set version = version + 1 returning version"
        return int(self.db.execute(question).fetchone()[0])

    def row(self, ident: str) -> sqlite3.Row:
        """Return the row of a task; :class:`Rejected` where there is none."""
        found: sqlite3.Row | None = self.db.execute(
            "select * from tasks where id = ?", [ident]
        ).fetchone()
        if found is None:
            msg = f"read task {ident}: the embedded tracker has no such task"
            raise Rejected(msg)
        return found

    def seen(self, ident: int) -> TaskSeen:
        """Read a task with its history."""
        row = self.row(str(ident))
        fields = json.loads(row["fields"])
        files = self.db.execute("select name from files where task = ? order by rowid", [ident])
        return TaskSeen(
            tracker=self._tracker,
            ident=str(row["id"]),
            key=row["key"],
            project=row["project"],
            subject=row["subject"],
            status=TaskStatus(row["status"]),
            author=row["author"],
            assignee=row["assignee"] or None,
            due_at=_moment(row["due_at"]),
            created_at=datetime.fromisoformat(row["created_at"]),
            updated_at=datetime.fromisoformat(row["updated_at"]),
            closed_at=_moment(row["closed_at"]),
            parent=str(row["parent"]) if row["parent"] else None,
            measures=fields.get("measures") or None,
            causes=fields.get("causes") or None,
            prevention=fields.get("prevention") or None,
            text=row["text"],
            kind=TaskKind(row["kind"]) if row["kind"] else None,
            notes=self._notes(ident),
            attachments=tuple(file["name"] for file in files),
        )

    def _notes(self, ident: int) -> tuple[Note, ...]:
        question = "select * from notes where task = ? and author <> ? order by id"
        return tuple(
            Note(
                ident=str(row["id"]),
                at=datetime.fromisoformat(row["at"]),
                author=row["author"],
                text=row["text"],
                changes=json.loads(row["changes"]),
            )
            for row in self.db.execute(question, [ident, ROBOT])
        )

    @contextmanager
    def reading(self, doing: str) -> Iterator[None]:
        """Hold one view of the file."""
        with self._lock, self._border(doing):
            self.db.execute("begin")
            try:
                yield
            finally:
                self.db.execute("rollback")

    @contextmanager
    def writing(self, doing: str) -> Iterator[None]:
        """Write all or nothing."""
        with self._lock, self._border(doing):
            self.db.execute("begin immediate")
            try:
                yield
            except BaseException:
                if self.db.in_transaction:  # a full disk has ended it already
                    self.db.execute("rollback")
                raise
            self.db.execute("commit")

    @contextmanager
    def _border(self, doing: str) -> Iterator[None]:
        """Translate what SQLite raises: busy and full pass by, a foreign or torn file does not."""
        try:
            yield
        except sqlite3.IntegrityError as exc:
            msg = f"{doing}: the embedded tracker has no such parent task"
            raise Rejected(msg) from exc
        except sqlite3.OperationalError as exc:
            msg = f"{doing}: {self.path}: {exc}"
            raise Unavailable(msg) from exc
        except sqlite3.DatabaseError as exc:
            msg = f"{doing}: {self.path} is not a tracker's file or is damaged: {exc}"
            raise Rejected(msg) from exc


def stamp(moment: datetime | None) -> str | None:
    """Write a moment as the file keeps it."""
    return moment.astimezone(UTC).isoformat() if moment else None


def _moment(stamp: str | None) -> datetime | None:
    return datetime.fromisoformat(stamp) if stamp else None


def to_json(values: Mapping[str, object]) -> str:
    """Write values as the file keeps them."""
    return json.dumps(dict(values), ensure_ascii=False, sort_keys=True)
