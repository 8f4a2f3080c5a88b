"""One contract for every tracker: the embedded one, a Redmine with our fields, a bare Redmine."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest

from mcur.connectors.embedded import EmbeddedTracker
from mcur.connectors.ports import NewTask, TaskChange, Tracker
from mcur.connectors.redmine.shape import Profile, RedmineShape
from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.playbooks.documents import Column, Document, Pairs, Paragraph, Table, plain
from mcur.playbooks.facts import Attachment, LastLook, TaskKind, TaskStatus
from tests.fakes import SwitchedTracker
from tests.servers.redmine import KEYS, RedmineServer, Staff

MOSCOW = ZoneInfo("Europe/Moscow")
DUE = datetime(2030, 11, 20, 18, 0, tzinfo=MOSCOW)
REDMINE = ("full", "bare")
KINDS = {"embedded": EmbeddedTracker, "switched": SwitchedTracker}


class Shelf:
    """Blobs in memory."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self._held[digest] = content
        return digest

    def get(self, digest: str) -> bytes:
        return self._held[digest]


class Office(Protocol):
    """A tracker and the people who work in it; ivanov is at his desk."""

    tracker: Tracker
    shelf: Shelf

    def make(self, subject: str) -> str: ...
    def note(self, ident: str, text: str) -> None: ...
    def move(self, ident: str, status: TaskStatus) -> None: ...
    def postpone(self, ident: str, day: date) -> None: ...
    def assign(self, ident: str, login: str) -> None: ...
    def attach(self, ident: str, name: str) -> None: ...
    def delete(self, ident: str) -> None: ...
    def pass_time(self) -> None: ...
    def now(self) -> datetime: ...


class EmbeddedOffice:
    """The embedded tracker and ivanov at a command line; an hour passes with each act."""

    def __init__(self, path: Path, kind: type[EmbeddedTracker] = EmbeddedTracker) -> None:
        self.embedded = kind(path)
        self.tracker: Tracker = self.embedded
        self.shelf = Shelf()
        self._now = datetime(2030, 11, 18, 9, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(hours=1)
        return self._now

    def make(self, subject: str) -> str:
        return self.embedded.make("ivanov", subject, self.now()).ident

    def note(self, ident: str, text: str) -> None:
        self.embedded.note(ident, "ivanov", text, self.now())

    def move(self, ident: str, status: TaskStatus) -> None:
        self.embedded.change(ident, "ivanov", self.now(), status=status)

    def postpone(self, ident: str, day: date) -> None:
        hour = DUE.timetz()
        due = datetime.combine(day, hour, MOSCOW)
        self.embedded.change(ident, "ivanov", self.now(), due_at=due)

    def assign(self, ident: str, login: str) -> None:
        self.embedded.change(ident, "ivanov", self.now(), assignee=login)

    def attach(self, ident: str, name: str) -> None:
        self.embedded.note(ident, "ivanov", "", self.now(), files=(name,))

    def delete(self, ident: str) -> None:
        with closing(sqlite3.connect(self.embedded.path)) as file, file:
            file.execute("delete from tasks where id = ?", [ident])

    def pass_time(self) -> None: ...


class RedmineOffice:
    """A real Redmine and ivanov in his browser."""

    def __init__(self, server: RedmineServer, profile: Profile) -> None:
        self.server = server
        self.staff = Staff(server)
        self.shelf = Shelf()
        self.shape = shape_of(server, profile)
        self.tracker: Tracker = RedmineTracker(self.shape, self.shelf)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def make(self, subject: str) -> str:
        return self.staff.make(subject)

    def note(self, ident: str, text: str) -> None:
        self.staff.change(ident, notes=text)

    def move(self, ident: str, status: TaskStatus) -> None:
        name = self.shape.status_names[status]
        [(number,)] = self.server.sql("select id from issue_statuses where name = ?", name)
        self.staff.change(ident, status_id=number)

    def postpone(self, ident: str, day: date) -> None:
        self.staff.change(ident, due_date=day.isoformat())

    def assign(self, ident: str, login: str) -> None:
        [(number,)] = self.server.sql("select id from users where login = ?", login)
        self.staff.change(ident, assigned_to_id=number)

    def attach(self, ident: str, name: str) -> None:
        self.staff.attach(ident, name, b"JPEG")

    def delete(self, ident: str) -> None:
        Staff(self.server, "admin").delete(ident)

    def pass_time(self) -> None:
        self.server.age()


def shape_of(server: RedmineServer, profile: Profile, **other: Any) -> RedmineShape:
    """Describe the test server as a site's configuration would."""
    values: dict[str, Any] = {
        "name": "ЦУР",
        "url": server.url,
        "key": KEYS["robot"],
        "project": "support",
        "projects": {"plan": "plans"},
        "profile": profile,
        "zone": MOSCOW,
    }
    return RedmineShape(**{**values, **other})


@pytest.fixture(
    params=[
        "embedded",
        "switched",
        pytest.param("full", marks=pytest.mark.server),
        pytest.param("bare", marks=pytest.mark.server),
    ]
)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office with an empty tracker."""
    if request.param in KINDS:
        embedded = EmbeddedOffice(tmp_path / "tracker.db", KINDS[request.param])
        yield embedded
        embedded.embedded.close()
        return
    server: RedmineServer = request.getfixturevalue("redmine_server")
    server.reset(request.param)
    yield RedmineOffice(server, request.param)


def a_task(key: str = "task:odintsovo-1204:dobrodel:4711", **other: Any) -> NewTask:
    """Build a task to be made; a test names only what matters to it."""
    values: dict[str, Any] = {
        "key": key,
        "kind": TaskKind.EXECUTOR,
        "project": "",
        "subject": "Отсутствие отопления: Одинцово, ул. Солнцева, д. 5",
        "body": plain("В квартире холодно третий день."),
        "due_at": DUE,
        "fields": {"clause": "2.1.1", "number": "4711"},
    }
    return NewTask(**{**values, **other})


def all_changes(tracker: Tracker, cursor: str | None, now: datetime) -> tuple[list[Any], str]:
    """Read changes to their end, which has to come."""
    tasks: list[Any] = []
    for _ in range(50):
        batch = tracker.changes(cursor, now)
        tasks += batch.tasks
        cursor = batch.cursor
        if not batch.more:
            return tasks, cursor
    msg = "there always is more to read"
    raise AssertionError(msg)


def test_a_made_task_comes_back_as_it_was_asked_for(office: Office) -> None:
    """Key, subject, term with its hour, assignee, kind of text: nothing is lost on the way."""
    task = a_task(assignee="ivanov", urgent=True)

    made = office.tracker.create(task, office.now())

    assert made.key == task.key
    assert made.subject == task.subject
    assert made.due_at == DUE
    assert made.assignee == "ivanov"
    assert made.status is TaskStatus.NEW
    assert "холодно третий день" in made.text
    assert made.closed_at is None
    assert made.ignored == ()


def test_a_task_is_found_by_its_key_and_others_are_not(office: Office) -> None:
    """Look-ups answer for what is there, closed or open, and only for that."""
    first = office.tracker.create(a_task("task:a:b:1"), office.now())
    second = office.tracker.create(a_task("task:a:b:2", status=TaskStatus.CLOSED), office.now())

    found = office.tracker.find(["task:a:b:1", "task:a:b:2", "task:a:b:3"], office.now())

    assert {key: task.ident for key, task in found.items()} == {
        "task:a:b:1": first.ident,
        "task:a:b:2": second.ident,
    }


def test_a_task_made_twice_is_there_twice_and_the_first_is_found(office: Office) -> None:
    """Trackers do not keep keys unique: that is why the daemon looks before it repeats."""
    first = office.tracker.create(a_task(), office.now())
    second = office.tracker.create(a_task(), office.now())

    found = office.tracker.find([first.key or ""], office.now())

    assert first.ident != second.ident
    assert found[first.key or ""].ident == first.ident


def test_a_key_with_cyrillic_letters_and_commas_is_found(office: Office) -> None:
    """Keys of incidents hold addresses."""
    key = "incident:ruza-679:T2:руза, солнцева, 5:2026-11-17"
    made = office.tracker.create(a_task(key), office.now())

    found = office.tracker.find([key], office.now())

    assert found[key].ident == made.ident


@pytest.mark.parametrize("status", list(TaskStatus))
def test_every_status_survives_the_way_there_and_back(office: Office, status: TaskStatus) -> None:
    """Also where the tracker has fewer statuses than we have."""
    made = office.tracker.create(a_task(), office.now())

    changed = office.tracker.update(
        TaskChange(ident=made.ident, token="t", status=status), office.now()
    )

    assert changed.status is status
    assert (changed.closed_at is None) == status.is_open


def test_a_task_can_begin_in_another_status(office: Office) -> None:
    """A plan of a past week is made closed."""
    made = office.tracker.create(a_task(status=TaskStatus.IN_WORK), office.now())

    assert made.status is TaskStatus.IN_WORK
    assert made.ignored == ()


def test_a_change_is_written_and_read_back(office: Office) -> None:
    """Term, assignee, subject and text change; the key stays."""
    made = office.tracker.create(a_task(), office.now())
    later = DUE + timedelta(days=3, hours=-5)
    change = TaskChange(
        ident=made.ident,
        token="t",
        due_at=later,
        assignee="petrova",
        subject="Иначе",
        body=plain("Новый текст."),
    )

    changed = office.tracker.update(change, office.now())

    assert (changed.due_at, changed.assignee) == (later, "petrova")
    assert changed.subject == "Иначе"
    assert changed.text == "Новый текст."
    assert changed.key == made.key


def test_what_somebody_edited_since_the_last_look_stands(office: Office) -> None:
    """Ours is written beside it: the status and the note, not the term and not the assignee."""
    made = office.tracker.create(a_task(assignee="ivanov"), office.now())
    last_look = LastLook(**{one.name: getattr(made, one.name) for one in fields(LastLook)})
    office.postpone(made.ident, date(2030, 11, 25))
    office.assign(made.ident, "petrova")
    change = TaskChange(
        ident=made.ident, token="t", note=plain("Передано."), status=TaskStatus.IN_WORK,
        due_at=DUE + timedelta(days=1), assignee="ivanov", last_look=last_look,
    )  # fmt: skip

    seen = office.tracker.update(change, office.now())

    assert seen.status is TaskStatus.IN_WORK
    assert (seen.due_at, seen.assignee) == (DUE + timedelta(days=5), "petrova")
    assert seen.edited == {"due_at", "assignee"}
    assert office.tracker.has_note(made.ident, "t")


def test_a_change_without_a_difference_touches_nothing(office: Office) -> None:
    """Neither a history entry nor a new stamp."""
    made = office.tracker.create(a_task(assignee="ivanov"), office.now())
    _, cursor = all_changes(office.tracker, None, office.now())
    office.pass_time()
    same = TaskChange(
        ident=made.ident, token="t", status=TaskStatus.NEW, due_at=DUE, assignee="ivanov"
    )

    seen = office.tracker.update(same, office.now())

    assert seen.key == made.key
    assert all_changes(office.tracker, cursor, office.now())[0] == []


def test_the_daemons_own_notes_do_not_come_back_and_are_known_by_their_token(
    office: Office,
) -> None:
    """After a crash the daemon asks whether the note is there already."""
    made = office.tracker.create(a_task(), office.now())
    change = TaskChange(ident=made.ident, token="letter:L-1:1", note=plain("Срок истёк."))

    seen = office.tracker.update(change, office.now())

    assert seen.notes == ()
    assert office.tracker.has_note(made.ident, "letter:L-1:1")
    assert not office.tracker.has_note(made.ident, "letter:L-1:2")


def test_what_people_write_and_change_comes_back(office: Office) -> None:
    """Notes, statuses, terms, assignees and files, each with its author and moment."""
    made = office.tracker.create(a_task(), office.now())
    _, cursor = all_changes(office.tracker, None, office.now())
    office.note(made.ident, "Меры: отопление пущено.\nПричина: авария.")
    office.move(made.ident, TaskStatus.DONE)
    office.postpone(made.ident, date(2030, 11, 25))
    office.assign(made.ident, "petrova")
    office.attach(made.ident, "фото 1.jpg")

    [seen], _ = all_changes(office.tracker, cursor, office.now())

    assert seen.status is TaskStatus.DONE
    assert seen.due_at == DUE + timedelta(days=5)
    assert seen.assignee == "petrova"
    assert seen.attachments == ("фото 1.jpg",)
    assert {note.author for note in seen.notes} == {"ivanov"}
    assert seen.notes[0].text == "Меры: отопление пущено.\nПричина: авария."
    changes = {name: value for note in seen.notes for name, value in note.changes.items()}
    assert datetime.fromisoformat(changes.pop("due_at")) == DUE + timedelta(days=5)
    assert changes == {"status": "done", "assignee": "petrova", "attachment": "фото 1.jpg"}


def test_an_unchanged_poll_returns_nothing(office: Office) -> None:
    """Twice the same question gives nothing the second time."""
    made = office.tracker.create(a_task(), office.now())
    first, cursor = all_changes(office.tracker, None, office.now())

    again, cursor = all_changes(office.tracker, cursor, office.now())
    once_more, _ = all_changes(office.tracker, cursor, office.now())

    assert [task.ident for task in first] == [made.ident]
    assert again == once_more == []


def test_two_notes_in_one_second_both_come(office: Office) -> None:
    """Stamps are cut to the second; a poll between two notes must not lose the other."""
    made = office.tracker.create(a_task(), office.now())
    _, cursor = all_changes(office.tracker, None, office.now())
    office.note(made.ident, "Раз")
    _, cursor = all_changes(office.tracker, cursor, office.now())
    office.note(made.ident, "Два")

    [seen], _ = all_changes(office.tracker, cursor, office.now())

    assert [note.text for note in seen.notes] == ["Раз", "Два"]


def test_a_task_that_is_deleted_is_lost_and_no_other(office: Office) -> None:
    """Open or closed, of the daemon or by hand; asked again it is lost again."""
    closed = office.tracker.create(a_task("task:a:b:1", status=TaskStatus.CLOSED), office.now())
    made = office.tracker.create(a_task("task:a:b:2"), office.now())
    known = [closed.ident, made.ident, office.make("Убрать двор"), office.make("Лишняя")]
    everything_there = office.tracker.lost(known, office.now())
    office.delete(made.ident)
    office.delete(known[-1])

    lost = office.tracker.lost(known, office.now())

    assert everything_there == ()
    assert {(one.ident, one.how) for one in lost} == {
        (made.ident, "deleted"),
        (known[-1], "deleted"),
    }
    assert office.tracker.lost(known, office.now()) == lost
    assert office.tracker.lost([closed.ident, known[2]], office.now()) == ()


def test_nobody_is_lost_where_nobody_is_known(office: Office) -> None:
    """What stands there all the same is news for a look at changes."""
    office.make("Убрать двор")

    assert office.tracker.lost([], office.now()) == ()


def test_a_task_made_by_hand_has_no_key(office: Office) -> None:
    """It is seen, with its author."""
    ident = office.make("Отчитаться об уборке дворов")

    [seen], _ = all_changes(office.tracker, None, office.now())

    assert (seen.ident, seen.key, seen.author) == (ident, None, "ivanov")


def test_files_stand_on_the_task(office: Office) -> None:
    """With their Russian names; an empty one too."""
    files = tuple(
        Attachment(
            name=name, content_type="image/jpeg", size=len(body), digest=office.shelf.put(body)
        )
        for name, body in (("двор № 5.jpg", b"JPEG"), ("пусто.txt", b""))
    )
    made = office.tracker.create(a_task(attachments=files[:1]), office.now())

    seen = office.tracker.update(
        TaskChange(ident=made.ident, token="t", attachments=files[1:]), office.now()
    )

    assert made.attachments == ("двор № 5.jpg",)
    assert seen.attachments == ("двор № 5.jpg", "пусто.txt")
    assert made.ignored == ()


def test_a_long_subject_with_odd_characters_still_makes_a_task(office: Office) -> None:
    """Three hundred characters, a line break, a NUL: the task is made and found."""
    task = a_task(subject="Жалоба\n\x00«на всё» " + "ы" * 300)

    made = office.tracker.create(task, office.now())

    assert made.subject.startswith("Жалоба «на всё» ыыы")
    assert len(made.subject) > 200
    assert task.key in office.tracker.find([task.key], office.now())


def test_a_field_with_a_nul_and_line_breaks_is_taken(office: Office) -> None:
    """Addresses come from exports."""
    made = office.tracker.create(a_task(fields={"address": "Одинцово\x00\r\nд. 5"}), office.now())

    assert made.ignored == ()


def test_a_citizens_text_is_read_back_as_it_was_written(office: Office) -> None:
    """Whatever looks like markup in it."""
    text = 'Дом *5* <b>"а":http://x.y & {{toc}} [[Вики]] #12 @ivanov |_. -5 °C!!! 😀 №'

    made = office.tracker.create(a_task(body=plain(text)), office.now())

    assert text in made.text


def test_a_table_reaches_the_tracker(office: Office) -> None:
    """Columns, a line break and a bar in a cell."""
    table = Table(
        columns=(Column(title="№", align="right"), Column(title="Адрес")),
        rows=(("1", "Солнцева, 5\nкв. 7"), ("2", "а|б")),
    )
    body = Document(title="План", blocks=(Pairs(items=(("Пункт", "2.1.1"),)), table))

    made = office.tracker.create(a_task(body=body), office.now())

    assert "Солнцева, 5" in made.text
    assert "2.1.1" in made.text


def test_a_measure_stands_under_its_plan(office: Office) -> None:
    """Parent and child, by the tracker's own numbers."""
    plan = office.tracker.create(a_task("plan:x:1", kind=TaskKind.ASSIGNMENT), office.now())

    child = office.tracker.create(a_task("measure:x:1", parent=plan.ident), office.now())

    assert child.parent == plan.ident
    assert child.ignored == ()


def test_a_term_without_an_hour_ends_with_its_day(office: Office) -> None:
    """And comes back so."""
    due = datetime(2030, 11, 20, 23, 59, 59, tzinfo=MOSCOW)

    made = office.tracker.create(a_task(due_at=due), office.now())
    undue = office.tracker.create(a_task("task:x:y:2", due_at=None), office.now())

    assert made.due_at == due
    assert undue.due_at is None


def test_a_term_that_has_passed_can_be_written(office: Office) -> None:
    """Late letters make tasks that are overdue from their first minute."""
    due = datetime(2020, 1, 1, 12, tzinfo=MOSCOW)

    made = office.tracker.create(a_task(due_at=due), office.now())

    assert made.due_at == due


def test_a_quiet_document_of_many_tones_is_taken(office: Office) -> None:
    """Warnings, remarks and leading lines."""
    body = Document(
        lead=("Главное",),
        blocks=(Paragraph(text="Внимание", tone="mark"), Paragraph(text="к слову", tone="quiet")),
    )

    made = office.tracker.create(a_task(body=body), office.now())

    assert all(word in made.text for word in ("Главное", "Внимание", "к слову"))


def test_many_threads_may_write_at_once(office: Office) -> None:
    """Twelve tasks by four threads are twelve tasks."""
    keys = [f"task:x:y:{n}" for n in range(12)]

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda key: office.tracker.create(a_task(key), office.now()), keys))

    assert len({task.ident for task in made}) == 12
    assert office.tracker.find(keys, office.now()).keys() == set(keys)


def test_a_sound_tracker_has_nothing_to_complain_about(office: Office) -> None:
    """The check is silent."""
    assert office.tracker.check() == []
