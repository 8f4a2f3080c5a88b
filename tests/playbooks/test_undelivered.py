"""Letters that have not left in time: told at once, rung about once a reader, whatever waits for the window left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mcur.playbooks.intents import Channel, Cite, CreateTask, Intent, Tell
from mcur.playbooks.rules import undelivered
from mcur.playbooks.rules.undelivered import Delivering
from mcur.playbooks.waiting import Unsent
from tests.playbooks.facts import Known, at, case

CITE = Cite(playbook="odintsovo-1204", rule="O-2", clause="2.2.1.1", why="отчет")


def unsent(key: str, since: datetime, **given: Any) -> Unsent:
    """Make a letter that waits."""
    values: dict[str, Any] = {
        "cite": CITE,
        "channel": Channel.REPORTS,
        "to": ("mcur_head",),
        "subject": "Отчет",
        "windowed": False,
        "reason": "did not answer",
    }
    return Unsent(key=key, at=since, **values | given)


def decided(now: str, *letters: Unsent, **values: Any) -> list[Intent]:
    """Let the rule decide."""
    rule = Delivering(id="day", clause="2.1.2", title="Сверка", **{"caller": "mcur_resp", **values})
    known = Known(letters_unsent=list(letters))
    return list(undelivered.decide(rule, case(known, at(now))))


def test_a_letter_is_told_at_the_end_of_its_hour() -> None:
    """Not a minute before; with the rule and the clause that wanted it."""
    letter = unsent("report:1", at("09:50"))

    assert decided("10:49", letter) == []
    [told, call] = decided("10:50", letter)
    assert isinstance(told, Tell)
    assert isinstance(call, CreateTask)
    assert (told.event, told.key, told.cite.rule) == ("mail.undelivered", "report:1", "O-2")
    assert (call.assignee, call.rings, call.cite.clause) == ("mcur_resp", ("mcur_head",), "2.2.1.1")


def test_a_reader_is_rung_up_once_and_executors_are_not() -> None:
    """Ten reports that wait are ten lines and one call."""
    letters = [unsent(f"report:{n}", at("09:00")) for n in range(10)]
    other = unsent("report:x", at("09:00"), to=("okrug_head",))
    executor = unsent("letter:x", at("09:00"), channel=Channel.EXECUTOR_MAIL, to=("executor:УК",))
    found = decided("12:00", *letters, other, executor)

    assert len([one for one in found if isinstance(one, Tell)]) == 12
    calls = [one.rings for one in found if isinstance(one, CreateTask)]
    assert calls == [("mcur_head",), ("okrug_head",)]


def test_without_a_caller_nobody_rings() -> None:
    """The playbooks as they are: the journal and the status say it."""
    found = decided("12:00", unsent("report:1", at("09:00")), caller="")

    assert [type(one) for one in found] == [Tell]
