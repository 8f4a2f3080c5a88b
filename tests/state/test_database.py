"""What a state remembers of its answers, and when it forgets them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from mcur.state.store import State

INSERT = "INSERT INTO keys VALUES (?, 'mark', '')"


@pytest.fixture
def state(tmp_path: Path) -> State:
    """Open a new state that holds one key."""
    opened = State(tmp_path / "state" / "mcur.db")
    with opened.atomic():
        opened.db.conn.execute(INSERT, ("a",))
    return opened


def keys(state: State) -> list[str]:
    """Ask for the keys, remembered."""
    return state.db.remembered(
        "keys", lambda: [row["key"] for row in state.db.query("SELECT key FROM keys ORDER BY key")]
    )


WRITINGS: dict[str, Callable[[State], object]] = {
    "insert": lambda s: s.db.conn.execute(INSERT, ("b",)),
    "through the library": lambda s: s.db.execute(INSERT, ("b",)),
    "many": lambda s: s.db.conn.executemany(INSERT, [("b",), ("c",)]),
    "update": lambda s: s.db.execute("UPDATE keys SET key = 'z'"),
    "delete": lambda s: s.db.execute("DELETE FROM keys"),
    "replace": lambda s: s.db.execute("INSERT OR REPLACE INTO keys VALUES ('a', 'mark', 'x')"),
    "returning": lambda s: s.db.execute("UPDATE keys SET key = 'z' RETURNING key"),
}


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)
def test_an_answer_holds_until_its_table_is_written(
    state: State, write: Callable[[State], object]
) -> None:
    """By whichever statement."""
    with state.atomic():
        before = keys(state)
        assert keys(state) is before
        write(state)
        assert keys(state) is not before


def test_what_is_written_elsewhere_changes_nothing(state: State) -> None:
    """Nor does a statement that found nothing to write."""
    with state.atomic():
        before = keys(state)
        state.set_meta("x", "1")
        state.db.execute("INSERT OR IGNORE INTO keys VALUES ('a', 'mark', '')")
        state.db.execute("UPDATE keys SET key = 'z' WHERE key = 'none'")
        state.db.conn.executemany(INSERT, [])
        assert keys(state) is before


def test_an_answer_made_of_another_falls_with_it(state: State) -> None:
    """Whether that was asked anew or remembered."""

    def count() -> int:
        return state.db.remembered("count", lambda: len(keys(state)))

    with state.atomic():
        keys(state)
        assert count() == 1
        state.db.execute(INSERT, ("b",))
        assert count() == 2


def test_a_statement_that_fails_counts_all_the_same_when_it_succeeds(state: State) -> None:
    """Its tables are learned though its first use broke a constraint."""
    with state.atomic():
        before = keys(state)
        with pytest.raises(sqlite3.IntegrityError):
            state.db.conn.execute(INSERT, ("a",))
        state.db.conn.execute(INSERT, ("b",))
        assert keys(state) != before


def test_the_next_transaction_remembers(state: State) -> None:
    """Unless another process wrote between them."""
    with state.atomic():
        before = keys(state)
    with state.atomic():
        assert keys(state) is before
    with sqlite3.connect(state.path) as other:
        other.execute(INSERT, ("b",))
    with state.atomic():
        assert keys(state) == ["a", "b"]


def test_what_no_cycle_asked_for_is_dropped(state: State) -> None:
    """Memory would grow for ever: many questions name the moment that they are asked at."""
    with state.atomic():
        before = keys(state)
        state.db.turn()
        assert keys(state) is before
        state.db.turn()
        state.db.turn()
        assert keys(state) is not before


def test_what_is_undone_is_forgotten(state: State) -> None:
    """An inner step that fails takes its writing back."""
    with state.atomic():
        with pytest.raises(RuntimeError):
            _write_and_fail(state)
        assert keys(state) == ["a"]


def _write_and_fail(state: State) -> None:
    with state.atomic():
        state.db.execute(INSERT, ("b",))
        assert keys(state) == ["a", "b"]
        raise RuntimeError


def test_outside_a_transaction_nothing_is_remembered(state: State) -> None:
    """Each question is its own."""
    assert keys(state) == ["a"]
    with sqlite3.connect(state.path) as other:
        other.execute(INSERT, ("b",))
    assert keys(state) == ["a", "b"]
