"""Documents as the control centre of Одинцово would send them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mcur.playbooks.documents import (
    Bullets,
    Column,
    Document,
    Group,
    Heading,
    Pairs,
    Paragraph,
    Table,
)

PROBLEMS = (
    "№ 7658034-1: г.о. Одинцово, ул. Солнцева, д. 5 – отсутствует отопление в квартирах "
    "второго подъезда, температура в комнатах +14 °C",
    "№ 7658112: г. Звенигород, ул. Ленина, д. 18 – неудовлетворительное содержание контейнерной "
    "площадки, навал крупногабаритного мусора",
    "№ 7658240: рп. Новоивановское, Можайское ш., д. 50 – не горит уличное освещение.\n"
    "Со слов жителя: «третий вечер идём в темноте»",
    "№ 7658301: г. Кубинка, городок Кубинка-1, д. 12 – протечка кровли над квартирой № 60",
    "№ 7658377: с. Перхушково, д. 32А – яма на проезжей части у остановочного пункта",
)
MEASURES = (
    "Задача № 812 направлена УК «Одинцовское ЖКХ» 17.11 10:02, принята 12:30, срок 20.11. "
    "Заменён участок стояка, отопление восстановлено 17.11 в 18:40",
    "меры не указаны; задача № 815 направлена МБУ «Звенигород-Благоустройство» 17.11 10:02",
    "Заявка передана в АО «Мособлэнерго»; бригада выезжает 18.11 до 12:00",
    "Кровля осмотрена комиссией, материалы завезены, начало работ 19.11",
    "меры не указаны; задача № 821 ждёт ответа исполнителя",
)
TITLES = ("Новые (+5)", "Повторные (+6)", "Отложенные (+10)", "Просроченные (+20)")
LENGTHS = (20, 6, 10, 14)


def report_rows(count: int) -> tuple[tuple[str, ...], ...]:
    """Fill the four groups of «Отчет 1» side by side; the shorter ones leave cells blank."""
    return tuple(
        tuple(
            text
            for group, length in enumerate(LENGTHS)
            for text in (
                (PROBLEMS[(n + group) % 5], MEASURES[(n + group) % 5]) if n < length else ("", "")
            )
        )
        for n in range(count)
    )


def make_report_1(count: int) -> Document:
    """Build «Отчет 1» after appendix 1: four groups of two columns, numbers 1-8."""
    titles = ("Проблема", "Принятые меры") * 4
    return Document(
        title="Отчет 1",
        subtitle="Оперативная информация по работе с обращениями за предыдущие сутки "
        "(вторник, 17 ноября 2026 г.)",
        lead=(
            "За 17.11.2026 поступило 5 новых обращений, 6 повторных; отложено 10, просрочено 20.",
        ),
        blocks=(
            Paragraph(text="Сформировано автоматически, ответственным не проверено.", tone="mark"),
            Table(
                columns=tuple(
                    Column(title=title, number=str(n)) for n, title in enumerate(titles, start=1)
                ),
                groups=tuple(Group(title=title, span=2) for title in TITLES),
                rows=report_rows(count),
                empty="Обращений за сутки не поступало.",
            ),
            Paragraph(text="Данные тепловой карты ЦУР на 18.11.2026 09:45.", tone="quiet"),
        ),
        footer=(
            "МЦУР Одинцовского городского округа",
            "Основание: п. 2.2.1.1 регламента, постановление от 13.05.2020 № 1204",
        ),
        landscape=True,
    )


@pytest.fixture
def report_1() -> Callable[[int], Document]:
    """Return a maker of «Отчет 1» with as many rows as asked."""
    return make_report_1


REPORT_2_COLUMNS = (
    Column(title="Проблемный вопрос", number="1", weight=3),
    Column(title="Причины возникновения проблемного вопроса", number="2", weight=3),
    Column(
        title="Мероприятия, принятые для устранения проблемного вопроса",
        number="3",
        weight=3,
    ),
    Column(title="Мероприятия, принятые на упреждение", number="4", weight=3),
    Column(title="Статус", number="5", weight=2, align="center"),
)
REPORT_2_ROWS = (
    (
        "Г.о. Одинцово, некачественная отработка обращений исполнителем по вопросу вывоза мусора",
        "Исполнитель недобросовестно выполнил задание, площадка не убрана",
        "Звонок и отработка вопроса с Администрацией.\n"
        "Письмо на имя исполнителя о некачественной работе.",
        "Исполнителю сделано предупреждение",
        "решена",
    ),
    (
        "Г. Звенигород, ул. Ленина, д. 18, отсутствие отопления",
        "Авария на тепловой сети",
        "Задача № 812, бригада на месте с 13:10",
        "меры не указаны",
        "в работе",
    ),
    (
        "Г. Кубинка, протечка кровли",
        "Износ кровельного покрытия",
        "Проведён ремонт 40 кв. м кровли",
        "Осмотр соседних домов назначен на 24.11",
        "решена",
    ),
)


@pytest.fixture
def report_2() -> Document:
    """Return «Отчет 2»: five columns with their numbers."""
    return Document(
        title="Отчет 2",
        subtitle="Информация о выполненных мероприятиях по устранению проблемных вопросов "
        "за 17.11.2026",
        lead=("Решено 2 вопроса из 3.",),
        blocks=(
            Paragraph(text="Отправлено с опозданием: срок 17:00, отправлено 17:25.", tone="mark"),
            Table(
                columns=REPORT_2_COLUMNS,
                rows=REPORT_2_ROWS,
            ),
        ),
        footer=("Основание: п. 2.2.1.2 регламента, постановление от 13.05.2020 № 1204",),
        landscape=True,
    )


@pytest.fixture
def head_report() -> Document:
    """Return the head's report of the day: every kind of block."""
    return Document(
        title="Отчет о проделанной работе за 17 ноября 2026 г.",
        subtitle="Главе Одинцовского городского округа",
        lead=(
            "За день закрыто 34 обращения из 41, просрочено 3.",
            "Нарушены сроки двух заданий ЦУР.",
        ),
        blocks=(
            Heading(text="Обращения"),
            Table(
                caption="Движение за день",
                columns=(
                    Column(title="Показатель", weight=4),
                    Column(title="Всего", align="right"),
                    Column(title="К вчера", align="right"),
                ),
                rows=(
                    ("Новые", "41", "+5"),
                    ("Повторные", "6", "−1"),
                    ("Отложенные", "1\u202f204", "+10"),
                    ("Просроченные", "3", "0"),
                ),
            ),
            Heading(text="Задания ЦУР"),
            Bullets(
                items=(
                    "№ 815 «Навал мусора, ул. Ленина, 18» – выполнено 17.11 15:20",
                    "№ 819 «Отчитаться об уборке дворов» – просрочено на 2 дня; план мероприятий "
                    "согласован",
                )
            ),
            Heading(text="Аварийные ситуации"),
            Paragraph(text="Проблемных вопросов нет."),
            Pairs(
                items=(
                    ("Руководитель МЦУР", "Смирнова А. П., +7 (495) 593-00-00"),
                    ("Замещает", "нет"),
                )
            ),
        ),
        footer=("Основание: п. 4.5 регламента, постановление от 13.05.2020 № 1204",),
    )


@pytest.fixture
def executor_letter() -> Document:
    """Return the letter to an executor with eleven new tasks."""
    return Document(
        title="Новые задачи: 11",
        lead=("Управляющей организации «Одинцовское ЖКХ» переданы 11 задач.",),
        blocks=(
            Paragraph(
                text="Ответьте на это письмо: номер задачи и что сделано. Отчёт с фотографией "
                "закрывает срок."
            ),
            Table(
                columns=(
                    Column(title="Номер", weight=2),
                    Column(title="Адрес", weight=3),
                    Column(title="Проблема", weight=5),
                    Column(title="Срок", weight=2, align="center"),
                ),
                rows=tuple(
                    (
                        f"№ {812 + n}",
                        f"г. Одинцово, ул. Солнцева, д. {n + 1}, кв. {n * 7 + 3}",
                        PROBLEMS[n % 5].partition(" – ")[2],
                        f"{18 + n % 5}.11.2026 18:00",
                    )
                    for n in range(11)
                ),
            ),
        ),
        footer=("МЦУР Одинцовского городского округа, +7 (495) 593-00-00",),
    )


@pytest.fixture
def empty_report() -> Document:
    """Return a report of a day on which nothing happened."""
    return Document(
        title="Отчет 2",
        subtitle="Информация о выполненных мероприятиях за 17.11.2026",
        blocks=(
            Table(
                columns=tuple(Column(title=title) for title in ("Вопрос", "Меры", "Статус")),
                rows=(),
                empty="Проблемных вопросов нет.",
            ),
        ),
    )


HOSTILE = (
    "<script>alert(1)</script> {{ 7*7 }} {% raw %} &amp; \"кавычки\" 'апостроф'\n"
    '=HYPERLINK("http://evil.example")\x00\x08\u202e]]>'
)


@pytest.fixture
def hostile() -> Document:
    """Return a document that says the worst in every place where a text may stand."""
    table = Table(
        columns=(Column(title=HOSTILE, number=HOSTILE), Column(title="x"), Column(title="y")),
        groups=(Group(title=HOSTILE, span=1), Group(title="z", span=2)),
        rows=((HOSTILE, "=1+1", "@SUM(A1)"), ("+7", "-1", "\t=2")),
        caption=HOSTILE,
        empty=HOSTILE,
    )
    return Document(
        title=HOSTILE,
        subtitle=HOSTILE,
        lead=(HOSTILE,),
        blocks=(
            Heading(text=HOSTILE),
            Paragraph(text=HOSTILE, tone="mark"),
            Paragraph(text=HOSTILE, tone="quiet"),
            Paragraph(text=HOSTILE, tone="lead"),
            Bullets(items=(HOSTILE,)),
            Pairs(items=((HOSTILE, HOSTILE),)),
            table,
            table.model_copy(update={"rows": ()}),
        ),
        footer=(HOSTILE,),
    )
