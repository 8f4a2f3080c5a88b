"""A file is there whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes, *, lasting: bool = True) -> None:
    """Write beside, then rename: nobody sees half a file, and a ``lasting`` one outlives the power."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("wb") as opened:
        opened.write(content)
        opened.flush()
        if lasting:
            os.fsync(opened.fileno())
    beside.replace(path)
    if not lasting:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
