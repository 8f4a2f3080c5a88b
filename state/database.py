"""The database of a site: sqlite-utils, with questions at their bare cost."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any, TypeVar

from sqlite_utils import Database

Answer = TypeVar("Answer")


class StateDatabase(Database):
    """A database that remembers, inside one transaction, what it was asked.

    A cycle asks the same of it for each of its rules, and most of them write nothing. What a
    transaction sees changes only by its own writes, so an answer holds until the next of them.
    """

    _answers: dict[Hashable, Any]
    _changes = -1

    def query(
        self, sql: str, params: Sequence[Any] | dict[str, Any] | None = None
    ) -> Generator[dict[str, Any], None, None]:
        """Ask, and yield the rows by the names of their columns.

        The library puts each question into a savepoint of its own: three statements in place of one.
        """
        cursor = self.conn.execute(sql, params or ())
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor)

    def begin(self) -> None:
        """Begin a transaction that may write: what was remembered was seen in another one."""
        self._changes = -1
        self.conn.execute("BEGIN IMMEDIATE")

    def remembered(self, question: Hashable, ask: Callable[[], Answer]) -> Answer:
        """Return the answer of this transaction, asked anew after anything was written."""
        if not self.conn.in_transaction:
            return ask()
        if self._changes != self.conn.total_changes:
            self._answers = {}
            self._changes = self.conn.total_changes
        if question not in self._answers:
            self._answers[question] = ask()
        answer: Answer = self._answers[question]
        return answer
