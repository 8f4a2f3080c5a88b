"""Whole days as data: each file of ``tests/days`` is played by the real command line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from mcur.daemon import expectations, scenario
from mcur.playbooks.coverage import coverage
from mcur.playbooks.load import cited, known_playbooks, load
from mcur.playbooks.playbook import Playbook
from tests.daemon.playing import Line, Played, Player, faults

DAYS = sorted((Path(__file__).parents[1] / "days").rglob("*.toml"))
WHOLE = known_playbooks()
"""Regulations whose every clause is somebody's."""
DOCUMENTS = frozenset({"mail.sent", "task.created", "draft.prepared", "report.filed"})
WITH_PARTS = ("report", "plan", "control", "cycle")
"""Kinds whose documents have sections, groups, lists and columns with clauses of their own."""


@pytest.fixture
def played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days_played: dict[Path, Played]
) -> Callable[[Path], Played]:
    """Play a day, each once in a run of the tests."""

    def play(day: Path) -> Played:
        if day not in days_played:
            days_played[day] = Player(tmp_path, capsys).file(day)
        return days_played[day]

    return play


@pytest.fixture(scope="module")
def days_played() -> dict[Path, Played]:
    """Keep what the days of this module told."""
    return {}


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.stem)
def test_the_day_goes_as_the_regulation_has_it(day: Path, played: Callable[[Path], Played]) -> None:
    """Every expectation of the file is met, and every line is as the contract has it."""
    told = played(day)

    assert told.status == 0, told.said
    assert faults(told.lines) == []


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day.stem)
def test_the_audit_has_nothing_to_say_of_the_day(
    day: Path, played: Callable[[Path], Played]
) -> None:
    """What should have happened did, on every day but those that are about the audit itself."""
    said = [line["why"] for line in played(day).lines if ":audit:" in line["key"]]

    assert bool(said) is day.stem.startswith("audit-"), said


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


@pytest.mark.parametrize("playbook", WHOLE)
def test_what_a_clause_asks_for_is_seen_on_some_day(
    playbook: str, played: Callable[[Path], Played]
) -> None:
    """A clause that a program can perform shows in an event, or in a part of a document that left."""
    book = load(playbook)
    seen: set[str] = set()
    for day in DAYS:
        if playbook in scenario.read(day).playbooks:
            seen |= _clauses_seen(book, played(day).lines)
    asked = {c.clause.id for c in coverage(book) if c.how == "performed"}

    assert sorted(asked - seen - {*book.directory, book.act.clause}) == []


def _clauses_seen(book: Playbook, lines: list[Line]) -> set[str]:
    """Collect the clauses of the events, and those of the parts of what left under a rule."""
    own = [line for line in lines if line["playbook"] == book.id]
    seen = {line["clause"] for line in own}
    seen |= {clause for line in own for clause in line.get("data", {}).get("clauses", ())}
    shown = {line["rule"] for line in own if line["event"] in DOCUMENTS}
    parts = [rule for kind in WITH_PARTS for rule in book.rules[kind].values() if rule.id in shown]
    return seen | {clause for rule in parts for clause in cited(rule)}
