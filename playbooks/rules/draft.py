"""Kind ``draft``: how long what waits for a person's word may wait.

Each letter that a person has to let go has an owner and a term. The owner is reminded once, at the
end of the term, unless the letter has lost its reason by then; after its end it can no longer leave, and
the timeline says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mcur.playbooks import drafts
from mcur.playbooks.documents import plain
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.intents import Cite, Intent, ReleaseDraft, Tell, UpdateTask
from mcur.playbooks.language import capital
from mcur.playbooks.rules import day_tasks, draft_plans
from mcur.playbooks.rules.base import Case, Kind
from mcur.playbooks.rules.draft_shape import Until, Waiting, rule_for
from mcur.playbooks.waiting import Draft


def decide(rule: Waiting, case: Case) -> Iterator[Intent]:
    """Remind of each letter once, while its reason stands; end those that nobody let go in time."""
    yield from draft_plans.decide(rule, case)
    for draft in case.facts.drafts(case.playbook.id):
        if rule_for(case.playbook, draft.rule) is rule:
            yield from _look(case, draft, rule.until(case.playbook.calendar, draft.at))


def _look(case: Case, draft: Draft, until: Until) -> Iterator[Intent]:
    reminded = case.facts.knows(f"term.reminded:{draft.key}")
    if case.now < until.due_at or (reminded and not until.is_over(case.now)):
        return
    gone = drafts.gone(draft, case)
    if until.is_over(case.now):
        yield from _end(case, draft, until, gone)
    elif gone is None:
        yield from _remind(case, draft, until)


def _remind(case: Case, draft: Draft, until: Until) -> Iterator[Intent]:
    why = case.say("drafting.remind", draft=draft, to=_readers(case, draft), until=until)
    cite = _cite(draft, why)
    yield Tell(
        key=draft.key, cite=cite, event="term.reminded", to=(draft.owner,),
        subject=draft.subject, data={"due_at": until.due_at, "expires_at": until.expires_at},
    )  # fmt: skip
    how = case.say("drafting.how", draft=draft)
    yield from _noted(case, draft, cite, "remind", how)


def _end(case: Case, draft: Draft, until: Until, gone: str | None) -> Iterator[Intent]:
    why = gone or case.say("drafting.expired", draft=draft, until=until)
    cite = _cite(draft, why)
    yield ReleaseDraft(key=draft.key, cite=cite, released=False)
    yield from _noted(case, draft, cite, "end")


def _noted(case: Case, draft: Draft, cite: Cite, what: str, *more: str) -> Iterator[Intent]:
    """Say it where the letter was shown, or on the owner's task of today where that is over."""
    task = case.facts.task(draft.task or "")
    key = task.key if task and task.status.is_open else day_tasks.day_task_key(case, draft.owner)
    if task is None or key != task.key:
        yield from day_tasks.given(case, draft.owner, cite)
    yield UpdateTask(
        key=f"update:{draft.key}:{what}",
        cite=cite,
        task=key,
        note=plain(f"{capital(cite.why)}.", *more),
    )


def _cite(draft: Draft, why: str) -> Cite:
    return Cite(playbook=draft.playbook, rule=draft.rule, clause=draft.clause, why=why)


def _readers(case: Case, draft: Draft) -> list[str]:
    return [case.playbook.roles.get(role, role) for role in draft.to]


def _wakes(rule: Waiting, case: Case) -> datetime | None:
    """The end of a term and of a letter wake a cycle."""
    waiting = [
        d for d in case.facts.drafts(case.playbook.id) if rule_for(case.playbook, d.rule) is rule
    ]
    starts = [draft.at for draft in waiting] + [
        t.decided_at for t in draft_plans.waiting(rule, case)
    ]
    moments = [m for at in starts for m in rule.until(case.playbook.calendar, at).moments]
    return min((m for m in moments if m > case.now), default=None)


def _shape(table: dict[str, Any]) -> Waiting:
    return Waiting.model_validate(table)


def _makes(_rule: Waiting) -> tuple[TaskKind, ...]:
    return (TaskKind.DAY,)


KIND: Kind[Waiting] = Kind(name="draft", shape=_shape, decide=decide, wakes=_wakes, makes=_makes)
