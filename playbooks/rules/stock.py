"""The control of stocks: deferred, overdue and repeated appeals that do not become fewer (T9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Literal

from pydantic import Field

from mcur.playbooks.documents import Bullets, Document, Paragraph
from mcur.playbooks.durations import ClockField, ElapsedField
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
    """Statuses whose stock did not fall since the same hour ``window`` ago (T9).

    ``consecutive`` such days in a row make a breach; nothing to nothing is none. Each status alone,
    or their sum where ``per_status`` is false. The letter is a draft under the ladder's id, for what is
    disciplinary waits for a person's word; ``release = "auto"`` sends it at once.
    """

    checks: Literal["stock"]
    at: ClockField = time(16)
    statuses: tuple[Literal["deferred", "overdue", "repeat"], ...]
    ladder: str
    owner: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    window: ElapsedField = Field(default=timedelta(days=1), ge=timedelta(days=1))
    consecutive: int = Field(default=1, ge=1)
    per_status: bool = True
    release: Literal["manual", "auto"] = "manual"


def decide(rule: StockControl, case: Case) -> Iterator[Intent]:
    """Compare the stock of each status with the day before, once a day; draft the letter."""
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    moment = calendar.at(today, rule.at)
    key = f"draft:{case.playbook.id}:{rule.ladder}:{today}"
    if not case.now >= moment >= case.facts.live_from or case.facts.knows(f"stock:{key}"):
        return
    yield MarkDone(key=f"stock:{key}")
    grown: list[tuple[str, int, int]] = []
    for status, now in _stocks(rule, case).items():
        before = _counted(rule, case, status, today - rule.window)
        outcome = _outcome(rule, case, status, today, now)
        why = case.say("control.stock.line", status=status, before=before, now=now)
        yield Finding(
            cite=case.cite(rule, why), object=status, day=today, outcome=outcome,
            numbers={"stock": str(now)},
        )  # fmt: skip
        if before is not None and outcome is Outcome.FIRED:
            grown.append((status, before, now))
    if grown:
        yield _letter(rule, case, key, grown)


def _stocks(rule: StockControl, case: Case) -> dict[str, int]:
    """Count what is judged: each status, or all of them as one."""
    stock = case.facts.stock(case.playbook.covers)
    counts: dict[str, int] = {status: stock.get(status, 0) for status in rule.statuses}
    return counts if rule.per_status else {"all": sum(counts.values())}


def _counted(rule: StockControl, case: Case, status: str, day: date) -> int | None:
    found = case.facts.finding(case.playbook.id, rule.id, status, day)
    return int(found["stock"]) if found and "stock" in found else None


def _outcome(rule: StockControl, case: Case, status: str, today: date, now: int) -> Outcome:
    """Judge the last days one by one: a single day of decrease ends the row."""
    for back in range(rule.consecutive):
        day = today - timedelta(days=back)
        count = _counted(rule, case, status, day) if back else now
        before = _counted(rule, case, status, day - rule.window)
        if count is None or before is None:
            return Outcome.NOT_COMPUTABLE
        if count < before or not count:
            return Outcome.NOT_FIRED
    return Outcome.FIRED


def _letter(
    rule: StockControl, case: Case, key: str, grown: list[tuple[str, int, int]]
) -> PrepareDraft | SendLetter:
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
    if rule.release == "auto":
        return letter
    return PrepareDraft(key=key, cite=cite, owner=rule.owner, letter=letter)
