"""An answer by mail without what it answers: the quoted letter under it, and ``>`` lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

_MARGIN = r"[ \t>*]*"
_NAMED = re.compile(
    _MARGIN + r"(?:-{2,}|=+8<=+)[ \t]*(?:Исходное (?:сообщение|письмо)|Original Message|Forwarded message"
    r"|(?:Пересылаемое|Пересланное|Перенаправленное) (?:сообщение|письмо)"
    r"|(?:Начало|Конец) перес[а-я]+ сообщения)[ \t]*[-=]{2,}[ \t]*"
    + "|" + _MARGIN + r"(?:Начало пере[а-я]+ сообщения|Begin forwarded message):[ \t]*"
    + "|" + _MARGIN + r"-{3,}.{3,240}\b(?:написал(?:а|\(а\))?|wrote):[ \t]*-{3,}[ \t]*",
    re.IGNORECASE,
)  # fmt: skip
_AUTHOR = re.compile(_MARGIN + r"(?:От|От кого|From|Отправитель)\*?:", re.IGNORECASE)
_HEADING = re.compile(
    _MARGIN + r"(?:Отправлено|Дата|Sent|Date|Кому|To|Копия|Cc|Тема|Subject)\*?:", re.IGNORECASE
)
_RULE = re.compile(r"[ \t]*_{20,}[ \t]*")
_DASHES = re.compile(r"[ \t]*-{10,}[ \t]*")
_MARKED = re.compile(r"[ \t]*[A-ZА-ЯЁ]{0,3}>")
"""A quoted line; The Bat! puts the author's initials before the mark."""

_DATED = re.compile(
    r"[ \t>]*(?:(?:пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|среда|четверг|пятница|суббота"
    r"|воскресенье)[.,]?[ \t]+)?"
    r"(?:\d{1,2}[. ]|20\d\d-\d\d-\d\d|\d{1,2}:\d\d,? \d{1,2} [а-я]+\.? 20\d\d)[^\n]{3,280}",
    re.IGNORECASE,
)
_YEAR_OR_HOUR = re.compile(r"\b20\d\d\b|\b\d{1,2}[:.]\d\d\b")
_WRITES = re.compile(
    r"(?:<[^>\s]+@[^>\s]+>|пишет|написал(?:а|\(а\))?|\"[^\"]+\"\s*(?:<[^>]+>)?|\sот .{2,80}):[ \t]*$",
    re.IGNORECASE,
)
_MOMENT = r"\d{1,4}[-./]\d\d[-./]\d{2,4},? (?:в )?\d{1,2}:\d\d"
_WROTE = re.compile(
    r"[ \t>]*(?:On .{5,280}wrote"
    rf"|.{{2,160}} (?:на)?писал(?:а|\(а\))? {_MOMENT}"
    r"|вы писали[ ,].{0,60}\d{1,2}:\d\d(?::\d\d)?"
    r"|.{0,40}20\d\d.{0,30} (?:вы писали|you wrote)):[ \t]*",
    re.IGNORECASE,
)
_TALLEST = 3
"""Lines over which a program wraps «on …, … wrote:»."""
_WRAPPED = 70
"""A quoted line of so many characters may go on in the next one, without a mark."""

_GREETING = re.compile(
    r"(?:здравствуй|добр(?:ый|ого|ое) |доброго |приветствую|уважаем|hello|hi\b|dear )[^\n]{0,100}",
    re.IGNORECASE,
)
_SENT_FROM = re.compile(
    r"(?:\n--[ \t]*)?\n(?:Отправлено (?:из|с) [^\n]*|Sent from [^\n]*"
    r"|(?:Получить|Скачать|Get|Download) Outlook (?:для|for) [^\n]*)\s*\Z"
)
_GAP = re.compile(r"\n(?:[ \t]*\n){2,}")
_PICTURE = re.compile(r"\[cid:[^\]\s]{1,200}\]")


@lru_cache(maxsize=256)
def strip_quoted(text: str) -> tuple[str, str]:
    """Part a text into what its author wrote and what is quoted.

    Lines that begin with ``>`` are quoted wherever they stand, so that answers between them stay
    in the first text. A forwarded letter is quoted: who reads orders looks at both. Whoever sorts a
    letter asks for its text several times: it is parted once.
    """
    own: list[str] = []
    quoted: list[str] = []
    for line, is_own in _parted(_PICTURE.sub("", text.replace("\r\n", "\n")).split("\n")):
        (own if is_own else quoted).append(line)
    answer = _SENT_FROM.sub("", "\n" + "\n".join(own).strip()).strip()
    return _GAP.sub("\n\n", answer), "\n".join(quoted).strip()


def _parted(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield each line and whether its author wrote it.

    Below «on …, … wrote:» all is quoted, unless nothing was said above it: who answers under the
    marked lines of a quote, or between them, is heard.
    """
    said = below = tail = False
    until = 0
    for i, line in enumerate(lines):
        marked = _MARKED.match(line) is not None
        if i >= until and (height := _height(lines, i)):
            until = i + height
            below = True
            if said or height == len(lines) - i or not _is_marked_below(lines, until):
                yield from ((rest, False) for rest in lines[i:])
                return
        tail = bool(line.strip()) and (len(line) >= _WRAPPED if marked else tail)
        is_own = not marked and i >= until and not (below and tail)
        said = said or (is_own and bool(line.strip()) and not _GREETING.fullmatch(line.strip()))
        yield line, is_own


def _height(lines: Sequence[str], i: int) -> int:
    """Say how many lines from here head a quoted letter: all where nobody writes below it, else 0."""
    line = lines[i]
    if not line.strip():
        return 0
    ends = (
        _NAMED.fullmatch(line) is not None
        or _is_header_block(lines, i)
        or (_RULE.fullmatch(line) is not None and _leads_to_header_block(lines, i + 1))
        or (_DASHES.fullmatch(line) is not None and _is_yandex_block(lines, i + 1))
    )
    return len(lines) - i if ends else _attribution(lines, i)


def _is_header_block(lines: Sequence[str], i: int) -> bool:
    """Whether «От:» stands here and at least two of «Отправлено:», «Кому:», «Тема:» below it."""
    if not _AUTHOR.match(lines[i]):
        return False
    below = [line for line in lines[i + 1 : i + 8] if line.strip(" \t>*")]
    first_two = any(_HEADING.match(line) for line in below[:2])
    return first_two and sum(_HEADING.match(line) is not None for line in below) >= 2


def _leads_to_header_block(lines: Sequence[str], i: int) -> bool:
    """Whether a header block follows, after at most one empty line."""
    return any(_is_header_block(lines, at) for at in range(i, min(i + 2, len(lines))))


def _is_yandex_block(lines: Sequence[str], i: int) -> bool:
    """Whether «Кому: …;» and «Тема: …;» stand here, as Yandex heads what is answered."""
    line = lines[i] if i < len(lines) else ""
    is_heading = _AUTHOR.match(line) or _HEADING.match(line)
    return is_heading is not None and line.rstrip().endswith(";")


def _attribution(lines: Sequence[str], i: int) -> int:
    """Say on how many lines «20.11.2026, 10:00, Пётр <p@x>:» stands here; 0 where it does not."""
    for height in range(1, _TALLEST + 1):
        said = " ".join(lines[i : i + height]).rstrip()
        if said.endswith(":"):
            return height if _is_attribution(lines[i], said) else 0
    return 0


def _is_attribution(first: str, said: str) -> bool:
    if _WROTE.fullmatch(said):
        return True
    return (
        _DATED.match(first) is not None
        and _YEAR_OR_HOUR.search(first) is not None
        and _WRITES.search(said) is not None
    )


def _is_marked_below(lines: Sequence[str], i: int) -> bool:
    """Whether the next line that is not empty is a quoted one."""
    return next((_MARKED.match(line) is not None for line in lines[i:] if line.strip()), False)
