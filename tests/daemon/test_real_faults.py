"""What goes wrong between a whole site and a real Redmine: nothing lost, nothing twice, each told once."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest

from mcur.playbooks.documents import plain
from mcur.playbooks.facts import TaskStatus
from mcur.playbooks.intents import UpdateTask
from tests.fakes import CITE, some_appeals
from tests.servers.redmine import Golden, RedmineServer, Staff
from tests.servers.redmine_front import Fault, Front
from tests.servers.redmine_stand import POOL, RedmineStand

pytestmark = pytest.mark.server

TASK = "task:odintsovo-1204:dobrodel:1"


@pytest.fixture
def front(redmine_server: RedmineServer) -> Iterator[Front]:
    """Put a web server before Redmine."""
    with Front(redmine_server.url) as running:
        yield running
    if redmine_server._process is None:
        redmine_server.start()


@pytest.fixture(params=["full", "bare"])
def stand(
    request: pytest.FixtureRequest, redmine_server: RedmineServer, front: Front, tmp_path: Path
) -> Iterator[RedmineStand]:
    """Open a site over a clean Redmine, with our fields or without any."""
    golden: Golden = request.param
    redmine_server.reset(golden)
    opened = RedmineStand(tmp_path, redmine_server, front, golden)
    opened.cycle()
    yield opened
    opened.close()


def with_tasks(stand: RedmineStand, count: int) -> list[str]:
    """Let so many appeals come in and their tasks be made; return the tasks' keys."""
    stand.take(*some_appeals(count))
    stand.cycle()
    return [f"task:odintsovo-1204:dobrodel:{n}" for n in range(1, count + 1)]


def change(stand: RedmineStand, task: str = TASK, **fields: object) -> None:
    """Decide on a change of a task; it has not left yet."""
    values = {"key": f"{task}:change", "cite": CITE, "task": task, **fields}
    site = stand.site
    with stand.state.deciding(site.directory, site.live_from(), site.route, stand.now) as (_, one):
        one.take(UpdateTask.model_validate(values))


def ident(stand: RedmineStand, key: str = TASK) -> str:
    """Return a task's number."""
    number = stand.task(key).ident
    assert number is not None
    return number


def notes(stand: RedmineStand, key: str = TASK) -> list[str]:
    """Read the notes on a task as a person does."""
    journals = Staff(stand.server).read(ident(stand, key))["journals"]
    return [journal["notes"] for journal in journals if journal["notes"]]


def all_stand_there_once(stand: RedmineStand, keys: list[str]) -> None:
    """Each task is one issue and one line of the timeline, and nothing waits any more."""
    ours = [key for key in stand.written() if key.startswith("task:odintsovo-1204:dobrodel:")]
    assert ours == sorted(keys)
    told = Counter(event.key for event in stand.told("task.created"))
    assert {key: told[key] for key in keys} == dict.fromkeys(keys, 1)
    assert stand.waiting() == {}


def test_redmine_restarts_while_tasks_are_made(stand: RedmineStand) -> None:
    """Half of a morning stands there, the server goes, the rest follows when it is back."""
    posts, door, gone = threading.Semaphore(12), threading.Lock(), threading.Event()

    def stop_in_the_middle(method: str, _path: str) -> None:
        if method != "POST" or posts.acquire(blocking=False):
            return
        with door:  # whoever comes after the first finds nobody there
            if not gone.is_set():
                stand.server.stop()
                gone.set()

    stand.front.before = stop_in_the_middle
    keys = with_tasks(stand, 40)
    assert gone.is_set()
    stand.front.before = lambda _method, _path: None
    assert set(stand.waiting().values()) == {"waiting"}
    stand.server.start()
    for _ in range(3):
        stand.pass_time(minutes=6)
        stand.cycle()

    all_stand_there_once(stand, keys)
    assert stand.told_administrator() == []


def test_a_locked_database_is_waited_for(stand: RedmineStand) -> None:
    """Redmine gives up after a while and answers 500; what it could not write is written later."""
    refused: list[int] = []
    held = sqlite3.connect(stand.server.database, isolation_level=None, check_same_thread=False)
    held.execute("BEGIN IMMEDIATE")

    def release_after_a_refusal(status: int) -> None:
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            refused.append(status)
            held.close()

    stand.front.after = release_after_a_refusal
    keys = with_tasks(stand, 6)
    for _ in range(3):
        stand.pass_time(minutes=6)
        stand.cycle()

    assert refused
    all_stand_there_once(stand, keys)
    assert stand.told_administrator() == []


def test_a_server_that_answers_500_gets_fewer_requests_at_once(stand: RedmineStand) -> None:
    """Half of the pool after each failure, all of it again when the server is well."""
    stand.front.faults.append(Fault("POST", "/issues.json", 500, times=1))
    with_tasks(stand, 1)
    limit = stand.site.destinations["tracker:redmine"].restraint
    assert limit.allows(POOL) == POOL // 2
    stand.take(*some_appeals(20))
    stand.look()
    stand.look()

    assert limit.allows(POOL) == POOL


@pytest.mark.parametrize("status", [404, 500, 502, 0])
def test_what_was_made_and_denied_is_made_once(stand: RedmineStand, status: int) -> None:
    """The answer to three of ten creates is not what Redmine said."""
    stand.front.faults.append(Fault("POST", "/issues.json", status, after=True, times=3))

    keys = with_tasks(stand, 10)
    for _ in range(3):
        stand.pass_time(minutes=6)
        stand.cycle()

    all_stand_there_once(stand, keys)
    assert stand.told_administrator() == []


@pytest.mark.parametrize("status", [404, 500, 502, 0])
def test_what_was_changed_and_denied_is_changed_once(stand: RedmineStand, status: int) -> None:
    """The note stands there one time, with its status."""
    with_tasks(stand, 1)
    stand.front.faults.append(Fault("PUT", "/issues/", status, after=True))

    change(stand, note=plain("Взято на контроль."), status=TaskStatus.ON_CONTROL)
    for _ in range(3):
        stand.pass_time(minutes=6)
        stand.cycle()

    assert len([note for note in notes(stand) if "Взято на контроль." in note]) == 1
    assert stand.task(TASK).status is TaskStatus.ON_CONTROL
    assert stand.waiting() == {}
    assert len([e for e in stand.told("task.updated") if e.key == TASK]) == 1
    assert stand.told_administrator() == []


def test_a_key_field_that_was_deleted_is_told_once_and_awaited(
    redmine_server: RedmineServer, front: Front, tmp_path: Path
) -> None:
    """Redmine takes an issue without it in silence; what comes after that waits for the field."""
    redmine_server.reset("full")
    stand = RedmineStand(tmp_path, redmine_server, front, "full")
    with closing(stand):
        [first] = with_tasks(stand, 1)
        [field] = redmine_server.sql("select * from custom_fields where name = 'Ключ'")
        redmine_server.sql("delete from custom_fields where name = 'Ключ'")
        stand.take(*some_appeals(12))
        for _ in range(3):
            stand.look()
        waiting, told = stand.waiting(), stand.told_administrator()
        marks = ", ".join("?" * len(field))
        redmine_server.sql(f"insert into custom_fields values ({marks})", *field)
        for _ in range(3):
            stand.pass_time(minutes=6)
            stand.cycle()

        assert set(waiting.values()) == {"waiting"}
        assert sorted(told) == [
            "mcur: записано не всё («tracker:redmine»)",
            "mcur: нет доступа к «tracker:redmine»",
        ]
        assert stand.waiting() == {}
        assert stand.told_administrator() == told
        made = Counter(event.key for event in stand.told("task.created"))
        assert set(made.values()) == {1}
        assert first in made


def test_a_user_who_is_locked_leaves_the_rest_of_a_change(stand: RedmineStand) -> None:
    """Redmine refuses him; the status and the note stand, the task keeps its officer, it is told once."""
    with_tasks(stand, 2)
    stand.server.sql("update users set status = 3 where login = 'petrova'")

    for key in ("1", "2"):
        task = TASK[:-1] + key
        change(
            stand, task, note=plain("Передано."), status=TaskStatus.IN_WORK, assignee="mcur_head"
        )
    stand.look()

    for key in ("1", "2"):
        task = TASK[:-1] + key
        assert len([note for note in notes(stand, task) if "Передано." in note]) == 1
        shown = Staff(stand.server).read(ident(stand, task))
        assert shown["status"]["name"] == "В работе"
        assert "Петрова" not in str(shown.get("assigned_to"))
    assert stand.waiting() == {}
    assert stand.told_administrator() == ["mcur: записано не всё («tracker:redmine»)"]


def test_an_edit_at_the_same_moment_stands_beside_ours(stand: RedmineStand) -> None:
    """A person writes between our look and our change: both notes, his term, our status."""
    with_tasks(stand, 1)
    staff = Staff(stand.server)
    number = ident(stand)

    def edit_first(method: str, _path: str) -> None:
        if method == "PUT":
            stand.front.before = lambda _method, _path: None
            staff.change(number, notes="Меры: Слесарь на месте", due_date="2026-11-27")

    stand.front.before = edit_first
    change(stand, note=plain("Взято на контроль."), status=TaskStatus.ON_CONTROL)
    stand.look()
    stand.look()

    said = " ".join(notes(stand))
    assert said.count("Слесарь на месте") == said.count("Взято на контроль.") == 1
    task = stand.task(TASK)
    assert task.status is TaskStatus.ON_CONTROL
    assert task.measures == "Слесарь на месте"
    assert task.due_at is not None
    assert task.due_at.date().isoformat() == "2026-11-27"


def test_an_edit_that_nobody_has_read_is_not_written_over(stand: RedmineStand) -> None:
    """A person moves the term and hands the task on just before our change does the same."""
    with_tasks(stand, 1)
    staff = Staff(stand.server)
    stand.look()
    [(petrova,)] = stand.server.sql("select id from users where login = 'petrova'")
    staff.change(ident(stand), due_date="2026-11-27", assigned_to_id=petrova)

    change(
        stand,
        note=plain("Срок перенесён."),
        status=TaskStatus.IN_WORK,
        due_at=datetime(2026, 11, 30, 18, tzinfo=UTC),
        assignee="mcur_resp",
    )
    stand.deliver()
    stand.look()

    shown = staff.read(ident(stand))
    task = stand.task(TASK)
    assert (shown["due_date"], shown["assigned_to"]["id"]) == ("2026-11-27", petrova)
    assert shown["status"]["name"] == "В работе"
    assert task.due_at is not None
    assert task.due_at.date().isoformat() == "2026-11-27"
    assert task.status is TaskStatus.IN_WORK
    assert stand.waiting() == {}
    assert stand.told_administrator() == []


def test_a_lost_race_holds_up_nobody_else(stand: RedmineStand) -> None:
    """Redmine answers an empty 422 to the one of two changes that came second: it is made anew."""
    keys = with_tasks(stand, 3)
    stand.front.faults.append(Fault("PUT", "/issues/", 422, b'{"errors":[]}'))

    for key in keys:
        change(stand, key, note=plain("Взято на контроль."))
    stand.deliver()

    assert [len([n for n in notes(stand, key) if "на контроль" in n]) for key in keys] == [1, 1, 1]
    assert stand.waiting() == {}
    assert stand.state.outbox.circuits.listing() == []
    assert not [h for h in stand.state.health() if h.down_since]


def test_changes_of_deleted_issues_are_told_once_and_hold_up_nobody(stand: RedmineStand) -> None:
    """Nothing is made anew: somebody meant it. What is owed elsewhere is written."""
    keys = with_tasks(stand, 3)
    for key in keys[:2]:
        stand.server.sql("delete from issues where id = ?", ident(stand, key))

    for key in keys:
        change(stand, key, note=plain("Взято на контроль."))
    for _ in range(3):
        stand.look()

    assert set(stand.waiting().values()) == {"dead"}
    assert set(stand.waiting()) == {f"{key}:change" for key in keys[:2]}
    assert len(notes(stand, keys[2])) == 1
    assert Staff(stand.server).count() == len(stand.written())
    assert [key for key in stand.written() if key in keys] == keys[2:]
    assert stand.told_administrator() == ["mcur: не принято и ждёт решения (tracker:redmine)"]


def test_an_issue_that_was_moved_to_another_project_is_still_written_to(
    stand: RedmineStand,
) -> None:
    """It keeps its number and its key: nothing is made twice, and our change reaches it."""
    with_tasks(stand, 1)
    Staff(stand.server).change(ident(stand), project_id=2)
    stand.look()

    change(stand, note=plain("Взято на контроль."), status=TaskStatus.ON_CONTROL)
    stand.look()

    assert len([note for note in notes(stand) if "Взято на контроль." in note]) == 1
    assert Staff(stand.server).read(ident(stand))["project"]["id"] == 2
    assert stand.written().count(TASK) == 1
    assert stand.waiting() == {}
    assert stand.told_administrator() == []
