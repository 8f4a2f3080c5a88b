"""Each new letter becomes what the table of its rule says; what no regulation takes waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mcur.playbooks.facts import Letter
from mcur.playbooks.intents import Intent, PassFile, RaiseFlag, SortLetter
from mcur.playbooks.rules import assignments, bounced, deciding, echoes, itemized, questions
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.sighting import Seen, see, word_in
from mcur.playbooks.sorting import conditions

Hand = Callable[[FromLetters, Case, Seen], Iterator[Intent]]


def decide(rule: FromLetters, case: Case) -> Iterator[Intent]:
    """Say of each new letter what it is, and prepare the answers that closed assignments owe."""
    yield from _taken(rule, case, lambda seen: not _may_be_anothers(seen))
    yield from assignments.owed(rule, case)
    yield from questions.answered(case)


def decide_late(rule: FromLetters, case: Case) -> Iterator[Intent]:
    """Take what might have been another regulation's and is not, from whom this one knows."""
    yield from _taken(rule, case, lambda seen: seen.row.what != "unknown")


def decide_last(rule: FromLetters, case: Case) -> Iterator[Intent]:
    """Take letters of people whom no regulation knows."""
    yield from _taken(rule, case, lambda _seen: True)


def _taken(rule: FromLetters, case: Case, wanted: Callable[[Seen], bool]) -> Iterator[Intent]:
    for letter in case.facts.fresh_letters():
        seen = see(rule, case, letter)
        if seen is not None and wanted(seen):
            yield from _sort(rule, case, seen)


def _may_be_anothers(seen: Seen) -> bool:
    """Whether nothing but this regulation's own list of people says that a letter is its own."""
    strange = seen.parts is not None and not seen.parts.said
    return seen.row.what in {"unknown", "staff"} or (seen.row.what == "numbered" and strange)


def decide_early(rule: FromLetters, case: Case) -> Iterator[Intent]:
    """Take the decisions of managers, before the acts of this cycle are judged."""
    for letter in case.facts.fresh_letters():
        seen = see(rule, case, letter) if word_in(rule, letter) else None
        if seen is not None and seen.row.what == "decision":
            yield from _sort(rule, case, seen)


def leftover(case: Case) -> Iterator[Intent]:
    """Put what no regulation of the site took before a person, so that no letter waits for ever."""
    for letter in case.facts.fresh_letters():
        why = case.say("letter.unknown", letter=letter)
        yield SortLetter(digest=letter.digest, state="review", why=why, what="unknown")


def _sort(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    row = conditions(seen.row, seen.sight)
    for intent in _HANDS[seen.row.what](rule, case, seen):
        if isinstance(intent, SortLetter):
            cite = case.cite(rule, intent.why)
            yield replace(intent, what=seen.row.what, row=row, cite=cite)
        else:
            yield intent


def _noted(word: str, state: str = "noted") -> Hand:
    """Return a hand that notes a letter and asks nobody."""

    def note(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:  # noqa: ARG001 - the shape of all hands
        letter = seen.sight.letter
        why = case.say(word, letter=letter)
        known = seen.task.key if seen.task else None
        if state == "history":
            yield SortLetter(digest=letter.digest, state="history", why=why)
        elif known:
            yield SortLetter(digest=letter.digest, state="answer", why=why, task=known)
        else:
            yield SortLetter(digest=letter.digest, state="noted", why=why)

    return note


def _asked(word: str) -> Hand:
    """Return a hand that puts a letter before a person."""

    def ask(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
        letter = seen.sight.letter
        said = seen.sight.word.said if seen.sight.word else ""
        why = case.say(word, letter=letter, said=said)
        yield from assignments.review(rule, case, letter, why, seen.task)

    return ask


def _letter(hand: Callable[[FromLetters, Case, Letter], Iterator[Intent]]) -> Hand:
    """Return a hand that needs no more than the letter."""
    return lambda rule, case, seen: hand(rule, case, seen.sight.letter)


def _answer(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    if seen.task is None:
        yield from _asked("letter.ours")(rule, case, seen)
    elif deciding.is_entry(seen):
        yield from deciding.entered(case, seen, seen.task)
    else:
        yield from assignments.answer(rule, case, seen.sight.letter, seen.task)


def _unclear(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    """A word that decides nothing, of what waits for a decision: whoever wrote it is told so."""
    yield from _answer(rule, case, seen)
    kind, key = seen.sight.object or "", seen.sight.key
    plan, draft = case.facts.plan(key), case.facts.draft(key)
    waits = (
        plan.state not in {"approved", "expired"} if plan else draft and draft.state == "waiting"
    )
    if waits:
        text = case.say("echo.unclear", said=seen.sight.text, kind=kind)
        yield echoes.echo(case, case.cite(rule, text), seen.sight.letter, text)


def _numbered(_: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    if seen.parts is not None:
        yield from itemized.take(case, seen.sight.letter, seen.parts)


def _export(rule: FromLetters, case: Case, letter: Letter) -> Iterator[Intent]:
    """Put the exports of a letter where their feeds look for them; the same one of another day is another."""
    feeds = {
        file: feed
        for file in letter.attachments
        if (feed := case.facts.directory.feed_for(letter.sender, file.name))
    }
    names = [file.name for file in feeds]
    why = case.say("letter.export", letter=letter, files=names)
    for file, feed in feeds.items():
        yield PassFile(
            key=f"export:{feed}:{letter.digest[:16]}:{file.digest[:16]}", cite=case.cite(rule, why), feed=feed,
            name=f"{letter.received_at:%Y%m%dT%H%M%S}-{file.name}", digest=file.digest,
        )  # fmt: skip
    yield SortLetter(digest=letter.digest, state="noted", why=why)


def _flood(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    """The rest of a flood waits for a person, who is told of it once a day."""
    letter = seen.sight.letter
    why = case.say("letter.flood", letter=letter, count=rule.per_sender)
    yield SortLetter(digest=letter.digest, state="review", why=why)
    day = case.playbook.calendar.day_of(letter.received_at)
    yield RaiseFlag(
        key=f"flag:{case.playbook.id}:flood:{letter.sender}:{day}",
        cite=case.cite(rule, why),
        object=f"letter:{letter.digest}",
        text=why,
        to=(rule.assignee,),
    )


_HANDS: dict[str, Hand] = {
    "history": _noted("letter.history", "history"),
    "own": _noted("letter.own"),
    "bounce": bounced.returned,
    "auto": _noted("letter.auto"),
    "flood": _flood,
    "decision": deciding.decided,
    "unproven": _asked("letter.unproven"),
    "outsider": _asked("letter.outsider"),
    "adrift": _asked("letter.adrift"),
    "unclear": _unclear,
    "numbered": _numbered,
    "answer": _answer,
    "thanks": _noted("letter.thanks"),
    "question": questions.asked,
    "report": _letter(assignments.report_of_the_day),
    "export": _letter(_export),
    "assignment": _letter(assignments.assignment),
    "spoofed": _asked("letter.spoofed"),
    "ours": _asked("letter.ours"),
    "staff": _asked("letter.staff"),
    "unknown": _asked("letter.unknown"),
}
