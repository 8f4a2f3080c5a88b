"""The fuse: held tasks are told to the timeline, to the officer and to the administrator."""

from __future__ import annotations

from dataclasses import replace

from mcur.connectors.papers.text import to_text
from mcur.playbooks import fuse
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.intents import Channel, CreateTask, SendLetter, Tell
from mcur.playbooks.rules import intake
from tests.playbooks.facts import PEOPLE, Known, appeal, at, case, change, rule


def held(known: Known, count: int = 3) -> tuple[list[CreateTask], list[object]]:
    """Ask for some tasks, and let the fuse blow."""
    known.changes = [change(appeal(str(n), executor="УК «Дом»")) for n in range(count)]
    shown = case(known, at("10:00"))
    asked = [
        f for f in intake.decide(rule("intake", "appeals"), shown) if isinstance(f, CreateTask)
    ]
    return asked, list(fuse.blown(shown, asked, 2))


def test_three_are_told_of_held_tasks() -> None:
    """A line, a task of the officer, a letter to the administrator: in this order."""
    _, (told, task, letter) = held(Known())

    assert isinstance(told, Tell)
    assert (told.event, told.data) == ("appeals.held", {"tasks": 3, "fuse": 2})
    assert isinstance(task, CreateTask)
    assert (task.kind, task.assignee) == (TaskKind.REVIEW, "mcur_resp")
    assert isinstance(letter, SendLetter)
    assert (letter.to, letter.channel) == (("admin@odin.ru",), Channel.SERVICE)
    assert "3 задачи сразу, больше предела 2" in to_text(letter.document)
    assert "mcur outbox retry" in to_text(letter.document)


def test_where_nobody_administers_only_the_officer_is_told() -> None:
    """No letter to nobody."""
    _, found = held(Known(directory=replace(PEOPLE, administrator="")))

    assert [type(f) for f in found] == [Tell, CreateTask]


def test_the_same_tasks_blow_the_fuse_under_the_same_key() -> None:
    """And others under another."""
    _, (once, *_) = held(Known())
    _, (again, *_) = held(Known())
    _, (other, *_) = held(Known(), 4)

    assert isinstance(once, Tell)
    assert isinstance(again, Tell)
    assert isinstance(other, Tell)
    assert once.key == again.key != other.key
