"""HTML of a letter becomes the text that a person would read in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nh3

_LONGEST = 2 * 1024 * 1024
_BREAKING = {"p", "div", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "hr"}
_CELLS = {"td", "th"}
_KEPT = _BREAKING | _CELLS | {"a", "br", "li", "blockquote"}
# A rule above «От: … Отправлено: …» is how Outlook parts the answer from what it answers.
_RULE = "_" * 32


def text_of_html(html: str) -> str:
    """Reduce HTML to text: lines, list marks, cells, ``>`` before quoted lines, web addresses."""
    # nh3 mends the markup and drops scripts and styles with their content.
    safe = nh3.clean(
        html[:_LONGEST],
        tags=_KEPT,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel=None,
    )
    reader = _Reader()
    reader.feed(safe)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects lines; the markup that it gets is well-formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._quoted = 0
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br" or tag in _BREAKING or tag == "li":
            self._end_line(even_if_empty=tag == "br")
        if tag == "blockquote":
            self._end_line()
            self._quoted += 1
        elif tag == "hr":
            self._lines.append(_RULE)
        elif tag == "li":
            self._line = "- "
        elif tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self._line))

    def handle_endtag(self, tag: str) -> None:
        if tag in _CELLS:
            self._line += "\t"
        elif tag == "a":
            self._end_link()
        elif tag in _BREAKING or tag in {"li", "blockquote"}:
            self._end_line()
            if tag == "p":
                self._lines.append("")
        if tag == "blockquote":
            self._quoted -= 1

    def handle_data(self, data: str) -> None:
        # Line breaks and runs of spaces in HTML are one space; «&nbsp;» keeps its place as one too.
        words = re.sub(r"[\s\xa0]+", " ", data)
        self._line += words.lstrip() if not self._line or self._line[-1] in " \t" else words

    def text(self) -> str:
        """Return what was collected, without runs of empty lines."""
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def _end_line(self, *, even_if_empty: bool = False) -> None:
        line, self._line = self._line.strip(" \t"), ""
        if line or even_if_empty:
            self._lines.append("> " * min(self._quoted, 5) + line if self._quoted else line)

    def _end_link(self) -> None:
        """Write the address beside a link whose words do not show it."""
        address, start = self._link or ("", 0)
        self._link = None
        if address and address.rstrip("/") not in self._line[start:]:
            self._line += f" ({address})"
