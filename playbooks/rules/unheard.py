"""Tasks of executors that have had no news for too long go up in one letter (G17).

News is a change of the task, somebody's note or act on it, a letter of its executor. A task is told
once for each silence; what a person has said of it himself is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from mcur.playbooks.climbs import Climb
from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Task, TaskStatus
from mcur.playbooks.intents import Intent, SendLetter, digest_of
from mcur.playbooks.language import capital, duration
from mcur.playbooks.rules import rows, window
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.steps import Step

_WITH_EXECUTOR = frozenset(
    {TaskStatus.NEW, TaskStatus.IN_WORK, TaskStatus.ON_CONTROL, TaskStatus.RETURNED}
)
"""States in which the next word is the executor's."""
_DAY = timedelta(days=1)


class Waiting(Rule):
    """Tasks of executors are told of after ``wait`` without news, at most so often as ``gathers`` says.

    ``says``: words of people that tell of a task too. The first of ``steps`` says who is told.
    """

    says: tuple[Literal["unsolved", "no-progress"], ...] = ("unsolved",)
    wait: ElapsedField | None = None
    gathers: ElapsedField = timedelta(minutes=30)
    steps: tuple[Step, ...]


def decide(rule: Waiting, case: Case) -> Iterator[Intent]:
    """Tell of the tasks whose silence has lasted so long since the last look.

    A look that finds something is kept, and one a day that does not: what lies before it costs nothing.
    """
    if rule.wait is None:
        return
    known = case.facts.climbs_of(case.playbook.id, rule.id, "")
    looked = known[-1].since if known else case.facts.live_from
    told = known[-1].started_at if known else None
    if told and case.now < told + rule.gathers:
        return
    after, until = looked - rule.wait, case.now - rule.wait
    quiet = case.facts.unheard(case.playbook.id, _WITH_EXECUTOR, after, until)
    found = [task for task in quiet if _counts(rule, case, task)]
    if found or case.now >= looked + _DAY:
        yield _look(rule, case, case.now if found else told or case.facts.live_from)
    if found:
        yield from window.leaving(case, _letter(rule, case, found, rule.wait))


def _counts(rule: Waiting, case: Case, task: Task) -> bool:
    acts = case.facts.acts_on(task.key)
    return not acts or acts[-1].do not in rule.says


def _look(rule: Waiting, case: Case, told: datetime) -> Climb:
    """Keep when the last look was, and when the last letter left."""
    return Climb(
        key=f"climb:{case.playbook.id}:{rule.id}:",
        playbook=case.playbook.id, rule=rule.id, object="", occasion=1,
        started_at=told, since=case.now, step=0, state="done",
    )  # fmt: skip


def _letter(rule: Waiting, case: Case, found: list[Task], wait: timedelta) -> SendLetter:
    step = rule.steps[0]
    clause = step.clause or rule.clause
    values = {"tasks": found, "wait": duration(wait)}
    why = case.say("unheard.why", **values)
    about = found[0].key if len(found) == 1 else digest_of(*(task.key for task in found))
    key = f"letter:{case.playbook.id}:{rule.id}:1:{about}:{_last(case, found):%Y-%m-%dT%H%M}"
    told = (rows.of_task(case, task) for task in found)
    return step.letter(
        key,
        case.cite(rule, why, clause=clause),
        case.say("unheard.subject", **values),
        Document(
            title=case.say("unheard.title"),
            lead=(capital(why) + ".",),
            blocks=(Paragraph(text=case.say("unheard.ask")), rows.table(case, told)),
            footer=(case.clause_line(clause),),
        ),
    )


def _last(case: Case, found: list[Task]) -> datetime:
    last = max(task.changed_at or task.decided_at for task in found)
    return case.playbook.calendar.local(last)
