"""SMTP and silence: only after the letter itself is it open whether the server has it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from mcur.connectors.mail.smtp import SmtpCourier, SmtpShape
from mcur.connectors.ports import OutgoingLetter, Unavailable

LETTER = OutgoingLetter(
    message_id="<one@firm.test>",
    sender=("", "robot@firm.test"),
    to=(("", "head@firm.test"),),
    subject="Отчет 1",
    text="Текст",
    date=datetime(2026, 11, 18, 9, 50, tzinfo=UTC),
)
ANSWERS = {b"EHLO": b"250 firm.test", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"DATA": b"354 go on"}


@contextmanager
def server(**said: bytes) -> Iterator[int]:
    """Answer each command by the table, for one connection; an empty answer hangs up."""
    answers = ANSWERS | {name.encode(): answer for name, answer in said.items()}

    def talk() -> None:
        link, _ = door.accept()
        with link, link.makefile("rb") as lines:
            link.sendall(b"220 firm.test\r\n")
            for line in lines:
                word = b"END" if line == b".\r\n" else line[:4].strip().upper()
                if word in answers and not answers[word]:
                    return
                if word in answers:
                    link.sendall(answers[word] + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=talk)
        thread.start()
        yield door.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        ({"MAIL": b""}, False),
        ({"RCPT": b"452 full"}, False),
        ({"DATA": b"451 later"}, False),
        ({"END": b"451 later"}, False),
        ({"END": b""}, True),
    ],
    ids=["hung up before", "nobody taken", "no to DATA", "no to the letter", "silent after it"],
)
def test_whether_the_server_may_have_the_letter(said: dict[str, bytes], reached: bool) -> None:
    """Else a repeat would not count as one, or would count where it is none."""
    with server(**said) as port:
        courier = SmtpCourier(
            "out", SmtpShape(host="127.0.0.1", port=port, security="none", timeout=5)
        )
        with pytest.raises(Unavailable) as caught:
            courier.send(LETTER)

    assert caught.value.reached is reached
