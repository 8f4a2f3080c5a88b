"""Documents as Redmine's Textile or Markdown.

A citizen's words come out as they were written: nothing in them becomes markup, a macro, a mention
or a link to an issue. Textile keeps entities to the very end, so a character that would act becomes
its entity there. Markdown decodes entities before Redmine looks for its own links and macros, so
there a backslash stops the markup and a word joiner (U+2060) splits what Redmine would act on.
Plain web addresses stay links: they show where they lead.
"""

from __future__ import annotations

import html
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from mcur.connectors.redmine.shape import Markup
from mcur.playbooks.documents import Bullets, Document, Heading, Pairs, Paragraph, Table

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_TEXTILE = re.compile(
    r"""[&<>|\[{]                       # entities, tags, quotes, cells, wiki links, macros
      | "(?=:)                          # "text":link
      | !(?=[^\s!?.,»")\]])             # !image!
      | (?<!\w)(?:[*_+^~%@-]|\?\?)(?=\S)  # *bold*, _em_, @login, -deleted- ...
      | ==                              # ==no textile==
      | \#(?=\d)                        # #12, an issue
      | (?<=[a-z]):(?=[^\s/])            # user:login, commit:abc
      | (?<=[A-Z0-9])\((?=[^)]*\))      # ABC(an abbreviation's meaning, hidden)
      | ^[*\#;:-](?=[\s*\#-])           # a list item or a rule
      | (?<=^p)\.(?=\s) | (?<=^h[1-6])\.(?=\s) | (?<=^bq)\.(?=\s) | (?<=^fn\d)\.(?=\s)
    """,
    re.VERBOSE | re.MULTILINE,
)
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>|~^]|&(?=#?\w+;)|^\s*(?:[#+=-]|\d+(?=[.)]))", re.MULTILINE)
_REDMINE = re.compile(
    r"(?<=\{)(?=\{|\\\{)|(?<=\[)(?=\[|\\\[)|(?<=#)(?=\d)|(?<=[a-z])(?=:[^\s/])|(?<=@)(?=\w)"
)
_JOINER = "\u2060"


def write(document: Document, markup: Markup, home: str = "") -> str:
    """Write a document; an empty one gives an empty text.

    ``home`` is the address of this Redmine: where a text gives that of an issue, people see «#12».
    """
    writer = _Textile() if markup == "textile" else _Markdown()
    parts = [writer.heading(document.title, 2)] if document.title else []
    parts += [writer.lines([document.subtitle], "quiet")] if document.subtitle else []
    parts += [writer.lines(document.lead, "lead")] if document.lead else []
    parts += [writer.block(block) for block in document.blocks]
    parts += [writer.lines(document.footer, "quiet")] if document.footer else []
    text = "\n\n".join(part for part in parts if part)
    return re.sub(rf"{re.escape(home)}/issues/(\d+)\b", r"#\1", text) if home else text


def clean(text: str) -> str:
    """Drop characters that no database wants and make all line breaks alike."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def escape(text: str, markup: Markup) -> str:
    """Make a text harmless that stands inside a document."""
    if markup == "textile":
        return _TEXTILE.sub(_entities, clean(text))
    return _REDMINE.sub(_JOINER, _MARKDOWN.sub(_backslash, clean(text)))


def unescape(text: str, markup: Markup) -> str:
    """Return a text as it was before :func:`escape`; marks of headings and tables stay."""
    if markup == "textile":
        return html.unescape(text)
    return re.sub(r"\\([^\w\s]|_)", r"\1", text.replace(_JOINER, ""))


def small(text: str, markup: Markup) -> str:
    """Write a line that people need not see: grey where the markup can do it."""
    return f"%{{color:#bbb}}{text}%" if markup == "textile" else text


def _entities(found: re.Match[str]) -> str:
    named = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    return "".join(named.get(char, f"&#{ord(char)};") for char in found[0])


def _backslash(found: re.Match[str]) -> str:
    text = found[0]
    if text[-1].isdigit():  # «1.» begins a list: the dot is what must not act
        return f"{text}{_JOINER}"
    return f"{text[:-1]}\\{text[-1]}"


class _Writer(ABC):
    """What both markups share: a document's blocks, each by its kind."""

    markup: Markup
    bold: str
    emphasis: str

    def block(self, block: Paragraph | Bullets | Pairs | Table | Heading) -> str:
        """Write one block."""
        writers: dict[str, Callable[..., str]] = {
            "paragraph": lambda b: self.lines([b.text], b.tone),
            "bullets": lambda b: "\n".join(f"* {self.line(item)}" for item in b.items),
            "pairs": lambda b: "\n".join(self.pair(*pair) for pair in b.items),
            "heading": lambda b: self.heading(b.text, 3),
            "table": self.table,
        }
        return writers[block.kind](block)

    def text(self, text: str) -> str:
        """Escape a text, keeping its line breaks."""
        return escape(text.strip(), self.markup)

    def line(self, text: str) -> str:
        """Escape a text as one line."""
        return self.text(" ".join(text.split()))

    def lines(self, texts: Iterable[str], tone: str) -> str:
        """Write lines in a tone; markup does not reach over a line break, so each has its own."""
        around = {"lead": self.bold, "mark": self.bold, "quiet": self.emphasis}.get(tone, "")
        whole = "\n".join(self.text(text) for text in texts)
        return "\n".join(
            f"{around}{line.strip()}{around}" if line.strip() else "" for line in whole.split("\n")
        )

    def pair(self, name: str, value: str) -> str:
        """Write a name and its value."""
        return f"{self.bold}{self.line(name)}:{self.bold} {self.text(value)}".rstrip()

    @abstractmethod
    def heading(self, text: str, level: int) -> str:
        """Write a heading."""

    @abstractmethod
    def table(self, table: Table) -> str:
        """Write a table."""

    def captioned(self, table: Table, rows: list[str]) -> str:
        """Put the caption over the rows."""
        caption = [self.lines([table.caption], "lead"), ""] if table.caption else []
        return "\n".join([*caption, *rows])


class _Textile(_Writer):
    markup = "textile"
    bold = "*"
    emphasis = "_"

    def heading(self, text: str, level: int) -> str:
        return f"h{level}. {self.line(text)}"

    def table(self, table: Table) -> str:
        rows = []
        if table.groups:
            rows.append("".join(f"|_\\{g.span}. {self.line(g.title)} " for g in table.groups) + "|")
        rows.append("".join(f"|_. {self.line(c.title)} " for c in table.columns) + "|")
        if any(column.number for column in table.columns):
            rows.append("".join(f"|=. {self.line(c.number or '')} " for c in table.columns) + "|")
        align = {"left": "", "right": ">. ", "center": "=. "}
        for row in table.rows:
            cells = zip(table.columns, row, strict=True)
            rows.append("".join(f"|{align[c.align]}{self.text(v)} " for c, v in cells) + "|")
        if not table.rows and table.empty:
            rows.append(f"|\\{len(table.columns)}. {self.line(table.empty)} |")
        return self.captioned(table, rows)


class _Markdown(_Writer):
    markup = "markdown"
    bold = "**"
    emphasis = "*"

    def heading(self, text: str, level: int) -> str:
        return f"{'#' * level} {self.line(text)}"

    def table(self, table: Table) -> str:
        # Markdown has no cell over several columns: a group's name stands in its first one.
        titles = [self.line(column.title) for column in table.columns]
        start = 0
        for group in table.groups:
            titles[start] = f"{self.line(group.title)}: {titles[start]}"
            start += group.span
        rule = {"left": "---", "right": "--:", "center": ":-:"}
        rows = [_cells(titles), _cells(rule[column.align] for column in table.columns)]
        if any(column.number for column in table.columns):
            rows.append(_cells(self.line(column.number or "") for column in table.columns))
        rows += [_cells(self.text(v).replace("\n", " <br>") for v in row) for row in table.rows]
        if not table.rows and table.empty:
            rows.append(_cells([self.line(table.empty), *[""] * (len(table.columns) - 1)]))
        return self.captioned(table, rows)


def _cells(texts: Iterable[str]) -> str:
    return "| " + " | ".join(text.replace("\\|", "&#124;") for text in texts) + " |"
