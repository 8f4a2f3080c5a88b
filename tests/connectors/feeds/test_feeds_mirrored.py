"""Outages and inspections: a cell that is there and empty is another thing than one that is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.connectors.feeds.making import read, xlsx

CLEARED = frozenset({"start_at", "zone"})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("outages.csv", "Номер;Тип;Начало;Зона\nA-1;плановое;;\n"),
        ("outages.xlsx", xlsx([["Номер", "Тип", "Начало", "Зона"], ["A-1", "плановое", None, None]])),
        ("outages.json", json.dumps([{"number": "A-1", "type": "planned", "start_at": "", "zone": None}])),
    ],
)  # fmt: skip
def test_an_empty_cell_takes_back_what_was_known(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    """Whatever the form of the export; the number and the kind of a thing are never taken back."""
    [row] = read(tmp_path, name, content, kind="outages").mirrored

    assert row.cleared == CLEARED


def test_what_an_object_leaves_out_is_not_taken_back(tmp_path: Path) -> None:
    """Another object of the list may have the name."""
    rows = [{"number": "A-1", "start_at": "2026-12-10 09:00"}, {"number": "A-2", "zone": ""}]
    first, second = read(tmp_path, "o.json", json.dumps(rows), kind="outages").mirrored

    assert (first.cleared, second.cleared) == (frozenset(), frozenset({"zone"}))


def test_a_cell_without_its_kind_keeps_it(tmp_path: Path) -> None:
    """What an inspection is for does not end with an empty cell."""
    content = "Номер;Кампания;Факт\nI-1;;\n"
    [row] = read(tmp_path, "inspections.csv", content, kind="inspections").mirrored

    assert row.cleared == frozenset({"done_at"})
