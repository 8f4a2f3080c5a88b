"""How the database of a site is opened, and how a second mcur is kept out."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from mcur.state.database import StateDatabase
from mcur.state.schema import ShapeUnknown, migrate

THROWN_AWAY = (
    "synchronous = OFF", "cache_size = -65536", "temp_store = MEMORY", "locking_mode = EXCLUSIVE"
)  # fmt: skip
"""How a state is kept that is thrown away: nobody else reads it, nothing waits for the disk."""
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
    """Open the database in its newest shape."""
    try:
        db = StateDatabase(path, patience=BUSY)
        db.enable_wal()
        if lasting:
            db.execute("PRAGMA synchronous = NORMAL")
        else:
            for pragma in THROWN_AWAY:
                db.execute(f"PRAGMA {pragma}")
        db.execute("PRAGMA foreign_keys = ON")
        migrate(db)
    except ShapeUnknown as exc:
        msg = f"the state {path} {exc}"
        raise StateUnreadable(msg) from exc
    except sqlite3.DatabaseError as exc:
        msg = f"the state {path} cannot be opened: {exc}; take the last backup, or another path"
        raise StateUnreadable(msg) from exc
    return db


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
