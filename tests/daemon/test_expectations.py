"""Comparing a timeline with expectations: globs, sets, given keys, exact counts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from mcur.daemon.expectations import check, glob, matches, same
from mcur.daemon.scenario import Expect

LINE: dict[str, Any] = {
    "at": "2026-11-18T09:50:00+03:00",
    "event": "mail.sent",
    "playbook": "odintsovo-1204",
    "rule": "O-2",
    "clause": "2.1.4[1]",
    "key": "report:odintsovo-1204:O-2:2026-11-18",
    "to": ["mcur_head", "deputy_head"],
    "cc": [],
    "subject": "Отчет 1 за 17.11",
    "late": False,
    "why": "Отчет 1 до 10:00",
    "data": {"attachments": ["a.docx"], "due_at": "2026-11-20T18:00:00+03:00", "n": 0},
}
HITS = {
    "the event alone": {"event": "mail.sent"},
    "a glob of the event": {"event": "mail.*"},
    "brackets are literal": {"event": "mail.sent", "clause": "2.1.4[1]"},
    "case is ignored": {"event": "mail.sent", "subject": "отчет 1*"},
    "one character": {"event": "mail.sent", "rule": "O-?"},
    "lists are sets": {"event": "mail.sent", "to": ["deputy_head", "mcur_head"]},
    "globs in lists": {"event": "mail.sent", "to": ["mcur_*", "deputy_*"]},
    "an empty list": {"event": "mail.sent", "cc": []},
    "the same moment elsewhere": {"event": "mail.sent", "at": "2026-11-18T06:50:00+00:00"},
    "both ends of between": {
        "event": "mail.sent",
        "between": ["2026-11-18T09:50:00+03:00", "2026-11-18T09:50:00+03:00"],
    },
    "data by the given keys": {"event": "mail.sent", "data": {"attachments": ["*.docx"]}},
    "a moment in data": {"event": "mail.sent", "data": {"due_at": "2026-11-20T18:00:00+03:00"}},
    "a moment without an offset": {
        "event": "mail.sent",
        "data": {"due_at": datetime(2026, 11, 20, 18)},  # noqa: DTZ001  that is the point
    },
    "a day in data": {"event": "mail.sent", "data": {"due_at": date(2026, 11, 20)}},
    "a number in data": {"event": "mail.sent", "data": {"n": 0}},
    "not late": {"event": "mail.sent", "late": False},
}
MISSES = {
    "another event": {"event": "task.created"},
    "one more reader": {"event": "mail.sent", "to": ["mcur_head"]},
    "one fewer": {"event": "mail.sent", "to": ["mcur_head", "deputy_head", "x"]},
    "another second": {"event": "mail.sent", "at": "2026-11-18T09:50:01+03:00"},
    "outside of between": {
        "event": "mail.sent",
        "between": ["2026-11-18T09:50:01+03:00", "2026-11-18T10:00:00+03:00"],
    },
    "another day in data": {"event": "mail.sent", "data": {"due_at": date(2026, 11, 21)}},
    "late": {"event": "mail.sent", "late": True},
    "brackets are no set of characters": {"event": "mail.sent", "clause": "2.1.4[123]"},
    "a key that is not there": {"event": "mail.sent", "data": {"kind": "day"}},
    "a part of a word": {"event": "mail.sent", "rule": "O"},
}


@pytest.mark.parametrize("given", HITS.values(), ids=HITS.keys())
def test_a_line_that_has_what_is_given_is_found(given: dict[str, Any]) -> None:
    """What is not given does not count."""
    assert matches(Expect.model_validate(given), LINE)


@pytest.mark.parametrize("given", MISSES.values(), ids=MISSES.keys())
def test_a_line_that_lacks_what_is_given_is_not(given: dict[str, Any]) -> None:
    """Every given field must match."""
    assert not matches(Expect.model_validate(given), LINE)


@pytest.mark.parametrize(
    ("count", "times", "faults"),
    [
        (None, 0, 1),
        (None, 1, 0),
        (None, 3, 0),
        (0, 0, 0),
        (0, 1, 1),
        (2, 1, 1),
        (2, 2, 0),
        (2, 3, 1),
    ],
)
def test_a_count_is_exact_and_without_one_once_is_enough(
    count: int | None, times: int, faults: int
) -> None:
    """0 forbids; left out: at least one."""
    expect = Expect(event="mail.sent", count=count)

    assert len(check([expect], [LINE] * times)) == faults


def test_a_difference_names_what_was_wanted_and_what_there_was() -> None:
    """Number, note, fields and the nearest lines; where there is nothing, it says so."""
    expected = [Expect(event="mail.sent", rule="O-9", note="утром"), Expect(event="slot.taken")]

    first, second = check(expected, [LINE])

    assert first.startswith("expect 1 (утром): at least one, got 0")
    assert '"rule": "O-9"' in first
    assert "report:odintsovo-1204:O-2:2026-11-18" in first
    assert "no slot.taken at all" in second


def test_a_long_list_of_near_lines_is_cut() -> None:
    """Eight are enough to see."""
    [difference] = check([Expect(event="mail.sent", count=1)], [LINE] * 12)

    assert "and 4 more" in difference


def test_a_glob_spans_lines() -> None:
    """Texts of letters have many."""
    assert glob("*Новые (+5)*меры*").fullmatch("Отчет\nНовые (+5)\nМеры: нет")


@pytest.mark.parametrize(
    ("wanted", "got", "same_"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"b": 2}, False),
        (1, 1.0, True),
        (1, "1", False),
    ],
)
def test_values_of_other_kinds_are_compared_plainly(wanted: Any, got: Any, same_: bool) -> None:
    """Tables by the given keys; a number is no text."""
    assert same(wanted, got) is same_
