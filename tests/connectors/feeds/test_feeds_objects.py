"""JSON and JSON lines."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from mcur.connectors.ports import Rejected
from tests.connectors.feeds.making import read

ROWS = [
    {"number": 7658034, "received_at": "2026-11-17T09:30:00+03:00", "text": "a"},
    {"number": "2", "received_at": "2026-11-17", "category_index": 3.005, "spam": True},
]


@pytest.mark.parametrize("wrap", [None, "rows", "appeals", "data"])
def test_a_list_of_objects_is_read_bare_or_under_a_name(tmp_path: Path, wrap: str | None) -> None:
    """Objects need not have the same names; numbers are exact."""
    content = json.dumps({wrap: ROWS} if wrap else ROWS)

    export = read(tmp_path, "export.json", content)

    assert [a.number for a in export.appeals] == ["7658034", "2"]
    assert export.appeals[1].category_index == Decimal("3.005")
    assert export.appeals[1].spam is True


@pytest.mark.parametrize("content", ["[]", '{"rows": []}'])
def test_an_empty_list_says_that_there_are_no_appeals(tmp_path: Path, content: str) -> None:
    """It is an export with zero rows, not a broken file."""
    assert read(tmp_path, "export.json", content).is_empty


@pytest.mark.parametrize("content", ["{", '{"error": "no access"}', "3", "[" * 100_000])
def test_what_holds_no_rows_is_refused(tmp_path: Path, content: str) -> None:
    """An error page of a service is not an export of zero rows."""
    with pytest.raises(Rejected, match=r"the file (is not JSON|holds no list of rows)"):
        read(tmp_path, "export.json", content)


def test_a_broken_line_costs_itself(tmp_path: Path) -> None:
    """JSON lines: the line, its reason, and the others."""
    lines = [json.dumps(ROWS[0]), '{"number": 1', "", "[1, 2]", json.dumps(ROWS[1])]

    export = read(tmp_path, "export.jsonl", "\n".join(lines))

    assert [a.number for a in export.appeals] == ["7658034", "2"]
    assert [b.line for b in export.bad] == [2, 4]
    assert export.bad[0].reason.startswith("is not JSON")


def test_lone_surrogates_and_control_characters_do_not_reach_the_state(tmp_path: Path) -> None:
    """JSON can spell what no database keeps."""
    content = '[{"number": "1", "received_at": "2026-11-17", "text": "a\\ud800\\u0000\\u0007b"}]'

    [appeal] = read(tmp_path, "export.json", content).appeals

    assert appeal.text == "a?b"
