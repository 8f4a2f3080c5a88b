"""What a letter says: address, problem and term of an assignment, the answer without its quotes.

Pure: a letter that was parsed goes in, texts come out. The words that stand before a value
are data of the playbook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from mcur.playbooks.addresses import house_of
from mcur.playbooks.calendar import Calendar
from mcur.playbooks.dues import read_due
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
    text = _QUOTED.sub("", letter.text)
    said = labelled(text, labels)
    address = said.get("address") or _unlabelled_address(text)
    due = said.get("due") or _unlabelled_due(text)
    return Assignment(
        address=address,
        house=house_of(address) if address else None,
        problem=said.get("problem")
        or _first_lines(text, address, labels)
        or letter.subject.strip(),
        due_at=read_due(due, letter.received_at, calendar),
    )


def original(letter: Letter) -> tuple[Attachment, ...]:
    """Return the raw letter as a file for its task."""
    if not letter.raw:
        return ()
    return (
        Attachment(name="letter.eml", content_type="message/rfc822", size=0, digest=letter.raw),
    )


def labelled(text: str, labels: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Read the values that stand behind labels («Адрес: …»), by the field of each label."""
    names = {word.casefold(): field for field, words in labels.items() for word in words}
    if not names:
        return {}
    alternatives = "|".join(re.escape(w) for w in sorted(names, key=len, reverse=True))
    pattern = rf"(?<!\w)({alternatives})(?:\s*[:–—|-]\s*|[ ]*\t\s*)"
    marks = list(re.finditer(pattern, text, re.IGNORECASE))
    found: dict[str, str] = {}
    for mark, after in zip_longest(marks, marks[1:]):
        field = names[mark[1].casefold()]
        value = text[mark.end() : after.start() if after else len(text)]
        value = (_END_OF_PROBLEM if field == "problem" else _END_OF_LINE).split(value)[0]
        found.setdefault(field, " ".join(value.split()).rstrip(" .;,"))
    return {field: value for field, value in found.items() if value}


def _unlabelled_address(text: str) -> str | None:
    for line in text.splitlines():
        hit = _ADDRESSED.search(line)
        if hit or (len(line) <= 200 and _STREET.search(line)):
            address = _until_house(hit[1] if hit else line)
            if address:
                return address
    return None


def _until_house(text: str) -> str | None:
    """Return the beginning of a text that ends with a house; what follows is no address."""
    words = text.split()[:40]
    for n, word in enumerate(words, start=1):
        address = " ".join(words[:n]).strip(" .,;!")
        following = words[n] if n < len(words) else ""
        ends = not following or word[-1] in ".;!" or _WORD.match(following) is not None
        if ends and house_of(address):
            return address
    return None


def _unlabelled_due(text: str) -> str:
    hit = _TERM.search(text)
    return hit[1] if hit else ""


def _first_lines(text: str, address: str | None, labels: Mapping[str, Sequence[str]]) -> str:
    """Return the first paragraph that says something; address and term alone are no problem."""
    paragraphs = [" ".join(p.split()) for p in re.split(r"\n\s*\n", text)]
    said = (p for p in paragraphs if p and not _GREETING.match(p) and p.strip(" .,;!") != address)
    return next((p for p in said if not _is_labelled(p, labels)), "")[:2000]


def _is_labelled(paragraph: str, labels: Mapping[str, Sequence[str]]) -> bool:
    """Whether a paragraph is nothing but a label and its value."""
    found = labelled(paragraph, labels)
    words = (word for field in found for word in labels[field])
    return len(found) == 1 and paragraph.casefold().startswith(tuple(map(str.casefold, words)))


_QUOTED = re.compile(r"^[ \t]*>[> \t]*", re.MULTILINE)
_END_OF_LINE = re.compile(r"\n")
_END_OF_PROBLEM = re.compile(
    r"\n\s*\n|\n\s*(?=с уважением|спасибо|заранее|--|отправлено (?:из|с)\b)", re.IGNORECASE
)
_ADDRESSED = re.compile(r"(?:по адресу|(?<!\w)адрес[уе]?)\s*[:–—-]?\s*(.+)", re.IGNORECASE)
_STREET = re.compile(
    r"(?<!\w)(ул|улица|пр-?т|проспект|ш|шоссе|пер|переулок|мкр|бульвар|б-р)\b\.?", re.IGNORECASE
)
_WORD = re.compile(
    r"(?!(?:к|корп|корпус|стр|строение|лит|литера|кв|квартира|под|подъезд)\b)[а-яё]{2,}\b"
)
"""A word in small letters that is no part of an address."""
_TERM = re.compile(r"(?<!\w)срок\w*([^\n]{0,80})", re.IGNORECASE)
_GREETING = re.compile(
    r"^(добрый (день|вечер)|доброе утро|здравствуйте|уважаем\w+)[^.!]{0,60}[.!,]?$", re.IGNORECASE
)
