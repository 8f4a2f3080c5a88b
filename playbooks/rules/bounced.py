"""A letter of ours came back: its author and the administrator are told, and the task it was about.

A bounce is an automatic letter, so it is no reaction; one of a letter about a bounce is told no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import Document, Pairs, Paragraph, plain
from mcur.playbooks.facts import Bounce, Letter
from mcur.playbooks.intents import (
    Channel,
    Cite,
    Intent,
    RaiseFlag,
    SendLetter,
    SortLetter,
    UpdateTask,
    digest_of,
)
from mcur.playbooks.letters import Sent
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.sighting import Seen


def returned(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    """Tie a bounce to the letter that bounced, and tell of it; what may still arrive is only noted."""
    letter, bounce = seen.sight.letter, seen.sight.letter.bounce
    sent = case.facts.letter_sent(seen.answered) if seen.answered else None
    if bounce is None or sent is None:
        why = case.say("bounced.unknown", letter=letter)
        yield SortLetter(digest=letter.digest, state="noted", why=why)
        return
    names = bounce.recipients or tuple(ref.removeprefix("executor:") for ref in sent.to)
    word = "bounced.why" if bounce.final else "bounced.waits"
    why = case.say(word, subject=sent.subject, names=names, reason=bounce.reason)
    task = seen.task.key if seen.task else None
    yield SortLetter(digest=letter.digest, state="noted", why=why, task=task)
    if bounce.final:
        yield from _told(rule, case, seen, bounce, sent, why)


def _told(
    rule: FromLetters, case: Case, seen: Seen, bounce: Bounce, sent: Sent, why: str
) -> Iterator[Intent]:
    """Flag it once for each recipient whom the letter did not reach."""
    author = sent.sender or rule.assignee
    occasion = digest_of(sent.key, *bounce.recipients)
    cite = Cite(playbook=case.playbook.id, rule=sent.rule, clause=sent.clause, why=why)
    yield RaiseFlag(
        key=f"flag:{case.playbook.id}:bounce:{occasion}",
        cite=cite,
        object=sent.key,
        text=why,
        to=(author,),
    )
    if seen.task is not None:
        yield UpdateTask(
            key=f"update:{seen.task.key}:bounce:{occasion}",
            cite=cite,
            task=seen.task.key,
            note=plain(why),
        )
    if not sent.service:
        yield _letter(case, seen.sight.letter, sent, cite, author)


def _letter(case: Case, letter: Letter, sent: Sent, cite: Cite, author: str) -> SendLetter:
    administrator = case.facts.directory.administrator
    day = case.playbook.calendar.day_of(letter.received_at)
    pairs = (
        (case.say("bounced.label.letter"), sent.subject),
        (case.say("bounced.label.to"), ", ".join(r.removeprefix("executor:") for r in sent.to)),
        (case.say("bounced.label.received"), case.say("moment", at=letter.received_at)),
    )
    return SendLetter(
        key=f"letter:{case.playbook.id}:bounced:1:{digest_of(sent.key)}:{day}",
        cite=cite,
        channel=Channel.SERVICE,
        sender="",
        to=tuple(filter(None, (author, administrator))),
        subject=case.say("bounced.subject", subject=sent.subject),
        document=Document(
            blocks=(
                Paragraph(text=cite.why),
                Pairs(items=pairs),
                Paragraph(text=case.say("bounced.ask")),
            ),
            footer=(case.clause_line(cite.clause),),
        ),
    )
