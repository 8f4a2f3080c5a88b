"""An answer by mail without what it answers: the quoted letter under it, and ``>`` lines."""

from __future__ import annotations

import re
from functools import lru_cache

_MARGIN = r"[ \t>*]*"
_NAMED = re.compile(
    _MARGIN + r"-{2,}[ \t]*(?:Исходное сообщение|Original Message|Пересылаемое сообщение"
    r"|Пересланное сообщение|Forwarded message|(?:Начало|Конец) перес[а-я]+ сообщения)[ \t]*-{2,}[ \t]*",
    re.IGNORECASE,
)
_AUTHOR = re.compile(_MARGIN + r"(?:От|From|Отправитель)\*?:", re.IGNORECASE)
_HEADING = re.compile(
    _MARGIN + r"(?:Отправлено|Дата|Sent|Date|Кому|To|Копия|Cc|Тема|Subject)\*?:", re.IGNORECASE
)
_RULE = re.compile(r"[ \t]*_{20,}[ \t]*")
_DATED = re.compile(
    r"[ \t>]*(?:(?:пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|среда|четверг|пятница|суббота"
    r"|воскресенье)[.,]?[ \t]+)?\d{1,2}[. ][^\n]{3,240}",
    re.IGNORECASE,
)
_YEAR_OR_HOUR = re.compile(r"\b20\d\d\b|\b\d{1,2}[:.]\d\d\b")
_WRITES = re.compile(
    r"(?:<[^>\s]+@[^>\s]+>|пишет|написал(?:а|\(а\))?|\"[^\"]+\"\s*(?:<[^>]+>)?|\sот .{2,80}):[ \t]*$",
    re.IGNORECASE,
)
_ON_WROTE = re.compile(r"[ \t>]*On .{5,280}wrote:[ \t]*", re.IGNORECASE)
_SENT_FROM = re.compile(r"\n(?:Отправлено (?:из|с) [^\n]*|Sent from [^\n]*)\s*\Z")


@lru_cache(maxsize=256)
def strip_quoted(text: str) -> tuple[str, str]:
    """Part a text into what its author wrote and what is quoted.

    Lines that begin with ``>`` are quoted wherever they stand, so that answers between them stay
    in the first text. A forwarded letter is quoted: who reads orders looks at both. Whoever sorts a
    letter asks for its text several times: it is parted once.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    end = next((i for i in range(len(lines)) if _starts_quote(lines, i)), len(lines))
    own = [line for line in lines[:end] if not line.lstrip().startswith(">")]
    marked = [line for line in lines[:end] if line.lstrip().startswith(">")]
    answer = _SENT_FROM.sub("", "\n" + "\n".join(own).strip()).strip()
    return answer, "\n".join([*marked, *lines[end:]]).strip()


def _starts_quote(lines: list[str], i: int) -> bool:
    """Whether the quoted letter begins at this line."""
    line = lines[i]
    if not line.strip():
        return False
    return (
        _NAMED.fullmatch(line) is not None
        or _is_header_block(lines, i)
        or (_RULE.fullmatch(line) is not None and _leads_to_header_block(lines, i + 1))
        or _is_attribution(lines, i)
    )


def _is_header_block(lines: list[str], i: int) -> bool:
    """Whether «От:» stands here and at least two of «Отправлено:», «Кому:», «Тема:» below it."""
    if not _AUTHOR.match(lines[i]):
        return False
    below = [line for line in lines[i + 1 : i + 8] if line.strip(" \t>*")]
    first_two = any(_HEADING.match(line) for line in below[:2])
    return first_two and sum(_HEADING.match(line) is not None for line in below) >= 2


def _leads_to_header_block(lines: list[str], i: int) -> bool:
    """Whether a header block follows, after at most one empty line."""
    return any(_is_header_block(lines, at) for at in range(i, min(i + 2, len(lines))))


def _is_attribution(lines: list[str], i: int) -> bool:
    """Whether «20.11.2026, 10:00, Пётр <p@x>:» stands here, on one line or two."""
    pair = " ".join(lines[i : i + 2]) if not lines[i].rstrip().endswith(":") else lines[i]
    if _ON_WROTE.fullmatch(pair):
        return True
    return (
        _DATED.match(lines[i]) is not None
        and _YEAR_OR_HOUR.search(lines[i]) is not None
        and _WRITES.search(pair) is not None
    )
