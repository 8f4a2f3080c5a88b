"""Tasks that their tracker shows no more: told once each, and the rest goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest

from mcur.connectors.ports import TaskLost, TrackerChanges, Unavailable
from mcur.daemon.following import Followed
from mcur.playbooks.facts import TaskStatus
from mcur.state import lost
from tests.fakes import Stand, some_appeals


def delete(stand: Stand, *keys: str) -> None:
    """Take tasks out of the tracker's file, as no person can."""
    with closing(sqlite3.connect(stand.tracker.path)) as file, file:
        file.executemany("delete from tasks where key = ?", [(key,) for key in keys])


def with_tasks(stand: Stand, count: int) -> list[str]:
    """Let so many appeals become tasks, and the roll of the start be called."""
    stand.take(*some_appeals(count))
    stand.cycle()
    stand.cycle()
    return [f"task:odintsovo-1204:dobrodel:{n}" for n in range(1, count + 1)]


def told(stand: Stand) -> list[str | None]:
    """List what was told of lost tasks, by object."""
    return [e.data["object"] for e in stand.told("flag.raised") if ":audit:lost:" in (e.key or "")]


def test_a_deleted_task_is_told_within_the_hour_and_once(stand: Stand) -> None:
    """Also across a restart; the task stays owed, and is not made anew."""
    keys = with_tasks(stand, 3)
    delete(stand, keys[1])
    stand.pass_time(minutes=50)
    stand.cycle()
    early = told(stand)
    stand.pass_time(minutes=10)
    stand.cycle()
    stand.restart()
    for _ in range(2):
        stand.cycle()
        stand.pass_time(hours=2)

    assert early == []
    assert told(stand) == [keys[1]]
    [flag] = stand.told("flag.raised")
    assert flag.to == ("mcur_resp",)
    assert "удалена в Redmine" in flag.data["text"]
    task = stand.state.tasks.get(keys[1])
    assert task is not None
    assert task.status.is_open
    assert keys[1] not in {seen.key for seen in stand.tracker.listing()}


def the_only_flag_an_hour_later(stand: Stand) -> str:
    """Return what the one flag says; afterwards only what the tracker shows is followed."""
    stand.pass_time(hours=1)
    stand.cycle()
    [flag] = [e for e in stand.told("flag.raised") if ":audit:lost:" in (e.key or "")]
    left = set(lost.followed(stand.state.db, stand.tracker.name))
    assert left == {one.ident for one in stand.tracker.listing()}
    return str(flag.data["text"])


def test_a_deleted_task_is_told_at_the_start(stand: Stand) -> None:
    """What went while the daemon stood still is noticed when it comes back, not an hour later."""
    keys = with_tasks(stand, 2)
    delete(stand, keys[0])
    stand.restart()
    stand.cycle()

    assert told(stand) == [keys[0]]


def test_a_task_that_was_over_is_not_told_of(stand: Stand) -> None:
    """Who tidies up closed tasks disturbs nobody, and the others are still looked after."""
    keys = with_tasks(stand, 2)
    ident = next(one.ident for one in stand.tracker.listing() if one.key == keys[0])
    stand.tracker.change(ident, "mcur_resp", stand.now, status=TaskStatus.CLOSED)
    stand.cycle()
    delete(stand, *keys)
    stand.pass_time(hours=1)
    stand.cycle()

    assert told(stand) == [keys[1]]


def test_a_tracker_that_lost_everything_is_one_flag(stand: Stand) -> None:
    """A backup that was put back, say: nobody reads forty sentences."""
    keys = with_tasks(stand, 40)
    delete(stand, *keys)

    text = the_only_flag_an_hour_later(stand)

    assert "пропало из виду не менее 40 задач" in text
    assert "и ещё 30" in text


def test_many_that_come_some_at_a_time_are_one_flag(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tracker names as many at once as it can ask for: that makes no news of the rest."""
    keys = with_tasks(stand, 40)
    delete(stand, *keys)
    answered = stand.tracker.lost
    monkeypatch.setattr(stand.tracker, "lost", lambda idents, now: answered(idents, now)[:20])

    assert "не менее 20 задач" in the_only_flag_an_hour_later(stand)


def test_a_roll_that_is_not_answered_keeps_what_changed_and_is_called_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next look, not an hour later."""
    keys = with_tasks(stand, 2)
    delete(stand, keys[0])
    answered = stand.tracker.lost

    def silent(_idents: Collection[str], _now: datetime) -> tuple[TaskLost, ...]:
        msg = "call the roll: did not answer"
        raise Unavailable(msg)

    monkeypatch.setattr(stand.tracker, "lost", silent)
    seen = stand.tracker.make("petrova", "Убрать двор", stand.now)
    stand.pass_time(hours=1)
    stand.cycle()
    kept = stand.state.tasks.by_ident(stand.tracker.name, seen.ident)
    monkeypatch.setattr(stand.tracker, "lost", answered)
    before = told(stand)
    stand.pass_time(minutes=1)
    stand.cycle()

    assert kept is not None
    assert before == []
    assert told(stand) == [keys[0]]


def test_a_number_given_once_more_and_seen_before_its_receipt_is_the_new_tasks(
    stand: Stand,
) -> None:
    """A crash between making and noting; the issue of the old task must have been deleted."""
    [old] = with_tasks(stand, 1)
    [was] = [one for one in stand.tracker.listing() if one.key == old]
    stand.take(*some_appeals(2))
    stand.decide()
    new = "task:odintsovo-1204:dobrodel:2"
    source = next(one for one in stand.site.observers.sources if one.name.startswith("tracker:"))
    changes = TrackerChanges(tasks=(replace(was, key=new),), cursor="1000")
    source.keep(Followed(changes=changes), stand.state, stand.now)
    stand.pass_time(hours=1)
    stand.site.observers.look_at_all(stand.now)

    known = stand.state.tasks.by_ident(stand.tracker.name, was.ident)
    assert known is not None
    assert known.key == new
    assert told(stand) == [old]
