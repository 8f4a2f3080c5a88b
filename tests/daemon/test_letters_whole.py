"""Letters from the mailbox to the tracker: what is lost on the way is said, what is hostile costs itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from mcur.connectors.ports import NewTask
from mcur.daemon import wiring
from mcur.daemon.clock import VirtualClock
from mcur.daemon.status import gather
from mcur.playbooks.documents import plain
from mcur.playbooks.facts import TaskSeen
from mcur.playbooks.intents import Channel, Cite, SendLetter
from tests.daemon.test_cli import Mcur, mcur, site  # noqa: F401 - fixtures
from tests.fakes import MORNING, Stand, settings_of, site_tables, write_letter


@pytest.fixture
def stand(tmp_path: Path) -> Iterator[Stand]:
    """A site at work."""
    made = Stand(tmp_path)
    made.cycle()
    yield made
    made.close()


def post(folder: Path, name: str, *files: str, at: datetime) -> None:
    """Put an assignment with files into the mailbox."""
    message = EmailMessage()
    message["From"] = "duty@cur.mosreg.ru"
    message["Subject"] = "Задание"
    message["Message-ID"] = f"<{name}@cur.mosreg.ru>"
    message.set_content("Адрес: Одинцово, ул. Мира, д. 5. Проблема: яма")
    for file in files:
        message.add_attachment(file.encode(), maintype="image", subtype="jpeg", filename=file)
    path = write_letter(folder / "mail" / "in", name, at=at)
    path.write_bytes(bytes(message))


def test_a_file_that_the_tracker_does_not_take_is_named(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files in = files on the task, or a flag with the digests of those that are kept here."""
    whole = stand.tracker.create

    def create(task: NewTask, now: datetime) -> TaskSeen:
        kept = tuple(f for f in task.attachments if f.name != "большой.jpg")
        return whole(replace(task, attachments=kept), now)

    monkeypatch.setattr(stand.tracker, "create", create)
    post(stand.folder, "a", "один.jpg", "большой.jpg", at=MORNING + timedelta(minutes=1))
    stand.cycle(MORNING + timedelta(minutes=2))
    [flag] = stand.told("flag.raised")

    assert "файлов 2 из 3: трекер не принял большой.jpg (" in flag.data["text"]
    assert len(stand.told("task.created")) == 1


def test_with_all_its_files_a_task_raises_no_flag(stand: Stand) -> None:
    """The letter itself is one of them."""
    post(stand.folder, "a", "один.jpg", "один.jpg", at=MORNING + timedelta(minutes=1))
    stand.cycle(MORNING + timedelta(minutes=2))
    [made] = stand.told("task.created")

    assert len(made.data["attachments"]) == 3
    assert stand.told("flag.raised") == []


def test_a_real_site_reads_its_letters_apart(tmp_path: Path) -> None:
    """The process is there while the site is open, and gone with it."""
    site_ = wiring.open_site(settings_of(tmp_path), VirtualClock(MORNING))
    try:
        post(tmp_path, "a", at=MORNING)
        site_.live_from()
        site_.observers.look_at_all(MORNING + timedelta(minutes=1))
        [readers] = site_.readers
        process = readers._hands[0]._process
        [row] = site_.state.letters.listing(None)
    finally:
        site_.close()

    assert row["subject"] == "Задание"
    assert process is not None
    assert process.poll() is not None


def test_what_cannot_be_read_is_saved_as_it_came(mcur: Mcur, site: Path, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    """Its bytes, for a person to look at; the next letter is taken."""
    inbox = site / "mail" / "in"
    post(site, "b", at=MORNING)
    empty = write_letter(inbox, "empty", at=MORNING)
    empty.write_bytes(b"\n \n")
    mcur("once", "--at", "2026-11-18T09:50")
    said = mcur("quarantine", "--save", str(tmp_path / "saved"), "--json")
    [row] = json.loads(said.out)
    [saved] = (tmp_path / "saved").iterdir()

    assert row["reason"].endswith("в нём нет ни заголовков, ни текста")
    assert (saved.name, saved.read_bytes()) == (f"{row['raw'][:16]}.eml", b"\n \n")
    assert len(json.loads(mcur("letters", "--all", "--json").out)) == 1


def test_status_counts_the_letters_of_a_person(stand: Stand) -> None:
    """Whatever his roles; above fifteen it warns."""
    people = [
        entry | ({"name": "Петров П. П."} if entry["role"] in {"mcur_head", "okrug_head"} else {})
        for entry in site_tables()["people"]
    ]
    settings = settings_of(stand.folder, people=people)
    with stand.state.atomic():
        for n in range(16):
            role = "mcur_head" if n % 2 else "okrug_head"
            stand.state.outbox.put(a_letter(n, role), wiring.COURIER, stand.now)
    stand.deliver()
    found = gather(settings, stand.site.playbooks, stand.state, stand.now)

    assert found["letters_today"]["Петров П. П."] == "16 letters: too many for one person"


def a_letter(n: int, role: str) -> SendLetter:
    """Write a letter to a role."""
    cite = Cite(playbook="odintsovo-1204", rule="O-2", clause="2.2.1.1", why="x")
    return SendLetter(
        key=f"letter:odintsovo-1204:test:{n}", cite=cite, channel=Channel.SERVICE, sender="",
        to=(role,), subject="x", document=plain("x"),
    )  # fmt: skip
