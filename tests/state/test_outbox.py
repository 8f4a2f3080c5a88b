"""The outbox: each key once, the urgent first, silence waits longer and never gives up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mcur.playbooks.documents import Document, Paragraph, plain
from mcur.playbooks.facts import TaskKind, TaskStatus
from mcur.playbooks.intents import Channel, CreateTask, Effect, SendLetter, UpdateTask
from mcur.state.circuits import LONGEST_WAIT
from mcur.state.decisions import Decision
from mcur.state.outbox import Row
from mcur.state.store import State
from tests.fakes import CITE, MORNING

TASK = "task:odintsovo-1204:dobrodel:1"


def a_task(key: str = TASK, **fields: Any) -> CreateTask:
    """Want a task."""
    values: dict[str, Any] = {
        "key": key,
        "cite": CITE,
        "kind": TaskKind.EXECUTOR,
        "project": "",
        "subject": "Нет отопления",
        "body": plain("Нет отопления"),
    }
    return CreateTask(**values | fields)


def an_update(key: str, task: str = TASK, **fields: Any) -> UpdateTask:
    """Want a change of a task."""
    return UpdateTask(**{"key": key, "cite": CITE, "task": task, "note": plain(key), **fields})


def a_letter(key: str = "letter:1", **fields: Any) -> SendLetter:
    """Want a letter."""
    values: dict[str, Any] = {
        "key": key,
        "cite": CITE,
        "channel": Channel.REPORTS,
        "sender": "mcur_resp",
        "to": ("mcur_head",),
        "subject": "Отчет",
        "document": Document(title="Отчет"),
    }
    return SendLetter(**values | fields)


def want(state: State, *effects: Effect) -> None:
    """Take these effects in one decision."""
    with state.atomic():
        route = {"letter": "courier"}
        decision = Decision(state, lambda what: route.get(what, "tracker:embedded"), MORNING)
        for effect in effects:
            decision.take(effect)
        decision.finish()


def number(state: State, key: str = TASK, ident: str = "7") -> None:
    """Let the tracker have the task."""
    state.db.execute("UPDATE tasks SET ident = ? WHERE key = ?", [ident, key])


def claim(state: State, destination: str = "tracker:embedded", limit: int = 10) -> list[Row]:
    """Claim what is due."""
    with state.atomic():
        return state.outbox.claim(destination, MORNING, limit)


def keys(rows: list[Row]) -> list[str]:
    """Name the rows."""
    return [row.key for row in rows]


def test_the_same_key_twice_is_nothing(state: State) -> None:
    """Tomorrow and after a crash."""
    want(state, a_task(), a_task(subject="Иначе"))
    want(state, a_task(subject="Совсем иначе"))

    assert [row.effect.subject for row in claim(state) if isinstance(row.effect, CreateTask)] == [
        "Нет отопления"
    ]


def test_several_changes_of_one_task_in_one_decision_leave_as_one(state: State) -> None:
    """Later values win, notes follow each other, nothing of a note is lost."""
    want(state, a_task())
    claim(state)
    number(state)
    noted = Document(title="Черновик", lead=("Проверьте",), blocks=(Paragraph(text="Пробел"),))
    want(
        state,
        an_update("u1", status=TaskStatus.IN_WORK, fields={"measures": "а"}),
        an_update("u2", note=noted, status=TaskStatus.DONE, urgent=True, fields={"causes": "б"}),
        an_update("u1"),
    )

    [row] = claim(state)

    assert isinstance(row.effect, UpdateTask)
    assert (row.key, row.effect.status, row.effect.urgent) == ("u1", TaskStatus.DONE, True)
    assert row.effect.fields == {"measures": "а", "causes": "б"}
    assert row.effect.note is not None
    texts = [getattr(block, "text", "") for block in row.effect.note.blocks]
    assert texts == ["u1", "Черновик", "Проверьте", "Пробел"]


def test_changes_of_different_decisions_leave_one_after_the_other(state: State) -> None:
    """And none before the task has its number."""
    want(state, a_task())
    want(state, an_update("u1"))
    want(state, an_update("u2"))
    first = claim(state)
    number(state)
    second = claim(state)
    third = claim(state)
    state.outbox.done(second[0], "7", MORNING, late=False, repeated=False)

    assert (keys(first), keys(second), third) == ([TASK], ["u1"], [])
    assert keys(claim(state)) == ["u2"]


def test_a_task_taken_by_hand_can_be_changed_before_ours_is_made(state: State) -> None:
    """Other tasks do not wait for it."""
    want(state, a_task(), a_task("task:b"))
    number(state, "task:b")
    want(state, an_update("ub", "task:b"), an_update("ua"))

    assert keys(claim(state)) == [TASK, "task:b", "ub"]


def test_the_urgent_goes_first(state: State) -> None:
    """Otherwise in the order in which it was decided."""
    letters = [a_letter(f"l{n}", urgent=n == 3) for n in range(1, 5)]
    want(state, *letters)

    assert keys(claim(state, "courier", 3)) == ["l3", "l1", "l2"]


def test_back_off_grows_is_bounded_and_never_ends(state: State) -> None:
    """Five seconds, ten, twenty … five minutes, for a week."""
    now, pauses = MORNING, []
    for _ in range(400):
        circuit = state.outbox.circuits.open("courier", "did not answer", now, None)
        pauses.append(circuit.open_until - now)
        now = circuit.open_until

    assert timedelta(seconds=5) <= pauses[0] < timedelta(seconds=7)
    assert pauses[0] < pauses[2] < pauses[4]
    assert max(pauses) <= LONGEST_WAIT * 1.2
    assert pauses[-1] >= LONGEST_WAIT


def test_several_hands_that_meet_one_silence_count_as_one(state: State) -> None:
    """Eight requests of one second must not mean five minutes at once."""
    first = state.outbox.circuits.open("courier", "did not answer", MORNING, None)
    for _ in range(7):
        state.outbox.circuits.open("courier", "did not answer", MORNING, None)

    assert state.outbox.circuits.listing() == [first]


def test_the_other_side_may_ask_for_a_longer_wait(state: State) -> None:
    """Retry-After is kept."""
    wait = timedelta(minutes=20)

    assert state.outbox.circuits.open("c", "busy", MORNING, wait).open_until == MORNING + wait


def test_after_a_crash_what_a_hand_had_is_in_doubt(state: State) -> None:
    """What nobody had is not."""
    want(state, a_letter("l1"), a_letter("l2"))
    claim(state, "courier", 1)

    assert state.outbox.recover(MORNING) == 1
    assert [(row.key, row.doubt) for row in claim(state, "courier")] == [("l1", 1), ("l2", 0)]


def test_doubt_never_falls_before_it_is_settled(state: State) -> None:
    """A later silence leaves it as it was."""
    want(state, a_letter())
    [row] = claim(state, "courier")
    state.outbox.wait(row, MORNING, "looking", doubt=2)
    state.outbox.wait(row, MORNING, "did not answer", doubt=1)

    assert claim(state, "courier")[0].doubt == 2


def test_what_waits_is_due_when_its_back_off_and_its_circuit_are_over(state: State) -> None:
    """The loop sleeps until then; a change of a task without a number is never due."""
    want(state, a_letter(), a_task())
    want(state, an_update("u1"))
    claim(state)
    until = state.outbox.circuits.open("courier", "silent", MORNING, None).open_until

    assert state.outbox.next_at(MORNING) == until


@pytest.mark.parametrize("how", ["held", "dead"])
def test_retry_lets_go_what_is_held_or_dead(state: State, how: str) -> None:
    """All of it, or what is named."""
    want(state, a_letter("l1"), a_letter("l2"))
    for row in claim(state, "courier"):
        state.outbox.end(row, how, "why", MORNING)

    assert state.outbox.retry(["l2"], MORNING) == 1
    assert keys(claim(state, "courier")) == ["l2"]
    assert state.outbox.retry(None, MORNING) == 1


def test_a_held_task_counts_as_decided_when_a_person_lets_it_go(state: State) -> None:
    """The executor's letter waits for its number as for any other new task."""
    want(state, a_task())
    state.outbox.hold([TASK])
    later = MORNING + timedelta(hours=3)

    state.outbox.retry(None, later)

    task = state.tasks.get(TASK)
    assert task is not None
    assert task.decided_at == later


def test_dropped_rows_stay_to_be_seen(state: State) -> None:
    """And what is done cannot be dropped."""
    want(state, a_letter("l1"), a_letter("l2"))
    [first, _] = claim(state, "courier")
    state.outbox.done(first, "ok", MORNING, late=False, repeated=False)
    state.db.execute("UPDATE outbox SET state = 'waiting' WHERE key = 'l2'")

    assert state.outbox.drop(["l1", "l2"], "dropped by the administrator", MORNING) == 1
    assert state.outbox.counts() == {"done": 1, "dropped": 1, "repeated": 0}


def test_a_crash_in_a_decision_leaves_neither_keys_nor_rows(state: State) -> None:
    """Else the key would be known and the effect lost."""

    def route(what: str) -> str:
        raise ZeroDivisionError(what)

    with pytest.raises(ZeroDivisionError), state.atomic():
        Decision(state, route, MORNING).take(a_letter())

    want(state, a_letter())
    assert keys(claim(state, "courier")) == ["letter:1"]


def test_what_was_only_shown_in_shadow_is_gone_when_the_channel_opens(state: State) -> None:
    """A task that was never made stands in no list and is announced to nobody."""
    want(state, a_task(announce=True))
    [row] = claim(state)

    with state.atomic():
        state.outbox.end(row, "shadow", "channel tasks is shadow", MORNING)
        gone = state.outbox.open_tasks(MORNING)

    assert gone == 1
    assert state.tasks.listing(open_only=True) == []
    assert state.tasks.to_announce("odintsovo-1204") == []
