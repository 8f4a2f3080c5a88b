"""What a state remembers of its answers, and when it forgets them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mcur.state.store import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    """Open a new state."""
    return State(tmp_path / "state" / "mcur.db")


def keys(state: State, version: int | None = None) -> list[str]:
    """Ask for the keys, remembered."""
    return state.db.remembered(
        "keys",
        lambda: [row["key"] for row in state.db.query("SELECT key FROM keys ORDER BY key")],
        version=version,
    )


def write(state: State, key: str) -> None:
    """Write a key."""
    state.db.conn.execute("INSERT INTO keys VALUES (?, 'mark', '')", (key,))


def test_an_answer_holds_until_something_is_written(state: State) -> None:
    """By us: nobody else writes while a transaction lasts."""
    with state.atomic():
        before = keys(state)
        assert keys(state) is before
        write(state, "a")
        assert keys(state) == ["a"]


def test_an_answer_with_a_version_holds_as_long_as_that(state: State) -> None:
    """Whatever is written elsewhere."""
    with state.atomic():
        before = keys(state, version=1)
        write(state, "a")
        assert keys(state, version=1) is before
        assert keys(state, version=2) == ["a"]


def test_the_next_transaction_asks_anew(state: State) -> None:
    """Another process may have written between them."""
    with state.atomic():
        assert keys(state, version=1) == keys(state) == []
    with sqlite3.connect(state.path) as other:
        other.execute("INSERT INTO keys VALUES ('b', 'mark', '')")
    with state.atomic():
        assert keys(state, version=1) == keys(state) == ["b"]


def test_what_is_undone_is_forgotten(state: State) -> None:
    """An inner step that fails takes its writing back."""
    with state.atomic():
        with pytest.raises(RuntimeError):
            _write_and_fail(state)
        assert keys(state) == keys(state, version=1) == []


def _write_and_fail(state: State) -> None:
    with state.atomic():
        write(state, "a")
        assert keys(state) == keys(state, version=1) == ["a"]
        raise RuntimeError


def test_outside_a_transaction_nothing_is_remembered(state: State) -> None:
    """Each question is its own."""
    assert keys(state) == []
    with sqlite3.connect(state.path) as other:
        other.execute("INSERT INTO keys VALUES ('b', 'mark', '')")
    assert keys(state) == ["b"]
