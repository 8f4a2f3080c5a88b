"""Who wrote a letter, and whether our server has proved it."""

from __future__ import annotations

import pytest

from tests.servers.letters import a_letter, read, word

OURS = "mx.firm.test"


@pytest.mark.parametrize(
    ("raw", "name", "address"),
    [
        (b"Ivanov@Mosreg.RU", "", "ivanov@mosreg.ru"),
        (b'"Ivanov, Petr" <i@m.ru>', "Ivanov, Petr", "i@m.ru"),
        (word("Иванов, Пётр", "koi8-r") + b" <i@m.ru>", "Иванов, Пётр", "i@m.ru"),
        ("Иванов Пётр <i@m.ru>".encode("cp1251"), "Иванов Пётр", "i@m.ru"),
        (b'"' + word("Пётр") + b'" <i@m.ru>', "Пётр", "i@m.ru"),
        (b'"boss@mosreg.ru" <evil@x.ru>', "boss@mosreg.ru", "evil@x.ru"),
        ("Пётр <глава@одинцово.рф>".encode(), "Пётр", "глава@одинцово.рф"),
        (b"<<i@m.ru>", "", "i@m.ru"),
        (b"nobody", "", ""),
    ],
)
def test_the_sender_is_read_however_it_is_written(raw: bytes, name: str, address: str) -> None:
    """Quoted, encoded, raw and broken names."""
    letter = read(a_letter(b"From: " + raw))

    assert (letter.sender_name, letter.sender) == (name, address)


def test_a_letter_without_a_sender_says_so() -> None:
    """Staff see why nobody is named."""
    assert read(a_letter("From: ")).flaws == ("в письме не указан адрес отправителя",)


def test_all_recipients_are_listed() -> None:
    """Copies count: an order goes to several people."""
    letter = read(a_letter("To: A <a@x.ru>, b@x.ru", "Cc: c@x.ru"))

    assert (letter.to, letter.cc) == (("a@x.ru", "b@x.ru"), ("c@x.ru",))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("mx.firm.test; dmarc=pass header.from=mosreg.ru", True),
        ("mx.firm.test 1; dkim=pass (2048-bit; key) header.d=mosreg.ru", True),
        ("MX.firm.test; spf=pass smtp.mailfrom=ivanov@mosreg.ru", True),
        ("mx.firm.test; dkim=fail header.d=x.ru; dkim=pass header.i=@mosreg.ru", True),
        ("mx.firm.test; auth=pass smtp.auth=ivanov@mosreg.ru", True),
        ("mx.firm.test; auth=pass smtp.auth=petrov@mosreg.ru", False),
        ("mx.firm.test; dkim=pass header.d=spam.ru", False),
        ("mx.firm.test; dmarc=fail header.from=mosreg.ru; spf=pass smtp.mailfrom=mosreg.ru", False),
        ("mx.firm.test; spf=softfail smtp.mailfrom=mosreg.ru", False),
        ("mx.firm.test; none", None),
        ("mx.firm.test; spf=none smtp.mailfrom=mosreg.ru; dkim=none", None),
        ("mx.evil.test; dmarc=pass header.from=mosreg.ru", None),
        ("mx.firm.test.evil; dmarc=pass header.from=mosreg.ru", None),
    ],
)
def test_the_word_of_our_own_server_counts(said: str, expected: bool | None) -> None:
    """RFC 8601: only its own header, and only a proof for the domain of From."""
    data = a_letter(f"Authentication-Results: {said}")

    assert read(data, trusted=OURS).authenticated is expected


def test_nothing_is_proved_where_no_server_is_named() -> None:
    """Without a name anybody could have written the header."""
    data = a_letter("Authentication-Results: mx.firm.test; dmarc=pass header.from=mosreg.ru")

    assert read(data).authenticated is None


def test_two_authors_are_no_proved_author() -> None:
    """A second From is how the check of the first is dodged."""
    data = a_letter(
        "From: boss@mosreg.ru",
        "From: evil@x.ru",
        "Authentication-Results: mx.firm.test; dmarc=pass header.from=mosreg.ru",
    )

    letter = read(data, trusted=OURS)

    assert letter.authenticated is False
    assert letter.flaws == ("в поле «От» несколько адресов, взят первый",)
