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

    def __init__(self, *opened: Any, **how: Any) -> None:
        super().__init__(*opened, **how)
        self.forget()

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
        self.forget()
        self.conn.execute("BEGIN IMMEDIATE")

    def forget(self) -> None:
        """Forget what was asked: a transaction begins, or something was undone inside one."""
        self._answers: dict[Hashable, Any] = {}
        self._kept: dict[Hashable, Any] = {}
        self._changes = self.conn.total_changes

    def remembered(
        self, question: Hashable, ask: Callable[[], Answer], *, version: int | None = None
    ) -> Answer:
        """Return the answer of this transaction, asked anew after anything was written.

        With ``version`` it holds as long as that is the same: who alone writes a table counts.
        """
        if not self.conn.in_transaction:
            return ask()
        if self._changes != self.conn.total_changes:
            self._answers = {}
            self._changes = self.conn.total_changes
        known = self._answers if version is None else self._kept
        place = (question, version)
        if place not in known:
            known[place] = ask()
        answer: Answer = known[place]
        return answer
