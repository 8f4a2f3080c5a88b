"""Delimited text: encodings, delimiters, quotation marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcur.connectors.ports import Rejected
from tests.connectors.feeds.making import delimited, read

ROWS = [
    ("Номер обращения", "Дата создания", "Текст"),
    ("1", "17.11.2026 09:30", "Нет воды, «совсем»; ждём\nвторой день"),
    ("2", "17.11.2026 09:31", "Ёлка упала"),
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
def test_encoding_and_delimiter_are_found(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """UTF-8 with a mark or without, Windows-1251; comma, semicolon, tab; texts of two lines."""
    content = delimited(ROWS, delimiter).encode(encoding)

    export = read(tmp_path, "export.csv", content)

    assert [a.text for a in export.appeals] == [ROWS[1][2], ROWS[2][2]]
    assert export.bad == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_wide_encodings_are_refused_with_a_sentence(tmp_path: Path, encoding: str) -> None:
    """The sentence says which encodings are taken."""
    content = delimited(ROWS).encode(encoding)

    with pytest.raises(Rejected, match=r"export\.csv: the file is in UTF-16.*CSV UTF-8.*1251"):
        read(tmp_path, "export.csv", content)


def test_a_broken_byte_does_not_turn_utf8_into_another_encoding(tmp_path: Path) -> None:
    """A letter cut in two costs itself, not the whole file."""
    content = delimited(ROWS).encode().replace("Ёлка".encode(), "Ёлк".encode() + b"\xd0")

    export = read(tmp_path, "export.csv", content)

    assert export.appeals[1].text == "Ёлк\ufffd упала"


def test_the_feed_may_name_its_encoding_and_delimiter(tmp_path: Path) -> None:
    """What nobody would guess is said in the settings."""
    content = delimited(ROWS, "|").encode("koi8-r", errors="replace")

    export = read(tmp_path, "export.csv", content, encoding="koi8-r", delimiter="|")

    assert len(export.appeals) == 2


def test_text_in_another_encoding_than_the_feed_names_is_refused(tmp_path: Path) -> None:
    """A named encoding is not second-guessed."""
    with pytest.raises(Rejected, match="is not text in utf-8"):
        read(tmp_path, "export.csv", delimited(ROWS).encode("cp1251"), encoding="utf-8")


def test_marks_that_were_not_doubled_cost_nothing(tmp_path: Path) -> None:
    """«ООО "Ромашка"» inside a quoted cell is a mistake that many exporters make."""
    text = 'number;received_at;executor;text\n1;17.11.2026;"ООО "Ромашка"";"a"\n2;17.11.2026;УК;b\n'

    export = read(tmp_path, "export.csv", text)

    assert [a.number for a in export.appeals] == ["1", "2"]
    assert "Ромашка" in (export.appeals[0].executor or "")
    assert export.bad == ()


def test_a_mark_that_nobody_closed_costs_one_row(tmp_path: Path) -> None:
    """It would swallow the rest of the file otherwise."""
    rows = [f"{n};17.11.2026;текст" for n in range(2, 2_000)]
    text = "\n".join(["number;received_at;text", '1;17.11.2026;"не закрыта', *rows])

    export = read(tmp_path, "export.csv", text)

    assert len(export.appeals) == 1_998
    assert [(b.line, b.reason) for b in export.bad] == [(2, "a quotation mark is not closed")]


def test_a_row_with_more_cells_than_headings_goes_to_quarantine(tmp_path: Path) -> None:
    """A delimiter inside a text has shifted its cells."""
    text = "number,received_at,text\n1,17.11.2026,нет воды, света\n2,17.11.2026,ok,,\n"

    export = read(tmp_path, "export.csv", text)

    assert [a.number for a in export.appeals] == ["2"]
    assert export.bad[0].line == 2
    assert "4 cells under 3 headings" in export.bad[0].reason


def test_lines_are_counted_as_in_an_editor(tmp_path: Path) -> None:
    """A cell of two lines moves the numbers of the rows below it."""
    text = 'number,received_at,text\n1,17.11.2026,"a\nb"\n\n,17.11.2026,c\n'

    export = read(tmp_path, "export.csv", text)

    assert [(b.line, b.reason) for b in export.bad] == [(5, "has no number")]
    assert export.bad[0].raw == " | 17.11.2026 | c"


def test_a_cell_beyond_all_measure_is_cut_or_quarantined(tmp_path: Path) -> None:
    """Long texts are cut; a cell of a megabyte is no text, and the rows after it are read."""
    text = (
        "number,received_at,text\n"
        f"1,17.11.2026,{'ы' * 40_000}\n2,17.11.2026,{'ы' * 1_000_000}\n3,17.11.2026,c\n"
    )

    export = read(tmp_path, "export.csv", text)

    assert [a.number for a in export.appeals] == ["1", "3"]
    assert len(export.appeals[0].text or "") == 32_000
    assert [b.line for b in export.bad] == [3]
