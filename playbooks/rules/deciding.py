"""A manager decides by answering a letter of ours; the answer becomes an act like any other.

The table lets through only what answers a letter of ours, from an address of the directory that the
own server confirmed. Who may do what, the acts say; the sender hears what came of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mcur.playbooks.directory import fold
from mcur.playbooks.documents import plain
from mcur.playbooks.facts import Act, Letter, Task
from mcur.playbooks.intents import Cite, Intent, RaiseFlag, SortLetter, TakeAct, UpdateTask
from mcur.playbooks.refusals import refusal
from mcur.playbooks.rules import echoes
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.sighting import Seen
from mcur.playbooks.sorting import Word


def decided(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    """Take the act that a decision stands for; words that decide nothing of this thing are said back."""
    letter, word = seen.sight.letter, seen.sight.word
    if word is None:
        return
    do = word.decision.act_on(seen.sight.object or "")
    known = seen.task.key if seen.task else None
    if not do:
        why = case.say("letter.pointless", letter=letter, said=word.said)
        yield SortLetter(digest=letter.digest, state="review", why=why, task=known)
        cite = case.cite(rule, why)
        yield RaiseFlag(
            key=f"flag:{case.playbook.id}:letter:{letter.digest}", cite=cite,
            object=f"letter:{letter.digest}", text=why,
        )  # fmt: skip
        yield echoes.echo(case, cite, letter, case.say("echo.pointless", said=word.said))
        return
    act = _act(case, seen, letter, word, do)
    why = case.say("letter.decision", letter=letter, said=word.said)
    yield SortLetter(digest=letter.digest, state="answer", why=why, task=known)
    yield TakeAct(act=act)


def is_entry(seen: Seen) -> bool:
    """Whether one of ours writes of an incident: news of it, as a note on its task is."""
    sight = seen.sight
    ours = "staff" in sight.senders and sight.proven == "yes"
    return ours and sight.object == "incident" and bool(sight.text)


def entered(case: Case, seen: Seen, task: Task) -> Iterator[Intent]:
    """Take such a letter as a note of whoever wrote it; its files go onto the task."""
    letter = seen.sight.letter
    act = Act(
        ident=f"letter:{letter.digest}",
        at=letter.received_at,
        by=next(iter(_roles(case, seen, letter)), ""),
        person=_person(case, letter),
        do="note",
        key=seen.sight.key,
        text=seen.sight.text,
        origin="letter",
    )
    why = case.say("letter.answer", letter=letter).rstrip(":")
    yield SortLetter(digest=letter.digest, state="answer", why=why, task=task.key)
    yield TakeAct(act=act)
    if letter.attachments:
        yield UpdateTask(
            key=f"update:{task.key}:letter:{letter.digest}", task=task.key,
            cite=Cite(playbook=case.playbook.id, rule=task.rule, clause=task.clause, why=why),
            note=plain(why), attachments=letter.attachments,
        )  # fmt: skip


def _person(case: Case, letter: Letter) -> str:
    people = case.facts.directory.people
    return next((p.name for p in people if p.answers_to(letter.sender)), "")


def _act(case: Case, seen: Seen, letter: Letter, word: Word, do: str) -> Act:
    # A word about a plan that is not one of its acts is noted on its draft.
    on_task = do == "note" and seen.task is not None
    roles = _roles(case, seen, letter) or [""]
    said = Act(
        ident=f"letter:{letter.digest}",
        at=letter.received_at,
        by=roles[0],
        person=_person(case, letter),
        do=do,
        key=seen.task.key if on_task and seen.task else seen.sight.key or _task_key(seen),
        text=word.text or (word.said if do == "note" else ""),
        origin="letter",
        fields={"letter": letter.digest},
    )
    acts = [replace(said, by=role) for role in roles]
    return next((act for act in acts if refusal(act, case) is None), said)


def _task_key(seen: Seen) -> str:
    return seen.task.key if seen.task else ""


def _roles(case: Case, seen: Seen, letter: Letter) -> list[str]:
    """In which roles somebody may decide, the likeliest first: what was written to, what he stands in for, what he is."""
    day = case.playbook.calendar.local(letter.received_at).date()
    directory = case.facts.directory
    sent = case.facts.letter_sent(seen.answered) if seen.answered else None
    asked = [ref.partition(":")[0].partition("@")[0] for ref in (sent.to if sent else ())]
    own = [role for role in directory.roles_of(letter.sender) if role in case.playbook.roles]
    standing = [
        role
        for role in dict.fromkeys((*asked, *case.playbook.roles))
        for one in directory.recipients(role, day)
        if one.substitute_for and fold(one.email) == fold(letter.sender)
    ]
    written = [role for role in asked if role in own] + [r for r in standing if r in asked]
    return list(dict.fromkeys((*written, *own, *standing)))
