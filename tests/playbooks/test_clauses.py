"""The clauses of the five regulations, as `explain` and `coverage` print them."""

from __future__ import annotations

import csv
import importlib.resources
import re
from collections import Counter

import pytest


@pytest.fixture(scope="module")
def clauses() -> list[dict[str, str]]:
    """Every row of the shipped table."""
    table = importlib.resources.files("mcur.playbooks") / "library" / "clauses.csv"
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def test_every_clause_of_the_five_regulations_is_there(clauses: list[dict[str, str]]) -> None:
    """The numbers of clauses are those that were counted in the five texts."""
    counts = Counter(row["regulation"] for row in clauses)

    assert counts == {
        "ruza-679": 230,
        "odintsovo-1204": 160,
        "lenobl-8": 48,
        "khimki-energy": 44,
        "kostroma-rgis": 40,
    }


def test_a_clause_is_named_once(clauses: list[dict[str, str]]) -> None:
    """An event cites exactly one row, so an id stands once in its regulation."""
    ids = Counter((row["regulation"], row["clause"]) for row in clauses)

    assert [name for name, count in ids.items() if count > 1] == []


def test_a_clause_has_its_own_russian_words(clauses: list[dict[str, str]]) -> None:
    """What people read is the regulation's Russian on one line, with quotation marks in pairs."""
    wrong = [
        row["clause"]
        for row in clauses
        if not re.search("[а-яё]", row["words"])
        or row["words"] != " ".join(row["words"].split())
        or row["words"].count("«") != row["words"].count("»")
    ]

    assert wrong == []


def test_people_read_the_printed_number(clauses: list[dict[str, str]]) -> None:
    """The marks of our own numbering ([2], .b4, .p1) never reach a reader."""
    wrong = [
        row["printed"]
        for row in clauses
        if not row["printed"] or re.search(r"[\[\]a-z]", row["printed"])
    ]

    assert wrong == []


def test_a_clause_says_how_much_of_it_the_daemon_does(clauses: list[dict[str, str]]) -> None:
    """`coverage` sorts clauses by what is done: all of it, a part, or nothing but by people."""
    assert {row["automation"] for row in clauses} == {"auto", "assist", "human"}


@pytest.mark.parametrize(
    ("clause", "printed", "words"),
    [
        ("2.2.1.1", "2.2.1.1", "до 10.00 ч. Отчет 1 (приложение № 1)"),
        ("2.1.2.1", "2.1.2.1", "взятия заявок в работу в МП в течение 24 часов"),
        ("4.4[2]", "4.4", "По итогам решения проблемных вопросов"),
        ("app1.R1.c3", "приложение № 1, отчет 1, графа 3", "Проблема"),
    ],
)
def test_the_reports_of_odintsovo_cite_their_clauses(
    clauses: list[dict[str, str]], clause: str, printed: str, words: str
) -> None:
    """The clauses that the first reports stand on are there, whole."""
    [row] = [r for r in clauses if r["regulation"] == "odintsovo-1204" and r["clause"] == clause]

    assert row["printed"] == printed
    assert words in row["words"]
