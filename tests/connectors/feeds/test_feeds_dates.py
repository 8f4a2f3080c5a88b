"""Dates: every form, alone and mixed in one column."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from mcur.connectors.feeds.dates import Calendar
from tests.connectors.feeds.making import MOSCOW, naive, read, read_cells

FORMS = [
    ("17.11.2026 09:30", datetime(2026, 11, 17, 9, 30, tzinfo=MOSCOW)),
    ("17.11.2026 9:30:15", datetime(2026, 11, 17, 9, 30, 15, tzinfo=MOSCOW)),
    ("17.11.2026, 09:30", datetime(2026, 11, 17, 9, 30, tzinfo=MOSCOW)),
    ("7.1.2026", datetime(2026, 1, 7, tzinfo=MOSCOW)),
    ("17.11.26", datetime(2026, 11, 17, tzinfo=MOSCOW)),
    ("17.11.2026 г.", datetime(2026, 11, 17, tzinfo=MOSCOW)),
    ("2026-11-17", datetime(2026, 11, 17, tzinfo=MOSCOW)),
    ("2026-11-17 09:30:15", datetime(2026, 11, 17, 9, 30, 15, tzinfo=MOSCOW)),
    ("2026-11-17T09:30:15+07:00", datetime(2026, 11, 17, 2, 30, 15, tzinfo=UTC)),
    ("2026-11-17T09:30:15Z", datetime(2026, 11, 17, 9, 30, 15, tzinfo=UTC)),
    ("2026-11-17T09:30:15.250", datetime(2026, 11, 17, 9, 30, 15, 250_000, tzinfo=MOSCOW)),
    ("46343", datetime(2026, 11, 17, tzinfo=MOSCOW)),
    ("46343.5", datetime(2026, 11, 17, 12, tzinfo=MOSCOW)),
    ("46343,5", datetime(2026, 11, 17, 12, tzinfo=MOSCOW)),
    (46343, datetime(2026, 11, 17, tzinfo=MOSCOW)),
    (46343.5, datetime(2026, 11, 17, 12, tzinfo=MOSCOW)),
    (naive(2026, 11, 17, 9, 30), datetime(2026, 11, 17, 9, 30, tzinfo=MOSCOW)),
    (date(2026, 11, 17), datetime(2026, 11, 17, tzinfo=MOSCOW)),
]


@pytest.mark.parametrize(("cell", "stamp"), FORMS)
def test_each_form_of_a_date_is_read(cell: Any, stamp: datetime) -> None:
    """Naive ones are in the zone of the feed; a date begins at midnight."""
    assert Calendar(MOSCOW).stamp(cell) == stamp


TEXTS = ["33.13.2026", "29.02.2026", "вчера", "7658034", "01.01.0001", "17/11/2026", "99.99"]
VALUES = [12, 7658034.0, True, None, float("nan"), float("inf")]


@pytest.mark.parametrize("cell", [*TEXTS, *VALUES])
def test_what_is_no_date_is_refused(cell: Any) -> None:
    """Numbers that are no plausible serials included."""
    with pytest.raises(ValueError, match=r"date|year|month|day|isoformat"):
        Calendar(MOSCOW).stamp(cell)


def test_forms_are_mixed_in_one_column(tmp_path: Path) -> None:
    """A date cell, a serial number, ISO and Russian, all in one workbook."""
    moment = naive(2026, 11, 17, 9, 30)
    cells = [moment, 46343.395833333336, "2026-11-17 09:30", "17.11.2026 09:30"]

    appeals = read_cells(tmp_path, *cells, heading="closed_at")

    assert {a.closed_at for a in appeals} == {moment.replace(tzinfo=MOSCOW)}


def test_a_term_without_an_hour_ends_with_its_day(tmp_path: Path) -> None:
    """«Срок 20.11.2026» is the last second of that day; with an hour it is that hour."""
    cells = ["20.11.2026", date(2026, 11, 20), 46346, "2026-11-20", "20.11.2026 18:00"]
    evening = datetime(2026, 11, 20, 23, 59, 59, tzinfo=MOSCOW)

    appeals = read_cells(tmp_path, *cells, heading="Срок")

    assert [a.due_at for a in appeals] == [evening] * 4 + [
        evening.replace(hour=18, minute=0, second=0)
    ]


def test_a_broken_date_goes_to_quarantine_with_its_value(tmp_path: Path) -> None:
    """In any column: an appeal without its term would never be late."""
    text = "number,received_at,due_at\n1,вчера,\n2,17.11.2026,33.13.2026\n3,,\n4,17.11.2026,нет\n"

    export = read(tmp_path, "export.csv", text)

    assert [(b.line, b.reason) for b in export.bad] == [
        (2, "received_at «вчера» is no date"),
        (3, "due_at «33.13.2026» is no date"),
        (4, "has no received_at"),
    ]
    assert [a.due_at for a in export.appeals] == [None]


def test_the_feeds_own_format_goes_before_the_known_ones(tmp_path: Path) -> None:
    """Months first; other forms are still understood beside it."""
    text = "number,received_at,due_at\n1,02/01/2015 12:12:23 AM,2015-02-03\n"

    [appeal] = read(tmp_path, "e.csv", text, date_format="%m/%d/%Y %I:%M:%S %p").appeals

    assert appeal.received_at == datetime(2015, 2, 1, 0, 12, 23, tzinfo=MOSCOW)
    assert appeal.due_at == datetime(2015, 2, 3, 23, 59, 59, tzinfo=MOSCOW)


def test_an_own_format_without_an_hour_gives_a_date(tmp_path: Path) -> None:
    """So a term in it ends with its day."""
    text = "number,received_at,due_at\n1,17/11/2026,18/11/2026\n"

    [appeal] = read(tmp_path, "e.csv", text, date_format="%d/%m/%Y").appeals

    assert appeal.due_at == datetime(2026, 11, 18, 23, 59, 59, tzinfo=MOSCOW)


@given(st.datetimes(naive(1990, 1, 1), naive(2100, 1, 1)).map(lambda d: d.replace(microsecond=0)))
def test_a_moment_is_the_same_in_every_form(moment: datetime) -> None:
    """Serial numbers keep seconds."""
    calendar = Calendar(MOSCOW)
    serial = (moment - naive(1899, 12, 30)) / timedelta(days=1)
    forms: list[Any] = [
        moment,
        serial,
        str(serial),
        moment.isoformat(),
        moment.strftime("%d.%m.%Y %H:%M:%S"),
    ]

    stamps = {calendar.stamp(form) for form in forms}

    assert stamps == {moment.replace(tzinfo=MOSCOW)}


def test_a_zone_in_the_file_beats_the_zone_of_the_feed() -> None:
    """The stamp itself is the same moment."""
    stamp = Calendar(MOSCOW).stamp("2026-11-17T09:30:00+07:00")

    assert stamp.utcoffset() == timedelta(hours=7)
    assert stamp == datetime(2026, 11, 17, 9, 30, tzinfo=timezone(timedelta(hours=7)))
