"""Letters leave as files: one ``.eml`` in a folder for each, which any mail program opens."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mcur.connectors.mail.charsets import one_line
from mcur.connectors.mail.compose import compose
from mcur.connectors.ports import OutgoingLetter, Unavailable
from mcur.connectors.whole import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesShape:
    """The folder that letters are written to; it is made where it is missing."""

    folder: Path
    lasting: bool = True
    """Whether what was sent outlives a power cut; a simulation's need not."""


class FileCourier:
    """Writes letters. A file is named by its Message-ID, so a repeat makes no second one.

    What lies in the folder is listed once: nobody else writes there.
    """

    def __init__(self, name: str, shape: FilesShape) -> None:
        self.name = name
        self._folder = shape.folder
        self._lasting = shape.lasting
        self._known: dict[str, Path] | None = None

    def send(self, letter: OutgoingLetter) -> str:
        """Write the letter, whole or not at all, and return the path."""
        content = compose(letter)
        with self._writing():
            self._folder.mkdir(parents=True, exist_ok=True)
            there = self._find(letter.message_id)
            if there is not None:
                return str(there)
            digest = _digest(letter.message_id)
            path = self._folder / f"{digest}-{_slug(letter.subject)}.eml"
            write_whole(path, content, lasting=self._lasting)
            self._there()[digest] = path
        return str(path)

    def sent(self, message_id: str) -> bool | None:
        """Whether the file of this letter is there."""
        with self._writing():
            return self._find(message_id) is not None

    def check(self) -> list[str]:
        """Say whether letters can be written."""
        place = self._folder
        while not place.exists() and place != place.parent:
            place = place.parent
        if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
            return []
        return [f"courier {self.name}: {place} is closed to this user; give it the right to write"]

    def _find(self, message_id: str) -> Path | None:
        path = self._there().get(_digest(message_id))
        return path if path is not None and path.exists() else None

    def _there(self) -> dict[str, Path]:
        """Return the letters in the folder by the digests of their ids."""
        if self._known is None:
            self._known = {p.name.partition("-")[0]: p for p in self._folder.glob("*-*.eml")}
        return self._known

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            msg = f"courier {self.name}: write to {self._folder}: {exc.strerror or exc}"
            raise Unavailable(msg) from exc


def _digest(message_id: str) -> str:
    """Return the stable part of a file name."""
    return hashlib.sha256(message_id.strip().encode()).hexdigest()[:16]


def _slug(subject: str) -> str:
    """Return what people recognise the letter by, short enough for any file system."""
    return (
        re.sub(r"[^0-9A-Za-zА-Яа-яЁё]+", "-", one_line(subject)).strip("-")[:60].rstrip("-")
        or "letter"
    )
