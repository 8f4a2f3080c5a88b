"""Blobs that do to the process that reads letters what a hostile letter would like to do."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from mcur.state.blobs import BlobStore


@dataclass(frozen=True)
class StrangeBlobs:
    """Does what the bytes say: sleeps, takes memory, dies, raises; else keeps them."""

    store: BlobStore

    def put(self, content: bytes) -> str:
        """Keep the bytes, or do what they say."""
        if b"X-Do: sleep" in content:
            time.sleep(60)
        if b"X-Do: memory" in content:
            return str(len(bytearray(8 << 30)))
        if b"X-Do: die" in content:
            os._exit(11)
        if b"X-Do: raise" in content:
            msg = "tripped"
            raise LookupError(msg)
        return self.store.put(content)

    def get(self, digest: str) -> bytes:
        """Return the bytes."""
        return self.store.get(digest)
