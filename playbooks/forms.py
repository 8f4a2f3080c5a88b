"""Forms of reports: facts of a period become the document that the regulation prints.

A form takes the report's rule, the case and the period; it returns the document, the figures that
stand in the subject, and the gaps that a person should still fill. It invents nothing: where
nobody wrote measures it says so and adds what is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from mcur.playbooks import crowded, dynamics, portrait, ringing
from mcur.playbooks.addresses import without_flat
from mcur.playbooks.documents import (
    Block,
    Bullets,
    Column,
    Group,
    Heading,
    Pairs,
    Paragraph,
    Table,
)
from mcur.playbooks.entries import GROUPS, entered
from mcur.playbooks.facts import Appeal, Task, TaskKind, TaskStatus
from mcur.playbooks.filled import Filled
from mcur.playbooks.inspection_forms import app_work, breaches, standings
from mcur.playbooks.language import mask_personal, shorten
from mcur.playbooks.roadmaps import in_hands, roadmaps
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.term import is_late

if TYPE_CHECKING:
    from mcur.playbooks.rules.report_shape import Report


Form = Callable[["Report", Case, datetime, datetime], Filled]


def groups(rule: Report, case: Case, first: datetime, last: datetime) -> Filled:
    """Fill the form of Report 1: groups of appeals, each with problem and measures (app. 1)."""
    came = {g.group: entered(case, g.group, first, last) for g in rule.groups}
    if "repeat" in came and "new" in came:
        # A repeat stands among the repeats, not among the new ones.
        came["new"] = [a for a in came["new"] if not a.is_repeat]
    gaps: list[str] = []
    cells = {
        name: [(_problem(case, a), _measures_of(case, a, gaps)) for a in appeals]
        for name, appeals in came.items()
    }
    body = _beside(list(cells.values()))
    titles = (case.say("form.groups.problem"), case.say("form.groups.measures"))
    columns = tuple(
        Column(title=titles[n % 2], number=str(n + 1), weight=3) for n in range(2 * len(cells))
    )
    figures: dict[str, Any] = {name: len(appeals) for name, appeals in came.items()}
    heads = tuple(
        Group(title=case.say("form.groups.head", group=name, count=count), span=2)
        for name, count in figures.items()
    )
    if not body and not case.facts.has_data(first, last):
        figures["no_data"] = True
    empty = case.say("form.groups.no_data" if "no_data" in figures else "form.groups.empty")
    table = Table(columns=columns, groups=heads, rows=body, empty=empty)
    stock = case.facts.stock(case.playbook.takes)
    lead = (case.say("form.groups.lead", figures=figures, first=first, stock=stock),)
    blocks: tuple[Block, ...] = (table,)
    too_long = len(body) > rule.max_rows
    if too_long:
        short = _beside([_places(rule, case, appeals) for appeals in came.values()])
        topics = Counter(a.topic for appeals in came.values() for a in appeals).most_common()
        note = Paragraph(text=case.say("crowded.note"))
        counted = Bullets(
            items=tuple(case.say("crowded.topic", topic=t, count=n) for t, n in topics)
        )
        blocks = (note, counted, table.model_copy(update={"rows": short}))
    return Filled(
        blocks=blocks,
        lead=lead,
        figures=figures,
        gaps=tuple(dict.fromkeys(gaps)),
        landscape=True,
        annex=(table,) if too_long else (),
    )


def problems(rule: Report, case: Case, first: datetime, _last: datetime) -> Filled:
    """Fill the form of Report 2: problem, causes, measures, prevention, status (app. 1).

    Tasks with news of the day stand first. Open tasks without any follow while the table has
    room (``max_rows``); beyond that they are counted by executor.
    """
    tasks = [
        t for t in case.facts.tasks(case.playbook.id, set(rule.kinds), since=first) if not t.history
    ]
    told = [t for t in tasks if _has_news(t, first)]
    silent = [t for t in tasks if not _has_news(t, first) and t.status.is_open]
    if len(told) + len(silent) <= rule.max_rows:
        told, silent = told + silent, []
    told.sort(key=lambda t: (_verdict_order(t, case.now), t.due_at or case.now, t.key))
    gaps: list[str] = []
    rows = tuple(_problem_row(case, task, gaps) for task in told)
    verdicts = Counter(_verdict(t, case.now) for t in told + silent)
    names = ("problem", "causes", "measures", "prevention", "status")
    columns = tuple(
        Column(title=case.say(f"form.problems.{name}"), number=str(n), weight=weight)
        for n, (name, weight) in enumerate(zip(names, (5, 4, 5, 4, 2), strict=True), start=1)
    )
    empty = case.say("form.problems.no_news" if silent else "form.problems.empty")
    summary = crowded.by_topic(case, map(_about, told), (columns[-1].title, *(r[-1] for r in rows)))
    table = Table(columns=columns, rows=rows, empty=empty, summary=summary)
    blocks: list[Block] = [table, *_silent(case, silent)]
    figures = {
        "solved": verdicts["solved"],
        "unsolved": verdicts["unsolved"],
        "in_work": verdicts["in_work"],
        "total": len(told) + len(silent),
    }
    lead = (case.say("form.problems.lead", figures=figures),)
    return Filled(
        blocks=tuple(blocks), lead=lead, figures=figures, gaps=tuple(gaps), landscape=True
    )


def work(rule: Report, case: Case, first: datetime, last: datetime) -> Filled:
    """Fill the report on the work done in a day: figures, tasks, escalations, executors."""
    count: dict[str, Any] = {name: len(entered(case, name, first, last)) for name in GROUPS}
    if not count["new"] and not case.facts.has_data(first, last):
        unknown = case.say("form.work.unknown")
        count |= {"new": unknown, "repeat": unknown, "no_data": True}
    tasks = [
        t for t in case.facts.tasks(case.playbook.id, set(rule.kinds), since=first) if not t.history
    ]
    set_today = [t for t in tasks if t.decided_at >= first]
    closed = [t for t in tasks if not t.status.is_open]
    late = [t for t in tasks if is_late(t, case.now)]
    sent = case.facts.deliveries(case.playbook.id, first, last)
    figures = {
        **count,
        "tasks": len(set_today),
        "tasks_closed": len(closed),
        "tasks_late": len(late),
        "assignments": sum(t.kind is TaskKind.ASSIGNMENT for t in set_today),
        "escalations": sent.get("escalations", 0),
        "reports": sent.get("reports", 0),
        "executor_mail": sent.get("executor_mail", 0),
    }
    lines = tuple(
        (case.say(f"form.work.{name}"), str(figures[name]))
        for name in figures
        if case.playbook.texts.has(f"form.work.{name}")
    )
    blocks: list[Block] = [Pairs(items=lines)]
    blocks.extend(_by_executor(case, tasks))
    blocks.extend(_late_list(case, late))
    lead = (case.say("form.work.lead", figures=figures),)
    return Filled(blocks=tuple(blocks), lead=lead, figures=figures)


def overview(_rule: Report, case: Case, first: datetime, last: datetime) -> Filled:
    """Fill the summary of the day before: figures; its tables are the sections of the report."""
    figures: dict[str, Any] = {name: len(entered(case, name, first, last)) for name in GROUPS}
    if not figures["new"] and not case.facts.has_data(first, last):
        figures["no_data"] = True
    stock = case.facts.stock(case.playbook.takes)
    lead = (case.say("form.overview.lead", figures=figures, first=first, stock=stock),)
    return Filled(blocks=(), lead=lead, figures=figures)


def incidents(rule: Report, case: Case, first: datetime, last: datetime) -> Filled:
    """Tell of each incident of the mode that lasts: what is known, what was written in the period."""
    blocks: list[Block] = []
    found = rule.incidents(case, last)
    for incident in found:
        said = [a for a in case.facts.acts_on(incident.key) if a.text and first <= a.at <= last]
        news: Block = Bullets(items=tuple(ringing.entry(case, act) for act in said))
        if not said:
            news = Paragraph(text=case.say("form.incidents.no_news"))
        known = Pairs(items=portrait.with_shares(case, incident))
        blocks += [Heading(text=case.place(incident)), known, news]
    figures = {"count": len(found), "objects": [case.place(i) for i in found]}
    lead = (case.say("form.incidents.lead", figures=figures),)
    return Filled(blocks=tuple(blocks), lead=lead, figures=figures)


def top(_rule: Report, case: Case, first: datetime, last: datetime) -> Filled:
    """Fill the top of topics by the growth index of the heat map (T11)."""
    blocks, names, _ = dynamics.top(case, first, last)
    figures: dict[str, Any] = {"names": names, "new": len(entered(case, "new", first, last))}
    if not figures["new"] and not case.facts.has_data(first, last):
        figures["no_data"] = True
    lead = (case.say("form.top.lead", figures=figures, first=first),)
    return Filled(blocks=tuple(blocks), lead=lead, figures=figures)


FORMS: dict[str, Form] = {
    "groups": groups,
    "problems": problems,
    "work": work,
    "overview": overview,
    "top": top,
    "roadmaps": roadmaps,
    "app_work": app_work,
    "breaches": breaches,
    "standings": standings,
    "incidents": incidents,
}


# --- lists side by side --------------------------------------------------------------------------------


def _beside(lists: Sequence[Sequence[tuple[str, str]]]) -> tuple[tuple[str, ...], ...]:
    """Lay lists side by side; the shorter ones end in empty cells."""
    return tuple(
        tuple(cell for pair in line for cell in pair)
        for line in zip_longest(*lists, fillvalue=("", ""))
    )


def _places(rule: Report, case: Case, appeals: Sequence[Appeal]) -> list[tuple[str, str]]:
    """Say of each topic and house how many appeals there are, and of how many measures are known."""
    written: dict[str, str] = {}

    def place(appeal: Appeal) -> tuple[str | None, str | None]:
        house = appeal.house or appeal.address
        if house is None:
            return appeal.topic, None
        return appeal.topic, written.setdefault(house, without_flat(appeal.address or house))

    found = crowded.by_place(case, appeals, place, rule.max_rows)
    return [
        (title, case.say("crowded.measures", count=len(inside), told=_with_measures(case, inside)))
        for title, inside in found
    ]


def _with_measures(case: Case, appeals: Sequence[Appeal]) -> int:
    tasks = (case.facts.task_of(case.playbook.id, a.source, a.number) for a in appeals)
    return sum(bool(task and task.measures) for task in tasks)


# --- what a row says ----------------------------------------------------------------------------------


def _problem(case: Case, appeal: Appeal) -> str:
    said = shorten(mask_personal(appeal.text), 160) if appeal.text else ""
    return case.say("form.problem", appeal=appeal, said=said)


def _measures_of(case: Case, appeal: Appeal, gaps: list[str]) -> str:
    task = case.facts.task_of(case.playbook.id, appeal.source, appeal.number)
    if task and task.measures:
        return mask_personal(task.measures)
    gaps.append(case.say("form.gap", task=task, appeal=appeal))
    return case.say("no_measures") + (f"; {known(case, task)}" if task else "")


def known(case: Case, task: Task) -> str:
    """Say what is known of a task where nobody wrote measures."""
    role = case.playbook.roles.get(task.assignee or "", "")
    return case.say("form.known", task=task, role=role)


def _problem_row(case: Case, task: Task, gaps: list[str]) -> tuple[str, ...]:
    measures = mask_personal(task.measures) if task.measures else ""
    if not measures:
        gaps.append(case.say("form.gap", task=task, appeal=None))
        measures = f"{case.say('no_measures')}; {known(case, task)}"
    return (
        case.say("form.problems.row", task=task, okrug=case.playbook.municipalities),
        mask_personal(task.causes) if task.causes else case.say("not_given"),
        measures,
        mask_personal(task.prevention) if task.prevention else case.say("not_given"),
        case.say(f"verdict.{_verdict(task, case.now)}"),
    )


def _about(task: Task) -> tuple[str | None, str | None]:
    """Return topic and address of a task."""
    return task.topic or task.subject, task.address


def _has_news(task: Task, first: datetime) -> bool:
    """Whether somebody did something in the period; that a task was set is no news of measures."""
    moved = task.status is not TaskStatus.NEW or task.measures is not None
    stamps = (task.changed_at, task.closed_at, task.done_at, task.accepted_at)
    return moved and any(at is not None and at >= first for at in stamps)


def _verdict(task: Task, now: datetime) -> str:
    """Closed is solved; refused or past its due is not; the rest is in work (analysis, part g)."""
    if task.status is TaskStatus.CLOSED:
        return "solved"
    if task.status in {TaskStatus.REFUSED, TaskStatus.REJECTED} or is_late(task, now):
        return "unsolved"
    return "in_work"


def _verdict_order(task: Task, now: datetime) -> int:
    return ("unsolved", "solved", "in_work").index(_verdict(task, now))


def _silent(case: Case, tasks: Sequence[Task]) -> list[Block]:
    if not tasks:
        return []
    by = Counter(in_hands(case, t) for t in tasks)
    lines = tuple(
        case.say("form.problems.silent_line", executor=name, count=n)
        for name, n in by.most_common()
    )
    return [
        Paragraph(text=case.say("form.problems.silent", count=len(tasks))),
        Bullets(items=lines),
    ]


def _by_executor(case: Case, tasks: Sequence[Task]) -> list[Block]:
    rows: dict[str, list[int]] = {}
    for task in tasks:
        row = rows.setdefault(in_hands(case, task), [0] * 3)
        row[0] += task.status.is_open
        row[1] += not task.status.is_open
        row[2] += is_late(task, case.now)
    if not rows:
        return []
    names = ("executor", "open", "closed", "late")
    columns = tuple(
        Column(
            title=case.say(f"form.work.column.{name}"),
            weight=4 if name == "executor" else 3,
            align="left" if name == "executor" else "center",
        )
        for name in names
    )
    body = tuple(
        (name, *(str(n) for n in counts))
        for name, counts in sorted(rows.items(), key=lambda r: (-r[1][2], -r[1][0], r[0]))
    )
    return [Heading(text=case.say("form.work.executors")), Table(columns=columns, rows=body)]


def _late_list(case: Case, late: Sequence[Task]) -> list[Block]:
    if not late:
        return []
    told = sorted(late, key=lambda t: (t.due_at or case.now, t.key))
    lines = [
        case.say(
            "form.work.late_line", task=t, said=mask_personal(t.measures or "") or known(case, t)
        )
        for t in told
    ]
    summary = crowded.by_topic(case, map(_about, told))
    return [Heading(text=case.say("form.work.late")), Bullets(items=tuple(lines), summary=summary)]
