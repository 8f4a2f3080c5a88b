"""Kind ``ladder``: a confirmed refusal climbs, overdue assignments gather in one plan."""

from __future__ import annotations

from typing import Any

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks.facts import Act, Task, TaskKind, TaskStatus, Term
from mcur.playbooks.intents import CreateTask, Intent, SendLetter, Tell, UpdateTask
from mcur.playbooks.rules import ladder as kind
from tests.playbooks.facts import ID, Known, act, at, case, rule, task

TASK = f"task:{ID}:dobrodel:1"
LETTER = f"letter:{ID}:E-2:1:{TASK}"
PLAN = f"draft:{ID}:L-9:2026-11-18"


def refusals(one: Act, there: Task | None = None, *keys: str) -> list[SendLetter]:
    """Let E-2 see an accepted act on a task."""
    known = Known(accepted=[one], kept=[there or task()], keys=set(keys))
    found = kind.decide(rule("ladder", "E-2"), case(known, at("12:00")))
    return [f for f in found if isinstance(f, SendLetter)]


REFUSED = {
    "the officer says it": (act("refuse"), {}),
    "the officer sets the status": (act("status", fields={"status": "refused"}), {}),
    "the officer confirms what the executor said": (
        act("confirm"), {"status": TaskStatus.REFUSED}),
    "the head confirms it": (act("confirm", "mcur_head"), {"status": TaskStatus.REFUSED}),
}  # fmt: skip


@pytest.mark.parametrize(("one", "there"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_that_the_officer_stands_for_goes_to_the_deputy(
    one: Act, there: dict[str, Any]
) -> None:
    """4.1.4: one mail, from the head, with what is asked for."""
    [letter] = refusals(one, task(**there))

    assert letter.key == f"{LETTER}:1"
    assert (letter.sender, letter.to) == ("mcur_head", ("deputy_head",))
    assert letter.cite.clause == "4.1.4"
    assert letter.urgent


SUGGESTED = {
    "the executor's own status": (
        act("status", "executor", fields={"status": "refused"}), {"status": TaskStatus.REFUSED}),
    "the executor of a tracker": (
        act("status", "executor:УК «Дом»", fields={"status": "refused"}), {}),
    "a confirmed report": (act("confirm"), {"status": TaskStatus.DONE}),
    "a note": (act("note", text="отказываются"), {}),
    "another status": (act("status", fields={"status": "returned"}), {}),
    "a task of another regulation": (act("refuse"), {"playbook": "ruza-679"}),
    "a task nobody knows": (act("refuse", key="task:x"), {}),
}  # fmt: skip


@pytest.mark.parametrize(("one", "there"), SUGGESTED.values(), ids=SUGGESTED.keys())
def test_what_only_seems_a_refusal_goes_nowhere(one: Act, there: dict[str, Any]) -> None:
    """An executor's word is a suggestion until the officer says so."""
    assert refusals(one, task(**there)) == []


def test_a_second_refusal_is_a_second_occasion() -> None:
    """And a third one a third."""
    assert refusals(act("refuse"), None, f"{LETTER}:1")[0].key == f"{LETTER}:2"
    assert refusals(act("refuse"), None, f"{LETTER}:1", f"{LETTER}:2")[0].key == f"{LETTER}:3"


def test_the_letter_on_a_refusal_says_what_the_deputy_needs() -> None:
    """The task, the executor, the reason, what was done; and what is asked of him."""
    there = task("812", due_at=at("18:00", 20), measures="звонили дважды")
    one = act("refuse", key=there.key, text="не наш дом")
    [letter] = refusals(one, there)
    text = to_text(letter.document)

    wanted = ["№ 812", "Одинцово, ул. Мира, 1", "УК «Дом»", "20.11.2026 18:00", "не наш дом",
              "звонили дважды", "меры оперативного реагирования", "п. 4.1.4"]  # fmt: skip
    assert [word for word in wanted if word not in text] == []
    assert letter.subject == "Отказ исполнителя: Снег, Одинцово, ул. Мира, 1"


# --- overdue --------------------------------------------------------------------------------------------


def assignment(number: str, due: Any, **given: Any) -> Task:
    """Make an assignment of the centre."""
    values: dict[str, Any] = {
        "key": f"task:{ID}:letter:{number}", "kind": TaskKind.ASSIGNMENT, "rule": "letters",
        "executor": None, "assignee": "mcur_resp", "topic": f"вопрос {number}", "due_at": due,
    }  # fmt: skip
    return task(number, **{**values, **given})


def plans(known: Known, *late: Task) -> list[Intent]:
    """Let L-9 see terms that were breached now."""
    known.breached = [
        Term(
            key=f"term:{t.key}", playbook=ID, rule="control", clause="4.3", object=t.key,
            started_at=t.decided_at, due_at=t.due_at or at("09:00"), outcome="breached",
        )
        for t in late
    ]  # fmt: skip
    return list(kind.decide(rule("ladder", "L-9"), case(known, at("12:00"))))


def test_the_first_overdue_assignment_opens_a_plan_of_all_that_is_late() -> None:
    """4.3.1: at once, a draft of the head with its table."""
    one, two = assignment("7", at("11:00")), assignment("8", at("10:00"))
    fine = assignment("9", at("18:00"))
    created, told = plans(Known(kept=[one, two, fine]), one)

    assert isinstance(created, CreateTask)
    assert (created.key, created.kind, created.assignee) == (PLAN, TaskKind.PLAN, "mcur_head")
    assert created.project == "Согласование планов"
    text = to_text(created.body)
    assert text.index("№ 8.") < text.index("№ 7.")
    assert "№ 9." not in text
    assert "Просрочены 2 задачи" in text
    assert isinstance(told, Tell)
    assert (told.event, told.to) == ("draft.prepared", ("mcur_head",))
    assert told.cite.why == "нарушен срок закрытия: № 7 «вопрос 7» (срок 18.11 11:00)"


def test_the_next_ones_join_the_open_plan() -> None:
    """One open draft per head; the plan does not stand in its own table."""
    one, two = assignment("7", at("11:00")), assignment("8", at("11:30"))
    plan = assignment("5", at("11:00"), key=PLAN, kind=TaskKind.PLAN, rule="L-9")
    [update] = plans(Known(kept=[plan, one, two]), two)

    assert isinstance(update, UpdateTask)
    assert update.task == PLAN
    assert update.body is not None
    assert "№ 7." in to_text(update.body)
    assert "№ 5." not in to_text(update.body)


def test_a_plan_past_its_own_due_does_not_join_itself() -> None:
    """It is a plan too, and its term may run out."""
    plan = assignment("5", at("11:00"), key=PLAN, kind=TaskKind.PLAN, rule="L-9")

    assert plans(Known(kept=[plan]), plan) == []


@pytest.mark.parametrize(("keys", "name"), [((PLAN,), f"{PLAN}:2"), ((), PLAN)])
def test_after_a_plan_is_closed_a_new_one_opens(keys: tuple[str, ...], name: str) -> None:
    """A second one of the same day has a number."""
    one = assignment("7", at("11:00"))
    created, _ = plans(Known(kept=[one], keys=set(keys)), one)

    assert isinstance(created, CreateTask)
    assert created.key == name


NO_PLAN = {
    "an executor's task": task(due_at=at("11:00")),
    "closed, though late": assignment("7", at("11:00"), status=TaskStatus.CLOSED),
}


@pytest.mark.parametrize("one", NO_PLAN.values(), ids=NO_PLAN.keys())
def test_these_start_no_plan(one: Task) -> None:
    """Only what still stands open in the centre's Redmine."""
    assert plans(Known(kept=[one]), one) == []
