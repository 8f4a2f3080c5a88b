"""What a letter is: a table whose first matching row decides, and the words of decisions. Pure.

The rows are data of the playbooks (``common/intake.toml``); here stands what a row may ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from mcur.playbooks import phrases, slips
from mcur.playbooks.letters import Letter

What = Literal[
    "history", "own", "bounce", "auto", "flood", "decision", "unproven", "outsider", "adrift", "unclear", "numbered", "answer", "thanks", "question",
    "report", "export", "assignment", "spoofed", "ours", "staff", "unknown",
]  # fmt: skip
Sender = Literal["executor", "staff", "giver", "exporter", "stranger"]
Object = Literal["task", "plan", "incident", "report", "draft", "letter"]
Proven = Literal["yes", "unknown", "no"]

_END = re.compile(r"[.!,]\s*")
"""Where a greeting ends; what stands behind it in its line is said already."""
_NAMED = re.compile(r"^(?:[^\W\d_a-zа-яё][\w.]*\s+){0,2}[^\W\d_a-zа-яё][\w.]*,\s*(?=\w)")
"""Who is spoken to before he is greeted: «Иван Иванович, добрый день!»."""
_BRIEF = 2
"""Words of an answer that somebody dashed off."""
_MARKS = ' \t.,!;-–—«»"“”„'
"""What may stand around the words of a decision and says nothing; a question mark does."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Table):
    """A row of the table: what a letter is that meets all its conditions.

    ``early`` came before the site went live, ``own`` is a letter of ours that came back, ``flood`` is
    one too many of its sender, ``decides`` begins with a word of decision (``orders``: one that can
    mean nothing else), ``brief`` says no more than a word or two, ``numbered`` says something of several tasks by their numbers, ``report`` begins as the reports of a day do. ``answers`` names what of ours
    it may answer, ``sender`` who may write it, ``proven`` what the own server may have said of him,
    ``begins`` how its subject may begin, ``starts`` how its text, ``opens`` what alone may stand in
    the first line of that.
    """

    what: What
    early: bool | None = None
    own: bool | None = None
    bounce: bool | None = None
    auto: bool | None = None
    flood: bool | None = None
    decides: bool | None = None
    orders: bool | None = None
    brief: bool | None = None
    numbered: bool | None = None
    report: bool | None = None
    answers: tuple[Object, ...] = ()
    sender: tuple[Sender, ...] = ()
    proven: tuple[Proven, ...] = ()
    begins: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()


class Decision(_Table):
    """What some words mean for each thing that they may be said of: the name of an act.

    ``orders``: whoever writes them decides something, whatever he answers. In answer to one of
    ``slips`` a letter of them may be wrong; of one of ``reasoned`` what is wrong may follow without a
    colon, if it is not ``unless``: such words let nothing go.
    """

    words: tuple[str, ...]
    task: str = ""
    plan: str = ""
    incident: str = ""
    report: str = ""
    draft: str = ""
    orders: bool = False
    slips: tuple[Object, ...] = ()
    reasoned: tuple[Object, ...] = ()
    unless: tuple[str, ...] = ()

    def act_on(self, kind: str) -> str:
        """Name the act for a kind of thing; empty where the words decide nothing of it."""
        return getattr(self, kind) if kind in Decision.model_fields and kind != "words" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A decision as it was written: what it means, and the reason after it.

    ``only`` names what it must answer where it was written loosely; empty: whatever.
    """

    decision: Decision
    said: str
    text: str
    only: tuple[Object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that a row may ask of a letter: ``text`` is its own without a greeting, ``key`` and ``object`` what of ours it answers."""

    letter: Letter
    text: str = ""
    key: str = ""
    object: Object | None = None
    senders: frozenset[str] = frozenset()
    word: Word | None = None
    early: bool = False
    own: bool = False
    flood: bool = False
    numbered: bool = False
    report: bool = False

    @property
    def decides(self) -> bool:
        """Whether the letter says something that decides what it answers."""
        if self.word is None:
            return False
        acts = bool(self.word.decision.act_on(self.object or ""))
        if self.word.only:
            return acts and self.object in self.word.only
        return self.word.decision.orders or acts

    @property
    def proven(self) -> Proven:
        """What the own server said of the sender."""
        match self.letter.authenticated:
            case None:
                return "unknown"
            case said:
                return "yes" if said else "no"


def first_match(table: Iterable[Row], sight: Sight) -> Row | None:
    """Return the first row whose conditions all hold."""
    facts = _facts(sight)
    met = (row for row in table if all(holds for _, holds in _conditions(row, sight, facts)))
    return next(met, None)


def conditions(row: Row, sight: Sight) -> tuple[str, ...]:
    """Name the conditions of a row, for who asks why a letter is what it is."""
    return tuple(name for name, _ in _conditions(row, sight, _facts(sight)))


def word_of(
    decisions: Iterable[Decision],
    greetings: Iterable[str],
    closings: Iterable[str],
    text: str,
    author: str = "",
) -> Word | None:
    """Read the decision that a text begins with: alone in its line, or before a colon.

    A greeting may stand before it, a closing and the ``author``'s name behind it, and one letter may
    be a slip of the thumb; what follows, up to a closing, is the reason.
    """
    lines = ungreeted(greetings, text).splitlines()
    ends = (n for n, line in enumerate(lines) if n and phrases.begins(closings, line))
    lines = lines[: next(ends, len(lines))]
    head, colon, after = (lines[0] if lines else "").partition(":")
    reason = "\n".join(filter(None, (after.strip() if colon else "", *lines[1:])))
    head = slips.signed(head, closings, author)
    known = tuple(decisions)
    said = None
    if phrases.opens((word for one in known for word in one.words), head.strip(_MARKS)):
        said = _whole(known, head, reason) or _reasoned(known, head, reason)
    return said or _slipped(known, head, reason)


def _whole(decisions: Iterable[Decision], head: str, reason: str) -> Word | None:
    """Read «Утверждаю»: the words of a decision and nothing else."""
    for decision in decisions:
        if _is_only(decision.words, head):
            return Word(decision=decision, said=head.strip(_MARKS), text=reason)
    return None


def _reasoned(decisions: Iterable[Decision], head: str, below: str) -> Word | None:
    """Read «На доработку, нет сроков»: a word that lets nothing go, and what is wrong behind it."""
    for decision in decisions:
        said = slips.begun(decision.words, head)
        if decision.reasoned and said and not phrases.begins(decision.unless, head[len(said) :]):
            reason = "\n".join(filter(None, (head[len(said) :].strip(_MARKS), below)))
            return Word(decision=decision, said=said, text=reason, only=decision.reasoned)
    return None


def _slipped(decisions: Sequence[Decision], head: str, reason: str) -> Word | None:
    """Read «Утвержаю»: the one decision whose words it misses by a letter."""
    said = head.strip(_MARKS)
    near = slips.missed([one.words for one in decisions], said)
    decision = decisions[near[0]] if len(near) == 1 else None
    if decision is None or not decision.slips or "?" in said:
        return None
    return Word(decision=decision, said=said, text=reason, only=decision.slips)


def ungreeted(greetings: Iterable[str], text: str) -> str:
    """Return the lines of a text that say something, without the greeting before them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    known = tuple(greetings)
    while lines:
        read = (lines[0], _NAMED.sub("", lines[0]))
        greeting = next((line for line in read if phrases.begins(known, line)), None)
        if greeting is None:
            break
        lines = [*filter(None, _END.split(greeting, maxsplit=1)[1:]), *lines[1:]]
    return "\n".join(lines)


def _is_only(words: Iterable[str], line: str) -> bool:
    """Whether a line is one of some phrases and nothing else."""
    whole, known = line.strip(_MARKS), tuple(words)
    if phrases.first_of(known, whole) is None:
        return False
    return any(phrases.first_of((one,), whole) == whole for one in known)


def _facts(sight: Sight) -> Mapping[str, bool]:
    """What a row may ask for by a plain yes or no."""
    return {
        "early": sight.early,
        "own": sight.own,
        "bounce": sight.letter.bounce is not None,
        "auto": sight.letter.auto,
        "flood": sight.flood,
        "decides": sight.decides,
        "orders": sight.word is not None and sight.word.decision.orders and not sight.word.only,
        "brief": len(sight.text.split()) <= _BRIEF and "?" not in sight.text,
        "numbered": sight.numbered,
        "report": sight.report,
    }


def _conditions(row: Row, sight: Sight, facts: Mapping[str, bool]) -> Iterator[tuple[str, bool]]:
    """Yield each condition of a row with whether it holds, by its name as a person reads it."""
    for name, fact in facts.items():
        wanted = getattr(row, name)
        if wanted is not None:
            yield name if wanted else f"not {name}", fact is wanted
    if row.answers:
        yield f"answers {sight.object or ''}".strip(), sight.object in row.answers
    if row.sender:
        yield f"sender {', '.join(row.sender)}", bool(sight.senders & set(row.sender))
    if row.proven:
        yield f"proven {sight.proven}", sight.proven in row.proven
    yield from _worded(row, sight)


def _worded(row: Row, sight: Sight) -> Iterator[tuple[str, bool]]:
    """Yield the conditions on what stands in a letter."""
    subject = sight.letter.subject
    first = next(iter(sight.text.splitlines()), "")
    if row.begins:
        yield f"begins {subject[:40]!r}", phrases.begins(row.begins, subject)
    if row.starts:
        yield f"starts {first[:40]!r}", phrases.begins(row.starts, first)
    if row.opens:
        yield f"opens {first[:40]!r}", _is_only(row.opens, first)
