"""winmail.dat: the text and the files that Outlook wrapped."""

from __future__ import annotations

import base64
import random
import struct

import pytest

from mcur.connectors.mail.tnef import SIGNATURE, unwrap
from tests.servers.letters import Blobs, read


def attribute(name: int, value: bytes, level: int = 2) -> bytes:
    """Write an attribute with its checksum."""
    return (
        struct.pack("<BII", level, name, len(value))
        + value
        + struct.pack("<H", sum(value) & 0xFFFF)
    )


def prop(number: int, kind: int, value: bytes) -> bytes:
    """Write a MAPI property of variable length."""
    padding = b"\0" * (-len(value) % 4)
    return struct.pack("<HHII", kind, number, 1, len(value)) + value + padding


def properties(*parts: bytes) -> bytes:
    """Write a list of properties, among them one with a name and one of fixed length."""
    named = (
        struct.pack("<HH", 0x1F, 0x8001) + b"\0" * 16 + struct.pack("<II", 1, 6) + b"a\0b\0\0\0\0\0"
    )
    named += struct.pack("<II", 1, 4) + b"x\0\0\0"
    numbered = struct.pack("<HH", 3, 0x8002) + b"\0" * 16 + struct.pack("<III", 0, 7, 9)
    fixed = struct.pack("<HHi", 3, 0x3705, 1)
    many = struct.pack("<HHIII", 0x1003, 0x6000, 2, 1, 2)
    return struct.pack("<I", len(parts) + 4) + b"".join([named, numbered, fixed, many, *parts])


def wide(text: str) -> bytes:
    """Write text as Outlook keeps it."""
    return (text + "\0").encode("utf-16-le")


NAME = "Акт выполненных работ № 12.docx"
PHOTO = random.Random(1).randbytes(5000)
WINMAIL = (
    struct.pack("<IH", SIGNATURE, 1)
    + attribute(0x00089006, struct.pack("<I", 0x10000), 1)
    + attribute(0x00069003, properties(prop(0x1000, 0x1F, wide("Выполнено, акт приложен."))), 1)
    + attribute(0x00069002, b"\0" * 14)
    + attribute(0x00018010, "АКТ~1.DOC\0".encode("cp1251"))
    + attribute(0x0006800F, b"PK\x03\x04docx")
    + attribute(0x00069005, properties(prop(0x3707, 0x1F, wide(NAME))))
    + attribute(0x00069002, b"\0" * 14)
    + attribute(0x00018010, "фото.jpg\0".encode("cp1251"))
    + attribute(0x0006800F, PHOTO)
)


def test_files_and_text_are_unwrapped() -> None:
    """With the long names, in their order."""
    found = unwrap(WINMAIL)

    assert found.text == "Выполнено, акт приложен."
    assert [(f.name, f.content) for f in found.files] == [
        (NAME, b"PK\x03\x04docx"), ("фото.jpg", PHOTO),
    ]  # fmt: skip


def a_letter(winmail: bytes, text: str = "") -> bytes:
    """Write a letter that carries a winmail.dat."""
    return (
        "From: uk@firm.test\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--b\n"
        "Content-Type: application/ms-tnef; name=winmail.dat\n"
        "Content-Disposition: attachment; filename=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        f"{base64.encodebytes(winmail).decode()}--b--\n"
    ).encode()


def test_a_letter_shows_what_was_wrapped() -> None:
    """The files as its own, the text where it has none; nothing is said to be missing."""
    blobs = Blobs()
    letter = read(a_letter(WINMAIL), blobs)

    assert letter.text == "Выполнено, акт приложен."
    assert [(a.name, blobs[a.digest]) for a in letter.attachments] == [
        (NAME, b"PK\x03\x04docx"), ("фото.jpg", PHOTO),
    ]  # fmt: skip
    assert letter.flaws == ()


def test_the_text_of_the_letter_itself_wins() -> None:
    """Outlook writes it twice."""
    assert read(a_letter(WINMAIL, "Готово")).text == "Готово"


@pytest.mark.parametrize(
    "broken",
    [b"", b"PK", WINMAIL[:40], WINMAIL[:-30], WINMAIL[:6] + b"\xff" * 40,
     struct.pack("<IH", SIGNATURE, 1) + attribute(0x00069003, b"\xff" * 64, 1)],
)  # fmt: skip
def test_a_damaged_one_is_kept_as_it_is(broken: bytes) -> None:
    """And the letter says that it was not opened."""
    letter = read(a_letter(broken))

    assert [a.name for a in letter.attachments] == ["winmail.dat"]
    assert any("Outlook" in flaw or "пустое" in flaw for flaw in letter.flaws)


def test_any_bytes_end_soon() -> None:
    """As files or as one error."""
    dice = random.Random(4)
    for _ in range(300):
        data = bytearray(WINMAIL)
        for _ in range(dice.randrange(1, 20)):
            data[dice.randrange(6, len(data))] = dice.randrange(256)
        try:
            unwrap(bytes(data))
        except ValueError:
            continue
