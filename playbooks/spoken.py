"""What people say in a fixed phrase: the first line of a note that is an order. Pure.

Staff never leave their tracker, so each act that is no change of a field has a phrase there:
«Утверждаю», «Нет динамики», «Создан штаб: Иванов И. И.», «Отправить: report:…». The phrase stands alone
on the first line, or before a colon; anything else is a note and nothing more. What it is done to is
the task of the note, unless a key takes up the rest of the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mcur.playbooks.directory import fold

PHRASES: dict[str, tuple[str, dict[str, str]]] = {
    "закрыть": ("close", {}),
    "проблема устранена": ("solve", {}),
    "проблема не устранена": ("unsolved", {}),
    "не решается": ("unsolved", {}),
    "нет динамики": ("no-progress", {}),
    "отказ исполнителя": ("refuse", {}),
    "подтверждаю": ("confirm", {}),
    "не подтверждаю": ("dismiss", {}),
    "отклонить": ("dismiss", {}),
    "заполнить план": ("fill-plan", {}),
    "утверждаю": ("approve", {}),
    "на доработку": ("return", {}),
    "отправить": ("release", {}),
    "задержать": ("hold", {}),
    "проверено": ("review", {}),
    "исправить": ("correct", {}),
    "создана рабочая группа": ("form-group", {"head": ""}),
    "создан штаб": ("form-hq", {"head": ""}),
    "объявить аварийную ситуацию": ("declare", {"mode": "emergency", "object": ""}),
    "объявить чрезвычайную ситуацию": ("declare", {"mode": "crisis", "object": ""}),
    "звонок сделан": ("call-done", {}),
    "звонок сделан в": ("call-done", {"at": ""}),
    "доклад исполнителя": ("report", {}),
    "продлить до": ("extend", {"due_at": ""}),
    "отсутствует до": ("absent", {"until": ""}),
}
"""Phrases, folded, with the act that each is and its fields; an empty field takes what follows.

Words after «до» or «в» fill that field up to the colon; otherwise the field takes the rest of the line, and the
lines under it are the text.
"""
OF_A_KEY = frozenset({"review", "correct"})
"""What is said of a report means nothing without its key: «Проверено» is a word of any day."""
LINE = "line"
"""The field of an act that was said as a line of a call sheet: it may be mere talk elsewhere."""
_COLON = re.compile(r":(?=\s|$)")
"""Ends the phrase; the one in 18:00 and those of a key have no blank behind them."""
_KEY = re.compile(r"(?:task|report|draft|incident|plan|call|checklist):[^:]+:.+")
_TICK = re.compile(r"^\s*(?:\[[xXхХ]\]|[✓✔])\s*(.+?)\s*$", re.MULTILINE)
_CALLED = re.compile(
    r"^[ \t]*(?:№?[ \t]*(?P<number>\d{1,2})[.):]?[ \t]+)?(?P<at>(?:[01]?\d|2[0-3])[:.][0-5]\d)[ \t,;:–—-]*"
    r"(?P<who>[^\n]{0,80}?)(?<!\bне )\b(?:дозвонил|созвонил)(?:ся|ась|ись)\b[ \t,;:–—-]*(?P<rest>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line of a call sheet: «10:42 дозвонился», «2. 10:42 министру дозвонился, выехали»."""
_STAND_IN = re.compile(r"^(?P<person>[^;]+?)(?:;\s*замещает\s+(?P<substitute>.+))?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An act as it was said; ``key`` is ``None`` where it is about the task of the note itself."""

    do: str
    text: str = ""
    key: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


def acts_in(text: str) -> Iterator[Said]:
    """Yield the acts that a note says: ticked items of a checklist, or the phrase of its first line."""
    ticked = _TICK.findall(text)
    for item in ticked:
        yield Said(do="tick", fields={"item": item})
    yield from _calls_in(text)
    first, _, further = text.strip().partition("\n")
    head, _, after = (part.strip() for part in _COLON.sub("\n", first, count=1).partition("\n"))
    said = _phrase(head)
    if said is None or ticked:
        return
    do, fields, within = said
    if _KEY.fullmatch(after):
        yield Said(do=do, key=after, text=further.strip(), fields=fields)
        return
    if do in OF_A_KEY:
        return
    if "" in fields.values() and not within:  # what stands behind the colon is the field
        filled = {name: value or after for name, value in fields.items()}
        yield Said(do=do, text=further.strip(), fields=filled)
        return
    rest = "\n".join(part for part in (after, further.strip()) if part)
    yield Said(do=do, text=rest, fields=_filled(do, fields, within, rest))


def _calls_in(text: str) -> Iterator[Said]:
    for line in _CALLED.finditer(text):
        item = line["number"] or f"{line['who']} {line['rest']}".strip()
        said = line[0].strip()
        fields = {"at": line["at"].replace(".", ":"), "item": item, LINE: said}
        yield Said(do="call-done", text=said, fields=fields)


def _phrase(head: str) -> tuple[str, dict[str, str], str] | None:
    folded = fold(head).strip(" .!")
    if folded in PHRASES:
        return *PHRASES[folded], ""
    for phrase, (do, fields) in PHRASES.items():
        if phrase.endswith((" до", " в")) and folded.startswith(f"{phrase} "):
            return do, fields, head.strip()[len(phrase) :].strip()
    return None


def _filled(do: str, fields: dict[str, str], within: str, rest: str) -> dict[str, str]:
    found = {name: value or within for name, value in fields.items()}
    who = _STAND_IN.match(rest) if do == "absent" else None
    return found | {n: v for n, v in (who.groupdict() if who else {}).items() if v}
