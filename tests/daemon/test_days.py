"""Whole days as data: each file of ``tests/days`` is played by the real command line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mcur.daemon import expectations, scenario
from tests.daemon.playing import Player, faults

DAYS = sorted((Path(__file__).parents[1] / "days").rglob("*.toml"))


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.stem)
def test_the_day_goes_as_the_regulation_has_it(
    day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every expectation of the file is met, and every line is as the contract has it."""
    played = Player(tmp_path, capsys).file(day)

    assert played.status == 0, played.said
    assert faults(played.lines) == []


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.stem)
def test_the_day_says_what_must_and_what_must_not_happen(day: Path) -> None:
    """A day has exact counts, something forbidden, and cannot pass where nothing happens."""
    expected = scenario.read(day).expect

    assert any(expect.count == 0 for expect in expected)
    assert any(expect.count for expect in expected)
    assert expectations.check(expected, []) != []


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.stem)
def test_the_day_is_told_in_its_title(day: Path) -> None:
    """A reader of the folder sees what a day is about."""
    assert tomllib.loads(day.read_text("utf-8")).get("title")
