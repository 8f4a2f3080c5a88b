"""The relation «duplicates»: what goes over to the other task, and what does not."""

from __future__ import annotations

from mcur.playbooks import acts
from mcur.playbooks.facts import TaskStatus
from mcur.playbooks.intents import AnswerAct, Intent, UpdateTask
from mcur.playbooks.joining import JoinTask
from tests.playbooks.facts import Known, act, at, case, task

ONE, OTHER = task("1").key, task("2").key


def joined(by: str = "mcur_resp", of: str = OTHER, **other: object) -> list[Intent]:
    """Say that task 1 repeats task 2."""
    one = task("1", due_at=at("15:00"), measures="вызвана бригада", source="eds")
    known = Known(
        acts=[act("duplicate", by, origin="tracker", fields={"of": of})],
        kept=[one, task("2", source="eds", **{"due_at": at("18:00"), **other})],
    )
    return list(acts.decide(case(known, at("12:00"))))


def test_appeals_term_and_measures_go_over() -> None:
    """And the task itself ends, with a pointer."""
    found = joined()
    changes = {i.task: i for i in found if isinstance(i, UpdateTask)}

    assert {(i.number, i.task) for i in found if isinstance(i, JoinTask)} == {
        ("1", OTHER),
        ("2", OTHER),
    }
    assert changes[OTHER].due_at == at("15:00")
    assert changes[OTHER].fields == {"measures": "вызвана бригада"}
    assert changes[ONE].status is TaskStatus.REJECTED


def test_a_later_term_and_measures_that_are_there_stay() -> None:
    """What the other task says already is not lost."""
    [change] = [
        i
        for i in joined(due_at=at("14:00"), measures="вывезено")
        if isinstance(i, UpdateTask) and i.task == OTHER
    ]

    assert (change.due_at, change.fields) == (None, {})


def test_only_an_officer_or_a_head_joins_and_only_open_tasks() -> None:
    """Whoever may not is answered, and nothing goes over."""
    for found in (
        joined(by="okrug_head"),
        joined(of=""),
        joined(of=ONE),
        joined(status=TaskStatus.CLOSED),
    ):
        assert [i.refused for i in found if isinstance(i, AnswerAct) and i.refused]
        assert not [i for i in found if isinstance(i, JoinTask)]
