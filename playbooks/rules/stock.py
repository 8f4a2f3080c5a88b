"""The control of stocks: deferred, overdue and repeated appeals that do not become fewer (T9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Literal

from mcur.playbooks.documents import Bullets, Document, Paragraph
from mcur.playbooks.durations import ClockField
from mcur.playbooks.intents import (
    Channel,
    Finding,
    Intent,
    MarkDone,
    Outcome,
    PrepareDraft,
    SendLetter,
)
from mcur.playbooks.language import capital
from mcur.playbooks.rules.base import Case, Rule


class StockControl(Rule):
    """Statuses whose stock did not fall since the same hour of the day before (T9).

    Each status alone; nothing to nothing is no breach. The letter is a draft under the ladder's
    id: what is disciplinary waits for a person's word.
    """

    checks: Literal["stock"]
    at: ClockField = time(16)
    statuses: tuple[Literal["deferred", "overdue", "repeat"], ...]
    ladder: str
    owner: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    per_status: Literal[True] = True
    release: Literal["manual"] = "manual"


def decide(rule: StockControl, case: Case) -> Iterator[Intent]:
    """Compare the stock of each status with the day before, once a day; draft the letter."""
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    moment = calendar.at(today, rule.at)
    key = f"draft:{case.playbook.id}:{rule.ladder}:{today}"
    if not case.now >= moment >= case.facts.live_from or case.facts.knows(f"stock:{key}"):
        return
    yield MarkDone(key=f"stock:{key}")
    stock = case.facts.stock(case.playbook.covers)
    grown: list[tuple[str, int, int]] = []
    for status in rule.statuses:
        now = stock.get(status, 0)
        before = _before(rule, case, status, today)
        yield _finding(rule, case, status, today, now, before)
        if before is not None and now >= before and now > 0:
            grown.append((status, before, now))
    if grown:
        yield _draft(rule, case, key, grown)


def _before(rule: StockControl, case: Case, status: str, today: date) -> int | None:
    found = case.facts.finding(case.playbook.id, rule.id, status, today - timedelta(days=1))
    return int(found["stock"]) if found and "stock" in found else None


def _finding(
    rule: StockControl, case: Case, status: str, today: date, now: int, before: int | None
) -> Finding:
    outcome = Outcome.NOT_FIRED
    if before is None:
        outcome = Outcome.NOT_COMPUTABLE
    elif now >= before and now > 0:
        outcome = Outcome.FIRED
    why = case.say("control.stock.line", status=status, before=before, now=now)
    return Finding(
        cite=case.cite(rule, why), object=status, day=today, outcome=outcome,
        numbers={"stock": str(now)},
    )  # fmt: skip


def _draft(
    rule: StockControl, case: Case, key: str, grown: list[tuple[str, int, int]]
) -> PrepareDraft:
    lines = tuple(
        case.say("control.stock.line", status=status, before=before, now=now)
        for status, before, now in grown
    )
    why = case.say("control.stock.why", lines=lines)
    cite = case.cite(rule, why)
    cite = cite.model_copy(update={"rule": rule.ladder})
    letter = SendLetter(
        key=key.replace("draft:", "letter:", 1),
        cite=cite,
        channel=Channel.ESCALATIONS,
        sender=rule.owner,
        to=rule.to,
        cc=rule.cc,
        subject=case.say("control.stock.subject", at=case.now),
        document=Document(
            title=case.say("control.stock.title"),
            lead=(capital(why) + ".",),
            blocks=(Bullets(items=lines), Paragraph(text=case.say("control.stock.ask"))),
            footer=(case.clause_line(rule.clause),),
        ),
    )
    return PrepareDraft(key=key, cite=cite, owner=rule.owner, letter=letter)
