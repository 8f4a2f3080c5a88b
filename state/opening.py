"""How the database of a site is opened, and how a second mcur is kept out."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from mcur.state.database import StateDatabase
from mcur.state.schema import ShapeUnknown, migrate

BUSY = 30.0
"""Seconds that one process waits for another one's transaction."""


class StateLocked(Exception):
    """Another mcur owns the state; the message says which process."""


class StateMissing(Exception):
    """There is no state yet; the message says what makes it."""


class StateUnreadable(Exception):
    """The file is no state of this mcur; the message says why and what to do."""


def is_unusable(error: Exception) -> bool:
    """Whether the database could not be read or written at all; a wrong row is another thing."""
    broken = isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError)
    return broken or isinstance(error, StateLocked)


def opened(path: Path, *, lasting: bool) -> StateDatabase:
    """Open the database in its newest shape; one that need not last lives in memory until it is closed."""
    try:
        db = StateDatabase(path if lasting else ":memory:", patience=BUSY)
        if lasting:
            db.enable_wal()
            db.execute("PRAGMA synchronous = NORMAL")
        elif path.exists():
            with closing(sqlite3.connect(path)) as file:
                file.backup(db.conn)
        db.execute("PRAGMA foreign_keys = ON")
        migrate(db)
    except ShapeUnknown as exc:
        msg = f"the state {path} {exc}"
        raise StateUnreadable(msg) from exc
    except sqlite3.DatabaseError as exc:
        msg = f"the state {path} cannot be opened: {exc}; take the last backup, or another path"
        raise StateUnreadable(msg) from exc
    return db


def put_down(db: StateDatabase, path: Path) -> None:
    """Write a database that lives in memory to its file, for whoever opens it next."""
    with closing(sqlite3.connect(path)) as file:
        db.conn.backup(file)


def locked(path: Path) -> int:
    """Take the lock file; a second mcur is told who holds it."""
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        holder = os.read(handle, 32).decode(errors="replace").strip() or "?"
        os.close(handle)
        msg = (
            f"the state {path} is in use by another mcur (process {holder}):"
            " stop it first, or look with a command that only reads"
        )
        raise StateLocked(msg) from exc
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode())
    return handle
