"""Two tasks about one matter: what is known of the one goes over to the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import plain
from mcur.playbooks.facts import Act, Task, TaskStatus
from mcur.playbooks.intents import Cite, Intent, UpdateTask
from mcur.playbooks.joining import JoinTask
from mcur.playbooks.rules.base import Case

OF = "of"
"""The field of an act that holds the key of the task which the act's own one repeats."""


def refusal(act: Act, case: Case, task: Task) -> str | None:
    """Say why a task cannot be joined to the other; ``None`` where it can."""
    other = case.facts.task(act.fields.get(OF, ""))
    if other is None or other.key == task.key or other.playbook != task.playbook:
        return case.say("merging.no_original")
    if not (task.status.is_open and other.status.is_open):
        return case.say("merging.over")
    return None


def decide(act: Act, case: Case, cite: Cite, task: Task) -> Iterator[Intent]:
    """Join appeals, term and measures of the one to the other, and end the one."""
    other = case.facts.task(act.fields.get(OF, ""))
    if other is None:
        return
    appeals = _appeals(case, task)
    for source, number in (*_appeals(case, other), *appeals):
        yield JoinTask(
            playbook=task.playbook, source=source, number=number, task=other.key,
            place=f"merged:{other.key}", told=True,
        )  # fmt: skip
    earlier = task.due_at is not None and (other.due_at is None or task.due_at < other.due_at)
    told = {n: getattr(task, n) for n in ("measures", "causes", "prevention")}
    numbers = [number for _, number in appeals]
    text = case.say("merging.joined", task=task, numbers=numbers, earlier=earlier)
    yield UpdateTask(
        key=f"update:{other.key}:joined:{task.key}", cite=cite, task=other.key, note=plain(text),
        due_at=task.due_at if earlier else None,
        fields={n: said for n, said in told.items() if said and not getattr(other, n)},
    )  # fmt: skip
    yield UpdateTask(
        key=f"update:{task.key}:{act.ident}", cite=cite, task=task.key,
        note=plain(case.say("merging.gone", task=other)), status=TaskStatus.REJECTED, at=act.at,
    )  # fmt: skip


def _appeals(case: Case, task: Task) -> list[tuple[str, str]]:
    """Return the appeals of a task: those that share it, or its own."""
    own = [(task.source, task.number)] if task.source and task.number else []
    return list(case.facts.joined(task.key)) or own
