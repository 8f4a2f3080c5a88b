"""The control of stocks: deferred, overdue and repeated appeals that do not become fewer (T9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Literal

from pydantic import Field

from mcur.playbooks.documents import Bullets, Document, Paragraph, plain
from mcur.playbooks.durations import ClockField, ElapsedField
from mcur.playbooks.facts import AppealStatus, Task, TaskKind, TaskStatus
from mcur.playbooks.intents import (
    Channel,
    Finding,
    Intent,
    MarkDone,
    Outcome,
    SendLetter,
    UpdateTask,
)
from mcur.playbooks.language import capital
from mcur.playbooks.rules import drafting, window
from mcur.playbooks.rules.base import Case, Rule


class Persisting(Rule):
    """What follows where the same status is found again at the next daily check."""

    id: str = ""
    to: tuple[str, ...]
    owner: str


class StockControl(Rule):
    """Statuses whose stock did not fall since the same hour ``window`` ago (T9).

    ``consecutive`` such days in a row make a breach; nothing to nothing is none. Each status alone,
    or their sum where ``per_status`` is false. The letter is a draft under the ladder's id, for what is
    disciplinary waits for a person's word; ``release = "auto"`` sends it at once. ``else_to`` reads it
    where nobody of ``to`` is at work. ``control_clause`` puts the tasks of such appeals on control.
    ``refers_to`` is the clause that is meant where the text names one that is not there.
    ``persisting`` says who hears of what the next check finds again.
    """

    checks: Literal["stock"]
    at: ClockField = time(16)
    statuses: tuple[Literal["deferred", "overdue", "repeat"], ...]
    ladder: str
    owner: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    window: ElapsedField = Field(default=timedelta(days=1), ge=timedelta(days=1))
    consecutive: int = Field(default=1, ge=1)
    per_status: bool = True
    release: Literal["manual", "auto"] = "manual"
    ask: Literal["ask", "ask_analysis"] = "ask"
    else_to: tuple[str, ...] = ()
    control_clause: str = ""
    persisting: Persisting | None = None
    refers_to: str = ""


def decide(rule: StockControl, case: Case) -> Iterator[Intent]:
    """Compare the stock of each status with the day before, once a day; draft the letter."""
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    moment = calendar.at(today, rule.at)
    key = f"draft:{case.playbook.id}:{rule.ladder}:{today}"
    if not case.now >= moment >= case.facts.live_from or case.facts.knows(f"stock:{key}"):
        return
    yield MarkDone(key=f"stock:{key}")
    grown: list[tuple[str, int, int]] = []
    for status, now in _stocks(rule, case).items():
        before = _counted(rule, case, status, today - rule.window)
        outcome = _outcome(rule, case, status, today, now)
        why = case.say("control.stock.line", status=status, before=before, now=now)
        yield Finding(
            cite=case.cite(rule, why), object=status, day=today, outcome=outcome,
            numbers={"stock": str(now)},
        )  # fmt: skip
        if before is not None and outcome is Outcome.FIRED:
            grown.append((status, before, now))
    if grown:
        yield from _letter(rule, case, key, grown)
        yield from _put_on_control(rule, case, grown)
        yield from _again(rule, case, key, today, grown)


def _again(
    rule: StockControl, case: Case, key: str, today: date, grown: list[tuple[str, int, int]]
) -> Iterator[Intent]:
    """Draft the letter about what was found at the check before and is found again."""
    step = rule.persisting
    if step is None:
        return
    found = case.facts.findings(case.playbook.id, rule.id, today - timedelta(days=1))
    fired = {name for name, outcome, _ in found if outcome == Outcome.FIRED}
    again = [one for one in grown if one[0] in fired]
    if again:
        further = rule.model_copy(
            update={
                "clause": step.clause, "clauses": (), "to": step.to, "else_to": (),
                "owner": step.owner, "ask": "ask",
            }
        )  # fmt: skip
        lines = [_line(case, one) for one in again]
        said = tuple(case.say("control.stock.persist", line=line) for line in lines)
        day = f"{today}"
        yield from _letter(further, case, f"{key.removesuffix(day)}next:{day}", again, said)


def _put_on_control(
    rule: StockControl, case: Case, grown: list[tuple[str, int, int]]
) -> Iterator[UpdateTask]:
    """Put the open tasks of the appeals behind a stock that does not fall on control, once each."""
    if not rule.control_clause:
        return
    statuses = {status for status, *_ in grown}
    lines = [_line(case, one) for one in grown]
    why = case.say("control.stock.on_control", lines=lines)
    cite = case.cite(rule, why, clause=rule.control_clause, clauses=(rule.control_clause,))
    for task in case.facts.tasks(case.playbook.id, {TaskKind.EXECUTOR}):
        untouched = task.status in {TaskStatus.NEW, TaskStatus.IN_WORK} and not task.history
        if untouched and statuses & _statuses_of(case, task):
            yield UpdateTask(
                key=f"update:{task.key}:on-control:{task.reopen_count}",
                cite=cite.model_copy(update={"rule": rule.ladder}),
                task=task.key,
                status=TaskStatus.ON_CONTROL,
                note=plain(why),
            )


def _statuses_of(case: Case, task: Task) -> set[str]:
    """Name the stocks in which the appeal of a task stands."""
    appeal = case.facts.appeal(task.source, task.number) if task.source and task.number else None
    if appeal is None or not appeal.is_open:
        return set()
    late = appeal.due_at is not None and appeal.due_at < case.now
    marks = {"deferred": appeal.status is AppealStatus.DEFERRED, "overdue": late}
    return {name for name, holds in {**marks, "repeat": appeal.is_repeat}.items() if holds}


def _line(case: Case, grown: tuple[str, int, int]) -> str:
    status, before, now = grown
    return case.say("control.stock.line", status=status, before=before, now=now)


def _readers(rule: StockControl, case: Case) -> tuple[str, ...]:
    """Return who reads the letter: ``else_to`` where nobody of ``to`` is at work today."""
    day = case.playbook.calendar.local(case.now).date()
    holders = [p for role in rule.to for p in case.facts.directory.holders(role)]
    present = any(person.absence_on(day) is None for person in holders)
    return rule.to if present or not rule.else_to else rule.else_to


def _stocks(rule: StockControl, case: Case) -> dict[str, int]:
    """Count what is judged: each status, or all of them as one."""
    stock = case.facts.stock(case.playbook.takes)
    counts: dict[str, int] = {status: stock.get(status, 0) for status in rule.statuses}
    return counts if rule.per_status else {"all": sum(counts.values())}


def _counted(rule: StockControl, case: Case, status: str, day: date) -> int | None:
    found = case.facts.finding(case.playbook.id, rule.id, status, day)
    return int(found["stock"]) if found and "stock" in found else None


def _outcome(rule: StockControl, case: Case, status: str, today: date, now: int) -> Outcome:
    """Judge the last days one by one: a single day of decrease ends the row."""
    for back in range(rule.consecutive):
        day = today - timedelta(days=back)
        count = _counted(rule, case, status, day) if back else now
        before = _counted(rule, case, status, day - rule.window)
        if count is None or before is None:
            return Outcome.NOT_COMPUTABLE
        if count < before or not count:
            return Outcome.NOT_FIRED
    return Outcome.FIRED


def _letter(
    rule: StockControl,
    case: Case,
    key: str,
    grown: list[tuple[str, int, int]],
    said: tuple[str, ...] = (),
) -> Iterator[Intent]:
    lines = said or tuple(_line(case, one) for one in grown)
    why = case.say("control.stock.why", lines=lines)
    cite = case.cite(rule, why)
    cite = cite.model_copy(update={"rule": rule.ladder})
    letter = SendLetter(
        key=key.replace("draft:", "letter:", 1),
        cite=cite,
        channel=Channel.ESCALATIONS,
        sender=rule.owner,
        to=_readers(rule, case),
        cc=rule.cc,
        subject=case.say("control.stock.subject", at=case.now),
        document=Document(
            title=case.say("control.stock.title"),
            lead=(capital(why) + ".",),
            blocks=(Bullets(items=lines), Paragraph(text=case.say(f"control.stock.{rule.ask}"))),
            footer=(case.clause_line(rule.clause),),
        ),
    )
    if rule.release == "auto":
        yield from window.leaving(case, letter)
    else:
        yield from drafting.waiting(case, letter, rule.owner)


def fallen(rule: StockControl, case: Case, day: date) -> list[str]:
    """Say what has become of each stock found on a day; nothing where one of them still stands."""
    found = case.facts.findings(case.playbook.id, rule.id, day)
    stocks = _stocks(rule, case)
    lines = []
    for status in (name for name, outcome, _ in found if outcome == Outcome.FIRED):
        before, now = _counted(rule, case, status, day - rule.window), stocks.get(status, 0)
        if before is None or (now and now >= before):
            return []
        lines.append(_line(case, (status, before, now)))
    return lines
