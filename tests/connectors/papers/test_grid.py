"""The grid that all writers share, and clean characters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from mcur.connectors.papers.grid import (
    labels,
    lists_side_by_side,
    numbers,
    printable,
    shares,
    spans,
)
from mcur.playbooks.documents import Column, Document, Group, Table


def table_of(doc: Document) -> Table:
    """Return the first table of a document."""
    return next(block for block in doc.blocks if isinstance(block, Table))


def test_groups_cover_pairs_of_columns(report_1: Callable[[int], Document]) -> None:
    """«Отчет 1» has four lists side by side, numbered 1 to 8."""
    table = table_of(report_1(1))

    assert [list(span.columns) for span in spans(table)] == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert labels(table)[2] == "Повторные (+6) · Проблема"
    assert numbers(table) == list("12345678")
    assert lists_side_by_side(table)


def test_groups_with_different_columns_belong_to_one_row() -> None:
    """«Срок: план, факт» beside «Исполнитель» is one fact, not two lists."""
    table = Table(
        columns=tuple(Column(title=title) for title in ("Исполнитель", "план", "факт")),
        groups=(Group(title="", span=1), Group(title="Срок", span=2)),
        rows=(("УК", "17.11", "18.11"),),
    )

    assert not lists_side_by_side(table)
    assert labels(table) == ["Исполнитель", "Срок · план", "Срок · факт"]


def test_a_table_without_groups_is_one_span(report_2: Document) -> None:
    """Nothing stands over its headings, and a label is the heading."""
    table = table_of(report_2)

    assert [span.title for span in spans(table)] == [""]
    assert labels(table)[4] == "Статус"


@pytest.mark.parametrize("weights", [(1,), (1, 1, 1), (2, 3, 5, 2), (1,) * 8, (7, 1, 1)])
def test_the_columns_fill_the_width_exactly(weights: tuple[int, ...]) -> None:
    """No remainder of the division is lost or added."""
    columns = tuple(Column(title="x", weight=weight) for weight in weights)

    parts = shares(Table(columns=columns, rows=()), 1000)

    assert sum(parts) == 1000
    assert all(
        abs(part - 1000 * weight / sum(weights)) < 1
        for part, weight in zip(parts, weights, strict=True)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("а\r\nб\rв\u2028г\u2029д\x0bе", "а\nб\nв\nг\nд\nе"),
        ("нет\x00 \x08света\x1f\x7f\x80", "нет света"),
        ("\u202eинверсия\u2066", "инверсия"),
        ("\ud800 половина", " половина"),
        ("\ufffe\uffff", ""),
        ("35\u202f012\t°C 👍 ё №", "35\u202f012\t°C 👍 ё №"),
    ],
)
def test_only_what_a_page_can_show_is_left(text: str, expected: str) -> None:
    """Control characters would lose a document, overrides would scramble its lines."""
    assert printable(text) == expected


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    """A shifted cell would put measures under the wrong problem."""
    with pytest.raises(ValueError, match=r"rows \[2\].* 2 cells"):
        Table(columns=(Column(title="а"), Column(title="б")), rows=(("1", "2"), ("3",)))


def test_groups_that_do_not_cover_the_columns_are_refused() -> None:
    """A form with a hole in its heading is a mistake of the report."""
    with pytest.raises(ValueError, match="do not cover its 2 columns"):
        Table(
            columns=(Column(title="а"), Column(title="б")),
            rows=(),
            groups=(Group(title="в", span=1),),
        )


def test_importing_the_writers_loads_no_library() -> None:
    """`mcur status` must feel instant, and it writes no paper."""
    program = (
        "import sys\n"
        "from mcur.connectors.papers import docx, html, text, xlsx\n"
        "print(sorted({'docx', 'xlsxwriter', 'jinja2', 'lxml'} & set(sys.modules)))"
    )

    told = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "[]"
