"""Documents in Redmine's markup: what people said stays what they said."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, strategies as st

from mcur.connectors.redmine.markup import escape, unescape, write
from mcur.connectors.redmine.shape import Markup
from mcur.playbooks.documents import (
    Bullets,
    Column,
    Document,
    Group,
    Heading,
    Pairs,
    Paragraph,
    Table,
    plain,
)
from tests.servers.redmine import RedmineServer, Staff

FORM = Table(
    columns=(Column(title="№", number="1", align="right"), Column(title="Адрес", number="2")),
    groups=(Group(title="Новые (+5)", span=2),),
    rows=(("1", "Солнцева, 5\nкв. 7"),),
    caption="Перечень",
)


def test_textile_has_every_kind_of_block() -> None:
    """A title, a warning, names and values, a list, a form with a group over its columns."""
    document = Document(
        title="План",
        lead=("Главное",),
        blocks=(
            Paragraph(text="Срок истёк", tone="mark"),
            Pairs(items=(("Адрес", "Солнцева, 5"),)),
            Bullets(items=("раз", "два")),
            Heading(text="Таблица"),
            FORM,
        ),
        footer=("Пункт 2.1.1",),
    )

    assert write(document, "textile").split("\n\n") == [
        "h2. План",
        "*Главное*",
        "*Срок истёк*",
        "*Адрес:* Солнцева, 5",
        "* раз\n* два",
        "h3. Таблица",
        "*Перечень*",
        "|_\\2. Новые (&#43;5) |\n|_. № |_. Адрес |\n|=. 1 |=. 2 |\n|>. 1 |Солнцева, 5\nкв. 7 |",
        "_Пункт 2.1.1_",
    ]


def test_markdown_has_tables_too() -> None:
    """Without cells over several columns."""
    assert write(Document(blocks=(FORM,)), "markdown").split("\n\n") == [
        "**Перечень**",
        "| Новые (+5): № | Адрес |\n| --: | --- |\n| 1 | 2 |\n| 1 | Солнцева, 5 <br>кв. 7 |",
    ]


@pytest.mark.parametrize("markup", ["textile", "markdown"])
def test_a_table_without_rows_says_so(markup: Markup) -> None:
    """In one row."""
    empty = Table(columns=(Column(title="а"), Column(title="б")), rows=(), empty="обращений нет")

    assert "обращений нет" in write(Document(blocks=(empty,)), markup)


WILD = """*жирно* _курсив_ +вставка+ ^верх^ ~низ~ %цвет% -снято- @код@ ??цитата?? **два** `код`
"ссылка":http://x.y !http://x.y/z.png! [текст](http://x.y) ![вид](http://x.y/z.png)
{{toc}} {{include(Вики)}} [[Вики]] #1 @ivanov [1] user:ivanov#1
h1. Заголовок
# Заголовок
p. абзац
bq. цитата
* раз
- два
1. три
---
> цитата
<script>alert(1)</script> <b>жирно</b> &copy; &#42; ==как есть== ~~нет~~
ABC(hidden) | ячейка | \\* \\
|_. а | б |
|---|---|"""


@pytest.mark.server
@pytest.mark.parametrize("formatting", ["textile", "markdown", "common_mark"])
def test_what_a_citizen_typed_is_shown_as_it_was_typed(
    redmine_server: RedmineServer, formatting: str
) -> None:
    """A real Redmine makes no markup of it, no macro, no mention and no link to an issue."""
    redmine_server.reset("bare")
    redmine_server.setting("text_formatting", formatting)
    markup: Markup = "textile" if formatting == "textile" else "markdown"
    staff = Staff(redmine_server)
    ident = staff.make("Жалоба", description=write(plain(WILD), markup))

    shown = staff.description(ident)

    assert set(re.findall(r"<(\w+)", shown)) <= {"p", "br", "a"}
    links = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', shown)
    assert {href.rstrip("/") for href, _ in links} <= {"http://x.y", "http://x.y/z.png"}, links
    words = html.unescape(re.sub(r"<[^>]+>", "", shown.replace("<br", " <br")))
    words = words.replace("\u2060", "")
    assert words.split() == WILD.split()


@pytest.mark.server
@pytest.mark.parametrize("formatting", ["textile", "markdown", "common_mark"])
def test_a_form_is_shown_as_a_table(redmine_server: RedmineServer, formatting: str) -> None:
    """Headings, bold names, a list, cells that keep odd characters."""
    redmine_server.reset("bare")
    redmine_server.setting("text_formatting", formatting)
    markup: Markup = "textile" if formatting == "textile" else "markdown"
    table = Table(columns=(Column(title="№"), Column(title="Что|где")), rows=(("1", "а|б *в*"),))
    document = Document(
        title="План",
        blocks=(Pairs(items=(("Адрес", "д. *5*"),)), Bullets(items=("раз",)), FORM, table),
    )
    staff = Staff(redmine_server)

    shown = staff.description(staff.make("План", description=write(document, markup)))

    assert len(re.findall("<table", shown)) == 2
    for tag in ("<h2", "<strong>Адрес:</strong> д. ", "<li", "<th", "<td"):
        assert tag in shown
    words = html.unescape(re.sub(r"<[^>]+>", " ", shown))
    assert "а|б *в*" in words
    assert "Что|где" in words


def test_plain_russian_stays_readable_in_the_edit_box() -> None:
    """What need not be escaped is not."""
    text = "Дом 5-а, кв. 7 - холодно! «УК №3» (тел. 8-495-123). Помогите!!! 50 % 12:30"

    assert escape(text, "textile") == text
    assert escape(text, "markdown") == text


@pytest.mark.parametrize("markup", ["textile", "markdown"])
@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2060")))
def test_no_text_is_lost_by_escaping(markup: Markup, text: str) -> None:
    """Whatever a letter holds comes back."""
    assert unescape(escape(text, markup), markup) == text


@pytest.mark.parametrize("markup", ["textile", "markdown"])
def test_control_characters_are_dropped_and_line_breaks_kept(markup: Markup) -> None:
    """A NUL ends a text in some databases."""
    assert write(plain("раз\x00\x07\r\nдва"), markup) == "раз\nдва"


@pytest.mark.parametrize("kind", ["textile", "markdown"])
def test_an_address_of_an_issue_here_is_a_link_by_number(kind: Markup) -> None:
    """Of this Redmine only, and of nothing but issues."""
    here, there = "https://redmine.example/issues/812", "https://other.example/issues/812"
    text = write(plain(f"задача {here}, ещё {there}, {here}x"), kind, "https://redmine.example")

    assert text == f"задача #812, ещё {there}, {here}x"
