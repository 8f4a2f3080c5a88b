"""Sections under a report's form: what a clause wants said beside the form itself.

Each section is a function of the report, the case and the period, and answers with blocks; a
section that has nothing to say answers with a line that says so, or with nothing at all where the
thing is not there (no incident, no section of incidents).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from mcur.playbooks import crowded, dynamics, portrait
from mcur.playbooks.addresses import shown, without_flat
from mcur.playbooks.counting import by_object, shares
from mcur.playbooks.documents import Block, Bullets, Column, Heading, Paragraph, Table
from mcur.playbooks.entries import GROUPS, entered
from mcur.playbooks.facts import Appeal, Task, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import Outcome
from mcur.playbooks.language import mask_personal, shorten
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.term import is_late

if TYPE_CHECKING:
    from mcur.playbooks.rules.report_shape import Report

Section = Callable[["Report", Case, datetime, datetime], list[Block]]
"""Report, case and period [first, last) to blocks; no section needs all of them."""


def blocks(rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """Return the sections of a report in the order of its table, each under its heading."""
    found: list[Block] = []
    for section in rule.sections:
        write = SECTIONS.get(section.part)  # a form may write sections of its own
        inside = write(rule, case, first, last) if write else []
        if inside:
            title = case.say(f"section.{section.part}.title")
            printed = case.playbook.printed(section.clause)
            heading = case.say("control.heading", title=title, clause=printed)
            found += [Heading(text=heading), *inside]
    return found


# --- figures of a day ------------------------------------------------------------------------------------


def topics(_rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """Count what entered each status by topic."""
    counts: dict[str, Counter[str]] = {}
    for group in GROUPS:
        for appeal in entered(case, group, first, last):
            counts.setdefault(appeal.topic or case.say("no_topic"), Counter())[group] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1]["new"], item[0]))
    rows = tuple((name, *(str(row[g]) for g in GROUPS)) for name, row in ordered)
    columns = (
        Column(title=case.say("label.topic"), weight=4),
        *(
            Column(title=case.say(f"section.group.{g}"), weight=3, align="center")
            for g in GROUPS
        ),
    )  # fmt: skip
    return [Table(columns=columns, rows=rows, empty=_nothing(case, first, last))]


def houses(_rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """Name the houses with most appeals, and the topics of each."""
    at: dict[str, list[Appeal]] = {}
    for appeal in entered(case, "new", first, last):
        if appeal.house:
            at.setdefault(appeal.house, []).append(appeal)
    ordered = sorted(at.values(), key=lambda own: (-len(own), own[0].house or ""))
    rows = tuple(_house_row(case, own) for own in ordered[: case.playbook.calendar.top_n])
    columns = (
        Column(title=case.say("label.address"), weight=5),
        Column(title=case.say("label.count"), weight=3, align="center"),
        Column(title=case.say("label.topic"), weight=4),
    )
    empty = _nothing(case, first, last)
    return [
        Table(columns=columns, rows=rows, empty=empty),
        *_more(case, len(ordered) - len(rows)),
    ]


def _house_row(case: Case, own: Sequence[Appeal]) -> tuple[str, ...]:
    names = Counter(a.topic or case.say("no_topic") for a in own)
    said = "; ".join(f"{name}: {count}" for name, count in names.most_common(3))
    return (without_flat(own[0].address or own[0].house or ""), str(len(own)), said)


def _nothing(case: Case, first: datetime, last: datetime) -> str:
    known = case.facts.has_data(first, last)
    return case.say("form.groups.empty" if known else "form.groups.no_data")


def _more(case: Case, rest: int) -> list[Block]:
    return [Paragraph(text=case.say("form.more", count=rest))] if rest > 0 else []


def thresholds(_rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """Say how far each criterion was from its threshold on the days that are covered."""
    calendar = case.playbook.calendar
    lines: list[str] = []
    day, end = calendar.day_of(first), calendar.day_of(last - timedelta(seconds=1))
    while day <= end:
        for surge in case.playbook.enabled("surge"):
            lines += _threshold(case, surge, day)
        day += timedelta(days=1)
    return [Bullets(items=tuple(lines))] if lines else []


def _threshold(case: Case, surge: Rule, day: date) -> list[str]:
    found = case.facts.findings(case.playbook.id, surge.id, day)
    fired = [one for one in found if one[1] == Outcome.FIRED]
    calm = [one for one in found if not one[0] or len(found) == 1] or found
    unknown = ("", Outcome.NOT_COMPUTABLE, case.say("section.thresholds.unknown"))
    return [_line(case, surge, *one) for one in fired or calm or [unknown]]


def _line(case: Case, surge: Rule, _object: str, outcome: str, why: str) -> str:
    """Say what was found; a growth that could be computed stands beside its threshold."""
    computed = outcome != Outcome.NOT_COMPUTABLE
    return case.say(
        "section.thresholds.line",
        title=surge.title,
        printed=case.playbook.printed(surge.clause),
        why=why,
        limit=getattr(surge, "growth_pct", None) if computed else None,
        over=case.say("surge.over", op=getattr(surge, "op", "gt")),
    )


def trend(_rule: Report, case: Case, _first: datetime, last: datetime) -> list[Block]:
    """Compare the day with the day before it: fewer appeals or more."""
    calendar = case.playbook.calendar
    day = calendar.day_of(last - timedelta(seconds=1))
    (start, end), (before, _) = (
        calendar.day_bounds(day),
        calendar.day_bounds(day - timedelta(days=1)),
    )
    if not case.facts.has_data(before, start) or not case.facts.has_data(start, end):
        return [Paragraph(text=case.say("section.trend.unknown", day_=day))]
    now, then = _received(case, start, min(end, case.now)), _received(case, before, start)
    return [
        Paragraph(text=case.say("section.trend.line", now=now, before=then, whole=end <= case.now))
    ]


def _received(case: Case, first: datetime, last: datetime) -> int:
    tallies = [t for t in case.facts.tallies(first, last, by_house=False) if case.playbook.owns(t)]
    return sum(by_object(tallies, "total").values())


# --- what people must hear of ----------------------------------------------------------------------------


def _problem(case: Case, incident: Incident) -> str:
    """Say what most appeals of an incident are about, and why it is one."""
    about = shares(portrait.of_incident(case, incident, incident.detected_at), "subcategory")
    topics = [topic for topic, _ in about[:3] if topic and topic != incident.object]
    return "; ".join((*topics, incident.why))


def emergency(_rule: Report, case: Case, first: datetime, _last: datetime) -> list[Block]:
    """Name address, problem and number of appeals of each incident that lasts or ended in the period."""
    found = [
        i
        for i in (
            *case.facts.incidents(case.playbook.id),
            *case.facts.incidents_ended(case.playbook.id, first),
        )
        if i.state != "suspected"
    ]
    if not found:
        return []
    rows = tuple(
        (
            "; ".join(map(shown, i.houses[:10])) or case.place(i),
            _problem(case, i),
            str(i.count) if i.count else case.say("nothing"),
            case.say("section.emergency.state_line", incident=i),
        )
        for i in found
    )
    names = ("address", "problem", "count", "state")
    columns = tuple(
        Column(title=case.say(f"section.emergency.{name}"), weight=weight)
        for name, weight in zip(names, (4, 5, 2, 3), strict=True)
    )
    return [Table(columns=columns, rows=rows)]


def unsolved(rule: Report, case: Case, first: datetime, _last: datetime) -> list[Block]:
    """List what is not solved and what an executor refuses."""
    tasks = [
        t for t in case.facts.tasks(case.playbook.id, set(rule.kinds), since=first) if not t.history
    ]
    lines, about = [], []
    for task in tasks:
        acts = {a.do for a in case.facts.acts_on(task.key)} if task.status.is_open else set()
        refused = task.status is TaskStatus.REFUSED or "refuse" in acts
        if refused or "unsolved" in acts or (task.status.is_open and is_late(task, case.now)):
            word = "refused" if refused else "unsolved" if "unsolved" in acts else "late"
            lines.append(case.say("section.unsolved.line", task=task, word=word))
            about.append((task.topic or task.subject, task.address))
    summary = crowded.by_topic(case, about)
    return [Bullets(items=tuple(lines), summary=summary)] if lines else []


def asked(_rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """List the problems that came by telephone and by mail."""
    tasks: Sequence[Task] = case.facts.tasks(case.playbook.id, {TaskKind.ASSIGNMENT}, since=first)
    told = [t for t in tasks if first <= t.decided_at < last and not t.history]
    lines = tuple(
        case.say(
            "section.asked.line", task=t, said=shorten(mask_personal(t.topic or t.subject), 160)
        )
        for t in told
    )
    summary = crowded.by_topic(case, ((t.topic or t.subject, t.address) for t in told))
    return [Bullets(items=lines, summary=summary)] if lines else []


def quality(_rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """Name the poor work of executors that was found in the period, also after the letter of the day."""
    from mcur.playbooks.rules import control

    lines: dict[str, tuple[str | None, str | None]] = {}
    for rule in case.playbook.enabled("control"):
        if isinstance(rule, control.QualityControl):
            for fault, appeal in control.poor_work(rule, case, first, last):
                word = case.say(f"control.quality.{fault}")
                line = case.say("section.quality.line", appeal=appeal, word=word)
                lines[line] = appeal.topic, appeal.address
    summary = crowded.by_topic(case, lines.values())
    return [Bullets(items=tuple(lines), summary=summary)] if lines else []


def persons(_rule: Report, case: Case, _first: datetime, _last: datetime) -> list[Block]:
    """Say what those who owe a report wrote by the cut-off, and who did not report."""
    return _persons(case, cut=True)


def persons_all(_rule: Report, case: Case, _first: datetime, _last: datetime) -> list[Block]:
    """Say what those who owe a report wrote until now, and who did not report."""
    return _persons(case, cut=False)


def _persons(case: Case, *, cut: bool) -> list[Block]:
    from mcur.playbooks.rules import inbound_reports

    day = case.playbook.calendar.local(case.now).date()
    came: list[str] = []
    lacking: list[str] = []
    for rule in case.playbook.enabled("report"):
        if not isinstance(rule, inbound_reports.Inbound):
            continue
        cutoff = case.playbook.calendar.at(day, rule.cutoff)
        for owed in inbound_reports.owing(rule, case, day):
            at = owed.report.decided_at if owed.report else None
            if owed.report is None or at is None or (cut and at > cutoff):
                line = case.say(
                    "section.persons.missing", person=owed.person.name, at=at, cutoff=cutoff
                )
                lacking.append(line)
            else:
                said = owed.report.document.blocks if owed.report.document else ()
                text = " ".join(getattr(block, "text", "") for block in said)
                said_short = shorten(mask_personal(text), 300)
                came.append(
                    case.say(
                        "section.persons.came", person=owed.person.name, at=at, said=said_short
                    )
                )
    return [Bullets(items=(*lacking, *came))] if lacking or came else []


SECTIONS: dict[str, Section] = {
    "topics": topics,
    "houses": houses,
    "thresholds": thresholds,
    "trend": trend,
    "emergency": emergency,
    "unsolved": unsolved,
    "asked": asked,
    "quality": quality,
    "persons": persons,
    "persons_all": persons_all,
    "increase": dynamics.increase,
    "decrease": dynamics.decrease,
    "executors": dynamics.executors,
}
