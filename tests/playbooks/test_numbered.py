"""One letter about many tasks: which lines begin with a number, and what is said of each."""

from __future__ import annotations

import pytest

from mcur.playbooks.numbered import items_in

KNOWN = {"1240", "1241", "1242", "1243", "12", "Ж-101"}
CLOSINGS = ("с уважением",)


def read(text: str) -> list[tuple[tuple[str, ...], str]]:
    """Return the numbers and words of each item."""
    return [(item.numbers, item.text) for item in items_in(text, KNOWN, CLOSINGS)]


def one(number: str, text: str) -> tuple[tuple[str, ...], str]:
    """Write an item with a single number."""
    return (number,), text


LISTS = {
    "as in the letter of the issue": (
        "1240 выполнено\n1241 до 25.11, причина: нет материалов\n1242 не наш: ООО «Y»",
        [one("1240", "выполнено"), one("1241", "до 25.11, причина: нет материалов"),
         one("1242", "не наш: ООО «Y»")],
    ),
    "with marks": (
        "Задача № 1240 - выполнено\nзаявка №1241: готово\n#1242 сделано\nпо задаче 1243 убрано",
        [one("1240", "выполнено"), one("1241", "готово"), one("1242", "сделано"), one("1243", "убрано")],
    ),
    "as a list": (
        "1. № 1240 выполнено\n2) 1241 готово\n- 1242 сделано\n• 1243 — убрано",
        [one("1240", "выполнено"), one("1241", "готово"), one("1242", "сделано"), one("1243", "убрано")],
    ),
    "in one line": (
        "1240 выполнено; 1241 готово; № 1242 не наш",
        [one("1240", "выполнено"), one("1241", "готово"), one("1242", "не наш")],
    ),
    "in one line with commas": (
        "1240 и 1241 выполнены, 1242 до 30.11, причина: дожди. А 1243 не наш",
        [(("1240", "1241"), "выполнены"), one("1242", "до 30.11, причина: дожди"), one("1243", "не наш")],
    ),
    "a number inside what is said of another": (
        "1240 выполнено, дом 1241 не наш", [one("1240", "выполнено, дом 1241 не наш")],
    ),
    "several numbers at once": (
        "1240, 1241 и № 1242: выполнено\n1243 нет",
        [(("1240", "1241", "1242"), "выполнено"), one("1243", "нет")],
    ),
    "a range": ("1240-1243 выполнено", [(("1240", "1241", "1242", "1243"), "выполнено")]),
    "the number of an appeal": ("Ж-101 выполнено", [one("Ж-101", "выполнено")]),
    "further lines": (
        "1240 выполнено\nМеры: кровля заменена\n\n1241 готово",
        [one("1240", "выполнено\nМеры: кровля заменена"), one("1241", "готово")],
    ),
    "words before the list": (
        "Добрый день!\nВыполнены работы:\n1240\n1241",
        [one("1240", "Добрый день!\nВыполнены работы:"), one("1241", "Добрый день!\nВыполнены работы:")],
    ),
    "words after the list": (
        "1240\n1241\n1242 выполнено", [one("1240", "выполнено"), one("1241", "выполнено"), one("1242", "выполнено")],
    ),
    "a row of a table": (
        "№ 1240\tЖ-7\tРуза, д. 5\tвыполнено\n№ 1241\tЖ-8\tРуза, д. 6\tготово",
        [one("1240", "Ж-7\tРуза, д. 5\tвыполнено"), one("1241", "Ж-8\tРуза, д. 6\tготово")],
    ),
    "without blanks": (
        "1240,1241,1242 - ок\n1243 - нет", [(("1240", "1241", "1242"), "ок"), one("1243", "нет")],
    ),
    "words first": (
        "сделали 1240, 1241 и 1242\nне наш 1243.", [(("1240", "1241", "1242"), "сделали"), one("1243", "не наш")],
    ),
    "after a preposition": (
        "1240 готово\nпо 1241 и 1242 прошу продлить до 27.11",
        [one("1240", "готово"), (("1241", "1242"), "прошу продлить до 27.11")],
    ),
    "with a parenthesis": ("1240 выполнено (фото)\n1241) готово", [one("1240", "выполнено (фото)"), one("1241", "готово")]),
    "a house, a date and a telephone at the end": (
        "1240 готово\nСолнцева, д. 12\nсрок до 12\nтел. 12\nкроме 1241",
        [one("1240", "готово\nСолнцева, д. 12\nсрок до 12\nтел. 12\nкроме 1241")],
    ),
    "a decimal": ("1240 заменено 1,5 м\n1241 готово", [one("1240", "заменено 1,5 м"), one("1241", "готово")]),
    "an unknown number": (
        "1240 выполнено\n9999 выполнено", [one("1240", "выполнено"), one("9999", "выполнено")],
    ),
    "an unknown number with a mark": ("№ 9999 выполнено", [one("9999", "выполнено")]),
    "a number of somebody else": (
        "1240 в работе\nД-900 выполнено", [one("1240", "в работе"), one("Д-900", "выполнено")],
    ),
    "appeals in one line": (
        "Ж-101 готово; Д-900 готово", [one("Ж-101", "готово"), one("Д-900", "готово")],
    ),
    "a signature": (
        "1240 выполнено\n1241 готово\n\nС уважением,\n1243 Иванов",
        [one("1240", "выполнено"), one("1241", "готово")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "items"), LISTS.values(), ids=LISTS.keys())
def test_each_number_has_its_words(text: str, items: list[tuple[tuple[str, ...], str]]) -> None:
    """As executors write them."""
    assert read(text) == items


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Выполнено",
        "25.11 закончим",
        "10:30 выехала бригада",
        "12.11.2026 выполнено",
        "115-ФЗ не нарушали",
        "2026 год будет лучше",
        "500 руб. не хватает",
        "1240.5 куб. м вывезено",
        "8 (495) 123-45-67",
        "Дом 1240 убран",
        "9999 бригад",
    ],
)
def test_other_numbers_begin_nothing(text: str) -> None:
    """Dates, hours, sums, years, laws, telephones."""
    assert read(text) == []


def test_a_long_letter_is_read_at_once() -> None:
    """Whatever somebody repeats in it."""
    for piece in ("1240, ", "№ ", "по задаче ", "1-", "; 1", "и ", "\t", "задача задач "):
        read(piece * 20_000)
