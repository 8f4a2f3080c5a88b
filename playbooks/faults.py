"""A fault of the program in one rule: the others go on without it, and the administrator is told."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.intents import Channel, Intent, RaiseFlag, SendLetter
from mcur.playbooks.rules.base import Case, Rule


def told(case: Case, rule: Rule, fault: str) -> Iterator[Intent]:
    """Flag a rule that failed and write to the administrator: once a day and rule, as a rule fails on."""
    why = case.say("fault.why", rule=rule.id, fault=fault)
    day = case.playbook.calendar.day_of(case.now)
    yield RaiseFlag(
        key=f"flag:{case.playbook.id}:audit:fault:{rule.id}:{day}",
        cite=case.cite(rule, why),
        object=rule.id,
        text=why,
    )
    administrator = case.facts.directory.administrator
    if not administrator:
        return
    subject = case.say("fault.subject", rule=rule.id)
    yield SendLetter(
        key=f"letter:{case.playbook.id}:fault:{rule.id}:{day}",
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
