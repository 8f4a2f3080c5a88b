"""Issues that go out of sight in a real Redmine while nothing of ours is due: each is told once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcur.playbooks.documents import plain
from tests.daemon.test_real_faults import change
from tests.fakes import some_appeals
from tests.servers.redmine import Golden, RedmineServer, Staff
from tests.servers.redmine_front import Front
from tests.servers.redmine_stand import RedmineStand

pytestmark = pytest.mark.server


@pytest.fixture(params=["full", "bare"])
def stand(
    request: pytest.FixtureRequest, redmine_server: RedmineServer, tmp_path: Path
) -> Iterator[RedmineStand]:
    """Open a site with three tasks over a clean Redmine, with our fields or without any."""
    golden: Golden = request.param
    redmine_server.reset(golden)
    with Front(redmine_server.url) as front:
        opened = RedmineStand(tmp_path, redmine_server, front, golden)
        opened.cycle()
        opened.take(*some_appeals(3))
        opened.look()
        opened.look()
        yield opened
        opened.close()


def key_of(number: int) -> str:
    """Return the key of a task."""
    return f"task:odintsovo-1204:dobrodel:{number}"


def ident(stand: RedmineStand, number: int) -> str:
    """Return the number of a task in Redmine."""
    found = stand.task(key_of(number)).ident
    assert found is not None
    return found


def told(stand: RedmineStand) -> dict[str, list[str]]:
    """List what was said of lost tasks, by object."""
    said: dict[str, list[str]] = {}
    for event in stand.told("flag.raised"):
        if ":audit:lost:" in (event.key or ""):
            said.setdefault(event.data["object"], []).append(event.data["text"])
    return said


def an_hour(stand: RedmineStand) -> None:
    """Let the next roll be called."""
    stand.pass_time(hours=1)
    stand.cycle()


def test_a_deleted_issue_is_told_once(stand: RedmineStand) -> None:
    """Within the hour, once across restarts; the task stays owed, nothing is made anew."""
    gone = min(
        (key_of(number) for number in (1, 2, 3)), key=lambda key: stand.task(key).ident or ""
    )
    Staff(stand.server, "admin").delete(stand.task(gone).ident or "")
    an_hour(stand)
    stand.restart()
    for _ in range(3):
        an_hour(stand)

    [(key, [said])] = told(stand).items()
    assert key == gone
    assert "удалена в Redmine" in said
    assert stand.task(gone).status.is_open
    assert stand.waiting() == {}
    assert gone not in stand.written()


def test_a_number_that_is_given_once_more_is_that_of_the_new_issue(stand: RedmineStand) -> None:
    """Over SQLite Redmine does that with the highest one: the new task is made, the old one told of."""
    latest = max((1, 2, 3), key=lambda number: int(ident(stand, number)))
    again = ident(stand, latest)
    Staff(stand.server, "admin").delete(again)
    stand.take(*some_appeals(4))
    stand.cycle()
    before = told(stand)
    for _ in range(2):
        an_hour(stand)

    assert before == {}
    assert ident(stand, 4) == again
    assert stand.waiting() == {}
    assert list(told(stand)) == [key_of(latest)]
    assert stand.written().count(key_of(4)) == 1


def test_an_issue_moved_to_a_foreign_project_is_told_once_with_what_was_done_to_it(
    stand: RedmineStand,
) -> None:
    """What was said on the way counts; when it comes back it is followed, and may go again."""
    staff, number = Staff(stand.server), ident(stand, 1)
    staff.change(number, project_id=2, notes="Меры: передано соседям")
    for _ in range(3):
        an_hour(stand)
    once = told(stand)
    staff.change(number, project_id=1)
    stand.look()
    staff.change(number, project_id=2)
    stand.pass_time(days=1)
    stand.cycle()

    assert list(once) == [key_of(1)]
    assert ["в проект «Планы»" in said for said in once[key_of(1)]] == [True]
    assert stand.task(key_of(1)).measures == "передано соседям"
    assert len(told(stand)[key_of(1)]) == 2


def test_an_issue_that_was_closed_and_moved_away_is_over(stand: RedmineStand) -> None:
    """Who files what is done into an archive is not asked about it."""
    [(closed,)] = stand.server.sql("select id from issue_statuses where name = 'Закрыта'")
    Staff(stand.server).change(ident(stand, 1), project_id=2, status_id=closed)
    for _ in range(2):
        an_hour(stand)

    assert told(stand) == {}
    assert not stand.task(key_of(1)).status.is_open


def test_a_hidden_issue_is_told_once_and_holds_up_nobody(stand: RedmineStand) -> None:
    """Somebody makes his own task private; it is not said to be deleted."""
    byhand = Staff(stand.server).make("Убрать двор")
    stand.look()
    before = stand.told_administrator()
    stand.server.sql("update roles set issues_visibility = 'default' where name = 'Робот'")
    stand.server.sql("update issues set is_private = 1 where id = ?", byhand)
    for _ in range(3):
        an_hour(stand)

    [(key, said)] = told(stand).items()
    assert key == f"task:odintsovo-1204:issue:redmine:{byhand}"
    assert ["закрыта от mcur" in one for one in said] == [True]
    assert stand.told_administrator() == before


def test_a_change_of_a_hidden_issue_holds_up_no_other(stand: RedmineStand) -> None:
    """It dies as that of a deleted one; the door is not shut for the others."""
    byhand = Staff(stand.server).make("Убрать двор")
    stand.look()
    stand.server.sql("update roles set issues_visibility = 'default' where name = 'Робот'")
    stand.server.sql("update issues set is_private = 1 where id = ?", byhand)
    hidden = f"task:odintsovo-1204:issue:redmine:{byhand}"
    for key in (hidden, key_of(1)):
        change(stand, key, note=plain("Взято на контроль."))
    stand.look()

    said = [journal["notes"] for journal in Staff(stand.server).read(ident(stand, 1))["journals"]]
    assert len([note for note in said if "Взято на контроль." in note]) == 1
    assert stand.waiting() == {f"{hidden}:change": "dead"}
    assert "mcur: не принято и ждёт решения (tracker:redmine)" in stand.told_administrator()
    assert "mcur: нет доступа к «tracker:redmine»" not in stand.told_administrator()


def test_nothing_is_told_while_people_make_issues(stand: RedmineStand) -> None:
    """Between the poll and the count, and between two counts: what is new is no loss."""
    made: list[str] = []

    def make_one(method: str, path: str) -> None:
        if method == "GET" and path.startswith("/issues.json") and len(made) < 40:
            made.append(Staff(stand.server).make(f"Задача {len(made)}"))

    stand.front.before = make_one
    for _ in range(3):
        an_hour(stand)
    busy = len(made)
    stand.front.before = lambda _method, _path: None
    an_hour(stand)
    known = [stand.state.tasks.by_ident("redmine", one) for one in made]

    assert busy > 5
    assert None not in known
    assert told(stand) == {}


def test_a_quiet_hour_is_one_request_a_poll_and_two_more(stand: RedmineStand) -> None:
    """The roll costs a look and a count, however many tasks are there."""
    an_hour(stand)
    stand.server.age()
    asked = []
    for minutes in (1, *[1] * 30, 60):
        stand.server.forget_requests()
        stand.pass_time(minutes=minutes)
        stand.site.observers.look_at_all(stand.now)
        asked.append(len(stand.server.requests()))

    assert asked[1:] == [*[1] * 30, 3]
