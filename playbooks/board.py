"""The page for managers: what is open, overdue and in emergency, with whom; yesterday against the week.

It says what the reports say, by the same counts, and names nobody but offices and executors. One
page stands for one regulation; it is looked at four times an hour and written where it says something new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from mcur.playbooks.documents import Block, Chart, Column, Document, Heading, Paragraph, Table
from mcur.playbooks.entries import entered
from mcur.playbooks.facts import Task, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import KeepPage
from mcur.playbooks.language import mask_personal, shorten
from mcur.playbooks.owning import reader_of
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.term import is_late

EVERY = timedelta(minutes=15)
"""How often the page may change."""
KINDS = (
    TaskKind.EXECUTOR, TaskKind.ASSIGNMENT, TaskKind.MEASURE, TaskKind.PLAN, TaskKind.CALL,
    TaskKind.CHECKLIST,
)  # fmt: skip
"""What is work for somebody; the officer's own tasks of the day are not."""
GROUPS = ("new", "repeat", "closed", "overdue", "returned")
WEEK = 7
ROWS = 40
"""Rows of a table; a longer one is no page to look at."""


def kept(case: Case, tracker: str, title: str) -> Iterator[KeepPage]:
    """Want the page of a regulation as it is now, once a quarter of an hour."""
    local = case.playbook.calendar.local(case.now)
    slot = local - timedelta(minutes=local.minute % (EVERY // timedelta(minutes=1)))
    key = f"page:{case.playbook.id}:{tracker}:{slot:%Y-%m-%dT%H:%M}"
    if case.facts.knows(key):
        return
    days = _days(case)
    yield KeepPage(
        key=key,
        cite=reader_of([case.playbook]).model_copy(update={"why": case.say("board.why")}),
        tracker=tracker,
        title=title,
        document=page(case, days),
        chart=Chart(
            labels=tuple(f"{day:%d.%m}" for day, _ in days),
            series=tuple(tuple(n[g] if n else None for _, n in days) for g in ("new", "closed")),
        ),
        caption=case.say("board.caption"),
        not_after=slot + EVERY,
    )


Days = Sequence[tuple[date, dict[str, int] | None]]
"""What entered each group on each day, the oldest first; ``None`` for a day without data."""


def page(case: Case, days: Days) -> Document:
    """Say all of it; ``subtitle`` alone holds the moment, so that it makes no news by itself."""
    tasks = [t for t in case.facts.tasks(case.playbook.id, set(KINDS)) if not t.history]
    late = {t.key for t in tasks if is_late(t, case.now)}
    incidents = case.facts.incidents(case.playbook.id)
    lead = case.say("board.lead", open=len(tasks), late=len(late), incidents=len(incidents))
    return Document(
        title=case.say("board.title"),
        subtitle=case.say(
            "board.changed",
            of=case.playbook.title,
            at=case.now,
            minutes=EVERY // timedelta(minutes=1),
        ),
        lead=(lead,),
        blocks=(
            *_incidents(case, incidents),
            *_tasks(case, tasks, late),
            *_executors(case, tasks, late),
            *_week(case, days),
        ),
    )


# --- what goes on -----------------------------------------------------------------------------------------


def _incidents(case: Case, incidents: Sequence[Incident]) -> Iterator[Block]:
    if not incidents:
        return
    yield Heading(text=case.say("board.incidents.title"))
    rows = tuple(_incident(case, one) for one in incidents[:ROWS])
    names = ("where", "what", "since", "count", "task")
    columns = (3, 6, 2, 1, 2)
    yield Table(columns=_columns(case, "incidents", zip(names, columns, strict=True)), rows=rows)


def _incident(case: Case, incident: Incident) -> tuple[str, ...]:
    task = case.facts.task(incident.key)
    number = case.say("board.incidents.number", task=task) if task and task.ident else ""
    state = case.say("board.incidents.state", incident=incident)
    since = case.playbook.calendar.local(incident.detected_at)
    return (
        mask_personal(case.place(incident)),
        shorten(mask_personal(state), 200),
        f"{since:%d.%m %H:%M}",
        str(incident.count or ""),
        number,
    )


def _tasks(case: Case, tasks: Sequence[Task], late: Collection[str]) -> Iterator[Block]:
    if not tasks:
        return
    local = case.playbook.calendar.local
    today = local(case.now).date()
    held = Counter(t.kind for t in tasks)
    behind = Counter(t.kind for t in tasks if t.key in late)
    ahead = (t for t in tasks if t.due_at and t.due_at >= case.now)
    due = Counter(t.kind for t in ahead if t.due_at and local(t.due_at).date() == today)
    rows = tuple(
        (case.say(f"board.kind.{kind}"), str(held[kind]), str(behind[kind]), str(due[kind]))
        for kind in KINDS
        if held[kind]
    )
    yield Heading(text=case.say("board.tasks.title"))
    names = (("kind", 4), ("open", 1), ("late", 1), ("today", 1))
    yield Table(columns=_columns(case, "tasks", names), rows=rows)


def _executors(case: Case, tasks: Sequence[Task], late: Collection[str]) -> Iterator[Block]:
    """Count by executor, whoever is late with most first."""
    held: dict[str, list[Task]] = {}
    for task in tasks:
        if task.kind in {TaskKind.EXECUTOR, TaskKind.ASSIGNMENT, TaskKind.MEASURE}:
            held.setdefault(task.executor or case.say("no_executor"), []).append(task)
    yield Heading(text=case.say("board.executors.title"))
    if not held:
        yield Paragraph(text=case.say("board.executors.none"))
        return
    behind = {name: sum(t.key in late for t in own) for name, own in held.items()}
    names = sorted(held, key=lambda name: (-behind[name], -len(held[name]), name))
    rows = [_executor(case, name, held[name], behind[name]) for name in names[:ROWS]]
    if len(names) > ROWS:
        rest = [task for name in names[ROWS:] for task in held[name]]
        over = sum(behind[name] for name in names[ROWS:])
        rows.append(_executor(case, case.say("board.rest", n=len(names) - ROWS), rest, over))
    yield Table(
        columns=(
            *_columns(case, "executors", [("name", 4)]),
            *_columns(case, "tasks", [("open", 1), ("late", 1)]),
            *_columns(case, "executors", [("returned", 1), ("refused", 1), ("due", 2)]),
        ),
        rows=tuple(rows),
    )


def _executor(case: Case, name: str, tasks: Sequence[Task], late: int) -> tuple[str, ...]:
    status = Counter(task.status for task in tasks)
    ahead = [task.due_at for task in tasks if task.due_at and task.due_at >= case.now]
    due = f"{case.playbook.calendar.local(min(ahead)):%d.%m %H:%M}" if ahead else ""
    counts = (len(tasks), late, status[TaskStatus.RETURNED], status[TaskStatus.REFUSED])
    return (mask_personal(name), *map(str, counts), due)


# --- yesterday and the week -------------------------------------------------------------------------------


def _days(case: Case) -> Days:
    calendar = case.playbook.calendar
    today = calendar.day_of(case.now)
    days = [today - timedelta(days=back) for back in range(WEEK + 1, 0, -1)]
    return [(day, _of_day(case, *calendar.day_bounds(day))) for day in days]


def _of_day(case: Case, first: datetime, last: datetime) -> dict[str, int] | None:
    if not case.facts.has_data(first, last):
        return None
    return {group: len(entered(case, group, first, last)) for group in GROUPS}


def _week(case: Case, days: Days) -> Iterator[Block]:
    yesterday, counts = days[-1]
    before = [n for _, n in days[:-1] if n is not None]
    rows = []
    for group in GROUPS:
        name, now = case.say(f"board.week.{group}"), counts[group] if counts else None
        usual = _usual([n[group] for n in before])
        rows.append((name, _number(case, now), _number(case, usual), _change(case, now, usual)))
    yield Heading(text=case.say("board.week.title"))
    columns = (
        Column(title=case.say("board.week.what"), weight=3),
        Column(title=case.say("board.week.yesterday", at=yesterday), align="right"),
        *_columns(case, "week", [("average", 1), ("change", 2)]),
    )
    yield Table(columns=columns, rows=tuple(rows))


def _usual(counts: Sequence[int]) -> int | None:
    """Return the average of days in whole appeals, halves upwards."""
    return (2 * sum(counts) + len(counts)) // (2 * len(counts)) if counts else None


def _number(case: Case, n: int | None) -> str:
    return case.say("board.week.unknown") if n is None else str(n)


def _change(case: Case, now: int | None, usual: int | None) -> str:
    if now is None or usual is None:
        return ""
    word = "same" if now == usual else "more" if now > usual else "less"
    return case.say(f"board.week.{word}", n=abs(now - usual))


def _columns(case: Case, table: str, names: Iterable[tuple[str, int]]) -> tuple[Column, ...]:
    """Name the columns of a table; the first of each is a name, the narrow ones are figures."""
    return tuple(
        Column(
            title=case.say(f"board.{table}.{name}"),
            weight=weight,
            align="right" if weight == 1 else "left",
        )
        for name, weight in names
    )
