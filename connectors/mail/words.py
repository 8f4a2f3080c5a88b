"""Words and parameters of headers: RFC 2047 words, RFC 2231 parameters, and raw 8-bit bytes.

Everything takes the bytes of a header value as they came and never fails: what cannot be decoded
stays as it is.
"""

from __future__ import annotations

import binascii
import re
from urllib.parse import unquote_to_bytes

from mcur.connectors.mail.charsets import decode, one_line

# Lengths are bounded so that a header of a thousand openings costs no square of its length. A
# literal «?» inside a Q word is against RFC 2047 and common: «?=20» is no end of a word.
_WORD = re.compile(r"=\?([^?\s]{0,40})\?([bBqQ])\?([^\r\n]{0,2000}?)\?=(?![0-9A-F]{2})")
_PARAMETER = re.compile(
    rb""";\s*(?P<name>[^\s=;"]{1,80})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"?|(?P<bare>[^;]*))""",
    re.DOTALL,
)
_SECTION = re.compile(r"(?P<name>[^*]+)(?:\*(?P<number>\d{1,3}))?(?P<coded>\*)?")


def unworded(value: bytes, charset_of_text: str | None = None) -> str:
    """Decode a header value: its encoded words (RFC 2047) and its raw 8-bit bytes, in one line.

    Raw bytes are mostly of the charset that the text of the letter has.
    """
    text = decode(value, charset_of_text).text
    pieces: list[str] = []
    charset, held, end = "", b"", 0
    for match in _WORD.finditer(text):
        between = text[end : match.start()]
        # A word of the same charset goes on: senders cut inside a character (against RFC 2047, 5).
        if between.strip() or match[1].lower() != charset:
            pieces.append(_decoded(held, charset))
            charset, held = match[1].lower(), b""
        # Space between two words is no part of the text (RFC 2047, 6.2).
        if between.strip() or end == 0:
            pieces.append(between)
        held += _word_bytes(match[2], match[3])
        end = match.end()
    pieces += [_decoded(held, charset), text[end:]]
    return one_line("".join(pieces))


def parameters(value: bytes) -> dict[str, str]:
    """Read the parameters after the first «;»: quoted, continued, coded (RFC 2231), RFC 2047."""
    sections: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for match in _PARAMETER.finditer(b";" + value.partition(b";")[2]):
        named = _SECTION.fullmatch(match["name"].decode("ascii", "replace").lower())
        if named is None:
            continue
        raw = match["bare"] if match["quoted"] is None else _unescaped(match["quoted"])
        numbered = sections.setdefault(named["name"], {})
        raw = raw.strip() if match["quoted"] is None else raw
        # RFC 2231 wins over the plain twin that is there for old readers.
        number = int(named["number"] or 0)
        if named["coded"] or named["number"] or number not in numbered:
            numbered[number] = (raw, bool(named["coded"]))
    return {name: _joined(numbered) for name, numbered in sections.items()}


def _joined(numbered: dict[int, tuple[bytes, bool]]) -> str:
    """Join the sections of one parameter; charset and language stand in the first."""
    first, coded = numbered[min(numbered)]
    charset = ""
    if coded and first.count(b"'") >= 2:
        declared, _, first = first.split(b"'", 2)
        charset = declared.decode("ascii", "replace")
    parts = [(first, coded)] + [numbered[number] for number in sorted(numbered)[1:]]
    # Only then unquote: some senders end a section inside «%D0».
    content = b"".join(part if coded else part.replace(b"%", b"%25") for part, coded in parts)
    content = unquote_to_bytes(content)
    return one_line(decode(content, charset).text) if charset else unworded(content)


def _unescaped(quoted: bytes) -> bytes:
    """Take the backslashes out of a quoted string, but not those of a path on drive C."""
    return re.sub(rb'\\(["\\])', rb"\1", quoted)


def _word_bytes(kind: str, coded: str) -> bytes:
    raw = coded.encode("utf-8", "replace")
    if kind in "qQ":
        return binascii.a2b_qp(raw, header=True)
    try:
        return binascii.a2b_base64(raw + b"===")
    except binascii.Error:
        return b""


def _decoded(content: bytes, charset: str) -> str:
    """Decode the bytes of words; RFC 2231, 5 lets a language follow the charset («utf-8*ru»)."""
    return decode(content, charset.partition("*")[0]).text if content else ""
