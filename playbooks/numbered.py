"""One letter about many tasks: «1240 выполнено», «1241 до 25.11, причина …», each with its number. Pure.

A line that begins with a number of the sender's tasks begins what he says of it; the lines below it
belong to it until the next such line. Numbers that nobody knows are told apart from dates, houses
and sums: they bear a mark («№», «задача»), or stand in a list of such lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from mcur.playbooks import phrases

_NUMBER = r"(?:[^\W\d_]{1,6}-)?\d+(?:[-/]\w+)*(?![\w-]|[.:,]\d)"
_MARK = r"(?:по\s+)?(?:(?:задач\w*|заявк\w*|обращени\w*|номер\w*)\s*)?(?:№+|#|\bN(?=\s*\d))?\s*"
_JOIN = r"\s*(?:,|;|\bи\b|[-–—](?=\s*(?:№|#)?\s*\d))\s*"
_HEAD = re.compile(
    rf"^[\s\-–—•*·|]*(?:\d{{1,2}}[.)]\s+(?=\W*\d|задач|заявк|обращ))?(?P<mark>{_MARK})"
    rf"(?P<numbers>{_NUMBER}(?:{_JOIN}{_MARK}{_NUMBER})*)(?P<rest>.*)$",
    re.IGNORECASE,
)
_ONE = re.compile(_NUMBER)
_RANGE = re.compile(r"(\d+)\s*[-–—]\s*(?:№|#)?\s*(\d+)")
_UNIT = re.compile(
    r"\s*(?:год|г\b|руб|шт|м\b|мм\b|см\b|кв|куб|чел|кг|тыс|этаж|подъезд|час|мин|%|°)", re.I
)
_PARTS = re.compile(rf";\s*(?={_MARK}{_NUMBER})", re.IGNORECASE)
_NEXT = re.compile(rf"[,.]\s+(?:а\s+|и\s+)?(?={_MARK}(?P<number>{_NUMBER}))", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3}")
_LAST = re.compile(
    rf"^[\s\-–—•*·|]*(?P<rest>[^\W\d][^\d]{{1,60}}?)[\s:–—-]+(?P<numbers>{_MARK}{_NUMBER}(?:{_JOIN}{_MARK}{_NUMBER})*)[\s.!;]*$",
    re.IGNORECASE,
)
"""«Сделали 1240, 1241 и 1242»: the numbers come last."""
_LEADS_ELSEWHERE = re.compile(
    r"(?:\b(?:до|на|в|во|к|с|со|от|за|около|через|дом\w*|д|кв\w*|корп\w*|стр|ул\w*|подъезд\w*|этаж\w*|тел\w*|кроме|исключением|п)"
    r"\b\.?|[.№#])\s*$",
    re.IGNORECASE,
)
"""What stands before a number that is a date, a house, a telephone, or one of those left out."""
_RUN = re.compile(r"(?<![\w,.])\d+(?:,\d+)+(?![\w,.]*\d)")
"""«5,6,7» as one writes on a phone."""
_WHOLE = re.compile(r"(?:[^\W\d_]{1,6}-)?\d+")
_BEFORE, _AFTER = " \t:.,;)–—-|", " \t:.,;–—-|"
"""What may stand around the words of an item and says nothing."""
_LINE = 1000
"""Nobody writes a longer line of numbers."""
_TELLING = 3
"""A bare number of fewer signs that nobody knows says nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a letter says of some tasks; ``sure`` where the number bears a mark or is known."""

    numbers: tuple[str, ...]
    text: str
    sure: bool


def begins_some(text: str) -> bool:
    """Whether any line of a text begins or ends with a number, of whatever: only then are tasks looked for."""
    lines = [line[:_LINE] for line in text.splitlines()]
    return any(_HEAD.match(line) or _LAST.match(line) for line in lines)


def items_in(text: str, known: Collection[str], closings: Iterable[str]) -> list[Item]:
    """Read what a text says of each number; ``known`` are the numbers of the sender's tasks.

    What stands before the first number is said of those that say nothing themselves.
    """
    found, before = _read(text, known, closings)
    return _filled(found, before)


def said_of_none(text: str, known: Collection[str], closings: Iterable[str]) -> str:
    """Return what stands before the first number where each number has words of its own."""
    found, before = _read(text, known, closings)
    return before if found and all(item.text for item in found) else ""


def _read(text: str, known: Collection[str], closings: Iterable[str]) -> tuple[list[Item], str]:
    lines = [part for line in text.splitlines() for part in _parts(line, known)]
    ends = (n for n, line in enumerate(lines) if n and phrases.begins(closings, line))
    before, found = [], []
    for line in lines[: next(ends, len(lines))]:
        item = _begun(line, known)
        if item is not None:
            found.append(item)
        elif found:
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{line}".strip())
        else:
            before.append(line)
    listed = any(n in known for item in found for n in item.numbers)
    return [item for item in found if item.sure or listed], "\n".join(before).strip()


def _parts(line: str, known: Collection[str]) -> list[str]:
    """Part a line before each number that follows a semicolon, or the words about another task; one of no person's length stays whole."""
    if len(line) > _LINE:
        return [line]
    return [part for piece in _PARTS.split(line) for part in _told_apart(piece, known)]


def _told_apart(line: str, known: Collection[str]) -> Iterator[str]:
    """Part «1240 выполнено, 1241 до 25.11»: something is said of a task, then comes another of the sender's."""
    start = 0
    for hit in _NEXT.finditer(line):
        before = line[start : hit.start()]
        ours = [one.end() for one in _ONE.finditer(before) if one[0] in known]
        another = hit["number"] in known and len(hit["number"]) >= _TELLING
        if another and ours and _WORD.search(before, ours[-1]):
            yield before
            start = hit.end()
    yield line[start:]


def _begun(line: str, known: Collection[str]) -> Item | None:
    """Read the numbers with which a line begins, or ends; ``None`` where it does neither."""
    line = _RUN.sub(lambda run: _spaced(run[0], known), line[:_LINE]) + line[_LINE:]
    head = _HEAD.match(line[:_LINE])
    if head is None:
        return _ended(line, known)
    numbers = tuple(dict.fromkeys(_numbers(head["numbers"], known)))
    ours = any(number in known for number in numbers)
    marked = bool(head["mark"].casefold().removeprefix("по").strip())
    telling = all(len(n) >= _TELLING and _WHOLE.fullmatch(n) for n in numbers)
    if not ours and (not (marked or telling) or _UNIT.match(head["rest"])):
        return None
    rest = head["rest"] + line[_LINE:]
    return Item(numbers, rest.lstrip(_BEFORE).rstrip(_AFTER), ours or marked)


def _ended(line: str, known: Collection[str]) -> Item | None:
    """Read the numbers with which a line ends, where all of them are the sender's tasks."""
    last = _LAST.match(line) if len(line) <= _LINE else None
    if last is None or _LEADS_ELSEWHERE.search(last["rest"]):
        return None
    numbers = tuple(dict.fromkeys(_numbers(last["numbers"], known)))
    return Item(numbers, last["rest"].strip(), sure=True) if set(numbers) <= set(known) else None


def _spaced(run: str, known: Collection[str]) -> str:
    parts = run.split(",")
    return ", ".join(parts) if all(part in known for part in parts) else run


def _numbers(said: str, known: Collection[str]) -> Iterator[str]:
    """Yield the numbers of a list; a range stands for the sender's tasks within it."""
    rest = said
    for span in _RANGE.finditer(said):
        first, last = int(span[1]), int(span[2])
        within = [n for n in known if n.isdigit() and first <= int(n) <= last]
        if span[0] not in known and first < last and within:
            yield from sorted(within, key=int)
            rest = rest.replace(span[0], " ")
    for one in _ONE.finditer(rest):
        yield one[0]


def _filled(items: list[Item], before: str) -> list[Item]:
    """Give those without words the words before the list, or those of the next number."""
    found: list[Item] = []
    after = ""
    for item in reversed(items):
        after = item.text or after
        found.append(item if item.text else replace(item, text=before or after))
    return found[::-1]
