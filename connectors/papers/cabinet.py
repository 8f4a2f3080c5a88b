"""Documents that are mailed to nobody lie in a folder of the site (contract, «Site folder»)."""

from __future__ import annotations

from pathlib import Path

from mcur.connectors.ports import Unavailable
from mcur.connectors.whole import write_whole


class FolderCabinet:
    """A folder; it is made where it is missing."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder

    def put(self, name: str, content: bytes) -> str:
        """Write the document and return its path; a disk that is full or shut is waited for."""
        path = self._folder / name
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as exc:
            msg = f"write {path}: {exc.strerror or exc}"
            raise Unavailable(msg) from exc
        return str(path)
