"""Letters of the centre as they are: address, problem and term are read from their text."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mcur.playbooks.inbound import original, read_assignment
from tests.playbooks.facts import PLAYBOOK, at, letter, rule

LABELS = rule("intake", "letters").labels
HOUSE = "одинцово, маршала жукова, 10"
LETTERS = {
    "in one line": (
        "Адрес: Одинцово, ул. Маршала Жукова, 10. Проблема: нет освещения",
        "Одинцово, ул. Маршала Жукова, 10", "нет освещения", None,
    ),
    "in three lines": (
        "Адрес: Одинцово, ул. Маршала Жукова, 10\nПроблема: нет освещения\n"
        "Срок: до 20.11.2026 18:00",
        "Одинцово, ул. Маршала Жукова, 10", "нет освещения", at("18:00", 20),
    ),
    "in another order": (
        "Срок исполнения – 20.11.2026\nПроблемный вопрос: нет освещения\n"
        "Адрес проблемы: Одинцово, ул. Маршала Жукова, 10",
        "Одинцово, ул. Маршала Жукова, 10", "нет освещения", at("23:59:59", 20),
    ),
    "with greeting and signature": (
        "Добрый день, коллеги!\n\nАДРЕС: Одинцово, ул. Маршала Жукова, д. 10.\n"
        "ПРОБЛЕМА: нет освещения\nво дворе;\nС уважением,\nИванов И. И.\n8 495 123-45-67",
        "Одинцово, ул. Маршала Жукова, д. 10", "нет освещения во дворе", None,
    ),
    "values on lines of their own": (
        "Адрес:\nОдинцово, ул. Маршала Жукова, 10\n\nПроблема:\nнет освещения\n\nСрок:\n20.11.2026",
        "Одинцово, ул. Маршала Жукова, 10", "нет освещения", at("23:59:59", 20),
    ),
    "cells of a table": (
        "Адрес\tОдинцово, ул. Маршала Жукова, 10\nПроблема\tнет освещения\nСрок\t20.11.2026 18:00",
        "Одинцово, ул. Маршала Жукова, 10", "нет освещения", at("18:00", 20),
    ),
    "forwarded": (
        "Прошу взять в работу.\n\n-------- Пересылаемое сообщение --------\n"
        "От: Петров <petrov@cur.mosreg.ru>\nДата: 18 ноября 2026\nКому: duty@cur.mosreg.ru\n"
        "Тема: освещение\n\nАдрес: Одинцово, ул. Маршала Жукова, 10\nПроблема: нет освещения",
        "Одинцово, ул. Маршала Жукова, 10", "нет освещения", None,
    ),
    "quoted": (
        "В работу.\n\n> Адрес: Одинцово, ул. Маршала Жукова, 10\n> Проблема: нет освещения\n"
        "> Срок: 20.11",
        "Одинцово, ул. Маршала Жукова, 10", "нет освещения", at("23:59:59", 20),
    ),
    "in a sentence": (
        "Прошу устранить яму по адресу: Одинцово, ул. Маршала Жукова, д. 10. Срок до 20.11.2026.",
        "Одинцово, ул. Маршала Жукова, д. 10",
        "Прошу устранить яму по адресу: Одинцово, ул. Маршала Жукова, д. 10. Срок до 20.11.2026.",
        at("23:59:59", 20),
    ),
    "in a sentence without a colon": (
        "Здравствуйте!\n\nПо адресу Одинцово, ул. Маршала Жукова, д. 10 не горит свет, "
        "просим решить в срок до 18:00 20.11.2026",
        "Одинцово, ул. Маршала Жукова, д. 10",
        "По адресу Одинцово, ул. Маршала Жукова, д. 10 не горит свет, "
        "просим решить в срок до 18:00 20.11.2026",
        at("18:00", 20),
    ),
    "an address on a line of its own": (
        "Одинцово, ул. Маршала Жукова, 10\n\nне горит свет",
        "Одинцово, ул. Маршала Жукова, 10", "не горит свет", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "address", "problem", "due"), LETTERS.values(), ids=LETTERS.keys()
)
def test_an_assignment_is_read_from_a_letter(
    text: str, address: str, problem: str, due: object
) -> None:
    """With labels, without them, in lines, in a sentence, forwarded."""
    found = read_assignment(letter(text), LABELS, PLAYBOOK.calendar)

    assert (found.address, found.problem, found.due_at) == (address, problem, due)
    assert found.house == HOUSE


NO_HOUSE = {
    "no address at all": ("Жители жалуются на запах газа.", None),
    "a settlement only": ("Адрес: деревня Солманово\nПроблема: снег", "деревня Солманово"),
    "a street only": ("Адрес: Одинцово, ул. Садовая\nПроблема: снег", "Одинцово, ул. Садовая"),
    "an empty label": ("Адрес:\nПроблема: снег", None),
}


@pytest.mark.parametrize(("text", "address"), NO_HOUSE.values(), ids=NO_HOUSE.keys())
def test_without_a_house_the_address_is_left_to_a_person(text: str, address: str | None) -> None:
    """What stands there is kept; nothing is guessed."""
    found = read_assignment(letter(text), LABELS, PLAYBOOK.calendar)

    assert (found.address, found.house) == (address, None)


def test_an_empty_letter_is_its_subject() -> None:
    """Somebody wrote everything into the subject."""
    found = read_assignment(letter("", subject=" Снег у дома 5 "), LABELS, PLAYBOOK.calendar)

    assert found.problem == "Снег у дома 5"


DUES = {
    "до 20.11.2026 18:00": at("18:00", 20),
    "до 20.11.2026 18:00. Причина: нет материала": at("18:00", 20),
    "до 20.11.2026 18.00.": at("18:00", 20),
    "20.11.2026 г. до 18:00": at("18:00", 20),
    "до 18:00 20.11.2026": at("18:00", 20),
    "до 18.00 20.11.2026": at("18:00", 20),
    "к 9:00 20.11": at("09:00", 20),
    "20.11.26": at("23:59:59", 20),
    "до 20.11": at("23:59:59", 20),
    "20.11, 18.30": at("18:30", 20),
    "20 ноября 2026 года": at("23:59:59", 20),
    "до 20 ноября 18:00": at("18:00", 20),
    "до 18:00": at("18:00"),
    "10.02": at("23:59:59").replace(year=2027, month=2, day=10),
    "31.02.2026": None,
    "20.13.2026": None,
    "как можно скорее": None,
    "2 дня": None,
    "29.02": None,
}


@pytest.mark.parametrize(("said", "due"), DUES.items(), ids=DUES.keys())
def test_a_term_is_read_as_people_write_it(said: str, due: object) -> None:
    """Without a year it is the next such day; without an hour the end of it; else nobody knows."""
    found = read_assignment(letter(f"Проблема: снег\nСрок: {said}"), LABELS, PLAYBOOK.calendar)

    assert found.due_at == due


def test_a_leap_day_that_has_passed_does_not_come_back_next_year() -> None:
    """29 February without a year, in March: nobody knows which one."""
    march = letter("Срок: 29.02", received_at=at("11:00").replace(year=2028, month=3, day=1))

    assert read_assignment(march, LABELS, PLAYBOOK.calendar).due_at is None


def test_other_labels_come_from_the_playbook() -> None:
    """A site whose centre writes otherwise changes a value, not the program."""
    found = read_assignment(
        letter("Место - Одинцово, ул. Мира, 5\nСуть - снег"),
        {"address": ("Место",), "problem": ("Суть",)},
        PLAYBOOK.calendar,
    )

    assert (found.house, found.problem) == ("одинцово, мира, 5", "снег")


def test_the_original_goes_with_the_task() -> None:
    """As a file, where it was kept."""
    [file] = original(letter("x", raw="abc"))

    assert (file.name, file.digest) == ("letter.eml", "abc")
    assert original(letter("x")) == ()


@given(st.text(alphabet="абвАдрес:ПроблемаСрок0123456789.,-–> \n\tул.дг/", max_size=300))
def test_no_letter_is_too_strange_to_be_read(text: str) -> None:
    """What people send is read, or left to a person; it never stops the work."""
    found = read_assignment(letter(text), LABELS, PLAYBOOK.calendar)

    assert found.house is None or found.address is not None
