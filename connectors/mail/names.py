"""Names of attached files: found, decoded, and made safe for any disk and any tracker."""

from __future__ import annotations

import re

from mcur.connectors.mail.charsets import one_line
from mcur.connectors.mail.parts import Part
from mcur.connectors.mail.words import parameters

_LONGEST = 120
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_ENDINGS = {
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
}


def file_name(part: Part, number: int | None) -> str:
    """Return the name that the sender gave the file; else one of its number in the letter.

    With ``number`` None a part without a name gives an empty text.
    """
    given = parameters(part.headers.raw("content-disposition")).get("filename", "")
    name = safe_name(given or part.parameters.get("name", ""))
    if name or number is None:
        return name
    return f"вложение-{number}{_ENDINGS.get(part.kind, '.bin')}"


def letter_name(part: Part, subject: str) -> str:
    """Name an attached letter by its subject."""
    name = safe_name(subject) or file_name(part, None) or "письмо"
    return name if name.lower().endswith(".eml") else f"{name}.eml"


def safe_name(name: str) -> str:
    """Make one file name of any text: no folders, no marks that disks refuse, not too long."""
    # Old programs send the whole path; its last step is the name.
    last = re.split(r"[/\\]", name)[-1] if re.match(r"[A-Za-z]:[/\\]|[/\\]", name) else name
    flat = _FORBIDDEN.sub("_", one_line(last)).strip(" .")
    if len(flat) <= _LONGEST:
        return flat
    stem, dot, ending = flat.rpartition(".")
    if not dot or len(ending) > 10:
        return _cut(flat, _LONGEST)
    return f"{_cut(stem, _LONGEST - len(ending) - 1)}.{ending}"


def _cut(name: str, longest: int) -> str:
    """Shorten a name at the end of a word, unless a single word is most of it."""
    whole = name[: longest + 1].rpartition(" ")[0]
    return (whole if len(whole) > longest // 2 else name[:longest]).rstrip(" .,;:-–—")
