"""Bytes under their sha256: raw letters and attachments, each kept once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_AT_ONCE = 16
"""Files secured together: a file system writes its journal once for all who wait (ten times faster)."""


class BlobStore:
    """A folder of content-addressed files; safe to read from any thread.

    A ``hasty`` store may lose with the power what nobody has secured.
    """

    def __init__(self, folder: Path, *, hasty: bool = False) -> None:
        self._folder = folder
        self._hasty = hasty

    def hasty(self) -> BlobStore:
        """Return a store of the same folder for many small files, to be secured together."""
        return BlobStore(self._folder, hasty=True)

    def put(self, content: bytes) -> str:
        """Keep the bytes (once) and return their digest."""
        digest = hashlib.sha256(content).hexdigest()
        target = self._path(digest)
        # After a loss of power a file may be there without its bytes.
        if target.exists() and target.stat().st_size == len(content):
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if not self._hasty:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(target)
        return digest

    def secure(self, digests: Iterable[str]) -> None:
        """Return when the bytes under the digests outlive a loss of power."""
        found = {self._path(digest) for digest in digests} if self._hasty else set()
        paths = [path for path in found if path.exists()]
        if paths:
            with ThreadPoolExecutor(min(_AT_ONCE, len(paths))) as pool:
                list(pool.map(_sync, paths))

    def get(self, digest: str) -> bytes:
        """Return the bytes; ``KeyError`` where they are not kept."""
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError as exc:
            raise KeyError(digest) from exc

    def drop(self, digest: str) -> None:
        """Remove bytes that nobody needs any more."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
