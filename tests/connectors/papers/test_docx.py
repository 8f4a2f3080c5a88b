"""DOCX: the paper form, the same bytes for the same snapshot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import docx
import pytest
from docx.document import Document as Paper
from docx.oxml.ns import qn
from docx.shared import Mm

from mcur.connectors.papers.docx import to_docx
from mcur.playbooks.documents import Document, Table

AT = datetime(2026, 11, 18, 6, 50, tzinfo=UTC)


def written(doc: Document) -> Paper:
    """Write a document and read it back."""
    return docx.Document(io.BytesIO(to_docx(doc, AT)))


def texts(paper: Paper) -> list[list[str]]:
    """Return the first table as texts, a merged cell once for each column it covers."""
    return [[cell.text for cell in row.cells] for row in paper.tables[0].rows]


def millimetres(*lengths: int | None) -> list[int]:
    """Round lengths of the file to what a ruler shows."""
    return [round((length or 0) / Mm(1)) for length in lengths]


def test_a_form_with_groups_looks_like_the_paper_form(report_1: Callable[[int], Document]) -> None:
    """Groups are merged over pairs of columns; headings and numbers come under them."""
    paper = written(report_1(2))

    rows = texts(paper)
    assert rows[0][::2] == [
        "Новые (+5)",
        "Повторные (+6)",
        "Отложенные (+10)",
        "Просроченные (+20)",
    ]
    assert rows[0][::2] == rows[0][1::2]
    assert [tc.grid_span for tc in paper.tables[0].rows[0]._tr.tc_lst] == [2, 2, 2, 2]
    assert rows[1] == ["Проблема", "Принятые меры"] * 4
    assert rows[2] == list("12345678")


@pytest.mark.parametrize("rows", [1, 2, 5, 21])
def test_every_cell_is_written_once(report_1: Callable[[int], Document], rows: int) -> None:
    """Cells come in the order of the table, line breaks and all."""
    doc = report_1(rows)
    table = doc.blocks[1]
    assert isinstance(table, Table)

    assert texts(written(doc))[3:] == [list(row) for row in table.rows]


def test_an_empty_table_says_so_over_its_whole_width(empty_report: Document) -> None:
    """The form stays, with one sentence in it."""
    paper = written(empty_report)

    assert texts(paper)[1] == ["Проблемных вопросов нет."] * 3
    assert [tc.grid_span for tc in paper.tables[0].rows[1]._tr.tc_lst] == [3]


def test_headings_come_again_on_each_page_and_rows_stay_whole(
    report_1: Callable[[int], Document],
) -> None:
    """The three rows of the head repeat; no row is torn by the end of a page."""
    rows = written(report_1(20)).tables[0].rows

    repeated = [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in rows]
    whole = [row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in rows]
    assert repeated == [True] * 3 + [False] * 20
    assert whole == [True] * 23


def test_the_page_is_a4_as_the_document_asks(
    report_1: Callable[[int], Document], head_report: Document
) -> None:
    """Eight columns lie, a report of the day stands; the margins are those of the GOST."""
    wide, upright = written(report_1(1)).sections[0], written(head_report).sections[0]

    assert millimetres(wide.page_width, wide.page_height) == [297, 210]
    assert millimetres(upright.page_width, upright.page_height) == [210, 297]
    assert millimetres(upright.left_margin, upright.right_margin) == [20, 10]


def test_columns_share_the_page_by_weight(executor_letter: Document) -> None:
    """Weights 2, 3, 5, 2 of 180 mm."""
    widths = [column.width for column in written(executor_letter).tables[0].columns]

    assert millimetres(*widths) == [30, 45, 75, 30]


def test_the_text_is_russian_times_of_the_right_size(report_2: Document) -> None:
    """12 points in the text, 11 in the table, and Word is told the language."""
    paper = written(report_2)

    sizes = {name: paper.styles[name].font.size.pt for name in ("Normal", "Title", "Table Text")}
    assert sizes == {"Normal": 12, "Title": 12, "Table Text": 11}
    assert paper.styles["Title"].font.name == "Times New Roman"
    assert paper.styles.element.find(f".//{qn('w:lang')}").get(qn("w:val")) == "ru-RU"
    assert paper.paragraphs[0].text == "Отчет 2"
    assert paper.paragraphs[0].style is not None
    assert paper.paragraphs[0].style.name == "Title"


def test_a_mark_stands_in_a_box(report_1: Callable[[int], Document]) -> None:
    """It must be seen on a black and white print."""
    paper = written(report_1(1))

    marks = [p.text for p in paper.paragraphs if p.style is not None and p.style.name == "Mark"]
    assert marks == ["Сформировано автоматически, ответственным не проверено."]
    assert len(paper.styles["Mark"].element.find(f".//{qn('w:pBdr')}")) == 4


def test_the_basis_never_stands_alone_on_a_page(report_1: Callable[[int], Document]) -> None:
    """It goes with the last row of the table before it."""
    whole = report_1(21)
    doc = whole.model_copy(update={"blocks": whole.blocks[:2]})  # it ends with its table

    paper = written(doc)

    rows = [
        [line for cell in row.cells for line in cell.paragraphs] for row in paper.tables[0].rows
    ]
    kept = [all(line.paragraph_format.keep_with_next for line in lines) for lines in rows[-2:]]
    assert doc.footer
    assert kept == [False, True]
    assert paper.paragraphs[-1 - len(doc.footer)].paragraph_format.keep_with_next


def test_pages_are_numbered(head_report: Document) -> None:
    """«стр. 1 из 3», counted by the program that opens the paper."""
    foot = written(head_report).sections[0].footer.paragraphs[0]

    fields = [field.get(qn("w:instr")) for field in foot._p.iter(qn("w:fldSimple"))]
    assert fields == ["PAGE", "NUMPAGES"]
    assert foot.text.startswith("стр. ")


def test_the_properties_name_the_paper_and_its_stamp(report_2: Document) -> None:
    """No clock of the machine and no template's author is left."""
    properties = written(report_2).core_properties

    assert properties.title == "Отчет 2"
    assert properties.author == properties.last_modified_by == "mcur"
    assert properties.created == properties.modified == AT
    assert properties.comments == ""


def test_the_same_snapshot_gives_the_same_bytes(report_2: Document) -> None:
    """Only another stamp or another content makes another file."""
    first = to_docx(report_2, AT)

    assert to_docx(Document.model_validate_json(report_2.model_dump_json()), AT) == first
    assert to_docx(report_2, AT + timedelta(seconds=1)) != first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist()[0] == "[Content_Types].xml"


def test_no_word_of_a_citizen_breaks_the_paper(hostile: Document) -> None:
    """Markup stays text, and characters that XML has no place for are gone."""
    paper = written(hostile)

    said = (
        "<script>alert(1)</script> {{ 7*7 }} {% raw %} &amp; \"кавычки\" 'апостроф'\n"
        '=HYPERLINK("http://evil.example")]]>'
    )
    assert paper.paragraphs[0].text == said
    assert texts(paper)[3] == [said, "=1+1", "@SUM(A1)"]


def test_every_kind_of_block_is_written(head_report: Document) -> None:
    """Headings, bullets, pairs and the closing lines have styles of their own."""
    lines = [(p.style.name, p.text) for p in written(head_report).paragraphs if p.style is not None]

    assert ("Heading 2", "Обращения") in lines
    assert ("Table Caption", "Движение за день") in lines
    assert ("List Bullet", "№ 815 «Навал мусора, ул. Ленина, 18» – выполнено 17.11 15:20") in lines
    assert ("Normal", "Замещает: нет") in lines
    assert lines[-1] == (
        "Closing",
        "Основание: п. 4.5 регламента, постановление от 13.05.2020 № 1204",
    )
