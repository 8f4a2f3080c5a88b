"""Russian as staff and citizens read it: dates, numbers, lists, durations, and what is hidden.

Pure functions over texts. Stamps are aware and are shown in the zone that the caller names; a
plain :class:`~datetime.date` is already a local day and stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

THIN = "\N{NARROW NO-BREAK SPACE}"
"""Stands between thousands, so that «35 012» is never torn at a line's end."""
MINUS = "\N{MINUS SIGN}"
PHONE_HIDDEN = "[телефон скрыт]"
EMAIL_HIDDEN = "[адрес эл. почты скрыт]"

_WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)

# --- dates ---------------------------------------------------------------------------------------


def full_day(at: date, zone: ZoneInfo) -> str:
    """Write «17.11.2026»."""
    return f"{_local(at, zone):%d.%m.%Y}"


def short_day(at: date, zone: ZoneInfo) -> str:
    """Write «17.11», where the year is plain from the text around."""
    return f"{_local(at, zone):%d.%m}"


def full_stamp(at: datetime, zone: ZoneInfo) -> str:
    """Write «17.11.2026 10:02»."""
    return f"{_local(at, zone):%d.%m.%Y %H:%M}"


def short_stamp(at: datetime, zone: ZoneInfo) -> str:
    """Write «17.11 10:02»."""
    return f"{_local(at, zone):%d.%m %H:%M}"


def day_in_words(at: date, zone: ZoneInfo) -> str:
    """Write «вторник, 17 ноября 2026 г.»."""
    day = _local(at, zone)
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year} г."


def _local(at: date, zone: ZoneInfo) -> date:
    """Move a stamp into the zone; a naive stamp has no place in the program."""
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        msg = f"a stamp without a zone cannot be written: {at.isoformat()}; make it aware"
        raise ValueError(msg)
    return at.astimezone(zone)


# --- numbers -------------------------------------------------------------------------------------


def number(n: int) -> str:
    """Write «35 012»: thousands parted by a narrow no-break space, a true minus sign."""
    sign = MINUS if n < 0 else ""
    return sign + f"{abs(n):,}".replace(",", THIN)


def plural(n: int, one: str, few: str, many: str) -> str:
    """Choose the form that agrees with ``n``: 1 обращение, 2 обращения, 5 обращений."""
    tens, ones = abs(n) % 100, abs(n) % 10
    if ones == 1 and tens != 11:
        return one
    if ones in {2, 3, 4} and tens not in {12, 13, 14}:
        return few
    return many


def counted(n: int, one: str, few: str, many: str) -> str:
    """Write the number with its word: «5 обращений»."""
    return f"{number(n)} {plural(n, one, few, many)}"


def decimal(value: Decimal, least: int = 2) -> str:
    """Write a decimal number with its comma and at least so many places: «3,00», «3,005»."""
    places = max(least, -int(value.as_tuple().exponent))
    return f"{value:.{places}f}".replace(".", ",")


def percent(numerator: int, denominator: int, digits: int = 1) -> str:
    """Write ``numerator / denominator`` as «30,0 %», halves away from zero, without floats.

    Raises ``ValueError`` for a denominator that is not positive: a share of nothing is not zero.
    """
    if denominator <= 0:
        msg = (
            f"a share of {denominator} cannot be written in percent; say that it is not computable"
        )
        raise ValueError(msg)
    scale = 10**digits
    rounded = (abs(numerator) * 100 * scale * 2 + denominator) // (2 * denominator)
    sign = MINUS if numerator < 0 and rounded else ""
    whole, rest = divmod(rounded, scale)
    fraction = f",{rest:0{digits}d}" if digits else ""
    return f"{sign}{number(whole)}{fraction} %"


def duration(span: timedelta) -> str:
    """Write «24 ч», «2 дня», «1 ч 15 мин»: hours below two days, begun minutes left out.

    Raises ``ValueError`` for a negative span: the caller knows whether it is «осталось» or
    «просрочено на».
    """
    if span < timedelta(0):
        msg = f"a negative duration cannot be written: {span}; say what is late and give its size"
        raise ValueError(msg)
    minutes = span // timedelta(minutes=1)
    days = minutes // 1440 if minutes >= 2 * 1440 else 0
    hours, minutes = divmod(minutes - days * 1440, 60)
    parts = [
        counted(days, "день", "дня", "дней") if days else "",
        f"{hours} ч" if hours else "",
        f"{minutes} мин" if minutes else "",
    ]
    return " ".join(filter(None, parts)) or ("меньше минуты" if span else "0 мин")


# --- sentences -----------------------------------------------------------------------------------


def listed(items: Sequence[str]) -> str:
    """Join a list as a sentence has it: «А, Б и В»."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} и {items[-1]}"


def capital(text: str) -> str:
    """Begin the sentence with a capital, also behind an opening quote or bracket."""
    return re.sub(r"^[\s«„“\"'(\[]*[^\W\d_]", lambda found: found[0].upper(), text, count=1)


def shorten(text: str, limit: int) -> str:
    """Cut to at most ``limit`` characters at a word, with «…»; white space becomes one blank."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    head = line[: max(limit - 1, 0)]
    if not line[len(head)].isspace() and " " in head:
        head = head.rpartition(" ")[0]
    return head.rstrip(" ,.;:–—-(«") + "…"


# --- what is hidden ------------------------------------------------------------------------------

_GAP = r"[ \t\u00a0\u202f]*[-–‑.]?[ \t\u00a0\u202f]*"  # between the groups of a phone number
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    rf"""
    (?<!\d)(?<!\d[-./:])
    (?:
        # +7 (916) 123-45-67, 8-916-12-34-567; 8-800 is nobody's own number and stays
        (?:\+7|[78]){_GAP}(?!\(?800)(?:\(\d{{3}}\)|\d{{3}}){_GAP}
            (?:\d{{3}}{_GAP}\d{{2}}{_GAP}\d{{2}}|\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3}})
      # (495) 123-45-67, 916 123-45-67
      | (?:\([3489]\d{{2}}\){_GAP}\d{{3}}|9\d{{2}}[ -]\d{{3}}){_GAP}\d{{2}}{_GAP}\d{{2}}
      # 8 (49627) 2-34-56, 8-49627-2-34-56: the small towns of the region
      | (?:\+7|8)(?:{_GAP}\(\d{{4,5}}\)|-\d{{4,5}}){_GAP}\d{{1,2}}{_GAP}\d{{2}}{_GAP}\d{{2}}
      # +375 29 123-45-67 and the other neighbours
      | \+(?:37[0-5]|380|99[2-68])(?:[ ()-]{{0,2}}\d){{7,9}}
      # 9161234567; other codes only where no «№» says that it is the number of a paper
      | 9\d{{9}}(?!-\d)
      | (?<!№)(?<!№[ ])[348]\d{{9}}(?!-\d)
      # 123-45-67
      | \d{{3}}[-–‑]\d{{2}}[-–‑]\d{{2}}
    )
    (?!\d)(?![:-]\d)
    """,
    re.VERBOSE,
)
_SHORT_PHONE = re.compile(
    r"(\b(?:тел(?:ефон\w*)?|т\.|моб)[.:]{0,2}[ №]*)\d{1,2}[-–‑]\d{2}[-–‑]\d{2}(?![\d-])",
    re.IGNORECASE,
)


def mask_personal(text: str) -> str:
    """Hide phone numbers and e-mail addresses in a citizen's words (152-ФЗ, ст. 7).

    Numbers of appeals («7658034-1»), houses, dates and sums stay. What looks like a phone number
    in every respect is hidden, whatever it was.
    """
    masked = _EMAIL.sub(EMAIL_HIDDEN, text)
    masked = _PHONE.sub(PHONE_HIDDEN, masked)
    return _SHORT_PHONE.sub(rf"\g<1>{PHONE_HIDDEN}", masked)
