"""Whatever the bytes are, a letter comes out or a reason, and nothing else."""

from __future__ import annotations

import sqlite3

from hypothesis import given, settings, strategies as st

from mcur.connectors.mail.mime import Unreadable
from mcur.playbooks.quotes import strip_quoted
from tests.servers.letters import TEXT, a_file, a_letter, a_multipart, a_part, a_text, read, word

SEEDS = [
    a_text(TEXT, "koi8-r", "8bit"),
    a_text(TEXT, "utf-8", "base64"),
    a_multipart(
        a_part(b"<p>\xd0\xb4</p>", "Content-Type: text/html; charset=utf-8"),
        a_file(b"; filename*0*=utf-8''%D0; filename*1*=%B4.xls"),
        a_part(a_text(TEXT, "cp1251", "quoted-printable"), "Content-Type: message/rfc822"),
    ),
    a_letter(b"From: " + word("И") + b' "x\\" (c(d)) <a@b>, c@d', "Authentication-Results: m; a=b"),
]
SPICES = [b"\r\n", b"\r", b"\0", b"--B0", b"=?utf-8?B?", b"?=", b'"', b";", b"*0*=", b"\xff", b"%"]
SPICES += [b"=", b"<", b"(", b"\r\n ", b"Content-Type: multipart/mixed; boundary=B0\r\n\r\n", b":"]


def check(data: bytes) -> None:
    """A letter that was not refused can be kept: no text of it breaks a database."""
    try:
        letter = read(data, trusted="m")
    except Unreadable:
        return
    texts = [
        letter.subject,
        letter.text,
        letter.sender,
        letter.sender_name,
        letter.message_id or "",
    ]
    texts += [file.name for file in letter.attachments] + [*letter.to, *letter.references]
    with sqlite3.connect(":memory:") as keeper:
        for text in texts:
            assert "\0" not in text
            assert keeper.execute("select ?", [text]).fetchone() == (text,)
    keeper.close()
    strip_quoted(letter.text)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=3000))
def test_random_bytes_are_no_danger(data: bytes) -> None:
    """Noise is a letter of noise."""
    check(data)


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_mutated_letters_are_no_danger(choice: st.DataObject) -> None:
    """Real letters with pieces cut out, doubled and put in."""
    data = choice.draw(st.sampled_from(SEEDS))
    for _ in range(choice.draw(st.integers(1, 6))):
        at = choice.draw(st.integers(0, len(data)))
        spice = choice.draw(st.sampled_from(SPICES) | st.binary(max_size=4))
        gone = choice.draw(st.integers(0, 30))
        data = data[:at] + spice * choice.draw(st.integers(1, 3)) + data[at + gone :]

    check(data)
