"""Addresses: one house has one name, however it was typed."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mcur.playbooks.addresses import house_of, in_order, shown

SAME_HOUSE = {
    "руза, солнцева, 5": [
        "Руза, ул. Солнцева, д.5, кв.7",
        "Руза,   ул.Солнцева ,д. 5",
        "г. Руза, Солнцева ул., 5",
        "Солнцева ул., д. 5, г. Руза",
        "143100, Московская область, Рузский г.о., г. Руза, ул. Солнцева, д. 5, подъезд 2",
        "Московская обл г Руза ул Солнцева д 5 кв 7",
        "Россия, Московская обл., Рузский р-н, г Руза, ул Солнцева, дом № 5, этаж 3",
        "РУЗА, УЛИЦА СОЛНЦЕВА, ДОМ 5",
        "Рузский городской округ, ул. Солнцева, 5",
        "Руза, ул. «Солнцева», 5 (вход со двора, код 15)",
        "Руза; ул. Солнцева; 5",
        "Руза,\u00a0ул.\u00a0Солнцева,\nд.\u00a05",
        "Руза, ул. Солнцева, вл. 5",
    ],
    "одинцово, маршала жукова, 10а": [
        "Одинцово, ул. Маршала Жукова, 10а",
        "Одинцово, ул. Маршала Жукова, 10 А",
        "Одинцово, ул. Маршала Жукова, д. 10-А, кв. 3",
        "Одинцово, ул. Маршала Жукова, 10A",
        "г.о. Одинцовский, Жукова Маршала ул., 10 лит. А",
    ],
    "одинцово, ш можайское, 12к2": [
        "Одинцово, Можайское шоссе, 12 к. 2",
        "Одинцово, Можайское ш., д. 12, корпус 2, кв. 1",
        "Одинцово, ш. Можайское, 12к2",
        "г Одинцово Можайское шоссе 12 корп 2",
    ],
    "лесной городок, 1-я парковая, 5к1с2": [
        "рп Лесной городок, ул. 1-я Парковая, д. 5 корп. 1 стр. 2",
        "Лесной Городок р.п., Парковая 1-ая ул., 5к1с2",
        "рабочий посёлок Лесной городок, 1-я ул. Парковая, 5, к.1, строение 2",
    ],
    "руза, мкр 7-й, 5": [
        "Руза, мкр. 7, д. 5",
        "Руза, 7-й микрорайон, 5",
        "Руза, 7 мкр., 5-12",
    ],
    "мкад, 41км с1": ["41-й км МКАД, стр. 1", "МКАД, 41 км, с1"],
}
OTHER_FORMS = {
    "мкр. Северный, 14-27": "мкр северный, 14",
    "ул. Солнцева 5 7": "солнцева, 5",
    "Профсоюзная 61А": "профсоюзная, 61а",
    "пр-т Мира, 12/1": "пр-т мира, 12/1",
    "просп. Мира, д. 12 / 1": "пр-т мира, 12/1",
    "пер. Солнцева, 5": "пер солнцева, 5",
    "ул. 8 Марта, 5": "8 марта, 5",
    "8 Марта ул., д.5": "8 марта, 5",
    "ул. 50 лет Октября 3": "50 лет октября, 3",
    "ул. 60-летия Октября, 3": "60-летия октября, 3",
    "дер. Ивановка, д. 5": "ивановка, 5",
    "д. Ивановка, 5": "ивановка, 5",
    "пос. Горки-10, д. 22": "горки-10, 22",
    "п. Горки 10, д. 22": "горки-10, 22",
    "с. Ильинское, ул. Ленина, 3": "ильинское, ленина, 3",
    "ул. Набережная, 3": "набережная, 3",
    "Набережная ул., 3": "набережная, 3",
    "наб. реки Москвы, 3": "наб реки москвы, 3",
    "1-й пер. Тружеников, 3": "пер 1-й тружеников, 3",
    "9-я линия, д. 3": "линия 9-я, 3",
    "Зеленоград, корп. 1204": "зеленоград, к1204",
    "СНТ Ромашка, уч. 15": "снт ромашка, 15",
    "б-р Космонавтов, 1": "б-р космонавтов, 1",
    "пл. Победы, 1": "пл победы, 1",
    "туп. Тихий, 4": "туп тихий, 4",
    "Тихий проезд, 4": "проезд тихий, 4",
    "ул. М. Жукова, 3": "жукова, 3",
    "ул. Г. Титова, 3": "титова, 3",
    "41-й км МКАД": "мкад, 41км",
    "возле дома 5 по улице Солнцева": "солнцева, 5",
    "Одинцово, мкр. Новая Трёхгорка, ул. Кутузовская, 1": "одинцово, кутузовская, 1",
    "347-351 Congress St  Boston  MA  02210": "boston, congress st, 347-351",
    "1708 Centre St, West Roxbury, MA": "west roxbury, centre st, 1708",
}
NO_HOUSE = [
    None,
    "",
    "   ",
    "Руза",
    "Руза, ул. Солнцева",
    "ул. 8 Марта",
    "ул. 1-я Парковая",
    "г. Руза, 50 лет Октября ул.",
    "мкр. 7",
    "д. 5",
    "5",
    "143000",
    "+7 916 123-45-67",
    "адрес не указан",
    "INTERSECTION of Hyde Park Ave & River St  Hyde Park  MA",
]


@pytest.mark.parametrize(
    ("address", "house"), [(a, house) for house, same in SAME_HOUSE.items() for a in same]
)
def test_one_house_has_one_name(address: str, house: str) -> None:
    """Spellings, order, flats, regions and postal codes do not count."""
    assert house_of(address) == house


@pytest.mark.parametrize(("address", "house"), OTHER_FORMS.items())
def test_each_form_of_an_address_is_read(address: str, house: str) -> None:
    """Houses, buildings, kilometres, estates, villages and numbered streets."""
    assert house_of(address) == house


@pytest.mark.parametrize("address", NO_HOUSE)
def test_an_address_without_a_house_is_none(address: str | None) -> None:
    """A number in a street's name, an index or a telephone is not a house."""
    assert house_of(address) is None


@pytest.mark.parametrize(
    "municipality", ["Рузский г.о.", "Рузский городской округ", "г. Руза", "Руза", "г.о. Рузский"]
)
def test_an_address_without_a_settlement_lies_in_the_chief_town(municipality: str) -> None:
    """«Солнцева, 5» of the Ruza district is the house that others write with its town."""
    assert house_of("Солнцева ул., 5", municipality) == "руза, солнцева, 5"


def test_a_settlement_in_the_address_beats_the_municipality() -> None:
    """The municipality is never taken for a settlement that the address names."""
    assert house_of("дер. Нововолково, ул. Ленина, 5", "Рузский г.о.") == "нововолково, ленина, 5"


def test_same_streets_of_two_municipalities_stay_apart() -> None:
    """A region has a Lenin street in every town."""
    assert house_of("ул. Ленина, 5", "г.о. Химки") != house_of("ул. Ленина, 5", "Клинский г.о.")


def test_a_lane_is_not_the_street_of_its_name() -> None:
    """Only «ул.» is left out: other kinds tell streets apart."""
    kinds = ["ул.", "пер.", "пр-т", "б-р", "проезд", "туп.", "наб.", "пл.", "ш."]

    houses = {house_of(f"Руза, {kind} Солнцева, 5") for kind in kinds}

    assert len(houses) == len(kinds)


TOWNS = st.sampled_from(["Руза", "Одинцово", "Большие Вязёмы", "Сергиев Посад", "Горки-10"])
STREETS = st.sampled_from(["Солнцева", "Маршала Жукова", "8 Марта", "1-я Парковая", "Зелёная"])
HOUSES = st.builds(
    "{}{}".format, st.integers(1, 999), st.sampled_from(["", "а", "Б", "/2", "/2а", "к3", "с1"])
)
TAILS = st.sampled_from(["", ", кв. 7", " кв 12", ", подъезд 3", ", этаж 2", ", офис 5"])


@given(TOWNS, STREETS, HOUSES, TAILS)
def test_prefix_and_suffix_spellings_fall_together(
    town: str, street: str, house: str, tail: str
) -> None:
    """A kind before or after the name, with marks or without, is the same house."""
    spellings = [
        f"{town}, ул. {street}, д. {house}{tail}",
        f"143000, Московская область, г. {town}, ул.{street}, {house}{tail}",
        f"г {town}, {street} ул, д.{house}{tail}",
        f"{street} УЛ., дом № {house}{tail}, г. {town}",
        f"г {town} улица {street} дом {house}{tail}",
    ]

    names = {house_of(spelling) for spelling in spellings}

    assert len(names) == 1
    assert None not in names


@given(TOWNS, STREETS, HOUSES, st.sampled_from(["ул.", "пер.", "пр-т", "мкр.", "наб.", "ш."]))
def test_the_name_of_a_house_names_itself(town: str, street: str, house: str, kind: str) -> None:
    """Normalising twice changes nothing."""
    name = house_of(f"г. {town}, {kind} {street}, {house}")

    assert name is not None
    assert house_of(name) == name


SCRAPS = (
    "ул. пер. д. дом кв. к. стр. г. дер. пос. с. мкр. шоссе область г.о. район линия км лит. № 5"
    " 12а 7-й 1-я 8 2/1 Солнцева Марта Руза Ленина Горки-10 Можайское а Б , ( ) - / 143000"
)
PIECES = st.lists(st.sampled_from(SCRAPS.split()), max_size=12).map(" ".join)


@given(st.one_of(st.text(max_size=80), PIECES))
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Whatever people type, there is a house or there is none."""
    house = house_of(text)

    assert house is None or (house == house.strip() and house == house.casefold())


def test_different_houses_stay_different() -> None:
    """Ten thousand flats of as many houses, written out in full."""
    addresses = [
        f"143000, Московская область, г. Одинцово, ул. Маршала Жукова, д. {n}, кв. {n % 70}"
        for n in range(1, 9_999)
    ]
    assert len({house_of(address) for address in addresses}) == len(addresses)


def test_a_house_is_shown_and_ordered_as_people_write_it() -> None:
    """Keys are small letters; in letters names have capitals, and 2 stands before 10."""
    houses = ("руза, 1-я лесная, 10", "руза, 1-я лесная, 2", "одинцово, б-р любы новоселовой, 6к1")

    assert [shown(house) for house in in_order(houses)] == [
        "Одинцово, б-р Любы Новоселовой, 6к1",
        "Руза, 1-я Лесная, 2",
        "Руза, 1-я Лесная, 10",
    ]
    assert shown("тучково, мкр восточный, 3") == "Тучково, мкр Восточный, 3"
    assert shown("руза, 50 лет октября, 4") == "Руза, 50 лет Октября, 4"
