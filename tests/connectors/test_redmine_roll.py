"""What is not given any more, on a real Redmine: found by counting, told from what is only elsewhere."""

from __future__ import annotations

import pytest

from mcur.connectors.ports import Barred
from mcur.playbooks.facts import TaskStatus
from tests.connectors.test_redmine_changes import fill, later, tracker_at
from tests.connectors.test_tracker_contract import a_task
from tests.servers.redmine import RedmineServer, Staff

pytestmark = pytest.mark.server

KNOWN = [str(number) for number in range(1, 1001)]


def test_a_roll_where_all_are_there_is_one_request(redmine_server: RedmineServer) -> None:
    """However many there are, and with others among them that nobody knows yet."""
    tracker = tracker_at(redmine_server)
    fill(redmine_server, 1010)
    tracker.check()
    redmine_server.forget_requests()

    assert tracker.lost(KNOWN[::-1], later(0)) == ()
    assert len(redmine_server.requests()) == 1


def test_two_of_a_thousand_are_found_without_reading_the_others(
    redmine_server: RedmineServer,
) -> None:
    """Halves are counted; the page that lacks one is read."""
    tracker = tracker_at(redmine_server)
    fill(redmine_server, 1010)
    redmine_server.sql("delete from issues where id in (3, 1000)")
    redmine_server.forget_requests()

    lost = tracker.lost(KNOWN, later(0))

    asked = [line for line in redmine_server.requests() if "limit=100&" in line]
    assert [(one.ident, one.how) for one in lost] == [("3", "deleted"), ("1000", "deleted")]
    assert len(asked) == 2


def test_deleted_hidden_and_moved_are_told_apart(redmine_server: RedmineServer) -> None:
    """What was moved comes as it stands where it is now, with what was said of it there."""
    tracker = tracker_at(redmine_server, projects={})
    made = [tracker.create(a_task(f"task:{n}"), later(0)).ident for n in range(4)]
    byhand = Staff(redmine_server).make("Убрать двор")
    redmine_server.sql("update roles set issues_visibility = 'default' where name = 'Робот'")
    redmine_server.sql("update issues set is_private = 1 where id = ?", byhand)
    Staff(redmine_server, "admin").delete(made[0])
    Staff(redmine_server).change(made[2], project_id=2, notes="В другом проекте", status_id=2)

    lost = tracker.lost([*made, byhand], later(0))

    assert {one.ident: one.how for one in lost} == {
        made[0]: "deleted",
        made[2]: "moved",
        byhand: "hidden",
    }
    [seen] = [one.seen for one in lost if one.seen]
    assert (seen.project, seen.key) == ("Планы", "task:2")
    assert seen.status is TaskStatus.IN_WORK
    assert [note.text for note in seen.notes] == ["В другом проекте"]


def test_an_account_that_is_shut_out_has_lost_nothing(redmine_server: RedmineServer) -> None:
    """The door is shut; the tasks stand behind it."""
    tracker = tracker_at(redmine_server, projects={})
    made = [tracker.create(a_task(f"task:{n}"), later(0)).ident for n in range(3)]
    redmine_server.sql(
        "delete from members where project_id = 1"
        " and user_id = (select id from users where login = 'robot')"
    )

    with pytest.raises(Barred):
        tracker.lost(made, later(0))


def test_many_are_told_some_at_a_time(redmine_server: RedmineServer) -> None:
    """Each is asked for by itself: a look does not last for ever."""
    tracker = tracker_at(redmine_server)
    fill(redmine_server, 250)
    redmine_server.sql("delete from issues where id > 20")

    lost = tracker.lost([str(number) for number in range(1, 251)], later(0))

    assert [one.ident for one in lost] == [str(number) for number in range(21, 121)]
