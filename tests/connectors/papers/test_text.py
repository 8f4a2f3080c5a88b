"""Plain text: what stands beside the HTML and in the journal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks.documents import Column, Document, Table, plain


def test_a_short_note_is_its_lines() -> None:
    """A document of two paragraphs needs no frame."""
    assert to_text(plain("Задача принята.", "Срок 20.11.")) == "Задача принята.\n\nСрок 20.11.\n"


def test_a_narrow_table_keeps_its_columns(head_report: Document) -> None:
    """Numbers stand under each other, and every kind of block has its form."""
    text = to_text(head_report)

    assert text.startswith(
        "Отчет о проделанной работе за 17 ноября 2026 г.\n"
        "===============================================\n\n"
        "Главе Одинцовского городского округа\n\n"
        "За день закрыто 34 обращения из 41, просрочено 3.\n"
        "Нарушены сроки двух заданий ЦУР.\n\n"
        "Обращения\n---------\n\n"
        "Движение за день\n\n"
        "Показатель    Всего  К вчера\n"
        "------------  -----  -------\n"
        "Новые            41       +5\n"
    )
    assert "– № 815 «Навал мусора, ул. Ленина, 18» – выполнено 17.11 15:20\n" in text
    assert "Замещает: нет\n" in text
    assert text.endswith("-- \nОснование: п. 4.5 регламента, постановление от 13.05.2020 № 1204\n")


def test_a_wide_table_becomes_labelled_lines(executor_letter: Document) -> None:
    """Four columns of prose are no table in a letter of text; a citizen's line break is kept."""
    text = to_text(executor_letter)

    assert text.count("Номер: №") == 11
    assert (
        "Номер: № 814\n"
        "Адрес: г. Одинцово, ул. Солнцева, д. 3, кв. 17\n"
        "Проблема: не горит уличное освещение.\n"
        "  Со слов жителя: «третий вечер идём в темноте»\n"
        "Срок: 20.11.2026 18:00\n\n"
    ) in text


def test_lists_side_by_side_are_told_one_after_another(
    report_1: Callable[[int], Document],
) -> None:
    """Each group of «Отчет 1» has its title once, and blank cells of short lists say nothing."""
    text = to_text(report_1(20))

    titles = [
        "Новые (+5)\n---",
        "Повторные (+6)\n---",
        "Отложенные (+10)\n---",
        "Просроченные (+20)\n---",
    ]
    assert sorted(titles, key=text.index) == titles
    assert [text.count(f"Проблема (гр. {n}): ") for n in (1, 3, 5, 7)] == [20, 6, 10, 14]
    assert "! Сформировано автоматически, ответственным не проверено.\n" in text


def test_a_group_without_rows_says_so(report_1: Callable[[int], Document]) -> None:
    """An empty list is a statement too: «нет»."""
    doc = report_1(20)
    table = doc.blocks[1]
    assert isinstance(table, Table)
    rows = tuple((*row[:2], "", "", *row[4:]) for row in table.rows)

    text = to_text(doc.model_copy(update={"blocks": (table.model_copy(update={"rows": rows}),)}))

    assert "Повторные (+6)\n--------------\nнет\n" in text


def test_a_day_on_which_nothing_happened_is_said_in_words(empty_report: Document) -> None:
    """No headings over nothing."""
    assert to_text(empty_report).endswith("\n\nПроблемных вопросов нет.\n")


@pytest.mark.parametrize("rows", [0, 1, 2, 5, 21])
def test_any_number_of_rows_is_written(report_1: Callable[[int], Document], rows: int) -> None:
    """Not a row is lost or told twice."""
    text = to_text(report_1(rows))

    assert text.count("Проблема (гр. 1): ") == min(rows, 20)
    assert ("Обращений за сутки не поступало." in text) is (rows == 0)


def test_a_cell_of_two_lines_keeps_the_columns_apart() -> None:
    """The row becomes as high as its highest cell; numbers of the form stay over it."""
    table = Table(
        columns=(
            Column(title="Адрес", number="1"),
            Column(title="Срок", number="2", align="center"),
        ),
        rows=(("ул. Ленина,\nд. 18", "20.11"),),
    )

    assert to_text(Document(blocks=(table,))) == (
        "Адрес        Срок\n1              2\n-----------  -----\nул. Ленина,  20.11\nд. 18\n"
    )


def test_what_a_citizen_wrote_stays_as_it_is(hostile: Document) -> None:
    """Markup is only text here; what no terminal should get is gone."""
    text = to_text(hostile)

    assert "<script>alert(1)</script> {{ 7*7 }} {% raw %} &amp;" in text
    assert not {"\x00", "\x08", "\u202e"} & set(text)
