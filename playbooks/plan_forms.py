"""The form of a plan: main facts and road map (Odintsovo, appendices 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from mcur.playbooks.directory import Person
from mcur.playbooks.documents import Block, Column, Document, Heading, Pairs, Paragraph, Table
from mcur.playbooks.incidents import Measure
from mcur.playbooks.rules.base import Case

Growth = tuple[str, int, int]
"""A topic, its appeals in the period, its appeals in the period before."""

_COLUMNS = (
    ("n", 1), ("measure", 5), ("result", 3), ("indicator", 3), ("assessment", 2), ("start", 2),
    ("due", 2), ("executor", 3),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the form of one plan says beside its measures.

    ``group`` heads the road map; ``reason`` stands where no topic grew; ``approval`` is the line
    of approval, or of the approval still wanted.
    """

    title: str
    group: str
    growth: Sequence[Growth]
    approval: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """The roles whose people table 1 names."""

    responsible: str
    officer: str
    coordinator: str


def document(case: Case, sheet: Sheet, signers: Signers, measures: Sequence[Measure]) -> Document:
    """Write both tables of the form; without measures it says who fills them in."""
    owner = case.playbook.roles.get(signers.officer, signers.officer)
    asked = Paragraph(text=case.say("plan.fill_in", owner=owner), tone="mark")
    blocks: tuple[Block, ...] = (
        Paragraph(text=sheet.approval),
        Heading(text=case.say("plan.table1")),
        _facts(case, sheet, signers),
        Heading(text=case.say("plan.table2")),
        *(() if measures else (asked,)),
        road_map(case, sheet.group, measures),
    )
    return Document(title=sheet.title, blocks=blocks, landscape=True)


def road_map(case: Case, group: str, measures: Sequence[Measure]) -> Table:
    """Write table 2: the group in the first row, a numbered row for each measure."""
    columns = tuple(
        Column(title=case.say(f"plan.column.{name}"), weight=weight) for name, weight in _COLUMNS
    )
    rows = (_row(case, n, m) for n, m in enumerate(measures, start=1))
    return Table(columns=columns, rows=(("1.", group, *[""] * (len(_COLUMNS) - 2)), *rows))


def measure_sheet(case: Case, measure: Measure) -> Pairs:
    """Write one measure for its own task, under the names of the columns."""
    said = {
        "result": measure.result,
        "indicator": measure.indicator,
        "assessment": measure.assessment,
        "start": _day(case, measure.start),
        "due": _day(case, measure.due),
        "executor": holder(case, measure),
    }
    return Pairs(
        items=tuple((case.say(f"plan.column.{name}"), text) for name, text in said.items() if text)
    )


def holder(case: Case, measure: Measure) -> str:
    """Name who is responsible for a measure: the title of a role, or the executor."""
    return case.playbook.roles.get(measure.assignee, measure.assignee.removeprefix("executor:"))


def _row(case: Case, number: int, measure: Measure) -> tuple[str, ...]:
    return (
        f"1.{number}.", measure.subject, measure.result, measure.indicator, measure.assessment,
        _day(case, measure.start), _day(case, measure.due), holder(case, measure),
    )  # fmt: skip


def _day(case: Case, day: date | None) -> str:
    return case.say("plan.day", day_=day) if day else ""


def _facts(case: Case, sheet: Sheet, signers: Signers) -> Table:
    topics = "\n".join(name for name, *_ in sheet.growth)
    lines = [case.say("plan.growth_line", topic=n, now=a, before=b) for n, a, b in sheet.growth]
    okrug = next(iter(case.playbook.municipalities), "")
    people = [
        (case.say("plan.responsible", okrug=okrug), signers.responsible),
        (case.say("plan.officer"), signers.officer),
        (case.say("plan.coordinator"), signers.coordinator),
    ]
    cards = [(label, _cards(case, role)) for label, role in people]
    return Table(
        columns=(
            Column(title=case.say("plan.problem"), weight=1),
            Column(title=topics or sheet.group, weight=2),
        ),
        rows=((case.say("plan.growth"), "\n".join(lines) or sheet.reason), *cards),
    )


def _cards(case: Case, role: str) -> str:
    return "\n\n".join(_card(case, person) for person in case.facts.directory.holders(role))


def _card(case: Case, person: Person) -> str:
    """Write the four fields that the form asks of each person."""
    said = {
        "name": person.name, "position": person.position, "phone": person.phone,
        "email": person.email,
    }  # fmt: skip
    return "\n".join(
        f"{case.say(f'plan.card.{field}')}: {text or case.say('not_given')}"
        for field, text in said.items()
    )
