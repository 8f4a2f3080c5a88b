"""Bytes of a letter become text, whatever their sender says about the charset.

Russian mail still comes in windows-1251, koi8-r and iso-8859-5, sometimes declared wrongly,
sometimes under a name that no library knows, sometimes not declared at all.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from typing import NamedTuple

# Codecs that are charsets of mail; `codecs.lookup` also knows «hex», «idna», «unicode_escape».
_CHARSET = re.compile(
    r"utf-(8|8-sig|7|16(-[bl]e)?|32(-[bl]e)?)|ascii|iso8859-\d+|cp\d+|koi8-[rut]|mac-\w+|gb\w+"
    r"|big5\w*|shift_jis\w*|euc_\w+|iso2022_\w+|hz|ptcp154|kz1048|tis-620|johab"
)
_ALIASES = {
    "x-mac-cyrillic": "mac-cyrillic",
    "x-cp1251": "cp1251",
    "cp-1251": "cp1251",
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "windows1251": "cp1251",
    "koi8r": "koi8-r",
    "koi-8": "koi8-r",
    "koi8": "koi8-r",
    "x-gbk": "gbk",
    "ansi_x3.4-1968": "ascii",
}
_RUSSIAN_BYTES = ("cp1251", "koi8-r", "cp866", "iso8859-5")
_ONE_BYTE_RUSSIAN = {"cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic"}
_WESTERN = {"ascii", "iso8859-1", "iso8859-15", "cp1252"}

# How often a letter stands in Russian text, per thousand, in six classes.
_CLASSES = {"оеаинт": 80, "срвлк": 50, "мдпу": 30, "яыьгзбч": 17, "йхжшю": 9, "цщэфъё": 3}
_FREQUENT = {letter: often for letters, often in _CLASSES.items() for letter in letters}
_CAPITAL_INSIDE = re.compile(r"[а-яё][А-ЯЁ]")
_SAMPLE = 20_000  # bytes that are enough to recognise a charset

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# Marks that turn the direction of writing: «акт\u202efdp.exe» reads as «актexe.pdf».
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Reading(NamedTuple):
    """A text, the charset it was read in, and whether that is what the sender declared."""

    text: str
    charset: str
    as_declared: bool


def known(declared: str | None) -> str | None:
    """Return Python's name of a declared charset; ``None`` for a name that means none."""
    name = (declared or "").strip().strip("\"'").lower().replace(" ", "")
    name = _ALIASES.get(name, name)
    if not name.isascii() or "\0" in name:
        return None
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    return found if _CHARSET.fullmatch(found) else None


def russian(declared: str | None) -> str | None:
    """Return the name of a declared charset if it is one for Russian only."""
    name = known(declared)
    return name if name in _ONE_BYTE_RUSSIAN else None


def decode(data: bytes, declared: str | None = None) -> Reading:
    """Read bytes as text: as declared where that is plausible, else by what the bytes look like."""
    name = known(declared)
    if data.isascii() and name in {None, *_WESTERN, *_ONE_BYTE_RUSSIAN, "utf-8"}:
        return Reading(data.decode("ascii"), name or "ascii", as_declared=True)
    text = _strictly(data, name) if name else None
    better = _better_than(text, name, data)
    if better is not None:
        return better
    if text is not None and name is not None:
        return Reading(text, name, as_declared=True)
    return _guessed(data, name)


def readable(text: str) -> str:
    """Drop what nobody can see (NUL, controls, lone surrogates) and give lines one kind of end."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Make a subject or a name of it: one line, no marks of direction."""
    return " ".join(_TURNS.sub("", readable(text)).split())


def plausibility(text: str) -> float:
    """Say how Russian a text looks: mean frequency of its non-ASCII letters, 0 for none."""
    strange = [char for char in text[:_SAMPLE] if not char.isascii()]
    if not strange:
        return 0.0
    weight = sum(_FREQUENT.get(char.lower(), -20 if _is_odd(char) else 0) for char in strange)
    return (weight - 60 * len(_CAPITAL_INSIDE.findall(text[:_SAMPLE]))) / len(strange)


def _is_odd(char: str) -> bool:
    """Whether people hardly write the character: box drawing, foreign accents, undefined."""
    return unicodedata.category(char) not in {"Pd", "Pi", "Pf", "Po", "Zs", "Sc"} and char != "№"


def _strictly(data: bytes, name: str) -> str | None:
    """Decode, or return ``None`` where the bytes are not of that charset."""
    try:
        return data.decode(name)
    except (UnicodeError, LookupError):
        return None


def _better_than(text: str | None, name: str | None, data: bytes) -> Reading | None:
    """Find a reading that is clearly better than the declared one-byte charset."""
    if text is None or name not in _WESTERN | _ONE_BYTE_RUSSIAN:
        return None
    as_utf8 = _strictly(data, "utf-8")
    # Text of four and more high bytes that happens to be valid UTF-8 is UTF-8.
    if as_utf8 is not None and sum(byte > 127 for byte in data[:_SAMPLE]) >= 4:
        return Reading(as_utf8, "utf-8", as_declared=False)
    best = _most_russian(data)
    if best is not None and _runs(data) and plausibility(best.text) > plausibility(text) + 15:
        return best
    return None


def _runs(data: bytes) -> bool:
    """Whether high bytes stand in words, as in Russian, not alone as in «Müller»."""
    return re.search(rb"[\x80-\xff]{4}", data[:_SAMPLE]) is not None


def _most_russian(data: bytes) -> Reading | None:
    """Read as the most plausible of the charsets of Russian mail; DOS programs still write cp866."""
    texts = [(name, _strictly(data, name)) for name in _RUSSIAN_BYTES]
    readings = [Reading(text, name, as_declared=False) for name, text in texts if text is not None]
    return max(readings, key=lambda reading: plausibility(reading.text), default=None)


def _guessed(data: bytes, declared: str | None) -> Reading:
    """Read bytes that nobody declared, or declared wrongly; never fails."""
    text = _strictly(data, "utf-8")
    if text is not None:
        return Reading(text, "utf-8", as_declared=False)
    best = _most_russian(data)
    damaged = data.decode(declared or "utf-8", "replace")
    # One spoilt byte in a long text must not turn the whole of it into another charset.
    if best is None or plausibility(damaged) > plausibility(best.text):
        return Reading(damaged, declared or "utf-8", as_declared=False)
    return best
