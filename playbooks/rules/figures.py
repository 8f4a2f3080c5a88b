"""The control of inspections: executors whose figures are low, told to each head once a day (T13)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import time
from fractions import Fraction
from typing import Literal, Self

from pydantic import Field

from mcur.playbooks.documents import Bullets, Document, Heading, Paragraph
from mcur.playbooks.durations import ClockField
from mcur.playbooks.intents import Finding, Intent, MarkDone, Outcome, UpdateTask
from mcur.playbooks.rules import day_tasks, rating
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.rating import Rating, Standing


class Analyst(Rule):
    """A head who looks for the causes, by the clause of his own."""

    id: str = ""
    owner: str


class InspectionControl(Rule):
    """Executors below ``min_timely_pct`` of what is due, or from ``max_returned_pct`` of what was judged.

    The text gives neither number: the control is off until one of them is set. ``ratings`` are the
    campaigns that it looks at, ``heads`` find the low figures on their tasks of the day.
    """

    checks: Literal["inspections"]
    at: ClockField = time(9)
    ratings: tuple[str, ...]
    heads: tuple[Analyst, ...]
    min_timely_pct: int | None = Field(default=None, ge=0, le=100)
    max_returned_pct: int | None = Field(default=None, ge=0, le=100)

    @property
    def is_set(self) -> bool:
        """Whether there is a number to judge by."""
        return self.min_timely_pct is not None or self.max_returned_pct is not None

    def for_sides(self, sides: Collection[str]) -> Self:
        """Leave out the heads of the other offices."""
        heads = tuple(h for h in self.heads if not sides or not h.side or h.side in sides)
        return super().for_sides(sides).model_copy(update={"heads": heads})


def decide(rule: InspectionControl, case: Case) -> Iterator[Intent]:
    """Judge every executor of the campaigns once a day; without an export there is nothing to judge."""
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    moment = calendar.at(today, rule.at)
    key = f"figures:{case.playbook.id}:{rule.id}:{today}"
    due = rule.is_set and case.now >= moment >= case.facts.live_from
    if not due or case.facts.knows(key):
        return
    yield MarkDone(key=key)
    known = case.facts.last_export("inspections") is not None
    low = [line for one in _campaigns(rule, case) for line in _lines(rule, case, one)]
    why = case.say("figures.why", count=len(low), known=known)
    fired = Outcome.FIRED if low else Outcome.NOT_FIRED
    yield Finding(
        cite=case.cite(rule, why), object="", day=today,
        outcome=fired if known else Outcome.NOT_COMPUTABLE, numbers={"low": str(len(low))},
    )  # fmt: skip
    if low:
        yield from _told(rule, case, why, low)


def _told(rule: InspectionControl, case: Case, why: str, low: list[str]) -> Iterator[Intent]:
    for head in rule.heads:
        cite = case.cite(rule, why, clause=head.clause, clauses=(head.clause,))
        yield from day_tasks.given(case, head.owner, cite)
        task = day_tasks.day_task_key(case, head.owner)
        note = Document(
            blocks=(
                Heading(text=case.say("figures.title")),
                Bullets(items=tuple(low)),
                Paragraph(text=case.say("figures.ask")),
            ),
            footer=(case.clause_line(head.clause),),
        )
        yield UpdateTask(key=f"update:{task}:{rule.id}", cite=cite, task=task, note=note)


def _campaigns(rule: InspectionControl, case: Case) -> list[Rating]:
    rated = (r for r in case.playbook.enabled("rating") if isinstance(r, Rating))
    return [one for one in rated if one.id in rule.ratings]


def _lines(rule: InspectionControl, case: Case, campaign: Rating) -> Iterator[str]:
    for one in rating.standings(campaign, case):
        late = _is_below(one.timeliness, rule.min_timely_pct)
        poor = _is_poor(one, rule.max_returned_pct)
        if late or poor:
            yield case.say("figures.line", one=one, campaign=campaign, late=late, poor=poor)


def _is_below(share: Fraction | None, limit: int | None) -> bool:
    return share is not None and limit is not None and share * 100 < limit


def _is_poor(one: Standing, limit: int | None) -> bool:
    return one.defects is not None and limit is not None and one.defects * 100 >= limit
