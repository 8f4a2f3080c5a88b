"""Bytes under their sha256: raw letters and attachments, each kept once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


class BlobStore:
    """A folder of content-addressed files; safe to read from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep the bytes (once) and return their digest."""
        digest = hashlib.sha256(content).hexdigest()
        target = self._path(digest)
        if target.exists():
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes; ``KeyError`` where they are not kept."""
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError as exc:
            raise KeyError(digest) from exc

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
