"""The file of the state: made, brought to its newest shape, locked, refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database

from mcur.state import schema, store
from mcur.state.opening import StateLocked, StateMissing, StateUnreadable
from mcur.state.store import State
from tests.fakes import MORNING


def shape_of(path: Path) -> dict[str, str]:
    """Return what makes up a database, by name."""
    database = sqlite3.connect(path)
    rows = database.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    found = dict(rows.fetchall())
    database.close()
    return found


def test_an_empty_file_gets_every_table_once(tmp_path: Path) -> None:
    """A second start changes nothing."""
    State(tmp_path / "mcur.db").close()
    first = shape_of(tmp_path / "mcur.db")
    State(tmp_path / "mcur.db").close()

    assert {"appeals", "outbox", "journal", "cursors"} <= first.keys()
    assert shape_of(tmp_path / "mcur.db") == first


def test_an_older_file_is_brought_to_the_newest_shape_and_keeps_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Migrations run once, in order."""
    older = State(tmp_path / "mcur.db")
    older.set_meta("kept", "yes")
    older.close()
    newer = (*schema.MIGRATIONS, "CREATE TABLE calls (key TEXT); INSERT INTO calls VALUES ('a');")
    monkeypatch.setattr(schema, "MIGRATIONS", newer)

    State(tmp_path / "mcur.db").close()
    again = State(tmp_path / "mcur.db")

    assert again.meta("kept") == "yes"
    assert [row["key"] for row in again.db.query("SELECT key FROM calls")] == ["a"]
    again.close()


def test_rows_that_stood_in_quarantine_many_times_stand_there_once(tmp_path: Path) -> None:
    """An older mcur kept a row without a line anew with each reading."""
    database = Database(sqlite3.connect(tmp_path / "mcur.db"))
    schema.migrate(database)
    once = schema.MIGRATIONS.index(next(m for m in schema.MIGRATIONS if "quarantine_once" in m))
    database.execute("DROP INDEX quarantine_once")
    database.execute("DELETE FROM migrations WHERE number = ?", (once + 1,))
    for line in (None, None, 3):
        database.execute(
            "INSERT INTO quarantine (at, kind, feed, file, line, reason, raw)"
            " VALUES ('', 'row', 'export', 'a.csv', ?, 'has no number', ';;')",
            (line,),
        )
    schema.migrate(database)

    assert [row["line"] for row in database.query("SELECT line FROM quarantine")] == [None, 3]
    database.close()


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a shape would be neither the old nor the new one."""
    database = Database(sqlite3.connect(tmp_path / "mcur.db"))
    schema.migrate(database)
    before = list(database.query("SELECT name FROM sqlite_master"))
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE calls (key TEXT); NONSENSE")
    )

    with pytest.raises(sqlite3.OperationalError, match="NONSENSE"):
        schema.migrate(database)

    assert list(database.query("SELECT name FROM sqlite_master")) == before
    database.close()


def test_a_file_of_a_newer_mcur_is_refused(tmp_path: Path) -> None:
    """An older program would write rows that the newer one misreads."""
    state = State(tmp_path / "mcur.db")
    state.db.execute("INSERT INTO migrations VALUES (99)")
    state.close()

    with pytest.raises(StateUnreadable, match=r"newer mcur \(shape 99.*install that version"):
        State(tmp_path / "mcur.db", writing=False)


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """In a sentence that names the file."""
    (tmp_path / "mcur.db").write_bytes(b"not a database at all" * 100)

    with pytest.raises(StateUnreadable, match=r"mcur\.db cannot be opened: file is not a database"):
        State(tmp_path / "mcur.db", writing=False)


def test_a_second_writer_is_told_who_holds_the_state(state: State) -> None:
    """Readers come in all the same."""
    with pytest.raises(StateLocked, match=r"in use by another mcur \(process \d+\): stop it first"):
        State(state.path)

    reader = State(state.path, writing=False)
    assert reader.meta("first_cycle") is None
    reader.close()


def test_a_transaction_that_takes_too_long_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command beside the daemon that reads a big export ends with a sentence."""
    monkeypatch.setattr(store, "BUSY", 0.05)
    daemon = State(tmp_path / "mcur.db")
    command = State(tmp_path / "mcur.db", writing=False)

    with daemon.atomic(), pytest.raises(StateLocked, match="try again in a minute"):
        command.atomic().__enter__()

    command.close()
    daemon.close()


def test_looking_at_a_state_that_is_not_there_makes_none(tmp_path: Path) -> None:
    """A typing error in a path must not leave a database behind."""
    with pytest.raises(StateMissing, match="run mcur once first"):
        State(tmp_path / "mcur.db", writing=False)

    assert list(tmp_path.iterdir()) == []


def test_what_another_process_writes_is_noticed_and_our_own_is_not(state: State) -> None:
    """The daemon takes up an act of the command line at once."""
    state.set_meta("own", "1")
    ours = state.changed_elsewhere()
    other = State(state.path, writing=False)
    other.set_meta("other", "1")
    other.close()

    assert (ours, state.changed_elsewhere(), state.changed_elsewhere()) == (False, True, False)


def test_what_is_stamped_within_the_second_of_the_first_start_is_not_history(state: State) -> None:
    """A mail server stamps 09:30:05 on what comes at 09:30:05.9; the site is up since 09:30:05.4."""
    live = state.go_live(MORNING.replace(second=5, microsecond=400_000))

    assert live == state.live_from(None) == MORNING.replace(second=5)


def test_the_moment_of_going_live_is_set_once(state: State) -> None:
    """Whatever later starts say; a configured moment stands above it."""
    first = state.go_live(MORNING)
    later = state.go_live(MORNING.replace(hour=12))

    assert first == later == state.live_from(None) == MORNING
    assert state.live_from(MORNING.replace(hour=14)) == MORNING.replace(hour=14)
