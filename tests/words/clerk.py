"""What a careful clerk would not sign: holes, torn punctuation, numbers and words that disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mcur.playbooks.language import THIN, plural

NUMBERS = (0, 1, 2, 5, 21)
"""How many of a thing a text is tried with: each form of a Russian plural, and none."""
FOREIGN = frozenset(
    [
        "mcur",
        "toml",
        "outbox",
        "retry",
        "drop",
        "state",
        "held",
        "quarantine",
        "Redmine",
        "XLSX",
        "DOCX",
        "push",
        "SMS",
        "Email",
        "Re",
        "RM",
        "Viber",
    ]
)
"""Words in Latin letters that people here use, and names of our own commands."""
_NAMES = re.compile(
    r"«mcur[^»]*»"  # a command, as one types it
    r"|«[^»]+\.\w{3,4}»"  # a file, as its owner called it
    r"|\b[\w.-]+@[\w.-]+"  # an address
    r"|\b(?:task|report|draft|incident|plan|call|checklist|letter):\S+"  # a key, where one must type it
)
_LATIN = re.compile(r"[A-Za-z]{2,}")
_FAULTS = {
    "a value that is none": re.compile(r"\b(?:None|True|False|Undefined|nan)\b"),
    "a template that shows": re.compile(r"[{}]|%\}"),
    "two blanks": re.compile(r"(?<=\S)[ \u00a0]{2,}(?=\S)"),
    "empty brackets": re.compile(r"\(\s*\)|\[\]|«\s*»|„\s*“"),
    "two marks in a row": re.compile(r"(?<!\.)\.\.(?!\.)|[,;:]\s*[.,;:](?!\w)|[?!]\.|—\s*[.,;]"),
    "a blank before a mark": re.compile(r"\w\s+[,.;:!?](?:\s|$)"),
    "nothing behind a mark": re.compile(r"[(,;]\s*$"),
    "nothing is counted": re.compile(r"(?<![\d.,:№>-])(?<!-> )\b0 (?!из|до|к|по|и)[а-яё]{2,}"),
    "a mark at the beginning": re.compile(r"^\s*[,.;:)]"),
}
_COUNT = re.compile(
    rf"(?<![\d.,:№{THIN}])(?<!№ )(\d[\d{THIN}]*) ([а-яё]{{3,}}(?: [а-яё]{{3,}})?)(?!\w)"
)
_GENITIVE = re.compile(r"(?:в течение|менее|более|до|из|около|меньше|больше) $")

Forms = tuple[str, str, str]


def faults(text: str) -> Iterator[str]:
    """Yield what is wrong with a text, line by line."""
    for line in text.splitlines():
        for what, sign in _FAULTS.items():
            if sign.search(line):
                yield f"{what}: {line!r}"
        foreign = set(_LATIN.findall(_NAMES.sub("", line))) - FOREIGN
        if foreign:
            yield f"foreign words {sorted(foreign)}: {line!r}"


def disagreements(text: str, nouns: Iterable[Forms]) -> Iterator[str]:
    """Yield numbers whose word, one that is known to be counted, has the form of another number."""
    known = list(nouns)
    for found in _COUNT.finditer(text):
        number = int(found[1].replace(THIN, ""))
        words = [found[2], *found[2].split(" ")[:1]]
        forms = [f for f in known if any(word in f for word in words)]
        right = {plural(number, *f) for f in forms}
        if _GENITIVE.search(text[: found.start()]):
            right |= {plural(number, few, many, many) for _, few, many in forms}
        if forms and right.isdisjoint(words):
            yield f"{found[0]}: {text!r}"


def counted_words(text: str) -> Iterator[tuple[int, str]]:
    """Yield each number with the word behind it."""
    for digits, said in _COUNT.findall(text):
        yield int(digits.replace(THIN, "")), said.split(" ")[0]
