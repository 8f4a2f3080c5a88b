"""Rows: statuses, marks, blanks, repeats within a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcur.playbooks.facts import AppealStatus, MessageType
from tests.connectors.feeds.making import read, read_cells, xlsx

STATUSES = {
    "Новая": AppealStatus.NEW,
    "new": AppealStatus.NEW,
    "Принята в работу": AppealStatus.ACCEPTED,
    "На рассмотрении": AppealStatus.IN_WORK,
    "В работе": AppealStatus.IN_WORK,
    "ПРОСРОЧЕНО": AppealStatus.IN_WORK,
    "Отложена": AppealStatus.DEFERRED,
    "Отложённая": AppealStatus.DEFERRED,
    "Возвращена на доработку": AppealStatus.RETURNED,
    "На модерации": AppealStatus.MODERATION,
    "Решено": AppealStatus.CLOSED,
    "Закрыта": AppealStatus.CLOSED,
    "Выполнено": AppealStatus.CLOSED,
    "Отклонено": AppealStatus.REJECTED,
    "in_work": AppealStatus.IN_WORK,
}


@pytest.mark.parametrize(("word", "status"), STATUSES.items())
def test_words_of_status_are_understood(tmp_path: Path, word: str, status: AppealStatus) -> None:
    """Russian words and canonical codes; late is not a status but follows from the term."""
    [appeal] = read_cells(tmp_path, word, heading="Статус")

    assert appeal.status is status


def test_an_unknown_word_of_status_is_kept_and_not_guessed(tmp_path: Path) -> None:
    """The appeal counts as open until somebody names the word in the feed's statuses."""
    [appeal] = read_cells(tmp_path, "Эскалирована", heading="Статус")

    assert appeal.status is None
    assert appeal.extra == {"status_raw": "Эскалирована"}


def test_the_feed_may_name_its_own_words_of_status(tmp_path: Path) -> None:
    """They win over the known ones."""
    own = {"Эскалирована": "in_work", "Решено": "moderation"}

    one, two = read_cells(tmp_path, "эскалирована", "Решено", heading="Статус", statuses=own)

    assert (one.status, two.status) == (AppealStatus.IN_WORK, AppealStatus.MODERATION)


def test_an_appeal_of_which_nothing_else_is_known_is_new(tmp_path: Path) -> None:
    """With a stamp of its life and no word of status it is unknown."""
    text = "number,received_at,accepted_at,status\n1,17.11.2026,,\n2,17.11.2026,18.11.2026,\n"

    one, two = read(tmp_path, "e.csv", text).appeals

    assert (one.status, two.status) == (AppealStatus.NEW, None)


def test_kinds_of_messages_are_read_from_words_and_numbers(tmp_path: Path) -> None:
    """The daily export says 0 and 1, the yearly one says it in words."""
    cells = ["Проблемы", 0, "0", "Предложения", 1, "1 - предложения", "", "иное"]

    appeals = read_cells(tmp_path, *cells, heading="Тип сообщения - 0 проблемы, 1 - предложения")
    plain = read_cells(tmp_path, *cells, heading="Тип сообщения")

    assert {a.message_type for a in appeals} == {MessageType.PROBLEM}  # an ЕЦУР heading alone
    assert [a.message_type for a in plain] == [MessageType.PROBLEM] * 3 + [
        MessageType.PROPOSAL
    ] * 3 + [MessageType.PROBLEM] * 2


def test_marks_are_read_from_words(tmp_path: Path) -> None:
    """Yes in its many forms; anything else is no spam."""
    cells = ["Да", "да", "1", 1, True, "+", "Спам", "Нет", "0", 0, False, "", "-", "не спам", "?"]

    appeals = read_cells(tmp_path, *cells, heading="Спам")

    assert [a.spam for a in appeals] == [True] * 7 + [False] * 8


def test_a_repeat_is_a_number_or_a_mark(tmp_path: Path) -> None:
    """«Повтор» holds either."""
    appeals = read_cells(tmp_path, "7658034.0", "Да", "нет", "", heading="Повтор")

    assert [a.repeat_of for a in appeals] == ["7658034", None, None, None]
    assert [a.repeat for a in appeals] == [None, True, False, None]


def test_a_column_that_is_there_and_blank_is_said(tmp_path: Path) -> None:
    """Kostroma flags what the controller left empty; a column that is absent is not checked."""
    text = "number,received_at,controller,public_comment,on_control\n1,17.11.2026,,-,\n"

    [appeal] = read(tmp_path, "e.csv", text).appeals

    assert (appeal.controller, appeal.public_comment, appeal.on_control) == ("", "", False)
    assert appeal.reopen_comment is None


def test_what_stands_for_nothing_is_nothing(tmp_path: Path) -> None:
    """Dashes and words of programs are not names of organisations."""
    appeals = read_cells(tmp_path, "-", "—", "null", "NaN", " \u00a0 ", heading="Исполнитель")

    assert {a.executor for a in appeals} == {None}


def test_control_characters_are_cleaned(tmp_path: Path) -> None:
    """Line breaks of a text stay, names are of one line."""
    text = 'number,received_at,text,executor\n№ 1,17.11.2026,"a\x00\x07\r\nb\u200b\u00a0c","УК\n«Дом»"\n'

    [appeal] = read(tmp_path, "e.csv", text).appeals

    assert (appeal.number, appeal.text, appeal.executor) == ("1", "a\nb c", "УК «Дом»")


def test_of_rows_with_one_number_the_newest_wins(tmp_path: Path) -> None:
    """By the stamp of status where both have one, else the lower row: it was added later."""
    text = (
        "number,received_at,status,status_changed_at\n"
        "1,17.11.2026,closed,18.11.2026 12:00\n"
        "2,17.11.2026,new,\n"
        "1,17.11.2026,in_work,18.11.2026 09:00\n"
        "2,17.11.2026,in_work,\n"
    )

    export = read(tmp_path, "e.csv", text)

    assert {a.number: a.status for a in export.appeals} == {
        "1": AppealStatus.CLOSED,
        "2": AppealStatus.IN_WORK,
    }


def test_the_same_number_in_two_sources_is_two_appeals(tmp_path: Path) -> None:
    """A number is unique with its source only."""
    text = "source,number,received_at\nЕДС,1,17.11.2026\nПОС,1,17.11.2026\n"

    assert len(read(tmp_path, "e.csv", text).appeals) == 2


def test_a_bad_row_names_file_line_and_what_stood_there(tmp_path: Path) -> None:
    """So that a person finds it in the file; the others are read."""
    rows = [
        ("number", "received_at"),
        (None, "17.11.2026"),
        ("x" * 200, "17.11.2026"),
        ("3", "17.11.2026"),
    ]

    export = read(tmp_path, "export.xlsx", xlsx(rows))
    one, two = export.bad

    assert (one.file, one.line, one.reason, one.raw) == (
        "export.xlsx",
        2,
        "has no number",
        " | 17.11.2026",
    )
    assert (two.line, "longer than 100 characters" in two.reason) == (3, True)
    assert [a.number for a in export.appeals] == ["3"]
