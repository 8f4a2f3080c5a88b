"""Letters of other people: those of CPython's own tests, and samples of each mail program of Russia.

They are read as the daemon reads them: in a process of their own, with its budget.
"""

from __future__ import annotations

import ast
import os
import random
import sqlite3
import sysconfig
import tomllib
from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.mail.apart import Reader
from mcur.connectors.mail.mime import Unreadable
from mcur.playbooks.facts import Letter
from mcur.playbooks.quotes import strip_quoted
from mcur.state.blobs import BlobStore
from tests.servers.letters import a_raw

LETTERS = Path(__file__).parents[1] / "letters"
SAMPLES: dict[str, dict[str, Any]] = tomllib.loads((LETTERS / "letters.toml").read_text("utf-8"))
CPYTHON = (
    Path("/usr/lib/python3.11/test/test_email"),  # Debian: libpython3.11-testsuite
    Path(sysconfig.get_path("stdlib")) / "test" / "test_email",
)
MUTANTS = 4000


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The daemon's reader with the daemon's budget."""
    made = Reader(BlobStore(tmp_path_factory.mktemp("blobs")).hasty(), None)
    yield made
    made.close()


@pytest.fixture(scope="module")
def cpython() -> Path:
    """The folder of CPython's tests of ``email``."""
    found = next((folder for folder in CPYTHON if (folder / "data").is_dir()), None)
    if found is None:
        why = "libpython3.11-testsuite is not installed; sudo make servers installs it (Debian 12)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)
    return found


def read_all(reader: Reader, letters: Sequence[bytes]) -> list[Letter | Exception]:
    """Read letters one after the other; each must come out, or be refused with its reason."""
    found = list(reader([a_raw(data, uid=str(n)) for n, data in enumerate(letters)]))
    assert len(found) == len(letters)
    for data, one in zip(letters, found, strict=True):
        assert isinstance(one, Letter | Unreadable), f"{one!r} of {data!r}"
        assert "не прочитано" not in str(one), f"{one} of {data!r}"
        if isinstance(one, Letter):
            check(one)
    return found


def check(letter: Letter) -> None:
    """What was read can be kept in a database, and its own words can be told from the quote."""
    texts = [letter.subject, letter.sender, letter.sender_name, letter.text, *letter.to]
    texts += [file.name for file in letter.attachments] + list(strip_quoted(letter.text))
    keeper = sqlite3.connect(":memory:")
    for text in texts:
        assert "\0" not in text
        assert keeper.execute("select ?", [text]).fetchone() == (text,)
    keeper.close()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_clerk_gets_what_a_letter_says(name: str, reader: Reader) -> None:
    """Sender, subject, own words without the quote, names of files, and whether a machine wrote it."""
    told = SAMPLES[name]

    [letter] = read_all(reader, [(LETTERS / f"{name}.eml").read_bytes()])

    assert isinstance(letter, Letter)
    own, quoted = strip_quoted(letter.text)
    assert f"{letter.sender_name} <{letter.sender}>".strip() == told["from"]
    assert letter.subject == told["subject"]
    assert own == told["own"]
    assert told.get("quoted", "") in quoted
    assert [file.name for file in letter.attachments] == told.get("files", [])
    assert letter.auto == told.get("auto", False)
    assert bool(letter.flaws) == told.get("flaws", False)


def test_every_sample_is_judged() -> None:
    """A letter without its table would prove nothing."""
    assert sorted(path.stem for path in LETTERS.glob("*.eml")) == sorted(SAMPLES)


def test_the_letters_of_cpython_are_read(cpython: Path, reader: Reader) -> None:
    """Nobody here wrote them; the author is whom the standard library finds."""
    letters = [path.read_bytes() for path in sorted((cpython / "data").glob("*.txt"))]
    assert len(letters) > 40

    found = read_all(reader, letters)

    for data, letter in zip(letters, found, strict=True):
        address = parseaddr(str(message_from_bytes(data)["from"] or ""))[1].lower()
        if isinstance(letter, Letter) and "@" in address:
            assert letter.sender == address


def test_all_that_cpython_tries_on_its_own_parser_is_read(cpython: Path, reader: Reader) -> None:
    """Each text in the code of its tests that could be a letter, and what is in the folder besides."""
    texts = [text for path in sorted(cpython.glob("*.py")) for text in _literals(path)]
    files = [path.read_bytes() for path in sorted((cpython / "data").iterdir()) if path.is_file()]
    assert len(texts) > 500

    read_all(reader, [*texts, *files])


def _literals(path: Path) -> Iterator[bytes]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            value = node.value
            data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
            if b"\n" in data and data.strip():
                yield data


def test_damaged_letters_are_read_or_refused(reader: Reader) -> None:
    """Samples that were cut, flipped, doubled, mixed, wrapped and told to be of another charset."""
    chance = random.Random(20261120)
    whole = [path.read_bytes() for path in sorted(LETTERS.glob("*.eml"))]

    read_all(reader, [mutant(chance, whole) for _ in range(MUTANTS)])


def mutant(chance: random.Random, whole: Sequence[bytes]) -> bytes:
    """Damage a letter a few times."""
    data = chance.choice(whole)
    for _ in range(chance.randint(1, 5)):
        data = chance.choice(DAMAGES)(chance, data, chance.choice(whole))
    return data


def _cut(chance: random.Random, data: bytes, _: bytes) -> bytes:
    start, end = sorted(chance.randint(0, len(data)) for _ in range(2))
    return chance.choice([data[:end], data[start:], data[:start] + data[end:]])


def _flip(chance: random.Random, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _n in range(chance.randint(1, 30) if data else 0):
        changed[chance.randrange(len(data))] = chance.choice(
            b"\x00\r\n\t \"'();:<>=?*%-\xff\xd0\x1bA"
        )
    return bytes(changed)


def _mix(chance: random.Random, data: bytes, other: bytes) -> bytes:
    at, start = chance.randint(0, len(data)), chance.randint(0, len(other))
    return data[:at] + other[start : start + chance.randint(0, 2000)] + data[at:]


def _relabel(chance: random.Random, data: bytes, _: bytes) -> bytes:
    names = b"utf-8 koi8-r windows-1251 utf-16 utf-32 utf-7 iso-2022-jp hz big5 cp65001 x-user-defined \xff"
    other = chance.choice(names.split())
    for name in (b"utf-8", b"UTF-8", b"koi8-r", b"windows-1251", b"base64", b"quoted-printable"):
        data = data.replace(name, other, chance.randint(0, 2))
    return data


def _wrap(chance: random.Random, data: bytes, _: bytes) -> bytes:
    for n in range(chance.choice([1, 3, 30])):
        kind = chance.choice([b"message/rfc822", b"multipart/mixed; boundary=B%d" % n])
        data = b"Content-Type: %s\n\n--B%d\n\n%s\n--B%d--\n" % (kind, n, data, n)
    return data


def _repeat(chance: random.Random, data: bytes, _: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    at = chance.randrange(len(lines)) if lines else 0
    return b"".join([*lines[:at], *lines[at : at + 3] * chance.choice([2, 50]), *lines[at:]])


DAMAGES: list[Callable[[random.Random, bytes, bytes], bytes]] = [
    _cut,
    _flip,
    _mix,
    _relabel,
    _wrap,
    _repeat,
]
