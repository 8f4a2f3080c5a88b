"""Exports: one file, whatever its format, becomes rows of the canonical table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from mcur.connectors.feeds.delimited import delimited_grids
from mcur.connectors.feeds.grid import Grid
from mcur.connectors.feeds.headings import find_headings
from mcur.connectors.feeds.mirrored import mirrored_rows, newest_by_number
from mcur.connectors.feeds.objects import json_grids, json_line_grids
from mcur.connectors.feeds.rows import RowReader
from mcur.connectors.feeds.shape import FeedShape
from mcur.connectors.feeds.workbook import OLE, ZIP, workbook_grids
from mcur.connectors.ports import Rejected, Unavailable
from mcur.playbooks.facts import Appeal, BadRow, Export
from mcur.playbooks.mirrored import Inspection, Mirrored, Outage

LARGEST_FILE = 256 * 1024 * 1024
"""Bytes; a year of a large district's appeals is a fifth of it."""


def read_export(path: Path, shape: FeedShape) -> Export:
    """Read one export whole. A row that cannot be taken stands in ``bad`` and stops nothing.

    ``made_at`` is the time of the file, in the feed's zone: exports do not say when they were made.

    :raises Rejected: the file is no export: no known headings, not a workbook, a wrong encoding.
    :raises Unavailable: the file cannot be read now.
    """
    content, made_at = _load(path, shape.zone)
    try:
        grids = _grids(path.suffix.lower(), content, shape)
        form, rows = (_rows if shape.kind == "appeals" else mirrored_rows)(path.name, grids, shape)
    except Rejected as exc:
        msg = f"read {path.name}: the file {exc}"
        raise Rejected(msg) from exc
    return Export(
        feed=shape.id,
        file=path.name,
        digest=_digest(content, shape),
        made_at=made_at,
        appeals=_newest([row for row in rows if isinstance(row, Appeal)]),
        bad=tuple(row for row in rows if isinstance(row, BadRow)),
        form=form,
        mirrored=newest_by_number([r for r in rows if isinstance(r, Outage | Inspection)]),
    )


def digest_of(path: Path, shape: FeedShape) -> str:
    """Name an export without reading its rows, as ``Export.digest`` does.

    :raises Rejected: the file is too large.
    :raises Unavailable: the file cannot be read now.
    """
    return _digest(_load(path, shape.zone)[0], shape)


def _digest(content: bytes, shape: FeedShape) -> str:
    """The same bytes under another mapping, or read by another edition, are another export."""
    manner = f"{_edition()} {shape!r} ".encode()
    return hashlib.sha256(manner + content).hexdigest()


@cache
def _edition() -> str:
    """Return our own version, which is looked up on the disk."""
    return version("mcur")


def _load(path: Path, zone: ZoneInfo) -> tuple[bytes, datetime]:
    try:
        status = path.stat()
        if status.st_size > LARGEST_FILE:
            msg = f"read {path.name}: the file has {status.st_size} bytes; {LARGEST_FILE} are taken"
            raise Rejected(msg)
        return path.read_bytes(), datetime.fromtimestamp(status.st_mtime, zone)
    except OSError as exc:
        msg = f"read {path.name}: {exc.strerror}"
        raise Unavailable(msg) from exc


def _grids(suffix: str, content: bytes, shape: FeedShape) -> list[Grid]:
    """Choose the reader: by the first bytes, for exports are often misnamed, then by the name."""
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if content.startswith((ZIP, OLE)):
        return workbook_grids(content, shape.sheet)
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml")):
        msg = "is a web page or XML, whatever its name says; open it in Excel and save it as XLSX"
        raise Rejected(msg)
    if suffix in {".xlsx", ".xls", ".xlsm", ".xlsb"}:
        msg = "is not a workbook: its first bytes are neither those of XLSX nor of XLS"
        raise Rejected(msg)
    if not start:
        msg = "is empty: even an export without appeals has its headings"
        raise Rejected(msg)
    if suffix in {".jsonl", ".ndjson"}:
        return json_line_grids(content, shape.encoding)
    if suffix == ".json":
        return json_grids(content, shape.encoding)
    return delimited_grids(content, encoding=shape.encoding, delimiter=shape.delimiter)


_Rows = list[Appeal | BadRow] | list[Mirrored | BadRow]


def _rows(file: str, grids: Sequence[Grid], shape: FeedShape) -> tuple[str, _Rows]:
    if all(grid.says_nothing for grid in grids):  # «[]» is an export that says: no appeals
        return "canonical", []
    grid, plan = find_headings(grids, shape)
    return plan.form.name, list(RowReader(file, shape, grid, plan))


def _newest(appeals: Sequence[Appeal]) -> tuple[Appeal, ...]:
    """Keep one row per number: the one whose status changed last, else the last of the file.

    Exports that gather several pages or sheets repeat a row; what stands lower was added later.
    """
    kept: dict[tuple[str, str], Appeal] = {}
    for appeal in appeals:
        name = (appeal.source, appeal.number)
        earlier = kept.pop(name, None)
        kept[name] = earlier if earlier and _is_newer(earlier, appeal) else appeal
    return tuple(kept.values())


def _is_newer(one: Appeal, other: Appeal) -> bool:
    return bool(
        one.status_changed_at
        and other.status_changed_at
        and one.status_changed_at > other.status_changed_at
    )
