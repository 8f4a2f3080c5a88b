"""What officer and head must know of the day: averages, flow, measures of plans (the daily reference)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from mcur.playbooks import handed_on, not_inspected
from mcur.playbooks.counting import by_object
from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Block, Bullets, Heading, Paragraph
from mcur.playbooks.entries import entered
from mcur.playbooks.facts import Task, TaskKind
from mcur.playbooks.language import mask_personal
from mcur.playbooks.rules.base import Case

AVERAGED_DAYS = 28


def averages(case: Case, last: datetime) -> list[str]:
    """Say how many appeals of each category come in a day, over four weeks before ``last``.

    Nothing is averaged before four weeks of history are there: a part of them would mislead.
    """
    first = last - timedelta(days=AVERAGED_DAYS)
    if not case.facts.has_data(first, first + timedelta(days=1)):
        return [case.say("reference.no_history", days=AVERAGED_DAYS)]
    tallies = [t for t in case.facts.tallies(first, last, by_house=False) if case.playbook.owns(t)]
    return [
        case.say("reference.average", category=category, tenths=round_half_up(count))
        for category, count in by_object(tallies, "category").most_common()
    ]


def round_half_up(count: int) -> int:
    """Return the daily average in tenths: 70 appeals in four weeks are 25 tenths a day."""
    return (count * 20 + AVERAGED_DAYS) // (2 * AVERAGED_DAYS)


def flow(case: Case, last: datetime) -> list[str]:
    """Say how many appeals came on the day before ``last`` and on the day before that."""
    days = [(last - timedelta(days=n), last - timedelta(days=n - 1)) for n in (1, 2)]
    if not all(case.facts.has_data(*day) for day in days):
        return [case.say("reference.no_flow")]
    now, before = (
        sum(t.n for t in case.facts.tallies(*day, by_house=False) if case.playbook.owns(t))
        for day in days
    )
    return [case.say("reference.came", now=now, before=before)]


def top(case: Case, last: datetime) -> list[str]:
    """Name the categories with the largest index, then by number of appeals, then by name (T11).

    A category that had appeals on the day before ``last`` and has no index is named after them.
    """
    index = case.facts.indices(case.playbook.covers, fresh=False)
    tallies = case.facts.tallies(last - timedelta(days=1), last)
    came = by_object((t for t in tallies if case.playbook.owns(t)), "category")
    counts = {fold(name): (name, count) for name, count in came.items()}
    ranked = sorted(index, key=lambda n: (-index[n], -counts.get(n, ("", 0))[1], n))
    lines = [
        case.say("reference.top_line", category=name, index=index[key], count=count)
        for key in ranked[: case.playbook.calendar.top_n]
        for name, count in [counts.get(key, (key, 0))]
    ]
    blank = sorted(name for key, (name, _) in counts.items() if key not in index)
    return [*lines, case.say("reference.top_blank", names=blank)] if blank else lines


def measures(case: Case, last: datetime) -> list[str]:  # noqa: ARG001
    """Say how the open measures of plans stand."""
    tasks = case.facts.tasks(case.playbook.id, {TaskKind.MEASURE})
    return [_measure(case, task) for task in tasks if not task.history]


def _measure(case: Case, task: Task) -> str:
    holder = task.executor or case.playbook.roles.get(task.assignee or "", "")
    late = task.due_at is not None and task.due_at < case.now
    return case.say("cycle.measure", task=task, holder=holder, late=late)


def statuses(case: Case, last: datetime) -> list[str]:
    """Say how many appeals were closed on the day, and how many stand open in each status."""
    stock = case.facts.stock(case.playbook.takes)
    closed = entered(case, "closed", last - timedelta(days=1), last)
    return [case.say("reference.closed", count=len(closed), stock=stock)]


def causes(case: Case, last: datetime) -> list[str]:
    """Say which causes people recorded in tasks that are open, or were closed since ``last``."""
    kinds = {TaskKind.EXECUTOR, TaskKind.ASSIGNMENT}
    tasks = case.facts.tasks(case.playbook.id, kinds, since=last - timedelta(days=1))
    said = Counter(mask_personal(task.causes) for task in tasks if task.causes)
    return [case.say("reference.cause", cause=cause, count=n) for cause, n in said.most_common()]


PARTS: dict[str, Callable[[Case, datetime], list[str]]] = {
    "averages": averages,
    "flow": flow,
    "measures": measures,
    "causes": causes,
    "statuses": statuses,
    "top": top,
    "inspections": not_inspected.lines,
    "houses": handed_on.houses,
    "results": handed_on.results,
    "messenger": handed_on.messenger,
}


def block(case: Case, part: str, clause: str, last: datetime) -> tuple[Block, ...]:
    """Write one part under its heading; a part without lines says so."""
    title = case.say(f"reference.{part}")
    printed = case.playbook.printed(clause)
    heading = Heading(text=case.say("control.heading", title=title, clause=printed))
    lines = PARTS[part](case, last)
    empty = Paragraph(text=case.say("reference.none"))
    return heading, Bullets(items=tuple(lines)) if lines else empty
