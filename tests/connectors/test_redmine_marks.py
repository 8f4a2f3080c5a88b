"""Marks of the daemon in issues: tokens, footers, terms."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mcur.connectors.redmine.marks import (
    Footer,
    key_token,
    note_mark,
    read_due,
    read_footer,
    subject_line,
    with_footer,
    without_mark,
    write_due,
)
from mcur.connectors.redmine.read import read_term
from mcur.connectors.redmine.shape import RedmineShape
from mcur.playbooks.facts import TaskKind, TaskStatus

MOSCOW = ZoneInfo("Europe/Moscow")
SHAPE = RedmineShape(
    name="x", url="http://x", key="k", project="p", zone=MOSCOW, projects={"plan": "plans"}
)


def test_a_token_is_made_of_the_key_and_of_nothing_else() -> None:
    """The same today and after a crash: it is written down in issues."""
    assert key_token("task:ruza-679:dobrodel:4711") == "o2snr2aixvvm7"
    assert len({key_token(f"task:{n}") for n in range(10_000)}) == 10_000


def test_a_subject_keeps_its_token_however_long_it_is() -> None:
    """Redmine refuses more than 255 characters."""
    line = subject_line("ы" * 300, "k")

    assert len(line) == 255
    assert line.endswith(f"… [{key_token('k')}]")
    assert subject_line("ы" * 255, None) == "ы" * 255


def test_a_footer_is_read_as_it_was_written() -> None:
    """With \\r\\n, as Redmine keeps line breaks."""
    footer = Footer(key="task:x:1", due="20.11.2026 18:00", status=TaskStatus.ON_CONTROL)
    text = with_footer("Тело.\n\nКлюч: подделка", footer).replace("\n", "\r\n")

    body, read = read_footer(subject_line("Тема", "task:x:1"), text)

    assert body == "Тело.\n\nКлюч: подделка"
    assert read == footer


def test_a_footer_without_its_token_in_the_subject_is_text() -> None:
    """Somebody wrote a key into a description."""
    text = with_footer("Тело.", Footer(key="task:x:1"))

    assert read_footer("Тема", text) == (text, None)


def test_an_empty_body_has_a_footer_too() -> None:
    """Nothing before it."""
    text = with_footer("", Footer(key="k"))

    assert read_footer(subject_line("Тема", "k"), text)[0] == ""


def test_a_note_loses_its_mark_when_people_read_it() -> None:
    """Also when somebody quotes it."""
    assert without_mark(f"Срок истёк.\n\n%{{color:#bbb}}{note_mark('t')}%") == "Срок истёк."
    assert without_mark("Просто %5%") == "Просто %5%"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20.11.2026 18:00", datetime(2026, 11, 20, 18, tzinfo=MOSCOW)),
        ("2026-11-20 18:00", datetime(2026, 11, 20, 18, tzinfo=MOSCOW)),
        (" 20.11.2026 ", datetime(2026, 11, 20, 23, 59, 59, tzinfo=MOSCOW)),
        ("завтра", None),
        (None, None),
    ],
)
def test_terms_are_read_as_people_type_them(text: str | None, expected: datetime | None) -> None:
    """What cannot be read is no term, and no error."""
    assert read_due(text, MOSCOW) == expected


def test_a_term_is_written_in_the_zone_of_the_site() -> None:
    """To the minute, to the second where it has one."""
    assert write_due(datetime(2026, 11, 20, 15, tzinfo=UTC), MOSCOW) == "20.11.2026 18:00"
    assert write_due(datetime(2026, 11, 20, 20, 59, 59, tzinfo=UTC), MOSCOW).endswith("23:59:59")


@pytest.mark.parametrize(
    ("day", "by_text", "expected"),
    [
        (date(2026, 11, 20), False, datetime(2026, 11, 20, 18, tzinfo=MOSCOW)),
        (date(2026, 11, 22), False, datetime(2026, 11, 22, 18, tzinfo=MOSCOW)),
        (date(2026, 11, 22), True, datetime(2026, 11, 20, 18, tzinfo=MOSCOW)),
        (None, False, None),
    ],
)
def test_a_date_and_a_written_hour_make_one_term(
    day: date | None, by_text: bool, expected: datetime | None
) -> None:
    """The date alone moves the day; the written form counts when it was touched last."""
    written = datetime(2026, 11, 20, 18, tzinfo=MOSCOW)

    assert read_term(day, written, by_text, SHAPE) == expected


def test_a_status_that_is_not_ours_counts_by_whether_it_closes() -> None:
    """An administrator may add some."""
    assert SHAPE.status_of("Ожидание", closed=False) is TaskStatus.IN_WORK
    assert SHAPE.status_of("Архив", closed=True) is TaskStatus.CLOSED


def test_a_project_is_chosen_by_name_then_by_kind() -> None:
    """A name that is no project here is left to the kind."""
    assert SHAPE.project_for(TaskKind.PLAN) == "plans"
    assert SHAPE.project_for(TaskKind.EXECUTOR) == "p"
    assert SHAPE.project_for(TaskKind.EXECUTOR, "plan") == "plans"
    assert SHAPE.project_for(TaskKind.PLAN, "p") == "p"
    assert SHAPE.project_for(TaskKind.EXECUTOR, "Согласование планов") == "p"
