"""A folder as a feed: what lies there complete is read, then moved to ``done/`` or ``failed/``."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

from mcur.connectors.feeds.exports import read_export
from mcur.connectors.feeds.shape import FeedShape
from mcur.connectors.ports import Unavailable
from mcur.playbooks.facts import Export

_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", ".partial")
_HIDDEN = (".", "~$")


class FileFeed:
    """Exports of one feed in a folder; implements ``AppealFeed``.

    A file is complete when no program has it open for writing. Where the system cannot tell (a
    network share), it is complete when two looks in a row find the same size and time.
    """

    def __init__(
        self,
        shape: FeedShape,
        folder: Path,
        *,
        written: Callable[[Path], bool | None] | None = None,
    ) -> None:
        self.name = shape.id
        self._shape = shape
        self._folder = folder
        self._written = written or is_being_written
        self._looks: dict[str, tuple[int, int]] = {}

    def waiting(self) -> list[Path]:
        """List the exports that are there and complete, oldest first.

        :raises Unavailable: the folder cannot be looked into.
        """
        try:
            there = [path for path in self._folder.iterdir() if self._is_ours(path)]
            looks = {path.name: path.stat() for path in there}
        except FileNotFoundError as exc:
            if self._folder.is_dir():  # a file left between two looks: the next cycle sees the rest
                return []
            msg = f"look into {self._folder}: there is no such folder"
            raise Unavailable(msg) from exc
        except OSError as exc:
            msg = f"look into {self._folder}: {exc.strerror}"
            raise Unavailable(msg) from exc
        seen, self._looks = self._looks, {n: (s.st_size, s.st_mtime_ns) for n, s in looks.items()}
        complete = [p for p in there if self._is_complete(p, seen)]
        return sorted(complete, key=lambda path: (looks[path.name].st_mtime_ns, path.name))

    def read(self, path: Path) -> Export:
        """Read one export whole; a file that is no export raises ``Rejected``."""
        return read_export(path, self._shape)

    def settle(self, path: Path, *, failed: bool) -> None:
        """Move an export to ``failed/`` or ``done/``; an older file of that name stays.

        :raises Unavailable: the file cannot be moved.
        """
        home = self._folder / ("failed" if failed else "done")
        try:
            home.mkdir(exist_ok=True)
            path.rename(_free_name(home / path.name))
        except FileNotFoundError:
            return  # somebody took it away: it is out of the way
        except OSError as exc:
            msg = f"move {path.name} to {home}: {exc.strerror}"
            raise Unavailable(msg) from exc

    def _is_ours(self, path: Path) -> bool:
        name = path.name.lower()
        if name.startswith(_HIDDEN) or name.endswith(_UNFINISHED) or not path.is_file():
            return False
        return any(fnmatchcase(name, glob.lower()) for glob in self._shape.pattern.split())

    def _is_complete(self, path: Path, seen: dict[str, tuple[int, int]]) -> bool:
        written = self._written(path)
        if written is None:
            return seen.get(path.name) == self._looks[path.name]
        return not written


def is_being_written(path: Path) -> bool | None:
    """Whether some program has the file open for writing; ``None`` where that cannot be known.

    A read lease is refused while the file is open for writing (fcntl(2), «Leases»): for others'
    files it needs CAP_LEASE, and network file systems have none.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False  # reading it will say why
    try:
        # Whoever opens the file for writing in this very moment breaks the lease, and we are told
        # by a signal: by one that is ignored where nobody handles it, for SIGIO would end us.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except (OSError, AttributeError):
        return None
    finally:
        os.close(descriptor)
    return False


def _free_name(path: Path) -> Path:
    """Return the path, or the next with a number: «export.xlsx», «export (2).xlsx»."""
    number = 1
    free = path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem} ({number})")
    return free
