"""Plans that wait for approval: statuses of their own in Redmine, and sites that do not have them yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mcur.connectors.ports import TaskChange
from mcur.connectors.redmine import wanted
from mcur.connectors.redmine.shape import RedmineShape
from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.playbooks.facts import TaskKind, TaskStatus
from tests.connectors.test_tracker_contract import MOSCOW, Shelf, a_task, all_changes, shape_of
from tests.servers.redmine import RedmineServer, Staff

DRAFT = "draft:odintsovo-1204:weekly:2026-11-16"
PLAN = "plan:odintsovo-1204:weekly:2026-11-16"
OWN = ["На согласовании", "Возвращено", "Утверждено"]
LATER = (
    "select id from issue_statuses where name in ('На согласовании', 'Возвращено', 'Утверждено')"
)


def a_shape(**other: Any) -> RedmineShape:
    """Describe a Redmine; a test names only what matters to it."""
    values: dict[str, Any] = {"profile": "full", **other}
    return RedmineShape(name="x", url="http://x", key="k", project="p", zone=MOSCOW, **values)


@pytest.mark.parametrize(
    ("name", "closed", "expected"),
    [
        ("На согласовании", False, TaskStatus.NEW),
        ("Возвращено", False, TaskStatus.RETURNED),
        ("Утверждено", True, TaskStatus.CLOSED),
        ("Отклонена", True, TaskStatus.REJECTED),
        ("Возвращена", False, TaskStatus.RETURNED),
        ("Закрыта", True, TaskStatus.CLOSED),
    ],
)
def test_a_plan_is_read_by_its_own_names_and_by_the_common_ones(
    name: str, closed: bool, expected: TaskStatus
) -> None:
    """A plan that stood there before keeps the meaning of its old status."""
    assert a_shape().status_of(name, closed=closed, kind=TaskKind.PLAN) is expected


def test_on_other_tasks_a_plans_status_is_a_stranger() -> None:
    """It counts there by whether it closes."""
    read = a_shape().status_of
    assert read("Возвращено", closed=False, kind=TaskKind.EXECUTOR) is TaskStatus.IN_WORK
    assert read("Утверждено", closed=True, kind=None) is TaskStatus.CLOSED


@pytest.mark.parametrize(
    ("status", "draft"),
    [
        (TaskStatus.NEW, ["На согласовании", "Новая"]),
        (TaskStatus.IN_WORK, ["На согласовании", "В работе"]),
        (TaskStatus.CLOSED, ["Утверждено", "Закрыта"]),
        (TaskStatus.REJECTED, ["Отклонена"]),
    ],
)
def test_the_draft_has_names_of_its_own_and_the_published_plan_has_not(
    status: TaskStatus, draft: list[str]
) -> None:
    """A published plan is work: nobody has to approve it any more."""
    shape = a_shape()
    assert shape.names_of(status, TaskKind.PLAN, DRAFT) == draft
    assert shape.names_of(status, TaskKind.PLAN, PLAN) == draft[-1:]
    assert shape.names_of(status, TaskKind.MEASURE, DRAFT) == draft[-1:]


def test_another_redmine_names_them_in_its_configuration() -> None:
    """And has none where it names none; a bare one has none at all."""
    named = a_shape(
        profile="mapped", statuses_of={TaskKind.PLAN: {TaskStatus.CLOSED: "Согласовано"}}
    )
    assert named.names_of(TaskStatus.CLOSED, TaskKind.PLAN, DRAFT) == ["Согласовано", "Закрыта"]
    assert named.names_of(TaskStatus.NEW, TaskKind.PLAN, DRAFT) == ["Новая"]
    assert named.status_of("Согласовано", closed=True, kind=TaskKind.PLAN) is TaskStatus.CLOSED
    for profile in ("mapped", "bare"):
        assert a_shape(profile=profile).own_statuses(TaskKind.PLAN) == {}


def test_plans_that_share_their_tracker_have_the_common_names() -> None:
    """Measures would be offered «Утверждено» there."""
    shared = a_shape(trackers={TaskKind.PLAN: "Мероприятие"})
    assert shared.own_statuses(TaskKind.PLAN) == {}


def test_the_script_offers_them_on_plans_alone() -> None:
    """As a group apart: no move leads from «На согласовании» to «В работе»."""
    moves = wanted.moves(a_shape())
    common, own = moves["План"]
    assert sorted(own) == sorted([*OWN, "Отклонена"])
    assert all(groups == [common] for name, groups in moves.items() if name != "План")
    assert not set(OWN) & set(common)
    assert {name: closed for name, closed in wanted.statuses(a_shape()) if name in OWN} == {
        "На согласовании": False, "Возвращено": False, "Утверждено": True,
    }  # fmt: skip


# --- at a real Redmine --------------------------------------------------------------------------------


class Desk:
    """The daemon's tracker, and a person with a plan before him."""

    def __init__(self, server: RedmineServer, **other: Any) -> None:
        self.server = server
        self.tracker = RedmineTracker(shape_of(server, "full", **other), Shelf())
        self.staff = Staff(server)

    def make(self, key: str, kind: TaskKind = TaskKind.PLAN) -> str:
        """Make a task as the daemon does."""
        made = self.tracker.create(a_task(key, kind=kind, fields={}), _now())
        assert made.ignored == ()
        return made.ident

    def shown(self, ident: str) -> str:
        """Return the name of its status."""
        return str(self.staff.read(ident)["status"]["name"])

    def offered(self, ident: str) -> set[str]:
        """Return what the person may choose."""
        allowed = self.staff.read(ident, "allowed_statuses")["allowed_statuses"]
        return {str(status["name"]) for status in allowed}

    def choose(self, ident: str, name: str) -> None:
        """Choose a status, as the person does in the form."""
        [(number,)] = self.server.sql("select id from issue_statuses where name = ?", name)
        self.staff.change(ident, status_id=number)
        assert self.shown(ident) == name

    def move(self, ident: str, status: TaskStatus) -> TaskStatus:
        """Move a task as the daemon does."""
        change = TaskChange(ident=ident, token=str(status), status=status)
        return self.tracker.update(change, _now()).status

    def told(self, ident: str) -> list[str | None]:
        """Return what the daemon reads of the person's moves."""
        tasks, _ = all_changes(self.tracker, None, _now())
        [seen] = [task for task in tasks if task.ident == ident]
        return [note.changes.get("status") for note in seen.notes]


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def desk(redmine_server: RedmineServer) -> Desk:
    """A Redmine as the script makes it."""
    redmine_server.reset("full")
    return Desk(redmine_server)


@pytest.mark.server
def test_a_draft_waits_is_returned_and_approved_under_its_own_names(desk: Desk) -> None:
    """What a person chooses is read, and what the daemon writes is what he finds."""
    draft = desk.make(DRAFT)
    assert desk.shown(draft) == "На согласовании"
    assert desk.offered(draft) == {*OWN, "Отклонена"}

    desk.choose(draft, "Возвращено")
    assert desk.move(draft, TaskStatus.NEW) is TaskStatus.NEW
    assert desk.shown(draft) == "На согласовании"
    desk.choose(draft, "Утверждено")
    assert desk.told(draft) == ["returned", "closed"]

    by_letter = desk.make(f"{DRAFT}:2")
    for status, name in (
        (TaskStatus.IN_WORK, "На согласовании"),
        (TaskStatus.RETURNED, "Возвращено"),
        (TaskStatus.CLOSED, "Утверждено"),
        (TaskStatus.REJECTED, "Отклонена"),
    ):
        desk.move(by_letter, status)
        assert desk.shown(by_letter) == name


@pytest.mark.server
def test_a_published_plan_and_other_tasks_are_offered_none_of_them(desk: Desk) -> None:
    """They go from «Новая» to «Закрыта» as ever."""
    for key, kind in ((PLAN, TaskKind.PLAN), ("measure:x:1", TaskKind.MEASURE)):
        ident = desk.make(key, kind)
        assert desk.shown(ident) == "Новая"
        assert {"В работе", "Закрыта", "Возвращена"} <= desk.offered(ident)
        assert not desk.offered(ident) & set(OWN)
        assert desk.move(ident, TaskStatus.CLOSED) is TaskStatus.CLOSED
        assert desk.shown(ident) == "Закрыта"


@pytest.mark.server
def test_a_redmine_without_them_goes_on_under_the_common_names(desk: Desk) -> None:
    """The check says what stands for what, and what to do; nothing else is wrong."""
    take_away(desk.server)

    draft = desk.make(DRAFT)
    assert desk.shown(draft) == "Новая"
    desk.choose(draft, "Возвращена")
    assert desk.move(draft, TaskStatus.CLOSED) is TaskStatus.CLOSED
    assert desk.shown(draft) == "Закрыта"
    assert desk.told(draft) == ["returned"]
    said = desk.tracker.check()
    pairs = zip(OWN, ("Новая", "Возвращена", "Закрыта"), strict=True)
    assert said == [
        f"status «{own}» of tracker «План»: Redmine «ЦУР» does not have it, and «{common}» stands "
        "for it; run the script of `mcur redmine setup --script` once more"
        for own, common in pairs
    ]


@pytest.mark.server
def test_a_status_that_comes_is_taken_without_a_restart(desk: Desk) -> None:
    """The script runs while the daemon does."""
    rename = "update issue_statuses set name = ? where name = ?"
    desk.server.sql(rename, "Другое", OWN[0])
    assert desk.shown(desk.make(DRAFT)) == "Новая"

    desk.server.sql(rename, OWN[0], "Другое")

    assert desk.shown(desk.make(f"{DRAFT}:2")) == OWN[0]


@pytest.mark.server
def test_a_draft_that_was_there_before_goes_on_as_it_began(desk: Desk) -> None:
    """The workflow leads it to «Закрыта» and «Возвращена», and that is what they say."""
    draft = desk.make(DRAFT)
    desk.server.sql(
        "update issues set status_id = (select id from issue_statuses where name = 'Новая')"
    )

    desk.choose(draft, "Возвращена")
    assert desk.move(draft, TaskStatus.NEW) is TaskStatus.NEW
    assert desk.shown(draft) == "Новая"
    desk.choose(draft, "Закрыта")
    assert desk.told(draft) == ["returned", "closed"]


@pytest.mark.server
def test_a_bare_redmine_may_name_them_too_and_no_status_is_lost(desk: Desk) -> None:
    """Where theirs stand for several of ours, the text tells which was written."""
    desk.server.reset("bare")
    own = {TaskStatus.NEW: "Нужен отклик", TaskStatus.CLOSED: "Решена"}
    shape = shape_of(
        desk.server, "bare", trackers={TaskKind.PLAN: "Улучшение"},
        statuses_of={TaskKind.PLAN: own},
    )  # fmt: skip
    desk.tracker = RedmineTracker(shape, Shelf())

    draft = desk.make(DRAFT)
    assert desk.shown(draft) == own[TaskStatus.NEW]
    for status in (*TaskStatus, TaskStatus.NEW):
        assert desk.move(draft, status) is status
        if status in own:
            assert desk.shown(draft) == own[status]
    desk.choose(draft, "Решена")
    assert desk.told(draft) == ["closed"]
    assert desk.tracker.check() == []


def take_away(server: RedmineServer, names: str = LATER) -> None:
    """Leave the statuses of plans out, as a script of yesterday did."""
    server.sql(
        f"delete from workflows where old_status_id in ({names}) or new_status_id in ({names})"
    )
    server.sql(f"delete from issue_statuses where id in ({names})")
