"""The embedded tracker beyond the contract: its file, other processes, a kill at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mcur.connectors.embedded import ROBOT, EmbeddedTracker
from mcur.connectors.ports import Rejected, TaskChange
from mcur.playbooks.documents import plain
from mcur.playbooks.facts import TaskKind, TaskStatus
from tests.connectors.test_tracker_contract import a_task

NOW = datetime(2026, 11, 18, 9, tzinfo=UTC)


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[EmbeddedTracker]:
    """Open an empty tracker."""
    opened = EmbeddedTracker(tmp_path / "tracker.db")
    yield opened
    opened.close()


def test_numbers_begin_with_one_and_are_never_used_again(tracker: EmbeddedTracker) -> None:
    """People say «task 2» on the phone."""
    numbers = [tracker.create(a_task(f"k{n}"), NOW).ident for n in range(3)]

    assert numbers == ["1", "2", "3"]


def test_all_stamps_are_those_that_came_in(tracker: EmbeddedTracker) -> None:
    """A virtual clock rules here too."""
    made = tracker.create(a_task(), NOW)

    changed = tracker.change(
        made.ident, "ivanov", NOW + timedelta(hours=2), status=TaskStatus.CLOSED
    )

    assert (changed.created_at, changed.closed_at) == (NOW, NOW + timedelta(hours=2))


def test_a_task_that_opens_again_is_not_closed(tracker: EmbeddedTracker) -> None:
    """Its closing stamp goes."""
    made = tracker.create(a_task(status=TaskStatus.CLOSED), NOW)

    opened = tracker.change(made.ident, "ivanov", NOW, status=TaskStatus.RETURNED)

    assert made.closed_at == NOW
    assert opened.closed_at is None


def test_what_a_person_fills_in_is_seen_with_its_note(tracker: EmbeddedTracker) -> None:
    """Measures feed the reports."""
    made = tracker.create(a_task(kind=TaskKind.DAY), NOW)

    seen = tracker.change(made.ident, "ivanov", NOW, text="Готово", fields={"measures": "Пущено"})

    assert (seen.measures, seen.kind) == ("Пущено", TaskKind.DAY)
    assert seen.notes[0].text == "Готово"
    assert seen.notes[0].changes == {"measures": "Пущено"}


def test_an_assignee_can_be_cleared(tracker: EmbeddedTracker) -> None:
    """By an empty name."""
    made = tracker.create(a_task(assignee="ivanov"), NOW)

    assert tracker.change(made.ident, "petrova", NOW, assignee="").assignee is None


def test_the_listing_shows_open_tasks_or_all(tracker: EmbeddedTracker) -> None:
    """Oldest first."""
    tracker.make("ivanov", "Первая", NOW)
    tracker.create(a_task(status=TaskStatus.CLOSED), NOW)

    assert [task.ident for task in tracker.listing()] == ["1", "2"]
    assert [task.author for task in tracker.listing(open_only=True)] == ["ivanov"]
    assert tracker.listing()[1].author == ROBOT


def test_changes_come_in_pages(tracker: EmbeddedTracker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long absence is read bit by bit, each task once."""
    monkeypatch.setattr("mcur.connectors.embedded.PAGE", 2)
    for n in range(5):
        tracker.create(a_task(f"k{n}"), NOW)

    seen: list[str] = []
    cursor, more = None, True
    while more:
        batch = tracker.changes(cursor, NOW)
        seen += [task.ident for task in batch.tasks]
        cursor, more = batch.cursor, batch.more

    assert seen == ["1", "2", "3", "4", "5"]


def test_a_parent_that_is_not_there_is_refused(tracker: EmbeddedTracker) -> None:
    """And nothing is made."""
    with pytest.raises(Rejected, match="no such parent"):
        tracker.create(a_task(parent="77"), NOW)

    assert tracker.listing() == []


def test_a_task_that_is_not_there_cannot_be_changed(tracker: EmbeddedTracker) -> None:
    """The number is said."""
    with pytest.raises(Rejected, match="read task 77"):
        tracker.update(TaskChange(ident="77", token="t", note=plain("…")), NOW)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """It is not overwritten."""
    path = tmp_path / "tracker.db"
    path.write_text("это не база " * 100)

    with pytest.raises(Rejected, match="not a tracker's file"):
        EmbeddedTracker(path)

    assert path.read_text().startswith("это не база")


def test_two_processes_see_each_others_work(tmp_path: Path) -> None:
    """The daemon writes while the command line reads and writes."""
    daemon = EmbeddedTracker(tmp_path / "tracker.db")
    command = EmbeddedTracker(tmp_path / "tracker.db")
    made = daemon.create(a_task(), NOW)

    command.note(made.ident, "ivanov", "Принято", NOW)

    assert [note.text for note in daemon.listing()[0].notes] == ["Принято"]
    daemon.close()
    command.close()


def test_a_kill_in_the_middle_of_writing_leaves_whole_tasks(tmp_path: Path) -> None:
    """What was answered is there, and nothing is there by half."""
    script = textwrap.dedent(
        """
        import sys
        from datetime import UTC, datetime
        from pathlib import Path
        from mcur.connectors.embedded import EmbeddedTracker
        from mcur.connectors.ports import NewTask
        from mcur.playbooks.documents import plain
        from mcur.playbooks.facts import TaskKind

        tracker = EmbeddedTracker(Path(sys.argv[1]))
        for n in range(100_000):
            task = NewTask(key=f"k{n}", kind=TaskKind.CALL, project="", subject="s", body=plain("b"))
            tracker.create(task, datetime.now(UTC))
            print(n, flush=True)
        """
    )
    path = tmp_path / "tracker.db"
    writer = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout
    answered = [int(writer.stdout.readline()) for _ in range(20)][-1]
    os.kill(writer.pid, signal.SIGKILL)
    answered = max([answered, *(int(line) for line in writer.stdout.read().split())])
    writer.wait()
    writer.stdout.close()

    tracker = EmbeddedTracker(path)
    keys = {task.key for task in tracker.listing()}

    assert tracker.check() == []
    assert {f"k{n}" for n in range(answered + 1)} <= keys
    assert len(keys) <= answered + 2
    tracker.close()
