"""Forms: the canonical table and the exports of Russian control centres, by their headings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.ports import Rejected
from mcur.playbooks.facts import AppealStatus, MessageType
from tests.connectors.feeds.making import (
    ECUR,
    MOSCOW,
    a_shape,
    ecur_row,
    naive,
    read,
    read_cells,
    xlsx,
)


def test_russian_headings_of_the_canonical_table_need_no_mapping(tmp_path: Path) -> None:
    """Case, blanks and «ё» of a heading do not count."""
    text = (
        "ИСТОЧНИК;Номер  обращения;дата поступления;Муниципалитет;Блок;Категория;Подтема;Адрес;"
        "Описание;Статус;Срок;Повтор;УО;Спам;Тип сообщения;Индекс;Отозвано заявителем\n"
        "ЕДС;4711;17.11.2026 09:30;Рузский г.о.;ЖКХ;МКД;Нет отопления;ул. Солнцева, 5, кв. 7;"
        "Холодно;В работе;20.11.2026;4700;УК «Дом»;нет;Проблемы;1,25;18.11.2026\n"
    )

    export = read(tmp_path, "export.csv", text)
    [appeal] = export.appeals

    assert export.form == "canonical"
    assert (appeal.source, appeal.number, appeal.house) == ("eds", "4711", "руза, солнцева, 5")
    assert appeal.received_at == naive(2026, 11, 17, 9, 30).replace(tzinfo=MOSCOW)
    assert (appeal.block, appeal.category, appeal.subcategory) == ("ЖКХ", "МКД", "Нет отопления")
    assert (appeal.status, appeal.executor) == (AppealStatus.IN_WORK, "УК «Дом»")
    assert (appeal.repeat_of, appeal.repeat, appeal.spam) == ("4700", None, False)
    assert str(appeal.category_index) == "1.25"
    assert appeal.withdrawn_at is not None


def test_an_ecur_export_names_source_and_number_of_the_origin(tmp_path: Path) -> None:
    """So an appeal that two feeds show counts once; the rest of the form falls into place."""
    row = ecur_row(**{
        "Направление": "ЖКХ", "Синт. группа": "МКД", "Подтема": "Нет отопления",
        "Статус": "Просрочено", "Исполнитель": "Администрация", "УК": "УК «Дом»",
        "Спам (да/нет)": "Да", "Тип сообщения": 1, "Описание": "Холодно", "Просрочка": "да",
        "Есть повторы": "Да", "Кол-во повторов": 2, "Куратор": "Иванов И. И.",
    })  # fmt: skip

    export = read(tmp_path, "nr-01.01.26-17.11.2026.xlsx", xlsx([ECUR, row]))
    [appeal] = export.appeals

    assert export.form == "ecur"
    assert (appeal.source, appeal.number) == ("dobrodel", "7658034-1")
    assert appeal.house == "одинцово, маршала жукова, 10"
    assert appeal.municipality == "Одинцовский г.о."
    assert (appeal.status, appeal.spam, appeal.repeat) == (AppealStatus.IN_WORK, True, True)
    assert (appeal.message_type, appeal.executor) == (MessageType.PROPOSAL, "Администрация")
    assert appeal.extra == {
        "ecur_number": "E-1", "curator": "Иванов И. И.", "management_company": "УК «Дом»",
        "overdue_mark": "да", "repeats": "2",
    }  # fmt: skip


SOURCES = {
    "Добродел": "dobrodel",
    "ЕДС": "eds",
    "Инцидент": "incident",
    "ОНФ": "onf",
    "ПОС": "pos",
    "МП": "mp",
    "Мобильное приложение": "mp",
    "ППМО": "ppmo",
    "МСЭД": "msed",
    "Телефон доверия": "telefon_doveriya",
    "dobrodel": "dobrodel",
}


def test_the_numbers_of_an_ecur_export_are_known_under_canonical_headings_too(
    tmp_path: Path,
) -> None:
    """«Источник», «Номер в источнике» and «Номер ЕЦУР» beside «Дата создания» (contract, «number»)."""
    headings = ("Номер ЕЦУР", "Источник", "Номер в источнике", "Дата создания")
    row = ("Е-100", "Добродел", "1", "18.12.2026 17:30")

    [appeal] = read(tmp_path, "export.xlsx", xlsx([headings, row])).appeals

    assert (appeal.source, appeal.number) == ("dobrodel", "1")
    assert appeal.extra["ecur_number"] == "Е-100"


@pytest.mark.parametrize(("source", "code"), SOURCES.items())
def test_sources_have_codes(tmp_path: Path, source: str, code: str) -> None:
    """Unknown ones are written in Latin letters, for they stand in keys."""
    [appeal] = read_cells(tmp_path, source, heading="Источник")

    assert appeal.source == code


def test_an_ecur_row_without_a_number_of_the_origin_is_known_by_its_ecur_number(
    tmp_path: Path,
) -> None:
    """Never by a number made up for the import, which would differ the next time."""
    rows = [
        ecur_row(**{"Номер ЕЦУР": "E-1", "Номер в источнике": None}),
        ecur_row(**{"Номер ЕЦУР": 12.0, "Источник": "-"}),
        ecur_row(**{"Номер ЕЦУР": None, "Номер в источнике": " "}),
    ]

    export = read(tmp_path, "export.xlsx", xlsx([ECUR, *rows]))

    assert [(a.source, a.number) for a in export.appeals] == [("ecur", "E-1"), ("ecur", "12")]
    assert [(b.line, b.reason) for b in export.bad] == [(4, "has no number")]


def test_the_parts_of_an_address_help_where_it_says_too_little(tmp_path: Path) -> None:
    """«Населенный пункт», «Улица» and «Дом» of the ЕЦУР export."""
    parts = {"Населенный пункт": "г. Голицыно", "Улица": "Советская ул", "Дом": "12 к 1"}
    rows = [
        ecur_row(**{"Номер в источнике": "1", "Адрес (формат)": None, **parts}),
        ecur_row(**{"Номер в источнике": "2", "Адрес (формат)": "Голицыно", **parts}),
    ]

    one, two = read(tmp_path, "export.xlsx", xlsx([ECUR, *rows])).appeals

    assert one.house == two.house == "голицыно, советская, 12к1"
    assert (one.address, two.address) == ("г. Голицыно, Советская ул, д. 12 к 1", "Голицыно")


def test_a_dobrodel_report_is_recognised(tmp_path: Path) -> None:
    """The operative report: the term is the end of its day."""
    text = (
        "Номер,Адрес,Район,Категория ЕЦУР,Подкатегория ЕЦУР,ЕЦУР факт,Исполнитель,Текст,"
        "Дата создания,Срок,Статус\n"
        '7658034,"ул. Солнцева, 5",Рузский г.о.,МКД,Нет отопления,Факт,УК,Холодно,'
        "2026-11-17T09:30:00,20.11.2026,На рассмотрении\n"
    )

    export = read(tmp_path, "report.csv", text)
    [appeal] = export.appeals

    assert (export.form, appeal.source) == ("dobrodel-report", "dobrodel")
    assert (appeal.category, appeal.subcategory) == ("МКД", "Нет отопления")
    assert (appeal.municipality, appeal.house) == ("Рузский г.о.", "руза, солнцева, 5")
    assert appeal.due_at == naive(2026, 11, 20, 23, 59, 59).replace(tzinfo=MOSCOW)
    assert appeal.extra == {"fact": "Факт"}


def test_a_dobrodel_list_is_recognised(tmp_path: Path) -> None:
    """Its own numbers of rows are not the numbers of appeals."""
    row = {
        "№ п/п": 1,
        "Номер в доброделе": 7658034,
        "Тематика": "МКД",
        "Категория": "Нет отопления",
        "Текст обращения": "Холодно",
        "Адрес": "ул. Солнцева, 5",
        "Дата жалобы": "7.11.2026",
        "Дата ответа по доброделу": "15.11.2026",
        "Статус в доброделе": None,
        "Статус в системе": "Решено",
        "Тер управление": "ТУ Колюбакино",
    }

    export = read(tmp_path, "list.xlsx", xlsx([list(row), list(row.values())]))
    [appeal] = export.appeals

    assert (export.form, appeal.source, appeal.number) == ("dobrodel-list", "dobrodel", "7658034")
    assert (appeal.category, appeal.subcategory) == ("МКД", "Нет отопления")
    assert appeal.due_at == naive(2026, 11, 15, 23, 59, 59).replace(tzinfo=MOSCOW)
    assert appeal.status is AppealStatus.CLOSED
    assert appeal.extra == {"system_status": "Решено", "territory": "ТУ Колюбакино"}


def test_titles_repeated_headings_and_totals_are_no_rows(tmp_path: Path) -> None:
    """They are not bad rows either: nobody has to look at them."""
    rows = [
        ("Выгрузка обращений за 2026 год",),
        (),
        ("Округ:", "Одинцовский г.о."),
        ECUR,
        [str(n) for n in range(1, len(ECUR) + 1)],
        ecur_row(**{"Номер в источнике": "1"}),
        (),
        ECUR,
        ecur_row(**{"Номер в источнике": "2"}),
        ("Итого: 2",),
        (None, "Всего", 2),
    ]

    export = read(tmp_path, "export.xlsx", xlsx(rows))

    assert [a.number for a in export.appeals] == ["1", "2"]
    assert export.bad == ()


def test_an_export_with_headings_and_no_row_is_empty(tmp_path: Path) -> None:
    """It says that there are no appeals; the columns alone are enough."""
    export = read(tmp_path, "export.xlsx", xlsx([ECUR]))

    assert export.is_empty
    assert export.form == "ecur"


def test_unknown_headings_are_refused_with_those_that_are_there(tmp_path: Path) -> None:
    """The sentence says what to do."""
    with pytest.raises(Rejected, match=r"no known headings.*«id», «when».*feed's mapping"):
        read(tmp_path, "export.csv", "id,when\n1,17.11.2026\n")


@pytest.mark.parametrize("name", ["export.csv", "export.json", "export.jsonl"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    """Zero bytes are a broken transfer, not a day without appeals."""
    with pytest.raises(Rejected, match="is empty"):
        read(tmp_path, name, b"")


MAPPED = "id,when,place,Source,ok\n1,17.11.2026,ул. Ленина 3,Phone,yes\n"
MAPPING = {"number": "ID", "received_at": "When", "address": "Place", "extra.verdict": "OK"}


def test_a_mapping_says_all_where_it_suffices(tmp_path: Path) -> None:
    """A heading that happens to be a canonical word («Source») is left alone."""
    export = read(tmp_path, "e.csv", MAPPED, mapping=MAPPING, municipality="Руза")
    [appeal] = export.appeals

    assert (export.form, appeal.source, appeal.number) == ("mapping", "feed", "1")
    assert (appeal.municipality, appeal.house) == ("Руза", "руза, ленина, 3")
    assert appeal.extra == {"verdict": "yes"}


def test_a_mapping_goes_over_a_known_form(tmp_path: Path) -> None:
    """One odd column does not cost the others."""
    text = "number,received_at,Ссылка,Сектор\n1,17.11.2026,http://a,7\n"

    export = read(tmp_path, "e.csv", text, mapping={"extra.url": "ссылка"})

    assert export.form == "canonical"
    assert export.appeals[0].extra == {"url": "http://a"}


def test_a_mapping_may_complete_a_known_form(tmp_path: Path) -> None:
    """The file has its own word for the number alone."""
    text = "Карточка,Дата создания,Адрес\n1,17.11.2026,ул. Ленина 3\n"

    export = read(tmp_path, "e.csv", text, mapping={"number": "Карточка"})

    assert (export.form, export.appeals[0].house) == ("canonical", "ленина, 3")


def test_a_heading_that_a_mapping_names_in_vain_is_said(tmp_path: Path) -> None:
    """A column that was renamed would empty a field in silence."""
    text = MAPPED.replace("place", "where")

    with pytest.raises(Rejected, match="no heading «Place» for address"):
        read(tmp_path, "e.csv", text, mapping=MAPPING)


def test_constants_hold_for_each_row(tmp_path: Path) -> None:
    """What the file does not say, or says wrongly, the site does."""
    text = "number,received_at,source\n1,17.11.2026,Phone\n"

    [appeal] = read(
        tmp_path,
        "e.csv",
        text,
        constants={"source": "ЕДС", "block": "ЖКХ", "due_at": "20.11.2026", "extra.feed": "x"},
    ).appeals

    assert (appeal.source, appeal.block, appeal.extra) == ("eds", "ЖКХ", {"feed": "x"})
    assert appeal.due_at == naive(2026, 11, 20, 23, 59, 59).replace(tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({"mapping": {"adress": "Адрес"}}, "no canonical field 'adress'; the fields are"),
        ({"constants": {"house": "5"}}, "no canonical field 'house'"),
        ({"statuses": {"Готово": "done"}}, "no status 'done'; there are new, accepted"),
        ({"delimiter": "tab"}, "delimiter 'tab' is not one character"),
    ],
)
def test_a_wrong_shape_is_an_error_of_the_settings(named: dict[str, Any], why: str) -> None:
    """Said when the feed is made, not when the first file comes."""
    with pytest.raises(ValueError, match=f"^feed feed: {why}"):
        a_shape(**named)


def test_a_constant_that_cannot_be_is_said(tmp_path: Path) -> None:
    """It would spoil each row alike: the file waits for the settings to be mended."""
    with pytest.raises(Rejected, match="the feed's constant due_at «завтра» is no date"):
        read(tmp_path, "e.csv", MAPPED, mapping=MAPPING, constants={"due_at": "завтра"})
