"""The folder: what is waiting, and where it goes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mcur.connectors.feeds.folder import FileFeed, is_being_written
from mcur.connectors.ports import AppealFeed, Unavailable
from tests.connectors.feeds.making import a_shape

EXPORT = "number,received_at\n1,17.11.2026\n"


def names(feed: AppealFeed) -> list[str]:
    """List the names of what is waiting."""
    return [path.name for path in feed.waiting()]


def put(folder: Path, *files: str) -> None:
    """Drop exports, each a second younger than the one before."""
    for age, name in enumerate(files):
        (folder / name).write_text(EXPORT)
        os.utime(folder / name, (1_000_000 + age, 1_000_000 + age))


def test_exports_wait_oldest_first(tmp_path: Path) -> None:
    """Of one age, by name."""
    put(tmp_path, "b.csv", "a.csv", "c.XLSX")

    assert names(FileFeed(a_shape(), tmp_path)) == ["b.csv", "a.csv", "c.XLSX"]


def test_what_is_no_finished_export_is_left_alone(tmp_path: Path) -> None:
    """Hidden files, locks of Excel, downloads under way, other formats, folders."""
    put(tmp_path, ".a.csv", "~$a.xlsx", "a.csv.part", "a.tmp", "a.docx")
    (tmp_path / "done.csv").mkdir()
    (tmp_path / "done").mkdir()
    put(tmp_path / "done", "a.csv")

    assert names(FileFeed(a_shape(pattern="*"), tmp_path)) == ["a.docx"]
    assert names(FileFeed(a_shape(), tmp_path)) == []


def test_a_feed_takes_only_files_of_its_pattern(tmp_path: Path) -> None:
    """Several feeds may share a folder."""
    put(tmp_path, "eds-17.csv", "ecur-17.xlsx", "ECUR-18.XLSX")

    assert names(FileFeed(a_shape(pattern="ecur-*.xlsx ecur-*.xls"), tmp_path)) == [
        "ecur-17.xlsx",
        "ECUR-18.XLSX",
    ]


# Leases are Linux's own, and not every file system has them; without them the feed waits for two
# looks that find the same, which the tests below try on every system.
@pytest.mark.skipif(is_being_written(Path(__file__)) is None, reason="no leases on this system")
def test_a_file_that_is_being_written_waits(tmp_path: Path) -> None:
    """It is complete when nobody has it open for writing."""
    feed = FileFeed(a_shape(), tmp_path)
    with (tmp_path / "a.csv").open("w") as growing:
        growing.write("number,rece")
        growing.flush()
        early = names(feed)

    assert early == []
    assert names(feed) == ["a.csv"]


def test_where_the_system_cannot_tell_two_looks_must_agree(tmp_path: Path) -> None:
    """On a network share a file is complete when it has not grown since the last look."""
    feed = FileFeed(a_shape(), tmp_path, written=lambda _: None)
    put(tmp_path, "a.csv")
    first = names(feed)
    with (tmp_path / "a.csv").open("a") as growing:
        growing.write("2,17.11.2026\n")
    second = names(feed)

    assert first == second == []
    assert names(feed) == ["a.csv"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A share that is not mounted is not a day without appeals."""
    with pytest.raises(Unavailable, match="there is no such folder"):
        FileFeed(a_shape(), tmp_path / "feeds").waiting()


def test_a_file_that_went_away_is_said(tmp_path: Path) -> None:
    """Somebody took it between the look and the reading."""
    with pytest.raises(Unavailable, match=r"read a\.csv: No such file"):
        FileFeed(a_shape(), tmp_path).read(tmp_path / "a.csv")


def test_a_read_export_goes_to_done_and_a_refused_one_to_failed(tmp_path: Path) -> None:
    """The feed is then empty."""
    feed = FileFeed(a_shape(), tmp_path)
    put(tmp_path, "a.csv", "b.csv")

    feed.settle(tmp_path / "a.csv", failed=False)
    feed.settle(tmp_path / "b.csv", failed=True)

    assert (tmp_path / "done" / "a.csv").read_text() == EXPORT
    assert (tmp_path / "failed" / "b.csv").read_text() == EXPORT
    assert names(feed) == []


def test_an_older_file_of_the_same_name_is_never_overwritten(tmp_path: Path) -> None:
    """Exports of each day often have one name."""
    feed = FileFeed(a_shape(), tmp_path)
    for day in range(3):
        (tmp_path / "export.xlsx").write_text(str(day))
        feed.settle(tmp_path / "export.xlsx", failed=False)

    kept = {path.name: path.read_text() for path in (tmp_path / "done").iterdir()}

    assert kept == {"export.xlsx": "0", "export (2).xlsx": "1", "export (3).xlsx": "2"}


def test_settling_what_is_gone_is_no_error(tmp_path: Path) -> None:
    """It is out of the way already."""
    FileFeed(a_shape(), tmp_path).settle(tmp_path / "a.csv", failed=False)

    assert not (tmp_path / "done" / "a.csv").exists()


def test_a_feed_reads_what_waits(tmp_path: Path) -> None:
    """The export carries the name of the feed and of the file."""
    feed: AppealFeed = FileFeed(a_shape(id="eds"), tmp_path)
    put(tmp_path, "a.csv")

    [path] = feed.waiting()
    export = feed.read(path)

    assert (export.feed, export.file, export.made_at.timestamp()) == ("eds", "a.csv", 1_000_000)
    assert [a.source for a in export.appeals] == ["eds"]
