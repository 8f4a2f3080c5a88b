"""What a letter says: address, problem and term of an assignment, the answer without its quotes.

Pure: a letter that was parsed goes in, texts come out. The words that stand before a value
are data of the playbook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from itertools import zip_longest

from mcur.playbooks.addresses import house_of
from mcur.playbooks.calendar import Calendar
from mcur.playbooks.facts import Attachment, Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What an assignment asks for; ``house`` is ``None`` where no house was recognised."""

    address: str | None
    house: str | None
    problem: str
    due_at: datetime | None


def read_assignment(
    letter: Letter, labels: Mapping[str, Sequence[str]], calendar: Calendar
) -> Assignment:
    """Read address, problem and term of an assignment from its text (odintsovo 2.2).

    «Адрес: Одинцово, ул. Маршала Жукова, 10. Проблема: нет освещения» may stand in one line or
    in three. Without labels the address is looked for in each line and the problem is the text.
    """
    said = _labelled(letter.text, labels)
    address = said.get("address") or _unlabelled_address(letter.text)
    return Assignment(
        address=address,
        house=house_of(address) if address else None,
        problem=said.get("problem") or _first_lines(letter.text) or letter.subject.strip(),
        due_at=_due(said.get("due", ""), letter.received_at, calendar),
    )


def original(letter: Letter) -> tuple[Attachment, ...]:
    """Return the raw letter as a file for its task."""
    if not letter.raw:
        return ()
    return (
        Attachment(name="letter.eml", content_type="message/rfc822", size=0, digest=letter.raw),
    )


def _labelled(text: str, labels: Mapping[str, Sequence[str]]) -> dict[str, str]:
    names = {word.casefold(): field for field, words in labels.items() for word in words}
    if not names:
        return {}
    alternatives = "|".join(re.escape(w) for w in sorted(names, key=len, reverse=True))
    marks = list(re.finditer(rf"(?<!\w)({alternatives})\s*[:–—-]\s*", text, re.IGNORECASE))
    found: dict[str, str] = {}
    for mark, after in zip_longest(marks, marks[1:]):
        value = text[mark.end() : after.start() if after else len(text)]
        value = re.split(r"\n\s*\n" if names[mark[1].casefold()] == "problem" else r"\n", value)[0]
        found.setdefault(names[mark[1].casefold()], " ".join(value.split()).rstrip(" .;,"))
    return {field: value for field, value in found.items() if value}


def _unlabelled_address(text: str) -> str | None:
    for line in text.splitlines():
        hit = re.search(r"(?:по адресу|адрес[уе]?)\s*[:–—-]?\s*(.+)", line, re.IGNORECASE)
        candidate = hit[1].strip(" .;") if hit else line.strip(" .;")
        if len(candidate) <= 200 and (hit or _STREET.search(candidate)) and house_of(candidate):
            return candidate
    return None


_STREET = re.compile(
    r"(?<!\w)(ул|улица|пр-?т|проспект|ш|шоссе|пер|переулок|мкр|бульвар|б-р)\b\.?", re.IGNORECASE
)


def _first_lines(text: str) -> str:
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text)]
    greeting = re.compile(
        r"^(добрый (день|вечер)|доброе утро|здравствуйте|уважаем\w+)[^.!]{0,60}[.!,]?$",
        re.IGNORECASE,
    )
    return next((p for p in paragraphs if p and not greeting.match(p)), "")[:2000]


def _due(said: str, received_at: datetime, calendar: Calendar) -> datetime | None:
    hit = _DUE.search(said)
    if hit is None:
        return None
    here = calendar.local(received_at)
    year = int(hit["year"] or here.year)
    try:
        day = here.date().replace(
            year=year + (2000 if year < 100 else 0), month=int(hit["month"]), day=int(hit["day"])
        )
        clock = time(int(hit["hour"]), int(hit["minute"])) if hit["hour"] else time(23, 59, 59)
    except ValueError:
        return None
    due = calendar.at(day, clock)
    if hit["year"] is None and due < received_at:
        due = calendar.at(day.replace(year=year + 1), clock)
    return due


_DUE = re.compile(
    r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})(?:\.(?P<year>\d{4}|\d{2}))?(?:\s*г\.?)?"
    r"(?:\s*(?:до|в|,)?\s*(?P<hour>\d{1,2})[:.](?P<minute>\d{2}))?"
)
