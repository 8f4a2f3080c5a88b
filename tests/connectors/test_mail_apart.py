"""Letters are read in a process of their own: what goes wrong there costs one letter."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcur.connectors.mail.apart import ParserFault, Reader
from mcur.connectors.mail.mime import Unreadable, parse
from mcur.connectors.ports import RawLetter
from mcur.playbooks.facts import Letter
from mcur.state.blobs import BlobStore
from tests.servers.letters import a_raw
from tests.servers.strange_blobs import StrangeBlobs

GOOD = "From: a@b.test\nSubject: Задание\nX-Do: {do}\n\nТекст\n"


def bytes_of(do: str = "nothing") -> bytes:
    """Write a letter that says what shall be done while it is read."""
    return GOOD.format(do=do).encode()


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """A reader with a short patience."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    made = Reader(StrangeBlobs(BlobStore(tmp_path)), None, seconds=5)
    yield made
    made.close()


def read(reader: Reader, raw: RawLetter) -> Letter:
    """Read one letter."""
    [found] = reader([raw])
    if isinstance(found, Exception):
        raise found
    return found


def test_a_letter_is_read_as_it_would_be_here(reader: Reader, tmp_path: Path) -> None:
    """The same letter, its bytes among the same blobs."""
    raw = a_raw(bytes_of())
    there = read(reader, raw)

    assert there == parse(raw, BlobStore(tmp_path / "here"))
    assert BlobStore(tmp_path).get(there.raw) == bytes_of()


WRONG = {
    "it takes too long": ("sleep", Unreadable, "не прочитано за 5 с"),
    "it takes too much": ("memory", Unreadable, "не хватило памяти"),
    "the process dies": ("die", Unreadable, "не хватило памяти"),
    "the parser trips": ("raise", ParserFault, "LookupError: tripped"),
}


@pytest.mark.parametrize(("do", "error", "words"), WRONG.values(), ids=WRONG.keys())
def test_what_goes_wrong_costs_one_letter(
    reader: Reader, do: str, error: type[Exception], words: str
) -> None:
    """It is said of that letter, and the next one is read."""
    before = read(reader, a_raw(bytes_of()))
    with pytest.raises(error, match=words):
        read(reader, a_raw(bytes_of(do)))

    assert read(reader, a_raw(bytes_of())) == before


def test_what_is_no_letter_is_said(reader: Reader) -> None:
    """As the parser says it."""
    with pytest.raises(Unreadable, match="пустое"):
        read(reader, a_raw(b"\n \n"))


def test_a_closed_reader_begins_anew(reader: Reader) -> None:
    """Closing twice is closing once; nothing is left running."""
    read(reader, a_raw(bytes_of()))
    process = reader._process
    reader.close()
    reader.close()

    assert process is not None
    assert process.poll() is not None
    assert read(reader, a_raw(bytes_of())).subject == "Задание"


def test_after_many_letters_a_new_process_reads(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a library forgets to give back is given back."""
    monkeypatch.setattr("mcur.connectors.mail.apart.LETTERS", 2)
    seen = set()
    for _ in range(5):
        read(reader, a_raw(bytes_of()))
        seen.add(reader._process.pid if reader._process else 0)

    assert len(seen) == 3


def test_letters_keep_their_order_and_places_whatever_is_among_them(reader: Reader) -> None:
    """Large and small, sent ahead of their answers; after one that costs the process the rest is read."""
    kinds = ["nothing", "die", "nothing", "raise", "nothing", "memory", "nothing"] * 3
    raws = [a_raw(bytes_of(do) + b"x" * 300_000 * (n % 3)) for n, do in enumerate(kinds)]

    found = list(reader(raws))

    good = [raw for raw, do in zip(raws, kinds, strict=True) if do == "nothing"]
    digests = [one.raw for one in found if isinstance(one, Letter)]
    assert [isinstance(one, Letter) for one in found] == [do == "nothing" for do in kinds]
    assert digests == [hashlib.sha256(raw.raw or b"").hexdigest() for raw in good]


def test_one_process_reads_batch_after_batch(reader: Reader) -> None:
    """It is begun once: that takes half a second."""
    seen = set()
    for _ in range(30):
        list(reader([a_raw(bytes_of())] * 3))
        seen.add(reader._process.pid if reader._process else 0)

    assert len(seen) == 1


def test_who_looks_no_further_leaves_nothing_running(reader: Reader) -> None:
    """What was sent ahead is nobody's any more."""
    raws = [a_raw(bytes_of() + b"x" * 1_000_000) for _ in range(5)]
    begun = reader(raws)
    next(begun)
    begun.close()

    assert read(reader, raws[0]).subject == "Задание"
