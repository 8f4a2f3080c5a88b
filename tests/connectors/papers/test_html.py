"""HTML mail: well formed, escaped, the same on paper, in Outlook and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from mcur.connectors.papers.html import to_html
from mcur.playbooks.documents import Column, Document, Group, Paragraph, Table

VOID = {"meta", "col", "br"}
Node = tuple[str, dict[str, str | None]]


class Page(HTMLParser):
    """A page as its tags and texts; a tag that is closed in the wrong place fails the test."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[Node] = []
        self.nodes: list[Node] = []
        self.cells: list[tuple[str, str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = (tag, dict(attrs))
        self.nodes.append(node)
        if tag == "br":
            self.handle_data("\n")
        if tag in VOID:
            return
        self.open.append(node)
        if tag in {"td", "th"}:
            self.cells.append((tag, "", node[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if any(tag == "style" for tag, _ in self.open):
            return
        self.texts.append(data)
        parts = [(tag, attrs) for tag, attrs in self.open if tag in {"tr", "td", "th", "span"}]
        if parts and self.cells and parts[-1][1] is self.cells[-1][2]:
            tag, text, attrs = self.cells[-1]
            self.cells[-1] = (tag, text + data, attrs)

    def headings(self) -> list[str]:
        """List the texts of heading cells."""
        return [text for tag, text, _ in self.cells if tag == "th"]

    def values(self) -> list[str]:
        """List the texts of the cells of grids, without headings and column numbers."""
        return [text for tag, text, at in self.cells if tag == "td" and _is_value(at)]

    def count(self, tag: str) -> int:
        """Count the tags of a name."""
        return sum(name == tag for name, _ in self.nodes)


def _is_value(attrs: dict[str, str | None]) -> bool:
    style = attrs.get("style") or ""
    return "border:1px" in style and "padding:2px" not in style


def test_the_page_is_whole_russian_and_loads_nothing(head_report: Document) -> None:
    """Tables and inline styles only: no picture, link, script or address outside."""
    html = to_html(head_report)
    page = Page(html)

    assert html.startswith("<!DOCTYPE html>")
    assert ("html", {"lang": "ru"}) in page.nodes
    assert ("meta", {"charset": "utf-8"}) in page.nodes
    assert not {"img", "a", "script", "link", "form", "iframe"} & {tag for tag, _ in page.nodes}
    assert "http" not in html
    assert "url(" not in html


def test_the_preview_beside_the_subject_is_the_lead(head_report: Document) -> None:
    """The first text of the body is hidden and says what matters."""
    html = to_html(head_report)

    body = html.partition("<body")[2]
    first = re.search(r"<div style=\"display:none[^>]*>(.*?)</div>", body)
    assert first is not None
    assert (
        first[1]
        == "За день закрыто 34 обращения из 41, просрочено 3. Нарушены сроки двух заданий ЦУР."
    )


def test_a_form_with_groups_looks_like_the_paper_form(report_1: Callable[[int], Document]) -> None:
    """Appendix 1: groups over pairs of columns, then headings, then numbers 1-8."""
    page = Page(to_html(report_1(2)))

    assert page.headings() == [
        *("Новые (+5)", "Повторные (+6)", "Отложенные (+10)", "Просроченные (+20)"),
        *(("Проблема", "Принятые меры") * 4),
    ]
    spans = [attrs["colspan"] for tag, attrs in page.nodes if tag == "th" and "colspan" in attrs]
    assert spans == ["2"] * 4
    assert [text for _, text, at in page.cells if "padding:2px" in (at["style"] or "")] == list(
        "12345678"
    )
    assert [at["style"] for tag, at in page.nodes if tag == "col"] == ["width:12.5%"] * 8


@pytest.mark.parametrize("rows", [1, 2, 5, 21])
def test_every_cell_is_written_once(report_1: Callable[[int], Document], rows: int) -> None:
    """Cells come in the order of the table, line breaks and all."""
    doc = report_1(rows)
    table = doc.blocks[1]
    assert isinstance(table, Table)

    page = Page(to_html(doc))

    assert page.values() == [text for row in table.rows for text in row]


def test_an_empty_table_says_so_over_its_whole_width(report_1: Callable[[int], Document]) -> None:
    """The form stays, with one sentence in it."""
    page = Page(to_html(report_1(0)))

    assert page.values() == ["Обращений за сутки не поступало."]
    assert page.cells[-2][2]["colspan"] == "8"
    assert 'class="grid stack"' in to_html(report_1(0))  # on a phone the sentence alone


def test_a_table_of_figures_stays_a_table_on_a_phone() -> None:
    """An executor and three counts have room; a sentence among them has not."""
    columns = tuple(Column(title=t) for t in ("Исполнитель", "В работе", "Закрыто", "Просрочено"))
    figures = Table(columns=columns, rows=(("УК «Звонкий город»", "7", "12", "0"),))
    words = Table(columns=columns, rows=(("УК «Звонкий город»", "7", "ремонт кровли", "0"),))

    assert 'class="grid"' in to_html(Document(blocks=(figures,)))
    assert 'class="grid stack"' in to_html(Document(blocks=(words,)))


def test_a_phone_gets_cards_with_labels(report_1: Callable[[int], Document]) -> None:
    """Each value has a hidden label; lists of their own keep together; blank cells go."""
    html = to_html(report_1(20))

    assert 'class="grid stack lists"' in html
    assert html.count('class="label" style="display:none;mso-hide:all"') == 2 * (20 + 6 + 10 + 14)
    assert html.count('class="void"') == 160 - 100
    assert "Просроченные (+20) · Принятые меры" in html
    assert {int(n) for n in re.findall(r"order:(\d)", html)} == {1, 2, 3, 4}


def test_two_columns_stay_a_table_on_a_phone() -> None:
    """There is room for them, and a card would only be longer."""
    table = Table(columns=(Column(title="Дом"), Column(title="Число")), rows=(("5", "11"),))

    html = to_html(Document(blocks=(table,)))

    assert 'class="grid"' in html
    assert 'class="label"' not in html


def test_a_letter_is_narrow_and_a_form_is_wide(
    executor_letter: Document, report_1: Callable[[int], Document]
) -> None:
    """Outlook reads the width of its own table, others the greatest width."""
    letter, form = to_html(executor_letter), to_html(report_1(1))

    assert '<!--[if mso]><table role="presentation" width="640"' in letter
    assert "max-width:640px" in letter
    assert '<!--[if mso]><table role="presentation" width="100%"' in form
    assert "max-width:1160px" in form


def test_a_mark_cannot_be_overlooked(report_1: Callable[[int], Document]) -> None:
    """«Не проверено» has a colour of its own, in a table cell for Outlook's sake."""
    page = Page(to_html(report_1(1)))

    marks = [(text, at["bgcolor"]) for _, text, at in page.cells if at.get("class") == "mark"]
    assert marks == [("Сформировано автоматически, ответственным не проверено.", "#fff4d6")]


def test_no_word_of_a_citizen_becomes_markup(hostile: Document) -> None:
    """Every value is escaped once and comes back from the page as it was."""
    html = to_html(hostile)
    page = Page(html)

    said = "<script>alert(1)</script> {{ 7*7 }} {% raw %} &amp; \"кавычки\" 'апостроф'"
    assert page.count("script") == 0
    assert page.count("a") == 0
    assert "49" not in re.findall(r"\d+", "".join(page.texts))
    assert "".join(page.texts).count(said) >= 14
    assert page.values()[:3] == [
        said + '\n=HYPERLINK("http://evil.example")]]>',
        "=1+1",
        "@SUM(A1)",
    ]


def test_line_breaks_of_a_citizen_are_kept() -> None:
    """Also those of Windows and of old spreadsheets."""
    html = to_html(Document(blocks=(Paragraph(text="раз\r\nдва\rтри\nчетыре"),)))

    assert "раз<br>два<br>три<br>четыре" in html


def test_a_report_of_twenty_rows_is_not_clipped(report_1: Callable[[int], Document]) -> None:
    """Gmail hides what is beyond 102 kB of a letter."""
    assert len(to_html(report_1(20)).encode()) < 100_000


def test_the_same_document_gives_the_same_page(report_2: Document) -> None:
    """A snapshot rendered again is the same letter."""
    again = Document.model_validate_json(report_2.model_dump_json())

    assert to_html(report_2) == to_html(again)


def test_groups_of_one_column_have_no_label_of_their_own() -> None:
    """A group without a title adds nothing to the label."""
    table = Table(
        columns=tuple(Column(title=title) for title in ("УК", "план", "факт")),
        groups=(Group(title="", span=1), Group(title="Срок", span=2)),
        rows=(("УК «Дом»", "17.11.2026", "18.11.2026"),),
    )

    html = to_html(Document(blocks=(table,)))

    assert 'mso-hide:all">УК</span>УК «Дом»</td>' in html
    assert 'mso-hide:all">Срок · план</span>17.11.2026</td>' in html


@pytest.mark.parametrize(
    ("row", "look"),
    [
        (("1", "Снег", "3,05", "16"), 'class="grid"'),
        (("Не убран снег", *"123456"), 'class="grid stack figures"'),
        (("Не убран снег", "Руза, ул. Мира, 5", "12"), 'class="grid"'),
        (("Не убран снег", "Руза, ул. Мира, 5", "УК «Дом»"), 'class="grid stack"'),
    ],
)
def test_a_phone_shows_a_table_as_it_stands_where_it_has_room(
    row: tuple[str, ...], look: str
) -> None:
    """Few words and short figures stay a table; many figures stand in lines of a card."""
    table = Table(columns=tuple(Column(title=str(n)) for n in range(len(row))), rows=(row,))

    assert look in to_html(Document(blocks=(table,)))
