"""Russian as staff and citizens read it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from mcur.playbooks import language

MOSCOW = ZoneInfo("Europe/Moscow")
EVENING = datetime(2026, 11, 16, 21, 30, tzinfo=UTC)
"""Half past midnight of the 17th in Moscow."""


def test_stamps_are_written_in_the_zone_of_the_playbook() -> None:
    """A stamp late in the UTC evening belongs to the next Moscow day."""
    written = [
        language.full_day(EVENING, MOSCOW),
        language.short_day(EVENING, MOSCOW),
        language.full_stamp(EVENING, MOSCOW),
        language.short_stamp(EVENING, MOSCOW),
        language.day_in_words(EVENING, MOSCOW),
    ]

    assert written == [
        "17.11.2026",
        "17.11",
        "17.11.2026 00:30",
        "17.11 00:30",
        "вторник, 17 ноября 2026 г.",
    ]


def test_a_plain_day_stands_for_itself() -> None:
    """The day a report covers has no hour and is not moved by any zone."""
    first = date(2026, 5, 3)

    assert language.full_day(first, ZoneInfo("America/New_York")) == "03.05.2026"
    assert language.day_in_words(first, MOSCOW) == "воскресенье, 3 мая 2026 г."


def test_a_stamp_without_a_zone_is_refused() -> None:
    """Nobody can say which day a naive stamp belongs to."""
    naive = EVENING.replace(tzinfo=None)

    with pytest.raises(ValueError, match="without a zone"):
        language.full_day(naive, MOSCOW)


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "0 обращений"),
        (1, "1 обращение"),
        (2, "2 обращения"),
        (4, "4 обращения"),
        (5, "5 обращений"),
        (11, "11 обращений"),
        (12, "12 обращений"),
        (14, "14 обращений"),
        (21, "21 обращение"),
        (22, "22 обращения"),
        (100, "100 обращений"),
        (101, "101 обращение"),
        (111, "111 обращений"),
        (1112, "1\u202f112 обращений"),
        (35_012, "35\u202f012 обращений"),
        (1_000_001, "1\u202f000\u202f001 обращение"),
        (-2, "−2 обращения"),
    ],
)
def test_a_word_agrees_with_its_number(n: int, expected: str) -> None:
    """Teens are not ones, and thousands are parted by a space that never breaks."""
    assert language.counted(n, "обращение", "обращения", "обращений") == expected


@pytest.mark.parametrize(
    ("numerator", "denominator", "digits", "expected"),
    [
        (12, 40, 1, "30,0 %"),
        (1, 3, 1, "33,3 %"),
        (2, 3, 1, "66,7 %"),
        (1, 2000, 1, "0,1 %"),
        (1, 2001, 1, "0,0 %"),
        (-1, 2000, 1, "−0,1 %"),
        (-1, 9000, 1, "0,0 %"),
        (1005, 100_000, 2, "1,01 %"),
        (1, 8, 0, "13 %"),
        (0, 7, 1, "0,0 %"),
        (7, 7, 1, "100,0 %"),
        (50, 2, 1, "2\u202f500,0 %"),
        (10**30 + 1, 2 * 10**30, 1, "50,0 %"),
    ],
)
def test_a_share_is_rounded_half_away_from_zero(
    numerator: int, denominator: int, digits: int, expected: str
) -> None:
    """The clerk rounds 0,05 up, and no float is asked."""
    assert language.percent(numerator, denominator, digits) == expected


@pytest.mark.parametrize("denominator", [0, -1])
def test_a_share_of_nothing_is_not_zero(denominator: int) -> None:
    """Growth over an empty day is not computable, and the caller must say so."""
    with pytest.raises(ValueError, match="not computable"):
        language.percent(5, denominator)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(0), "0 мин"),
        (timedelta(seconds=59), "меньше минуты"),
        (timedelta(minutes=15), "15 мин"),
        (timedelta(minutes=75), "1 ч 15 мин"),
        (timedelta(hours=1), "1 ч"),
        (timedelta(hours=24), "24 ч"),
        (timedelta(hours=47, minutes=59, seconds=59), "47 ч 59 мин"),
        (timedelta(days=2), "2 дня"),
        (timedelta(days=5, hours=3), "5 дней 3 ч"),
        (timedelta(days=21), "21 день"),
    ],
)
def test_a_duration_is_written_as_people_say_it(span: timedelta, expected: str) -> None:
    """The regulation says «24 часа», and a week later says days."""
    assert language.duration(span) == expected


def test_a_negative_duration_is_refused() -> None:
    """«Просрочено на» and «осталось» are two sentences; the caller chooses."""
    with pytest.raises(ValueError, match="negative"):
        language.duration(timedelta(minutes=-1))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], ""),
        (["А"], "А"),
        (["А", "Б"], "А и Б"),
        (["А", "Б", "В"], "А, Б и В"),
    ],
)
def test_a_list_reads_as_a_sentence(items: list[str], expected: str) -> None:
    """Commas, and «и» before the last."""
    assert language.listed(items) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("просрочено", "Просрочено"),
        ("«добродел» молчит", "«Добродел» молчит"),
        ("ёлка упала", "Ёлка упала"),
        ("12 обращений", "12 обращений"),
        ("УК «Х»", "УК «Х»"),
        ("", ""),
    ],
)
def test_a_sentence_begins_with_a_capital(text: str, expected: str) -> None:
    """The rest of the sentence stays as it was."""
    assert language.capital(text) == expected


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("нет света", 20, "нет света"),
        ("нет света", 9, "нет света"),
        ("нет света в подъезде", 12, "нет света в…"),
        ("нет света, воды и газа", 12, "нет света…"),
        ("нет света в подъезде", 10, "нет света…"),
        ("нет\n\nсвета  в доме", 14, "нет света в…"),
        ("неудовлетворительное", 8, "неудовл…"),
        ("нет", 1, "…"),
    ],
)
def test_a_long_text_is_cut_at_a_word(text: str, limit: int, expected: str) -> None:
    """The cut never tears a word that could go whole, nor leaves a comma hanging."""
    assert language.shorten(text, limit) == expected


@given(st.text(), st.integers(min_value=1, max_value=60))
def test_a_shortened_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    """The ellipsis counts too."""
    assert len(language.shorten(text, limit)) <= limit


PHONES = [
    "+7 (916) 123-45-67",
    "+7(916)123-45-67",
    "+7 916 123 45 67",
    "+7-916-123-45-67",
    "+79161234567",
    "+7\u00a0916\u00a0123‑45‑67",
    "8-916-123-45-67",
    "8 916 123 45 67",
    "8 (916) 123 4567",
    "8(916)12-34-567",
    "8.916.123.45.67",
    "89161234567",
    "79161234567",
    "9161234567",
    "(495) 593-12-34",
    "8 (495) 593-12-34",
    "4955931234",
    "8 (49627) 2-34-56",
    "8-49627-2-34-56",
    "+375 29 123-45-67",
    "593-12-34",
]


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize("frame", ["{}", "Звоните {}, Анна", "тел.{}.", "тел:{}", "кв. 5 ({})"])
def test_a_phone_number_is_hidden(phone: str, frame: str) -> None:
    """Every way in which citizens write their number is known."""
    masked = language.mask_personal(frame.format(phone))

    assert masked == frame.format("[телефон скрыт]")


def test_a_short_number_is_hidden_where_the_text_calls_it_a_phone() -> None:
    """Six digits are a phone only by their word."""
    masked = language.mask_personal("тел. 2-34-56, участок 2-34-56, дом 2-34-56, Телефон: 12-34-56")

    assert masked == "тел. [телефон скрыт], участок 2-34-56, дом 2-34-56, Телефон: [телефон скрыт]"


@pytest.mark.parametrize("address", ["ivanova@mail.ru", "a.b+c@sub.mosreg.ru", "почта@пример.рф"])
def test_an_address_of_a_citizen_is_hidden(address: str) -> None:
    """The full stop of the sentence stays."""
    masked = language.mask_personal(f"Пишите на {address}. Жду.")

    assert masked == "Пишите на [адрес эл. почты скрыт]. Жду."


@pytest.mark.parametrize(
    "text",
    [
        "Обращение 7658034-1 и 7658034",
        "Обращение № 4101234567 и №8121234567",
        "Номер в источнике 12345678901234",
        "ул. Солнцева, д. 5, корп. 2, кв. 117",
        "мкр. Северный, 14-27; Можайское ш., 80-11-3",
        "17.11.2026 10:02, 2026-11-17 10:02:33, 17-11-2026",
        "дом 8 17.11.2026 10:02",
        "дом 8 2026-11-17 10:02",
        "срок до 8:00 17.11.2026",
        "35 012 руб., 8 500 000 рублей, 7 500 000 000 руб., 1 234 567,89",
        "8 345 678 901 234 рублей",
        "кадастровый номер 50:20:0010203:1234",
        "индекс 143000, показания 00123456",
        "прирост +5, +10 и +20; рост 30,0 % (40 -> 52)",
        "горячая линия 8-800-550-50-30, звоните 112",
        "собака @ двор",
        "",
    ],
)
def test_what_is_no_phone_and_no_address_stays(text: str) -> None:
    """Numbers of appeals, houses, dates and sums carry the sense of the report."""
    assert language.mask_personal(text) == text


@given(st.text(alphabet="0123456789 +-().@абв", max_size=80))
def test_hiding_twice_is_hiding_once(text: str) -> None:
    """The mask itself is nothing personal."""
    once = language.mask_personal(text)

    assert language.mask_personal(once) == once
