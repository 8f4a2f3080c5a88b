"""The fuse: too many tasks at once are held, and two people are told.

One export or cycle that asks for more tasks than the site allows is more often a mistake (a new
feed, a changed number) than a disaster. Nothing is lost: the tasks wait for a person's word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.intents import (
    Channel,
    Cite,
    CreateTask,
    Intent,
    SendLetter,
    Tell,
    digest_of,
)
from mcur.playbooks.rules.base import Case


def blown(case: Case, tasks: Sequence[CreateTask], fuse: int) -> Iterator[Intent]:
    """Tell of held tasks: a line in the timeline, the officer in the tracker, the administrator by mail."""
    first = tasks[0].cite
    why = case.say("fuse.why", count=len(tasks), fuse=fuse)
    cite = Cite(playbook=case.playbook.id, rule=first.rule, clause=first.clause, why=why)
    name = digest_of(*(t.key for t in tasks))
    key = f"task:{case.playbook.id}:fuse:{name}"
    yield Tell(key=key, cite=cite, event="appeals.held", data={"tasks": len(tasks), "fuse": fuse})
    body = Document(
        lead=(why,),
        blocks=(Paragraph(text=why), Paragraph(text=case.say("fuse.ask"))),
        footer=(case.clause_line(first.clause),),
    )
    officer = next((t.assignee for t in tasks if t.assignee in case.playbook.roles), None)
    yield CreateTask(
        key=key,
        cite=cite,
        kind=TaskKind.REVIEW,
        project=case.playbook.projects["review"],
        subject=case.say("fuse.subject", count=len(tasks)),
        body=body,
        assignee=officer or _officer(case),
        urgent=True,
    )
    if case.facts.directory.administrator:
        yield SendLetter(
            key=f"letter:{case.playbook.id}:fuse:{name}",
            cite=cite,
            channel=Channel.SERVICE,
            urgent=True,
            sender="",
            to=(case.facts.directory.administrator,),
            subject=case.say("fuse.subject", count=len(tasks)),
            document=body.model_copy(update={"title": case.say("fuse.subject", count=len(tasks))}),
        )


def _officer(case: Case) -> str | None:
    rules = case.playbook.enabled("intake")
    return next((rule.officer for rule in rules if hasattr(rule, "officer")), None)
