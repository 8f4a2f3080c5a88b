"""A document as DOCX: the paper that lies on a desk and is signed.

Margins follow GOST R 7.0.97-2016 (left 20 mm, right 10 mm, top and bottom 20 mm). python-docx is
loaded by the first call only. Where it has no word for a thing (repeated headings, rows that stay
whole, fields), elements of WordprocessingML are set by hand (ECMA-376, part 1, 17).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from mcur.connectors.papers.grid import numbers, printable, shares, spans, typeset
from mcur.playbooks.documents import Block, Bullets, Document, Heading, Pairs, Paragraph, Table

if TYPE_CHECKING:
    from docx.document import Document as Paper
    from docx.table import Table as Grid, _Cell as Cell, _Row as Row

_FACE = "Times New Roman"
_SHORT_SIDE, _LONG_SIDE = 210, 297
_LEFT, _RIGHT, _TOP, _BOTTOM = 20, 10, 20, 20
"""A4 and its margins, in millimetres."""
_CELL_MARGINS = (20, 60, 20, 60)
"""Between a cell's border and its text: top, left, bottom, right, in twentieths of a point."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first stamp that a zip archive can hold."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How a paragraph style looks; sizes and spaces in points."""

    name: str
    size: int = 12
    bold: bool = False
    italic: bool = False
    center: bool = False
    before: int = 0
    after: int = 6
    keep: bool = False
    """Whether the paragraph stays on the page of what follows it."""


_LOOKS = (
    _Look("Normal"),
    _Look("Title", bold=True, center=True, keep=True),
    _Look("Subtitle", center=True, after=12),
    _Look("Heading 2", bold=True, before=12, keep=True),
    _Look("List Bullet", after=3),
    _Look("Footer", size=9, center=True, after=0),
    _Look("Lead", bold=True),
    _Look("Mark", bold=True, italic=True, before=6, after=12, keep=True),
    _Look("Remark", size=10),
    _Look("Closing", size=10, before=6, after=0),
    _Look("Table Caption", bold=True, keep=True),
    _Look("Table Head", size=11, bold=True, center=True, after=0, keep=True),
    _Look("Table Head Tight", size=8, bold=True, center=True, after=0, keep=True),
    _Look("Table Number", size=9, center=True, after=0, keep=True),
    _Look("Table Text", size=11, after=0),
)
_TONES = {"plain": "Normal", "lead": "Lead", "mark": "Mark", "quiet": "Remark"}


def to_docx(doc: Document, made_at: datetime) -> bytes:
    """Write the document on A4; the same document and stamp give the same bytes.

    ``made_at`` (aware) becomes the stamp of creation in the file's properties, in UTC.
    """
    import docx  # here: a command that writes no paper is quick

    paper = docx.Document(io.BytesIO(_blank()))
    _set_properties(paper, doc.title, made_at)
    _set_page(paper, landscape=doc.landscape)
    _write_document(paper, doc)
    return _without_clock(_saved(paper))


@cache
def _blank() -> bytes:
    """Make the sheet that every paper begins as: its styles take longer than most of the texts."""
    import docx

    paper = docx.Document()
    _set_language(paper)
    for look in _LOOKS:
        _set_style(paper, look)
    _frame(paper, "Mark")
    _number_pages(paper)
    return _saved(paper)


def _saved(paper: Paper) -> bytes:
    raw = io.BytesIO()
    paper.save(raw)
    return raw.getvalue()


# --- the page ------------------------------------------------------------------------------------


def _set_properties(paper: Paper, title: str, made_at: datetime) -> None:
    stamp = made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    properties = paper.core_properties
    properties.title = printable(title)[:255]  # the longest that python-docx takes
    properties.author = properties.last_modified_by = "mcur"
    properties.created = properties.modified = stamp
    properties.language = "ru-RU"
    properties.comments = ""


def _set_page(paper: Paper, *, landscape: bool) -> None:
    from docx.enum.section import WD_ORIENTATION
    from docx.shared import Mm

    page = paper.sections[0]
    wide, high = (_LONG_SIDE, _SHORT_SIDE) if landscape else (_SHORT_SIDE, _LONG_SIDE)
    page.orientation = WD_ORIENTATION.LANDSCAPE if landscape else WD_ORIENTATION.PORTRAIT
    page.page_width, page.page_height = Mm(wide), Mm(high)
    page.left_margin, page.right_margin = Mm(_LEFT), Mm(_RIGHT)
    page.top_margin, page.bottom_margin = Mm(_TOP), Mm(_BOTTOM)
    page.footer_distance = Mm(10)


def _set_language(paper: Paper) -> None:
    """Tag the text as Russian, so that Word spells and hyphenates it as such."""
    from docx.oxml.ns import qn

    paper.styles.element.find(f".//{qn('w:lang')}").set(qn("w:val"), "ru-RU")
    settings = paper.settings.element
    settings.find(qn("w:themeFontLang")).set(qn("w:val"), "ru-RU")
    settings.find(qn("w:defaultTabStop")).addnext(_element("w:autoHyphenation"))


def _set_style(paper: Paper, look: _Look) -> None:
    """Make or change a style: black Times, without the template's colours and borders."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_PARAGRAPH_ALIGNMENT
    from docx.shared import Pt, RGBColor

    styles = paper.styles
    known = look.name in styles
    style: Any = (
        styles[look.name] if known else styles.add_style(look.name, WD_STYLE_TYPE.PARAGRAPH)
    )
    if look.name != "Normal":
        style.base_style = styles["Normal"]
    style.font.name, style.font.size = _FACE, Pt(look.size)
    style.font.bold, style.font.italic = look.bold, look.italic
    style.font.color.rgb = RGBColor(0, 0, 0)
    form = style.paragraph_format
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.line_spacing, form.keep_with_next = 1.0, look.keep
    form.alignment = WD_PARAGRAPH_ALIGNMENT.CENTER if look.center else WD_PARAGRAPH_ALIGNMENT.LEFT
    _clear_theme(style.element)


def _clear_theme(style: Any) -> None:
    """Take away what the template's theme would put over our face, spacing and border."""
    from docx.oxml.ns import qn

    faces = style.rPr.rFonts
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        faces.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("eastAsia", "cs"):
        faces.set(qn(f"w:{script}"), _FACE)
    for tag in ("w:pBdr", "w:spacing", "w:kern"):
        for leftover in style.findall(f"{qn('w:rPr')}/{qn(tag)}") + style.findall(
            f".//{qn('w:pBdr')}"
        ):
            leftover.getparent().remove(leftover)


def _frame(paper: Paper, name: str) -> None:
    """Draw a box round the paragraphs of a style: a warning must be seen in black and white."""
    from docx.shared import Pt

    style: Any = paper.styles[name]
    form = style.paragraph_format
    form.left_indent = form.right_indent = Pt(4)  # so that the box ends where tables end
    box = _element("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        box.append(_element(f"w:{side}", val="single", sz="6", space="4", color="000000"))
    style.element.pPr.find(_tag("w:keepNext")).addnext(box)


def _number_pages(paper: Paper) -> None:
    """Write «стр. 1 из 3» at the foot of each page."""
    foot = paper.sections[0].footer.paragraphs[0]
    for text, field in (("стр. ", "PAGE"), (" из ", "NUMPAGES")):
        foot.add_run(text)
        number = _element("w:fldSimple", instr=field)
        number.append(_xml(foot.add_run("1")))  # what is shown until the pages are counted
        _xml(foot).append(number)


# --- the content ---------------------------------------------------------------------------------


def _write_document(paper: Paper, doc: Document) -> None:
    head = [("Title", doc.title), ("Subtitle", doc.subtitle), *(("Normal", x) for x in doc.lead)]
    for style, text in head:
        if text:
            _add(paper, text, style)
    for block in doc.blocks:
        _write(paper, block)
    if doc.footer:
        _keep_with_next(paper, doc.blocks)
    for line in doc.footer:
        _add(paper, line, "Closing")


def _keep_with_next(paper: Paper, blocks: Sequence[Block]) -> None:
    """Hold what was written last on the page of what follows: a basis alone on a page is of nothing."""
    last = paper.paragraphs[-1:]
    if blocks and isinstance(blocks[-1], Table):
        last += [line for cell in paper.tables[-1].rows[-1].cells for line in cell.paragraphs]
    for line in last:
        line.paragraph_format.keep_with_next = True


def _write(paper: Paper, block: Block) -> None:
    match block:
        case Heading():
            _add(paper, block.text, "Heading 2")
        case Paragraph():
            _add(paper, block.text, _TONES[block.tone])
        case Bullets():
            for item in block.items:
                _add(paper, item, "List Bullet")
        case Pairs():
            for name, value in block.items:
                line = _add(paper, f"{name}: ", "Normal")
                line.runs[0].bold = True
                line.add_run(typeset(value))
        case Table():
            _write_table(paper, block)


def _add(paper: Paper, text: str, style: str) -> Any:
    line = paper.add_paragraph(typeset(text))
    if style != "Normal":
        _dress(line, style)
    return line


def _dress(line: Any, style: str) -> None:
    """Give a paragraph its style by its id, which python-docx makes of the name.

    To look it up by its name takes longer than all else that is done for a line.
    """
    _xml(line).style = style.replace(" ", "")


def _write_table(paper: Paper, table: Table) -> None:
    if table.caption:
        _add(paper, table.caption, "Table Caption")
    grid = _empty_grid(paper, table)
    rows = iter(grid.rows)
    if table.groups:
        _write_groups(next(rows), table)
    heads = [column.title for column in table.columns]
    _write_head(next(rows), heads, "Table Head" if _fits(grid, heads) else "Table Head Tight")
    if numbers(table):
        _write_head(next(rows), numbers(table), "Table Number")
    for texts in table.rows:
        _write_row(next(rows), texts, table)
    if not table.rows:
        cells = next(rows).cells
        _put(cells[0].merge(cells[-1]), table.empty, "Table Text", "center")
    _add(paper, "", "Remark")


def _empty_grid(paper: Paper, table: Table) -> Grid:
    """Make the table with its rows, widths and borders, all of it still blank."""
    page = paper.sections[0]
    sides = (page.page_width or 0) - (page.left_margin or 0) - (page.right_margin or 0)
    above = 1 + bool(table.groups) + bool(numbers(table))
    grid: Grid = paper.add_table(
        above + max(len(table.rows), 1), len(table.columns), style="Table Grid"
    )
    grid.autofit = False
    widths = shares(table, sides)
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    margins = _element("w:tblCellMar")
    for side, width in zip(("top", "left", "bottom", "right"), _CELL_MARGINS, strict=True):
        margins.append(_element(f"w:{side}", w=str(width), type="dxa"))
    _xml(grid).tblPr.find(_tag("w:tblLook")).addprevious(margins)
    for n, row in enumerate(grid.rows):
        _set_row(row, widths, repeated=n < above)
    return grid


def _set_row(row: Row, widths: Sequence[int], *, repeated: bool) -> None:
    """Keep the row whole on its page; a heading comes again on each page."""
    properties = _xml(row).get_or_add_trPr()
    properties.append(_element("w:cantSplit"))
    if repeated:
        properties.append(_element("w:tblHeader"))
    for cell, width in zip(row.cells, widths, strict=True):
        cell.width = width  # type: ignore[assignment]


def _fits(grid: Grid, heads: Sequence[str]) -> bool:
    """Whether no word of a heading is torn at the usual size: a bold letter is about 0.6 of it wide."""
    longest = (max(map(len, head.split()), default=0) for head in heads)
    widths = (int(column.width or 0) / 12_700 for column in grid.columns)  # EMU to points
    return all(
        letters * 0.6 * 11 < width - 6 for letters, width in zip(longest, widths, strict=True)
    )


def _write_groups(row: Row, table: Table) -> None:
    cells = row.cells
    for span in spans(table):
        merged = cells[span.columns[0]].merge(cells[span.columns[-1]])
        _put(merged, span.title, "Table Head", "center")


def _write_head(row: Row, texts: Iterable[str], style: str) -> None:
    for cell, text in zip(row.cells, texts, strict=True):
        _put(cell, text, style, "center")


def _write_row(row: Row, texts: Iterable[str], table: Table) -> None:
    for cell, text, column in zip(row.cells, texts, table.columns, strict=True):
        _put(cell, text, "Table Text", column.align)


def _put(cell: Cell, text: str, style: str, align: str) -> None:
    from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
    from docx.enum.text import WD_PARAGRAPH_ALIGNMENT

    for extra in cell.paragraphs[1:]:  # a merge leaves the paragraphs of all its cells
        _xml(cell).remove(_xml(extra))
    line = cell.paragraphs[0]
    _dress(line, style)
    line.add_run(typeset(text))
    line.alignment = WD_PARAGRAPH_ALIGNMENT[align.upper()]
    if style != "Table Text":
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER


# --- the file ------------------------------------------------------------------------------------


def _xml(part: Any) -> Any:
    """Return the element behind a part of the paper; python-docx has no public way to it."""
    return part._element  # noqa: SLF001


def _tag(name: str) -> str:
    from docx.oxml.ns import qn

    return qn(name)


def _element(name: str, **attributes: str) -> Any:
    """Make an element of WordprocessingML; attributes are of its namespace too."""
    from docx.oxml import OxmlElement

    return OxmlElement(name, {_tag(f"w:{key}"): value for key, value in attributes.items()})


def _without_clock(content: bytes) -> bytes:
    """Pack the archive anew without the moments of writing that each of its entries holds."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 0
            new.writestr(entry, old.read(name))
    return packed.getvalue()
