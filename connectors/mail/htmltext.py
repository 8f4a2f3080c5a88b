"""HTML of a letter becomes the text that a person would read in it.

Text is all that is wanted, so no tree is built and nothing needs to be made safe: tags are taken
one after the other, in a time that grows with the length and with nothing else. (A parser that
mends HTML as browsers do needs three minutes for a megabyte of opened ``<div>``.)
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_LONGEST = 5_000_000
_BREAKING = {"p", "div", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "hr"}
_BREAKING |= {"li", "blockquote", "br", "body"}
_CELLS = {"/td", "/th", "td", "th"}
_UNSEEN = re.compile(r"<(!--|script|style|title)", re.IGNORECASE)
_TAG = re.compile(r"/?[A-Za-z][A-Za-z0-9]*(?=[\s/]|\Z)")
_MARKUP = re.compile(r"[!?/]|\w+:")  # declarations, and tags of Word such as <o:p>
_HREF = re.compile(r"""\shref\s*=\s*["']?(https?://[^"'\s]{1,2000})""", re.IGNORECASE)
# A number that Python refuses to read, and no character.
_ENDLESS = re.compile(r"&#\d{8,};?")
# A rule above «От: … Отправлено: …» is how Outlook parts the answer from what it answers.
_RULE = "_" * 32


def text_of_html(page: str) -> str:
    """Reduce HTML to text: lines, list marks, cells, ``>`` before quoted lines, web addresses."""
    reader = _Reader()
    for tag, attributes, words in _tokens("".join(_seen(page[:_LONGEST]))):
        reader.tag(tag, attributes)
        reader.say(words)
    return reader.text()


def _seen(page: str) -> Iterator[str]:
    """Yield the page without comments, scripts, styles and its title."""
    at = 0
    while (opened := _UNSEEN.search(page, at)) is not None:
        yield page[at : opened.start()]
        end = "-->" if opened[1] == "!--" else f"</{opened[1]}"
        closed = re.compile(end, re.IGNORECASE).search(page, opened.end())
        if closed is None:
            return
        # The end tag of a script stays and means nothing; the end of a comment must go.
        at = closed.end() if end == "-->" else closed.start()
    yield page[at:]


def _tokens(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield name («/p» where it ends), attributes and the text behind of each tag."""
    first, *pieces = page.split("<")
    yield "", "", first
    for piece in pieces:
        inside, _, behind = piece.partition(">")
        found = _TAG.match(inside)
        if found is not None:
            yield found[0].lower(), inside, behind
        else:
            # «a < b» and «<ivanov@mosreg.ru>» are no tags.
            yield "", "", behind if _MARKUP.match(inside) else f"<{piece}"


class _Reader:
    """Collects lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quoted = 0
        self._link = ""
        self._from = 0

    def tag(self, tag: str, attributes: str) -> None:
        """Take the layout that a tag means."""
        name = tag.removeprefix("/")
        if name in _BREAKING:
            self._end_line(even_if_empty=tag == "br")
        if name == "a":
            self._turn_link(tag, attributes)
        elif name == "blockquote":
            self._quoted = max(0, self._quoted + (1 if tag == name else -1))
        elif tag in _CELLS:
            self._line.append("\t")
        else:
            self._mark(tag)

    def say(self, words: str) -> None:
        """Take text; line breaks and runs of spaces in HTML are one space."""
        plain = html.unescape(_ENDLESS.sub("", words))
        self._line.append(re.sub(r"[\s\xa0]+", " ", plain))

    def text(self) -> str:
        """Return what was collected, without runs of empty lines."""
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def _mark(self, tag: str) -> None:
        if tag == "/p":
            self._lines.append("")
        elif tag == "hr":
            self._lines.append(_RULE)
        elif tag == "li":
            self._line = ["- "]

    def _end_line(self, *, even_if_empty: bool = False) -> None:
        line = re.sub("[ \t]*\t[ \t]*", "\t", re.sub(" +", " ", "".join(self._line))).strip()
        self._line = []
        if line or even_if_empty:
            self._lines.append("> " * min(self._quoted, 5) + line)

    def _turn_link(self, tag: str, attributes: str) -> None:
        """Write the address beside a link whose words do not show it."""
        if tag == "a":
            found = _HREF.search(attributes)
            self._link = html.unescape(found[1]) if found else ""
            self._from = len(self._line)
        elif self._link:
            words = "".join(self._line[self._from :])
            if self._link.rstrip("/") not in words:
                self._line.append(f" ({self._link})")
            self._link = ""
