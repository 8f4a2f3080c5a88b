"""A Maildir as a mailbox: letters are files in ``new/`` and ``cur/``, their names are identities.

https://cr.yp.to/proto/maildir.html: a letter is written in ``tmp/`` and renamed when it is whole;
the name before «:» never changes, whoever moves the file or sets its flags.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

from mcur.connectors.mail.parts import HEADER_BLOCK
from mcur.connectors.ports import MailBatch, RawLetter, Rejected, Unavailable
from mcur.playbooks.facts import LetterPlace

FOLDER = "INBOX"
_BATCH = 200
_BATCH_BYTES = 64 * 2**20
_MARK = 9  # bytes that stand for a name in the cursor: 12 characters of base64


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirShape:
    """Where the Maildir is. ``settle = "seen"`` moves stored letters from ``new/`` to ``cur/``."""

    path: Path
    settle: Literal["keep", "seen"] = "seen"
    size_limit: int = 35 * 2**20
    """Bytes of the largest letter that is read whole."""


class _File(NamedTuple):
    arrived: float
    name: str
    path: str
    size: int


class MaildirMailbox:
    """Reads a Maildir.

    The cursor holds a short digest of each name that is there and was handed out: an unchanged
    Maildir of 2,000 letters costs two listings a poll, no file is looked at. Stamps are those of
    the files.
    """

    def __init__(self, name: str, shape: MaildirShape) -> None:
        self.name = name
        self._shape = shape

    def fetch(self, cursor: str | None, now: datetime) -> MailBatch:  # noqa: ARG002 - files have no clock of their own
        """Return letters whose names the cursor does not know, oldest first."""
        known = _marks(cursor)
        with self._reading():
            present = dict(self._names())
            waiting = sorted(self._unknown(present, known))
            letters: list[RawLetter] = []
            used = 0
            for file in waiting:
                if len(letters) == _BATCH or used >= _BATCH_BYTES:
                    break
                letters.append(self._letter(file))
                used += len(letters[-1].raw or b"")
        taken = {_mark(file.name) for file in waiting[: len(letters)]}
        still = known & {_mark(name) for name in present}
        more = len(letters) < len(waiting)
        return MailBatch(letters=tuple(letters), cursor=_cursor(still | taken), more=more)

    def settle(self, places: Iterable[LetterPlace]) -> None:
        """Mark stored letters as seen, for people who look into the Maildir; a courtesy."""
        if self._shape.settle == "keep":
            return
        with self._reading():
            for place in places:
                arrived = self._shape.path / "new" / place.uid
                if arrived.is_file():
                    arrived.rename(self._shape.path / "cur" / f"{place.uid}:2,S")

    def bell(self) -> None:
        """Return ``None``: a listing costs next to nothing, so it is polled."""

    def check(self) -> list[str]:
        """Say which folders are missing or closed to us."""
        path = self._shape.path
        if not path.is_dir():
            return [f"mailbox {self.name}: {path} is not there; make it, or correct path"]
        missing = [name for name in ("new", "cur", "tmp") if not (path / name).is_dir()]
        if missing:
            return [
                f"mailbox {self.name}: {path} is not a Maildir, it has no folder {', '.join(missing)}; "
                "make it, or correct path"
            ]
        wanted = os.R_OK | os.X_OK | (os.W_OK if self._shape.settle == "seen" else 0)
        return [
            f"mailbox {self.name}: {path / name} is closed to this user; give it the right to "
            "read and write there"
            for name in ("new", "cur")
            if not os.access(path / name, wanted)
        ]

    def _names(self) -> Iterator[tuple[str, str]]:
        """Yield identity and path of each file; names with a dot are not letters."""
        # In this order, so that a letter which somebody moves meanwhile is seen at least once.
        for folder in ("new", "cur"):
            with os.scandir(self._shape.path / folder) as entries:
                for entry in entries:
                    if not entry.name.startswith("."):
                        yield entry.name.partition(":")[0], entry.path

    def _unknown(self, present: dict[str, str], known: set[str]) -> Iterator[_File]:
        """Look at the files that are new. One that has just been moved comes with the next poll."""
        for name, path in present.items():
            if _mark(name) in known:
                continue
            try:
                about = os.lstat(path)
            except FileNotFoundError:
                continue
            # Nobody waits at a pipe, and nobody reads what a link points to.
            if stat.S_ISREG(about.st_mode):
                yield _File(about.st_mtime, name, path, about.st_size)

    def _letter(self, file: _File) -> RawLetter:
        fits = file.size <= self._shape.size_limit
        with Path(file.path).open("rb") as opened:
            content = opened.read(self._shape.size_limit if fits else HEADER_BLOCK)
        return RawLetter(
            place=LetterPlace(account=self.name, folder=FOLDER, uidvalidity=0, uid=file.name),
            received_at=datetime.fromtimestamp(file.arrived, UTC),
            size=file.size,
            raw=content if fits else None,
            head=b"" if fits else content,
        )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Translate what the disk says."""
        doing = f"mailbox {self.name}: read {self._shape.path}"
        try:
            yield
        except PermissionError as exc:
            msg = f"{doing}: {exc.filename} is closed to this user; give it the right to read"
            raise Rejected(msg) from exc
        except OSError as exc:
            msg = f"{doing}: {exc.strerror} ({exc.filename})"
            raise Unavailable(msg) from exc


def _mark(name: str) -> str:
    """Return the short digest of a name; two of 100,000 names are the same once in 10^12."""
    raw = hashlib.blake2b(os.fsencode(name), digest_size=_MARK).digest()
    return base64.urlsafe_b64encode(raw).decode("ascii")


def _marks(cursor: str | None) -> set[str]:
    joined = json.loads(cursor)["known"] if cursor else ""
    return {joined[at : at + 12] for at in range(0, len(joined), 12)}


def _cursor(marks: set[str]) -> str:
    """Write the same names as the same text, so that an unchanged cursor is seen to be one."""
    return json.dumps({"known": "".join(sorted(marks))})
