"""The database of a site: sqlite-utils, with questions at their bare cost."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

Answer = TypeVar("Answer")
Values = Sequence[Any] | dict[str, Any]

STATEMENTS = 512
"""How many compiled statements a connection keeps; a cycle of five regulations uses a few hundred."""
PARTS = 4096
"""How many answers that rest on a part of a table are kept, whether or not the last cycle asked."""
_WRITING = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}


@dataclass(frozen=True, slots=True)
class Touched:
    """The tables that a statement reads and writes, as SQLite itself says when it compiles it."""

    reads: frozenset[str]
    writes: frozenset[str]


class Connection(sqlite3.Connection):
    """A connection that counts how often each table was written, and notes which were read."""

    def __init__(self, *opened: Any, **how: Any) -> None:
        super().__init__(*opened, **how)
        self._known: dict[str, Touched] = {}
        self._written: dict[str, int] = {}
        self._read: set[str] = set()
        self._compiled: list[tuple[int, str]] = []
        self.set_authorizer(self._note)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute a statement and count what it touched."""
        touched = self._known.get(sql) or self._learn(sql, parameters)
        cursor = super().execute(sql, parameters)
        self._read |= touched.reads
        if touched.writes and (cursor.rowcount or cursor.description):
            self._count(touched.writes)
        return cursor

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> sqlite3.Cursor:
        """Execute a statement for each of many and count what it touched."""
        rows = list(parameters)
        if rows:
            touched = self._known.get(sql) or self._learn(sql, rows[0])
            self._count(touched.writes)
        return super().executemany(sql, rows)

    def written(self, tables: Iterable[str]) -> int:
        """Return how often these tables were written; it only ever grows."""
        return sum(self._written.get(table, 0) for table in tables)

    @contextmanager
    def reading(self) -> Iterator[set[str]]:
        """Gather the tables that are read meanwhile; who reads around this reads them too."""
        around, self._read = self._read, set()
        try:
            yield self._read
        finally:
            self._read |= around

    def note_read(self, tables: Iterable[str]) -> None:
        """Note that what was once read from these tables is used."""
        self._read.update(tables)

    def note_written(self, parts: Iterable[str]) -> None:
        """Note that these parts of tables were written: what a part is, its owner knows."""
        self._count(parts)

    def _note(self, action: int, table: str | None, *_more: object) -> int:
        if table and (action == sqlite3.SQLITE_READ or action in _WRITING):
            self._compiled.append((action, table))
        return sqlite3.SQLITE_OK

    def _learn(self, sql: str, parameters: Any) -> Touched:
        """Have a statement compiled that nobody executed yet: only then SQLite names its tables."""
        self._compiled.clear()
        super().execute(f"EXPLAIN {sql}", parameters).close()
        touched = Touched(
            reads=frozenset(t for action, t in self._compiled if action not in _WRITING),
            writes=frozenset(t for action, t in self._compiled if action in _WRITING),
        )
        self._known[sql] = touched
        return touched

    def _count(self, tables: Iterable[str]) -> None:
        for table in tables:
            self._written[table] = self._written.get(table, 0) + 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer, the tables that it came from and how often they had been written by then."""

    answer: Any
    tables: frozenset[str]
    written: int


class StateDatabase(Database):
    """A database that remembers what it was asked until a table behind the answer is written.

    A cycle asks the same for each of its rules, and the next cycle again; most of it has not
    changed. Only inside a transaction is it known what others wrote, so only there it remembers.
    """

    conn: Connection

    def __init__(self, path: Path | str, *, patience: float) -> None:
        super().__init__(
            sqlite3.connect(
                path, timeout=patience, factory=Connection, cached_statements=STATEMENTS
            )
        )
        self._seen: Any = None
        self.forget()

    def execute(self, sql: str, parameters: Values | None = None) -> sqlite3.Cursor:
        """Execute a statement; outside a transaction the library commits it."""
        if self.conn.in_transaction:
            return self.conn.execute(sql, parameters or ())
        return super().execute(sql, parameters)

    def query(
        self, sql: str, params: Values | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Ask, and yield the rows by the names of their columns.

        The library puts each question into a savepoint of its own: three statements in place of one.
        """
        cursor = self.conn.execute(sql, params or ())
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def begin(self, *, writing: bool = True) -> None:
        """Begin a transaction; what another process wrote meanwhile ends all memory."""
        self.conn.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        version = self.conn.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen:
            self.forget()
            self._seen = version

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Hold a part of a transaction that is undone alone where it fails."""
        self.conn.execute("SAVEPOINT nested")
        try:
            yield
        except BaseException:
            self.conn.execute("ROLLBACK TO nested")
            raise
        finally:
            self.conn.execute("RELEASE nested")

    def forget(self) -> None:
        """Forget what was asked: somebody else has written, or something of ours was undone."""
        self._answers: dict[Hashable, Remembered] = {}
        self._before: dict[Hashable, Remembered] = {}
        self._of_parts: OrderedDict[Hashable, Remembered] = OrderedDict()

    def turn(self) -> None:
        """Begin a cycle: what was not asked in the one before is not kept for the next."""
        self._before, self._answers = self._answers, {}

    def remembered(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, asked anew after a table behind it was written."""
        if not self.conn.in_transaction:
            return ask()
        known = self._answers.get(question) or self._before.get(question)
        if known is None or known.written != self.conn.written(known.tables):
            known = self._asked(ask)
        else:
            self.conn.note_read(known.tables)
        self._answers[question] = known
        answer: Answer = known.answer
        return answer

    def remembered_of(
        self, parts: Collection[str], question: Hashable, ask: Callable[[], Answer]
    ) -> Answer:
        """Return the answer to a question that rests on parts of tables, which their owner notes.

        The rest of those tables may be written in each cycle, and the answer still stands.
        """
        if not self.conn.in_transaction:
            return ask()
        written = self.conn.written(parts)
        known = self._of_parts.pop(question, None)
        if known is None or known.written != written:
            known = replace(self._asked(ask), written=written)
        else:
            self.conn.note_read(known.tables)
        self._of_parts[question] = known
        if len(self._of_parts) > PARTS:
            self._of_parts.popitem(last=False)
        answer: Answer = known.answer
        return answer

    def _asked(self, ask: Callable[[], Any]) -> Remembered:
        with self.conn.reading() as tables:
            answer = ask()
            return Remembered(answer, frozenset(tables), self.conn.written(tables))
