"""Real input that nobody here wrote: an excerpt of Boston's 311 service, through a mapping."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mcur.connectors.feeds.exports import read_export
from mcur.connectors.feeds.shape import FeedShape
from mcur.playbooks.facts import AppealStatus, Export

EXCERPT = Path(__file__).parent / "data" / "boston311-excerpt.csv"
BOSTON = FeedShape(
    id="boston311",
    zone=ZoneInfo("America/New_York"),
    municipality="Boston",
    date_format="%m/%d/%Y %I:%M:%S %p",
    mapping={
        "number": "CASE_ENQUIRY_ID",
        "received_at": "OPEN_DT",
        "due_at": "TARGET_DT",
        "closed_at": "CLOSED_DT",
        "status": "CASE_STATUS",
        "block": "SUBJECT",
        "category": "REASON",
        "subcategory": "TYPE",
        "address": "Location",
        "text": "CASE_TITLE",
        "extra.on_time": "OnTime_Status",
    },
    statuses={"Open": "in_work", "Closed": "closed"},
)


@pytest.fixture(scope="module")
def export() -> Export:
    """Read the excerpt once."""
    return read_export(EXCERPT, BOSTON)


def test_every_row_is_read(export: Export) -> None:
    """Forty rows of thirty-one columns, none of them bad."""
    assert len(export.appeals) == 40
    assert export.bad == ()
    assert export.form == "mapping"
    assert {a.source for a in export.appeals} == {"boston311"}


def test_fields_come_from_their_columns(export: Export) -> None:
    """Stamps are in the city's zone, the house is recognised."""
    appeal = next(a for a in export.appeals if a.number == "101001266307")

    assert appeal.received_at.isoformat() == "2015-02-01T00:36:38-05:00"
    assert appeal.due_at is not None
    assert appeal.due_at.isoformat() == "2015-02-09T08:30:00-05:00"
    assert appeal.house == "dorchester, romsey st, 66"
    assert (appeal.category, appeal.extra["on_time"]) == ("Building", "OVERDUE")


def test_the_citys_own_verdict_agrees_with_our_stamps(export: Export) -> None:
    """Closed after the term is overdue, closed in the term is on time: on every row with both."""
    judged = [a for a in export.appeals if a.due_at and a.closed_at]

    late = {a.number for a in judged if a.closed_at and a.due_at and a.closed_at > a.due_at}

    assert len(judged) > 20
    assert late == {a.number for a in judged if a.extra["on_time"] == "OVERDUE"}


def test_blanks_are_blanks(export: Export) -> None:
    """Open rows have no closing stamp, and an address that is not there has no house."""
    opened = [a for a in export.appeals if a.status is AppealStatus.IN_WORK]
    nowhere = [a for a in export.appeals if a.address is None]

    assert len(opened) == 8
    assert {a.closed_at for a in opened} == {None}
    assert len(nowhere) >= 5
    assert {a.house for a in nowhere} == {None}
