"""The final report of a mode: once, when a person has ended it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mcur.playbooks import portrait, ringing
from mcur.playbooks.documents import Block, Bullets, Document, Heading, Pairs, Paragraph
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import Channel, Intent, SendLetter
from mcur.playbooks.rules.base import Case, Rule


class Finale(Rule):
    """From whom, to whom, when ``mode`` has ended."""

    at_end: Literal[True]
    mode: Literal["emergency", "crisis"]
    author: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()


def decide(rule: Finale, case: Case) -> Iterator[Intent]:
    """Report each incident of the mode that was closed in this decision."""
    for act in case.facts.accepted_acts():
        incident = case.facts.incident(act.key or "") if act.do == "close" else None
        if incident is None or incident.playbook != case.playbook.id or incident.is_open:
            continue
        key = f"report:{case.playbook.id}:{rule.id}:{incident.key}"
        if incident.mode == rule.mode and not case.facts.knows(key):
            yield _letter(rule, case, incident, key)


def _letter(rule: Finale, case: Case, incident: Incident, key: str) -> SendLetter:
    why = case.say("finale.why", incident=incident)
    return SendLetter(
        key=key,
        cite=case.cite(rule, why),
        channel=Channel.REPORTS,
        urgent=True,
        sender=rule.author,
        to=incident.refs(rule.to),
        cc=incident.refs(rule.cc),
        subject=case.say("finale.subject", title=rule.title, incident=incident),
        document=_document(rule, case, incident, why),
    )


def _document(rule: Finale, case: Case, incident: Incident, why: str) -> Document:
    entries = tuple(ringing.entry(case, a) for a in case.facts.acts_on(incident.key) if a.text)
    ended = incident.closed_at or case.now
    known = (
        *portrait.pairs(case, incident),
        (case.say("finale.ended"), case.say("moment", at=ended)),
    )
    log: Block = (
        Bullets(items=entries) if entries else Paragraph(text=case.say("finale.no_entries"))
    )
    return Document(
        title=rule.title,
        lead=(case.say("finale.lead", why=why),),
        blocks=(Pairs(items=known), Heading(text=case.say("cycle.news")), log),
        footer=(case.clause_line(rule.clause),),
    )
