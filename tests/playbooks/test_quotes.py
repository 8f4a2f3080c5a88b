"""An answer is found above, between and without what it answers, in every mail program."""

from __future__ import annotations

import time

import pytest

from mcur.playbooks.quotes import strip_quoted

HEADERS = (
    "От: Петров П. П. <petrov@firm.test>\nОтправлено: пятница, 20 ноября 2026 г. 10:00\n"
    "Кому: Робот\nТема: RE: Заявка № 5\n\nПрошу выехать.\n"
)
ANSWERS = {
    "outlook with dashes": (
        "Принято.\n\nС уважением,\nИванов\n\n-----Исходное сообщение-----\n" + HEADERS,
        "Принято.\n\nС уважением,\nИванов",
    ),
    "outlook with headers": ("Согласовано.\n\n" + HEADERS, "Согласовано."),
    "outlook in bold": ("Да\n\n*От:* Петров\n*Отправлено:* 20.11\n*Кому:* Робот\n\nТекст", "Да"),
    "outlook with a rule": ("Согласовано.\n\n" + "_" * 32 + "\n" + HEADERS, "Согласовано."),
    "outlook with a rule and a line": ("Да\n" + "_" * 40 + "\n\n" + HEADERS, "Да"),
    "gmail": (
        "Ок, делаем\n\nпт, 20 нояб. 2026 г. в 10:00, Пётр Петров <petrov@gmail.test>:\n\n> Прошу\n",
        "Ок, делаем",
    ),
    "gmail on two lines": (
        "Ок\n\nпт, 20 нояб. 2026 г. в 10:00, Пётр Константинович Петров\n<p@gmail.test>:\n> Прошу\n",
        "Ок",
    ),
    "yandex": ('Готово\n\n20.11.2026, 10:00, "Пётр" <petrov@yandex.test>:\n> Прошу\n', "Готово"),
    "mail.ru": (
        "Готово\n\n--\nИван Иванов\nОтправлено из мобильной Почты Mail\n\n"
        "Пятница, 20 ноября 2026, 10:00 +03:00 от Пётр <petrov@mail.test>:\n>Прошу\n",
        "Готово\n\n--\nИван Иванов",
    ),
    "thunderbird": ("Готово\n\n20.11.2026 10:00, Пётр Петров пишет:\n> Прошу\n", "Готово"),
    "iphone": (
        "Готово\n\nОтправлено с iPhone\n\n> 20 нояб. 2026 г., в 10:00, Пётр <p@x.test> "
        "написал(а):\n> Прошу\n",
        "Готово",
    ),
    "the bat": (
        "Добрый день!\n\nГотово\n\n> Прошу\n\n-- \nИван",
        "Добрый день!\n\nГотово\n\n-- \nИван",
    ),
    "the bat with initials": (
        "Здравствуйте, Пётр.\n\nВы писали 20 ноября 2026 г., 10:00:25:\n\nПП> Прошу\n\nГотово",
        "Здравствуйте, Пётр.\n\nГотово",
    ),
    "below the quote": (
        "20.11.2026 10:00, Пётр Петров пишет:\n> Прошу\n>\n\nГотово\n\n-- \nИван",
        "Готово\n\n-- \nИван",
    ),
    "roundcube": ("Пётр Петров писал(а) 2026-11-20 10:00:\n> Прошу\n\nГотово", "Готово"),
    "a quote that was wrapped on the way": (
        "20.11.2026 10:00, Пётр пишет:\n> Прошу " + "x" * 70 + "\nУтверждаю",
        "",
    ),
    "nothing said above a quote without marks": ("20.11.2026 10:00, Пётр пишет:\nПрошу\n\nДа", ""),
    "somebody wrote, and it is told": (
        "Жилец писал 20.11.2026 следующее:\nнет света.\nВы писали о трубах, отвечаем:\nготово",
        "Жилец писал 20.11.2026 следующее:\nнет света.\nВы писали о трубах, отвечаем:\nготово",
    ),
    "between the lines": ("> Срок?\n20 ноября\n> Кто?\nУК «Уют»\n", "20 ноября\nУК «Уют»"),
    "english": ("Done\n\nOn Fri, Nov 20, 2026 at 10:00 AM Petr <p@x.test> wrote:\n> go\n", "Done"),
    "forwarded": (
        "Прошу в работу\n\n---------- Пересылаемое сообщение ----------\nОт: Пётр\nТема: авария\n\nНет света",
        "Прошу в работу",
    ),
    "nothing quoted": (
        "Прошу выехать.\nОт: проходной направо.\nТел. 123",
        "Прошу выехать.\nОт: проходной направо.\nТел. 123",
    ),
    "a date in the text": (
        "20 ноября 2026 обещали сделать следующее:\n12 домов по ул. Ленина",
        "20 ноября 2026 обещали сделать следующее:\n12 домов по ул. Ленина",
    ),
    "nothing of one's own": ("20.11.2026 10:00, Пётр пишет:\n> Прошу", ""),
    "nothing at all": ("", ""),
}


@pytest.mark.parametrize("program", ANSWERS)
def test_what_a_person_wrote_is_told_from_what_is_quoted(program: str) -> None:
    """The marks of the mail programs that Russian offices use."""
    text, expected = ANSWERS[program]

    answer, quoted = strip_quoted(text)

    assert answer == expected
    assert ("Прошу" in quoted) == ("Прошу" in text and "Прошу" not in expected)


def test_line_ends_of_the_net_change_nothing() -> None:
    """CR LF is a line end as well."""
    text, expected = ANSWERS["gmail"]

    assert strip_quoted(text.replace("\n", "\r\n"))[0] == expected


def test_a_long_thread_costs_little() -> None:
    """Half a megabyte of quotes and of lines that almost begin one."""
    text = "Да\n" + "20.11.2026 10:00 " + "x" * 5000 + "\n" + "От: x\nТел. 1\n" * 30_000

    started = time.process_time()
    strip_quoted(text)

    assert time.process_time() - started < 2
