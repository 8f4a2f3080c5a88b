"""Reading: the whole way of ``ingest`` against a bare read of the same file, and letters."""

from __future__ import annotations

import csv
import email
import email.policy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from python_calamine import CalamineWorkbook

from mcur.connectors.feeds.exports import digest_of, read_export
from mcur.connectors.feeds.shape import FeedShape
from mcur.daemon import outside
from mcur.state.store import State
from tests.bench.figures import Figure, Tell, in_turns
from tests.bench.material import boston_feed, boston_lookalike, ecur_lookalike, letters
from tests.fakes import CITE, settings_of
from tests.servers.letters import Blobs, read

NOW = datetime(2026, 11, 18, 5, tzinfo=UTC)
LETTERS = 400


def measure(folder: Path, boston: Path | None, tell: Tell) -> Iterator[Figure]:
    """Read both exports, then letters."""
    tell("an export of Boston's 311 service (CSV)")
    file = boston or boston_lookalike(folder / "boston311-lookalike.csv")
    settings = settings_of(folder / "boston", feeds=[boston_feed()])
    shape = outside.feed_shape(settings.feeds[0], "")
    yield from _export(file, folder / "boston", shape, _bare_csv, rounds=5)
    tell("a cumulative export of ЕЦУР, 35,000 rows (XLSX)")
    settings = settings_of(folder / "ecur")
    shape = outside.feed_shape(settings.feeds[0], "")
    yield from _export(ecur_lookalike(folder / "ecur.xlsx"), folder / "ecur", shape, _bare_xlsx)
    tell("letters")
    yield _mime()


def _export(
    file: Path, folder: Path, shape: FeedShape, bare: Callable[[Path], int], *, rounds: int = 3
) -> Iterator[Figure]:
    """Take the file into new states, then once more row by row, then as the file that it was."""
    known = _Ingest(folder / "known.db", file, shape)
    known.take()
    new = (_Ingest(folder / f"new-{n}.db", file, shape) for n in count())
    took = in_turns(
        rounds,
        bare=lambda: bare(file),
        first=lambda: next(new).take(),
        unchanged=known.take,
        same=known.look,
    )
    rows = bare(file)
    for turn, what in (
        ("first", "first reading"),
        ("unchanged", "each row looked at, none changed"),
        ("same", "the very file that was read last"),
    ):
        yield Figure(
            what=f"{file.suffix[1:].upper()} in: {what}",
            ours=f"{rows / took[turn]:,.0f} rows/s",
            bare=f"{rows / took['bare']:,.0f} rows/s",
            ratio=f"{took['bare'] / took[turn]:.2f}",
            aim="" if turn == "first" else f"{took[turn] / took['first']:.0%} of the first's time",
        )


class _Ingest:
    """What ``mcur ingest`` does with one file, into a state of its own."""

    def __init__(self, path: Path, file: Path, shape: FeedShape) -> None:
        self._state = State(path)
        self._file = file
        self._shape = shape

    def take(self) -> None:
        """Read the file and store its rows."""
        export = read_export(self._file, self._shape)
        self._state.take_export(export, scope=None, live_from=NOW, now=NOW, cite=CITE)

    def look(self) -> None:
        """See that it is the file that was read last."""
        digest = digest_of(self._file, self._shape)
        assert self._state.appeals.read_last(self._shape.id, digest)


def _bare_csv(file: Path) -> int:
    with file.open(encoding="utf-8", newline="") as source:
        return sum(1 for _ in csv.reader(source)) - 1


def _bare_xlsx(file: Path) -> int:
    with CalamineWorkbook.from_path(str(file)) as book:
        return len(book.get_sheet_by_index(0).to_python())


def _mime() -> Figure:
    """Parse letters beside the standard library, which is asked for the text and the files only."""
    raw = letters() * (LETTERS // len(letters()))
    took = in_turns(3, ours=lambda: _ours(raw), bare=lambda: _standard(raw))
    return Figure(
        what="letters in: parsed, with their files",
        ours=f"{len(raw) / took['ours']:,.0f} letters/s",
        bare=f"{len(raw) / took['bare']:,.0f} letters/s (email)",
        ratio=f"{took['bare'] / took['ours']:.2f}",
    )


def _ours(raw: list[bytes]) -> None:
    for data in raw:
        read(data, Blobs())


def _standard(raw: list[bytes]) -> None:
    for data in raw:
        for part in email.message_from_bytes(data, policy=email.policy.default).walk():
            if not part.is_multipart():
                part.get_content()
