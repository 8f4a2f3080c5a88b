"""A full mailbox: its next batch is fetched while one is parsed, and no letter is lost or doubled by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mcur.connectors.ports import MailBatch, Unavailable
from mcur.daemon import observe
from mcur.daemon.observe import MailSource
from mcur.state.blobs import BlobStore
from tests.fakes import MORNING
from tests.servers.letters import a_letter, a_raw, read


@dataclass
class Full:
    """A mailbox of five batches of two letters; its cursor is the number of the batch."""

    name: str = "in"
    asked: list[str | None] = field(default_factory=list)
    down: bool = False

    def fetch(self, cursor: str | None, now: datetime) -> MailBatch:
        """Give the batch after the cursor."""
        self.asked.append(cursor)
        if self.down:
            msg = "mailbox in: nobody answers"
            raise Unavailable(msg)
        n = int(cursor or 0)
        raws = tuple(a_raw(a_letter(subject=f"{n}/{k}"), uid=f"{n}{k}") for k in range(2))
        return MailBatch(letters=raws, cursor=str(n + 1), more=n < 4)


@pytest.fixture
def mailbox() -> Full:
    """A full mailbox."""
    return Full()


@pytest.fixture
def source(mailbox: Full, tmp_path: Path) -> MailSource:
    """What looks into it."""
    return MailSource(
        name="mail:in",
        every=timedelta(minutes=1),
        mailbox=mailbox,  # type: ignore[arg-type]  # fetching is all that is asked of it
        blobs=BlobStore(tmp_path),
        read=lambda raws: [read(raw.raw or b"") for raw in raws],
        translate=lambda moment: moment,
        taker=lambda letter: "",
    )


def looks(source: MailSource) -> Iterator[list[str]]:
    """Look until there is no more; yield the subjects of each batch."""
    cursor, more = None, True
    while more:
        post = source.look(cursor, MORNING)
        yield [letter.subject for letter in post.letters]
        cursor, more = post.cursor, post.more


def test_each_batch_is_fetched_once_and_read_in_its_turn(source: MailSource, mailbox: Full) -> None:
    """In their order, the last one too."""
    subjects = list(looks(source))

    assert subjects == [[f"{n}/0", f"{n}/1"] for n in range(5)]
    assert mailbox.asked == [None, "1", "2", "3", "4"]


def test_what_was_fetched_ahead_counts_only_where_the_cursor_stands(
    source: MailSource, mailbox: Full
) -> None:
    """A batch that could not be kept is looked at again, and then the one after it."""
    source.look(None, MORNING)
    again = source.look(None, MORNING)
    after = source.look(again.cursor, MORNING)

    assert [letter.subject for letter in again.letters] == ["0/0", "0/1"]
    assert [letter.subject for letter in after.letters] == ["1/0", "1/1"]


def test_who_does_not_answer_for_the_next_batch_does_not_cost_this_one(
    source: MailSource, mailbox: Full
) -> None:
    """The next look asks again, and tells of it."""
    first = source.look(None, MORNING)
    mailbox.down = True
    second = source.look(first.cursor, MORNING)

    assert [letter.subject for letter in second.letters] == ["1/0", "1/1"]
    with pytest.raises(Unavailable, match="nobody answers"):
        source.look(second.cursor, MORNING)


def test_beside_large_letters_nothing_more_is_kept_in_memory(
    source: MailSource, mailbox: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a batch is fetched when it is looked for."""
    monkeypatch.setattr(observe, "AHEAD", 10)
    source.look(None, MORNING)

    assert mailbox.asked == [None]
