"""What is read in the bench: an export like Boston's, one like ЕЦУР's, letters."""

from __future__ import annotations

import csv
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.servers.letters import TEXT, a_file, a_multipart, a_part, a_text
from tests.servers.site import MOSCOW, ecur_workbook, rows_of_a_day

TESTS = Path(__file__).parents[1]
EXCERPT = TESTS / "connectors" / "feeds" / "data" / "boston311-excerpt.csv"
BOSTON_FEED = TESTS / "daemon" / "data" / "boston.toml"
BOSTON_ROWS = 9_052
ECUR_ROWS = 35_000
"""A district's appeals of a year, as its export repeats them each day."""


def boston_feed() -> dict[str, Any]:
    """Return the table of the feed that reads Boston's export."""
    feed: dict[str, Any] = tomllib.loads(BOSTON_FEED.read_text("utf-8"))["feeds"][0]
    return feed


def boston_lookalike(path: Path) -> Path:
    """Write as many rows as Boston's month has, made of the forty of the excerpt."""
    with EXCERPT.open(encoding="utf-8", newline="") as source:
        headings, *rows = csv.reader(source)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(headings)
        for n in range(BOSTON_ROWS):
            row = rows[n % len(rows)]
            writer.writerow([f"2{n:011}", *row[1:]])
    return path


def ecur_lookalike(path: Path) -> Path:
    """Write a cumulative workbook as ЕЦУР prints it."""
    path.write_bytes(ecur_workbook(rows_of_a_day(datetime(2026, 9, 1, tzinfo=MOSCOW), ECUR_ROWS)))
    return path


def letters() -> list[bytes]:
    """Make letters as offices write them: charsets, encodings, a file on every fourth."""
    forms = [("utf-8", "base64"), ("windows-1251", "8bit"), ("koi8-r", "quoted-printable")]
    plain = [a_text(TEXT * 3, charset, encoding) for charset, encoding in forms]
    words = a_part(TEXT.encode(), "Content-Type: text/plain; charset=utf-8")
    return [*plain, a_multipart(words, a_file('; filename="report.xlsx"', b"PK" * 50_000))]
