"""How changes are read from a real Redmine: what they cost, and that none is lost."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from mcur.connectors.ports import Rejected, TaskChange
from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.playbooks.facts import TaskKind, TaskStatus
from tests.connectors.test_tracker_contract import DUE, Shelf, a_task, all_changes, shape_of
from tests.servers.redmine import Golden, RedmineServer, Staff
from tests.servers.redmine_front import Front

pytestmark = pytest.mark.server

MANY = """
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
    insert into issues (tracker_id, project_id, subject, description, status_id, priority_id,
        author_id, lock_version, done_ratio, created_on, updated_on, root_id, lft, rgt, is_private)
    select 3, 1, 'Старая задача ' || i, '', 1, 2, 5, 0, 0, ?, ?, i, 1, 2, 0 from n
"""
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def later(seconds: int) -> datetime:
    """Return the real time so many seconds from now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)


def tracker_at(server: RedmineServer, profile: Golden = "full", **other: object) -> RedmineTracker:
    """Build the connector over a clean Redmine."""
    server.reset(profile)
    return RedmineTracker(shape_of(server, profile, **other), Shelf())


def fill(server: RedmineServer, count: int, stamp: str = "2026-01-01 10:00:00") -> None:
    """Put old issues there, all of one second, as an import leaves them."""
    server.sql(MANY, count, stamp, stamp)


def spread(server: RedmineServer) -> None:
    """Give each issue a fraction of its second: those made later have the lower ones."""
    fraction = "updated_on || printf('.%06d', 999999 - 1000 * id)"
    server.sql(f"update issues set created_on = {fraction}, updated_on = {fraction}")


def test_an_idle_poll_is_one_request(redmine_server: RedmineServer) -> None:
    """Whatever stands in the tracker."""
    tracker = tracker_at(redmine_server)
    for n in range(3):
        tracker.create(a_task(f"task:{n}"), later(0))
    _, cursor = all_changes(tracker, None, later(0))
    _, cursor = all_changes(tracker, cursor, later(10))
    redmine_server.forget_requests()

    changed, _ = all_changes(tracker, cursor, later(20))

    assert changed == []
    assert len(redmine_server.requests()) == 1


def test_behind_a_web_server_an_idle_poll_is_one_request_at_once(
    redmine_server: RedmineServer,
) -> None:
    """Its Date header says what is settled."""
    with Front(redmine_server.url) as front:
        tracker = tracker_at(redmine_server, url=front.url)
        tracker.create(a_task(), later(0))
        redmine_server.age(10)
        _, cursor = all_changes(tracker, None, later(0))
        front.seen.clear()

        changed, _ = all_changes(tracker, cursor, later(0))

    assert changed == []
    assert len(front.seen) == 1


def test_four_hundred_old_issues_cost_a_few_requests(redmine_server: RedmineServer) -> None:
    """The first day of a site: pages, no histories."""
    tracker = tracker_at(redmine_server)
    fill(redmine_server, 400)
    tracker.check()
    redmine_server.forget_requests()

    tasks, cursor = all_changes(tracker, None, later(0))

    assert len(tasks) == 400
    assert all(task.key is None and task.notes == () for task in tasks)
    assert len(redmine_server.requests()) < 12
    assert all_changes(tracker, cursor, later(10))[0] == []


@pytest.mark.parametrize("count", [99, 100, 101, 198, 199, 200, 201])
def test_a_sweep_gives_each_issue_once(redmine_server: RedmineServer, count: int) -> None:
    """Wherever the last one stands in two pages that share an issue."""
    tracker = tracker_at(redmine_server)
    fill(redmine_server, count)

    tasks, _ = all_changes(tracker, None, later(0))

    assert [int(task.ident) for task in tasks] == list(range(1, count + 1))


def test_an_issue_that_goes_between_two_pages_takes_no_other_along(
    redmine_server: RedmineServer,
) -> None:
    """The second page then begins one later, and is asked for anew."""
    here, answered, gone = threading.local(), threading.Semaphore(0), [7, 150]

    def before(_method: str, path: str) -> None:
        here.is_first = "limit=100&offset=0" in path
        if "offset=99" in path and gone:
            answered.acquire(timeout=30)
            redmine_server.sql("delete from issues where id = ?", gone.pop(0))

    def after(_status: int) -> None:
        if here.is_first:
            answered.release()

    with Front(redmine_server.url) as front:
        tracker = tracker_at(redmine_server, url=front.url)
        fill(redmine_server, 250)
        front.before, front.after = before, after
        tasks, _ = all_changes(tracker, None, later(0))

    numbers = [int(task.ident) for task in tasks]
    assert gone == []
    assert len(numbers) == len(set(numbers))
    assert set(range(1, 251)) - set(numbers) <= {150}


def test_a_bulk_edit_of_more_than_a_page_in_one_second_is_read_whole(
    redmine_server: RedmineServer,
) -> None:
    """A hundred and twenty issues under one stamp, and one after them."""
    tracker = tracker_at(redmine_server)
    _, cursor = all_changes(tracker, None, later(0))
    fill(redmine_server, 120, "2031-01-01 10:00:00")
    fill(redmine_server, 1, "2031-01-01 10:00:01")

    tasks, cursor = all_changes(tracker, cursor, later(10))

    assert sorted({int(task.ident) for task in tasks}) == list(range(1, 122))
    assert all_changes(tracker, cursor, later(20))[0] == []


@pytest.mark.parametrize(("before", "inside"), [(60, 60), (99, 1), (1, 120), (150, 150)])
def test_a_crowd_on_both_sides_of_a_second_is_read_to_its_end(
    redmine_server: RedmineServer, before: int, inside: int
) -> None:
    """The database keeps fractions, the filter by a second reaches back into the one before."""
    tracker = tracker_at(redmine_server)
    _, cursor = all_changes(tracker, None, later(0))
    fill(redmine_server, before, "2031-01-01 10:00:00")
    fill(redmine_server, inside, "2031-01-01 10:00:01")
    fill(redmine_server, 1, "2031-01-01 10:00:02")
    spread(redmine_server)

    tasks, cursor = all_changes(tracker, cursor, later(10))

    assert sorted({int(task.ident) for task in tasks}) == list(range(1, before + inside + 2))
    assert all_changes(tracker, cursor, later(20))[0] == []


def test_what_changes_while_the_sweep_goes_on_is_seen(redmine_server: RedmineServer) -> None:
    """An issue of the first pages is closed before the last page is read."""
    tracker = tracker_at(redmine_server)
    fill(redmine_server, 250)
    first = tracker.changes(None, later(0))
    Staff(redmine_server).change("3", notes="Пока читали")

    tasks, _ = all_changes(tracker, first.cursor, later(1))
    rest, _ = all_changes(tracker, all_changes(tracker, first.cursor, later(1))[1], later(2))

    assert len(first.tasks) == 199
    assert {task.ident for task in [*tasks, *rest]} >= {"3", "250"}


def test_only_the_configured_projects_are_read(redmine_server: RedmineServer) -> None:
    """What stands elsewhere is nobody's business."""
    tracker = tracker_at(redmine_server, projects={})
    Staff(redmine_server).make("Чужая", project_id=2)
    ours = Staff(redmine_server).make("Наша")

    tasks, _ = all_changes(tracker, None, later(0))

    assert [task.ident for task in tasks] == [ours]
    assert tasks[0].project == "support"


def test_kinds_go_to_their_projects(redmine_server: RedmineServer) -> None:
    """Plans stand in the project of plans, under their tracker."""
    tracker = tracker_at(redmine_server)

    plan = tracker.create(a_task("plan:1", kind=TaskKind.PLAN), later(0))
    task = tracker.create(a_task("task:1"), later(0))

    assert (plan.project, plan.kind) == ("plans", TaskKind.PLAN)
    assert (task.project, task.kind) == ("support", TaskKind.EXECUTOR)


def test_tasks_of_a_block_stand_in_its_project_and_are_followed_there(
    redmine_server: RedmineServer,
) -> None:
    """What a person does in either project comes with one request; a kind of its own stays where it was."""
    blocks = {"ЖКХ": "plans"}
    tracker = tracker_at(redmine_server, projects={"incident": "support"}, blocks=blocks)
    made = tracker.create(a_task("task:a", block="Жкх"), later(0))
    other = tracker.create(a_task("task:b", block="Дороги"), later(0))
    incident = a_task("incident:a", kind=TaskKind.INCIDENT, block="ЖКХ")
    assert [made.project, other.project] == ["plans", "support"]
    assert tracker.create(incident, later(0)).project == "support"
    assert tracker.check() == []
    redmine_server.age(10)
    _, cursor = all_changes(tracker, None, later(0))
    _, cursor = all_changes(tracker, cursor, later(10))
    redmine_server.forget_requests()

    assert all_changes(tracker, cursor, later(20))[0] == []
    asked = len(redmine_server.requests())
    Staff(redmine_server).change(made.ident, notes="Принято")
    [seen], _ = all_changes(tracker, cursor, later(30))

    assert asked == 1
    assert (seen.ident, seen.project, seen.notes[0].text) == (made.ident, "plans", "Принято")


def test_a_hundred_keys_are_looked_up_in_few_requests(redmine_server: RedmineServer) -> None:
    """As many as an address holds."""
    tracker = tracker_at(redmine_server)
    made = tracker.create(a_task("task:odintsovo-1204:dobrodel:77"), later(0))
    redmine_server.forget_requests()

    found = tracker.find([f"task:odintsovo-1204:dobrodel:{n}" for n in range(100)], later(0))

    assert [task.ident for task in found.values()] == [made.ident]
    assert len(redmine_server.requests()) <= 4


def test_a_person_may_move_the_term_by_its_date_or_by_its_hour(
    redmine_server: RedmineServer,
) -> None:
    """The date alone keeps the hour; the field with the hour counts when it was changed last."""
    tracker = tracker_at(redmine_server)
    staff = Staff(redmine_server)
    made = tracker.create(a_task(), later(0))
    [(field,)] = redmine_server.sql("select id from custom_fields where name like 'Срок%'")

    staff.change(made.ident, due_date="2030-11-22")
    by_date = tracker.update(TaskChange(ident=made.ident, token="t"), later(0))
    staff.change(made.ident, custom_fields=[{"id": field, "value": "25.11.2030 10:30"}])
    by_hour = tracker.update(TaskChange(ident=made.ident, token="t"), later(0))

    assert by_date.due_at == DUE + timedelta(days=2)
    assert by_hour.due_at == datetime(2030, 11, 25, 10, 30, tzinfo=DUE.tzinfo)


def test_measures_and_causes_come_from_their_fields(redmine_server: RedmineServer) -> None:
    """What staff write there feeds the reports."""
    tracker = tracker_at(redmine_server)
    made = tracker.create(a_task(), later(0))
    _, cursor = all_changes(tracker, None, later(0))
    [(field,)] = redmine_server.sql("select id from custom_fields where name = 'Меры'")
    Staff(redmine_server).change(
        made.ident, custom_fields=[{"id": field, "value": "Пущено\nтепло"}]
    )

    [seen], _ = all_changes(tracker, cursor, later(0))

    assert seen.measures == "Пущено\nтепло"
    assert seen.notes[0].changes == {"measures": "Пущено\nтепло"}


def test_in_a_bare_redmine_a_persons_move_wins_over_our_mark(
    redmine_server: RedmineServer,
) -> None:
    """Two of our statuses share one of theirs; the mark counts only while the issue stands in it."""
    tracker = tracker_at(redmine_server, "bare")
    made = tracker.create(a_task(status=TaskStatus.ON_CONTROL), later(0))
    Staff(redmine_server).change(made.ident, status_id=3)

    moved = tracker.update(TaskChange(ident=made.ident, token="t"), later(0))

    assert made.status is TaskStatus.ON_CONTROL
    assert moved.status is TaskStatus.DONE


def test_in_a_bare_redmine_the_key_stands_where_people_hardly_see_it(
    redmine_server: RedmineServer,
) -> None:
    """A token at the end of the subject, the key in the last line, the hour over it."""
    tracker = tracker_at(redmine_server, "bare")
    made = tracker.create(a_task("task:x:1"), later(0))

    issue = Staff(redmine_server).read(made.ident)

    assert issue["subject"].startswith(f"{made.subject} [")
    assert issue["description"].splitlines()[-2:] == ["Срок: 20.11.2030 18:00", "Ключ: task:x:1"]
    assert issue["due_date"] == date(2030, 11, 20).isoformat()


def test_a_text_that_pretends_to_be_ours_is_not(redmine_server: RedmineServer) -> None:
    """A key in a hand-made issue's text has no token in the subject."""
    tracker = tracker_at(redmine_server, "bare")
    Staff(redmine_server).make("Хитрая", description="Текст\n\nКлюч: task:x:1")

    [seen], _ = all_changes(tracker, None, later(0))

    assert seen.key is None
    assert tracker.find(["task:x:1"], later(0)) == {}


def test_logins_that_the_account_may_not_read_come_from_the_directory(
    redmine_server: RedmineServer,
) -> None:
    """An older Redmine keeps them from accounts that are no administrators."""
    people = {"petrova": "Петрова Анна Сергеевна", "p.stranger": "Посторонний Пётр Ильич"}
    tracker = tracker_at(redmine_server, people=people)
    ident = Staff(redmine_server).make("Дело")
    redmine_server.sql(
        "update issues set author_id = (select id from users where login = 'stranger')"
    )

    [seen], _ = all_changes(tracker, None, later(0))

    assert (seen.ident, seen.author) == (ident, "p.stranger")


def test_a_cursor_of_another_tracker_is_refused(redmine_server: RedmineServer) -> None:
    """With a word on what to do."""
    tracker = tracker_at(redmine_server)

    with pytest.raises(Rejected, match="remove it to start anew"):
        tracker.changes(json.dumps(["x"]), later(0))
