"""A fault of the program in one rule: the others go on without it, and the administrator is told."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.intents import Channel, Intent, SendLetter
from mcur.playbooks.rules.base import Case, Rule


def told(case: Case, rule: Rule, fault: str) -> Iterator[Intent]:
    """Write to the administrator about a rule that failed: once a day and rule, as a rule fails on."""
    administrator = case.facts.directory.administrator
    if not administrator:
        return
    why = case.say("fault.why", rule=rule.id, fault=fault)
    subject = case.say("fault.subject", rule=rule.id)
    yield SendLetter(
        key=f"letter:{case.playbook.id}:fault:{rule.id}:{case.playbook.calendar.day_of(case.now)}",
        cite=case.cite(rule, why),
        channel=Channel.SERVICE,
        urgent=True,
        sender="",
        to=(administrator,),
        subject=subject,
        document=Document(
            title=subject,
            blocks=(Paragraph(text=why), Paragraph(text=case.say("fault.ask"))),
            footer=(case.clause_line(rule.clause),),
        ),
    )
