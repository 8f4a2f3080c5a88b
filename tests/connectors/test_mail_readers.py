"""Several processes read a full mailbox side by side; what comes out is as if it had been one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mcur.connectors.mail.apart import ParserFault, Reader
from mcur.connectors.mail.mime import Unreadable
from mcur.connectors.mail.readers import MANY, Readers
from mcur.playbooks.facts import Letter
from mcur.state.blobs import BlobStore
from tests.servers.letters import a_raw
from tests.servers.strange_blobs import StrangeBlobs

LETTER = "From: a@b.test\nSubject: {n}\nX-Do: {do}\n\nТекст\n"


@pytest.fixture
def readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Readers]:
    """Three processes at most, with a short patience."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    made = Readers(partial(Reader, StrangeBlobs(BlobStore(tmp_path)), None, seconds=5), most=3)
    yield made
    made.close()


def test_the_letter_of_a_quiet_hour_is_read_by_one_process(readers: Readers) -> None:
    """The others have gone with the crowd."""
    raws = [a_raw(LETTER.format(n=n, do="nothing").encode()) for n in range(3 * MANY)]
    list(readers(raws))
    crowd = len(readers._hands)
    list(readers(raws[:1]))

    assert (crowd, len(readers._hands)) == (3, 1)


def test_nothing_to_read_starts_no_process(readers: Readers) -> None:
    """Most looks bring nothing."""
    assert list(readers([])) == []
    assert readers._hands == []


def test_letters_keep_their_order_whatever_is_among_them(readers: Readers) -> None:
    """Of every length; one that costs its process costs no other letter."""
    doing = {7: "die", 20: "raise", 41: "memory"}
    raws = [
        a_raw(LETTER.format(n=n, do=doing.get(n, "nothing")).encode() + b"x" * 40_000 * (n % 5))
        for n in range(3 * MANY)
    ]

    found = list(readers(raws))

    told = {7: Unreadable, 20: ParserFault, 41: Unreadable}
    for n, one in enumerate(found):
        if n in told:
            assert isinstance(one, told[n])
        else:
            assert isinstance(one, Letter)
            assert one.subject == str(n)
    assert len(found) == 3 * MANY


def test_who_looks_no_further_leaves_nothing_waiting(readers: Readers) -> None:
    """The next letters are read as ever."""
    raws = [a_raw(LETTER.format(n=n, do="nothing").encode() + b"x" * 50_000) for n in range(60)]
    begun = iter(readers(raws))
    next(begun)
    begun.close()  # type: ignore[attr-defined]  # a generator

    assert [one.subject for one in readers(raws[:2]) if isinstance(one, Letter)] == ["0", "1"]


def test_the_processes_read_batch_after_batch(readers: Readers) -> None:
    """Beginning one takes half a second; nobody waits for that with each letter."""
    raws = [a_raw(LETTER.format(n=n, do="nothing").encode()) for n in range(2 * MANY)]
    seen = set()
    for _ in range(5):
        list(readers(raws))
        seen |= {hand._process.pid for hand in readers._hands if hand._process}

    assert len(seen) == 2
