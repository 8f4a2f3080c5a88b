"""Letters, tasks, acts, cursors and blobs: each fact once, and nothing half kept."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mcur.playbooks.directory import Directory, Person
from mcur.playbooks.facts import Act, Letter, LetterPlace, Note, TaskSeen, TaskStatus
from mcur.playbooks.intents import Cite
from mcur.state.blobs import BlobStore
from mcur.state.journal import Event
from mcur.state.rows import letter_of
from mcur.state.store import State
from tests.fakes import CITE, MORNING

HOUR = timedelta(hours=1)
OFFICER = Person(name="Петрова П. П.", roles=("mcur_resp",), login="petrova")
DIRECTORY = Directory(people=(OFFICER,))
ISSUES = Cite(playbook="odintsovo-1204", rule="issues", clause="2.1.6[1]", why="задача")


class Crash(BaseException):
    """The process ends here."""


def a_letter(digest: str = "d1", uid: str = "1", account: str = "inbox", **fields: Any) -> Letter:
    """Make a letter at a place of a mailbox."""
    place = LetterPlace(account=account, folder="INBOX", uidvalidity=1, uid=uid)
    values = {"message_id": f"<{digest}@firm.test>", "sender": "a@b.test", "sender_name": ""}
    return Letter(digest=digest, place=place, received_at=MORNING, **values | fields)


def a_seen(ident: str = "7", **fields: Any) -> TaskSeen:
    """Make a task as a tracker shows it."""
    values: dict[str, Any] = {
        "tracker": "embedded",
        "ident": ident,
        "key": None,
        "project": "",
        "subject": "Уборка",
        "status": TaskStatus.NEW,
        "author": "petrova",
        "created_at": MORNING,
        "updated_at": MORNING,
    }
    return TaskSeen(**values | fields)


def see(state: State, *tasks: TaskSeen, cursor: str = "c") -> int:
    """Take what a tracker shows; return how many acts that was."""
    noticed = state.take_tasks(
        tasks,
        ("tracker:embedded", cursor),
        owner=lambda _: ISSUES,
        directory=DIRECTORY,
        live_from=MORNING,
        now=MORNING,
    )
    return len(noticed.acts)


def count(state: State, table: str) -> int:
    """Count the rows of a table."""
    return int(state.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_a_letter_in_two_mailboxes_and_seen_twice_is_one(state: State) -> None:
    """By its Message-ID; the second place is noted, the same place is not counted again."""
    added = state.take_letters([a_letter(), a_letter(account="second")], ("mail", "1"), MORNING)
    again = state.take_letters([a_letter()], ("mail", "2"), MORNING)

    assert (added, again) == (1, 0)
    assert [(r["digest"], r["seen"]) for r in state.letters.listing(None)] == [("d1", 2)]
    assert count(state, "places") == 2


def test_a_letter_that_got_a_new_uid_is_the_same_letter(state: State) -> None:
    """UIDVALIDITY changes, letters are moved: the digest stays."""
    state.take_letters([a_letter(uid="1")], None, MORNING)
    added = state.take_letters([a_letter(uid="900")], None, MORNING)

    assert (added, count(state, "letters")) == (0, 1)


def test_a_letter_comes_back_as_it_went_in(state: State) -> None:
    """Attachments, references and flaws included."""
    letter = a_letter(to=("x@y.test",), references=("<a@b>",), flaws=("без темы",), auto=True)
    state.take_letters([letter], None, MORNING)

    [row] = state.db.query("SELECT letter FROM letters")
    assert letter_of(row["letter"]) == letter


def test_an_unreadable_letter_is_kept_once(state: State) -> None:
    """However often it is seen."""
    for _ in range(2):
        state.letters.quarantine("inbox", "INBOX/7", "is cut off", "digest", MORNING)

    assert [(r["kind"], r["file"], r["raw"]) for r in state.quarantine()] == [
        ("letter", "INBOX/7", "digest")
    ]


def test_the_same_act_twice_is_one(state: State) -> None:
    """By its ident, whoever brings it."""
    act = Act(ident="cli:1", at=MORNING, by="mcur_resp", do="note", key="task:x", text="да")

    assert [state.add_act(act), state.add_act(act)] == [True, False]
    assert count(state, "acts") == 1


def test_a_note_seen_twice_is_one_act(state: State) -> None:
    """A tracker shows each task whole, with its whole history, each time it changes."""
    note = Note(ident="1", at=MORNING + HOUR, author="petrova", text="Меры: убрано")
    first = see(state, a_seen())
    second = see(state, a_seen(notes=(note,), updated_at=MORNING + HOUR))
    third = see(state, a_seen(notes=(note,), updated_at=MORNING + 2 * HOUR))

    assert (first, second, third) == (0, 1, 0)
    assert count(state, "acts") == 1


def test_a_task_of_before_is_history_and_its_notes_are_no_acts(state: State) -> None:
    """It counts; it asks for nothing."""
    note = Note(ident="1", at=MORNING, author="petrova", text="Меры: убрано")
    acts = see(state, a_seen(created_at=MORNING - HOUR, notes=(note,)))

    assert acts == 0
    assert state.history()["issues"] == 1
    assert state.tasks.fresh("odintsovo-1204") == []


def test_the_cursor_moves_with_what_was_seen_or_not_at_all(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two would lose a letter for ever, or read it for ever."""
    state.take_letters([a_letter("d1")], ("mail", "1"), MORNING)

    def fall(*_: object) -> None:
        raise Crash

    monkeypatch.setattr(state, "advance", fall)
    with pytest.raises(Crash):
        state.take_letters([a_letter("d2", "2")], ("mail", "2"), MORNING)
    with pytest.raises(Crash):
        see(state, a_seen())

    assert state.cursor("mail") == "1"
    assert state.cursor("tracker:embedded") is None
    assert (count(state, "letters"), count(state, "tasks")) == (1, 0)


def test_what_fell_with_its_transaction_was_never_told(state: State) -> None:
    """Listeners hear only what stands in the journal."""
    heard: list[Event] = []
    state.listeners.append(heard.append)
    event = Event(at=MORNING, event="appeals.read", cite=CITE, key="k")

    def fall() -> None:
        with state.atomic():
            state.tell(event)
            with state.atomic():
                state.set_meta("inner", "1")
            raise Crash

    with pytest.raises(Crash):
        fall()
    before = count(state, "journal")
    with state.atomic():
        state.tell(event)

    assert (before, state.meta("inner")) == (0, None)
    assert heard == [event]


def test_health_is_news_only_when_it_changes(state: State) -> None:
    """Down since the first silence; the last success is kept."""
    told = [
        state.note_health("mail", MORNING, None),
        state.note_health("mail", MORNING + HOUR, "did not answer"),
        state.note_health("mail", MORNING + 2 * HOUR, "did not answer"),
    ]
    [health] = state.health()
    told.append(state.note_health("mail", MORNING + 3 * HOUR, None))

    assert told == [False, True, False, True]
    assert (health.down_since, health.last_success) == (MORNING + HOUR, MORNING)
    assert state.health()[0].down_since is None


def test_a_file_that_lost_its_bytes_with_the_power_is_written_again(tmp_path: Path) -> None:
    """A hasty store secures many at once; its file may stand there empty where nobody did."""
    store = BlobStore(tmp_path).hasty()
    digests = [store.put(b"letter %d" % n) for n in range(40)]
    store.secure([*digests, "0" * 64])
    next(tmp_path.rglob(digests[7])).write_bytes(b"")

    again = store.put(b"letter 7")

    assert again == digests[7]
    assert [store.get(digest) for digest in digests] == [b"letter %d" % n for n in range(40)]


def test_bytes_are_kept_once_and_come_back(tmp_path: Path) -> None:
    """Under their digest; what is not there is a KeyError."""
    blobs = BlobStore(tmp_path)
    digests = {blobs.put(b"photo"), blobs.put(b"photo")}

    assert blobs.get(*digests) == b"photo"
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1
    with pytest.raises(KeyError):
        blobs.get("0" * 64)
